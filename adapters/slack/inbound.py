"""Events of Slack as what the port hears: pure, and never raising, whatever a payload holds.

A payload that is not for us gives None. One that is malformed gives None and a line in the log.
"""

from __future__ import annotations

import html
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from adapters.port import Deleted, Edited, FileIn, HomeOpened, Quote, Reacted, Said
from adapters.slack.emoji import plain_emoji
from adapters.slack.payload import mapping, safely, stamp, text, word
from adapters.slack.refs import message_ref, moment, permalink, thread_ref
from adapters.slack.text import from_slack, plainly
from desk.model import AccountRef

if TYPE_CHECKING:
    from datetime import datetime

    from adapters.slack.payload import Payload
    from adapters.slack.text import Names
    from desk.model import ThreadRef

log = logging.getLogger(__name__)

# Subtypes of people's own words. Every other subtype tells of something that the channel shows by itself.
# docs.slack.dev/reference/events/message
_SPOKEN = frozenset({None, "file_share", "me_message", "thread_broadcast"})
LONGEST = 40_000  # characters of a message: Slack cuts there (docs.slack.dev/reference/methods/chat.postMessage)
NAME = 255  # characters of a file's name
_UNREADABLE = frozenset({"tombstone", "hidden_by_limit"})  # file modes: deleted, or past a free plan's limit


@dataclass(frozen=True, slots=True)
class Me:
    """Who we are here: `auth.test` says it."""

    user: str
    bot: str
    team: str = ""
    url: str = ""  # of the workspace, with a slash at its end


