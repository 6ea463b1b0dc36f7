"""A network of each kind, with the same people, place and faults: what the contract's tests are run against."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

import pytest

from adapters.discord.channel import DiscordChannel
from adapters.discord.config import DiscordConfig
from adapters.memory import MemoryChannel, MemoryNetwork
from adapters.port import Joined, Throttled, Unavailable
from adapters.slack.channel import SlackChannel
from adapters.slack.config import SlackConfig, SlackTokens
from adapters.slack.wire import Patience
from adapters.ui import Command, MenuEntry
from bot.demo.discord_side import DiscordSide
from bot.demo.side import Where
from bot.demo.slack_side import SlackSide
from desk.model import AccountRef, PlaceRef
from sandbox.control import People
from sandbox.discord import DiscordSandbox, DiscordSetup
from sandbox.slack import SlackSandbox, SlackSetup
from tests.adapters.contract.memory_side import MemorySide
from tests.adapters.ear import Ear

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from adapters.port import Channel
    from desk.model import MessageRef, ThreadRef

COMMANDS = (
    Command("ticket", {"en": "Open a ticket"}, {"en": "What it is about"}, {"en": "subject"}, suggests=True),
    Command("other", {"en": "Another"}),
)
PATIENT = 60.0  # seconds in which no answer is late, however busy the machine is
MENU = (MenuEntry("open", {"en": "Open a ticket", "fr": "Ouvrir une demande"}),)


@dataclass
class World:
    """`side` is its people; `lea` speaks French, `ada` is an agent; `role` is a group or role that Ada is in. `bare`:
    people know a message by its whole key, and a place by its name with a # before it.
    """

    name: str
    side: Any  # bot.demo.side.Side, or the memory network's
    lea: AccountRef
    ada: AccountRef
    role: str
    place: PlaceRef
    make: Callable[..., Channel]
    faults: Faults
    bare: bool = False
    channel: Channel = field(init=False)
    ear: Ear = field(default_factory=Ear)

    def __post_init__(self) -> None:
        self.channel = self.make()

    @property
    def top(self) -> Where:
        """The place itself."""
        return Where(f"#{self.place.key}" if self.bare else self.place.key)

    def where(self, thread: ThreadRef) -> Where:
        channel, _, root = thread.key.partition(":")
        return Where(channel, root)

    def line(self, message: MessageRef) -> str:
        """The id by which the side's people know a message."""
        return message.key if self.bare else message.key.split(":")[1]

    @asynccontextmanager
    async def listening(self, channel: Channel | None = None) -> AsyncIterator[Channel]:
        """A channel that hears; at the end it has let go of everything."""
        heard = channel or self.channel
        before = len(self.ear.all(Joined))
        task = asyncio.create_task(heard.run(self.ear, COMMANDS, MENU))
        try:
            while len(self.ear.all(Joined)) == before:
                await self.ear.next(Joined)
            yield heard
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            await heard.close()


class Faults(Protocol):
    """What goes wrong in a world when a test asks for it."""

    async def lose_answer(self, *, after: int = 0) -> None:
        """The next message of the desk's arrives (after some more), and it never hears of it."""

    async def refuse_direct(self, person: AccountRef) -> None:
        """They take no direct messages any more."""

    async def throttle(self, seconds: float) -> None:
        """The next message of the desk's is put off."""

    async def hurry(self) -> None:
        """The network soon delivers again what was not acknowledged, where it does so."""


def sorry(locale: str) -> str:
    return f"sorry in {locale or 'no language'}"


# --- memory -----------------------------------------------------------------------------------------------------


@dataclass
class MemoryFaults:
    network: MemoryNetwork

    async def lose_answer(self, *, after: int = 0) -> None:
        self.network.fail(Unavailable("lost"), on="say", done=True, spared=after)

    async def refuse_direct(self, person: AccountRef) -> None:
        self.network.closed_to_us.add(person.key)

    async def throttle(self, seconds: float) -> None:
        self.network.fail(Throttled(seconds), on="say")

    async def hurry(self) -> None:
        """Nothing is acknowledged here."""


@asynccontextmanager
async def memory() -> AsyncIterator[World]:
    network = MemoryNetwork("memory")
    lea = network.person("lea", "Léa Martin", locale="fr")
    ada = network.person("ada", "Ada Moreau", roles=["agents"])

    def make(token: str = "") -> Channel:
        network.token_refused = token
        return MemoryChannel("memory", network=network, sorry=sorry)

    place = network.place("support")
    side = MemorySide(MemoryChannel("memory", network=network, sorry=sorry))
    yield World("memory", side, lea, ada, "agents", place, make, MemoryFaults(network), bare=True)


# --- Slack ------------------------------------------------------------------------------------------------------


