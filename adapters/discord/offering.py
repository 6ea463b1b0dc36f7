"""What a server has for config.toml to name: channels and roles, as far as the bot sees them."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import aiohttp
import discord
from discord.http import Route

from adapters.discord.gateway import point_at
from adapters.discord.invitation import intents
from adapters.findings import Choice, Offered
from adapters.port import TokenRefused, Unavailable

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from adapters.discord.config import DiscordConfig

TEXT, FORUM = 0, 15  # types of channels


@asynccontextmanager
async def _logged_in(config: DiscordConfig, token: str) -> AsyncIterator[discord.Client]:
    point_at(config)
    client = discord.Client(intents=intents())
    try:
        async with client:
            await client.login(token)
            yield client
    except discord.LoginFailure as error:
        raise TokenRefused("Discord refuses the token") from error
    except (discord.DiscordException, aiohttp.ClientError, TimeoutError, OSError) as error:
        raise Unavailable(f"{config.api_url}: {error}") from error


async def application(config: DiscordConfig, token: str) -> tuple[str, tuple[Choice, ...]]:
    """The application's id, and the servers that its bot is in. TokenRefused or Unavailable."""
    async with _logged_in(config, token) as client:
        about = await client.http.request(Route("GET", "/applications/@me"))
        guilds = await client.http.request(Route("GET", "/users/@me/guilds"))
    return str(about["id"]), tuple(Choice(str(guild["id"]), str(guild["name"])) for guild in guilds)


async def offered(config: DiscordConfig, token: str) -> Offered:
    """Of the server `config.guild`. TokenRefused or Unavailable."""
    async with _logged_in(config, token) as client:
        guild: Any = await client.http.request(Route("GET", f"/guilds/{config.guild}"))
        channels: Any = await client.http.request(Route("GET", f"/guilds/{config.guild}/channels"))
        roles: Any = await client.http.request(Route("GET", f"/guilds/{config.guild}/roles"))
        bot = client.user.name if client.user else ""
    text = [channel for channel in channels if channel["type"] == TEXT]
    both = [channel for channel in channels if channel["type"] in {TEXT, FORUM}]
    given = [role for role in roles if role["id"] != config.guild and not role.get("managed")]
    return Offered(
        bot=bot,
        house=str(guild["name"]),
        places=tuple(Choice(str(channel["id"]), f"#{channel['name']}") for channel in both),
        rooms=tuple(Choice(str(channel["id"]), f"#{channel['name']}") for channel in text),
        people=tuple(Choice(str(role["id"]), f"@{role['name']}") for role in given),
    )
