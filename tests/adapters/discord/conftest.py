"""A server on loopback with two people in it, and a DiscordChannel that listens there."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from adapters.discord.channel import DiscordChannel
from adapters.discord.config import DiscordConfig
from adapters.port import Joined
from adapters.ui import Command, MenuEntry
from sandbox.control import People
from sandbox.discord import DiscordSandbox, DiscordSetup
from tests.adapters.ear import WITHIN, Ear

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from adapters.port import Listener

LEA, ADA, AGENTS = "201", "202", "301"
HELP, SUPPORT, FORUM = "401", "402", "403"
COMMANDS = (
    Command(
        "ticket",
        {"en": "Open a ticket", "fr": "Ouvrir une demande"},
        {"en": "What it is about", "fr": "De quoi il s'agit"},
        {"en": "subject", "fr": "sujet"},
        suggests=True,
    ),
)
MENU = (MenuEntry("ticket.open", {"en": "Open a ticket", "fr": "Ouvrir une demande"}),)
PATIENT = 60.0  # seconds in which no answer is late, however busy the machine is; tests of lateness have their own


def setup(**changes: Any) -> DiscordSetup:
    made: dict[str, Any] = {
        "members": {
            LEA: {"username": "lea", "global_name": "Léa Martin", "locale": "fr"},
            ADA: {"username": "ada", "global_name": "Ada Moreau", "locale": "en-GB", "roles": [AGENTS]},
        },
        "roles": {AGENTS: {"name": "Agents"}},
        "channels": {
            HELP: {"name": "help", "type": 0},
            SUPPORT: {"name": "support", "type": 0},
            FORUM: {"name": "desk", "type": 15},
        },
        "answer_within": PATIENT,
    }
    return DiscordSetup(**(made | changes))


@dataclass
class Server:
    """The sandbox, and what people do in it: `await server.do("say", user=…, channel=…, content=…)`."""

    sandbox: DiscordSandbox
    people: People

    async def do(self, verb: str, **arguments: Any) -> Any:
        return await self.people.call(verb, **arguments)

    async def messages(self, channel: str) -> list[dict[str, Any]]:
        return list(await self.do("messages", channel=channel))

    async def whispers(self, user: str) -> list[dict[str, Any]]:
        """What the bot told them alone."""
        return list(await self.do("ephemerals", user=user))

    async def calls(self, match: str) -> list[dict[str, Any]]:
        return list(await self.do("calls", match=match))

    async def until(self, look: Callable[[], Awaitable[Any]], what: str) -> Any:
        return await self.people.until(look, what, within=WITHIN)

    def config(self, **changes: Any) -> DiscordConfig:
        made: dict[str, Any] = {
            "api_url": self.sandbox.api_url,
            "gateway_url": self.sandbox.gateway_url,
            "cdn_url": self.sandbox.cdn_url,
            "guild": self.sandbox.setup.guild_id,
            "help_channel": HELP,
            "requests_per_second": 1e6,
        }
        return DiscordConfig(**(made | changes))

    def channel(self, *, token: str = "", config: DiscordConfig | None = None, **options: Any) -> DiscordChannel:
        given: dict[str, Any] = {
            "sorry": lambda locale: f"sorry in {locale}",
            "expired": lambda locale: f"expired in {locale}",
            "nothing_found": lambda locale: f"nothing found in {locale}",
            "retry_pauses": (0.01, 0.02),
            "defer_after": PATIENT,
            "first_pause": 0.02,
            "identify_every": 0.0,
        }
        return DiscordChannel(config or self.config(), token or self.sandbox.setup.token, **(given | options))


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    """For what is to happen in the code under test, which tells nobody."""
    async with asyncio.timeout(WITHIN):
        while not await condition():  # noqa: ASYNC110 - it is asked over a socket: there is nothing to wait on
            await asyncio.sleep(0.005)


@asynccontextmanager
async def listening(channel: DiscordChannel, ear: Listener) -> AsyncIterator[asyncio.Task[None]]:
    task = asyncio.create_task(channel.run(ear, COMMANDS, MENU))
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await channel.close()


@asynccontextmanager
async def serving(made: DiscordSetup) -> AsyncIterator[Server]:
    """Fails where the adapter sent anything that Discord would refuse."""
    async with DiscordSandbox(made) as sandbox, People(sandbox.control_url) as people:
        yield Server(sandbox, people)
        assert sandbox.findings == []


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    async with serving(setup()) as here:
        yield here


@pytest.fixture
def ear() -> Ear:
    return Ear()


@pytest.fixture
async def channel(server: Server, ear: Ear) -> AsyncIterator[DiscordChannel]:
    made = server.channel()
    async with listening(made, ear):
        await ear.next(Joined)
        yield made
