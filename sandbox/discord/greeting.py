"""What the gateway says of a server when a session begins or the bot is let in: GUILD_CREATE."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandbox.discord.guild import THREADS

if TYPE_CHECKING:
    from sandbox.discord.guild import Guild


def guild_json(guild: Guild, id_: str, *, members: bool) -> dict[str, Any]:
    """One server whole; `members`: all of them, else only the bot."""
    server, bot = guild.servers[id_], guild.setup.bot_id
    seen = [c for c in guild.channels.values() if c.guild == id_ and not c.gone and guild.may(bot, c)]
    told = server.members if members else {bot: server.members[bot]}
    return {
        "id": id_,
        "name": server.name,
        "owner_id": next(iter(server.members)),
        "roles": list(server.roles.values()),
        "channels": [guild.channel_json(c) for c in seen if c.type not in THREADS],
        "threads": [guild.channel_json(c) for c in seen if c.type in THREADS and not c.meta["archived"]],
        "members": list(told.values()),
        "member_count": len(server.members),
        "joined_at": "2024-01-01T00:00:00+00:00",
        "large": False,
        "unavailable": False,
        "preferred_locale": "en-US",
        "features": [],
        "emojis": [],
        "stickers": [],
        "voice_states": [],
        "presences": [],
        "stage_instances": [],
        "guild_scheduled_events": [],
        "soundboard_sounds": [],
        "verification_level": 0,
        "default_message_notifications": 0,
        "explicit_content_filter": 0,
        "mfa_level": 0,
        "nsfw_level": 0,
        "premium_tier": 0,
        "system_channel_flags": 0,
        "afk_timeout": 300,
        "premium_progress_bar_enabled": False,
        **dict.fromkeys(("icon", "splash", "banner", "description", "vanity_url_code", "system_channel_id",
                         "rules_channel_id", "public_updates_channel_id", "afk_channel_id",
                         "application_id", "discovery_splash")),
    }  # fmt: skip
