"""A workspace on loopback with two people in it, and a SlackChannel that listens there."""

from __future__ import annotations

import asyncio
import base64
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self, TypeVar

import aiohttp
import pytest

from adapters.port import Joined
from adapters.slack.channel import SlackChannel
from adapters.slack.config import SlackConfig, SlackTokens
from adapters.slack.wire import Patience
from adapters.ui import Command
from sandbox.slack import SlackSandbox, SlackSetup

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from adapters.port import Answer, Heard, Listener

H = TypeVar("H")

LEA, ADA, BOT, SUPPORT, LOBBY = "U0LEA", "U0ADA", "U0BOT", "C0SUPPORT", "C0LOBBY"
COMMANDS = (Command("ticket", {"en": "Open a ticket"}),)
QUICK = Patience(first=0.01, most=0.05, gap=0.0, steady=0.0, linger=0.1)
WITHIN = 5.0  # seconds until a test that waits is given up


def setup() -> SlackSetup:
    return SlackSetup(
        users={
            LEA: {"name": "lea", "real_name": "Léa Martin", "locale": "fr-FR"},
            ADA: {"name": "ada", "real_name": "Ada Moreau", "locale": "en-GB"},
        },
        groups={"S0AGENTS": {"handle": "agents", "users": [ADA]}},
        channels={
            SUPPORT: {"name": "support", "members": [ADA, BOT]},
            LOBBY: {"name": "lobby", "members": [LEA, ADA]},
        },
        shortcuts={"open": "Open a ticket", "quiet": "Nothing"},
        ack_within=0.5,
        retry_after=(0.0, 0.05, 0.1),
    )


@dataclass
class Ear:
    """A listener that remembers what it heard, and answers as it is told."""

    heard: list[Heard] = field(default_factory=list)
    answer: Callable[[Heard], Answer] = lambda _heard: None
    _changed: asyncio.Condition = field(default_factory=asyncio.Condition)
    _taken: set[int] = field(default_factory=set)

    async def __call__(self, heard: Heard) -> Answer:
        try:
            return self.answer(heard)
        finally:
            async with self._changed:
                self.heard.append(heard)
                self._changed.notify_all()

    async def next(self, kind: type[H]) -> H:
        """The oldest of this kind that was not asked for yet."""
        async with asyncio.timeout(WITHIN), self._changed:
            while True:
                for number, heard in enumerate(self.heard):
                    if isinstance(heard, kind) and number not in self._taken:
                        self._taken.add(number)
                        return heard
                await self._changed.wait()

    def all(self, kind: type[H]) -> list[H]:
        return [heard for heard in self.heard if isinstance(heard, kind)]


@dataclass
class Workspace:
    """What people do in the sandbox, by its control interface: `await workspace.do("say", user=…, …)`."""

    sandbox: SlackSandbox
    _session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession()
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._session is not None
        await self._session.close()

    async def do(self, verb: str, **arguments: Any) -> Any:
        assert self._session is not None
        async with self._session.post(f"{self.sandbox.control_url}/{verb}", json=arguments) as response:
            return await response.json()

    async def dm(self, user: str) -> str:
        return str((await self.do("dm", user=user))["channel"])

    async def messages(self, channel: str, thread_ts: str | None = None) -> list[dict[str, Any]]:
        return list(await self.do("messages", channel=channel, thread_ts=thread_ts))

    async def calls(self, method: str) -> list[dict[str, Any]]:
        return [call["args"] for call in await self.do("calls", method=method)]

    async def until_open(self, sockets: int = 1) -> None:
        delivery = self.sandbox.app.delivery
        await until(lambda: len(delivery.sockets) == sockets)

    def channel(self, **options: Any) -> SlackChannel:
        made = self.sandbox.app.setup
        tokens = SlackTokens(bot=options.pop("bot", made.bot_token), app=options.pop("app", made.app_token))
        config = SlackConfig(api_url=options.pop("api_url", self.sandbox.url))
        return SlackChannel(config, tokens, patience=options.pop("patience", QUICK), **options)


async def until(condition: Callable[[], bool]) -> None:
    """For what is to happen in the code under test, which tells nobody."""
    async with asyncio.timeout(WITHIN):
        while not condition():  # noqa: ASYNC110 - the one place that looks again and again
            await asyncio.sleep(0.001)


def upload(name: str, data: bytes, content_type: str = "application/octet-stream") -> dict[str, str]:
    return {"name": name, "data_base64": base64.b64encode(data).decode(), "content_type": content_type}


def words(message: dict[str, Any]) -> str:
    """What a message's blocks say, in order."""

    def leaves(node: Any) -> list[str]:
        if isinstance(node, dict):
            own = [node["text"]] if isinstance(node.get("text"), str) else []
            return own + [leaf for value in node.values() if isinstance(value, dict | list) for leaf in leaves(value)]
        return [leaf for entry in node for leaf in leaves(entry)] if isinstance(node, list) else []

    return "".join(leaves(message.get("blocks", [])))


@asynccontextmanager
async def listening(channel: SlackChannel, ear: Listener) -> AsyncIterator[asyncio.Task[None]]:
    task = asyncio.create_task(channel.run(ear, COMMANDS))
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await channel.close()


@pytest.fixture
async def workspace() -> AsyncIterator[Workspace]:
    async with SlackSandbox(setup()) as sandbox, Workspace(sandbox) as here:
        yield here


@pytest.fixture
def ear() -> Ear:
    return Ear()


@pytest.fixture
async def channel(workspace: Workspace, ear: Ear) -> AsyncIterator[SlackChannel]:
    made = workspace.channel()
    async with listening(made, ear):
        await ear.next(Joined)
        yield made
