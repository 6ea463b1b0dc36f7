"""What is heard from a Discord server, in which order, and what happens when hearing or handing over fails."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

import pytest

from adapters.port import Deleted, Edited, Joined, Said, TokenRefused
from adapters.ui import Card, Post
from desk.model import AccountRef, MessageRef, PlaceRef, ThreadRef
from tests.adapters.discord.conftest import ADA, LEA, SUPPORT, listening, serving, setup, until
from tests.adapters.ear import WITHIN, Ear

if TYPE_CHECKING:
    from adapters.discord.channel import DiscordChannel
    from adapters.port import Heard
    from tests.adapters.discord.conftest import Server


async def opened(channel: DiscordChannel) -> ThreadRef:
    card = Post(card=Card("#1 · x"))
    return (await channel.open_thread(PlaceRef("discord", SUPPORT), "#1 · x", card, key="o", recall=None)).thread


async def test_words_in_a_thread_are_heard_in_order(channel: DiscordChannel, server: Server, ear: Ear) -> None:
    thread = await opened(channel)
    slow = {"0": 0.05, "1": 0.02}

    async def answer(heard: Heard) -> None:
        if isinstance(heard, Said):
            await asyncio.sleep(slow.get(heard.body, 0))

    ear.answer = answer
    for number in range(5):
        await server.do("say", user=ADA, channel=thread.key, content=str(number))
    said = [await ear.next(Said) for _ in range(5)]
    assert [entry.body for entry in said] == ["0", "1", "2", "3", "4"]
    assert {entry.thread for entry in said} == {thread}
    assert {entry.account for entry in said} == {AccountRef("discord", ADA)}


async def test_words_outside_threads_and_our_own_are_not_heard(
    channel: DiscordChannel, server: Server, ear: Ear
) -> None:
    thread = await opened(channel)
    await server.do("say", user=ADA, channel=SUPPORT, content="at the top")
    await channel.post(thread, Post("ours"), key="k", recall=None)
    await server.do("say", user=ADA, channel=thread.key, content="hello")
    assert (await ear.next(Said)).body == "hello"
    assert len(ear.all(Said)) == 1


async def test_a_direct_message_is_answered_with_a_message(channel: DiscordChannel, server: Server, ear: Ear) -> None:
    ear.answer = lambda heard: Card("Hello!") if isinstance(heard, Said) else None
    direct = (await server.do("dm", user=LEA))["channel"]
    await server.do("say", user=LEA, channel=direct, content="anybody there?")
    assert (await ear.next(Said)).thread is None

    async def answered() -> bool:
        return len(await server.messages(direct)) == 2

    await server.until(answered, "an answer")
    assert (await server.messages(direct))[1]["embeds"][0]["title"] == "Hello!"


async def test_edits_and_deletions_are_heard_but_not_our_own(channel: DiscordChannel, server: Server, ear: Ear) -> None:
    thread = await opened(channel)
    said = await server.do("say", user=ADA, channel=thread.key, content="befor")
    await server.do("edit", user=ADA, channel=thread.key, message=said["id"], content="before")
    edited = await ear.next(Edited)
    assert (edited.body, edited.message) == ("before", MessageRef("discord", f"{thread.key}:{said['id']}"))
    (ours,) = await channel.post(thread, Post("ours"), key="k", recall=None)
    await channel.delete(ours)
    await server.do("delete", user=ADA, channel=thread.key, message=said["id"])
    assert (await ear.next(Deleted)).message == edited.message
    assert len(ear.all(Deleted)) == 1


async def test_a_listener_that_fails_is_told_again_before_anything_later(
    channel: DiscordChannel, server: Server, ear: Ear
) -> None:
    thread = await opened(channel)
    failures = 2

    def answer(heard: Heard) -> None:
        nonlocal failures
        if isinstance(heard, Said) and failures:
            failures -= 1
            raise RuntimeError("the disk is full")

    ear.answer = answer
    for words in ("first", "second"):
        await server.do("say", user=ADA, channel=thread.key, content=words)
    assert [(await ear.next(Said)).body for _ in range(4)] == ["first", "first", "first", "second"]


async def test_what_was_said_while_the_socket_was_away_is_heard_after_it_resumes(
    channel: DiscordChannel, server: Server, ear: Ear
) -> None:
    thread = await opened(channel)
    await server.do("disconnect", code=4000)
    await server.do("say", user=ADA, channel=thread.key, content="in between")
    assert (await ear.next(Said)).body == "in between"
    assert len(ear.all(Joined)) == 1
    assert await channel.health() == "connected"


async def test_a_new_session_tells_that_something_may_have_been_missed(server: Server, ear: Ear) -> None:
    channel = server.channel()
    async with listening(channel, ear):
        await ear.next(Joined)
        await server.do("disconnect", code=4000, resume=False)
        await ear.next(Joined)


async def test_a_wrong_token_is_refused_with_the_variable_and_the_fix(server: Server, ear: Ear) -> None:
    channel = server.channel(token="wrong")
    with pytest.raises(TokenRefused, match=r"DISCORD_TOKEN.*Reset Token"):
        await channel.run(ear, ())
    assert (await channel.health()).startswith("stopped: ")
    await channel.close()


async def test_missing_intents_are_named() -> None:
    async with serving(setup(privileged_intents=False)) as server:
        channel = server.channel()
        with pytest.raises(TokenRefused, match="Message Content Intent and Server Members Intent"):
            async with asyncio.timeout(WITHIN):
                await channel.run(Ear(), ())
        await channel.close()


async def test_an_unreachable_network_is_tried_until_it_is_there(server: Server, ear: Ear) -> None:
    await server.do("fault", kind="server_error", match="GET /users/@me", times=2, status=503)
    channel = server.channel()
    async with listening(channel, ear):

        async def says_so() -> bool:
            return "503" in await channel.health()

        await until(says_so)
        await ear.next(Joined)
        assert await channel.health() == "connected"


async def test_nothing_listening_at_all_is_tried_again_too(server: Server, ear: Ear) -> None:
    nowhere = server.config(api_url="http://127.0.0.1:9/api/v10")
    channel = server.channel(config=nowhere)
    async with listening(channel, ear) as running:

        async def says_so() -> bool:
            return (await channel.health()).startswith("connecting: Cannot connect")

        await until(says_so)
        assert not running.done()


async def test_a_bot_that_is_not_in_the_server_says_so(server: Server, ear: Ear) -> None:
    channel = server.channel(config=server.config(guild="999"))
    async with listening(channel, ear):

        async def says_so() -> bool:
            return "not in the server 999" in await channel.health()

        await until(says_so)


async def test_calls_go_on_after_listening_has_ended(server: Server, ear: Ear) -> None:
    channel = server.channel()
    running = asyncio.create_task(channel.run(ear, ()))
    await ear.next(Joined)
    running.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await running
    thread = await opened(channel)
    assert await channel.post(thread, Post("a last word"), key="k", recall=None)
    await channel.close()


async def test_the_token_is_in_no_repr(server: Server) -> None:
    channel = server.channel(token="s3cret")
    assert "s3cret" not in f"{channel!r} {vars(channel)['_rest']!r}"
