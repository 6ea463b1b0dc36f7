"""What the desk says outside tickets' threads, announced in a place or to one person alone; and what it quotes."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from adapters.port import Denied, Gone, Rejected
from adapters.slack import render
from adapters.slack.errors import asked
from adapters.slack.origin import ANNOUNCED
from adapters.slack.refs import message_ref, spot

if TYPE_CHECKING:
    from collections.abc import Callable

    from adapters.port import Quote
    from adapters.slack.api import Api
    from adapters.slack.inbound import Inbound
    from adapters.slack.outbound import Outbound
    from adapters.slack.profiles import Profiles
    from adapters.ui import Post
    from desk.model import AccountRef, MessageRef, PlaceRef

SAME_WITHIN = 600.0  # seconds in which an announcement with the same key is the same one


class Asides:
    """For one channel."""

    def __init__(
        self, name: str, api: Api, outbound: Outbound, profiles: Profiles, clock: Callable[[], float] = time.time
    ) -> None:
        self._name = name
        self._api = api
        self._outbound = outbound
        self._profiles = profiles
        self._clock = clock

    async def announce(self, place: PlaceRef, post: Post, *, key: str, pin: bool) -> MessageRef:
        """`Channel.announce`. Its card is everybody's: its first block says so."""
        channel = place.key
        earlier = await self._outbound.recall_said(channel, key, f"{self._clock() - SAME_WITHIN:.6f}")
        parts = render.parts(post) or [render.title(post.files[0].name)]
        parts[0].blocks[0]["block_id"] = ANNOUNCED
        first = ""
        for number, part in enumerate(parts):
            ts = earlier.get(number) or await self._outbound.say(channel, None, part, key, number)
            first = first or ts
        if not earlier:
            await self._outbound.share(channel, None, post)
        if pin:
            await self._pin(channel, first)
        return message_ref(self._name, channel, first)

    async def _pin(self, channel: str, ts: str) -> None:
        try:
            await asked(self._api.web.pins_add(channel=channel, timestamp=ts))
        except Rejected as error:
            if "already_pinned" not in str(error):
                raise

    async def whisper(
        self, account: AccountRef, post: Post, *, key: str, near: MessageRef | None, again: bool = False
    ) -> MessageRef | None:
        """`Channel.whisper`. No file can be shown to one person in a channel: a post with files is a direct message."""
        parts = render.parts(post)
        if near is not None and parts and not post.files:
            at = spot(near)
            try:
                thread = await self._thread(at.channel, at.ts)
                for part in parts:
                    await asked(
                        self._api.web.chat_postEphemeral(
                            channel=at.channel, user=account.key, thread_ts=thread, text=part.text, blocks=part.blocks
                        )
                    )
            except (Denied, Gone):
                pass  # they or we are not in that channel (any more)
            else:
                return None
        opened = await asked(self._api.web.conversations_open(users=account.key))
        channel = str(opened["channel"]["id"])
        oldest = f"{self._clock() - SAME_WITHIN:.6f}"
        earlier = await self._outbound.recall_said(channel, key, oldest) if again else {}
        said = [
            earlier.get(number) or await self._outbound.say(channel, None, part, key, number)
            for number, part in enumerate(parts)
        ]
        if earlier:
            return message_ref(self._name, channel, said[0])
        shared = await self._outbound.share(channel, None, post)
        return message_ref(self._name, channel, said[0]) if said else shared[0]

    async def _thread(self, channel: str, ts: str) -> str | None:
        """The thread in which something beside that message would be seen; None: beside it in the channel itself."""
        message = await self._message(channel, ts)
        thread = message.get("thread_ts")
        return str(thread) if thread and (thread != ts or message.get("reply_count")) else None

    async def quote(self, inbound: Inbound, message: MessageRef) -> Quote:
        """`Channel.quote`."""
        at = spot(message)
        found = await self._message(at.channel, at.ts)
        await self._profiles.learn_of(found)
        quote = inbound.quote(at.channel, found)
        if quote is None or found.get("subtype") == "tombstone":
            raise Gone(f"{message.key} cannot be read")
        return quote

    async def _message(self, channel: str, ts: str) -> dict[str, Any]:
        """A message of a thread or of the channel itself: `conversations.replies` knows both."""
        answer = await asked(
            self._api.web.conversations_replies(channel=channel, ts=ts, oldest=ts, latest=ts, inclusive=True, limit=2)
        )
        found = next((entry for entry in answer.get("messages") or () if entry.get("ts") == ts), None)
        if not isinstance(found, dict):
            raise Gone(f"{channel}:{ts} is not there")
        return found
