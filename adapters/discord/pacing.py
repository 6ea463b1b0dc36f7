"""How fast we may ask: one pace for all REST calls, and a stop before Discord bans the address.

Discord takes 50 requests a second from a bot, over all routes; answers to interactions do not count
(discord.com/developers/docs/topics/rate-limits#global-rate-limit). discord.py keeps the buckets of single routes but
does not pace the whole.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from typing import TYPE_CHECKING

from adapters.port import Throttled

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

_BURST = 9  # a ninth of a second's worth at once: 45 a second and 5 at once never make more than 50 in a second
_LONGEST_WAIT = 20.0  # seconds in the queue; what would wait longer is postponed by the caller instead

# 10,000 refused requests (401, 403, 429) in ten minutes and Cloudflare bans the address for a while
# (discord.com/developers/docs/topics/rate-limits#invalid-request-limit-aka-cloudflare-bans).
_REFUSALS = 5_000
_REFUSALS_WITHIN = 600.0  # seconds


class Pacing:
    """A token bucket, kept as the time at which the next call would be due: no lock, first come first served."""

    def __init__(
        self,
        rate: float,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """`rate`: calls per second."""
        self._rate = rate
        self.share(1)
        self._due = float("-inf")
        self._clock = clock
        self._sleep = sleep

    def share(self, among: int) -> None:
        """So many keep to the rate together, each to its part."""
        rate = self._rate / max(1, among)
        self._interval = 1 / rate
        self._burst = max(1.0, rate / _BURST) * self._interval

    async def turn(self) -> None:
        """Wait until one more call may go out. Throttled where the queue is too long."""
        now = self._clock()
        due = max(self._due, now - self._burst + self._interval)
        if due - now > _LONGEST_WAIT:
            raise Throttled(due - now)
        self._due = due + self._interval
        if due > now:
            await self._sleep(due - now)


class Refusals:
    """Counts refused requests, and says stop at half of what Discord bears."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic, limit: int = _REFUSALS) -> None:
        self._times: deque[float] = deque()
        self._clock = clock
        self._limit = limit

    def add(self) -> None:
        self._times.append(self._clock())

    def check(self) -> None:
        """Throttled while too many requests were refused in the last ten minutes."""
        now = self._clock()
        while self._times and now - self._times[0] > _REFUSALS_WITHIN:
            self._times.popleft()
        if len(self._times) >= self._limit:
            raise Throttled(_REFUSALS_WITHIN - (now - self._times[0]))
