"""One bot's connection to Discord: its login, its slash commands and its shards, shared by the channels of all servers.

Saying and asking go over REST and need the login only; what is heard comes by shards (discord.com/developers/docs/
events/gateway#sharding), which are taken and let go while the desk runs.
"""

from __future__ import annotations

import asyncio
import logging
import random
from typing import TYPE_CHECKING, Never
from urllib.parse import urlsplit

import aiohttp
from discord.http import Route

from adapters.discord import errors
from adapters.discord.commands import registered
from adapters.discord.direct import Direct
from adapters.discord.gateway import Gateway, point_at
from adapters.discord.inbound import Inbound
from adapters.discord.rest import Line, Rest
from adapters.discord.shard import Gate, Shard, shard_of
from adapters.sockets import connector, says_anything

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    import discord

    from adapters.discord.config import DiscordConfig
    from adapters.discord.hearing import Hearing
    from adapters.ui import Command, MenuEntry

log = logging.getLogger(__name__)

FIRST_PAUSE, LONGEST_PAUSE = 1.0, 60.0  # seconds between attempts to log in
LOGIN_WITHIN = 30.0  # seconds for one question
IDENTIFY_EVERY = 5.0  # seconds between two sessions of one bucket of shards


class Connection:
    """`join` before anything else; then each channel runs, and the connection is there while one of them does. It is
    the port's `Sharded`.
    """

    def __init__(
        self,
        config: DiscordConfig,
        token: str,
        *,
        name: str = "discord",
        first_pause: float = FIRST_PAUSE,
        identify_every: float = IDENTIFY_EVERY,
    ) -> None:
        self.line = Line(config.requests_per_second)
        self._config = config
        self._token = token
        self._name = name
        self._first_pause = first_pause
        self._gate = Gate(identify_every)
        self._servers: dict[str, Hearing] = {}
        self._direct = Direct(self._servers)
        self._home: Gateway | None = None
        self._shards: dict[int, tuple[Shard, asyncio.Task[None]]] = {}
        self._wanted: frozenset[int] | None = None  # None: all
        self._changed = asyncio.Event()
        self._advised: asyncio.Future[int] | None = None
        self._agreed = 0  # how many shards there are; 0: as many as Discord advises
        self._running: set[Hearing] = set()
        self._open: set[Hearing] = set()
        self._serving: asyncio.Task[None] | None = None
        self._asking: aiohttp.ClientSession | None = None

    def __repr__(self) -> str:
        return f"Connection({self._name!r}, {len(self._servers)} servers)"

    @property
    def name(self) -> str:
        return self._name

    @property
    def host(self) -> str:
        return urlsplit(self._config.api_url).netloc

    async def answers(self) -> bool:
        """Whether Discord says anything (discord.com/developers/docs/events/gateway#get-gateway): apart from
        discord.py, which would ask again by itself, and wait for its turn.
        """
        if self._asking is None:
            self._asking = aiohttp.ClientSession(connector=connector())
        return await says_anything(self._asking, f"{self._config.api_url}/gateway")

    def join(self, guild: str, hearing: Hearing) -> None:
        """What is heard of this server is for that one."""
        self._servers[guild] = hearing

    def get_guild(self, guild: int) -> discord.Guild | None:
        """What the gateway has told of a server; None where its shard is heard elsewhere, or not yet."""
        if self._home is not None and (found := self._home.get_guild(guild)) is not None:
            return found
        found = None
        for shard, _ in self._shards.values():
            found = found or shard.get_guild(guild)
        return found

    # --- shards -------------------------------------------------------------------------------------------------

    async def shards(self) -> int:
        return await asyncio.shield(self._asked())

    def divide(self, shards: int) -> None:
        self._agreed = shards

    async def hear(self, shards: Collection[int]) -> None:
        self._wanted = frozenset(shards)
        self._changed.set()
        gone = [number for number in self._shards if number not in self._wanted]
        await asyncio.gather(*(self._let_go(number) for number in gone))
        self._tell_those_elsewhere()

    def among(self, instances: int) -> None:
        self.line.pacing.share(instances)

    def _asked(self) -> asyncio.Future[int]:
        """What is advised, by config or by Discord, when that is known."""
        if self._advised is None:
            self._advised = asyncio.get_running_loop().create_future()
            if self._config.shard_count:
                self._advised.set_result(self._config.shard_count)
        return self._advised

    @property
    def _count(self) -> int:
        return self._agreed or self._asked().result()

    def _of(self, number: int) -> dict[str, Hearing]:
        """The servers that a shard tells of."""
        return {guild: ears for guild, ears in self._servers.items() if shard_of(guild, self._count) == number}

    def _tell_those_elsewhere(self) -> None:
        """A server whose shard another instance hears is reached all the same."""
        if self._home is None or not self._asked().done():
            return
        for number in range(self._count):
            if self._wanted is not None and number not in self._wanted:
                for ears in self._of(number).values():
                    ears.health = "connected"

    async def _let_go(self, number: int) -> None:
        shard, task = self._shards.pop(number)
        await shard.stop(task)
        log.info("%s: shard %d is not heard any more", self._name, number)

    # --- running ------------------------------------------------------------------------------------------------

    async def run(self, hearing: Hearing, commands: Sequence[Command], menu: Sequence[MenuEntry]) -> None:
        """Hear what is for this one, until cancelled. Raises TokenRefused where trying again is of no use."""
        point_at(self._config)
        self._running.add(hearing)
        self._open.add(hearing)
        if self._serving is None or self._serving.done():
            self._serving = asyncio.create_task(self._serve(commands, menu), name=f"{self._name}: connection")
        serving = self._serving
        try:
            await asyncio.shield(serving)
        finally:
            self._running.discard(hearing)
            if not self._running:
                serving.cancel()
                await asyncio.gather(serving, return_exceptions=True)

    async def _serve(self, commands: Sequence[Command], menu: Sequence[MenuEntry]) -> None:
        pause = self._first_pause
        while True:
            self._say("connecting: logging in")
            try:
                await self._login(commands, menu)
                pause = self._first_pause
                await self._keep_shards()
            except asyncio.CancelledError:
                await self._end("stopped: not listening")
                raise
            except Exception as error:
                if final := errors.refused(error, self._config.token_env):
                    await self._end(f"stopped: {final}")
                    await self._logout()
                    raise final from error
                if not errors.may_pass(error):
                    await self._end(f"stopped: {error!r}")
                    raise
                reason = str(error) or type(error).__name__
            await self._end(f"connecting: {reason}")
            log.warning("Discord is not reached, again in %.0f s: %s", pause, reason)
            await asyncio.sleep(pause * random.uniform(0.5, 1.0))  # noqa: S311 - jitter
            pause = min(2 * pause, LONGEST_PAUSE)

    async def _login(self, commands: Sequence[Command], menu: Sequence[MenuEntry]) -> None:
        await self._logout()
        client = Gateway()
        client.http.connector = connector()
        try:
            await client.login(self._token)
            about = await errors.asked(client.http.request(Route("GET", "/gateway/bot")), within=LOGIN_WITHIN)
        except BaseException:
            await client.close()
            raise
        self._gate.buckets = int(about["session_start_limit"]["max_concurrency"])
        if not self._config.shard_count:
            if self._asked().done():
                self._advised = None  # what it advised before may have changed
            self._asked().set_result(int(about["shards"]))
        await self.settle(client, commands, menu)

    async def settle(self, client: Gateway, commands: Sequence[Command], menu: Sequence[MenuEntry]) -> None:
        """Who we are after this login; everything is said through it from here on."""
        assert client.user is not None  # logged in
        self._home = client
        self.line.me = str(client.user.id)
        self.line.application = str(client.application_id)
        self.line.http = client.http
        for hearing in self._servers.values():
            hearing.reads(Inbound(hearing.name, self.line.me), self)
        everywhere = self._config.commands == "global"
        await registered(client.tree, commands, menu, tuple(self._servers), Rest(self.line), everywhere=everywhere)

    async def _keep_shards(self) -> Never:
        """Each that is wanted, until one of them fails for good or the desk stops."""
        while True:
            self._changed.clear()
            count = self._count
            wanted = frozenset(range(count)) if self._wanted is None else self._wanted
            if beyond := [number for number in wanted if number >= count]:
                log.error("%s: there are %d shards, and no %s", self._name, count, beyond)
            for number in sorted(wanted - self._shards.keys() - set(beyond)):
                self._take(number, count)
            self._tell_those_elsewhere()
            changed = asyncio.ensure_future(self._changed.wait())
            try:
                tasks = {task for _, task in self._shards.values()}
                done, _ = await asyncio.wait({changed, *tasks}, return_when=asyncio.FIRST_COMPLETED)
                for task in done - {changed}:
                    if not task.cancelled():  # it was let go meanwhile
                        task.result()
            finally:
                changed.cancel()

    def _take(self, number: int, count: int) -> None:
        assert self._home is not None  # logged in
        mine = self._of(number)
        shard = Shard(number, count, self._home, self._gate, mine, self._direct, first_pause=self._first_pause)
        for ears in mine.values():
            ears.health = "connecting: the gateway has not said anything of the server yet"
        self._shards[number] = (shard, asyncio.create_task(shard.run(), name=f"{self._name}: shard {number}"))
        if count > 1:
            log.info("%s: shard %d of %d is heard from here", self._name, number, count)

    async def _end(self, health: str) -> None:
        for number in list(self._shards):
            await self._let_go(number)
        self._say(health)

    def _say(self, health: str) -> None:
        for hearing in self._servers.values():
            hearing.health = health

    async def _logout(self) -> None:
        self.line.http = None
        if self._home is not None:
            home, self._home = self._home, None
            await home.close()

    async def close(self, hearing: Hearing) -> None:
        """Log out, when the last channel has closed."""
        self._open.discard(hearing)
        if not self._open:
            await self._direct.close()
            await self._logout()
            if self._asking is not None:
                await self._asking.close()
