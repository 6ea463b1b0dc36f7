"""Members and roles as the API shows them."""

from __future__ import annotations

from typing import Any


def member_json(id_: str, made: dict[str, Any]) -> dict[str, Any]:
    """A member with their user, from what a setup says of them."""
    user = {
        "id": id_,
        "username": made["username"],
        "global_name": made.get("global_name"),
        "discriminator": "0",
        "avatar": None,
        "bot": made.get("bot", False),
        "public_flags": 0,
    }
    return {
        "user": user,
        "nick": made.get("nick"),
        "avatar": None,
        "roles": list(made.get("roles", ())),
        "joined_at": "2024-01-01T00:00:00+00:00",
        "deaf": False,
        "mute": False,
        "flags": 0,
        "pending": False,
    }


def role_json(id_: str, made: dict[str, Any], place: int) -> dict[str, Any]:
    """A role at that place of the list."""
    return {
        "id": id_,
        "name": made["name"],
        "permissions": str(made.get("permissions", 0)),
        "position": place,
        "color": 0,
        "colors": {"primary_color": 0, "secondary_color": None, "tertiary_color": None},
        "hoist": False,
        "managed": False,
        "mentionable": False,
        "flags": 0,
        "icon": None,
        "unicode_emoji": None,
    }
