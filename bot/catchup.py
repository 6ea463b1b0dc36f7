"""What was said while the desk could not hear: fetched from each thread's history, and heard in order.

A thread's mark moves only when its history has been read to the end, so a message that was missed is found however
many newer ones were heard in the meantime; what is known already stops at its UNIQUE origin. The newest messages are
read again each time: what was edited or deleted meanwhile is found as well.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
import time
from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

from adapters.port import ChannelError, Gone, Throttled, Unavailable
from bot.gaps import Gaps

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping

    from adapters.port import Channel, Said
    from desk.model import MessageRef, Thread, ThreadRef
    from desk.ports import Storage, Transaction

log = logging.getLogger(__name__)

LIVE_FOR = timedelta(days=90)  # tickets that nobody touched for longer are not looked through at start
PATIENCE = 2.0  # seconds that something new waits for its thread's older words: Slack wants its answer within 3
UNKNOWN_KEPT = 1000  # threads in which something was said before we knew them
BREAK_OVER = 30.0  # seconds after which a thread that is opened knows nothing of a break before it
LONGEST_PAUSE = 60.0  # seconds between attempts to read a history
LOOK_BACK = 100  # messages of each thread that are looked at again for edits and deletions
_BROKEN = "broken:"  # begins the name of the mark that says when a channel was last joined by any instance
AT_ONCE = 4  # histories that are read side by side


@dataclass(frozen=True, slots=True)
class _Due:
    """A thread whose history is to be read from its `mark` on; None: only what was said lately."""

    thread: Thread
    mark: str | None


@dataclass(slots=True)
class Held:
    """Something new that waits for its thread's older words. When it has `ended` to wait it is on record, or not."""

    said: Said
    recorded: bool = False
    ended: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass(slots=True)
class Missed:
    """Whether there is something to fetch of a thread that is being opened."""

    something: bool = False


def _spoken_in(ref: ThreadRef) -> str:
    """Under which receipt instances tell each other that somebody spoke in a thread that was not on record."""
    return f"unknown:{ref.channel}:{ref.key}"


def _move_mark(thread_id: int, reached: str, tx: Transaction) -> None:
    tx.move_mark(thread_id, reached)


