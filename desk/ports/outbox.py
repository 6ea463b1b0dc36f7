"""Part of the transaction: threads and copies, the event log, and the outbox."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from desk.events import Event, Recorded
    from desk.model import (
        AccountRef,
        Audience,
        Copy,
        Message,
        MessageRef,
        PlaceRef,
        Thread,
        ThreadRef,
    )


@dataclass(frozen=True, slots=True)
class Delivery:
    """One event owed to one thread: an outbox row, as the relay claims it.

    `key` stays the same over every attempt, at most 20 characters: the network recognises a repetition by it.
    `attempts` counts the claims so far, this one included: above 1, an earlier attempt may have succeeded.
    """

    id: int
    key: str
    recorded: Recorded
    thread: Thread
    attempts: int


@dataclass(frozen=True, slots=True)
class Expecting:
    """What a verb is going to ask for, as words need it that this account said in that thread: the thread, its ticket
    and that one's threads; the person, and as what they were heard last; whether there is that receipt, and whether
    anything is on record from `origin`.
    """

    thread: ThreadRef
    account: AccountRef
    receipt: str
    origin: MessageRef


@dataclass(frozen=True, slots=True)
class Backlog:
    """What the outbox holds: how many deliveries are owed, and for how many seconds the oldest of them is."""

    owed: int
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Stranded:
    """A delivery that was given up, as admins look at it."""

    id: int
    ticket: int
    kind: str  # the event's
    channel: str
    audience: str  # model.Audience: whose thread it was for
    attempts: int
    error: str
    at: datetime  # of the event


class Outbox(Protocol):
    """See `desk.ports.Transaction`."""

    # --- threads and copies ---------------------------------------------------------------------------------

    def add_thread(
        self,
        *,
        ticket: int,
        audience: Audience,
        channel: str,
        place: PlaceRef | None,
        account: AccountRef | None,
        locale: str,
        asleep: bool = False,
    ) -> Thread:
        """A thread that its network is still to open."""

    def thread(self, ref: ThreadRef) -> Thread | None:
        """The ticket's thread that this is, unless it has ended."""

    def threads(self, ticket: int) -> Sequence[Thread]:
        """All threads of a ticket that have not ended, oldest first."""

    def threads_for(self, account: AccountRef) -> Sequence[Thread]:
        """All threads opened for this account that have not ended, oldest first."""

    def end_thread(self, thread: Thread) -> None:
        """It is no ticket's thread any more, and what is owed to it is not said."""

    def save_thread(self, thread: Thread) -> None:
        """Write `ref`, `card`, `newest`, `locale`, `ticket`, `left` and `asleep` as they now are."""

    def thread_is_at(self, thread_id: int, ref: ThreadRef, card: MessageRef) -> None:
        """Its network has opened it there, with this card, where nothing has been heard yet."""

    def card_is_at(self, thread_id: int, card: MessageRef) -> None:
        """The ticket is shown there in this thread from now on."""

    def live_threads(self, channel: str, *, active_since: datetime) -> Sequence[tuple[Thread, str]]:
        """Opened threads on this channel of tickets active since then, each with its mark (see `move_mark`)."""

    def move_mark(self, thread_id: int, mark: str) -> None:
        """Remember up to which network message the thread's history has surely been heard ("" = from its start)."""

    def copies(self, message_id: int, thread_id: int) -> Sequence[Copy]:
        """The parts of a message in a thread, in order."""

    def copied_from(self, ref: MessageRef) -> Message | None:
        """The message of which this network message is our own copy, if it is one."""

    # --- events and the outbox ------------------------------------------------------------------------------

    def record(self, event: Event, *, actor_id: int | None, to: Iterable[Thread]) -> Recorded:
        """Add to the log and owe one delivery to each thread."""

    def was_owed(self, recorded: Recorded, thread: Thread) -> bool:
        """Whether this thread was ever owed that event, whatever became of it."""

    def owe(self, recorded: Recorded, thread: Thread) -> None:
        """One more delivery, of an event that was recorded earlier."""

    def timeline(self, ticket: int) -> Sequence[Recorded]:
        """A ticket's events, oldest first."""

    def claim(self, *, limit: int, lease_seconds: float, channels: Sequence[str]) -> Sequence[Delivery]:
        """Lease the oldest unsettled delivery of each thread that is due and not leased: a thread never overtakes
        itself, and a stuck thread holds up no other. Only threads of these channels.
        """

    def settle(self, delivery: Delivery, *, copies: Sequence[Copy] = (), newest: MessageRef | None = None) -> None:
        """The network has it: mark it sent, and keep the copies' ids (they stand instead of earlier copies of the
        same message in this thread). `newest`, where something was posted, becomes the thread's.
        """

    def postpone(self, delivery: Delivery, *, seconds: float, error: str) -> None:
        """Due again after so many seconds; the lease is given back."""

    def bury(self, delivery: Delivery, *, error: str) -> None:
        """Never to be tried again by itself: it no longer holds up its thread."""

    def exhume(self, delivery_id: int) -> bool:
        """Owe a buried delivery again, due now. False where it is not buried."""

    def buried_of(self, delivery_id: int) -> tuple[int, int | None] | None:
        """A buried delivery's ticket, and who did what it tells of (None: the desk). None where it is not buried."""

    def claim_next(self, thread_id: int, *, lease_seconds: float) -> Delivery | None:
        """Lease what this thread is owed next, if it is due and not leased: for whoever has just ended the one before
        it, in the same transaction.
        """

    def backlog(self) -> Backlog:
        """What is owed at this moment."""

    def stranded(self, *, limit: int) -> tuple[int, Sequence[Stranded]]:
        """How many deliveries are buried, and the newest of them."""

    def drop(self, delivery_id: int) -> bool:
        """A buried delivery is not to be made any more. False where it is not buried."""

    def next_due(self, channels: Sequence[str]) -> float | None:
        """Seconds until the earliest owed delivery of these channels can be claimed (0 = now); None = nothing owed."""
