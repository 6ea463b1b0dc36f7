"""How Discord's ids are kept in refs: the one place that looks inside a `key`.

AccountRef  "<user id>"
PlaceRef    "<channel id>"
ThreadRef   "<thread id>"
MessageRef  "<channel or thread id>:<message id>"
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from adapters.port import Gone
from desk.model import MessageRef, ThreadRef

if TYPE_CHECKING:
    from desk.model import Ref

_EPOCH = 1_420_070_400_000  # ms; discord.com/developers/docs/reference#snowflakes
_LONGEST = 20  # digits of 2**64


@dataclass(frozen=True, slots=True)
class Spot:
    """A message, taken apart."""

    channel: str
    message: str


def spot(ref: MessageRef) -> Spot:
    """Take a message's key apart. Gone where it is none of ours."""
    channel, _, message = ref.key.partition(":")
    if not is_id(channel) or not is_id(message):
        raise Gone(f"no Discord message has the key {ref.key!r}")
    return Spot(channel, message)


def id_of(ref: Ref) -> str:
    """The id of an account, place or thread. Gone where it cannot be one."""
    if not is_id(ref.key):
        raise Gone(f"Discord has no id like {ref.key!r}")
    return ref.key


def thread_ref(name: str, thread: str) -> ThreadRef:
    return ThreadRef(name, thread)


def message_ref(name: str, channel: str, message: str) -> MessageRef:
    return MessageRef(name, f"{channel}:{message}")


def is_id(text: object) -> bool:
    """Whether this is a snowflake in decimal, as Discord writes ids in JSON."""
    # str.isdigit admits digits of other scripts, which Discord never sends.
    return isinstance(text, str) and text.isascii() and text.isdigit() and len(text) <= _LONGEST


def moment(snowflake: str) -> datetime:
    """When the thing with this id was made, in UTC, to the millisecond."""
    return datetime.fromtimestamp(((int(snowflake) >> 22) + _EPOCH) / 1000, tz=UTC)
