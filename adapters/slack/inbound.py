"""Payloads of Slack as what the port hears: pure, and never raising, whatever a payload holds.

A payload that is not for us gives None. One that is malformed gives None and a line in the log.
"""

from __future__ import annotations

import html
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from adapters.port import Called, Deleted, Edited, FileIn, Pressed, Said, Submitted
from adapters.slack.forms import carried
from adapters.slack.refs import is_ts, message_ref, moment, thread_ref
from adapters.slack.render import ACTION_SEPARATOR
from adapters.slack.text import from_slack
from desk.model import AccountRef

if TYPE_CHECKING:
    from collections.abc import Callable

    from adapters.slack.text import Names
    from desk.model import ThreadRef

log = logging.getLogger(__name__)

Payload = Mapping[str, Any]
T = TypeVar("T")

# Subtypes of people's own words. Every other subtype tells of something that the channel shows by itself.
# docs.slack.dev/reference/events/message
_SPOKEN = frozenset({None, "file_share", "me_message", "thread_broadcast"})
_UNREADABLE = frozenset({"tombstone", "hidden_by_limit"})  # file modes: deleted, or past a free plan's limit


class Malformed(ValueError):  # noqa: N818 - named for the payload
    """A payload without something that Slack always sends."""


@dataclass(frozen=True, slots=True)
class Me:
    """Who we are here: `auth.test` says it."""

    user: str
    bot: str
    team: str = ""


@dataclass(frozen=True, slots=True)
class Inbound:
    """Reads payloads for one channel. `names` gives names known so far, without any call."""

    name: str
    me: Me
    names: Names

    # --- events -------------------------------------------------------------------------------------------------

    def event(self, payload: Payload) -> Said | Edited | Deleted | None:
        """An Events API payload of a message event."""
        return _safely(self._event, payload)

    def said(self, channel: str, message: Payload) -> Said | None:
        """A message of `conversations.replies`, which lacks its channel."""
        return _safely(lambda entry: self._said(channel, entry), message)

    def _event(self, payload: Payload) -> Said | Edited | Deleted | None:
        event = _mapping(payload, "event")
        channel = _word(event, "channel")
        match event.get("subtype"):
            case "message_changed":
                return self._changed(_word(payload, "event_id"), channel, event)
            case "message_deleted":
                return self._deleted(_word(payload, "event_id"), channel, event)
            case _:
                if event.get("thread_ts") is None and not is_direct(event, channel):
                    return None
                return self._said(channel, event)

    def _said(self, channel: str, message: Payload) -> Said | None:
        if message.get("subtype") not in _SPOKEN or not self._by_person(message):
            return None
        ts = _ts(message, "ts")
        return Said(
            account=AccountRef(self.name, _word(message, "user")),
            thread=self._thread(channel, message),
            message=message_ref(self.name, channel, ts),
            body=self.body(message),
            at=moment(ts),
            files=self.files(message.get("files")),
        )

    def _changed(self, event_id: str, channel: str, event: Payload) -> Edited | Deleted | None:
        message, before = _mapping(event, "message"), _mapping(event, "previous_message")
        ts = _ts(message if "ts" in message else before, "ts")
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
            account=AccountRef(self.name, _word(message, "user")),
            thread=thread,
            message=message_ref(self.name, channel, ts),
            body=self.body(message),
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
        ts = _ts(event, "deleted_ts")
        return Deleted(event_id, thread, message_ref(self.name, channel, ts))

    def _by_person(self, message: Payload) -> bool:
        user = message.get("user")
        return isinstance(user, str) and user not in {"", self.me.user} and not message.get("bot_id")

    def _thread(self, channel: str, message: Payload) -> ThreadRef | None:
        ts = message.get("thread_ts")
        # A root carries its own ts once it has replies: what was said there was said outside the thread.
        if ts is None or ts == message.get("ts"):
            return None
        return thread_ref(self.name, channel, _ts(message, "thread_ts"))

    def body(self, message: Payload) -> str:
        """A message's words as the desk's Markdown. Odd formatting costs the formatting, never the words."""
        text = message.get("text")
        text = text if isinstance(text, str) else ""
        blocks = message.get("blocks")
        blocks = blocks if isinstance(blocks, list) else []
        try:
            return from_slack(text, blocks, self.names)
        except Exception:
            log.warning("blocks that cannot be read: the message's plain text is taken", exc_info=True)
            return html.unescape(text)

    def files(self, entries: Any) -> tuple[FileIn, ...]:
        """The files of a message or of a form's field; the deleted ones are left out."""
        if not isinstance(entries, Sequence) or isinstance(entries, str):
            return ()
        return tuple(
            FileIn(
                channel=self.name,
                key=entry["id"],
                name=str(entry.get("name") or entry.get("title") or entry["id"]),
                media_type=str(entry.get("mimetype") or "application/octet-stream"),
                size=entry["size"] if isinstance(entry.get("size"), int) else 0,
            )
            for entry in entries
            if isinstance(entry, Mapping) and isinstance(entry.get("id"), str) and entry.get("mode") not in _UNREADABLE
        )

    # --- interactions -------------------------------------------------------------------------------------------

    def called(self, payload: Payload) -> Called | None:
        """A slash command. Slack has none inside threads."""
        return _safely(self._called, payload)

    def _called(self, payload: Payload) -> Called:
        words = payload.get("text")
        return Called(
            id=_word(payload, "trigger_id"),
            account=AccountRef(self.name, _word(payload, "user_id")),
            command=_word(payload, "command").removeprefix("/"),
            words=html.unescape(words).strip() if isinstance(words, str) else "",
        )

    def pressed(self, payload: Payload) -> Pressed | None:
        """A button or select on one of our cards; None for those of forms."""
        return _safely(self._pressed, payload)

    def _pressed(self, payload: Payload) -> Pressed | None:
        container = _mapping(payload, "container")
        if container.get("type") != "message":
            return None
        actions = payload.get("actions")
        if not isinstance(actions, Sequence) or not actions or not isinstance(actions[0], Mapping):
            raise Malformed("actions")
        action = actions[0]
        user, channel = _word(_mapping(payload, "user"), "id"), _word(container, "channel_id")
        ts = container.get("message_ts")
        chosen = action.get("selected_option")
        value = chosen.get("value") if isinstance(chosen, Mapping) else action.get("value")
        thread = container.get("thread_ts")
        if thread is None and isinstance(payload.get("message"), Mapping):
            thread = payload["message"].get("thread_ts")
        ephemeral = bool(container.get("is_ephemeral"))
        # The card that opens a thread is its root: a press there belongs to that thread.
        root = thread or (None if ephemeral else ts)
        return Pressed(
            id=f"{_word(action, 'action_ts')}:{user}:{channel}:{ts}",
            account=AccountRef(self.name, user),
            action=_word(action, "action_id").partition(ACTION_SEPARATOR)[2],
            value=value if isinstance(value, str) else "",
            thread=thread_ref(self.name, channel, root) if isinstance(root, str) and is_ts(root) else None,
            message=message_ref(self.name, channel, ts)
            if not ephemeral and isinstance(ts, str) and is_ts(ts)
            else None,
        )

    def submitted(self, payload: Payload) -> Submitted | None:
        """A form that came back. Its id is the same when Slack delivers it again."""
        return _safely(self._submitted, payload)

    def _submitted(self, payload: Payload) -> Submitted:
        view = _mapping(payload, "view")
        _word(view, "private_metadata")
        form, state, _ = carried(view)
        values: dict[str, str] = {}
        files: dict[str, tuple[FileIn, ...]] = {}
        for name, elements in _mapping(_mapping(view, "state"), "values").items():
            for element in _elements(elements):
                match element.get("type"):
                    case "file_input":
                        files[name] = self.files(element.get("files"))
                    case "static_select":
                        chosen = element.get("selected_option")
                        value = chosen.get("value") if isinstance(chosen, Mapping) else ""
                        values[name] = value if isinstance(value, str) else ""
                    case _:
                        value = element.get("value")
                        values[name] = value if isinstance(value, str) else ""
        return Submitted(
            id=f"{_word(view, 'id')}:{view.get('hash') or ''}",
            account=AccountRef(self.name, _word(_mapping(payload, "user"), "id")),
            form=form,
            state=state,
            values=values,
            files=files,
        )


