"""Lanes: what belongs together is done one after the other, in the order it came; the rest does not wait."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager


@dataclass(slots=True)
class _Lane:
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    users: int = 0  # who holds it or waits for it


class Lanes:
    """Locks by key, kept only while somebody holds or awaits them: never more than there are things under way."""

    def __init__(self) -> None:
        self._lanes: dict[str, _Lane] = {}

    def __len__(self) -> int:
        return len(self._lanes)

    def turn(self, key: str | None) -> AbstractAsyncContextManager[None]:
        """Wait for those who came before with this key. asyncio.Lock is fair: first come, first served."""
        return _Turn(self._lanes, key)


class _Turn:
    """One's turn in a lane: a class, as each message has one, and a generator takes three times as long."""

    __slots__ = ("_key", "_lane", "_lanes")

    def __init__(self, lanes: dict[str, _Lane], key: str | None) -> None:
        self._lanes, self._key = lanes, key
        self._lane: _Lane | None = None

    async def __aenter__(self) -> None:
        if self._key is None:
            return
        lane = self._lanes.get(self._key)
        if lane is None:
            lane = self._lanes[self._key] = _Lane()
        lane.users += 1
        try:
            await lane.lock.acquire()
        except BaseException:  # whoever waits may be cancelled
            self._leave(lane)
            raise
        self._lane = lane

    async def __aexit__(self, *_: object) -> None:
        if (lane := self._lane) is not None:
            lane.lock.release()
            self._leave(lane)

    def _leave(self, lane: _Lane) -> None:
        lane.users -= 1
        if not lane.users:
            assert self._key is not None  # who has a lane has its key
            del self._lanes[self._key]
