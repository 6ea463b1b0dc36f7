"""What discord.py and Discord's own pages are told of the permissions and intents that config.py lists."""

from __future__ import annotations

import discord

from adapters.discord.config import INTENTS, PERMISSIONS


def intents() -> discord.Intents:
    """The intents as the gateway is asked for them."""
    return discord.Intents(**dict.fromkeys(INTENTS, True))


def invitation(application_id: str) -> str:
    """The link by which an admin of a server lets the bot in, with just the permissions that it needs."""
    permissions = discord.Permissions(**dict.fromkeys(PERMISSIONS, True))
    scopes = "bot%20applications.commands"
    query = f"client_id={application_id}&scope={scopes}&permissions={permissions.value}"
    return f"https://discord.com/oauth2/authorize?{query}"
