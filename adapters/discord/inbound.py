"""All payloads of Discord's as what the port hears: messages.py's, and what people ask for in interactions.

A payload that is not for us gives None. One that is malformed gives None and a line in the log.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from adapters.discord.ids import FINDER, SEVERAL, meant
from adapters.discord.messages import Messages, safely
from adapters.discord.payload import Payload, mapping, mappings, snowflake, word, words
from adapters.discord.refs import is_id, message_ref, thread_ref
from adapters.port import Called, Pressed, Shortcut, Sought, Submitted
from desk.model import AccountRef

if TYPE_CHECKING:
    import discord

    from adapters.port import FileIn
    from desk.model import ThreadRef

Waiting = Called | Pressed | Submitted | Shortcut | Sought
"""What comes as an interaction: a person waits for the answer."""

_THREADS = (10, 11, 12)  # channel types: announcement, public and private thread
_CHAT_INPUT, _MESSAGE_MENU = 1, 3  # types of commands
_STRING = 3  # type of an option
_SELECT = 3  # type of a component
_MENTION = re.compile(r"<@!?(\d{1,20})>", re.ASCII)
_DEEPEST = 4  # components in components; Discord nests two deep


@dataclass(frozen=True, slots=True)
class Inbound(Messages):
    """Reads payloads for one channel. `me` is our own user id."""

    def interaction(self, payload: Payload, guild: discord.Guild | None = None) -> Waiting | None:
        """INTERACTION_CREATE. None for kinds that the desk has not asked for. A shortcut's `name` is the entry's
        label as it was registered; people whom a command's words mention are still ids there ("<@1>").
        """
        return safely(lambda entry: self._interaction(entry, guild), payload)

    def _interaction(self, payload: Payload, guild: discord.Guild | None) -> Waiting | None:
        match payload.get("type"):
            case 2:
                kind = mapping(payload, "data").get("type", _CHAT_INPUT)
                if kind == _MESSAGE_MENU:
                    return self._shortcut(payload, guild)
                return self._called(payload) if kind == _CHAT_INPUT else None
            case 3:
                return self._pressed(payload)
            case 4:
                return self._typing(payload)
            case 5:
                return self._submitted(payload)
            case _:
                return None

    def _called(self, payload: Payload) -> Called:
        data = mapping(payload, "data")
        typed = _typed(data)
        people = dict.fromkeys(_MENTION.findall(typed))
        return Called(
            id=snowflake(payload, "id"),
            account=self.asker(payload),
            command=word(data, "name"),
            words=typed,
            thread=self._thread_of(payload),
            people=tuple(AccountRef(self.name, id_) for id_ in people),
        )

    def _typing(self, payload: Payload) -> Sought:
        data = mapping(payload, "data")
        return Sought(snowflake(payload, "id"), self.asker(payload), f"/{word(data, 'name')}", _typed(data))

    def _shortcut(self, payload: Payload, guild: discord.Guild | None) -> Shortcut:
        data = mapping(payload, "data")
        message = mapping(mapping(mapping(data, "resolved"), "messages"), snowflake(data, "target_id"))
        quote = self._quote(message, guild)
        thread = self._thread_of(payload)
        return Shortcut(
            snowflake(payload, "id"), self.asker(payload), word(data, "name"), replace(quote, thread=thread)
        )

    def _pressed(self, payload: Payload) -> Pressed:
        data = mapping(payload, "data")
        id_ = meant(word(data, "custom_id"))
        value, values, carried = id_.carried, tuple[str, ...](), ""
        if data.get("component_type") == _SELECT:
            carried, chosen = id_.carried, words(data.get("values"))
            value, values = ("", tuple(chosen)) if id_.sign == SEVERAL else (next(iter(chosen), ""), ())
        message = payload.get("message")
        where = None
        if isinstance(message, Mapping):
            channel = message.get("channel_id", payload.get("channel_id"))
            if is_id(channel) and is_id(message.get("id")):
                where = message_ref(self.name, str(channel), str(message["id"]))
        return Pressed(
            id=snowflake(payload, "id"),
            account=self.asker(payload),
            action=id_.name,
            value=value,
            thread=self._thread_of(payload),
            message=where,
            values=values,
            carried=carried,
        )

    def _submitted(self, payload: Payload) -> Submitted | Sought:
        data = mapping(payload, "data")
        form = meant(word(data, "custom_id"))
        resolved = data.get("resolved")
        attachments = resolved.get("attachments") if isinstance(resolved, Mapping) else None
        values: dict[str, str] = {}
        several: dict[str, tuple[str, ...]] = {}
        files: dict[str, tuple[FileIn, ...]] = {}
        for entry in _inputs(data.get("components"), _DEEPEST):
            name = word(entry, "custom_id")
            match entry.get("type"):
                case 4:
                    value = entry.get("value")
                    values[name] = value if isinstance(value, str) else ""
                case 3 if name.endswith(SEVERAL):
                    several[name.removesuffix(SEVERAL)] = tuple(words(entry.get("values")))
                case 3 | 5:
                    values[name] = next(iter(words(entry.get("values"))), "")
                case 19:
                    files[name] = self._uploads(entry, attachments)
                case _:
                    continue
        id_, asker = snowflake(payload, "id"), self.asker(payload)
        if form.sign == FINDER:
            return Sought(id_, asker, form.name, " ".join(values.values()).strip(), form.carried)
        return Submitted(id_, asker, form.name, form.carried, values, files, several)

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
        return thread_ref(self.name, str(channel["id"])) if is_id(channel.get("id")) else None


def asking_user(payload: Payload) -> Payload:
    """The user of an interaction. Malformed where there is none."""
    member = payload.get("member")
    return mapping(member if isinstance(member, Mapping) else payload, "user")


def _typed(data: Payload) -> str:
    """The words after a command, all or as far as they are typed."""
    for option in mappings(data.get("options")):
        if option.get("type") == _STRING and isinstance(option.get("value"), str):
            return str(option["value"])
    return ""


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
