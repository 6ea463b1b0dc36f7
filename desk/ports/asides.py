"""Part of the transaction: what is owed beside tickets' threads, and what was said of the desk's own accord."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime, timedelta

    from desk.asides import Aside


class Asides(Protocol):
    """See `desk.ports.Transaction`."""

    def owe_aside(self, aside: Aside) -> None:
        """Say it soon: durable with whatever else this transaction does."""

    def asides_wait(self) -> bool:
        """Whether `claim_asides` would find any."""

    def claim_asides(self, *, fresh: timedelta, lease: timedelta, most: int) -> Sequence[Aside]:
        """What is to be said now, the oldest first, for `lease` this caller's alone. What is owed for longer than
        `fresh` is let go.
        """

    def settle_aside(self, id_: int) -> None:
        """It was said, or never will be."""

    def postpone_aside(self, id_: int, due_at: datetime) -> None:
        """Not before then."""

    def told_once(self, key: str) -> bool:
        """True once for each key, until `untold`: what the desk says of its own accord is said once."""

    def untold(self, key: str) -> None:
        """What it says of is over: the next time is another one."""
