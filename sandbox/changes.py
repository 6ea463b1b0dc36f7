"""A numbered log of what changed, for those who wait to see it: no polling, whatever they wait for."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Any

KEPT = 5000


class Changes:
    """Numbers start at 1; the last `KEPT` changes are kept."""

    def __init__(self) -> None:
        self.newest = 0
        self._log: deque[dict[str, Any]] = deque(maxlen=KEPT)
        self._waiting: set[asyncio.Future[None]] = set()

    def add(self, what: str, **facts: Any) -> None:
        self.newest += 1
        self._log.append({"number": self.newest, "what": what, **facts})
        waiting, self._waiting = self._waiting, set()
        for future in waiting:
            if not future.done():
                future.set_result(None)

    async def since(self, number: int, wait: float) -> list[dict[str, Any]]:
        """Changes after that number; waits up to `wait` seconds for the first."""
        if self.newest <= number and wait > 0:
            future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiting.add(future)
            await asyncio.wait({future}, timeout=wait)
            self._waiting.discard(future)
        return [change for change in self._log if change["number"] > number]
