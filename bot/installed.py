"""Workspaces in which the app was installed by their own people: each a channel of its own while the desk runs.

Whichever instance of a desk was there when one installed the app or took it out, all of them look at the record.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import logging
from typing import TYPE_CHECKING

from adapters.port import ChannelError, TokenRefused
from bot.turns import ended
from desk.ports import Installation

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable
    from datetime import timedelta

    from adapters.port import Channel
    from desk.ports import Storage

log = logging.getLogger(__name__)

LOOK_EVERY = 2.0  # seconds
FAREWELL = 1.0  # seconds in which a channel closes what it has open


class Record:
    """What is on record of one app's installations (`adapters.slack.oauth.Installations`)."""

    def __init__(self, storage: Storage, app: str) -> None:
        self._storage = storage
        self._app = app

    async def every(self) -> dict[str, str]:
        """What is sealed of each, by its house."""
        found = await self._storage.read(lambda tx: tx.installations())
        return {each.house: each.sealed for each in found if each.app == self._app}

    async def sealed(self, house: str) -> str | None:
        return (await self.every()).get(house)

    async def keep(self, house: str, name: str, sealed: str) -> None:
        made = Installation(self._app, house, name[:255], sealed)
        await self._storage.write(lambda tx: tx.keep_installation(made))

    async def drop(self, house: str) -> None:
        await self._storage.write(lambda tx: tx.drop_installation(self._app, house))

    async def issue(self, digest: str, lives: timedelta) -> None:
        await self._storage.write(lambda tx: tx.issue_state(digest, until=tx.now + lives))

    async def consume(self, digest: str) -> bool:
        return await self._storage.write(lambda tx: tx.consume_state(digest))


class Installed:
    """`opened` makes the channel of a house (ValueError where its seal is broken); `listen` hears it until cancelled;
    `known` is told the names of all before a new one is heard.
    """

    def __init__(
        self,
        record: Record,
        channels: dict[str, Channel],
        *,
        opened: Callable[[str, str], Channel],
        listen: Callable[[Channel], Awaitable[None]],
        known: Callable[[Iterable[str]], None],
    ) -> None:
        self._record = record
        self._channels = channels
        self._opened = opened
        self._listen = listen
        self._known = known
        self._heard: dict[str, tuple[str, str, asyncio.Task[None]]] = {}  # house → channel's name, seal's digest, task
        self._broken: dict[str, str] = {}  # houses whose seal could not be opened
        self._farewells: set[asyncio.Task[None]] = set()
        self.departed: list[Channel] = []  # let go, but whoever was in the middle of asking may have opened them again
        self._woken = asyncio.Event()

    async def look_now(self) -> None:
        """Somebody has just come or gone."""
        self._woken.set()

    async def left(self, house: str) -> None:
        """They have taken the app out."""
        log.info("the app was taken out of %s", house)
        await self._record.drop(house)
        self._woken.set()

    async def run(self) -> None:
        """Until cancelled; what is heard then ends with it."""
        try:
            while True:
                self._woken.clear()
                try:
                    await self.look()
                except Exception:
                    log.exception("installations could not be looked at; trying again")
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(LOOK_EVERY):
                        await self._woken.wait()
        finally:
            await ended(*(task for _, _, task in self._heard.values()))
            self._heard.clear()
            await asyncio.gather(*self._farewells)

    async def look(self) -> None:
        """Hear those that are new or came again, and no more those that are gone."""
        found = await self._record.every()
        seals = {house: hashlib.sha256(sealed.encode()).hexdigest() for house, sealed in found.items()}
        for house, (_, seal, _) in list(self._heard.items()):
            if seals.get(house) != seal:
                await self._let_go(house)
        new = [house for house in found if house not in self._heard and self._broken.get(house) != seals[house]]
        if not new:
            return
        self._known(network_of(house) for house in found)
        for house in new:
            try:
                channel = self._opened(house, found[house])
            except ValueError as error:
                log.error("%s is not heard: %s", house, error)
                self._broken[house] = seals[house]
                continue
            stale = self._channels.get(channel.name)
            self._channels[channel.name] = channel
            if stale is not None:
                self._farewell(stale)
            task = asyncio.create_task(self._hear(house, channel), name=f"{channel.name}: listening")
            self._heard[house] = (channel.name, seals[house], task)

    async def _hear(self, house: str, channel: Channel) -> None:
        try:
            await self._listen(channel)
        except TokenRefused as error:  # taken out while we were not looking, or by far too little allowed
            log.error("%s is left: %s", channel.name, error)
            await self.left(house)

    async def _let_go(self, house: str) -> None:
        name, _, task = self._heard.pop(house)
        await ended(task)
        channel = self._channels.pop(name, None)
        if channel is not None:
            self._farewell(channel)

    def _farewell(self, channel: Channel) -> None:
        self.departed.append(channel)
        task = asyncio.create_task(_closed(channel))
        self._farewells.add(task)
        task.add_done_callback(self._farewells.discard)


async def _closed(channel: Channel) -> None:
    with contextlib.suppress(ChannelError, TimeoutError):
        await asyncio.wait_for(channel.close(), FAREWELL)


def network_of(house: str) -> str:
    """What a workspace that installed the app is called elsewhere: "slack-t0123456789"."""
    return f"slack-{house.lower()}"
