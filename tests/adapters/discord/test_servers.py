"""One bot in several servers, whose shards are taken and let go while the desk runs."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest

from adapters.discord.config import DiscordServer
from adapters.discord.connection import Connection
from adapters.discord.shard import Gate
from adapters.port import Called, Gone, Joined, Said
from adapters.ui import Card, Post
from desk.model import AccountRef, PlaceRef
from tests.adapters.discord.conftest import (
    ADA,
    AGENTS,
    COMMANDS,
    HELP,
    LEA,
    MENU,
    SUPPORT,
    Server,
    serving,
    setup,
    until,
)
from tests.adapters.ear import Ear

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from adapters.discord.channel import DiscordChannel

HERE, ACME = str(4 << 22), str(5 << 22)  # of shards 0 and 1 of two
BEN, STAFF = "203", "302"
ACME_HELP, ACME_SUPPORT = "501", "502"
CARD = Post(card=Card("#1 · x"))


def world(**changes: Any) -> Any:
    acme = {
        "name": "Acme",
        "channels": {ACME_HELP: {"name": "help"}, ACME_SUPPORT: {"name": "support"}},
        "roles": {STAFF: {"name": "Staff"}},
        "members": {BEN: {"username": "ben", "locale": "fr", "roles": [STAFF]}, ADA: {"nick": "Ada of Acme"}},
    }
    return serving(setup(guild_id=HERE, other_guilds={ACME: acme}, **({"shards": 2} | changes)))


class Desk:
    """The channels of both servers over one connection, as one instance of a desk has them."""

    def __init__(self, server: Server, **changes: Any) -> None:
        config = server.config(**changes)
        self.ear = Ear()
        self.connection = Connection(config, server.sandbox.setup.token, first_pause=0.02, identify_every=0.0)
        self.channels = {
            "discord": self._channel(server, config, "discord", None),
            "discord-acme": self._channel(
                server, config, "discord-acme", DiscordServer(guild=ACME, help_channel=ACME_HELP)
            ),
        }
        self.home, self.acme = self.channels.values()

    def _channel(self, server: Server, config: Any, name: str, other: DiscordServer | None) -> DiscordChannel:
        made: DiscordChannel = server.channel(config=config, name=name, server=other, connection=self.connection)
        return made

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Desk]:
        tasks = [asyncio.create_task(channel.run(self.ear, COMMANDS, MENU)) for channel in self.channels.values()]
        try:
            yield self
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            for channel in self.channels.values():
                await channel.close()

    async def joined(self, *names: str) -> None:
        """Until each has been heard anew, once."""
        assert sorted([(await self.ear.next(Joined)).channel for _ in names]) == sorted(names)


async def shards(server: Server) -> Any:
    return (await server.do("sockets"))["shards"]


async def says(server: Server, desk: Desk, user: str, channel: DiscordChannel, place: str, words: str) -> Said:
    """Somebody writes in a ticket's thread there, and it is heard."""
    opened = await channel.open_thread(PlaceRef(channel.name, place), f"#1 · {words}", CARD, key=words, recall=None)
    await server.do("say", user=user, channel=opened.thread.key, content=words)
    return await desk.ear.next(Said)


async def test_both_servers_are_heard_each_by_its_own_name_over_the_shards_that_discord_advises() -> None:
    async with world() as server, Desk(server).running() as desk:
        await desk.joined("discord", "discord-acme")
        assert await shards(server) == [[0, 2], [1, 2]]
        assert await desk.connection.shards() == 2
        here = await says(server, desk, ADA, desk.home, SUPPORT, "here")
        there = await says(server, desk, ADA, desk.acme, ACME_SUPPORT, "there")
        assert [here.account, there.account] == [AccountRef("discord", ADA), AccountRef("discord-acme", ADA)]
        assert [await channel.health() for channel in desk.channels.values()] == ["connected"] * 2


async def test_people_have_in_each_server_the_name_and_the_roles_of_that_server() -> None:
    async with world() as server, Desk(server).running() as desk:
        await desk.joined("discord", "discord-acme")
        here, there = [await c.profile(AccountRef(c.name, ADA)) for c in desk.channels.values()]
        assert (here.name, there.name) == ("Ada Moreau", "Ada of Acme")
        assert (AGENTS in here.roles, AGENTS in there.roles) == (True, False)
        assert list(await desk.acme.members([STAFF])) == [AccountRef("discord-acme", BEN)]
        assert await desk.home.members([STAFF]) == ()
        opened = await desk.acme.open_thread(AccountRef("discord-acme", BEN), "#2 · x", CARD, key="k", recall=None)
        [thread] = await server.do("threads", channel=ACME_HELP)
        assert (thread["id"], set(thread["members"]) >= {BEN}) == (opened.thread.key, True)
        with pytest.raises(Gone):
            await desk.home.open_thread(AccountRef("discord", BEN), "#3 · x", CARD, key="k2", recall=None)
        assert desk.acme.link(opened.thread).endswith(f"/channels/{ACME}/{opened.thread.key}")


