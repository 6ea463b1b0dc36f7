"""What a server starts with: members, roles, channels, and the application that is in it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sandbox.discord.permissions import BOT, EVERYONE

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(slots=True)
class DiscordSetup:
    """`members`, `roles` and `channels` by id. The role with the guild's own id is @everyone."""

    members: dict[str, dict[str, Any]] = field(
        default_factory=dict
    )  # {"username", "global_name"?, "locale"?, "roles"?}
    roles: dict[str, dict[str, Any]] = field(default_factory=dict)  # {"name", "permissions"?}
    channels: dict[str, dict[str, Any]] = field(
        default_factory=dict
    )  # {"name", "type"?, "permission_overwrites"?, "flags"?, "available_tags"?: [{"id", "name", "moderated"?}]}
    # The bot is there too: {"name", "channels"?, "roles"?, "bot_permissions"?, "members"?: of the first server's people
    # what differs, such as their roles; without it, all of that server's people without their roles}.
    other_guilds: dict[str, dict[str, Any]] = field(default_factory=dict)
    guild_id: str = "100"
    guild_name: str = "Sandbox"
    application_id: str = "900"
    bot_id: str = "900"
    bot_name: str = "Helpthread"
    bot_permissions: int = BOT
    everyone_permissions: int = EVERYONE
    token: str = "discord-sandbox-token"
    privileged_intents: bool = True  # members and message content are switched on for the application
    answer_within: float = 3.0  # seconds until an interaction's first answer is late
    token_life: float = 900.0  # seconds of an interaction's token
    attachment_life: float = 86_400.0  # seconds until a CDN address expires
    active_threads: int = 1000  # of the guild; more are refused
    thread_members: int = 1000  # of one thread; more are refused
    heartbeat: float = 41.25  # seconds
    shards: int = 1  # that Discord advises
    guilds_per_shard: int = 2500  # a session that would be told of more is refused
    identify_every: float = 0.0  # seconds between two of one bucket: 5 at Discord; 0 = no limit
    max_concurrency: int = 16  # buckets of shards: each may identify so often
    session_starts: int = 1000  # that are left for the day
    route_limit: tuple[int, float] | None = None  # (requests, seconds) of each route and channel; None = no limit
    global_limit: int = 0  # requests a second over all routes; 0 = no limit
    refusals: int = 10_000  # answers of 401, 403 and 429 in ten minutes until the address is banned; 0 = never
    commands_a_day: int = 200  # that may be created; more are refused
    content_limit: int = 4000  # characters that a person may say at once: 2,000 without Nitro
    file_limit: int = 10 * 1024 * 1024  # bytes

    @classmethod
    def load(cls, path: Path) -> DiscordSetup:
        """From a JSON file with these keys."""
        values = json.loads(path.read_text(encoding="utf-8"))
        if values.get("route_limit"):
            values["route_limit"] = tuple(values["route_limit"])
        return cls(**values)