@dataclass
class SlackFaults:
    people: People
    setup: SlackSetup

    async def lose_answer(self, *, after: int = 0) -> None:
        await self.people.call("fault", kind="slow", match="chat.postMessage", times=after, delay=0.0)
        await self.people.call("fault", kind="lost_answer", match="chat.postMessage", times=1)

    async def refuse_direct(self, person: AccountRef) -> None:
        pytest.skip("nobody on Slack can refuse an app's messages")

    async def throttle(self, seconds: float) -> None:
        await self.people.call("fault", kind="rate_limited", match="chat.postMessage", times=1, retry_after=seconds)

    async def hurry(self) -> None:
        self.setup.ack_within = 0.2


@asynccontextmanager
async def slack() -> AsyncIterator[World]:
    setup = SlackSetup(
        users={
            "U0LEA": {"name": "lea", "real_name": "Léa Martin", "locale": "fr-FR"},
            "U0ADA": {"name": "ada", "real_name": "Ada Moreau", "locale": "en-GB"},
        },
        groups={"S0AGENTS": {"handle": "agents", "users": ["U0ADA"]}},
        channels={"C0SUPPORT": {"name": "support", "members": ["U0ADA", "U0LEA", "U0BOT"]}},
        commands=tuple(f"/{command.name}" for command in COMMANDS),
        shortcuts={entry.name: entry.label["en"] for entry in MENU},
        ack_within=PATIENT,
        trigger_life=PATIENT,
        retry_after=(0.0, 0.05, 0.1),
    )
    async with SlackSandbox(setup) as sandbox, People(sandbox.control_url) as people:

        def make(token: str = "") -> Channel:
            tokens = SlackTokens(bot=token or setup.bot_token, app=setup.app_token)
            patience = Patience(first=0.01, most=0.05, gap=0.0, steady=0.0, linger=0.1)
            config = SlackConfig(api_url=sandbox.url)
            return SlackChannel(config, tokens, patience=patience, sorry=sorry, acknowledge_within=PATIENT)

        side = SlackSide(people, setup.bot_user, setup.bot_token)
        lea, ada = AccountRef("slack", "U0LEA"), AccountRef("slack", "U0ADA")
        yield World(
            "slack", side, lea, ada, "S0AGENTS", PlaceRef("slack", "C0SUPPORT"), make, SlackFaults(people, setup)
        )


# --- Discord ----------------------------------------------------------------------------------------------------


@dataclass
class DiscordFaults:
    people: People

    async def lose_answer(self, *, after: int = 0) -> None:
        match = "POST /channels/*/messages"
        if after:
            await self.people.call("fault", kind="slow", match=match, times=after, delay=0.0)
        # discord.py asks again by itself, and is told by the nonce that it was said: that counts as one attempt.
        await self.people.call("fault", kind="lost_answer", match=match, times=1)

    async def refuse_direct(self, person: AccountRef) -> None:
        await self.people.call("close_dms", user=person.key)

    async def throttle(self, seconds: float) -> None:
        match = "POST /channels/*/messages"
        await self.people.call("fault", kind="rate_limited", match=match, times=1, retry_after=seconds)

    async def hurry(self) -> None:
        """Discord waits for no acknowledgement of what is said."""


@asynccontextmanager
async def discord() -> AsyncIterator[World]:
    setup = DiscordSetup(
        members={
            "201": {"username": "lea", "global_name": "Léa Martin", "locale": "fr"},
            "202": {"username": "ada", "global_name": "Ada Moreau", "locale": "en-GB", "roles": ["301"]},
        },
        roles={"301": {"name": "Agents"}},
        channels={"401": {"name": "help"}, "402": {"name": "support"}},
        answer_within=PATIENT,
    )
    async with DiscordSandbox(setup) as sandbox, People(sandbox.control_url) as people:

        def make(token: str = "") -> Channel:
            config = DiscordConfig(
                api_url=sandbox.api_url,
                gateway_url=sandbox.gateway_url,
                cdn_url=sandbox.cdn_url,
                guild=setup.guild_id,
                help_channel="401",
                requests_per_second=1e6,
            )
            return DiscordChannel(
                config,
                token or setup.token,
                sorry=sorry,
                retry_pauses=(0.01, 0.02),
                first_pause=0.02,
                defer_after=PATIENT,
            )

        side = DiscordSide(people, setup.bot_id, "401")
        lea, ada = AccountRef("discord", "201"), AccountRef("discord", "202")
        yield World("discord", side, lea, ada, "301", PlaceRef("discord", "402"), make, DiscordFaults(people))
        assert sandbox.findings == []


WORLDS = {"memory": memory, "slack": slack, "discord": discord}