async def test_an_instance_without_a_shard_hears_nothing_and_delivers_all_the_same() -> None:
    async with world() as server:
        desk = Desk(server)
        await desk.connection.hear(())
        async with desk.running():

            async def is_logged_in() -> bool:
                return await desk.acme.health() == "connected"

            await until(is_logged_in)
            opened = await desk.acme.open_thread(
                PlaceRef("discord-acme", ACME_SUPPORT), "#1", CARD, key="k", recall=None
            )
            [said] = await desk.acme.post(opened.thread, Post("over REST"), key="k2", recall=None)
            await server.do("say", user=ADA, channel=opened.thread.key, content="unheard")
            assert [entry.body async for entry in desk.acme.history(opened.thread, "")] == ["unheard"]
            quote = await desk.acme.quote(said)
            assert (quote.body, quote.thread) == ("over REST", opened.thread)
            assert (await desk.acme.quote(opened.card)).thread is None
            await desk.acme.whisper(AccountRef("discord-acme", BEN), Post("to you alone"), key="w")
            assert await shards(server) == []
            assert desk.ear.all(Said) == []


async def test_a_shard_is_taken_over_and_let_go_while_the_desk_runs() -> None:
    async with world() as server, AsyncExitStack() as running:
        old, new = Desk(server), Desk(server)
        await old.connection.hear({0, 1})
        await new.connection.hear(())
        await running.enter_async_context(old.running())
        await running.enter_async_context(new.running())
        await old.joined("discord", "discord-acme")
        await old.connection.hear({0})
        assert await shards(server) == [[0, 2]]  # silent when that returns
        thread = (
            await old.acme.open_thread(PlaceRef("discord-acme", ACME_SUPPORT), "#1", CARD, key="k", recall=None)
        ).thread
        await server.do("say", user=ADA, channel=thread.key, content="heard by nobody")
        await new.connection.hear({1})
        await new.joined("discord-acme")  # and with it what was missed is looked for
        assert [said.body async for said in new.acme.history(thread, "")] == ["heard by nobody"]
        await server.do("say", user=ADA, channel=thread.key, content="heard by the new one")
        assert (await new.ear.next(Said)).body == "heard by the new one"
        assert (old.ear.all(Said), len(old.ear.all(Joined)), len(new.ear.all(Joined))) == ([], 2, 1)
        assert [await desk.acme.health() for desk in (old, new)] == ["connected"] * 2
        await new.connection.hear(())
        await old.connection.hear({0, 1})
        await old.joined("discord-acme")
        assert await shards(server) == [[0, 2], [1, 2]]


async def test_two_shards_of_one_bucket_wait_for_each_other_and_one_that_came_too_soon_tries_again() -> None:
    async with world(identify_every=0.3, max_concurrency=1) as server:
        desk, other = Desk(server), Desk(server)
        for each in (desk, other):
            each.connection._gate._every = 0.3
        await desk.connection.hear({0})
        await other.connection.hear({1})
        async with desk.running(), other.running():
            await desk.joined("discord")
            await other.joined("discord-acme")


async def test_the_gate_lets_one_through_at_a_time_for_each_bucket() -> None:
    pauses: list[float] = []

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)

    gate = Gate(5.0, clock=lambda: 100.0, sleep=sleep)
    gate.buckets = 2
    for shard in (0, 1, 2):
        await gate.turn(shard)
    assert len(pauses) == 1
    assert 5.0 <= pauses[0] <= 6.0


async def test_what_is_said_directly_belongs_to_a_server_in_which_the_person_is() -> None:
    async with world() as server, Desk(server).running() as desk:
        await desk.joined("discord", "discord-acme")

        async def directly(user: str, words: str) -> AccountRef:
            channel = (await server.do("dm", user=user))["channel"]
            await server.do("say", user=user, channel=channel, content=words)
            said = await desk.ear.next(Said)
            assert (said.body, said.thread) == (words, None)
            return said.account

        assert await directly(LEA, "one") == AccountRef("discord", LEA)
        assert await directly(BEN, "two") == AccountRef("discord-acme", BEN)
        assert await directly(ADA, "three") == AccountRef("discord", ADA)
        await says(server, desk, ADA, desk.acme, ACME_SUPPORT, "in the other server")
        assert await directly(ADA, "four") == AccountRef("discord-acme", ADA)
        await server.do("remove_member", user=ADA, guild=ACME)
        await says(server, desk, ADA, desk.home, SUPPORT, "left the other")
        assert await directly(ADA, "five") == AccountRef("discord", ADA)


@pytest.mark.parametrize("how", ("server", "global"))
async def test_commands_are_registered_with_each_server_or_everywhere_and_never_twice(how: str) -> None:
    async with world() as server:
        async with Desk(server, commands="global" if how == "server" else "server").running() as before:
            await before.joined("discord", "discord-acme")
        async with Desk(server, commands=how).running() as desk:
            await desk.joined("discord", "discord-acme")
            held = {guild: len(await server.do("commands", guild=guild)) for guild in ("", HERE, ACME)}
            assert held == ({"": 0, HERE: 2, ACME: 2} if how == "server" else {"": 2, HERE: 0, ACME: 0})
            for user, channel, name in ((LEA, HELP, "discord"), (BEN, ACME_HELP, "discord-acme")):
                await server.do("command", user=user, channel=channel, name="ticket", options={})
                assert (await desk.ear.next(Called)).account == AccountRef(name, user)
