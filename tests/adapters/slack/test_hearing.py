"""People talk in Slack, and the desk hears it: over real sockets, once for each thing that was said."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from adapters.port import Deleted, Edited, Heard, Said
from adapters.ui import Card, Post
from desk.model import AccountRef, MessageRef, PlaceRef, ThreadRef
from tests.adapters.slack.conftest import ADA, LEA, LOBBY, SUPPORT, WITHIN, listening, until, upload

if TYPE_CHECKING:
    from adapters.port import Answer
    from adapters.slack.channel import SlackChannel
    from tests.adapters.slack.conftest import Ear, Workspace

PLACE = PlaceRef("slack", SUPPORT)


async def a_thread(channel: SlackChannel) -> tuple[ThreadRef, str]:
    opened = await channel.open_thread(PLACE, "#1 · Printer", Post(card=Card("Printer")), key="open-1", recall=None)
    return opened.thread, opened.thread.key.partition(":")[2]


async def test_words_in_a_thread_are_heard_with_their_author_and_formatting(
    workspace: Workspace, channel: SlackChannel, ear: Ear
) -> None:
    thread, ts = await a_thread(channel)
    said = await workspace.do("say", user=ADA, channel=SUPPORT, text="It is *broken*", thread_ts=ts)
    heard = await ear.next(Said)
    assert heard.account == AccountRef("slack", ADA)
    assert heard.thread == thread
    assert heard.message == MessageRef("slack", f"{SUPPORT}:{said['ts']}")
    assert heard.body == "It is **broken**"


async def test_mentions_are_heard_as_names(workspace: Workspace, channel: SlackChannel, ear: Ear) -> None:
    _, ts = await a_thread(channel)
    await workspace.do("say", user=ADA, channel=SUPPORT, text=f"ask <@{LEA}>", thread_ts=ts)
    assert (await ear.next(Said)).body == "ask @Léa Martin"


async def test_a_direct_message_has_no_thread(workspace: Workspace, channel: SlackChannel, ear: Ear) -> None:
    direct = await workspace.dm(LEA)
    await workspace.do("say", user=LEA, channel=direct, text="hello")
    heard = await ear.next(Said)
    assert (heard.thread, heard.body) == (None, "hello")


async def test_talk_outside_threads_and_our_own_words_are_not_heard(
    workspace: Workspace, channel: SlackChannel, ear: Ear
) -> None:
    thread, ts = await a_thread(channel)
    await workspace.do("say", user=ADA, channel=SUPPORT, text="good morning everybody")
    await channel.post(thread, Post(body="from the desk"), key="k", recall=None)
    await workspace.do("say", user=ADA, channel=SUPPORT, text="in the thread", thread_ts=ts)
    await ear.next(Said)
    assert [said.body for said in ear.all(Said)] == ["in the thread"]


async def test_files_are_heard_and_can_be_read(workspace: Workspace, channel: SlackChannel, ear: Ear) -> None:
    _, ts = await a_thread(channel)
    data = bytes(range(256)) * 1000
    file = upload("photo.png", data, "image/png")
    await workspace.do("say", user=ADA, channel=SUPPORT, text="see", thread_ts=ts, files=[file])
    (heard,) = (await ear.next(Said)).files
    assert (heard.name, heard.media_type, heard.size) == ("photo.png", "image/png", len(data))
    assert b"".join([chunk async for chunk in channel.read(heard)]) == data


async def test_an_edit_and_a_deletion_are_heard(workspace: Workspace, channel: SlackChannel, ear: Ear) -> None:
    thread, ts = await a_thread(channel)
    said = await workspace.do("say", user=ADA, channel=SUPPORT, text="one", thread_ts=ts)
    await workspace.do("edit", user=ADA, channel=SUPPORT, ts=said["ts"], text="two")
    edited = await ear.next(Edited)
    message = MessageRef("slack", f"{SUPPORT}:{said['ts']}")
    assert (edited.thread, edited.message, edited.body) == (thread, message, "two")
    await workspace.do("delete", user=ADA, channel=SUPPORT, ts=said["ts"])
    deleted = await ear.next(Deleted)
    assert (deleted.thread, deleted.message) == (thread, message)
    assert edited.id != deleted.id


async def test_a_redelivered_edit_has_the_same_id(workspace: Workspace, channel: SlackChannel, ear: Ear) -> None:
    _, ts = await a_thread(channel)
    said = await workspace.do("say", user=ADA, channel=SUPPORT, text="one", thread_ts=ts)
    await workspace.do("edit", user=ADA, channel=SUPPORT, ts=said["ts"], text="two")
    first = await ear.next(Edited)
    await workspace.do("redeliver", event_id=first.id)
    assert await ear.next(Edited) == first


async def test_what_the_listener_could_not_keep_is_delivered_again(
    workspace: Workspace, channel: SlackChannel, ear: Ear
) -> None:
    _, ts = await a_thread(channel)
    attempts = []

    def twice(heard: Heard) -> Answer:
        attempts.append(heard)
        if len(attempts) == 1:
            raise RuntimeError("the disk is full")
        return None

    ear.answer = twice
    await workspace.do("say", user=ADA, channel=SUPPORT, text="keep me", thread_ts=ts)
    first, second = await ear.next(Said), await ear.next(Said)
    assert first == second


async def test_an_event_is_acknowledged_only_when_the_listener_has_returned(workspace: Workspace) -> None:
    entered, release = asyncio.Event(), asyncio.Event()

    async def slow(heard: Heard) -> Answer:
        if isinstance(heard, Said):
            entered.set()
            await release.wait()
        return None

    channel = workspace.channel()
    owed = workspace.sandbox.app.delivery._acks  # envelopes that are not acknowledged yet
    async with listening(channel, slow):
        direct = await workspace.dm(LEA)
        await workspace.until_open()
        await workspace.do("say", user=LEA, channel=direct, text="slow")
        await asyncio.wait_for(entered.wait(), WITHIN)
        assert len(owed) == 1
        release.set()
        await until(lambda: not owed)


async def test_a_thread_is_heard_in_order_even_when_its_first_words_take_long(
    workspace: Workspace, channel: SlackChannel, ear: Ear
) -> None:
    _, ts = await a_thread(channel)
    # The first message mentions somebody whose name must be asked for, the others do not.
    await workspace.do("fault", kind="slow", match="users.info", delay=0.1)
    for text in (f"0 <@{LEA}>", "1", "2", "3"):
        await workspace.do("say", user=ADA, channel=SUPPORT, text=text, thread_ts=ts)
    heard = [(await ear.next(Said)).body[0] for _ in range(4)]
    assert heard == ["0", "1", "2", "3"]
    assert len(channel._lanes) == 0


async def test_history_gives_what_people_said_after_a_mark(
    workspace: Workspace, channel: SlackChannel, ear: Ear
) -> None:
    thread, ts = await a_thread(channel)
    for text in ("one", "two"):
        await workspace.do("say", user=ADA, channel=SUPPORT, text=text, thread_ts=ts)
    await channel.post(thread, Post(body="from the desk"), key="k", recall=None)
    await workspace.do("say", user=ADA, channel=SUPPORT, text="three", thread_ts=ts)
    everything = [said async for said in channel.history(thread, "")]
    assert [said.body for said in everything] == ["one", "two", "three"]
    later = [said async for said in channel.history(thread, everything[0].message.key)]
    assert later == everything[1:]
    assert everything[0] == await ear.next(Said)  # the very same as it was heard live


async def test_places_without_the_bot_are_not_heard(workspace: Workspace, channel: SlackChannel, ear: Ear) -> None:
    root = await workspace.do("say", user=LEA, channel=LOBBY, text="psst")
    await workspace.do("say", user=LEA, channel=LOBBY, text="secret", thread_ts=root["ts"])
    _, ts = await a_thread(channel)
    await workspace.do("say", user=ADA, channel=SUPPORT, text="open", thread_ts=ts)
    await ear.next(Said)
    assert [said.body for said in ear.all(Said)] == ["open"]


async def test_a_profile_has_the_language_and_the_groups(workspace: Workspace, channel: SlackChannel) -> None:
    ada = await channel.profile(AccountRef("slack", ADA))
    lea = await channel.profile(AccountRef("slack", LEA))
    assert (ada.name, ada.locale, ada.roles) == ("Ada Moreau", "en-GB", frozenset({ADA, "S0AGENTS"}))
    assert (lea.name, lea.locale, lea.roles, lea.bot) == ("Léa Martin", "fr-FR", frozenset({LEA}), False)
    await channel.profile(AccountRef("slack", ADA))
    assert len(await workspace.calls("users.info")) == 2


async def test_a_changed_name_and_group_count_at_once(workspace: Workspace, channel: SlackChannel) -> None:
    await channel.profile(AccountRef("slack", LEA))
    held = workspace.sandbox.app.workspace
    held.users[LEA]["real_name"] = "Léa Durand"
    held.groups["S0AGENTS"]["users"].append(LEA)
    delivery = workspace.sandbox.app.delivery
    delivery.event({"type": "user_change", "user": {"id": LEA}})
    delivery.event({"type": "subteam_members_changed", "subteam_id": "S0AGENTS"})
    await until(lambda: channel._profiles._groups_until < 0)
    profile = await channel.profile(AccountRef("slack", LEA))
    assert (profile.name, profile.roles) == ("Léa Durand", frozenset({LEA, "S0AGENTS"}))
