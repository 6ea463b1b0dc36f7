"""What one look found of all that words said in a thread need: see `storage.expecting`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from desk.model import AccountRef, MessageRef, Person, Thread, ThreadRef

ALL = "all"  # whatever is known of an expectation may be otherwise


@dataclass(slots=True)
class Foreknown:
    """What was read for one expectation before its turn: the row of `storage.expecting.look`; the ticket's threads,
    with whether anything is owed to them; whether nothing is on record from the origin. `spoiled`: which of its rows
    ("ticket", "thread", "receipt", "origin") have been written since, or `ALL`.
    """

    ticket: int
    row: Sequence[Any]
    is_new: bool
    talk: list[tuple[Thread, bool]] = field(default_factory=list)
    spoiled: set[str] = field(default_factory=set)

    def stands(self, kind: str) -> bool:
        return not self.spoiled & {kind, ALL}


class Expected:
    """What was found, until it is asked for."""

    def __init__(self) -> None:
        self.threads: dict[ThreadRef, Thread | None] = {}
        self.people: dict[AccountRef, Person] = {}
        self.roles: dict[AccountRef, Sequence[str] | None] = {}
        self.receipts: dict[str, bool] = {}
        self.known: Foreknown | None = None
        self.origin: MessageRef | None = None

    def talk(self, ticket: int) -> Sequence[tuple[Thread, bool]] | None:
        """The ticket's threads, with whether anything is owed to them, if that is known."""
        known = self.known
        return known.talk if known is not None and known.ticket == ticket and known.stands("thread") else None

    def is_new(self, origin: MessageRef) -> bool:
        """Whether it is known that nothing is on record from there."""
        known = self.known
        return known is not None and origin == self.origin and known.is_new and known.stands("origin")
