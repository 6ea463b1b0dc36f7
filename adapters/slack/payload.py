"""Reading Slack's payloads piece by piece: each is there as Slack always sends it, or the payload is malformed."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from adapters.slack.refs import is_ts

if TYPE_CHECKING:
    from collections.abc import Callable

log = logging.getLogger(__name__)

Payload = Mapping[str, Any]
T = TypeVar("T")


class Malformed(ValueError):  # noqa: N818 - named for the payload
    """A payload without something that Slack always sends."""


def safely(read: Callable[[Payload], T], payload: Any) -> T | None:
    """What `read` makes of it; None and a line in the log where it is malformed."""
    try:
        if not isinstance(payload, Mapping):
            raise Malformed("the payload")
        return read(payload)
    except (ValueError, TypeError, OverflowError) as error:  # Malformed among them
        kind = payload.get("type") if isinstance(payload, Mapping) else type(payload).__name__
        log.warning("a payload (%.60s) that cannot be read: %s", kind, error)
        return None


def mapping(entry: Payload, key: str) -> Payload:
    value = entry.get(key)
    if not isinstance(value, Mapping):
        raise Malformed(f"{key}: {type(value).__name__}")
    return value


def word(entry: Payload, key: str) -> str:
    value = entry.get(key)
    if not isinstance(value, str) or not value:
        raise Malformed(f"{key}: {type(value).__name__}")
    return value


def stamp(entry: Payload, key: str) -> str:
    """A time stamp."""
    value = word(entry, key)
    if not is_ts(value):
        raise Malformed(f"{key} is no time stamp")
    return value


def text(entry: Any, key: str) -> str:
    """A text, "" where there is none."""
    value = entry.get(key) if isinstance(entry, Mapping) else None
    return value if isinstance(value, str) else ""
