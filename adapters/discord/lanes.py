"""One lane for each conversation: what is said in one is handled in the order of arrival, others do not wait.

discord.py would hand every event to a task of its own, in no order.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

T = TypeVar("T")

log = logging.getLogger(__name__)

LIMIT = 20_000  # things heard and not yet handled, over all lanes


class Lanes(Generic[T]):
    """`work` handles one thing and never raises; `lost` is told where one had to be left out for want of room."""

    def __init__(self, work: Callable[[T], Awaitable[None]], lost: Callable[[], None], *, limit: int = LIMIT) -> None:
        self._work = work
        self._lost = lost
        self._limit = limit
        self._waiting = 0
        self._lanes: dict[str, deque[T]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def put(self, key: str, thing: T) -> None:
        """Add to the lane's end; the lane is made where it is not there."""
        if self._waiting >= self._limit:
            log.error("more than %d things heard and not handled: one in %s is left out", self._limit, key)
            self._lost()
            return
        self._waiting += 1
        lane = self._lanes.get(key)
        if lane is not None:
            lane.append(thing)
            return
        lane = self._lanes[key] = deque((thing,))
        task = asyncio.create_task(self._run(key, lane))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """Stop at once; history repair finds what was not handled."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _run(self, key: str, lane: deque[T]) -> None:
        try:
            while lane:
                thing = lane.popleft()
                self._waiting -= 1
                await self._work(thing)
        finally:
            self._waiting -= len(lane)
            del self._lanes[key]