@dataclass(frozen=True, slots=True)
class Inbound:
    """Reads payloads for one channel. `names` gives names known so far, without any call."""

    name: str
    me: Me
    names: Names

    # --- events -------------------------------------------------------------------------------------------------

    def event(self, payload: Payload) -> Said | Edited | Deleted | Reacted | HomeOpened | None:
        """An Events API payload."""
        return safely(self._event, payload)

    def said(self, channel: str, message: Payload) -> Said | None:
        """A message of `conversations.replies`, which lacks its channel."""
        return safely(lambda entry: self._said(channel, entry), message)

    def quote(self, channel: str, message: Payload) -> Quote | None:
        """Any message, whoever wrote it."""
        return safely(lambda entry: self.read_quote(channel, entry), message)

    def read_quote(self, channel: str, message: Payload) -> Quote:
        """The same; Malformed where it cannot be read."""
        ts = stamp(message, "ts")
        author = word(message, "user") if self._by_person(message) else None
        robot = text(message, "username") or text(message.get("bot_profile"), "name")
        thread = self._thread(channel, message)
        return Quote(
            message=message_ref(self.name, channel, ts),
            author=AccountRef(self.name, author) if author else None,
            name=self.names.user(author) if author else robot or self.names.user(text(message, "user")),
            body=self.body(message),
            url=permalink(self.me.url, channel, ts, text(message, "thread_ts")),
            at=moment(ts),
            files=self.files(message.get("files")),
            thread=thread,
        )

    def _event(self, payload: Payload) -> Said | Edited | Deleted | Reacted | HomeOpened | None:
        event = mapping(payload, "event")
        match event.get("type"):
            case "reaction_added":
                return self._reacted(word(payload, "event_id"), event)
            case "app_home_opened":
                if event.get("tab") != "home":
                    return None
                return HomeOpened(word(payload, "event_id"), AccountRef(self.name, word(event, "user")))
            case "message":
                return self._message(payload, event)
            case _:
                return None

    def _reacted(self, event_id: str, event: Payload) -> Reacted | None:
        item, user = mapping(event, "item"), word(event, "user")
        if item.get("type") != "message" or user == self.me.user:
            return None
        ref = message_ref(self.name, word(item, "channel"), stamp(item, "ts"))
        return Reacted(event_id, AccountRef(self.name, user), plain_emoji(word(event, "reaction")), ref)

    def _message(self, payload: Payload, event: Payload) -> Said | Edited | Deleted | None:
        channel = word(event, "channel")
        match event.get("subtype"):
            case "message_changed":
                return self._changed(word(payload, "event_id"), channel, event)
            case "message_deleted":
                return self._deleted(word(payload, "event_id"), channel, event)
            case _:
                if event.get("thread_ts") is None and not is_direct(event, channel):
                    return None
                return self._said(channel, event)

    def _said(self, channel: str, message: Payload) -> Said | None:
        if message.get("subtype") not in _SPOKEN or not self._by_person(message):
            return None
        ts = stamp(message, "ts")
        return Said(
            account=AccountRef(self.name, word(message, "user")),
            thread=self._thread(channel, message),
            message=message_ref(self.name, channel, ts),
            body=self.body(message),
            at=moment(ts),
            files=self.files(message.get("files")),
            edited="edited" in message,
            changed=_changed_at(message),
        )

    def _changed(self, event_id: str, channel: str, event: Payload) -> Edited | Deleted | None:
        message, before = mapping(event, "message"), mapping(event, "previous_message")
        ts = stamp(message if "ts" in message else before, "ts")
        if message.get("subtype") == "tombstone":
            # The root of a thread was deleted: its replies stay under a tombstone.
            ref = message_ref(self.name, channel, ts)
            return Deleted(event_id, thread_ref(self.name, channel, ts), ref)
        if message.get("subtype") not in _SPOKEN or not self._by_person(message):
            return None
        # Unfurled links, replies counted and the like change a message too: only its author's edits have words.
        if all(message.get(key) == before.get(key) for key in ("text", "blocks")):
            return None
        thread = self._thread(channel, message)
        if thread is None and not is_direct(event, channel):
            return None
        return Edited(
            id=event_id,
            account=AccountRef(self.name, word(message, "user")),
            thread=thread,
            message=message_ref(self.name, channel, ts),
            body=self.body(message),
            at=_changed_at(message),
        )

    def _deleted(self, event_id: str, channel: str, event: Payload) -> Deleted | None:
        before = event.get("previous_message")
        before = before if isinstance(before, Mapping) else {}
        # Our own messages go when the desk itself withdraws them.
        if before and not self._by_person(before):
            return None
        thread = self._thread(channel, before)
        if thread is None and not is_direct(event, channel):
            return None
        ts = stamp(event, "deleted_ts")
        return Deleted(event_id, thread, message_ref(self.name, channel, ts))

    def _by_person(self, message: Payload) -> bool:
        user = message.get("user")
        return isinstance(user, str) and user not in {"", self.me.user} and not message.get("bot_id")

    def _thread(self, channel: str, message: Payload) -> ThreadRef | None:
        ts = message.get("thread_ts")
        # A root carries its own ts once it has replies: what was said there was said outside the thread.
        if ts is None or ts == message.get("ts"):
            return None
        return thread_ref(self.name, channel, stamp(message, "thread_ts"))

    def body(self, message: Payload) -> str:
        """A message's words as the desk's Markdown. Odd formatting costs the formatting, never the words; what is
        longer than anything that Slack takes is cut there.
        """
        blocks = message.get("blocks")
        if (plain := plainly(blocks)) is not None and len(plain) <= LONGEST:
            return plain
        words = text(message, "text")
        words = words if len(words) <= LONGEST else f"{words[: LONGEST - 1]}…"
        blocks = blocks if isinstance(blocks, list) and _is_readable(blocks) else []
        try:
            return from_slack(words, blocks, self.names) or from_slack(words, [], self.names)
        except Exception:
            log.warning("blocks that cannot be read: the message's plain text is taken", exc_info=True)
            return html.unescape(words)

    def files(self, entries: Any) -> tuple[FileIn, ...]:
        """The files of a message or of a form's field; the deleted ones are left out."""
        if not isinstance(entries, Sequence) or isinstance(entries, str):
            return ()
        return tuple(
            FileIn(
                channel=self.name,
                key=entry["id"],
                name=(text(entry, "name") or text(entry, "title") or entry["id"])[:NAME],
                media_type=text(entry, "mimetype") or "application/octet-stream",
                size=max(entry["size"], 0) if isinstance(entry.get("size"), int) else 0,
            )
            for entry in entries
            if isinstance(entry, Mapping) and isinstance(entry.get("id"), str) and entry.get("mode") not in _UNREADABLE
        )


def _is_readable(blocks: list[Any]) -> bool:
    """Whether these blocks are of a size that Slack itself takes."""
    weight = 0
    left: list[Any] = list(blocks)
    while left and weight <= LONGEST:
        entry = left.pop()
        weight += 1
        if isinstance(entry, Mapping):
            left += entry.values()
        elif isinstance(entry, list):
            left += entry
        elif isinstance(entry, str):
            weight += len(entry)
    return weight <= LONGEST


def lane(payload: Any) -> str | None:
    """Things of one lane must be heard in the order they came: a thread's, or else a channel's. None: no order."""
    event = payload.get("event") if isinstance(payload, Mapping) else None
    if not isinstance(event, Mapping) or event.get("type") != "message":
        return None
    for carrier in (event, event.get("message"), event.get("previous_message")):
        if isinstance(carrier, Mapping) and isinstance(carrier.get("thread_ts"), str):
            return f"{event.get('channel')}:{carrier['thread_ts']}"
    return f"{event.get('channel')}"


def _changed_at(message: Payload) -> datetime | None:
    edited = message.get("edited")
    if not isinstance(edited, Mapping) or not isinstance(edited.get("ts"), str):
        return None
    return moment(stamp(edited, "ts"))


def is_direct(event: Payload, channel: str) -> bool:
    """Whether this is the bot's direct message with one person."""
    return event.get("channel_type") == "im" or channel.startswith("D")
