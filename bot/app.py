"""The composition root: the only file that names concrete storage and networks, and starts and stops them."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from datetime import timedelta
from typing import TYPE_CHECKING

from adapters.port import ChannelError, TokenRefused
from bot import networks
from bot.catchup import Catchup
from bot.clockwork.acquainting import Acquainting
from bot.clockwork.backups import Backups
from bot.clockwork.pinning import Pinning
from bot.clockwork.tending import Tending
from bot.clockwork.timing import Timing
from bot.commands import commands, menu
from bot.config import ConfigError
from bot.elsewhere import Elsewhere
from bot.front import Front
from bot.health import Health
from bot.house import LANGUAGES, House, Rules
from bot.reach import Reach
from bot.refreshing import Refreshing
from bot.relay import Relay
from bot.reloading import Reloading
from bot.router import BROKEN, CHANGED, Router
from bot.sharing import Sharing
from bot.turns import Turns, ended, together
from bot.words import Library
from storage import FolderBlobs, LifeOver, open_storage

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from adapters.port import Channel, Sharded
    from bot.config import Config
    from bot.keeper import Keeper
    from bot.networks import Installing
    from desk.ports import Blobs, Storage, Turn

log = logging.getLogger(__name__)

GRACE = 7.0  # seconds in which what is in hand is finished at the end: with the farewells it is less than ten
FAREWELL = 1.0  # seconds in which a channel closes its sockets: its network may be gone
LEARN_EVERY = 60.0  # seconds
LOOK_ROUND = 2.0  # seconds until an instance that hears nothing looks whether it could ask
LONGEST_PAUSE = 60.0  # seconds before a channel that fell over is started again


class Desk:
    """Everything put together; `run` until `stop`."""

    def __init__(
        self,
        config: Config,
        storage: Storage,
        blobs: Blobs,
        channels: Mapping[str, Channel],
        path: Path | None = None,
        fronts: Mapping[str, Front] | None = None,
        keeper: Keeper | None = None,
        sharded: Sequence[Sharded] = (),
        installing: Installing | None = None,
    ) -> None:
        """`fronts`: servers by the address that they listen at. `sharded`: networks whose shards instances share.
        `installing`: how workspaces come by themselves.
        """
        self.channels = channels
        self.fronts = fronts or {}
        self._health_at = self.fronts.get(config.http.listen)
        self._storage = storage
        self._sharded = sharded
        self._stop = asyncio.Event()
        self._learning = asyncio.Event()
        self._reach = Reach(storage, channels)
        self.turns = Turns(storage, self._reach)
        library = Library(config.desk.language, config.desk.timezone, config.called)
        self.house = House(
            storage=storage,
            blobs=blobs,
            rules=Rules(config.catalogue(), config.access(), config.terms(), config.becoming(), config.nudges.made()),
            library=library,
            file_limit=config.desk.file_limit,
            old_after=timedelta(days=config.desk.old_after),
            tickets_a_minute=config.desk.tickets_a_minute,
            name=config.desk.name,
            channels=channels,
            keeper=keeper,
            leftovers=config.leftovers(),
            wake=self._wake,
            touched=self._touched,
        )
        self._catchup = Catchup(storage, channels)
        self._relay = Relay(self.house, self._catchup, self._reach)
        self._elsewhere = Elsewhere(storage, channels)
        self._router = Router(self.house, self._catchup, self._elsewhere)
        self._catchup.to(self._router.record, self._router.withdraw)
        self.acquainting = Acquainting(self.house)
        self._router.when_joined(self.acquainting.rounds.wake)
        self._reloading = Reloading(self.house, config, path, self.acquainting.rounds.wake) if path else None
        self._refreshing = Refreshing(self.house)
        self.tending = Tending(self.house)
        self.timing = Timing(self.house)
        self.pinning = Pinning(self.house, config.pinned())
        self._router.when_joined(self.pinning.rounds.wake)
        self._installing = installing
        self._installed = installing.watching(self._listen, self._installed_now) if installing else None
        self._config = config
        self._commands = commands(library)
        self._menu = menu(library)

    def _installed_now(self, names: Iterable[str]) -> None:
        """These networks have come by themselves: what config says of those that are kept apart counts for them."""
        self.house.installed.clear()
        self.house.installed.update(names)
        config = self._reloading.current if self._reloading else self._config
        config, held = config.with_installed(self.house.installed), self.house.rules
        held.catalogue, held.access = config.catalogue(), config.access()

    def _wake(self) -> None:
        self._relay.wake()

    def _touched(self, number: int) -> None:
        self._refreshing.touched(number)

    def stop(self) -> None:
        """Finish what is in hand, then return from `run`."""
        self._stop.set()

    def reload(self) -> None:
        """Read config.toml again now, as it is done by itself when the file changes."""
        if self._reloading is not None:
            self._reloading.look_again()

    async def run(self) -> None:
        """Serve until `stop`. TokenRefused where a network will not have us: trying again is of no use."""
        async with contextlib.AsyncExitStack() as open_fronts:
            for front in self.fronts.values():
                await open_fronts.enter_async_context(front)
            if self._health_at is not None:
                health = Health(self.channels, self._storage, self.house.gauges, self.turns)
                open_fronts.enter_context(health.at(self._health_at))
            if self._installing is not None:
                await open_fronts.enter_async_context(self._installing.pages())
            await self._serve()

    async def _serve(self) -> None:
        living, stopping = asyncio.create_task(self._lives()), asyncio.create_task(self._stop.wait())
        try:
            await asyncio.wait({living, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if living.done():
                living.result()
        finally:
            living.cancel()
            stopping.cancel()
            await asyncio.gather(living, stopping, return_exceptions=True)
            if self.house.keeper is not None:
                await self.house.keeper.close()
            departed = self._installed.departed if self._installed else ()
            for channel in (*self.channels.values(), *departed):
                with contextlib.suppress(ChannelError, TimeoutError):
                    await asyncio.wait_for(channel.close(), FAREWELL)
            await self._storage.close()

    async def _lives(self) -> None:
        """One after the other: where other instances had to take this one for dead, it begins anew."""
        while True:
            async with self._storage.life() as life:
                with contextlib.suppress(LifeOver):
                    await self._live(life)
            log.warning("this instance was out of touch with its database: it begins anew")

    async def _live(self, life: Turn) -> None:
        """Until it is lost, or we are cancelled."""
        self._router.go_deaf(deaf=False)
        life.when_lost(self._relay.drop)
        life.when_lost(self._router.go_deaf)
        self._listen_to_others()
        await self.house.learn_languages()
        for network in self._sharded:
            await network.hear(())
        relay = asyncio.create_task(self._relay.run(), name="relay")
        own = [channel for name, channel in self.channels.items() if name not in self.house.installed]
        listening = [asyncio.create_task(self._listen(channel)) for channel in own]
        watching = [asyncio.create_task(self._refreshing.run(), name="refreshing")]
        watching += [asyncio.create_task(self._reach.run(), name="reach")]
        watching += [asyncio.create_task(self._keep_learning(), name="languages")]
        watching += [asyncio.create_task(self.turns.keep("schedule", self._scheduled), name="schedule")]
        watching += [asyncio.create_task(self.turns.keep("missed", self._catchup.gaps.make_up), name="missed")]
        shares = [Sharing(self._storage, self.turns, network, self._reach) for network in self._sharded]
        watching += [asyncio.create_task(share.run(), name="shards") for share in shares]
        watching += [asyncio.create_task(self._reloading.run())] if self._reloading else []
        watching += [asyncio.create_task(self._installed.run(), name="installed")] if self._installed else []
        losing = asyncio.create_task(life.lost())
        try:
            done, _ = await asyncio.wait({relay, losing, *listening, *watching}, return_when=asyncio.FIRST_COMPLETED)
            for task in done - {losing}:
                task.result()
        finally:
            self._elsewhere.fall_silent()
            await ended(*listening, *watching, relay, losing)
            await self._relay.finish(GRACE)
            await self._catchup.close()

    def _listen_to_others(self) -> None:
        """What they say that this instance must know."""
        self._elsewhere.listen()
        self._reach.listen()
        self._catchup.gaps.listen()
        self._storage.when_told(LANGUAGES, lambda _words, _teller: self._learning.set())
        self._storage.when_told(CHANGED, lambda words, _teller: self._forget(words))
        self._storage.when_told(BROKEN, lambda words, _teller: self._may_have_missed(words))
        self._storage.when_told("died", lambda _words, _teller: self._left_alone())

    async def _keep_learning(self) -> None:
        """The languages that people chose by another instance: when it says so, and now and then, as words get lost."""
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LEARN_EVERY):
                    await self._learning.wait()
            self._learning.clear()
            if self._storage.instance() is not None:
                await self.house.learn_languages()

    def _forget(self, words: str) -> None:
        """Another instance has heard that somebody, or who is in which group, has changed."""
        name, _, person = words.partition(" ")
        if (channel := self.channels.get(name)) is not None:
            channel.forget(person)

    def _may_have_missed(self, name: str) -> None:
        """A connection of another instance broke: what got lost in it is delivered again, perhaps after newer words."""
        if name in self.channels:
            self._catchup.expect(name)

    def _left_alone(self) -> None:
        """Another instance is no more: what it heard and did not put on record is delivered again, perhaps after newer
        words. So each thread is looked at before anything new is heard in it.
        """
        for channel in self.channels.values() if not self._stop.is_set() else ():
            if channel.traits.anywhere:
                self._catchup.expect(channel.name)

    async def _scheduled(self) -> None:
        """What one instance does for all."""
        work = [self.timing.run(), self.tending.run(), self.pinning.rounds.run()]
        work += [self.acquainting.rounds.run(), self._look_round()]
        if self.house.keeper is not None:
            work.append(Backups(self.house, self.house.keeper).run())
        await together(*work)

    async def _look_round(self) -> None:
        """For an instance that hears no network itself, but has the turn: it looks when it can."""
        while not self.acquainting.rounds.woken:
            await asyncio.sleep(LOOK_ROUND)
            states = [await channel.health() for channel in list(self.channels.values())]
            if all(state == "connected" for state in states):
                self.acquainting.rounds.wake()
                self.pinning.rounds.wake()
        await asyncio.Event().wait()  # until cancelled

    async def _listen(self, channel: Channel) -> None:
        pause = 1.0
        hear = self.house.gauges.listening(channel.name, self._router.hear)
        while True:
            try:
                await channel.run(hear, self._commands, self._menu)
            except TokenRefused:
                raise
            except Exception:
                log.exception("%s fell over; again in %.0f s", channel.name, pause)
            await asyncio.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE)


def open_desk(config: Config, environ: Mapping[str, str], path: Path | None = None) -> Desk:
    """Put the desk together from config and the environment's tokens. ConfigError where one is missing. The file at
    `path`, where given, is read again whenever it changes.
    """
    channels: dict[str, Channel] = {}
    fronts = {config.http.listen: Front(config.http.listen)} if config.http.listen else {}
    tokens, guests = networks.guesthouse(config, environ) if config.oauth else (None, None)
    for name, app in config.slack_apps.items():
        doors = None
        if app.mode == "http":
            address = app.listen or config.http.listen
            doors = fronts.setdefault(address, Front(address))
        theirs = guests if name == "slack" else None
        channels[name] = networks.slack(config, name, app, environ, doors, theirs)
    sharded = [networks.discord(config, environ, channels)] if config.discord else []
    storage, themselves = _storage(config, environ), None
    if tokens is not None and guests is not None:
        themselves = networks.installing(config, tokens, guests, storage, channels, fronts)
    keeper = _keeper(config, environ) if config.backup.destinations else None
    stored_at = config.stored_at(environ)
    blobs = FolderBlobs(config.desk.data / "files", shared=isinstance(stored_at, str))  # other instances may write now
    return Desk(config, storage, blobs, channels, path, fronts, keeper, sharded, themselves)


def _storage(config: Config, environ: Mapping[str, str]) -> Storage:
    try:
        config.desk.data.mkdir(parents=True, exist_ok=True)
        return open_storage(config.stored_at(environ))
    except OSError as error:
        raise ConfigError(f"desk.data: {config.desk.data} cannot be written: {error.strerror}") from error


def _keeper(config: Config, environ: Mapping[str, str]) -> Keeper:
    from bot.keeper import Keeper  # a desk without backups does not load what makes them

    return Keeper(config, environ)
