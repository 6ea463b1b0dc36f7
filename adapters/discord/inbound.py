"""Payloads of Discord as what the port hears: pure, and never raising, whatever a payload holds.

A payload that is not for us gives None. One that is malformed gives None and a line in the log.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar

from adapters.discord.names import KnownNames
from adapters.discord.payload import Malformed, Payload, mapping, mappings, snowflake, word, words
from adapters.discord.refs import is_id, message_ref, moment, thread_ref
from adapters.discord.render import SEPARATOR
from adapters.discord.text import from_discord
from adapters.port import Called, Deleted, Edited, FileIn, Pressed, Said, Submitted
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
_THREADS = frozenset({10, 11, 12})  # channel types: announcement, public and private thread
_COMMAND, _COMPONENT, _MODAL = 2, 3, 5  # interaction types
_CHAT_INPUT, _STRING = 1, 3  # command type, option type
_SELECT, _TEXT_INPUT, _FILE_UPLOAD = 3, 4, 19  # component types
_FORWARD = 1  # type of a message reference
_DEEPEST = 4  # components in components; Discord nests two deep


@dataclass(frozen=True, slots=True)
class Inbound:
    """Reads payloads for one channel. `me` is our own user id."""

    name: str
    me: str

    # --- messages -----------------------------------------------------------------------------------------------

    def said(self, message: Payload, thread: str | None, guild: discord.Guild | None = None) -> Said | None:
        """A message in that thread, or (None) in a direct conversation. None unless a person spoke."""
        return _safely(lambda entry: self._said(entry, thread, guild), message)

    def edited(self, message: Payload, thread: str | None, guild: discord.Guild | None = None) -> Edited | None:
        """The update of a message. None unless its author changed it: previews and pins update messages too."""
        return _safely(lambda entry: self._edited(entry, thread, guild), message)

    def deleted(self, payload: Payload, thread: str | None) -> tuple[Deleted, ...]:
        """MESSAGE_DELETE or MESSAGE_DELETE_BULK. Neither says whose messages they were."""
        return _safely(lambda entry: self._deleted(entry, thread), payload) or ()

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
        )

    def _edited(self, message: Payload, thread: str | None, guild: discord.Guild | None) -> Edited | None:
        changed = message.get("edited_timestamp")
        if not changed or "content" not in message or not self._spoken(message):
            return None
        id_, channel = snowflake(message, "id"), snowflake(message, "channel_id")
        stamp = datetime.fromisoformat(word(message, "edited_timestamp"))
        return Edited(
            id=f"{id_}@{stamp.timestamp():.3f}",
            account=self._author(message),
            thread=self._thread(thread),
            message=message_ref(self.name, channel, id_),
            body=_body(message, guild),
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

    # --- interactions -------------------------------------------------------------------------------------------

    def interaction(self, payload: Payload) -> Called | Pressed | Submitted | None:
        """INTERACTION_CREATE. None for kinds that the desk has not asked for."""
        return _safely(self._interaction, payload)

    def _interaction(self, payload: Payload) -> Called | Pressed | Submitted | None:
        match payload.get("type"):
            case 2:
                return self._called(payload)
            case 3:
                return self._pressed(payload)
            case 5:
                return self._submitted(payload)
            case _:
                return None

    def _called(self, payload: Payload) -> Called | None:
        data = mapping(payload, "data")
        if data.get("type", _CHAT_INPUT) != _CHAT_INPUT:
            return None
        typed = [
            option["value"]
            for option in mappings(data.get("options"))
            if option.get("type") == _STRING and isinstance(option.get("value"), str)
        ]
        return Called(
            id=snowflake(payload, "id"),
            account=self.asker(payload),
            command=word(data, "name"),
            words=typed[0] if typed else "",
            thread=self._thread_of(payload),
        )

    def _pressed(self, payload: Payload) -> Pressed:
        data = mapping(payload, "data")
        action, _, value = word(data, "custom_id").partition(SEPARATOR)
        if data.get("component_type") == _SELECT:
            value = next(iter(words(data.get("values"))), "")
        message = payload.get("message")
        where = None
        if isinstance(message, Mapping):
            channel = message.get("channel_id", payload.get("channel_id"))
            if is_id(channel) and is_id(message.get("id")):
                where = message_ref(self.name, str(channel), str(message["id"]))
        return Pressed(
            id=snowflake(payload, "id"),
            account=self.asker(payload),
            action=action,
            value=value,
            thread=self._thread_of(payload),
            message=where,
        )

    def _submitted(self, payload: Payload) -> Submitted:
        data = mapping(payload, "data")
        form, _, state = word(data, "custom_id").partition(SEPARATOR)
        resolved = data.get("resolved")
        attachments = resolved.get("attachments") if isinstance(resolved, Mapping) else None
        values: dict[str, str] = {}
        files: dict[str, tuple[FileIn, ...]] = {}
        for entry in _inputs(data.get("components"), _DEEPEST):
            name = word(entry, "custom_id")
            match entry.get("type"):
                case 4:
                    value = entry.get("value")
                    values[name] = value if isinstance(value, str) else ""
                case 3:
                    values[name] = next(iter(words(entry.get("values"))), "")
                case 19:
                    files[name] = self._uploads(entry, attachments)
                case _:
                    continue
        return Submitted(snowflake(payload, "id"), self.asker(payload), form, state, values, files)

    def _uploads(self, entry: Payload, attachments: Any) -> tuple[FileIn, ...]:
        known = attachments if isinstance(attachments, Mapping) else {}
        found: list[FileIn] = []
        for id_ in words(entry.get("values")):
            attachment = known.get(id_)
            url = attachment.get("url") if isinstance(attachment, Mapping) else None
            # No message holds it, so its signed address is all there is: good for a day, and read at once.
            file = self._file(attachment, url) if isinstance(attachment, Mapping) and isinstance(url, str) else None
            if file:
                found.append(file)
        return tuple(found)

    def asker(self, payload: Payload) -> AccountRef:
        """Who called, pressed or submitted: `member.user` in a server, `user` in a direct conversation."""
        return AccountRef(self.name, snowflake(asking_user(payload), "id"))

    def _thread_of(self, payload: Payload) -> ThreadRef | None:
        channel = payload.get("channel")
        if not isinstance(channel, Mapping) or channel.get("type") not in _THREADS:
            return None
        return thread_ref(self.name, snowflake(channel, "id"))


def asking_user(payload: Payload) -> Payload:
    """The user of an interaction. Malformed where there is none."""
    member = payload.get("member")
    return mapping(member if isinstance(member, Mapping) else payload, "user")


def _safely(read: Callable[[Payload], T], payload: Any) -> T | None:
    try:
        if not isinstance(payload, Mapping):
            raise Malformed(type(payload).__name__)
        return read(payload)
    except (ValueError, TypeError, KeyError, OverflowError, OSError) as error:
        log.warning("a payload of Discord's that cannot be read: %s: %s", type(error).__name__, error)
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


def _snapshots(message: Payload) -> list[Payload]:
    snapshots = (entry.get("message") for entry in mappings(message.get("message_snapshots")))
    return [snapshot for snapshot in snapshots if isinstance(snapshot, Mapping)]


def _names(entries: Any) -> list[str]:
    return [entry["name"] for entry in mappings(entries) if isinstance(entry.get("name"), str)]


def _inputs(components: Any, depth: int) -> list[Payload]:
    """The inputs of a modal, whether they stand in rows or below labels."""
    found: list[Payload] = []
    for entry in mappings(components) if depth else ():
        inner = entry.get("component")
        if isinstance(inner, Mapping):
            found += _inputs([inner], depth - 1)
        elif isinstance(entry.get("components"), list):
            found += _inputs(entry["components"], depth - 1)
        else:
            found.append(entry)
    return found
