"""The relay: takes what is owed from the outbox and says it on the networks, each thread in order, each thing once.

A delivery is leased by the very transaction that owes it, where its thread waits for nothing else (see
`desk.ports.Courier`); settling it leases what the thread is owed next. What is left over - after a start, a pause, for
want of room - is claimed. In between, the network is asked. Whatever happens there, the same delivery comes again with
the same key, and the network or a look-up recognises it.
"""

from __future__ import annotations

import asyncio
import logging
import random
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from adapters.port import ChannelError, Denied, Gone, Rejected, Throttled, TokenRefused, Unavailable
from bot import closed_places, logs, notices
from bot.carrier import Carrier, PlaceClosed
from desk import verbs
from desk.events import MessageSaid
from desk.model import Copy

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.carrier import Done
    from bot.catchup import Catchup
    from bot.house import House
    from bot.notices import Scene
    from bot.reach import Reach
    from desk.model import PlaceRef, Thread
    from desk.ports import Delivery, Transaction

log = logging.getLogger(__name__)

IN_FLIGHT = 128  # deliveries that may be on their way at once, over all networks
LEASE = 120.0  # seconds; longer than any one delivery may take, files included
ATTEMPT_LIMIT = 100.0  # seconds for one attempt: less than the lease, so that no other claims it meanwhile
LEAST_PAUSE = 0.01  # seconds between two claims that find nothing
POLL = 5.0  # seconds: the safety net under the wake-ups
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 60.0  # seconds between attempts while a network is unavailable
HOPELESS = 50  # attempts after which an unforeseen error is given up; unavailability never is


@dataclass(frozen=True, slots=True)
class Parcel:
    """A delivery with what carrying it out needs. No scene: what it is about is not on record, which is a bug. Nothing
    is asked of a network for it after `until`, by this machine's own clock: from then on it may be another's.
    """

    delivery: Delivery
    scene: Scene | None
    until: float


