"""Permission bits and how they add up (discord.com/developers/docs/topics/permissions)."""

from __future__ import annotations

from typing import Any

ADMINISTRATOR = 1 << 3
ADD_REACTIONS = 1 << 6
VIEW_CHANNEL = 1 << 10
SEND_MESSAGES = 1 << 11
MANAGE_MESSAGES = 1 << 13
EMBED_LINKS = 1 << 14
ATTACH_FILES = 1 << 15
READ_MESSAGE_HISTORY = 1 << 16
MENTION_EVERYONE = 1 << 17
USE_APPLICATION_COMMANDS = 1 << 31
MANAGE_THREADS = 1 << 34
CREATE_PUBLIC_THREADS = 1 << 35
CREATE_PRIVATE_THREADS = 1 << 36
SEND_MESSAGES_IN_THREADS = 1 << 38
PIN_MESSAGES = 1 << 51

EVERYONE = (
    VIEW_CHANNEL | SEND_MESSAGES | READ_MESSAGE_HISTORY | ADD_REACTIONS | ATTACH_FILES | EMBED_LINKS
    | USE_APPLICATION_COMMANDS | SEND_MESSAGES_IN_THREADS | CREATE_PUBLIC_THREADS | MENTION_EVERYONE
)  # fmt: skip
BOT = EVERYONE | MANAGE_THREADS | MANAGE_MESSAGES | CREATE_PRIVATE_THREADS | PIN_MESSAGES
ALL = (1 << 53) - 1


def total(
    member: dict[str, Any], roles: dict[str, dict[str, Any]], guild: str, overwrites: list[dict[str, Any]]
) -> int:
    """What a member may do in a channel with these overwrites."""
    bits = int(roles[guild]["permissions"])
    for role in member["roles"]:
        bits |= int(roles[role]["permissions"]) if role in roles else 0
    if bits & ADMINISTRATOR:
        return ALL
    by_id = {entry["id"]: entry for entry in overwrites}
    allow = deny = 0
    if (everyone := by_id.get(guild)) is not None:
        bits = bits & ~int(everyone["deny"]) | int(everyone["allow"])
    for role in member["roles"]:
        if role in by_id:
            allow |= int(by_id[role]["allow"])
            deny |= int(by_id[role]["deny"])
    bits = bits & ~deny | allow
    if (own := by_id.get(member["user"]["id"])) is not None:
        bits = bits & ~int(own["deny"]) | int(own["allow"])
    return bits
