"""One shard of the gateway: kept connected, told to the channels of its servers, and let go at once when asked to."""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from adapters.discord import errors
from adapters.discord.gateway import Gateway

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    import discord

    from adapters.discord.direct import Direct
    from adapters.discord.hearing import Hearing

log = logging.getLogger(__name__)

CANCEL_AGAIN = 0.2  # seconds
GIVEN_UP_AFTER = 120.0  # seconds without the gateway after which we begin anew: discord.py's own pauses grow to 17 min
LONGEST_PAUSE = 60.0  # seconds between attempts
_JITTER = 0.2  # of the time between two sessions: other instances of the desk may be waiting for the same moment


def shard_of(guild: str, count: int) -> int:
    """Which of so many shards tells of a server: discord.com/developers/docs/events/gateway#sharding"""
    return (int(guild) >> 22) % count


class Gate:
    """When a shard may identify: Discord takes one in five seconds for each bucket of shards, of which there are
    `buckets` ("max_concurrency"). Who comes too early has to try again, so that several processes get along.
    """

    def __init__(
        self,
        every: float,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.buckets = 1
        self._every = every
        self._free: dict[int, float] = {}
        self._clock = clock
        self._sleep = sleep

    async def turn(self, shard: int) -> None:
        """Wait until this one may."""
        bucket, now = shard % self.buckets, self._clock()
        free = max(self._free.get(bucket, now), now)
        pause = free - now + (self._every * random.uniform(0, _JITTER) if free > now else 0.0)  # noqa: S311 - jitter
        self._free[bucket] = now + pause + self._every
        if pause > 0:
            await self._sleep(pause)


class Shard:
    """The gateway's ears for the servers of one shard, and (shard 0) for direct conversations. `home` has logged in."""

    def __init__(
        self,
        number: int,
        count: int,
        home: Gateway,
        gate: Gate,
        servers: Mapping[str, Hearing],
        direct: Direct,
        *,
        first_pause: float,
    ) -> None:
        self._number = number
        self._count = count
        self._home = home
        self._gate = gate
        self._servers = servers
        self._direct = direct
        self._first_pause = self._pause = first_pause
        self._client: Gateway | None = None
        self._silence: asyncio.TimerHandle | None = None
        self._give_up: Callable[[], object] | None = None
        self._silent = False  # let go: whatever the socket still brings is not for us any more

    def get_guild(self, guild: int) -> discord.Guild | None:
        return self._client.get_guild(guild) if self._client else None

    async def run(self) -> None:
        """Until cancelled. Raises what ends it for good; everything else is tried again."""
        while True:
            self._client = Gateway(self, within=self._home, shard=(self._number, self._count), gate=self._gate)
            try:
                await self._connected(self._client)
                reason = "the gateway did not answer for too long"
            except Exception as error:
                if errors.refused(error, ""):
                    raise
                if not errors.may_pass(error):
                    log.exception("shard %d of %d fell over", self._number, self._count)
                reason = str(error) or type(error).__name__
            self._tell(f"connecting: {reason}")
            log.warning("shard %d is not heard, again in %.0f s: %s", self._number, self._pause, reason)
            await asyncio.sleep(self._pause * random.uniform(0.5, 1.0))  # noqa: S311 - jitter
            self._pause = min(2 * self._pause, LONGEST_PAUSE)

    async def stop(self, task: asyncio.Task[None]) -> None:
        """End `run`, which is that task: when this returns the socket is closed and nothing more is heard."""
        self._silent = True
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    async def _connected(self, client: Gateway) -> None:
        """Until the connection is lost for good. discord.py resumes shorter breaks by itself."""
        connection = asyncio.ensure_future(client.connect())
        self._give_up = connection.cancel
        try:
            await asyncio.wait({connection})
        finally:
            self._give_up = None
            self._back()
            # asyncio.wait_for, by which discord.py connects, loses a cancellation that meets a failure (before Python
            # 3.12): once would not always do, and the desk would never end.
            while not connection.done():
                connection.cancel()
                await asyncio.wait({connection}, timeout=CANCEL_AGAIN)
            if getattr(client, "ws", None) is not None and client.ws.open:
                await client.ws.close(code=1000)
        if not connection.cancelled():
            connection.result()

    # --- the connection -----------------------------------------------------------------------------------------

    def ready(self, payload: Mapping[str, Any]) -> None:
        self._pause = self._first_pause
        self._back()
        for ears in self._servers.values():
            ears.ready(payload)

    def resumed(self) -> None:
        self._back()
        for ears in self._servers.values():
            ears.resumed()

    def disconnected(self) -> None:
        if self._silent:
            return
        for ears in self._servers.values():
            ears.disconnected()
        if self._give_up and self._silence is None:
            self._silence = asyncio.get_running_loop().call_later(GIVEN_UP_AFTER, self._give_up)

    def missed(self) -> None:
        for ears in self._servers.values():
            ears.missed()

    def guild_there(self, guild: str) -> None:
        if ears := self._servers.get(guild):
            ears.guild_there(guild)
        else:
            log.info("the bot is in the server %s as well, which is none of the desk's", guild)

    def guild_away(self, guild: str) -> None:
        if ears := self._servers.get(guild):
            ears.guild_away(guild)

    def _back(self) -> None:
        if self._silence is not None:
            self._silence.cancel()
            self._silence = None

    def _tell(self, health: str) -> None:
        for ears in self._servers.values():
            ears.health = health

    # --- what is heard ------------------------------------------------------------------------------------------

    def message_created(self, payload: Mapping[str, Any]) -> None:
        if ears := self._for(payload):
            self._heard(payload, ears)
            ears.message_created(payload)

    def message_updated(self, payload: Mapping[str, Any]) -> None:
        if ears := self._for(payload):
            ears.message_updated(payload)

    def message_deleted(self, payload: Mapping[str, Any]) -> None:
        if ears := self._for(payload):
            ears.message_deleted(payload)

    def reaction_added(self, payload: Mapping[str, Any]) -> None:
        if ears := self._for(payload):
            ears.reaction_added(payload)

    def interaction(self, payload: Mapping[str, Any]) -> None:
        if ears := self._for(payload):
            self._heard(payload, ears)
            ears.interaction(payload)

    def member_joined(self, payload: Mapping[str, Any]) -> None:
        if ears := self._for(payload):
            ears.member_joined(payload)

    def member_changed(self, payload: Mapping[str, Any]) -> None:
        if ears := self._for(payload):
            ears.member_changed(payload)

    def member_left(self, payload: Mapping[str, Any]) -> None:
        if ears := self._for(payload):
            ears.member_left(payload)
            self._direct.member_left(payload)

    def _for(self, payload: Mapping[str, Any]) -> Hearing | Direct | None:
        """Whose it is: its server's, or where it is of none, that of the server in which the person is."""
        if self._silent:
            return None
        guild = payload.get("guild_id")
        return self._direct if guild is None else self._servers.get(str(guild))

    def _heard(self, payload: Mapping[str, Any], ears: Hearing | Direct) -> None:
        member = payload.get("member")
        user = payload.get("author") or (member.get("user") if isinstance(member, Mapping) else None)
        if ears is not self._direct and isinstance(user, Mapping) and isinstance(user.get("id"), str):
            self._direct.heard_in(user["id"], str(payload["guild_id"]))
