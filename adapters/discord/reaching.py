"""Beside tickets' threads: announcements in a channel, whispers to one person, other people's messages as quotes."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from adapters.discord import render
from adapters.discord.plain import literal
from adapters.discord.posting import nonce
from adapters.discord.profiles import Recent
from adapters.discord.refs import id_of, message_ref, spot, thread_ref
from adapters.port import Denied, Gone, Quote
from desk.model import MessageRef

if TYPE_CHECKING:
    from collections.abc import Callable

    import discord

    from adapters.discord.files import Files
    from adapters.discord.messages import Messages
    from adapters.discord.posting import Posting
    from adapters.discord.profiles import Profiles
    from adapters.discord.render import Part
    from adapters.discord.rest import Rest
    from desk.model import ThreadRef

THREADS = (10, 11, 12)  # channel types: announcement, public and private thread
_OPENLY_EVERY = 600.0  # seconds between two words to one person where all can read them
_DIRECT = 5_000  # direct conversations remembered

Json = dict[str, Any]


class Reaching:
    """For the channel called `name`; `api_url` tells where its people's client is."""

    def __init__(
        self,
        name: str,
        rest: Rest,
        posting: Posting,
        profiles: Profiles,
        files: Files,
        *,
        guild: str,
        api_url: str,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._name = name
        self._rest = rest
        self._posting = posting
        self._profiles = profiles
        self._files = files
        self._guild = guild
        address = urlsplit(api_url)
        self._client = f"{address.scheme}://{address.netloc}/channels"
        self._direct: Recent[str, str] = Recent(_DIRECT)  # user → channel
        self._told: Recent[str, float] = Recent(_DIRECT)  # user → when something was said to them openly
        self._clock = clock
        self._conversations: Recent[str, bool] = Recent(_DIRECT)  # the same channels

    async def announce(self, channel: str, parts: list[Part], *, key: str, pin: bool) -> str:
        """In the channel itself; gives the first message's id."""
        first, *_ = [str((await self._posting.send(channel, p, nonce(key, n)))["id"]) for n, p in enumerate(parts)]
        if pin:
            path = "/channels/{channel_id}/messages/pins/{message_id}"
            await self._rest.ask("PUT", path, channel_id=channel, message_id=first)
        return first

    async def whisper(self, user: str, parts: list[Part], *, key: str) -> MessageRef:
        """As a direct message: Discord shows something to one person in a channel only in answer to them."""
        channel = self._direct.get(user) or await self._conversation(user)
        first, *_ = [str((await self._posting.send(channel, p, nonce(key, n)))["id"]) for n, p in enumerate(parts)]
        return message_ref(self._name, channel, first)

    async def beside(self, ref: MessageRef, user: str, words: str) -> None:
        """A reply to a message, which names a user and pings nobody: one in ten minutes for each user, so that nobody
        makes us fill a channel.
        """
        said = self._told.get(user)
        if said is not None and self._clock() - said < _OPENLY_EVERY:
            return
        self._told.put(user, self._clock())
        at = spot(ref)
        reference = {"message_id": at.message, "fail_if_not_exists": False}
        content = literal(words, render.TEXT_LIMIT - len(user) - 5)
        payload = {
            "content": f"<@{user}> {content}", "allowed_mentions": render.NOBODY, "message_reference": reference,
        }  # fmt: skip
        await self._posting.send(at.channel, render.Part(payload), nonce(f"open:{ref.key}:{user}", 0))

    async def _conversation(self, user: str) -> str:
        made = await self._rest.ask("POST", "/users/@me/channels", json={"recipient_id": user})
        self.talks(user, str(made["id"]))
        return str(made["id"])

    def talks(self, user: str, channel: str) -> None:
        """That channel is a direct conversation with them."""
        self._direct.put(user, channel)
        self._conversations.put(channel, True)

    async def quote(self, ref: MessageRef, messages: Messages, guild: discord.Guild | None) -> Quote:
        """What stands there now. Gone where it is no message; Denied where we may not read it."""
        at = spot(ref)
        path = "/channels/{channel_id}/messages/{message_id}"
        message: Json = await self._rest.ask("GET", path, channel_id=at.channel, message_id=at.message)
        quote = messages.quote(message, guild)
        if quote is None:
            raise Gone(f"no message to be read at {ref.key}")
        self._files.heard(message)
        if await self._is_thread(at.channel, guild):
            quote = replace(quote, thread=thread_ref(self._name, at.channel))
        return replace(await self._named(quote), url=self.link(ref))

    async def _is_thread(self, channel: str, guild: discord.Guild | None) -> bool:
        """What is no channel of the server's and no direct conversation; asked for where another instance of the desk
        hears of the server.
        """
        if self._conversations.get(channel):
            return False
        if guild is not None:
            return guild.get_channel(int(channel)) is None
        about: Json = await self._rest.ask("GET", "/channels/{channel_id}", channel_id=channel)
        return about.get("type") in THREADS

    async def _named(self, quote: Quote) -> Quote:
        """With the name that the server knows the author by; nobody where Discord knows them no more."""
        if quote.author is None:
            return quote
        try:
            return replace(quote, name=(await self._profiles.of(id_of(quote.author))).name)
        except (Gone, Denied):
            return replace(quote, author=None)

    def link(self, ref: MessageRef | ThreadRef) -> str:
        """Where Discord's own client shows it."""
        if not isinstance(ref, MessageRef):
            return f"{self._client}/{self._guild}/{id_of(ref)}"
        at = spot(ref)
        where = "@me" if self._conversations.get(at.channel) else self._guild
        return f"{self._client}/{where}/{at.channel}/{at.message}"
