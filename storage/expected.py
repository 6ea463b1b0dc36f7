"""What one look found of all that words said in a thread need: see `storage.expecting`."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from desk.model import AccountRef, Person, Thread, ThreadRef


class Expected:
    """What was found, until it is asked for."""

    def __init__(self) -> None:
        self.threads: dict[ThreadRef, Thread | None] = {}
        self.people: dict[AccountRef, Person] = {}
        self.roles: dict[AccountRef, Sequence[str] | None] = {}
        self.receipts: dict[str, bool] = {}
