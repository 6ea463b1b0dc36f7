"""Reading Discord's JSON without trust: what is missing or of the wrong kind is Malformed, never a crash."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from adapters.discord.refs import is_id

Payload = Mapping[str, Any]


class Malformed(ValueError):  # noqa: N818 - it names what is wrong with the payload
    """A payload without something that Discord always sends."""


def mappings(value: Any) -> Sequence[Payload]:
    return [entry for entry in value if isinstance(entry, Mapping)] if isinstance(value, list) else []


def words(value: Any) -> Sequence[str]:
    return [entry for entry in value if isinstance(entry, str)] if isinstance(value, list) else []


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


def snowflake(entry: Payload, key: str) -> str:
    value = entry.get(key)
    if not isinstance(value, str) or not is_id(value):
        raise Malformed(f"{key} is no id")
    return value
