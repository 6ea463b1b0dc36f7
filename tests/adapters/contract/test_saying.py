"""What every channel promises about what the desk says: threads, posts, edits, announcements, whispers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from adapters.port import Denied, Gone, Recall, Rejected, Throttled, Unavailable
from adapters.ui import Author, Button, Card, Fact, FileOut, Post
from desk.model import AccountRef, MessageRef, PlaceRef, ThreadRef

if TYPE_CHECKING:
    from pathlib import Path

    from tests.adapters.contract.worlds import World

CARD = Post(card=Card("#42 · Printer", "It jams.", facts=(Fact("Status", "New"),), actions=(Button("claim", "Claim"),)))
LONG = Post("\n\n".join(f"Paragraph {number}: " + "word " * 150 for number in range(40)), Author("Léa", "Client"))


async def opened(world: World, where: PlaceRef | AccountRef | None = None) -> tuple[ThreadRef, MessageRef]:
    made = await world.channel.open_thread(where or world.place, "#42 · Printer", CARD, key="o", recall=None)
    return made.thread, made.card


async def test_a_thread_opens_in_a_place_and_for_one_person_with_its_card_first(world: World) -> None:
    for where in (world.place, world.lea):
        thread, card = await opened(world, where)
        first, *rest = await world.side.read(world.where(thread))
        assert (first.id, first.buttons) == (world.line(card), ("Claim",))
        assert "#42 · Printer" in first.text
        assert "It jams." in first.text
        assert rest == []


async def test_a_thread_for_nobody_or_nowhere_is_gone(world: World) -> None:
    for where in (PlaceRef(world.name, "999"), AccountRef(world.name, "999")):
        with pytest.raises((Gone, Denied)):
            await opened(world, where)


async def test_long_words_become_several_messages_in_order_which_are_edited_and_withdrawn_as_one(world: World) -> None:
    thread, _ = await opened(world)
    refs = await world.channel.post(thread, LONG, key="p", recall=None)
    assert len(refs) > 1
    lines = (await world.side.read(world.where(thread)))[1:]
    assert [line.id for line in lines] == [world.line(ref) for ref in refs]
    words = "\n".join(line.text for line in lines)
    assert [words.count(f"Paragraph {number}:") for number in range(40)] == [1] * 40
    assert lines[0].text.count("Léa") == 1

    short = await world.channel.revise(thread, refs, Post("Never mind", Author("Léa")), key="r1", recall=None)
    (line,) = (await world.side.read(world.where(thread)))[1:]
    assert short == refs[:1]
    assert "Never mind" in line.text
    again = await world.channel.revise(thread, short, LONG, key="r2", recall=None)
    lines = (await world.side.read(world.where(thread)))[1:]
    assert [line.id for line in lines] == [world.line(ref) for ref in again]
    assert len(again) == len(refs)
    for ref in again:
        await world.channel.delete(ref)
    assert len(await world.side.read(world.where(thread))) == 1


async def test_a_card_is_changed_in_place(world: World) -> None:
    thread, card = await opened(world)
    await world.channel.edit(card, Post(card=Card("#42 · Printer", "Mended.")))
    (line,) = await world.side.read(world.where(thread))
    assert "Mended." in line.text
    assert line.buttons == ()


async def test_what_is_gone_can_be_deleted_again_but_not_edited(world: World) -> None:
    thread, _ = await opened(world)
    (ref,) = await world.channel.post(thread, Post("x"), key="p", recall=None)
    await world.channel.delete(ref)
    await world.channel.delete(ref)
    with pytest.raises(Gone):
        await world.channel.edit(ref, Post("y"))


async def test_others_words_are_not_edited(world: World) -> None:
    thread, card = await opened(world)
    said = await world.side.say(world.ada.key, world.where(thread), "mine")
    theirs = MessageRef(world.name, card.key.replace(world.line(card), said))
    if world.name == "discord":  # a thread's messages are not in its parent's channel
        theirs = MessageRef(world.name, f"{thread.key}:{said}")
    elif world.bare:
        theirs = MessageRef(world.name, said)
    with pytest.raises(Denied):
        await world.channel.edit(theirs, Post("ours"))


async def test_a_post_whose_answer_was_lost_is_recognised_part_by_part(world: World) -> None:
    thread, card = await opened(world)
    await world.faults.lose_answer(after=1)
    try:
        await world.channel.post(thread, LONG, key="p", recall=None)
    except Unavailable:
        pass  # discord.py asks again by itself, with the same nonce
    else:
        assert world.name == "discord"
    refs = await world.channel.post(thread, LONG, key="p", recall=Recall(card))
    lines = (await world.side.read(world.where(thread)))[1:]
    assert [line.id for line in lines] == [world.line(ref) for ref in refs]


async def test_a_thread_whose_answer_was_lost_is_found_and_not_opened_again(world: World) -> None:
    await world.faults.lose_answer()
    try:
        await opened(world)
    except Unavailable:
        pass  # as above
    else:
        assert world.name == "discord"
    made = await world.channel.open_thread(world.place, "#42 · Printer", CARD, key="o", recall=Recall(None))
    assert [line.id for line in await world.side.read(world.where(made.thread))] == [world.line(made.card)]
    again = await world.channel.open_thread(world.place, "#42 · Printer", CARD, key="o", recall=Recall(None))
    assert again == made


async def test_files_arrive_with_the_words(world: World, tmp_path: Path) -> None:
    thread, _ = await opened(world)
    files = []
    for number in range(12):
        path = tmp_path / f"{number}"
        path.write_bytes(b"bytes %d" % number)
        files.append(FileOut(f"f{number}.txt", "text/plain", path.stat().st_size, path))
    await world.channel.post(thread, Post("Look", Author("Léa"), files=tuple(files)), key="p", recall=None)
    lines = (await world.side.read(world.where(thread)))[1:]
    assert sorted(name for line in lines for name in line.files) == sorted(file.name for file in files)
    assert await world.side.file(world.where(thread), "f11.txt") == b"bytes 11"
    assert "Look" in lines[0].text


async def test_a_stored_file_that_is_gone_is_rejected(world: World, tmp_path: Path) -> None:
    thread, _ = await opened(world)
    lost = FileOut("lost.txt", "text/plain", 5, tmp_path / "lost.txt")
    with pytest.raises(Rejected):
        await world.channel.post(thread, Post("see", files=(lost,)), key="p", recall=None)


async def test_a_throttled_network_says_when_to_come_back(world: World) -> None:
    thread, _ = await opened(world)
    await world.faults.throttle(45)
    with pytest.raises(Throttled) as throttled:
        await world.channel.post(thread, Post("x"), key="p", recall=None)
    assert 40 < throttled.value.retry_after < 50


async def test_a_thread_that_is_put_away_still_takes_words(world: World) -> None:
    thread, _ = await opened(world)
    for closed in (True, True, False, False, True):
        await world.channel.close_thread(thread, closed=closed)
    await world.channel.post(thread, Post("one more thing"), key="p", recall=None)
    assert "one more thing" in (await world.side.read(world.where(thread)))[-1].text


async def test_an_announcement_is_said_once_in_the_place_itself(world: World) -> None:
    first = await world.channel.announce(world.place, CARD, key="a1", pin=True)
    assert await world.channel.announce(world.place, CARD, key="a1", pin=True) == first
    lines = [line for line in await world.side.read(world.top) if line.buttons]
    assert [line.id for line in lines] == [world.line(first)]
    with pytest.raises((Gone, Denied)):
        await world.channel.announce(PlaceRef(world.name, "999"), CARD, key="a2")


async def test_a_whisper_reaches_one_person(world: World) -> None:
    said = await world.channel.whisper(world.lea, Post("psst"), key="w")
    lines = await world.side.read(await world.side.direct(world.lea.key))
    assert [line.text for line in lines] == ["psst"]
    assert said is not None
    assert world.line(said) == lines[0].id
    with pytest.raises(Gone):
        await world.channel.whisper(AccountRef(world.name, "999"), Post("psst"), key="w2")


async def test_a_whisper_to_who_takes_none_is_denied(world: World) -> None:
    await world.faults.refuse_direct(world.ada)
    with pytest.raises(Denied):
        await world.channel.whisper(world.ada, Post("psst"), key="w")


async def test_links_are_known_once_it_is_connected_and_tell_things_apart(world: World) -> None:
    thread, card = await opened(world)
    (ref,) = await world.channel.post(thread, Post("x"), key="p", recall=None)
    links = {world.channel.link(entry) for entry in (card, ref)}
    assert len(links) == 2
    assert all(link.startswith("http") for link in (*links, world.channel.link(thread)))


async def test_refs_of_no_network_are_refused_and_not_asked_for(world: World) -> None:
    for key in ("", "x", "../..", "٣:٣", "é" * 5):
        with pytest.raises((Gone, Denied)):
            await world.channel.post(ThreadRef(world.name, key), Post("x"), key="p", recall=None)
        with pytest.raises((Gone, Denied)):
            await world.channel.edit(MessageRef(world.name, key), Post("x"))
        with pytest.raises((Gone, Denied)):
            await world.channel.quote(MessageRef(world.name, key))


async def test_before_it_listens_what_is_owed_waits_or_is_said_but_never_breaks(quiet: World) -> None:
    try:
        await quiet.channel.announce(quiet.place, Post("early"), key="p")
    except Unavailable:
        said = 0
    else:
        said = 1
    await quiet.channel.close()
    assert sum("early" in line.text for line in await quiet.side.read(quiet.top)) == said
