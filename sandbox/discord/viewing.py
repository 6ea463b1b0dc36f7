"""What one person's Discord shows: the channels and threads they may see, whispers to them alone, their open form."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandbox.discord import permissions as bits
from sandbox.discord.guild import DM, THREADS

if TYPE_CHECKING:
    from sandbox.discord.guild import Channel, Guild
    from sandbox.discord.interactions import Interactions


def viewed(guild: Guild, interactions: Interactions, user: str) -> dict[str, Any]:
    """Plain JSON; nothing in it is hidden from that person."""
    guild.member(user)
    guild.dm(user)  # people can always begin a talk with an application that shares their server
    return {
        "guild": {"id": guild.id, "name": guild.setup.guild_name},
        "bot": guild.setup.bot_id,
        "members": {id_: member | {"locale": guild.locales.get(id_, "")} for id_, member in guild.members.items()},
        "roles": guild.roles,
        "commands": [command for commands in guild.commands.values() for command in commands],
        "channels": [
            _channel(guild, channel, user) for channel in guild.channels.values() if _seen(guild, channel, user)
        ],
        "ephemeral": guild.ephemeral.get(user, []),
        "modal": interactions.modals.get(user),
    }


def _seen(guild: Guild, channel: Channel, user: str) -> bool:
    if channel.type == DM:
        return user in channel.recipients
    return not channel.gone and bool(guild.may(user, channel))


def _channel(guild: Guild, channel: Channel, user: str) -> dict[str, Any]:
    wanted = bits.SEND_MESSAGES_IN_THREADS if channel.type in THREADS else bits.SEND_MESSAGES
    return guild.channel_json(channel) | {
        "writable": bool(guild.may(user, channel) & wanted),
        "members": list(channel.members),
        "messages": list(channel.messages.values()),
    }
