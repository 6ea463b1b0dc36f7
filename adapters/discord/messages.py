"""Messages and reactions of Discord's as what the port hears: pure, and never raising, whatever a payload holds.

A payload that is not for us gives None. One that is malformed gives None and a line in the log.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar

from adapters.discord.names import KnownNames, shown_name
from adapters.discord.payload import Malformed, Payload, mapping, mappings, snowflake, word
from adapters.discord.refs import is_id, message_ref, moment, thread_ref
from adapters.discord.text import from_discord
from adapters.port import Deleted, Edited, FileIn, Quote, Reacted, Said
from desk.model import AccountRef

if TYPE_CHECKING:
    from collections.abc import Callable

    import discord

    from desk.model import ThreadRef

log = logging.getLogger(__name__)

T = TypeVar("T")

# Message types of people's own words; every other type tells of something that Discord shows by itself.
# discord.com/developers/docs/resources/message#message-object-message-types
_SPOKEN = frozenset({0, 19})  # default, reply


@dataclass(frozen=True, slots=True)
class Messages:
    """Reads payloads for one channel. `me` is our own user id."""

    name: str
    me: str

    # --- messages -----------------------------------------------------------------------------------------------

    def said(self, message: Payload, thread: str | None, guild: discord.Guild | None = None) -> Said | None:
        """A message in that thread, or (None) in a direct conversation. None unless a person spoke."""
        return safely(lambda entry: self._said(entry, thread, guild), message)

    def edited(self, message: Payload, thread: str | None, guild: discord.Guild | None = None) -> Edited | None:
        """The update of a message. None unless its author changed it: previews and pins update messages too."""
        return safely(lambda entry: self._edited(entry, thread, guild), message)

    def deleted(self, payload: Payload, thread: str | None) -> tuple[Deleted, ...]:
        """MESSAGE_DELETE or MESSAGE_DELETE_BULK. Neither says whose messages they were."""
        return safely(lambda entry: self._deleted(entry, thread), payload) or ()

    def _said(self, message: Payload, thread: str | None, guild: discord.Guild | None) -> Said | None:
        if not self._spoken(message):
            return None
        id_, channel = snowflake(message, "id"), snowflake(message, "channel_id")
        body, files = _body(message, guild), self.files(message)
        if not body and not files:
            return None
        return Said(
            account=self._author(message),
            thread=self._thread(thread),
            message=message_ref(self.name, channel, id_),
            body=body,
            at=moment(id_),
            files=files,
            edited=bool(message.get("edited_timestamp")),
            changed=_changed_at(message),
        )

    def _edited(self, message: Payload, thread: str | None, guild: discord.Guild | None) -> Edited | None:
        stamp = _changed_at(message)
        if stamp is None or "content" not in message or not self._spoken(message):
            return None
        id_, channel = snowflake(message, "id"), snowflake(message, "channel_id")
        return Edited(
            id=f"{id_}@{stamp.timestamp():.3f}",
            account=self._author(message),
            thread=self._thread(thread),
            message=message_ref(self.name, channel, id_),
            body=_body(message, guild),
            at=stamp,
        )

    def _deleted(self, payload: Payload, thread: str | None) -> tuple[Deleted, ...]:
        channel = snowflake(payload, "channel_id")
        ids = payload["ids"] if isinstance(payload.get("ids"), list) else [payload.get("id")]
        return tuple(
            Deleted(f"{id_}@deleted", self._thread(thread), message_ref(self.name, channel, str(id_)))
            for id_ in ids
            if is_id(id_)
        )

    def _spoken(self, message: Payload) -> bool:
        author = message.get("author")
        if not isinstance(author, Mapping) or author.get("id") == self.me:
            return False
        kind = message.get("type", 0)
        is_person = not (author.get("bot") or author.get("system") or message.get("webhook_id"))
        return is_person and isinstance(kind, int) and kind in _SPOKEN

    def _author(self, message: Payload) -> AccountRef:
        return AccountRef(self.name, snowflake(mapping(message, "author"), "id"))

    def _thread(self, thread: str | None) -> ThreadRef | None:
        return thread_ref(self.name, thread) if thread else None

    # --- files --------------------------------------------------------------------------------------------------

    def files(self, message: Payload) -> tuple[FileIn, ...]:
        """Attachments of a message and of what it forwards, each with a key by which it is found again later."""
        id_, channel = snowflake(message, "id"), snowflake(message, "channel_id")
        entries = [*mappings(message.get("attachments"))]
        for snapshot in _snapshots(message):
            entries += mappings(snapshot.get("attachments"))
        found = (self._file(entry, f"{channel}:{id_}:{entry.get('id')}") for entry in entries)
        return tuple(file for file in found if file)

    def _file(self, attachment: Payload, key: str) -> FileIn | None:
        size, name = attachment.get("size"), attachment.get("filename")
        if not is_id(attachment.get("id")) or not isinstance(name, str) or not isinstance(size, int) or size < 0:
            log.info("an attachment that is none: %r", sorted(map(str, attachment)))
            return None
        media_type = attachment.get("content_type")
        media_type = media_type if isinstance(media_type, str) and media_type else "application/octet-stream"
        # The title is the name as it was on the person's device; `filename` lacks its spaces and accents.
        title = attachment.get("title")
        if isinstance(title, str) and title:
            extension = name[name.rindex(".") :] if "." in name else ""
            name = title if title.endswith(extension) else title + extension
        return FileIn(self.name, key, name or "file", media_type, size)

    def quote(self, message: Payload, guild: discord.Guild | None = None) -> Quote | None:
        """A message as it is quoted, whoever wrote it; where it stands is the caller's to say."""
        return safely(lambda entry: self._quote(entry, guild), message)

    def _quote(self, message: Payload, guild: discord.Guild | None) -> Quote:
        id_, channel = snowflake(message, "id"), snowflake(message, "channel_id")
        author = mapping(message, "author")
        is_person = not (author.get("bot") or author.get("system") or message.get("webhook_id"))
        return Quote(
            message=message_ref(self.name, channel, id_),
            author=self._author(message) if is_person else None,
            name=shown_name(author, message.get("member")),
            body=_body(message, guild) or _embedded(message, guild),
            url="",
            at=moment(id_),
            files=self.files(message),
        )

    def reacted(self, payload: Payload) -> Reacted | None:
        """MESSAGE_REACTION_ADD. None for our own and other bots'."""
        return safely(self._reacted, payload)

    def _reacted(self, payload: Payload) -> Reacted | None:
        user, emoji = snowflake(payload, "user_id"), mapping(payload, "emoji")
        member = payload.get("member")
        author = member.get("user") if isinstance(member, Mapping) else None
        if user == self.me or (isinstance(author, Mapping) and author.get("bot")):
            return None
        name = word(emoji, "name")
        name = f":{name}:" if emoji.get("id") else name
        channel, message = snowflake(payload, "channel_id"), snowflake(payload, "message_id")
        # Discord numbers no reactions: the same again, after it was taken back, is the same.
        id_ = f"{message}/{user}/{name}"
        return Reacted(id_, AccountRef(self.name, user), name, message_ref(self.name, channel, message))


