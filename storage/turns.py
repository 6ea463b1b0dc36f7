"""Turns among the instances of a desk: what one of them does for all. Here those of a desk that has one instance."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from desk.ports import Turn


class _Kept:
    """A turn that nobody can take away."""

    def when_lost(self, then: Callable[[], object]) -> None:
        """It is not."""

    async def lost(self) -> None:
        await asyncio.get_running_loop().create_future()


class OwnTurns:
    """Turns within one process, one after the other."""

    def __init__(self) -> None:
        self._taken: dict[str, asyncio.Lock] = {}

    @asynccontextmanager
    async def life(self) -> AsyncIterator[Turn]:
        yield _Kept()

    @asynccontextmanager
    async def turn(self, name: str) -> AsyncIterator[Turn]:
        async with self._taken.setdefault(name, asyncio.Lock()):
            yield _Kept()
