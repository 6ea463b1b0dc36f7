"""The relay: takes what is owed from the outbox and says it on the networks, each thread in order, each thing once.

A delivery is claimed in one short transaction and settled in another; between them the network is asked. Whatever
happens in between, the same delivery comes again with the same key, and the network or a look-up recognises it.
"""

from __future__ import annotations

import asyncio
import logging
import random
from dataclasses import replace
from typing import TYPE_CHECKING, assert_never

from adapters.port import ChannelError, Denied, Gone, Recall, Rejected, Throttled, TokenRefused, Unavailable
from bot import notices
from desk import verbs
from desk.model import Copy

if TYPE_CHECKING:
    from collections.abc import Sequence

    from adapters.port import Channel
    from bot.catchup import Catchup
    from bot.house import House
    from bot.notices import Scene
    from desk.model import AccountRef, MessageRef, PlaceRef
    from desk.ports import Delivery, Transaction

log = logging.getLogger(__name__)

IN_FLIGHT = 128  # deliveries that may be on their way at once, over all networks
LEASE = 120.0  # seconds; longer than any one delivery may take, files included
ATTEMPT_LIMIT = 100.0  # seconds for one attempt: less than the lease, so that no other claims it meanwhile
POLL = 5.0  # seconds: the safety net under the wake-ups
BUSY_POLL = 0.5  # seconds: the same, while deliveries are under way
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 60.0  # seconds between attempts while a network is unavailable
HOPELESS = 50  # attempts after which an unforeseen error is given up; unavailability never is


