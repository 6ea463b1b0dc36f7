"""Whom a message pings, as Discord reads it: what is said, and what its sender allows it to mean.

discord.com/developers/docs/resources/message#allowed-mentions-object
"""

from __future__ import annotations

import re
from typing import Any

_CODE = re.compile(r"```.*?```|`[^`\n]*`", re.DOTALL)
_USER, _ROLE, _EVERYONE = re.compile(r"<@!?(\d+)>"), re.compile(r"<@&(\d+)>"), re.compile(r"@(?:everyone|here)")
ALL = ("users", "roles", "everyone")


def pings(
    content: str, allowed: dict[str, Any] | None, members: dict[str, Any], roles: dict[str, Any], *, everyone: bool
) -> dict[str, Any]:
    """`mentions`, `mention_roles` and `mention_everyone` of a message. A backslash before a mention changes nothing;
    code does. `everyone`: whether its author may ping all.
    """
    text = _CODE.sub("", content)
    parse = ALL if allowed is None else tuple(allowed.get("parse") or ())
    users = [id_ for id_ in dict.fromkeys(_USER.findall(text)) if id_ in members]
    named = [id_ for id_ in dict.fromkeys(_ROLE.findall(text)) if id_ in roles]
    if "users" not in parse:
        users = [id_ for id_ in users if id_ in map(str, (allowed or {}).get("users") or ())]
    if "roles" not in parse:
        named = [id_ for id_ in named if id_ in map(str, (allowed or {}).get("roles") or ())]
    return {
        "mentions": [_mentioned(members[id_]) for id_ in users],
        "mention_roles": named,
        "mention_everyone": everyone and "everyone" in parse and bool(_EVERYONE.search(text)),
    }


def _mentioned(member: dict[str, Any]) -> dict[str, Any]:
    """A user with what the server adds about them."""
    return {**member["user"], "member": {key: value for key, value in member.items() if key != "user"}}