def safely(read: Callable[[Payload], T], payload: Any) -> T | None:
    try:
        if not isinstance(payload, Mapping):
            raise Malformed(type(payload).__name__)
        return read(payload)
    except (ValueError, TypeError, KeyError, OverflowError, OSError) as error:
        log.warning("a payload of Discord's that cannot be read: %s: %s", type(error).__name__, error)
        return None


def _changed_at(message: Payload) -> datetime | None:
    """When it was changed last; None where it never was, or where Discord does not say it in its way."""
    changed = message.get("edited_timestamp")
    try:
        return datetime.fromisoformat(changed) if isinstance(changed, str) and changed else None
    except ValueError:
        return None


def _body(message: Payload, guild: discord.Guild | None) -> str:
    """What a person said: their words, what they forward, and the names of their stickers."""
    names = KnownNames.of(guild, message.get("mentions"))
    content = message.get("content")
    parts = [from_discord(content, names)] if isinstance(content, str) and content else []
    for snapshot in _snapshots(message):
        forwarded = snapshot.get("content")
        if isinstance(forwarded, str) and forwarded:
            quoted = from_discord(forwarded, KnownNames.of(guild, snapshot.get("mentions")))
            parts.append("\n".join(f"> {line}" for line in quoted.split("\n")))
    parts += [f"[{name}]" for name in _names(message.get("sticker_items"))]
    poll = message.get("poll")
    if isinstance(poll, Mapping):
        question = poll.get("question")
        text = question.get("text") if isinstance(question, Mapping) else None
        parts += [text] if isinstance(text, str) else []
    return "\n\n".join(parts)


def _embedded(message: Payload, guild: discord.Guild | None) -> str:
    """The words of a message that has only embeds, such as another bot's alert."""
    parts: list[str] = []
    for embed in mappings(message.get("embeds")):
        found = (embed.get(key) for key in ("title", "description"))
        parts += [from_discord(text, KnownNames.of(guild, None)) for text in found if isinstance(text, str) and text]
    return "\n\n".join(parts)


def _snapshots(message: Payload) -> list[Payload]:
    snapshots = (entry.get("message") for entry in mappings(message.get("message_snapshots")))
    return [snapshot for snapshot in snapshots if isinstance(snapshot, Mapping)]


def _names(entries: Any) -> list[str]:
    return [entry["name"] for entry in mappings(entries) if isinstance(entry.get("name"), str)]
