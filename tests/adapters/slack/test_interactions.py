"""Commands, buttons and forms: answered in time, with what was typed kept when something is wrong."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from adapters.port import Called, Heard, Joined, Pressed, Submitted
from adapters.ui import Button, Card, ChoiceField, FilesField, Form, Invalid, Option, Post, Select, TextField
from desk.model import AccountRef, PlaceRef
from tests.adapters.slack.conftest import ADA, LEA, LOBBY, SUPPORT, WITHIN, listening, upload, words

if TYPE_CHECKING:
    from adapters.port import Answer
    from adapters.slack.channel import SlackChannel
    from tests.adapters.slack.conftest import Ear, Workspace

FORM = Form(
    form="new",
    title="New ticket",
    submit="Open",
    cancel="Never mind",
    state="7",
    fields=(
        TextField("subject", "Subject", limit=80),
        TextField("description", "Description", multiline=True, required=False),
        ChoiceField(
            "product", "Product", (Option("p", "Printers", "the loud ones"), Option("s", "Screens")), chosen="s"
        ),
        FilesField("files", "Files", most=3),
    ),
)
PANEL = Card(
    "#1 · Printer",
    actions=(
        Button("claim", "Claim", "1", style="primary", emoji="🙋"),
        Button("close", "Close"),
        Select("status", "Status", (Option("new", "New"), Option("closed", "Closed"))),
    ),
)


async def opened(workspace: Workspace, ear: Ear, answer_to_form: Answer = None) -> dict[str, Any]:
    ear.answer = lambda heard: FORM if isinstance(heard, Called) else answer_to_form
    done = await workspace.do("command", user=LEA, command="/ticket", text="my printer")
    assert done["ok"], done
    (view,) = await workspace.do("views", user=LEA)
    return dict(view)


async def pressed_card(channel: SlackChannel) -> tuple[str, dict[str, Any]]:
    place = PlaceRef("slack", SUPPORT)
    thread = await channel.open_thread(place, "#1 · Printer", Post(card=PANEL), key="o", recall=None)
    ts = thread.card.key.partition(":")[2]
    return ts, {"user": ADA, "channel": SUPPORT, "ts": ts}


async def test_a_command_is_heard_with_its_words(workspace: Workspace, channel: SlackChannel, ear: Ear) -> None:
    done = await workspace.do("command", user=LEA, command="/ticket", text=" a &lt;b&gt; &amp; c ")
    called = await ear.next(Called)
    assert (called.account, called.command, called.words) == (AccountRef("slack", LEA), "ticket", "a <b> & c")
    assert done == {"ok": True, "ack": {}}


async def test_a_card_in_answer_to_a_command_is_for_the_asker_alone(
    workspace: Workspace, channel: SlackChannel, ear: Ear
) -> None:
    ear.answer = lambda heard: Card("Your tickets", body="none") if isinstance(heard, Called) else None
    # The bot is no member of the lobby: the answer comes all the same.
    assert (await workspace.do("command", user=LEA, command="/ticket", channel=LOBBY))["ok"]
    (shown,) = await workspace.do("ephemerals", user=LEA)
    assert (shown["channel"], words(shown)) == (LOBBY, "Your ticketsnone")


async def test_a_form_comes_back_with_everything_that_was_filled_in(
    workspace: Workspace, channel: SlackChannel, ear: Ear
) -> None:
    view = await opened(workspace, ear)
    assert view["title"]["text"] == "New ticket"
    values = {
        "subject": "No <paper>",
        "product": "Printers",
        "files": [upload("a.txt", b"one"), upload("b.txt", b"two")],
    }
    assert (await workspace.do("submit", user=LEA, values=values))["ok"]
    submitted = await ear.next(Submitted)
    assert (submitted.account, submitted.form, submitted.state) == (AccountRef("slack", LEA), "new", "7")
    assert submitted.values == {"subject": "No <paper>", "description": "", "product": "p"}
    read = [b"".join([chunk async for chunk in channel.read(file)]) for file in submitted.files["files"]]
    assert read == [b"one", b"two"]
    assert await workspace.do("views", user=LEA) == []


async def test_a_form_with_mistakes_stays_open_and_can_be_corrected(
    workspace: Workspace, channel: SlackChannel, ear: Ear
) -> None:
    await opened(workspace, ear)

    def strict(heard: Heard) -> Answer:
        if isinstance(heard, Submitted) and heard.values["subject"] == "?":
            return Invalid({"subject": "Say more", "elsewhere": "And that"}, FORM, "Please look again", "Again")
        return None

    ear.answer = strict
    refused = await workspace.do("submit", user=LEA, values={"subject": "?"})
    # A remark on a field that the form lacks is not lost: it stands at the last one.
    assert refused["errors"] == {"subject": "Say more", "files": "And that"}
    assert (await workspace.do("submit", user=LEA, values={"subject": "Printer jams"}))["ok"]
    assert [entry.values["subject"] for entry in ear.all(Submitted)] == ["?", "Printer jams"]


async def test_a_forms_answer_is_shown_where_it_was_opened_and_the_thread_in_the_direct_message(
    workspace: Workspace, channel: SlackChannel, ear: Ear
) -> None:
    await opened(workspace, ear, Card("Ticket #1", body="We have it."))
    assert (await workspace.do("submit", user=LEA, values={"subject": "Printer"}))["ok"]
    direct = await workspace.dm(LEA)
    assert await workspace.messages(direct) == []
    assert [words(told) for told in await workspace.do("ephemerals", user=LEA)] == ["Ticket #1We have it."]
    thread = await channel.open_thread(AccountRef("slack", LEA), "#1 · Printer", Post(card=PANEL), key="o", recall=None)
    assert thread.thread.key.startswith(direct)


async def test_a_press_gives_back_action_and_value_as_they_were(
    workspace: Workspace, channel: SlackChannel, ear: Ear
) -> None:
    ts, where = await pressed_card(channel)
    assert (await workspace.do("press", **where, action_id="0:claim"))["ok"]
    claim = await ear.next(Pressed)
    assert (claim.account.key, claim.action, claim.value) == (ADA, "claim", "1")
    assert claim.thread is not None
    assert claim.message is not None
    assert claim.thread.key == claim.message.key == f"{SUPPORT}:{ts}"
    await workspace.do("press", **where, action_id="1:close")
    close = await ear.next(Pressed)
    assert (close.action, close.value) == ("close", "")
    await workspace.do("press", **where, action_id="2:status", value="closed")
    status = await ear.next(Pressed)
    assert (status.action, status.value) == ("status", "closed")
    assert len({claim.id, close.id, status.id}) == 3


async def test_a_card_in_answer_to_a_press_is_whispered_in_its_thread(
    workspace: Workspace, channel: SlackChannel, ear: Ear
) -> None:
    ear.answer = lambda heard: Card("Yours now") if isinstance(heard, Pressed) else None
    ts, where = await pressed_card(channel)
    await workspace.do("press", **where, action_id="0:claim")
    (shown,) = await workspace.do("ephemerals", user=ADA)
    # Nobody has replied yet: in the thread it would be seen by nobody.
    assert (shown.get("thread_ts"), words(shown)) == (None, "Yours now")
    await workspace.do("say", user=ADA, channel=SUPPORT, thread_ts=ts, text="I look into it")
    await workspace.do("press", **where, action_id="0:claim")
    _, shown = await workspace.do("ephemerals", user=ADA)
    assert (shown["thread_ts"], words(shown)) == (ts, "Yours now")


async def test_a_form_in_answer_to_a_press_opens(workspace: Workspace, channel: SlackChannel, ear: Ear) -> None:
    ear.answer = lambda heard: FORM if isinstance(heard, Pressed) else None
    _, where = await pressed_card(channel)
    await workspace.do("press", **where, action_id="0:claim")
    (view,) = await workspace.do("views", user=ADA)
    assert view["callback_id"] == "new"


def _fails(heard: Heard) -> Answer:
    if isinstance(heard, Joined):
        return None
    raise RuntimeError("the disk is full")


@pytest.mark.parametrize("kind", ("command", "press", "form"))
async def test_a_person_is_told_when_it_did_not_work(workspace: Workspace, ear: Ear, kind: str) -> None:
    channel = workspace.channel(sorry=lambda locale: f"Pardon ({locale})")
    async with listening(channel, ear):
        await ear.next(Joined)
        await channel.profile(AccountRef("slack", LEA))  # whose language is known from now on
        _, where = await pressed_card(channel)
        if kind == "form":
            await opened(workspace, ear)
        ear.answer = _fails
        match kind:
            case "command":
                await workspace.do("command", user=LEA, command="/ticket")
                told = [message["text"] for message in await workspace.do("ephemerals", user=LEA)]
                assert told == ["Pardon (fr-FR)"]
            case "press":
                await workspace.do("press", **where, action_id="0:claim")
                told = [message["text"] for message in await workspace.do("ephemerals", user=ADA)]
                assert told == ["Pardon ()"]
            case _:
                refused = await workspace.do("submit", user=LEA, values={"subject": "Printer"})
                assert refused["errors"] == {"files": "Pardon (fr-FR)"}
                assert len(await workspace.do("views", user=LEA)) == 1  # what was typed is still there


@pytest.mark.parametrize("kind", ("command", "press", "form"))
async def test_a_slow_answer_is_acknowledged_in_time_and_comes_later(workspace: Workspace, kind: str) -> None:
    release = asyncio.Event()

    async def slow(heard: Heard) -> Answer:
        if isinstance(heard, Joined) or (kind == "form" and isinstance(heard, Called)):
            return FORM if isinstance(heard, Called) else None
        await release.wait()
        return Card("At last")

    channel = workspace.channel(acknowledge_within=0.02)
    async with listening(channel, slow):
        _, where = await pressed_card(channel)
        await workspace.until_open()
        match kind:
            case "command":
                done = await workspace.do("command", user=ADA, command="/ticket")
            case "press":
                done = await workspace.do("press", **where, action_id="0:claim")
            case _:
                await workspace.do("command", user=ADA, command="/ticket")
                done = await workspace.do("submit", user=ADA, values={"subject": "Printer"})
        assert done["ok"]
        release.set()
        shown: list[dict[str, Any]] = []
        async with asyncio.timeout(WITHIN):
            while not shown:
                direct = await workspace.messages(await workspace.dm(ADA))
                shown = [*await workspace.do("ephemerals", user=ADA), *direct]
        assert [words(message) for message in shown] == ["At last"]


async def test_a_form_that_counts_once_stays_open_where_it_takes_too_long(workspace: Workspace) -> None:
    """Nothing of it is on record yet: should the desk die now, nothing that was typed is lost."""
    release, sent = asyncio.Event(), list[str]()

    async def slow(heard: Heard) -> Answer:
        if isinstance(heard, Called):
            return FORM
        if isinstance(heard, Submitted):
            sent.append(heard.id)
            await release.wait()
            return Card("At last") if len(sent) == 1 else None
        return None

    channel = workspace.channel(acknowledge_within=0.02, once={FORM.form}, slow=lambda locale: f"Wait ({locale})")
    async with listening(channel, slow):
        await workspace.until_open()
        await channel.profile(AccountRef(channel.name, LEA))
        await workspace.do("command", user=LEA, command="/ticket")
        refused = await workspace.do("submit", user=LEA, values={"subject": "Printer"})
        assert list(refused["errors"].values()) == ["Wait (fr-FR)"]
        assert len(await workspace.do("views", user=LEA)) == 1
        release.set()
        direct = await workspace.dm(LEA)
        async with asyncio.timeout(WITHIN):
            while not [*await workspace.do("ephemerals", user=LEA), *await workspace.messages(direct)]:
                pass
            while not (await workspace.do("submit", user=LEA, values={"subject": "Printer"}))["ok"]:
                pass
        assert len(set(sent)) == 1
        assert await workspace.do("views", user=LEA) == []


async def test_shortcuts_and_closed_forms_are_acknowledged(
    workspace: Workspace, channel: SlackChannel, ear: Ear
) -> None:
    ts, _ = await pressed_card(channel)
    assert (await workspace.do("shortcut", user=ADA, callback_id="quiet", channel=SUPPORT, ts=ts))["ok"]
    await opened(workspace, ear)
    await workspace.do("close_view", user=LEA)
    assert await workspace.do("views", user=LEA) == []
