"""A Discord server on loopback: Gateway v10, REST v10 and a CDN, with people to act in it."""

from sandbox.discord.server import DiscordSandbox
from sandbox.discord.setup import DiscordSetup

__all__ = ["DiscordSandbox", "DiscordSetup"]