class Relay:
    """One for the whole desk. `wake` may be called from anywhere in its loop."""

    def __init__(self, house: House, catchup: Catchup) -> None:
        self._house = house
        self._catchup = catchup
        self._woken = asyncio.Event()
        self._under_way: dict[asyncio.Task[None], Delivery] = {}
        self._random = random.Random()  # noqa: S311 - jitter

    def wake(self) -> None:
        """Something may be owed now."""
        self._woken.set()

    async def run(self) -> None:
        """Deliver until cancelled."""
        channels = tuple(self._house.channels)
        while True:
            self._woken.clear()
            free = IN_FLIGHT - len(self._under_way)
            claimed: Sequence[tuple[Delivery, Scene]] = ()
            if free:
                claimed = await self._claim(free, channels)
            for delivery, scene in claimed:
                task = asyncio.create_task(self._deliver(delivery, scene))
                self._under_way[task] = delivery
                task.add_done_callback(self._done)
            if len(claimed) < free or not free:
                await self._sleep(channels)

    async def finish(self, within: float) -> None:
        """Let what is under way end, for so many seconds; the rest is found again at the next start."""
        if self._under_way:
            await asyncio.wait(set(self._under_way), timeout=within)
        for task in self._under_way:
            task.cancel()

    def _done(self, task: asyncio.Task[None]) -> None:
        self._under_way.pop(task, None)
        self.wake()

    async def _sleep(self, channels: Sequence[str]) -> None:
        if self._woken.is_set():
            return
        pause = BUSY_POLL
        if not self._under_way:  # whatever is under way wakes us when it ends
            due = await self._house.storage.read(lambda tx: tx.next_due(channels))
            pause = POLL if due is None else min(POLL, max(due, 0.01))
        try:
            async with asyncio.timeout(pause):
                await self._woken.wait()
        except TimeoutError:
            pass

    async def _claim(self, limit: int, channels: Sequence[str]) -> Sequence[tuple[Delivery, Scene]]:
        def verb(tx: Transaction) -> Sequence[tuple[Delivery, Scene]]:
            deliveries = tx.claim(limit=limit, lease_seconds=LEASE, channels=channels)
            return [(delivery, notices.scene(tx, delivery)) for delivery in deliveries]

        return await self._house.storage.write(verb)

    async def _deliver(self, delivery: Delivery, scene: Scene) -> None:
        thread, event = delivery.thread, delivery.recorded.event
        channel = self._house.channels[thread.channel]
        try:
            async with asyncio.timeout(ATTEMPT_LIMIT):
                await self._carry_out(channel, delivery, scene)
        except Throttled as error:
            await self._postpone(delivery, error.retry_after, error)
        except (Unavailable, TimeoutError) as error:
            await self._postpone(delivery, self._pause(delivery.attempts), error)
        except (Gone, Denied, Rejected, TokenRefused) as error:
            log.warning("%s of ticket #%s given up: %s", type(event).__name__, event.ticket, error)
            await self._bury(delivery, scene, error)
        except Exception as error:
            log.exception("event %s of ticket #%s not delivered", delivery.recorded.id, event.ticket)
            if delivery.attempts >= HOPELESS:
                await self._bury(delivery, scene, Rejected(repr(error)))
            else:
                await self._postpone(delivery, self._pause(delivery.attempts), error)

    async def _carry_out(self, channel: Channel, delivery: Delivery, scene: Scene) -> None:
        house, thread = self._house, delivery.thread
        words = house.library.of(thread.locale)
        recall = Recall(thread.newest) if delivery.attempts > 1 else None
        step = notices.step(delivery, scene, words, house.catalogue, house.blobs, channel.traits)
        if isinstance(step, notices.Open) and thread.ref is None:
            await self._open(channel, delivery, step, recall)
            return
        posted: tuple[MessageRef, ...] = ()
        copies: tuple[MessageRef, ...] = ()
        match step:
            case notices.Open():
                pass  # opened before, and settled with it
            case _ if thread.ref is None:
                raise Gone(f"thread {thread.id} was never opened")
            case notices.Say():
                if step.card and thread.card:
                    await channel.edit(thread.card, step.card)
                if step.post:
                    posted = await channel.post(thread.ref, step.post, key=delivery.key, recall=recall)
                copies = posted if step.copy else ()
            case notices.Revise():
                parts = [copy.ref for copy in scene.copies]
                if parts:
                    copies = await channel.revise(thread.ref, parts, step.post, key=delivery.key, recall=recall)
                    posted = copies[len(parts) :]
            case notices.Withdraw():
                for copy in scene.copies:
                    await channel.delete(copy.ref)
            case _:
                assert_never(step)
        await self._settle(delivery, scene, copies, posted[-1] if posted else None)

    async def _open(self, channel: Channel, delivery: Delivery, step: notices.Open, recall: Recall | None) -> None:
        thread = delivery.thread
        where: PlaceRef | AccountRef | None = thread.place or thread.account
        assert where is not None  # every thread has the one or the other
        opened = await channel.open_thread(where, step.title, step.first, key=delivery.key, recall=recall)
        known = replace(thread, ref=opened.thread, card=opened.card, newest=opened.card)

        def verb(tx: Transaction) -> None:
            tx.save_thread(known)
            tx.settle(delivery, newest=opened.card)

        with self._catchup.opening(known, surely_empty=recall is None):
            await self._house.storage.write(verb)

    async def _settle(
        self, delivery: Delivery, scene: Scene, refs: Sequence[MessageRef], newest: MessageRef | None
    ) -> None:
        message, thread = scene.message, delivery.thread
        copies = [Copy(message.id, thread.id, part, ref) for part, ref in enumerate(refs)] if message else []
        await self._house.storage.write(lambda tx: tx.settle(delivery, copies=copies, newest=newest))

    async def _postpone(self, delivery: Delivery, seconds: float, error: Exception) -> None:
        log.info("delivery %s again in %.1f s: %s", delivery.id, seconds, error)
        text = f"{type(error).__name__}: {error}"
        await self._house.storage.write(lambda tx: tx.postpone(delivery, seconds=seconds, error=text))

    async def _bury(self, delivery: Delivery, scene: Scene, error: ChannelError) -> None:
        message_id = scene.message.id if scene.message else None
        reason = type(error).__name__.lower()
        reason = reason if reason in {"gone", "denied"} else "rejected"
        await self._house.storage.write(
            lambda tx: verbs.delivery_failed(tx, delivery, message_id, reason=reason, error=str(error))
        )

    def _pause(self, attempts: int) -> float:
        """Seconds: doubled at each attempt, with jitter, so that a network that comes back is not rushed at once."""
        longest = min(LONGEST_PAUSE, FIRST_PAUSE * 2.0 ** min(attempts, 10))
        return longest * self._random.uniform(0.5, 1.0)