class Relay:
    """`desk.ports.Courier` for the whole desk. `wake` may be called from anywhere in its loop."""

    lease_seconds = LEASE

    def __init__(self, house: House, catchup: Catchup, reach: Reach) -> None:
        self._house = house
        self._reach = reach
        reach.when_changed(self.wake)
        self._carrier = Carrier(house, catchup)
        self._woken = asyncio.Event()
        self._running = False
        self._dropped = False
        self._left_over = False  # something was not taken, for want of room
        self._under_way: set[asyncio.Task[None]] = set()
        self._failures: dict[int, int] = {}  # of deliveries that failed of late, how often in a row
        self._random = random.Random()  # noqa: S311 - jitter

    def wake(self) -> None:
        """Something may be owed now that was not handed over."""
        self._woken.set()

    async def run(self) -> None:
        """Deliver until cancelled."""
        self._running, self._dropped = True, False
        self._house.storage.hand_over_to(self)
        self._house.storage.when_owed(self.wake)
        try:
            while True:
                self._woken.clear()
                self._left_over = False
                # Workspaces come and go; what is not reached from here is left to other instances.
                channels = tuple(filter(self._reach.reaches_channel, self._house.channels))
                free = max(IN_FLIGHT - len(self._under_way), 0)
                claimed = await self._claim(free, channels) if free else ()
                for parcel in claimed:
                    self.deliver(parcel)
                if len(claimed) < free or not free:
                    await self._sleep(channels)
        finally:
            self._running = False
            self._house.storage.hand_over_to(None)
            self._house.storage.when_owed(None)

    def drop(self) -> None:
        """Let go of what is under way in this very moment, and take nothing until `run`: others may be at it."""
        self._dropped = True
        for task in self._under_way:
            task.cancel()

    async def finish(self, within: float) -> None:
        """Let what is under way end, for so many seconds; the rest is found again at the next start."""
        if self._under_way:
            await asyncio.wait(set(self._under_way), timeout=within)
        for task in self._under_way:
            task.cancel()

    # --- as the storage's courier -------------------------------------------------------------------------------

    def takes(self, thread: Thread) -> bool:
        """Where there is room. What is not taken for want of it is claimed when there is some."""
        if not self._running or thread.channel not in self._house.channels:
            return False
        if not self._reach.reaches_channel(thread.channel):
            return False
        if len(self._under_way) >= IN_FLIGHT:
            self._left_over = True
            return False
        return True

    def pack(self, tx: Transaction, delivery: Delivery) -> Parcel:
        """The delivery with its scene."""
        until = time.monotonic() + ATTEMPT_LIMIT  # from within the transaction: the lease has begun, and runs longer
        try:
            house = self._house
            return Parcel(delivery, notices.scene(tx, delivery, house.catalogue, house.old_after, house.terms), until)
        except KeyError:
            log.exception("event %s names what is not on record", delivery.recorded.id)
            return Parcel(delivery, None, until)

    def deliver(self, parcel: object) -> None:
        """Begin to carry it out."""
        assert isinstance(parcel, Parcel)  # `pack` made it
        if self._dropped:
            return
        task = asyncio.create_task(self._deliver(parcel))
        self._under_way.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._under_way.discard(task)
        if self._left_over:
            self.wake()

    # --- what is left over --------------------------------------------------------------------------------------

    async def _sleep(self, channels: Sequence[str]) -> None:
        if self._woken.is_set():
            return
        due = await self._house.storage.read(lambda tx: tx.next_due(channels))
        try:
            async with asyncio.timeout(POLL if due is None else min(POLL, max(due, LEAST_PAUSE))):
                await self._woken.wait()
        except TimeoutError:
            pass

    async def _claim(self, limit: int, channels: Sequence[str]) -> Sequence[Parcel]:
        def verb(tx: Transaction) -> Sequence[Parcel]:
            deliveries = tx.claim(limit=limit, lease_seconds=LEASE, channels=channels)
            return [self.pack(tx, delivery) for delivery in deliveries]

        return await self._house.storage.write(verb)

    # --- one thread's deliveries --------------------------------------------------------------------------------

    async def _deliver(self, first: Parcel) -> None:
        parcel: Parcel | None = first
        while parcel is not None:
            parcel = await self._attempt(parcel)

    async def _attempt(self, parcel: Parcel) -> Parcel | None:
        """Carry it out; gives what its thread is owed next."""
        delivery, scene = parcel.delivery, parcel.scene
        thread, event = delivery.thread, delivery.recorded.event
        logs.also(network=thread.channel, ticket=event.ticket, event=delivery.recorded.id, delivery=delivery.id)
        if scene is None:
            return await self._bury(delivery, None, Rejected("what it tells of is not on record"))
        try:
            if time.monotonic() >= parcel.until:  # this process was frozen
                raise TimeoutError("begun too late")  # noqa: TRY301 - handled as one that took too long
            async with asyncio.timeout_at(parcel.until) as limit:
                with self._reach.limiting(thread.channel, limit):
                    done = await self._carrier.carry_out(delivery, scene)
            return await self._settle(delivery, scene, done)
        except PlaceClosed as closed:
            return await self._without(delivery, closed.place, closed.error)
        except Throttled as error:
            await self._postpone(delivery, error.retry_after, error)
        except (Unavailable, TimeoutError) as error:
            await self._postpone(delivery, self._pause(delivery), error)
        except (Gone, Denied, Rejected, TokenRefused) as error:
            log.warning("%s given up: %s", type(event).__name__, error)
            return await self._bury(delivery, scene, error)
        except Exception as error:
            log.exception("%s not delivered", type(event).__name__)
            if delivery.attempts >= HOPELESS:
                return await self._bury(delivery, scene, Rejected(repr(error)))
            await self._postpone(delivery, self._pause(delivery), error)
        return None

    def _arrived(self, delivery: Delivery) -> None:
        recorded = delivery.recorded
        self._house.gauges.delivered(delivery.thread.channel, datetime.now(UTC) - recorded.at)
        usual = isinstance(recorded.event, MessageSaid)
        log.log(logging.DEBUG if usual else logging.INFO, "%s shown", type(recorded.event).__name__)

    def _next(self, tx: Transaction, thread: Thread) -> Parcel | None:
        """What the thread is owed after what has just ended, leased with it. A desk that stops begins nothing more."""
        goes_on = self._running and self._reach.reaches_channel(thread.channel)
        following = tx.claim_next(thread.id, lease_seconds=LEASE) if goes_on else None
        return self.pack(tx, following) if following else None

    async def _settle(self, delivery: Delivery, scene: Scene, done: Done) -> Parcel | None:
        self._failures.pop(delivery.id, None)
        message, thread = scene.message, delivery.thread
        copies = [Copy(message.id, thread.id, part, ref) for part, ref in enumerate(done.copies)] if message else []

        def verb(tx: Transaction) -> Parcel | None:
            tx.settle(delivery, copies=copies, newest=done.newest)
            if done.card is not None:
                tx.card_is_at(thread.id, done.card)
            return self._next(tx, thread)

        # Patient: people have read it already, and what they say next takes this along in its own transaction.
        following = await self._house.storage.write(verb, patient=True)
        self._arrived(delivery)
        return following

    async def _postpone(self, delivery: Delivery, seconds: float, error: Exception) -> None:
        log.info("a delivery again in %.1f s: %s", seconds, error)
        self._house.gauges.set_back(delivery.thread.channel, "postponed")
        text = f"{type(error).__name__}: {error}"
        await self._house.storage.write(lambda tx: tx.postpone(delivery, seconds=seconds, error=text))
        self.wake()  # it may be due before what the relay sleeps for

    async def _bury(self, delivery: Delivery, scene: Scene | None, error: ChannelError) -> Parcel | None:
        self._house.gauges.set_back(delivery.thread.channel, "buried")
        self._failures.pop(delivery.id, None)
        message_id = scene.message.id if scene and scene.message else None
        reason = type(error).__name__.lower()
        reason = reason if reason in {"gone", "denied"} else "rejected"

        def verb(tx: Transaction) -> Parcel | None:
            verbs.delivery_failed(tx, delivery, message_id, reason=reason, error=str(error))
            return self._next(tx, delivery.thread)

        return await self._house.storage.write(verb)

    async def _without(self, delivery: Delivery, place: PlaceRef, error: ChannelError) -> Parcel | None:
        """Give it up for want of its place, of which the admins hear once, beside what goes on."""
        log.warning("no thread can be opened in %s:%s: %s", place.channel, place.key, error)
        self._house.gauges.set_back(delivery.thread.channel, "buried")
        self._failures.pop(delivery.id, None)

        def verb(tx: Transaction) -> tuple[bool, Parcel | None]:
            first = verbs.place_closed(tx, self._house.catalogue, delivery, place, error=str(error))
            return first, self._next(tx, delivery.thread)

        first, following = await self._house.storage.write(verb)
        self.wake()  # another place may have been owed the ticket
        if first:
            telling = asyncio.create_task(closed_places.tell(self._house, place, str(error), key=delivery.key))
            self._under_way.add(telling)
            telling.add_done_callback(self._done)
        return following

    def _pause(self, delivery: Delivery) -> float:
        """Seconds: doubled at each failure, with jitter, so that a network that comes back is not rushed at once. What
        failed before we were started does not count: then it was another moment.
        """
        failures = self._failures[delivery.id] = self._failures.get(delivery.id, 0) + 1
        longest = min(LONGEST_PAUSE, FIRST_PAUSE * 2.0 ** min(failures, 10))
        return longest * self._random.uniform(0.5, 1.0)
