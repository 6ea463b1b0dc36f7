"""The stand-in for Discord as its tests use it: REST with the bot's token, a minimal gateway client, and people."""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Self

import aiohttp

from sandbox.control import People
from sandbox.discord import DiscordSandbox, DiscordSetup
from sandbox.discord.permissions import VIEW_CHANNEL

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

BEN, SAM = "601", "602"
HELP, HIDDEN, FORUM = "201", "202", "203"
ALL_INTENTS = (1 << 0) | (1 << 1) | (1 << 9) | (1 << 10) | (1 << 12) | (1 << 15)


def setup(**changes: Any) -> DiscordSetup:
    nobody = [{"id": "100", "type": 0, "allow": "0", "deny": str(VIEW_CHANNEL)}]
    return DiscordSetup(
        members={BEN: {"username": "ben"}, SAM: {"username": "sam"}},
        channels={
            HELP: {"name": "help"},
            HIDDEN: {"name": "hidden", "permission_overwrites": nobody},
            FORUM: {"name": "forum", "type": 15},
        },
        **changes,
    )


class Caller:
    """REST with the bot's token, and people."""

    def __init__(self, discord: DiscordSandbox, session: aiohttp.ClientSession, people: People) -> None:
        self.discord = discord
        self.session = session
        self.people = people

    async def __call__(self, call: str, body: Any = None, token: str = "discord-sandbox-token") -> dict[str, Any]:
        method, path = call.split(" ")
        headers = {"Authorization": f"Bot {token}"}
        async with self.session.request(method, f"{self.discord.api_url}{path}", json=body, headers=headers) as answer:
            found = await answer.json() if answer.status != 204 else {}
            found = {"list": found} if isinstance(found, list) else found
            return {"status": answer.status, "headers": dict(answer.headers), **(found or {})}

    async def thread(self, kind: int = 11) -> str:
        body = {"name": "#1 · x", "type": kind}
        return str((await self(f"POST /channels/{HELP}/threads", body))["id"])


@asynccontextmanager
async def serving(made: DiscordSetup) -> AsyncIterator[Caller]:
    """A server on loopback until the block ends."""
    async with (
        DiscordSandbox(made) as sandbox,
        aiohttp.ClientSession() as session,
        People(sandbox.control_url) as people,
    ):
        yield Caller(sandbox, session, people)


class Client:
    """A minimal gateway client."""

    def __init__(self, caller: Caller, *, token: str = "discord-sandbox-token", intents: int = ALL_INTENTS) -> None:
        self.caller = caller
        self.hello = {"token": token, "intents": intents, "properties": {}}
        self.sequence = 0
        self.session = ""

    async def __aenter__(self) -> Self:
        self.socket = await self.caller.session.ws_connect(f"{self.caller.discord.gateway_url}/?v=10&encoding=json")
        assert (await self.socket.receive_json())["op"] == 10
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.socket.close()

    async def identify(self) -> None:
        await self.socket.send_json({"op": 2, "d": self.hello})

    async def next(self, kind: str) -> dict[str, Any]:
        while True:
            message = await asyncio.wait_for(self.socket.receive(), 5)
            if message.type is not aiohttp.WSMsgType.TEXT:
                return {"closed": message.data}
            frame = json.loads(message.data)
            self.sequence = frame.get("s") or self.sequence
            if frame.get("t") == kind or f"op {frame['op']}" == kind:
                found: dict[str, Any] = frame["d"] if isinstance(frame["d"], dict) else {"d": frame["d"]}
                self.session = found.get("session_id", self.session)
                return found


async def command(discord: Caller, client: Client) -> tuple[asyncio.Task[Any], dict[str, Any]]:
    await discord("PUT /applications/900/guilds/100/commands", [{"name": "ticket", "description": "Open one"}])
    typed = asyncio.create_task(discord.people.call("command", user=BEN, name="ticket", channel=HELP))
    return typed, await client.next("INTERACTION_CREATE")
