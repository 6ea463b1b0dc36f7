"""What a workspace starts with: its people, groups, channels, and the app that is installed in it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

ALL_SCOPES = (
    "app_mentions:read",
    "channels:history",
    "channels:read",
    "chat:write",
    "commands",
    "dnd:read",
    "files:read",
    "files:write",
    "groups:history",
    "groups:read",
    "im:history",
    "im:read",
    "im:write",
    "pins:write",
    "reactions:read",
    "reactions:write",
    "usergroups:read",
    "users:read",
)


ALL_EVENTS = (
    "app_home_opened",
    "app_mention",
    "member_joined_channel",
    "member_left_channel",
    "message.channels",
    "message.groups",
    "message.im",
    "reaction_added",
    "reaction_removed",
    "subteam_members_changed",
    "subteam_updated",
    "user_change",
)


@dataclass(slots=True)
class SlackSetup:
    """`users`, `groups` and `channels` by id; a channel's `members` are user ids (the bot's too, where it is in)."""

    users: dict[str, dict[str, Any]] = field(default_factory=dict)  # {"name", "real_name", "locale"?, "tz"?}
    groups: dict[str, dict[str, Any]] = field(default_factory=dict)  # {"handle", "users"}
    channels: dict[str, dict[str, Any]] = field(default_factory=dict)  # {"name", "members", "private"?}
    team_id: str = "T0TEAM"
    team_name: str = "Sandbox"
    app_id: str = "A0APP"
    bot_id: str = "B0BOT"
    bot_user: str = "U0BOT"
    bot_token: str = "xoxb-sandbox"
    app_token: str = "xapp-sandbox"
    signing_secret: str = "sandbox-signing-secret"
    scopes: tuple[str, ...] = ALL_SCOPES
    events: tuple[str, ...] = ALL_EVENTS  # what the app is subscribed to
    commands: tuple[str, ...] = ("/ticket",)
    described: dict[str, str] = field(default_factory=dict)  # a command: what people see of it
    escape_commands: bool = True  # "Escape channels, users, and links" of each command
    shortcuts: dict[str, str] = field(default_factory=dict)  # message shortcuts: callback_id → name
    home_enabled: bool = True  # the Home tab
    client_id: str = "111.222"
    client_secret: str = "sandbox-client-secret"
    redirect_urls: tuple[str, ...] = ()  # where people may be sent after they have installed the app
    code_life: float = 600.0  # seconds of the code that they bring along
    request_url: str = ""  # HTTP mode: where events, commands and interactions are posted; "" = Socket Mode
    ack_within: float = 3.0  # seconds until an answer is late
    trigger_life: float = 3.0  # seconds
    retry_after: tuple[float, ...] = (0.0, 60.0, 300.0)  # seconds before each redelivery of an event
    chat_per_second: float = 0.0  # chat.postMessage in one channel; 0 = no limit

    @classmethod
    def load(cls, path: Path) -> SlackSetup:
        """From a JSON file with these keys."""
        values = json.loads(path.read_text(encoding="utf-8"))
        for name in ("scopes", "events", "commands", "retry_after", "redirect_urls"):
            if name in values:
                values[name] = tuple(values[name])
        return cls(**values)