class Catchup:
    """Reads the history of threads; `record` is told what people said there, oldest first."""

    def __init__(self, storage: Storage, channels: Mapping[str, Channel]) -> None:
        self._storage = storage
        self._channels = channels
        self._record: Callable[[Said], Awaitable[None]] | None = None
        self._withdraw: Callable[[MessageRef], Awaitable[bool]] | None = None
        self._pending: dict[ThreadRef, _Due] = {}
        self._reading: dict[ThreadRef, asyncio.Task[None]] = {}
        self._held: dict[ThreadRef, list[Held]] = {}
        self._joining: dict[str, asyncio.Event] = {}
        self._broken_at: dict[str, float] = {}  # when each channel was last joined, by the monotonic clock
        self._opening: dict[ThreadRef, asyncio.Event] = {}
        self._unknown: OrderedDict[ThreadRef, None] = OrderedDict()
        self._tasks: set[asyncio.Task[None]] = set()
        self.gaps = Gaps(storage, channels, self._read_all)

    def to(self, record: Callable[[Said], Awaitable[None]], withdraw: Callable[[MessageRef], Awaitable[bool]]) -> None:
        """Where found words and deletions go: the router's, which is made after us."""
        self._record, self._withdraw = record, withdraw

    async def joined(self, channel: str, *, briefly: bool = False) -> None:
        """Events of this channel may have been missed: every live thread is to be looked through. After a short break
        only those in which something is said, before it is heard: the network delivers by itself what it has missed.
        """
        known = self._joining[channel] = asyncio.Event()  # before anything is awaited: nobody slips past
        if not briefly:
            self.gaps.begins(channel)
        self._broken_at[channel] = time.monotonic()
        try:
            if self._storage.instance() is not None:
                await self._storage.write(lambda tx: tx.keep_mark(_BROKEN + channel, tx.now))
            await self._look_up(channel)
        finally:
            if self._joining.get(channel) is known:
                del self._joining[channel]
            known.set()
        if not briefly:
            may_be_spared = self.gaps.may_matter(channel)
            self._start(self.gaps.note(channel) if may_be_spared else self._all(channel))

    async def _look_up(self, channel: str) -> None:
        """Each live thread is to be read."""
        since = datetime.now(UTC) - LIVE_FOR
        live = await self._storage.read(lambda tx: tx.live_threads(channel, active_since=since))
        self._pending |= {thread.ref: _Due(thread, mark) for thread, mark in live if thread.ref}

    async def _read_all(self, channel: str) -> None:
        await self._look_up(channel)
        await self._all(channel)

    def expect(self, channel: str) -> None:
        """As `joined` briefly, from whoever need not wait for it: what is heard from now on waits for itself."""
        self._start(self._expected(channel))

    async def _expected(self, channel: str) -> None:
        while True:
            try:
                await self.joined(channel, briefly=True)
            except Exception:
                log.exception("threads of %s could not be looked up; trying again", channel)
                await asyncio.sleep(1.0)
            else:
                return

    async def unknown(self, ref: ThreadRef) -> bool:
        """Something was said in a thread that is not on record; it may be one that is just being opened. True where it
        has come on record meanwhile, by another instance.
        """
        if self._storage.instance() is not None and ref not in self._unknown:

            def verb(tx: Transaction) -> bool:
                if tx.thread(ref) is not None:
                    return True
                tx.first_hearing(_spoken_in(ref))
                return False

            if await self._storage.write(verb, patient=True):
                return True
        self._unknown[ref] = None
        self._unknown.move_to_end(ref)
        if len(self._unknown) > UNKNOWN_KEPT:
            self._unknown.popitem(last=False)
        return False

    def was_missed(self, tx: Transaction, ref: ThreadRef) -> bool:
        """Whether something may have been said in this thread, just opened, that was not heard as its own: asked in the
        transaction that puts it on record. Other instances leave word of that; what this one knows, `opening` knows.
        """
        if self._storage.instance() is None:
            return False
        broken = tx.mark(_BROKEN + ref.channel)
        return tx.heard(_spoken_in(ref)) or (broken is not None and (tx.now - broken).total_seconds() < BREAK_OVER)

    @contextlib.contextmanager
    def opening(self, thread: Thread, *, surely_empty: bool) -> Iterator[Missed]:
        """Around putting an opened thread on record. Whoever speaks in it meanwhile waits; words from before that
        moment are fetched first, if there can be any, or if `was_missed` said so.
        """
        assert thread.ref is not None  # its network has just opened it
        known = self._opening[thread.ref] = asyncio.Event()
        missed = Missed()
        try:
            yield missed
            # A break while it was being opened: `joined` did not know of it yet, and words may have been missed.
            broken = time.monotonic() - self._broken_at.get(thread.ref.channel, -BREAK_OVER) < BREAK_OVER
            if not surely_empty or missed.something or broken or thread.ref in self._unknown:
                self._unknown.pop(thread.ref, None)
                self._pending[thread.ref] = _Due(thread, "")
                self._start(self._one(thread.ref))
        finally:
            del self._opening[thread.ref]
            known.set()

    async def look(self, ref: ThreadRef) -> None:
        """Something about this thread was heard that has to do with words which were not: they are to be read."""
        thread = await self._storage.read(lambda tx: tx.thread(ref))
        if thread is not None:
            self._pending.setdefault(ref, _Due(thread, None))
            self._start(self._one(ref))

    async def before(self, ref: ThreadRef) -> bool:
        """Let older words of this thread go first, for as long as the network can wait for its answer. False where
        they need longer, or could not be read: what is new then belongs to `hold`.
        """
        for known in (self._joining.get(ref.channel), self._opening.get(ref)):
            if known is not None:
                await known.wait()  # one short transaction
        if ref in self._pending or ref in self._reading:
            await asyncio.wait({self._start(self._one(ref))}, timeout=PATIENCE)
        return ref not in self._reading and ref not in self._pending

    def hold(self, ref: ThreadRef, said: Said) -> Held:
        """Record it when the older words of its thread are on record. Should we die before, it is found again: the
        thread's mark has not moved past it.
        """
        held = Held(said)
        self._held.setdefault(ref, []).append(held)
        self._start(self._one(ref))  # where it is not being read any more
        return held

    async def close(self) -> None:
        """Stop reading; what is pending is found again at the next start."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for held in itertools.chain.from_iterable(self._held.values()):
            held.ended.set()
        self._held.clear()
        self._reading.clear()

    def _start(self, work: Awaitable[None]) -> asyncio.Task[None]:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _all(self, channel: str) -> None:
        doors = asyncio.Semaphore(AT_ONCE)

        async def one(ref: ThreadRef) -> None:
            async with doors:
                await self._one(ref)

        await asyncio.gather(*(one(ref) for ref in list(self._pending) if ref.channel == channel))

    async def _one(self, ref: ThreadRef) -> None:
        if (reading := self._reading.get(ref)) is None:
            if (due := self._pending.pop(ref, None)) is None:
                return
            reading = self._reading[ref] = self._start(self._read(ref, due))
        await asyncio.shield(reading)

    async def _read(self, ref: ThreadRef, due: _Due) -> None:
        try:
            await self._looked_through(ref, due)
        except asyncio.CancelledError:
            self._pending.setdefault(ref, due)
            raise
        except Exception:
            log.exception("history of ticket #%s not read; again in %.0f s", due.thread.ticket, LONGEST_PAUSE)
            self._pending[ref] = due
            self._start(self._later(ref))
        finally:
            for held in self._held.pop(ref, ()):  # they stand in the history, past the mark
                held.ended.set()
            self._reading.pop(ref, None)

    async def _looked_through(self, ref: ThreadRef, due: _Due) -> None:
        """Its history, then what is held. Where another break comes meanwhile, what was said in that goes first."""
        assert self._record is not None  # wired before anything is heard
        look: _Due | None = due
        while look is not None:
            reached = await self._history(ref, look)
            if look.mark is not None:
                await self._storage.write(partial(_move_mark, look.thread.id, reached))
            while ref not in self._pending and (held := self._held.pop(ref, ())):
                await self._record_held(held)
            look = self._pending.pop(ref, None)

    async def _record_held(self, held: Iterable[Held]) -> None:
        assert self._record is not None  # wired before anything is heard
        try:
            for each in held:
                await self._record(each.said)
                each.recorded = True
                each.ended.set()
        finally:
            for each in held:
                each.ended.set()

    async def _later(self, ref: ThreadRef) -> None:
        await asyncio.sleep(LONGEST_PAUSE)
        await self._one(ref)

    async def _history(self, ref: ThreadRef, due: _Due) -> str:
        """Record what was said after the mark, and what was changed of late; gives how far that got. Waits for a
        network that is away.
        """
        assert self._record is not None  # wired before anything is heard
        recent = await self._storage.read(lambda tx: tx.lately_said(due.thread, limit=LOOK_BACK))
        known = {origin.key: message for origin, message in recent}
        oldest = next(iter(known), "") if len(recent) == LOOK_BACK else ""
        after = oldest if due.mark is None or due.mark in known or not oldest else due.mark
        reached, seen = due.mark or "", {oldest}
        for attempt in itertools.count():
            try:
                async for said in self._channels[ref.channel].history(ref, after):
                    key = said.message.key
                    seen.add(key)
                    message = known.get(key)
                    if message is None or (said.edited and message.body != said.body):
                        await self._record(said)  # where that fails, it is not passed over
                    after = reached = key
                gone = [origin for origin, message in recent if origin.key not in seen and not message.deleted_at]
                await self._look_after(ref, gone)
            except Throttled as error:
                await asyncio.sleep(error.retry_after)
            except Unavailable as error:
                log.info("history of ticket #%s not read yet: %s", due.thread.ticket, error)
                await asyncio.sleep(min(2.0**attempt, LONGEST_PAUSE))
            except ChannelError as error:
                log.warning("history of ticket #%s cannot be read: %s", due.thread.ticket, error)
                return reached
            else:
                return reached
        raise AssertionError  # itertools.count does not end

    async def _look_after(self, ref: ThreadRef, missing: list[MessageRef]) -> None:
        """Withdraw those which the network, asked for each, says are gone."""
        assert self._withdraw is not None  # wired before anything is heard
        for origin in missing:
            try:
                await self._channels[ref.channel].quote(origin)
            except Gone:
                await self._withdraw(origin)
