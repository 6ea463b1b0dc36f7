"""What was said while the desk could not hear: fetched from each thread's history, and heard in order.

A thread's mark moves only when its history has been read to the end, so a message that was missed is found however
many newer ones were heard in the meantime; what is known already stops at its UNIQUE origin.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import OrderedDict
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from adapters.port import ChannelError, Gone, Throttled

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, Mapping

    from adapters.port import Channel, Said
    from desk.model import Thread, ThreadRef
    from desk.ports import Storage

log = logging.getLogger(__name__)

LIVE_FOR = timedelta(days=90)  # tickets that nobody touched for longer are not looked through at start
PATIENCE = 2.0  # seconds that something new waits for its thread's older words: Slack wants its answer within 3
UNKNOWN_KEPT = 1000  # threads in which something was said before we knew them
TRIES = 5


class Catchup:
    """Reads the history of threads; `record` is told what people said there, oldest first."""

    def __init__(self, storage: Storage, channels: Mapping[str, Channel]) -> None:
        self._storage = storage
        self._channels = channels
        self._record: Callable[[Said], Awaitable[None]] | None = None
        self._pending: dict[ThreadRef, tuple[Thread, str]] = {}
        self._reading: dict[ThreadRef, asyncio.Task[None]] = {}
        self._opening: dict[ThreadRef, asyncio.Event] = {}
        self._unknown: OrderedDict[ThreadRef, None] = OrderedDict()
        self._tasks: set[asyncio.Task[None]] = set()

    def to(self, record: Callable[[Said], Awaitable[None]]) -> None:
        """Where found words go: the router's `record`, which is made after us."""
        self._record = record

    async def joined(self, channel: str) -> None:
        """Events of this channel may have been missed: every live thread is to be looked through."""
        since = datetime.now(UTC) - LIVE_FOR
        live = await self._storage.read(lambda tx: tx.live_threads(channel, active_since=since))
        self._pending |= {thread.ref: (thread, mark) for thread, mark in live if thread.ref}
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

    async def before(self, ref: ThreadRef) -> None:
        """Let older words of this thread go first, for as long as the network can wait for its answer."""
        if (known := self._opening.get(ref)) is not None:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(known.wait(), PATIENCE)
        if ref in self._pending or ref in self._reading:
            task = self._start(self._one(ref))
            await asyncio.wait({task}, timeout=PATIENCE)

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
            for attempt in range(TRIES):
                try:
                    async for said in self._channels[ref.channel].history(ref, mark):
                        await self._record(said)
                        mark = said.message.key
                    break
                except Throttled as error:
                    await asyncio.sleep(error.retry_after)
                except Gone:
                    return
                except ChannelError as error:
                    log.warning("history of ticket #%s not read yet: %s", thread.ticket, error)
                    await asyncio.sleep(2.0**attempt)
            reached = mark
            await self._storage.write(lambda tx: tx.move_mark(thread.id, reached))
        except Exception:
            log.exception("history of ticket #%s not read", thread.ticket)
        finally:
            self._reading.pop(ref, None)
