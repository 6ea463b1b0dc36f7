"""What is looked at again and again: whenever something may have changed, and now and then anyway."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

log = logging.getLogger(__name__)


class Rounds:
    """The rounds of one who looks. `wake` when a network is being heard (again), or config says something else."""

    def __init__(self, look: Callable[[], Awaitable[None]], *, every: float) -> None:
        """`every` so many seconds it looks of its own."""
        self._look = look
        self._every = every
        self._due = asyncio.Event()
        self._woken = asyncio.Event()

    @property
    def woken(self) -> bool:
        """Whether anything was ever heard of a network."""
        return self._woken.is_set()

    def wake(self) -> None:
        """Look now."""
        self._woken.set()
        self._due.set()

    async def run(self) -> None:
        """Look again and again until cancelled; not before the first `wake`. Of a look that fails the log tells."""
        await self._woken.wait()
        while True:
            self._due.clear()
            try:
                await self._look()
            except Exception:
                log.exception("%s failed; again in a while", self._look.__qualname__)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._every):
                    await self._due.wait()
