"""What the Web API's methods share: their table, and how arguments are read and refused."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from sandbox.slack.workspace import Refused

if TYPE_CHECKING:
    from collections.abc import Callable

    from sandbox.slack.app import App
    from sandbox.slack.workspace import Channel

READ_SCOPES = {"channel": "channels:read", "group": "groups:read", "im": "im:read"}
METHODS: dict[str, tuple[str, Callable[[App, dict[str, Any]], dict[str, Any]]]] = {}


def method(name: str, scope: str = "") -> Callable[[Callable[[App, dict[str, Any]], dict[str, Any]]], Any]:
    """Register a method with the scope it needs."""

    def register(call: Callable[[App, dict[str, Any]], dict[str, Any]]) -> Any:
        METHODS[name] = (scope, call)
        return call

    return register


def decoded(value: Any) -> Any:
    """Structured arguments come as JSON text in a form-encoded call."""
    return json.loads(value) if isinstance(value, str) else value


def truth(value: Any) -> bool:
    return value in (True, "true", "1", 1)


def need(args: dict[str, Any], *names: str) -> None:
    for name in names:
        if not args.get(name):
            raise Refused(
                "invalid_arguments", response_metadata={"messages": [f"[ERROR] missing required field: {name}"]}
            )


def checked(found: list[str], error: str) -> None:
    if found:
        raise Refused(error, response_metadata={"messages": [f"[ERROR] {text}" for text in found]})


def page(entries: list[Any], args: dict[str, Any], name: str, default: int) -> dict[str, Any]:
    """One page by cursor."""
    start = int(args.get("cursor") or 0)
    size = min(int(args.get("limit") or default), 1000)
    more = start + size < len(entries)
    return {
        name: entries[start : start + size],
        "has_more": more,
        "response_metadata": {"next_cursor": str(start + size) if more else ""},
    }


def readable(app: App, args: dict[str, Any], scopes: dict[str, str] | None = None, *, member: bool = False) -> Channel:
    """The conversation, where the token has the scope for its kind."""
    channel = app.workspace.channel(args.get("channel", ""))
    if scopes is not None and (needed := scopes[channel.kind]) not in app.scopes:
        raise Refused("missing_scope", needed=needed, provided=",".join(sorted(app.scopes)))
    if app.setup.bot_user not in channel.members and (member or channel.kind != "channel"):
        raise Refused("not_in_channel" if channel.kind == "channel" else "channel_not_found")
    return channel
