"""What the rules need from the world: a transaction over the rows, and a store for files.

Verbs and queries are plain synchronous functions over a `Transaction`; `Storage` runs them. No verb does any
other input or output: no network call ever happens inside a transaction.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeVar

from desk.ports.asides import Asides
from desk.ports.figures import Figures
from desk.ports.installed import Installation, Installed
from desk.ports.messages import Messages
from desk.ports.outbox import Backlog, Delivery, Expecting, Outbox, Stranded
from desk.ports.people import People
from desk.ports.tickets import Tickets

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Collection, Sequence
    from contextlib import AbstractAsyncContextManager, AbstractContextManager
    from datetime import datetime
    from pathlib import Path

    from desk.model import Thread

__all__ = [
    "Backlog",
    "Blobs",
    "Courier",
    "Delivery",
    "Expecting",
    "Installation",
    "Storage",
    "Stranded",
    "Transaction",
    "Turn",
]

T = TypeVar("T")

TURN_FREE = 15.0  # seconds after its holder's death in which another instance has a turn


class Transaction(People, Tickets, Messages, Outbox, Asides, Figures, Installed, Protocol):
    """All that a verb may do to the rows. Everything or nothing of it becomes durable."""

    @property
    def now(self) -> datetime:
        """The moment of this transaction: one and the same for all its rows."""

    def as_of(self, moment: datetime) -> AbstractContextManager[None]:
        """Within it, that moment is now: for what happened elsewhere and is only taken in now."""


class Courier(Protocol):
    """Takes deliveries from the very transactions that owe them: leased there, and handed over when that is durable.

    What is not taken, or not delivered while the lease lasts, is found by `Transaction.claim`.
    """

    @property
    def lease_seconds(self) -> float: ...

    def takes(self, thread: Thread) -> bool:
        """Whether a delivery to this thread, to which nothing else is owed, would be carried out at once. Called
        within transactions, in whatever thread they run.
        """

    def pack(self, tx: Transaction, delivery: Delivery) -> object:
        """All that carrying it out needs from the rows; asked at the end of the transaction."""

    def deliver(self, parcel: object) -> None:
        """It is durable: carry it out. Called in the loop of whoever wrote."""


class Turn(Protocol):
    """What one instance of the desk does for all of them is its turn, for as long as it has it."""

    def when_lost(self, then: Callable[[], object]) -> None:
        """Call this in the very moment in which it is lost, before anything else of this process goes on."""

    async def lost(self) -> None:
        """Returns when another instance may have it, without this one having given it up: what is done in the turn
        must end then.
        """


class Storage(Protocol):
    """Runs verbs and queries. `write` is durable when it returns; a verb that raises leaves nothing behind."""

    async def write(
        self,
        verb: Callable[[Transaction], T],
        *,
        patient: bool = False,
        brief: bool = False,
        expecting: Expecting | None = None,
    ) -> T:
        """`patient` waits some milliseconds for others to write, and becomes durable together with them. `brief` looks
        at few rows, and may be carried out in the caller's own thread where nobody else writes; patient ones are brief.
        What a verb is `expecting` is read at once, and is at hand when it asks for it first. Verbs are carried out in
        the order in which they were asked for. Where the database went away before one was durable, or another that
        was to be committed with it failed, it is run again: a verb has no effect but on its transaction.
        """

    def hand_over_to(self, courier: Courier | None) -> None:
        """From now on this one takes what can be delivered at once (None: nobody does)."""

    async def read(self, query: Callable[[Transaction], T]) -> T: ...

    def when_owed(self, wake: Callable[[], None] | None) -> None:
        """From now on `wake` is called, in the loop that runs now, when something is owed that no courier took,
        whichever instance of the desk wrote it, and when that may have been missed (None: nobody is called). What a
        database's one instance wrote itself it knows without.
        """

    def life(self) -> AbstractAsyncContextManager[Turn]:
        """Within, this process is one of the desk's instances; waits while the database is away. It is lost when others
        may go on with what this instance has in hand: then it must let go of everything, and can begin another life.
        """

    def instance(self) -> int | None:
        """Which of the desk's instances this one is now, where there may be several."""

    def others(self) -> Collection[int]:
        """The other instances that live now, or are not known to be dead yet."""

    def tell(self, topic: str, words: str = "") -> None:
        """Say it to the others, in at most 7,500 bytes. Whoever is not reached now does not hear it."""

    def when_told(self, topic: str, then: Callable[[str, int], None]) -> None:
        """Call this, in the loop of whoever lives, with what another says of that topic, and who it is."""

    def turn(self, name: str) -> AbstractAsyncContextManager[Turn]:
        """Waits until no other instance of the desk has the turn of this name; within, this one has it. Of an instance
        that dies the turn is free within `TURN_FREE` seconds.
        """

    async def scrub(self) -> None:
        """What was erased leaves the database's own files, too: free room, logs, the index of words. Takes a while;
        others read and write meanwhile.
        """

    async def close(self) -> None: ...


class Blobs(Protocol):
    """Files by their hash: written whole before any row names them."""

    async def keep(self, chunks: AsyncIterator[bytes], *, limit: int) -> tuple[str, int]:
        """Store the bytes; gives the SHA-256 in hex and the size. DeskError("file_too_large") past `limit` bytes,
        and nothing is left behind.
        """

    def path(self, sha256: str) -> Path:
        """Where the bytes are, to be read and not changed. FileNotFoundError where they are not."""

    async def kept_before(self, before: datetime) -> Sequence[str]:
        """The hashes of all files that were last stored before then."""

    async def drop(self, sha256: str, *, kept_before: datetime) -> bool:
        """Delete the bytes, unless they were stored (again) since then. False where nothing was deleted."""
