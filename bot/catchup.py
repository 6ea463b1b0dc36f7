"""What was said while the desk could not hear: fetched from each thread's history, and heard in order.

A thread's mark moves only when its history has been read to the end, so a message that was missed is found however
many newer ones were heard in the meantime; what is known already stops at its UNIQUE origin.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
from collections import OrderedDict
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from adapters.port import ChannelError, Throttled, Unavailable

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, Mapping

    from adapters.port import Channel, Said
    from desk.model import Thread, ThreadRef
    from desk.ports import Storage

log = logging.getLogger(__name__)

LIVE_FOR = timedelta(days=90)  # tickets that nobody touched for longer are not looked through at start
PATIENCE = 2.0  # seconds that something new waits for its thread's older words: Slack wants its answer within 3
UNKNOWN_KEPT = 1000  # threads in which something was said before we knew them
LONGEST_PAUSE = 60.0  # seconds between attempts to read a history


class Catchup:
    """Reads the history of threads; `record` is told what people said there, oldest first."""

    def __init__(self, storage: Storage, channels: Mapping[str, Channel]) -> None:
        self._storage = storage
        self._channels = channels
        self._record: Callable[[Said], Awaitable[None]] | None = None
        self._pending: dict[ThreadRef, tuple[Thread, str]] = {}
        self._reading: dict[ThreadRef, asyncio.Task[None]] = {}
        self._held: dict[ThreadRef, list[Said]] = {}
        self._joining: dict[str, asyncio.Event] = {}
        self._opening: dict[ThreadRef, asyncio.Event] = {}
        self._unknown: OrderedDict[ThreadRef, None] = OrderedDict()
        self._tasks: set[asyncio.Task[None]] = set()

    def to(self, record: Callable[[Said], Awaitable[None]]) -> None:
        """Where found words go: the router's `record`, which is made after us."""
        self._record = record

    async def joined(self, channel: str) -> None:
        """Events of this channel may have been missed: every live thread is to be looked through."""
        known = self._joining[channel] = asyncio.Event()  # before anything is awaited: nobody slips past
        try:
            since = datetime.now(UTC) - LIVE_FOR
            live = await self._storage.read(lambda tx: tx.live_threads(channel, active_since=since))
            self._pending |= {thread.ref: (thread, mark) for thread, mark in live if thread.ref}
        finally:
            if self._joining.get(channel) is known:
                del self._joining[channel]
            known.set()
        self._start(self._all(channel))

    def unknown(self, ref: ThreadRef) -> None:
        """Something was said in a thread that is not on record; it may be one that is just being opened."""
        self._unknown[ref] = None
        self._unknown.move_to_end(ref)
        if len(self._unknown) > UNKNOWN_KEPT:
            self._unknown.popitem(last=False)

    @contextlib.contextmanager
    def opening(self, thread: Thread, *, surely_empty: bool) -> Iterator[None]:
        """Around putting an opened thread on record. Whoever speaks in it meanwhile waits; words from before that
        moment are fetched first, if there can be any.
        """
        assert thread.ref is not None  # its network has just opened it
        known = self._opening[thread.ref] = asyncio.Event()
        try:
            yield
            if not surely_empty or thread.ref in self._unknown:
                self._unknown.pop(thread.ref, None)
                self._pending[thread.ref] = (thread, "")
                self._start(self._one(thread.ref))
        finally:
            del self._opening[thread.ref]
            known.set()

    async def before(self, ref: ThreadRef) -> bool:
        """Let older words of this thread go first, for as long as the network can wait for its answer. False where
        they need longer: what is new then belongs to `hold`.
        """
        for known in (self._joining.get(ref.channel), self._opening.get(ref)):
            if known is not None:
                await known.wait()  # one short transaction
        if ref in self._pending or ref in self._reading:
            await asyncio.wait({self._start(self._one(ref))}, timeout=PATIENCE)
        return ref not in self._reading

    def hold(self, ref: ThreadRef, said: Said) -> None:
        """Record it when the older words of its thread are on record. Should we die before, it is found again: the
        thread's mark has not moved past it.
        """
        self._held.setdefault(ref, []).append(said)

    async def close(self) -> None:
        """Stop reading; what is pending is found again at the next start."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _start(self, work: Awaitable[None]) -> asyncio.Task[None]:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _all(self, channel: str) -> None:
        for ref in [ref for ref in self._pending if ref.channel == channel]:
            await self._one(ref)

    async def _one(self, ref: ThreadRef) -> None:
        if (reading := self._reading.get(ref)) is None:
            if (pending := self._pending.pop(ref, None)) is None:
                return
            reading = self._reading[ref] = self._start(self._read(ref, *pending))
        await asyncio.shield(reading)

    async def _read(self, ref: ThreadRef, thread: Thread, mark: str) -> None:
        assert self._record is not None  # wired before anything is heard
        try:
            reached = await self._history(ref, thread, mark)
            await self._storage.write(lambda tx: tx.move_mark(thread.id, reached))
            while held := self._held.pop(ref, ()):
                for said in held:
                    await self._record(said)
        except Exception:
            log.exception("history of ticket #%s not read", thread.ticket)
        finally:
            self._held.pop(ref, None)
            self._reading.pop(ref, None)

    async def _history(self, ref: ThreadRef, thread: Thread, mark: str) -> str:
        """Record what was said after the mark; gives how far that got. Waits for a network that is away."""
        assert self._record is not None  # wired before anything is heard
        for attempt in itertools.count():
            try:
                async for said in self._channels[ref.channel].history(ref, mark):
                    await self._record(said)
                    mark = said.message.key
            except Throttled as error:
                await asyncio.sleep(error.retry_after)
            except Unavailable as error:
                log.info("history of ticket #%s not read yet: %s", thread.ticket, error)
                await asyncio.sleep(min(2.0**attempt, LONGEST_PAUSE))
            except ChannelError as error:
                log.warning("history of ticket #%s cannot be read: %s", thread.ticket, error)
                return mark
            else:
                return mark
        raise AssertionError  # itertools.count does not end
