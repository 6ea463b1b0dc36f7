"""Threads, posts, edits and files on a Discord server, over real sockets; calls that fail half way included."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from adapters.port import Denied, FileIn, Gone, Recall, Rejected, Said, Throttled, Unavailable
from adapters.ui import Author, Button, Card, Fact, FileOut, Post
from desk.model import AccountRef, MessageRef, PlaceRef, ThreadRef
from tests.adapters.discord.conftest import ADA, AGENTS, FORUM, HELP, LEA, SUPPORT, until

if TYPE_CHECKING:
    from pathlib import Path

    from adapters.discord.channel import DiscordChannel
    from tests.adapters.discord.conftest import Server
    from tests.adapters.ear import Ear

CARD = Post(
    card=Card("#42 · Printer jams", "It jams.", (Fact("Status", "New"),), actions=(Button("a", "Claim", "42"),))
)
TITLE = "#42 · Printer jams"
POST = "POST /channels/*/messages"


async def opened(channel: DiscordChannel) -> ThreadRef:
    place = PlaceRef("discord", SUPPORT)
    return (await channel.open_thread(place, TITLE, CARD, key="open", recall=None)).thread


async def test_a_place_gets_a_card_with_a_thread_below_it(channel: DiscordChannel, server: Server) -> None:
    made = await channel.open_thread(PlaceRef("discord", SUPPORT), TITLE, CARD, key="1", recall=None)
    (card,) = await server.messages(SUPPORT)
    assert made.card == MessageRef("discord", f"{SUPPORT}:{card['id']}")
    assert card["embeds"][0]["title"] == r"\#42 · Printer jams"
    (thread,) = await server.do("threads", channel=SUPPORT)
    assert (thread["id"], thread["name"], thread["type"]) == (made.thread.key, TITLE, 11)
    assert thread["thread_metadata"]["auto_archive_duration"] == 10080


async def test_a_forum_gets_a_post_whose_first_message_is_the_card(channel: DiscordChannel, server: Server) -> None:
    made = await channel.open_thread(PlaceRef("discord", FORUM), TITLE, CARD, key="1", recall=None)
    assert made.card.key == f"{made.thread.key}:{made.thread.key}"
    (card,) = await server.messages(made.thread.key)
    assert card["components"][0]["components"][0]["custom_id"] == "a|42"


async def test_a_person_gets_a_private_thread_that_others_do_not_see(channel: DiscordChannel, server: Server) -> None:
    made = await channel.open_thread(AccountRef("discord", LEA), TITLE, CARD, key="1", recall=None)
    (thread,) = await server.do("threads", channel=HELP, user=LEA)
    assert thread["type"] == 12
    assert thread["thread_metadata"]["invitable"] is False
    assert LEA in thread["members"]
    assert await server.do("threads", channel=HELP, user=ADA) == []
    assert [message["id"] for message in await server.messages(made.thread.key)] == [made.card.key.split(":")[1]]


async def test_a_thread_for_somebody_who_is_not_there_is_not_left_behind(
    channel: DiscordChannel, server: Server
) -> None:
    with pytest.raises(Gone):
        await channel.open_thread(AccountRef("discord", "999"), TITLE, CARD, key="1", recall=None)
    assert await server.do("threads", channel=HELP) == []


@pytest.mark.parametrize("call", (POST, "POST /channels/*/messages/*/threads"))
async def test_a_card_whose_answer_was_lost_is_found_again(channel: DiscordChannel, server: Server, call: str) -> None:
    place = PlaceRef("discord", SUPPORT)
    await server.do("fault", kind="lost_answer", match=call, times=1)
    with pytest.raises(Unavailable):
        await channel.open_thread(place, TITLE, CARD, key="1", recall=None)
    server.sandbox.guild._nonces.clear()  # long after
    made = await channel.open_thread(place, TITLE, CARD, key="1", recall=Recall(None))
    assert len(await server.messages(SUPPORT)) == 1
    assert [thread["id"] for thread in await server.do("threads", channel=SUPPORT)] == [made.thread.key]


@pytest.mark.parametrize("call", ("POST /channels/*/threads", POST))
async def test_a_private_thread_whose_answer_was_lost_is_completed(
    channel: DiscordChannel, server: Server, call: str
) -> None:
    person = AccountRef("discord", LEA)
    await server.do("fault", kind="lost_answer", match=call, times=1)
    with pytest.raises(Unavailable):
        await channel.open_thread(person, TITLE, CARD, key="1", recall=None)
    server.sandbox.guild._nonces.clear()  # long after
    made = await channel.open_thread(person, TITLE, CARD, key="1", recall=Recall(None))
    (thread,) = await server.do("threads", channel=HELP)
    assert (thread["id"], LEA in thread["members"]) == (made.thread.key, True)
    assert len(await server.messages(made.thread.key)) == 1


async def test_an_archived_private_thread_is_found_and_completed_too(channel: DiscordChannel, server: Server) -> None:
    person = AccountRef("discord", LEA)
    first = await channel.open_thread(person, TITLE, CARD, key="1", recall=None)
    await server.do("archive", thread=first.thread.key)
    assert await channel.open_thread(person, TITLE, CARD, key="1", recall=Recall(None)) == first


async def test_a_forum_post_whose_answer_was_lost_is_found_again(channel: DiscordChannel, server: Server) -> None:
    place = PlaceRef("discord", FORUM)
    await server.do("fault", kind="lost_answer", match="POST /channels/*/threads", times=1)
    with pytest.raises(Unavailable):
        await channel.open_thread(place, TITLE, CARD, key="1", recall=None)
    made = await channel.open_thread(place, TITLE, CARD, key="1", recall=Recall(None))
    assert [thread["id"] for thread in await server.do("threads", channel=FORUM)] == [made.thread.key]


async def test_a_reply_is_said_under_its_authors_name_and_pings_nobody(channel: DiscordChannel, server: Server) -> None:
    thread = await opened(channel)
    (ref,) = await channel.post(
        thread, Post("Hello @everyone, try **this**.", Author("Lé*a*", "Support"), "edited"), key="k", recall=None
    )
    (said,) = await server.messages(thread.key)
    assert ref.key == f"{thread.key}:{said['id']}"
    assert said["content"].startswith("**Lé\\*a\\*** · Support · edited\n")
    assert said["content"].endswith("try **this**.")
    (call,) = [call for call in await server.calls(POST) if call["body"].get("nonce") == "k:0"]
    assert call["body"]["allowed_mentions"] == {"parse": [], "replied_user": False}
    assert call["body"]["enforce_nonce"] is True


@pytest.mark.parametrize("late", (False, True))
async def test_a_long_post_that_broke_off_is_continued_and_nothing_is_said_twice(
    channel: DiscordChannel, server: Server, *, late: bool
) -> None:
    thread = await opened(channel)
    (before,) = await channel.post(thread, Post("before"), key="k0", recall=None)
    long = Post("\n\n".join(f"{number} " + "word " * 150 for number in range(6)), Author("Ada"))
    await server.do("fault", kind="lost_answer", match=POST, times=1)
    with pytest.raises(Unavailable):
        await channel.post(thread, long, key="k1", recall=None)
    if late:
        server.sandbox.guild._nonces.clear()
    refs = await channel.post(thread, long, key="k1", recall=Recall(before))
    said = [message for message in await server.messages(thread.key) if message["content"] != "before"]
    assert [ref.key.split(":")[1] for ref in refs] == [message["id"] for message in said]
    assert len(said) > 2
    text = "\n\n".join(message["content"] for message in said)
    assert [text.count(f"{number} word") for number in range(6)] == [1] * 6


async def test_the_same_words_said_before_are_not_taken_for_an_earlier_attempt(
    channel: DiscordChannel, server: Server
) -> None:
    thread = await opened(channel)
    (first,) = await channel.post(thread, Post("thanks"), key="k0", recall=None)
    (second,) = await channel.post(thread, Post("thanks"), key="k1", recall=Recall(first))
    assert first != second
    assert len(await server.messages(thread.key)) == 2


async def test_an_edit_grows_and_shrinks_with_its_words(channel: DiscordChannel, server: Server) -> None:
    thread = await opened(channel)
    refs = await channel.post(thread, Post("short", Author("Ada")), key="k0", recall=None)
    long = Post("\n\n".join("word " * 150 for _ in range(4)), Author("Ada"))
    grown = await channel.revise(thread, refs, long, key="k1", recall=None)
    assert grown[0] == refs[0]
    assert len(await server.messages(thread.key)) == len(grown) > 1
    again = await channel.revise(thread, grown, Post("short again", Author("Ada")), key="k2", recall=None)
    assert again == refs
    assert [message["content"] for message in await server.messages(thread.key)] == ["**Ada**\nshort again"]


async def test_a_file_stays_when_its_words_get_shorter(channel: DiscordChannel, server: Server, tmp_path: Path) -> None:
    (tmp_path / "blob").write_bytes(b"%PDF")
    file = FileOut("manual.pdf", "application/pdf", 4, tmp_path / "blob")
    thread = await opened(channel)
    long = Post("\n\n".join("word " * 150 for _ in range(4)), Author("Ada"), files=(file,))
    refs = await channel.post(thread, long, key="k0", recall=None)
    kept = await channel.revise(thread, refs, Post("short", Author("Ada"), files=(file,)), key="k1", recall=None)
    assert {refs[0], refs[-1]} <= set(kept)
    messages = await server.messages(thread.key)
    assert [message["content"] for message in messages if message["content"]] == ["**Ada**\nshort"]
    assert [file["filename"] for message in messages for file in message["attachments"]] == ["manual.pdf"]


async def test_a_card_is_shown_anew_and_a_deletion_can_be_repeated(channel: DiscordChannel, server: Server) -> None:
    made = await channel.open_thread(PlaceRef("discord", SUPPORT), TITLE, CARD, key="1", recall=None)
    await channel.edit(made.card, Post(card=Card("#42 · Closed")))
    (card,) = await server.messages(SUPPORT)
    assert card["embeds"][0]["title"] == r"\#42 · Closed"
    assert card["components"] == []
    (ref,) = await channel.post(made.thread, Post("oops"), key="2", recall=None)
    await channel.delete(ref)
    await channel.delete(ref)
    assert await server.messages(made.thread.key) == []
    with pytest.raises(Gone):
        await channel.edit(ref, Post("too late"))


async def test_a_closed_thread_is_put_away_within_the_hour_and_comes_back_for_a_reply(
    channel: DiscordChannel, server: Server
) -> None:
    thread = await opened(channel)
    for _ in range(2):
        await channel.close_thread(thread, closed=True)
    assert await metadata(server) == (False, False, 60)
    await silence(channel, thread)
    await channel.close_thread(thread, closed=True)
    await channel.post(thread, Post("one more thing"), key="2", recall=None)
    assert await metadata(server) == (False, False, 60)
    await silence(channel, thread)
    for _ in range(2):
        await channel.close_thread(thread, closed=False)
    assert await metadata(server) == (False, False, 10_080)


async def silence(channel: DiscordChannel, thread: ThreadRef) -> None:
    """What Discord does with a thread in which nobody has said anything for long enough."""
    await channel._rest.ask("PATCH", "/channels/{channel_id}", json={"archived": True}, channel_id=thread.key)


async def metadata(server: Server) -> tuple[bool, bool, int]:
    """Whether the one thread is put away, whether it is locked, and after how many minutes it is put away."""
    (shown,) = await server.do("threads", channel=SUPPORT)
    known = shown["thread_metadata"]
    return known["archived"], known["locked"], known["auto_archive_duration"]


async def test_a_message_in_a_closed_thread_can_be_edited_and_withdrawn(
    channel: DiscordChannel, server: Server
) -> None:
    thread = await opened(channel)
    refs = await channel.post(thread, Post("first words"), key="2", recall=None)
    await silence(channel, thread)
    await channel.revise(thread, refs, Post("better words"), key="3", recall=None)
    assert [message["content"] for message in await server.messages(thread.key)] == ["better words"]
    await channel.delete(refs[0])
    assert await server.messages(thread.key) == []


async def test_files_travel_both_ways(channel: DiscordChannel, server: Server, ear: Ear, tmp_path: Path) -> None:
    (tmp_path / "blob").write_bytes(b"\x89PNG" * 1000)
    thread = await opened(channel)
    files = tuple(FileOut(f"{number} é.png", "image/png", 4000, tmp_path / "blob") for number in range(12))
    refs = await channel.post(thread, Post("see", Author("Ada"), files=files), key="2", recall=None)
    assert len(refs) == 2
    names = [file["filename"] for message in await server.messages(thread.key) for file in message["attachments"]]
    assert len(names) == 12

    upload = {"name": "log.txt", "content_type": "text/plain", "data_base64": "aGVsbG8="}
    await server.do("say", user=ADA, channel=thread.key, content="mine", files=[upload])
    said = await ear.next(Said)
    (file,) = said.files
    assert (file.name, file.media_type, file.size) == ("log.txt", "text/plain", 5)
    assert b"".join([chunk async for chunk in channel.read(file)]) == b"hello"
    channel._files._addresses.drop(file.key.split(":")[2])  # after a restart the address is asked for anew
    assert b"".join([chunk async for chunk in channel.read(file)]) == b"hello"


async def test_files_are_fetched_from_discords_own_hosts_only(channel: DiscordChannel, ear: Ear) -> None:
    for address in (
        "http://169.254.169.254/latest",
        "http://cdn.discordapp.com/x",
        "https://cdn.discordapp.com.evil.example/x",
    ):
        with pytest.raises(Rejected):
            async for _ in channel.read(FileIn("discord", address, "x", "text/plain", 1)):
                pass


async def test_history_gives_what_people_said_after_a_mark_in_order(channel: DiscordChannel, server: Server) -> None:
    thread = await opened(channel)
    for number in range(105):
        await server.do("say", user=ADA, channel=thread.key, content=f"word {number}")
    await channel.post(thread, Post("ours"), key="2", recall=None)
    said = [entry async for entry in channel.history(thread, "")]
    assert [entry.body for entry in said] == [f"word {number}" for number in range(105)]
    assert [entry.body async for entry in channel.history(thread, said[102].message.key)] == ["word 103", "word 104"]
    with pytest.raises(Gone):
        _ = [entry async for entry in channel.history(ThreadRef("discord", "999"), "")]


async def test_a_profile_has_name_roles_and_own_id(channel: DiscordChannel, server: Server) -> None:
    profile = await channel.profile(AccountRef("discord", ADA))
    assert (profile.name, profile.roles, profile.locale, profile.bot) == (
        "Ada Moreau",
        frozenset({ADA, AGENTS}),
        "",
        False,
    )
    with pytest.raises(Gone):
        await channel.profile(AccountRef("discord", "999"))


async def test_a_role_that_was_taken_counts_at_once(channel: DiscordChannel, server: Server) -> None:
    async def is_no_agent() -> bool:
        return AGENTS not in (await channel.profile(AccountRef("discord", ADA))).roles

    assert not await is_no_agent()
    await server.do("set_roles", user=ADA, roles=[])
    await until(is_no_agent)


async def test_what_discord_refuses_has_its_class(channel: DiscordChannel, server: Server) -> None:
    thread = await opened(channel)
    await server.do("fault", kind="rate_limited", match=POST, times=1, retry_after=40)
    with pytest.raises(Throttled) as throttled:
        await channel.post(thread, Post("x"), key="2", recall=None)
    assert throttled.value.retry_after == pytest.approx(40)
    await server.do("fault", kind="server_error", match=POST, times=1, status=503)
    with pytest.raises(Unavailable):
        await channel.post(thread, Post("x"), key="2", recall=None)
    with pytest.raises(Gone):
        await channel.post(ThreadRef("discord", "999"), Post("x"), key="3", recall=None)
    with pytest.raises((Denied, Rejected)):
        await channel.open_thread(PlaceRef("discord", thread.key), TITLE, CARD, key="4", recall=None)


async def test_before_the_login_nothing_waits(server: Server) -> None:
    channel = server.channel()
    with pytest.raises(Unavailable):
        await channel.post(ThreadRef("discord", "1"), Post("x"), key="1", recall=None)
    await channel.close()
