"""The SDKs alone: slack-bolt and discord.py as their own guides show them, receiving a message and posting it. No rows.

`python -m benchmarks.sdks SLACK_API_URL DISCORD_API_URL GATEWAY_URL CHANNEL`: what a relay through these two libraries
costs before it has done anything of its own. Nothing is kept, so nothing is durable; the floor and the desk both are.
"""

from __future__ import annotations

import asyncio
import sys
from typing import Any

import discord
import yarl
from discord.gateway import DiscordWebSocket
from discord.http import Route
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.app.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.demo.stage import ENVIRONMENT


async def main(slack: str, api: str, gateway: str, channel: str) -> None:
    """Relay until terminated."""
    Route.BASE = api
    DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(gateway)
    client = discord.Client(intents=discord.Intents.default())
    await client.login(ENVIRONMENT["DISCORD_TOKEN"])
    connection = asyncio.create_task(client.connect())
    target = client.get_partial_messageable(int(channel))
    app = AsyncApp(client=AsyncWebClient(ENVIRONMENT["SLACK_BOT_TOKEN"], base_url=slack))

    @app.event("message")
    async def relay(event: dict[str, Any]) -> None:
        await target.send(event["text"])

    handler = AsyncSocketModeHandler(app, ENVIRONMENT["SLACK_APP_TOKEN"], web_client=app.client)
    await handler.connect_async()  # type: ignore[no-untyped-call] # bolt's
    await connection


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:5]))
