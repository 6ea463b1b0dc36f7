"""What an operator writes under [discord], and what the bot must be allowed and told when it is invited."""

from __future__ import annotations

from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, field_validator

# Permission → why the desk needs it. discord.com/developers/docs/topics/permissions
PERMISSIONS: dict[str, str] = {
    "view_channel": "sees the channels in which it works",
    "send_messages": "posts tickets' cards in text channels and opens posts in forums",
    "send_messages_in_threads": "relays replies",
    "create_public_threads": "opens agents' threads",
    "create_private_threads": "opens clients' threads in the help channel",
    "manage_threads": "puts threads away and takes them out again, locked ones too",
    "read_message_history": "reads what was said while the desk was away",
    "embed_links": "cards are embeds",
    "attach_files": "relays attachments",
    "pin_messages": "pins the card by which people open tickets, where it is put up",
}

# Gateway intent → why. The two marked are privileged: they are switched on by hand on the application's Bot page.
INTENTS: dict[str, str] = {
    "guilds": "knows channels, threads and roles by name, and which channel is a thread",
    "guild_messages": "hears what is said, changed and deleted in threads",
    "guild_reactions": "hears the emoji by which a message becomes a ticket",
    "dm_messages": "hears people who write to the bot directly",
    "message_content": "reads the words of what it hears (privileged)",
    "members": "a role given or taken counts at once, and who has it is known before they speak (privileged)",
}
PRIVILEGED = ("Message Content Intent", "Server Members Intent")  # as they are called on the Bot page


class DiscordServer(BaseModel):
    """What a desk has to know of each server that its bot is in."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    guild: str = Field(pattern=r"^[0-9]{1,20}$")  # id of the server
    help_channel: str = Field(pattern=r"^[0-9]{1,20}$")  # text channel in which clients' private threads are opened
    pinned: list[Annotated[str, Field(pattern=r"^[0-9]{1,20}$")]] = Field(default_factory=list)  # ids of text channels


class DiscordConfig(DiscordServer):
    """[discord] of config.toml: the bot, and the first of its servers. The token is named here by its environment
    variable, never written.

    discord.py keeps the three addresses in class attributes: one process speaks to one Discord.
    """

    api_url: str = "https://discord.com/api/v10"
    gateway_url: str = "wss://gateway.discord.gg/"
    cdn_url: str = "https://cdn.discordapp.com"
    token_env: str = "DISCORD_TOKEN"  # noqa: S105 - the variable's name
    commands: Literal["server", "global"] = "server"  # where slash commands are registered
    shard_count: int = Field(default=0, ge=0)  # 0: as many as Discord advises
    requests_per_second: float = Field(default=45, gt=0)  # Discord refuses more than 50 over all routes

    @field_validator("api_url", "cdn_url")
    @classmethod
    def _http_address(cls, value: str) -> str:
        return _address(value, "https", "http").rstrip("/")

    @field_validator("gateway_url")
    @classmethod
    def _socket_address(cls, value: str) -> str:
        return _address(value, "wss", "ws")


def _address(value: str, *schemes: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in schemes or not parts.hostname:
        raise ValueError(f"an address that begins with {schemes[0]}:// is needed")
    return value
