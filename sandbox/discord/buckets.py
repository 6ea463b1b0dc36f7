"""How often an application may ask: a bucket for each route, one for all, and a ban for who is refused too often.

discord.com/developers/docs/topics/rate-limits
"""

from __future__ import annotations

import hashlib
import re
import time
from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sandbox.discord.setup import DiscordSetup

EXEMPT = ("/interactions/", "/webhooks/")  # from the limit over all routes
REFUSALS_WITHIN = 600.0  # seconds
BAN = 60.0  # seconds; Cloudflare's are longer


class Throttled(Exception):  # noqa: N818 - it is an answer, not a fault
    """Again after `retry_after` seconds. `banned`: it is Cloudflare that says so, in no words of Discord's."""

    def __init__(self, retry_after: float, *, everywhere: bool = False, banned: bool = False) -> None:
        super().__init__(f"again after {retry_after:.3f} s")
        self.retry_after = retry_after
        self.everywhere = everywhere
        self.banned = banned


class Buckets:
    """The clocks of one application."""

    def __init__(self, setup: DiscordSetup) -> None:
        self._setup = setup
        self._spent: dict[str, deque[float]] = {}
        self._refused: deque[float] = deque()

    def take(self, name: str, path: str) -> dict[str, str]:
        """One more call of that route; gives the headers that tell what is left. Throttled where nothing is."""
        now = time.monotonic()
        while self._refused and self._refused[0] <= now - REFUSALS_WITHIN:
            self._refused.popleft()
        if self._setup.refusals and len(self._refused) >= self._setup.refusals:
            raise Throttled(BAN, banned=True)
        if self._setup.global_limit and not path.startswith(EXEMPT):
            self._draw("global", self._setup.global_limit, 1.0, now)
        if not self._setup.route_limit:
            return {}
        count, seconds = self._setup.route_limit
        channel = next(iter(re.findall(r"^/channels/(\d+)", path)), "")
        left, reset = self._draw(f"{name} {channel}", count, seconds, now)
        return {
            "X-RateLimit-Limit": str(count),
            "X-RateLimit-Remaining": str(left),
            "X-RateLimit-Reset": f"{time.time() + reset:.3f}",
            "X-RateLimit-Reset-After": f"{reset:.3f}",
            "X-RateLimit-Bucket": hashlib.sha256(name.encode()).hexdigest()[:32],
        }

    def _draw(self, key: str, count: int, seconds: float, now: float) -> tuple[int, float]:
        spent = self._spent.setdefault(key, deque())
        while spent and spent[0] <= now - seconds:
            spent.popleft()
        if len(spent) >= count:
            raise Throttled(spent[0] + seconds - now, everywhere=key == "global")
        spent.append(now)
        return count - len(spent), spent[0] + seconds - now

    def refused(self, status: int) -> None:
        """401, 403 and 429 count towards the ban."""
        if status in {401, 403, 429}:
            self._refused.append(time.monotonic())
