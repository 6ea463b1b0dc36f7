"""Where a person was when they asked for something, and so where the answer belongs; carried through forms."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal

from adapters.slack.payload import text
from adapters.slack.refs import is_ts

if TYPE_CHECKING:
    from adapters.slack.payload import Payload

Kind = Literal["nowhere", "home", "view", "whisper", "message"]
ANNOUNCED = "announced"  # the block_id at the head of a card that is everybody's: no answer stands in its place
_MOST = 2500  # characters of private_metadata, of Slack's 3,000


@dataclass(frozen=True, slots=True)
class Origin:
    """`respond` is the response_url, "" where none was given; `channel` and `ts` are of the card that was used, and
    `thread` of a thread in which a whisper would be seen; `view` and `hash` are of a home page or a modal.
    """

    kind: Kind = "nowhere"
    person: str = ""
    respond: str = ""
    channel: str = ""
    ts: str = ""
    thread: str = ""
    view: str = ""
    hash: str = ""

    def carried(self) -> str:
        """As one line. Shorter where it would be too long for Slack: then the answer comes as a direct message."""
        line = json.dumps({key: value for key, value in asdict(self).items() if value}, separators=(",", ":"))
        return line if len(line) <= _MOST else json.dumps({"person": self.person})


def carried_origin(line: str) -> Origin:
    """What `carried` made. What cannot be read is nowhere."""
    try:
        found = json.loads(line)
        return Origin(**{str(key): str(value) for key, value in found.items()})  # type: ignore[arg-type]
    except (ValueError, TypeError, AttributeError):
        return Origin(respond=line if line.startswith(("https://", "http://")) else "")


def origin(payload: Payload) -> Origin:
    """Of a command, a press or a shortcut. A form's own is carried by the form."""
    container = payload.get("container")
    user = payload.get("user")
    person = text(user, "id") or text(payload, "user_id")
    respond = text(payload, "response_url")
    if not isinstance(container, Mapping):
        return Origin(person=person, respond=respond)
    if container.get("type") == "view":
        view = payload.get("view")
        kind: Kind = "home" if text(view, "type") == "home" else "view"
        return Origin(kind, person, view=text(view, "id"), hash=text(view, "hash"))
    channel, ts = text(container, "channel_id"), text(container, "message_ts")
    if container.get("type") != "message" or not channel or not is_ts(ts):
        return Origin(person=person, respond=respond)
    if container.get("is_ephemeral"):
        return Origin("whisper", person, respond, channel, ts, text(container, "thread_ts"))
    message = payload.get("message")
    shared = _is_announced(message)
    return Origin("nowhere" if shared else "message", person, respond, channel, ts, _thread(message, container, ts))


def _thread(message: Any, container: Payload, ts: str) -> str:
    """The thread that is open beside the card. To a root nobody has replied to there is none: Slack would not show a
    whisper in it.
    """
    thread = text(container, "thread_ts") or text(message, "thread_ts")
    if thread == ts and isinstance(message, Mapping) and not message.get("reply_count"):
        return ""
    return thread


def _is_announced(message: Any) -> bool:
    blocks = message.get("blocks") if isinstance(message, Mapping) else None
    first = blocks[0] if isinstance(blocks, list) and blocks else None
    return text(first, "block_id") == ANNOUNCED