def lane(payload: Any) -> str | None:
    """Things of one lane must be heard in the order they came: a thread's, or else a channel's. None: no order."""
    event = payload.get("event") if isinstance(payload, Mapping) else None
    if not isinstance(event, Mapping) or event.get("type") != "message":
        return None
    for carrier in (event, event.get("message"), event.get("previous_message")):
        if isinstance(carrier, Mapping) and isinstance(carrier.get("thread_ts"), str):
            return f"{event.get('channel')}:{carrier['thread_ts']}"
    return f"{event.get('channel')}"


def is_direct(event: Payload, channel: str) -> bool:
    """Whether this is the bot's direct message with one person."""
    return event.get("channel_type") == "im" or channel.startswith("D")


def _elements(entry: Any) -> list[Payload]:
    return [element for element in entry.values() if isinstance(element, Mapping)] if isinstance(entry, Mapping) else []


def _safely(read: Callable[[Payload], T], payload: Any) -> T | None:
    try:
        if not isinstance(payload, Mapping):
            raise Malformed("the payload")
        return read(payload)
    except (ValueError, TypeError, OverflowError) as error:  # Malformed among them
        kind = payload.get("type") if isinstance(payload, Mapping) else type(payload).__name__
        log.warning("a payload (%.60s) that cannot be read: %s", kind, error)
        return None


def _mapping(entry: Payload, key: str) -> Payload:
    value = entry.get(key)
    if not isinstance(value, Mapping):
        raise Malformed(f"{key}: {type(value).__name__}")
    return value


def _word(entry: Payload, key: str) -> str:
    value = entry.get(key)
    if not isinstance(value, str) or not value:
        raise Malformed(f"{key}: {type(value).__name__}")
    return value


def _ts(entry: Payload, key: str) -> str:
    value = _word(entry, key)
    if not is_ts(value):
        raise Malformed(f"{key} is no time stamp")
    return value
