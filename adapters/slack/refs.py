"""How Slack's ids are kept in refs: the one place that looks inside a `key`.

AccountRef  "U1"
PlaceRef    "C1"
ThreadRef   "C1:1700000000.000100"          channel and the root's ts
MessageRef  "C1:1700000000.000200"          channel and its ts
MessageRef  "C1:1700000000.000200:F1,F2"    files of ours, shared together: Slack does not tell the ts of such a
                                            message, so the ts is the newest of ours that surely came before it
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from adapters.port import Gone
from desk.model import MessageRef, ThreadRef

if TYPE_CHECKING:
    from collections.abc import Sequence

    from desk.model import Ref


@dataclass(frozen=True, slots=True)
class Spot:
    """A thread or message, taken apart."""

    channel: str
    ts: str
    files: tuple[str, ...] = ()


def spot(ref: Ref) -> Spot:
    """Take a thread's or message's key apart. Gone where it is none of ours."""
    return spot_of(ref.key)


def spot_of(key: str) -> Spot:
    channel, _, rest = key.partition(":")
    ts, _, files = rest.partition(":")
    if not channel or not is_ts(ts):
        raise Gone(f"no Slack message has the key {key!r}")
    return Spot(channel, ts, tuple(files.split(",")) if files else ())


def thread_ref(name: str, channel: str, ts: str) -> ThreadRef:
    return ThreadRef(name, f"{channel}:{ts}")


def message_ref(name: str, channel: str, ts: str, files: Sequence[str] = ()) -> MessageRef:
    return MessageRef(name, f"{channel}:{ts}:{','.join(files)}" if files else f"{channel}:{ts}")


def permalink(workspace: str, channel: str, ts: str, thread: str = "") -> str:
    """The address that opens a message, in its thread where it has one; "" where the workspace is not known yet."""
    if not workspace:
        return ""
    inside = f"?thread_ts={thread}&cid={channel}" if thread and thread != ts else ""
    return f"{workspace}archives/{channel}/p{ts.replace('.', '')}{inside}"


def is_ts(text: str) -> bool:
    """Whether this is a Slack time stamp, "1700000000.000100": seconds and a counter."""
    seconds, dot, counter = text.partition(".")
    # str.isdigit admits digits of other scripts, which Slack never sends.
    return text.isascii() and seconds.isdigit() and (not dot or counter.isdigit()) and len(seconds) <= 11  # noqa: PLR2004


def order(ts: str) -> tuple[int, int]:
    """To compare two time stamps by. Counters have six digits, save in hand-made payloads."""
    seconds, _, counter = ts.partition(".")
    return int(seconds), int(counter.ljust(6, "0") or 0)


def moment(ts: str) -> datetime:
    """When it was said, in UTC, to the microsecond."""
    seconds, counter = order(ts)
    return datetime.fromtimestamp(seconds, tz=UTC).replace(microsecond=min(counter, 999_999))
