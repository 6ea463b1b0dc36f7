"""From the gateway's payloads to the listener: what is for the desk, in order, and again where handing over failed."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Protocol

from adapters.discord import commands, render
from adapters.discord.answers import Waits
from adapters.discord.lanes import Lanes
from adapters.discord.names import readable
from adapters.discord.profiles import Recent
from adapters.port import Called, ChannelError, Deleted, Denied, Edited, Joined, Reacted, Said, Shortcut
from adapters.ui import Card, Form, Instead

if TYPE_CHECKING:
    from collections.abc import Coroutine, Mapping, Sequence

    import discord

    from adapters.discord.answers import Answers, Words
    from adapters.discord.files import Files
    from adapters.discord.inbound import Inbound
    from adapters.discord.profiles import Profiles
    from adapters.discord.reaching import Reaching
    from adapters.port import Answer, Heard, Listener
    from adapters.ui import MenuEntry

log = logging.getLogger(__name__)

_REPAIR_AFTER = 60.0  # seconds after something could not be handed over until the threads' histories are read
_RECENT = 5_000  # edits, deletions of ours and interactions remembered

Payload = dict[str, Any]


class Known(Protocol):
    """What the gateway has told."""

    def get_guild(self, guild: int, /) -> discord.Guild | None: ...


class Hearing:
    """The gateway's ears for one server. `health` is what the operator is told."""

    def __init__(
        self,
        name: str,
        guild: str,
        profiles: Profiles,
        files: Files,
        reaching: Reaching,
        answers: Answers,
        words: Words,
        *,
        retry_pauses: Sequence[float],
    ) -> None:
        self.health = "stopped: not started"
        self._name = name
        self._guild = guild
        self._profiles = profiles
        self._files = files
        self._reaching = reaching
        self._answers = answers
        self._words = words
        self._retry_pauses = tuple(retry_pauses)
        self._listener: Listener | None = None
        self._menu: dict[str, str] = {}
        self._inbound: Inbound | None = None
        self._known: Known | None = None
        self._fresh = False
        self._lanes: Lanes[Said | Edited | Deleted | Reacted] = Lanes(self._hand_over, self.missed)
        self._tasks: set[asyncio.Task[None]] = set()
        self._repair: asyncio.TimerHandle | None = None
        self._edits: Recent[str, str] = Recent(_RECENT)
        self._own_deletions: Recent[str, bool] = Recent(_RECENT)
        self._interactions: Recent[str, bool] = Recent(_RECENT)

    def to(self, listener: Listener, menu: Sequence[MenuEntry]) -> None:
        """Who hears, and what our entries in messages' menus are called."""
        self._listener = listener
        self._menu = {commands.label(entry): entry.name for entry in menu}

    @property
    def name(self) -> str:
        """Of the channel that hears."""
        return self._name

    def reads(self, inbound: Inbound, known: Known) -> None:
        """Who we are after this login, and who knows our server's channels and roles."""
        self._inbound = inbound
        self._known = known

    def deleting(self, message: str) -> None:
        """We are about to delete this one ourselves: that is nothing to hear of."""
        self._own_deletions.put(message, True)

    async def close(self) -> None:
        """Hear nothing more."""
        if self._repair:
            self._repair.cancel()
        self._repair = None
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._lanes.close()

    def said(self, message: Payload, thread: str) -> Said | None:
        """A message of a thread's history, as the listener would have heard it."""
        if self._inbound is None:
            return None
        self._files.heard(message)
        return self._inbound.said(message, thread, self.known_guild())

    # --- the connection -----------------------------------------------------------------------------------------

    def ready(self, payload: Mapping[str, Any]) -> None:
        """A new session: whatever happened since the last one was not heard."""
        self._fresh = True
        guilds = [str(guild.get("id")) for guild in payload.get("guilds", ())]
        if self._guild not in guilds:
            self.health = f"connecting: the bot is not in the server {self._guild}; invite it"
            log.error("the bot is not in the server %s: invite it", self._guild)

    def guild_there(self, guild: str) -> None:
        """Our server's channels and roles are known now: only from here on threads can be told from channels."""
        if guild != self._guild:
            return
        self.health = "connected"
        if self._fresh:
            self._fresh = False
            self._joined()

    def guild_away(self, guild: str) -> None:
        """An outage of Discord's, or the bot was taken out: what happens there meanwhile is not heard."""
        if guild == self._guild:
            self._fresh = True
            self.health = f"connecting: the server {guild} is not there, or the bot was taken out of it"

    def resumed(self) -> None:
        """The same session goes on, and Discord has sent what came in between."""
        self.health = "connected"

    def disconnected(self) -> None:
        self.health = "connecting: the connection to the gateway was lost"

    # --- people -------------------------------------------------------------------------------------------------

    async def has_member(self, user: str) -> bool:
        """Whether they are in our server. ChannelError where Discord does not say."""
        return await self._profiles.is_member(user)

    def member_joined(self, payload: Mapping[str, Any]) -> None:
        if payload.get("guild_id") == self._guild:
            self._profiles.joined(payload)

    def member_changed(self, payload: Mapping[str, Any]) -> None:
        if payload.get("guild_id") == self._guild:
            self._profiles.changed(payload)

    def member_left(self, payload: Mapping[str, Any]) -> None:
        if payload.get("guild_id") == self._guild:
            self._profiles.left(payload)

    # --- messages -----------------------------------------------------------------------------------------------

    def message_created(self, payload: Mapping[str, Any]) -> None:
        if self._inbound is None or not self._is_ours(payload):
            return
        if said := self._inbound.said(payload, self._thread(payload), self.known_guild()):
            self._files.heard(payload)
            if payload.get("guild_id") == self._guild:
                self._profiles.heard_message(payload)
            else:
                self._reaching.talks(said.account.key, str(payload["channel_id"]))
            self._lanes.put(str(payload["channel_id"]), said)

    def message_updated(self, payload: Mapping[str, Any]) -> None:
        if self._inbound is None or not self._is_ours(payload):
            return
        edited = self._inbound.edited(payload, self._thread(payload), self.known_guild())
        # A preview that was added later repeats the time of the last edit.
        if edited is None or self._edits.get(edited.message.key) == edited.id:
            return
        self._edits.put(edited.message.key, edited.id)
        self._lanes.put(str(payload["channel_id"]), edited)

    def message_deleted(self, payload: Mapping[str, Any]) -> None:
        if self._inbound is None or not self._is_ours(payload):
            return
        for deleted in self._inbound.deleted(payload, self._thread(payload)):
            if self._own_deletions.drop(deleted.message.key.rpartition(":")[2]) is None:
                self._lanes.put(str(payload["channel_id"]), deleted)

    def reaction_added(self, payload: Mapping[str, Any]) -> None:
        """Below any message that we can read, not only in threads."""
        if self._inbound is None or payload.get("guild_id") != self._guild:
            return
        if reacted := self._inbound.reacted(payload):
            self._lanes.put(str(payload["channel_id"]), reacted)

    def _is_ours(self, payload: Mapping[str, Any]) -> bool:
        """A thread of our server, or a direct conversation. What is no channel of the server's is a thread: the
        gateway names all channels at the start, but of the threads only those that are not put away.
        """
        guild_id = payload.get("guild_id")
        if guild_id is None:
            return True
        if guild_id != self._guild:
            return False
        guild, channel = self.known_guild(), payload.get("channel_id")
        if guild is None or not isinstance(channel, str) or not channel.isdigit():
            return False
        return guild.get_channel(int(channel)) is None

    def _thread(self, payload: Mapping[str, Any]) -> str | None:
        return str(payload.get("channel_id")) if payload.get("guild_id") else None

    def known_guild(self) -> discord.Guild | None:
        """Our server, as far as the gateway has told of it."""
        return self._known.get_guild(int(self._guild)) if self._known else None

    # --- handing over -------------------------------------------------------------------------------------------

    def interaction(self, payload: Mapping[str, Any]) -> None:
        listener = self._listener
        if self._inbound is None or listener is None:
            return
        self._profiles.heard_interaction(payload)
        if (heard := self._inbound.interaction(payload, self.known_guild())) is not None:
            if self._interactions.get(heard.id):
                return  # delivered twice: it has its one answer, or will have
            self._interactions.put(heard.id, True)
            if isinstance(heard, Shortcut):
                quote = replace(heard.quote, url=self._reaching.link(heard.quote.message))
                heard = replace(heard, name=self._menu.get(heard.name, heard.name), quote=quote)
                self._files.heard(payload["data"]["resolved"]["messages"][payload["data"]["target_id"]])
            self._start(self._answers.give(Waits.of(payload, heard), self._asked))

    async def _asked(self, heard: Heard) -> Answer:
        assert self._listener is not None  # `run` gave one before anything was heard
        if isinstance(heard, Called) and "<" in heard.words:
            heard = replace(heard, words=await readable(heard.words, self._name_of, self.known_guild()))
        return await self._listener(heard)

    async def _name_of(self, user: str) -> str:
        """What they are called, or nothing where Discord does not say."""
        try:
            return (await self._profiles.of(user)).name
        except ChannelError as error:
            log.info("somebody in a command's words stays an id: %s", error)
            return ""

    async def _hand_over(self, heard: Said | Edited | Deleted | Reacted) -> None:
        """Discord delivers nothing twice, so we try again ourselves; then the thread's history is the last resort."""
        for pause in (*self._retry_pauses, None):
            try:
                assert self._listener is not None  # `run` gave one before anything was heard
                answer = await self._listener(heard)
            except Exception:
                log.exception("%s %s was not handled", type(heard).__name__, heard.message.key)
                if pause is not None:
                    await asyncio.sleep(pause)
            else:
                if isinstance(heard, Reacted) or (isinstance(heard, Said) and heard.thread is None):
                    await self._reply(heard, answer)
                return
        self.missed()

    async def _reply(self, heard: Said | Reacted, answer: Answer) -> None:
        """Where nothing was pressed, an answer is a direct message, and a form the button that opens it."""
        match answer:
            case Card():
                payload = render.card(answer)
            case Instead():
                payload = render.card(answer.card)
            case Form():
                payload = self._answers.openable(answer)
                del payload["flags"]  # only answers to interactions can be for one person's eyes
            case _:
                return
        part = render.Part({"content": "", "allowed_mentions": render.NOBODY, **payload})
        try:
            await self._reaching.whisper(heard.account.key, [part], key=f"re:{heard.message.key}:{heard.account.key}")
        except Denied as error:
            log.info("%s cannot be answered directly: %s", type(heard).__name__, error)
            if isinstance(heard, Reacted):
                await self._reply_openly(heard)
        except ChannelError as error:
            log.warning("%s was not answered: %s", type(heard).__name__, error)

    async def _reply_openly(self, heard: Reacted) -> None:
        """Below the message where they reacted, to somebody who takes no direct messages: how to ask us, no more."""
        try:
            profile = await self._profiles.of(heard.account.key)
            await self._reaching.beside(heard.message, heard.account.key, self._words.no_direct(profile.locale))
        except ChannelError as error:
            log.warning("%s takes no direct messages, and nothing can be said there: %s", heard.account.key, error)

    def missed(self) -> None:
        """Something was not heard or not taken: before long the threads' histories are read."""
        if self._repair is None:
            self._repair = asyncio.get_running_loop().call_later(_REPAIR_AFTER, self._joined)

    def _joined(self) -> None:
        self._repair = None
        self._start(self._tell_joined())

    async def _tell_joined(self) -> None:
        assert self._listener is not None  # `run` gave one before it connected
        try:
            await self._listener(Joined(self._name))
        except Exception:
            log.exception("histories are not being read")
            self.missed()

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
