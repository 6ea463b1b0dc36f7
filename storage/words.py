"""The index of words over tickets: what every database's keeps to. How each keeps it stands in a file of its own.

Each ticket has two entries: what both sides may read (number, subject, replies) and, apart, its notes. An entry's
number grows with the ticket's, so the newest hits come first without sorting. An entry is a set of words as
`desk.search.words_of` takes texts apart, so that every database finds the same tickets; which words stand where, how
often and in what order is not kept.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from desk.search import Term
    from storage.statement import Runner

REPLIES, NOTES = 0, 1
BEYOND = 2**62  # an entry that is newer than all


def entry(number: int, part: int) -> int:
    """The number of a ticket's entry."""
    return 2 * number + part


@dataclass(frozen=True, slots=True)
class Wording:
    """An entry gains words; where `old` is given, it had these and now has `new` instead. `message`: the message that
    has just been said with them, so that they can be read there later; 0: none.
    """

    entry: int
    new: str
    old: str | None = None
    message: int = 0


@dataclass(frozen=True, slots=True)
class Found:
    """Entries in the order they were asked for; `reached`: the last that was looked at, None where it was all."""

    entries: Sequence[int]
    reached: int | None


class Index(Protocol):
    """One database's index of words. It is part of the transaction that it is told things in."""

    def keep(self, runner: Runner, wordings: Sequence[Wording]) -> None:
        """Bring it up to date, once for all verbs of a commit."""

    def fill(self, runner: Runner, told: Iterable[tuple[int, str]]) -> None:
        """An empty index is told entries and their texts, in the order of the entries."""

    def find(self, runner: Runner, wanted: Sequence[Term], *, start: int, down: bool, most: int) -> Found:
        """Entries that hold all the words, at most `most`: those below `start`, the newest first, or (not `down`) those
        above it, the oldest first.
        """

    def is_loose(self, wanted: Iterable[Term]) -> bool:
        """Whether `find` finds more than is wanted."""

    def clear(self, runner: Runner) -> None:
        """Forget everything."""
