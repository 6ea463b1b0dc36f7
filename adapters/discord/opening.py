"""Opening threads: from a card in a text channel, as a post of a forum, or as a private thread for one person.

Each way can be interrupted between its calls; with a recall what an earlier attempt has made is found and completed.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from adapters.discord import errors, render
from adapters.discord.posting import nonce, same
from adapters.port import ChannelError, Denied, Gone, Recall, Rejected

if TYPE_CHECKING:
    from collections.abc import Sequence

    from adapters.discord.posting import Posting
    from adapters.discord.render import Part
    from adapters.discord.rest import Rest

log = logging.getLogger(__name__)

# Channel types: discord.com/developers/docs/resources/channel#channel-object-channel-types
TEXT, ANNOUNCEMENT, PRIVATE_THREAD, FORUM, MEDIA = 0, 5, 12, 15, 16
_TAG_REQUIRED = 1 << 4  # flag of a forum
WEEK, HOUR = 10_080, 60  # minutes of silence after which Discord puts a thread away; the longest and the shortest
_PAGE = 100

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Begun:
    """A thread that is there, and where its card is."""

    thread: str
    card_channel: str
    card: str


class Opening:
    """`guild` and `help_channel` are ids of the server and of the channel for clients' private threads."""

    def __init__(self, rest: Rest, posting: Posting, guild: str, help_channel: str) -> None:
        self._rest = rest
        self._posting = posting
        self._guild = guild
        self._help_channel = help_channel
        self._places: dict[str, Json] = {}

    async def in_place(
        self, place: str, title: str, parts: Sequence[Part], *, key: str, recall: Recall | None
    ) -> Begun:
        """In a text channel or forum; the parts' first is the card."""
        channel = await self._place(place)
        match channel.get("type"):
            case 0 | 5:
                begun = await self._from_message(place, title, parts[0], key=key, recall=recall)
            case 15 | 16:
                begun = await self._forum_post(channel, title, parts[0], recall=recall)
            case kind:
                raise Rejected(f"threads open in text channels and forums; {place} is of type {kind}")
        await self._complete(begun, parts, key=key, recall=recall)
        return begun

    async def for_person(
        self, user: str, title: str, parts: Sequence[Part], *, key: str, recall: Recall | None
    ) -> Begun:
        """A private thread that only they and those who manage threads see."""
        name = title[: render.THREAD_NAME_LIMIT]
        thread = await self._find(self._help_channel, name, recall, private=True) if recall else None
        made = thread is None
        if thread is None:
            payload = {"name": name, "type": PRIVATE_THREAD, "invitable": False, "auto_archive_duration": WEEK}
            answer = await self._rest.ask(
                "POST", "/channels/{channel_id}/threads", json=payload, channel_id=self._help_channel
            )
            thread = str(answer["id"])
        try:
            await self._add(thread, user)
        except (Gone, Denied):
            if made:
                await self._discard(thread)
            raise
        ids = await self._posting.post(thread, parts, key=key, recall=Recall(None) if recall and not made else None)
        return Begun(thread, thread, ids[0])

    async def _from_message(self, place: str, title: str, card: Part, *, key: str, recall: Recall | None) -> Begun:
        message = await self._recent_card(place, card, recall) if recall else None
        if message is None:
            message = str((await self._posting.send(place, card, nonce(key, 0)))["id"])
        payload = {"name": title[: render.THREAD_NAME_LIMIT], "auto_archive_duration": WEEK}
        try:
            await self._rest.ask(
                "POST",
                "/channels/{channel_id}/messages/{message_id}/threads",
                json=payload,
                channel_id=place,
                message_id=message,
            )
        except ChannelError as error:
            if errors.code_of(error) != errors.HAS_THREAD:
                raise
        # A thread has the id of the message that it was made from.
        return Begun(message, place, message)

    async def _recent_card(self, place: str, card: Part, recall: Recall) -> str | None:
        """The card of an earlier attempt. Its title holds the ticket's number, so no other card is like it."""
        page: list[Json] = await self._rest.ask(
            "GET", "/channels/{channel_id}/messages", params={"limit": _PAGE}, channel_id=place
        )
        own = (message for message in page if message.get("author", {}).get("id") == self._rest.me)
        lost = recall.instead_of.key if recall.instead_of else ""
        return next((str(message["id"]) for message in own if same(message, card) and str(message["id"]) != lost), None)

    async def _forum_post(self, channel: Json, title: str, card: Part, *, recall: Recall | None) -> Begun:
        place, name = str(channel["id"]), title[: render.THREAD_NAME_LIMIT]
        thread = await self._find(place, name, recall, private=False) if recall else None
        if thread is None:
            payload: Json = {"name": name, "auto_archive_duration": WEEK, "message": dict(card.payload)}
            if int(channel.get("flags") or 0) & _TAG_REQUIRED:
                tags = channel.get("available_tags") or ()
                payload["applied_tags"] = [tag["id"] for tag in tags if not tag.get("moderated")][:1]
            path = "/channels/{channel_id}/threads"
            thread = str((await self._rest.send(path, payload, card.files, channel_id=place))["id"])
        # The first message of a forum's post has the post's own id.
        return Begun(thread, thread, thread)

    async def _complete(self, begun: Begun, parts: Sequence[Part], *, key: str, recall: Recall | None) -> None:
        """What did not fit the card's own message."""
        if parts[1:]:
            earlier = Recall(None) if recall else None
            await self._posting.post(begun.thread, parts[1:], key=key, recall=earlier, first=1)

    async def _find(self, parent: str, name: str, recall: Recall, *, private: bool) -> str | None:
        """A thread of ours with that name: names begin with the ticket's number, so there is one at most, beside the
        one that is lost.
        """
        lost = recall.instead_of.key if recall.instead_of else ""
        active = await self._rest.ask("GET", "/guilds/{guild_id}/threads/active", guild_id=self._guild)
        threads: list[Json] = list(active.get("threads", ()))
        path = f"/channels/{{channel_id}}/threads/archived/{'private' if private else 'public'}"
        archived = await self._rest.ask("GET", path, params={"limit": _PAGE}, channel_id=parent)
        threads += archived.get("threads", ())
        ours = (
            str(thread["id"])
            for thread in threads
            if str(thread.get("parent_id")) == parent
            and str(thread.get("owner_id")) == self._rest.me
            and thread.get("name") == name
            and str(thread["id"]) != lost
            and (thread.get("type") == PRIVATE_THREAD) == private
        )
        return max(ours, key=int, default=None)

    async def _place(self, place: str) -> Json:
        """The channel as Discord describes it; asked once, as a channel's type does not change."""
        if place not in self._places:
            self._places[place] = await self._rest.ask("GET", "/channels/{channel_id}", channel_id=place)
        return self._places[place]

    async def _add(self, thread: str, user: str) -> None:
        path = "/channels/{channel_id}/thread-members/{user_id}"
        try:
            await self._rest.ask("PUT", path, channel_id=thread, user_id=user)
        except ChannelError as error:
            if errors.code_of(error) != errors.ARCHIVED:
                raise
            await self._posting.take_out(thread)
            await self._rest.ask("PUT", path, channel_id=thread, user_id=user)

    async def _discard(self, thread: str) -> None:
        """An empty private thread for somebody who is not there helps nobody."""
        try:
            await self._rest.ask("DELETE", "/channels/{channel_id}", channel_id=thread)
        except ChannelError as error:
            log.info("the empty thread %s stays: %s", thread, error)
