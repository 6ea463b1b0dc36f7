"""Saying things in a thread: parts with their nonces, parts of an earlier attempt found again, edits, history."""

from __future__ import annotations

import hashlib
import logging
from typing import TYPE_CHECKING, Any

from adapters.discord import errors, render
from adapters.discord.refs import spot
from adapters.port import ChannelError, Denied, Gone

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence

    from adapters.discord.render import Part
    from adapters.discord.rest import Rest
    from adapters.port import Recall
    from adapters.ui import Post
    from desk.model import MessageRef

log = logging.getLogger(__name__)

_PAGE = 100  # messages of one answer: Discord's most
_NONCE_LIMIT = 25  # characters

Json = dict[str, Any]


class Posting:
    """Works with raw ids and messages; refs are the channel's."""

    def __init__(self, rest: Rest) -> None:
        self._rest = rest

    async def post(
        self, thread: str, parts: Sequence[Part], *, key: str, recall: Recall | None, first: int = 0
    ) -> list[str]:
        """Say the parts; gives the messages' ids. `first`: number of the first part under this key."""
        found = await self._recalled(thread, parts, recall) if recall else []
        ids = list(found)
        for index, part in enumerate(parts[len(found) :], len(found)):
            message = await self.send(thread, part, nonce(key, first + index))
            ids.append(str(message["id"]))
        return ids

    async def send(self, channel: str, part: Part, mark: str) -> Json:
        """One message. The same nonce again within some minutes gives the first one back and says nothing."""
        payload = {**part.payload, "nonce": mark, "enforce_nonce": True}
        path = "/channels/{channel_id}/messages"
        try:
            message: Json = await self._rest.send(path, payload, part.files, channel_id=channel)
        except ChannelError as error:
            if errors.code_of(error) not in {errors.LOCKED, errors.ARCHIVED}:
                raise
            await self.take_out(channel)
            message = await self._rest.send(path, payload, part.files, channel_id=channel)
        return message

    async def edit(self, channel: str, message: str, payload: Mapping[str, Any]) -> Json:
        """Show this instead. Attachments stay as they are."""
        path = "/channels/{channel_id}/messages/{message_id}"
        ids: Json = {"channel_id": channel, "message_id": message}
        try:
            edited: Json = await self._rest.ask("PATCH", path, json=dict(payload), **ids)
        except ChannelError as error:
            if errors.code_of(error) not in {errors.LOCKED, errors.ARCHIVED}:
                raise
            # A thread that was put away must be taken out for the change, and is put away again after it.
            await self.take_out(channel)
            edited = await self._rest.ask("PATCH", path, json=dict(payload), **ids)
            await self._rest.ask("PATCH", "/channels/{channel_id}", json={"archived": True}, channel_id=channel)
        return edited

    async def revise(
        self, thread: str, refs: Sequence[MessageRef], value: Post, *, key: str, recall: Recall | None
    ) -> list[str]:
        """The post's words in the parts of an earlier post. New parts come at the thread's end."""
        parts = [part for part in render.post(value) if part.payload.get("content") or part.payload.get("embeds")]
        kept: list[str] = []
        for ref, part in zip(refs, parts, strict=False):
            await self.edit(spot(ref).channel, spot(ref).message, part.payload)
            kept.append(spot(ref).message)
        surplus = refs[len(parts) :]
        kept += [spot(ref).message for ref in surplus if await self._emptied(ref, has_files=bool(value.files))]
        more = [render.Part(part.payload) for part in parts[len(refs) :]]
        # Counted on from the parts there are: a later edit that makes as many again is another delivery's key.
        return kept + await self.post(thread, more, key=key, recall=recall, first=len(refs)) if more else kept

    async def delete(self, channel: str, message: str) -> None:
        """Nothing happens where it is gone already."""
        path = "/channels/{channel_id}/messages/{message_id}"
        ids: Json = {"channel_id": channel, "message_id": message}
        try:
            await self._rest.ask("DELETE", path, **ids)
        except Gone:
            log.info("message %s was gone already", message)
        except ChannelError as error:
            if errors.code_of(error) not in {errors.LOCKED, errors.ARCHIVED}:
                raise
            await self.take_out(channel)
            await self._rest.ask("DELETE", path, **ids)
            await self._rest.ask("PATCH", "/channels/{channel_id}", json={"archived": True}, channel_id=channel)

    async def messages(self, channel: str, after: str) -> AsyncIterator[Json]:
        """All messages after that id ("0": from the start), oldest first."""
        while True:
            page: list[Json] = await self._rest.ask(
                "GET",
                "/channels/{channel_id}/messages",
                params={"after": after, "limit": _PAGE},
                channel_id=channel,
            )
            for message in sorted(page, key=lambda entry: int(entry["id"])):
                yield message
            if len(page) < _PAGE:
                return
            after = max((str(message["id"]) for message in page), key=int)

    async def _emptied(self, ref: MessageRef, *, has_files: bool) -> bool:
        """A part that is not needed for words any more goes, unless it holds files. True where it stays."""
        at = spot(ref)
        if has_files:
            try:
                await self.edit(at.channel, at.message, {"content": ""})
            except Gone:
                return False
            except ChannelError as error:
                if errors.code_of(error) not in {errors.EMPTY_MESSAGE, errors.INVALID_FORM}:
                    raise
            else:
                return True
        await self.delete(at.channel, at.message)
        return False

    async def _recalled(self, thread: str, parts: Sequence[Part], recall: Recall) -> list[str]:
        """Ids of the parts that an earlier attempt has posted: the first ones, as they are posted in order."""
        after = spot(recall.after).message if recall.after else "0"
        found: list[str] = []
        async for message in self.messages(thread, after):
            if len(found) == len(parts):
                break
            if message.get("author", {}).get("id") == self._rest.me and same(message, parts[len(found)]):
                found.append(str(message["id"]))
        return found

    async def take_out(self, channel: str) -> None:
        """Bring back a thread that was put away or locked. Denied where we may not."""
        try:
            change = {"archived": False, "locked": False}
            await self._rest.ask("PATCH", "/channels/{channel_id}", json=change, channel_id=channel)
        except Denied as error:
            raise Denied(f"the thread is locked, and we may not unlock it: {error}") from error


def same(message: Mapping[str, Any], part: Part) -> bool:
    """Whether a message of ours shows this part. Discord strips white space at a text's ends."""
    titles = [embed.get("title") for embed in message.get("embeds", ()) if embed.get("type", "rich") == "rich"]
    return (
        str(message.get("content", "")).strip() == str(part.payload.get("content", "")).strip()
        and len(message.get("attachments", ())) == len(part.files)
        and titles == [embed.get("title") for embed in part.payload.get("embeds", ())]
    )


def nonce(key: str, part: int) -> str:
    """What Discord recognises a repeated message by, in its 25 characters."""
    text = f"{key}:{part}"
    return text if len(text) <= _NONCE_LIMIT else hashlib.blake2b(text.encode(), digest_size=12).hexdigest()
