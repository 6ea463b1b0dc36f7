"""What every channel promises about what it hears: words, edits, files, history, people, and trouble."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from adapters.port import Deleted, Edited, FileIn, Gone, Joined, Reacted, Rejected, Said, Shortcut, TokenRefused
from adapters.ui import Button, Card, Post
from bot.demo.side import wait_line
from desk.model import AccountRef, MessageRef, ThreadRef
from sandbox.control import upload
from tests.adapters.ear import WITHIN

if TYPE_CHECKING:
    from adapters.port import Answer, Heard
    from tests.adapters.contract.worlds import World

CARD = Post(card=Card("#1 · x", actions=(Button("claim", "Claim", "1"),)))


async def opened(world: World) -> ThreadRef:
    return (await world.channel.open_thread(world.place, "#1 · x", CARD, key="o", recall=None)).thread


async def test_words_in_a_thread_are_heard_in_order_and_our_own_are_not(world: World) -> None:
    slow = {"0": 0.03, "1": 0.01}

    async def answer(heard: Heard) -> None:
        if isinstance(heard, Said):
            await asyncio.sleep(slow.get(heard.body, 0))

    world.ear.answer = answer
    thread = await opened(world)
    await world.channel.post(thread, Post("ours"), key="p", recall=None)
    sent = [await world.side.say(world.ada.key, world.where(thread), str(number)) for number in range(4)]
    heard = [await world.ear.next(Said) for _ in sent]
    assert [said.body for said in heard] == ["0", "1", "2", "3"]
    assert [world.line(said.message) for said in heard] == sent
    assert {(said.account, said.thread) for said in heard} == {(world.ada, thread)}
    assert all(said.at.tzinfo is not None for said in heard)


async def test_an_edit_and_a_deletion_name_the_message(world: World) -> None:
    thread = await opened(world)
    where = world.where(thread)
    sent = await world.side.say(world.ada.key, where, "frist")
    said = await world.ear.next(Said)
    await world.side.edit(world.ada.key, where, sent, "first")
    edited = await world.ear.next(Edited)
    assert (edited.message, edited.account, edited.thread, edited.body) == (said.message, world.ada, thread, "first")
    await world.side.delete(world.ada.key, where, sent)
    deleted = await world.ear.next(Deleted)
    assert (deleted.message, deleted.thread) == (said.message, thread)
    assert deleted.id != edited.id


async def test_what_we_withdraw_ourselves_is_not_heard(world: World) -> None:
    thread = await opened(world)
    (ref,) = await world.channel.post(thread, Post("ours"), key="p", recall=None)
    await world.channel.edit(ref, Post("ours, edited"))
    await world.channel.delete(ref)
    await world.side.say(world.ada.key, world.where(thread), "after")
    assert (await world.ear.next(Said)).body == "after"
    assert world.ear.all(Deleted) == []
    assert world.ear.all(Edited) == []


async def test_a_file_is_heard_and_read_and_anothers_network_is_never_asked(world: World) -> None:
    thread = await opened(world)
    file = upload("hé llo.txt", b"hello" * 50_000, "text/plain")
    await world.side.say(world.ada.key, world.where(thread), "see", [file])
    (found,) = (await world.ear.next(Said)).files
    assert (found.media_type, found.size) == ("text/plain", 250_000)
    assert b"".join([chunk async for chunk in world.channel.read(found)]) == b"hello" * 50_000
    foreign = FileIn(world.name, "http://169.254.169.254/latest/meta-data", "x", "text/plain", 1)
    with pytest.raises((Rejected, Gone)):
        [chunk async for chunk in world.channel.read(foreign)]


async def test_words_to_the_bot_directly_are_answered_there(world: World) -> None:
    world.ear.answer = lambda heard: Card("Hello!") if isinstance(heard, Said) else None
    direct = await world.side.direct(world.lea.key)
    await world.side.say(world.lea.key, direct, "anybody?")
    said = await world.ear.next(Said)
    assert (said.account, said.thread, said.body) == (world.lea, None, "anybody?")
    assert (await wait_line(world.side, direct, "Hello!")).author == world.side.bot


async def test_what_could_not_be_handled_is_handed_over_again(world: World) -> None:
    tries: list[str] = []

    def answer(heard: Heard) -> Answer:
        if isinstance(heard, Said):
            tries.append(heard.body)
            if len(tries) == 1:
                raise RuntimeError("the disk is full")
        return None

    world.ear.answer = answer
    thread = await opened(world)
    await world.faults.hurry()
    await world.side.say(world.ada.key, world.where(thread), "once")
    first, second = await world.ear.next(Said), await world.ear.next(Said)
    assert first == second


async def test_history_gives_what_people_said_after_a_mark(world: World) -> None:
    thread = await opened(world)
    where = world.where(thread)
    await world.side.say(world.ada.key, where, "one")
    await world.side.say(world.ada.key, where, "two", [upload("a.txt", b"a", "text/plain")])
    await world.channel.post(thread, Post("ours"), key="p", recall=None)
    await world.side.say(world.lea.key, where, "three")
    said = [await world.ear.next(Said) for _ in range(3)]
    assert [entry async for entry in world.channel.history(thread, "")] == said
    assert [entry async for entry in world.channel.history(thread, said[0].message.key)] == said[1:]
    assert [entry async for entry in world.channel.history(thread, said[2].message.key)] == []


async def test_a_desk_made_anew_hears_again_and_finds_what_it_missed(quiet: World) -> None:
    async with quiet.listening():
        thread = await opened(quiet)
        await quiet.side.say(quiet.ada.key, quiet.where(thread), "before")
        before = await quiet.ear.next(Said)
    await quiet.side.say(quiet.ada.key, quiet.where(thread), "while away")
    async with quiet.listening(quiet.make()) as channel:
        found = [said.body async for said in channel.history(thread, before.message.key)]
        assert found == ["while away"]
        await quiet.side.say(quiet.ada.key, quiet.where(thread), "after")
        while (await quiet.ear.next(Said)).body != "after":
            pass


async def test_people_have_names_languages_and_roles(world: World) -> None:
    ada = await world.channel.profile(world.ada)
    assert (ada.name, ada.bot) == ("Ada Moreau", False)
    assert {world.ada.key, world.role} <= ada.roles
    await world.side.call(world.lea.key)
    assert (await world.channel.profile(world.lea)).locale.startswith("fr")
    for nobody in ("999", "", "é"):
        with pytest.raises(Gone):
            await world.channel.profile(AccountRef(world.name, nobody))


async def test_who_bears_an_id_is_known_before_they_speak(world: World) -> None:
    channel = world.channel
    assert list(await channel.members([world.role])) == [world.ada]
    assert list(await channel.members([world.role, world.ada.key])) == [world.ada]
    assert set(await channel.members([world.role, world.lea.key])) == {world.ada, world.lea}
    assert list(await channel.members(["999", "U0NOBODY", "S0NOBODY"])) == []
    assert list(await channel.members([])) == []


async def test_a_message_is_quoted_wherever_it_stands(world: World) -> None:
    sent = await world.side.say(world.ada.key, world.top, "It **jams**", [upload("a.txt", b"a", "text/plain")])
    ref = await message(world, sent)
    quote = await world.channel.quote(ref)
    assert (quote.message, quote.author, quote.name, quote.thread) == (ref, world.ada, "Ada Moreau", None)
    assert "jams" in quote.body
    assert [file.name for file in quote.files] == ["a.txt"]
    assert quote.url.startswith("http")
    thread = await opened(world)
    await world.side.say(world.ada.key, world.where(thread), "inside")
    inside = await world.channel.quote((await world.ear.next(Said)).message)
    assert (inside.body, inside.thread) == ("inside", thread)
    with pytest.raises(Gone):
        await world.channel.quote(MessageRef(world.name, ref.key.replace(sent, "1")))


async def message(world: World, sent: str) -> MessageRef:
    """What was said in the place itself, which is not heard, as a ref."""
    if world.bare:
        return MessageRef(world.name, sent)
    return MessageRef(world.name, f"{world.place.key}:{sent}")


async def test_a_shortcut_on_a_message_quotes_it(world: World) -> None:
    world.ear.answer = lambda heard: Card("Taken") if isinstance(heard, Shortcut) else None
    sent = await world.side.say(world.ada.key, world.top, "It jams")
    assert "Taken" in await world.side.shortcut(world.lea.key, world.top, sent, "Open a ticket")
    heard = await world.ear.next(Shortcut)
    assert (heard.name, heard.account) == ("open", world.lea)
    assert (heard.quote.message, heard.quote.author, heard.quote.body) == (
        await message(world, sent),
        world.ada,
        "It jams",
    )
    assert heard.quote.url == (await world.channel.quote(heard.quote.message)).url


async def test_a_reaction_names_emoji_person_and_message(world: World) -> None:
    sent = await world.side.say(world.ada.key, world.top, "It jams")
    await world.side.react(world.lea.key, world.top, sent, "🎫")
    heard = await world.ear.next(Reacted)
    assert (heard.account, heard.emoji, heard.message) == (world.lea, "🎫", await message(world, sent))


async def test_a_token_that_is_refused_ends_it_with_the_reason(quiet: World) -> None:
    channel = quiet.make(token="stolen")
    try:
        async with asyncio.timeout(WITHIN):
            with pytest.raises(TokenRefused):
                await channel.run(quiet.ear, ())
        assert (await channel.health()).startswith("stopped: ")
    finally:
        await channel.close()


async def test_health_says_where_it_stands(quiet: World) -> None:
    assert not (await quiet.channel.health()).startswith("connected")
    async with quiet.listening() as channel:
        assert await channel.health() == "connected"
    assert (await channel.health()).startswith("stopped")
    assert len(quiet.ear.all(Joined)) == 1
