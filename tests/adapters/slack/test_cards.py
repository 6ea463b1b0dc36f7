"""Menus, finders and cards that change in their place: in threads, as whispers, at home, and after forms."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from adapters.port import Called, HomeOpened, Joined, Pressed, Reacted, Shortcut, Sought, Submitted
from adapters.ui import (
    Button,
    Card,
    DateField,
    Finder,
    FinderField,
    Form,
    Found,
    Instead,
    MultiChoiceField,
    MultiSelect,
    Option,
    PersonField,
    Post,
    Row,
    Select,
    TextField,
)
from desk.model import AccountRef, MessageRef, PlaceRef
from tests.adapters.slack.conftest import ADA, BOT, LEA, LOBBY, SUPPORT, listening, until, words

if TYPE_CHECKING:
    from collections.abc import Callable

    from adapters.port import Answer, Heard
    from adapters.slack.channel import SlackChannel
    from tests.adapters.slack.conftest import Ear, Workspace

STATUSES = (Option("new", "New"), Option("open", "Open"), Option("closed", "Closed"))
LIST = Card(
    "Tickets",
    rows=(Row("#1 · Printer", "new", "https://example.com/1"),),
    actions=(
        MultiSelect("list.status", "Status", STATUSES, ("new",), "page=1"),
        Select("list.sort", "Sort", (Option("date", "Date"), Option("priority", "Priority")), carries="page=1"),
        Finder("list.agent", "Any agent", "page=1"),
        Button("list.next", "Next", "page=2"),
    ),
)
CHANGED = Card("Tickets, page 2", actions=(Button("list.back", "Back"),))
FORM = Form("note", "Note", "Keep", (TextField("words", "Words"),), "7")


def to(kind: type[Heard], answer: Answer) -> Callable[[Heard], Answer]:
    return lambda heard: answer if isinstance(heard, kind) else None


async def card(channel: SlackChannel, shown: Card = LIST) -> dict[str, str]:
    opened = await channel.open_thread(PlaceRef("slack", SUPPORT), "#1", Post(card=shown), key="o", recall=None)
    return {"user": ADA, "channel": SUPPORT, "ts": opened.card.key.partition(":")[2]}


# --- menus ------------------------------------------------------------------------------------------------------


async def test_a_choice_brings_back_what_it_carries(workspace: Workspace, channel: SlackChannel, ear: Ear) -> None:
    where = await card(channel)
    await workspace.do("press", **where, action_id="1:list.sort|page=1", value="Priority")
    pressed = await ear.next(Pressed)
    assert (pressed.action, pressed.value, pressed.carried) == ("list.sort", "priority", "page=1")


async def test_a_choice_of_several_is_heard_whenever_it_changes(
    workspace: Workspace, channel: SlackChannel, ear: Ear
) -> None:
    where = await card(channel)
    for chosen in (["new", "closed"], []):
        await workspace.do("press", **where, action_id="0:list.status|page=1", value=chosen)
        pressed = await ear.next(Pressed)
        assert (pressed.action, pressed.values, pressed.carried) == ("list.status", tuple(chosen), "page=1")


async def test_a_finder_asks_while_words_are_typed_and_its_match_is_pressed(
    workspace: Workspace, channel: SlackChannel, ear: Ear
) -> None:
    found = Found((Option("U0LEA", "Léa Martin", "2 open"), Option("U0ADA", "Ada Moreau")))
    ear.answer = to(Sought, found)
    where = await card(channel)
    offered = await workspace.do("suggest", **where, action_id="2:list.agent|page=1", words="")
    assert [option["text"]["text"] for option in offered["options"]] == ["Léa Martin", "Ada Moreau"]
    sought = await ear.next(Sought)
    assert (sought.account.key, sought.finder, sought.words, sought.carried) == (ADA, "list.agent", "", "page=1")
    await workspace.do("press", **where, action_id="2:list.agent|page=1", value="Léa Martin")
    pressed = await ear.next(Pressed)
    assert (pressed.action, pressed.value, pressed.carried) == ("list.agent", "U0LEA", "page=1")


@pytest.mark.parametrize("answer", (Found(()), None, Card("No"), RuntimeError("the disk is full")))
async def test_a_search_that_finds_nothing_shows_nothing(
    workspace: Workspace, channel: SlackChannel, ear: Ear, answer: Answer | Exception
) -> None:
    def answered(heard: Heard) -> Answer:
        if isinstance(heard, Sought) and isinstance(answer, Exception):
            raise answer
        return answer if isinstance(heard, Sought) and not isinstance(answer, Exception) else None

    ear.answer = answered
    where = await card(channel)
    assert await workspace.do("suggest", **where, action_id="2:list.agent|page=1", words="x") == {
        "ok": True,
        "options": [],
    }


async def test_a_search_that_takes_too_long_shows_nothing_in_time(workspace: Workspace) -> None:
    release = asyncio.Event()

    async def slow(heard: Heard) -> Answer:
        if isinstance(heard, Sought):
            await release.wait()
        return None

    channel = workspace.channel(acknowledge_within=0.02)
    async with listening(channel, slow):
        await workspace.until_open()
        where = await card(channel)
        answer = await workspace.do("suggest", **where, action_id="2:list.agent|page=1", words="x")
        assert answer == {"ok": True, "options": []}
        release.set()


async def test_a_form_with_people_days_and_a_search_comes_back_whole(
    workspace: Workspace, channel: SlackChannel, ear: Ear
) -> None:
    form = Form(
        "move",
        "Move",
        "Move",
        (
            MultiChoiceField("tags", "Tags", STATUSES, chosen=("new",)),
            PersonField("agent", "Agent", required=False),
            DateField("due", "Due", required=False),
            FinderField("parent", "Parent"),
        ),
    )
    ear.answer = lambda heard: (
        form if isinstance(heard, Called) else Found((Option("42", "#42"),)) if isinstance(heard, Sought) else None
    )
    await workspace.do("command", user=LEA, command="/ticket")
    missing = await workspace.do("submit", user=LEA, values={"agent": ADA})
    assert set(missing["client_errors"]) == {"parent"}
    await workspace.do("suggest", user=LEA, surface="view", action_id="parent", words="print")
    sought = await ear.next(Sought)
    assert (sought.finder, sought.words, sought.carried) == ("move", "print", "parent")
    values = {"tags": ["New", "Closed"], "agent": ADA, "due": "2026-12-24", "parent": "#42"}
    assert (await workspace.do("submit", user=LEA, values=values))["ok"]
    submitted = await ear.next(Submitted)
    assert submitted.values == {"agent": ADA, "due": "2026-12-24", "parent": "42"}
    assert submitted.several == {"tags": ("new", "closed")}


async def test_people_mentioned_after_a_command_are_known(
    workspace: Workspace, channel: SlackChannel, ear: Ear
) -> None:
    await channel.profile(AccountRef("slack", ADA))
    await workspace.do("command", user=LEA, command="/ticket", text="for @ada &amp; @lea, not @nobody, in #support")
    called = await ear.next(Called)
    assert called.people == (AccountRef("slack", ADA), AccountRef("slack", LEA))
    assert called.words == "for @Ada Moreau & @Léa Martin, not @nobody, in #support"


# --- in the place of a card -------------------------------------------------------------------------------------


async def test_a_card_in_a_thread_changes_in_its_place(workspace: Workspace, channel: SlackChannel, ear: Ear) -> None:
    ear.answer = to(Pressed, Instead(CHANGED))
    where = await card(channel)
    await workspace.do("press", **where, action_id="3:list.next")
    (root,) = await workspace.messages(SUPPORT)
    assert words(root).startswith("Tickets, page 2")
    assert await workspace.do("ephemerals", user=ADA) == []


async def test_a_card_that_is_everybodys_stays_and_the_answer_is_the_askers_own(
    workspace: Workspace, channel: SlackChannel, ear: Ear
) -> None:
    ear.answer = to(Pressed, Instead(CHANGED))
    await channel.announce(PlaceRef("slack", SUPPORT), Post(card=LIST), key="a", pin=True)
    (announced,) = await workspace.messages(SUPPORT)
    await workspace.do("press", user=ADA, channel=SUPPORT, ts=announced["ts"], action_id="3:list.next")
    (root,) = await workspace.messages(SUPPORT)
    assert words(root).startswith("Tickets#1")
    (told,) = await workspace.do("ephemerals", user=ADA)
    assert words(told).startswith("Tickets, page 2")


async def test_a_whispered_card_changes_in_its_place(workspace: Workspace, channel: SlackChannel, ear: Ear) -> None:
    ear.answer = lambda heard: LIST if isinstance(heard, Called) else Instead(CHANGED)
    await workspace.do("command", user=LEA, command="/ticket", channel=LOBBY)
    (told,) = await workspace.do("ephemerals", user=LEA)
    await workspace.do("press", user=LEA, channel=LOBBY, ts=told["ts"], action_id="3:list.next")
    (changed,) = await workspace.do("ephemerals", user=LEA)
    assert (changed["ts"], words(changed)) == (told["ts"], "Tickets, page 2Back")
    assert (await ear.next(Pressed)).message is None


@pytest.mark.parametrize("place", ("thread", "whisper", "home", "modal"))
async def test_after_a_form_the_card_that_it_was_opened_from_changes(
    workspace: Workspace, channel: SlackChannel, ear: Ear, place: str
) -> None:
    answers: dict[type[Heard], Answer] = {
        Called: LIST,
        HomeOpened: LIST,
        Pressed: FORM,
        Submitted: Instead(CHANGED),
    }
    ear.answer = lambda heard: answers.get(type(heard))
    next_page = {"action_id": "3:list.next"}
    match place:
        case "thread":
            await workspace.do("press", **await card(channel), **next_page)
        case "whisper":
            await workspace.do("command", user=ADA, command="/ticket", channel=LOBBY)
            (told,) = await workspace.do("ephemerals", user=ADA)
            await workspace.do("press", user=ADA, channel=LOBBY, ts=told["ts"], **next_page)
        case _:
            await home(workspace)
            if place == "modal":
                answers[Pressed] = LIST
                await workspace.do("press_home", user=ADA, **next_page)
                answers[Pressed] = FORM
                await workspace.do("press_in_view", user=ADA, **next_page)
            else:
                await workspace.do("press_home", user=ADA, **next_page)
    assert (await workspace.do("submit", user=ADA, values={"words": "x"}))["ok"]
    match place:
        case "thread":
            (changed,) = await workspace.messages(SUPPORT)
        case "home":
            changed = await workspace.do("home", user=ADA)
        case _:
            (changed,) = await workspace.do("views" if place == "modal" else "ephemerals", user=ADA)
    assert words(changed) == "Tickets, page 2Back"


async def test_a_whisper_that_cannot_be_changed_any_more_is_followed_by_a_direct_message(
    workspace: Workspace, channel: SlackChannel, ear: Ear, monkeypatch: pytest.MonkeyPatch
) -> None:
    ear.answer = lambda heard: LIST if isinstance(heard, Called) else Instead(CHANGED)
    await workspace.do("command", user=LEA, command="/ticket", channel=LOBBY)
    (told,) = await workspace.do("ephemerals", user=LEA)
    monkeypatch.setattr("sandbox.slack.app.RESPONSE_URL_LIFE", -1.0)
    await workspace.do("press", user=LEA, channel=LOBBY, ts=told["ts"], action_id="3:list.next")
    (direct,) = await workspace.messages(await workspace.dm(LEA))
    assert words(direct) == "Tickets, page 2Back"


# --- at home ----------------------------------------------------------------------------------------------------


async def home(workspace: Workspace, user: str = ADA) -> dict[str, Any]:
    await workspace.do("open_home", user=user)
    held = workspace.sandbox.app.workspace
    await until(lambda: user in held.homes)
    return held.homes[user]


async def test_the_home_page_is_drawn_when_somebody_looks_and_changes_when_they_press(
    workspace: Workspace, channel: SlackChannel, ear: Ear
) -> None:
    ear.answer = lambda heard: LIST if isinstance(heard, HomeOpened) else Instead(CHANGED)
    await workspace.do("open_home", user=LEA, tab="messages")
    shown = await home(workspace)
    assert words(shown).startswith("Tickets#1 · Printer")
    assert [opened.account.key for opened in ear.all(HomeOpened)] == [ADA]
    await workspace.do("press_home", user=ADA, action_id="1:list.sort|page=1", value="date")
    pressed = await ear.next(Pressed)
    assert (pressed.action, pressed.value, pressed.message, pressed.thread) == ("list.sort", "date", None, None)
    assert words(await workspace.do("home", user=ADA)) == "Tickets, page 2Back"


async def test_what_is_asked_for_at_home_opens_over_it(workspace: Workspace, channel: SlackChannel, ear: Ear) -> None:
    ear.answer = lambda heard: LIST if isinstance(heard, HomeOpened) else CHANGED
    await home(workspace)
    await workspace.do("press_home", user=ADA, action_id="3:list.next")
    (over,) = await workspace.do("views", user=ADA)
    assert (over["title"]["text"], words(over)) == ("Tickets, page 2", "Tickets, page 2Back")
    # Over a card in a modal the next one is laid on top, and at the top of three it takes the place.
    for height in (2, 3, 3):
        await workspace.do("press_in_view", user=ADA, action_id="0:list.back")
        assert len(await workspace.do("views", user=ADA)) == height
    ear.answer = to(Pressed, Instead(LIST))
    await workspace.do("press_in_view", user=ADA, action_id="0:list.back")
    assert words((await workspace.do("views", user=ADA))[-1]).startswith("Tickets#1")


async def test_an_answer_at_home_that_comes_too_late_is_a_direct_message(
    workspace: Workspace, channel: SlackChannel, ear: Ear
) -> None:
    ear.answer = lambda heard: LIST if isinstance(heard, HomeOpened) else CHANGED
    await home(workspace)
    workspace.sandbox.app.setup.trigger_life = 0.0
    await workspace.do("press_home", user=ADA, action_id="3:list.next")
    (told,) = await workspace.messages(await workspace.dm(ADA))
    assert words(told) == "Tickets, page 2Back"


async def test_the_answer_to_the_newest_press_at_home_stands_whichever_comes_first(
    workspace: Workspace, ear: Ear
) -> None:
    doors = {"1": asyncio.Event(), "2": asyncio.Event()}

    async def answer(heard: Heard) -> Answer:
        await ear(heard)
        if isinstance(heard, HomeOpened):
            return Card("Home", actions=(Button("a", "A", "1"), Button("b", "B", "2")))
        if isinstance(heard, Pressed):
            await doors[heard.value].wait()
            return Instead(Card(f"Answer {heard.value}", actions=(Button("a", "A", "1"), Button("b", "B", "2"))))
        return None

    async with listening(workspace.channel(), answer):
        await ear.next(Joined)
        await home(workspace)
        for first in ("1", "2"):
            for door in doors.values():
                door.clear()
            presses = []
            for action in ("0:a", "1:b"):
                presses.append(asyncio.create_task(workspace.do("press_home", user=ADA, action_id=action)))
                await ear.next(Pressed)
            doors[first].set()
            await presses[int(first) - 1]
            doors["2" if first == "1" else "1"].set()
            await asyncio.gather(*presses)
            assert words(await workspace.do("home", user=ADA)).startswith("Answer 2")


# --- reactions, shortcuts, direct messages ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "emoji"),
    (("ticket", "🎫"), ("+1::skin-tone-3", "👍"), ("white_check_mark", "✅"), ("our_own", ":our_own:")),
)
async def test_a_reaction_is_heard_with_its_character_and_answered_beside_the_message(
    workspace: Workspace, channel: SlackChannel, ear: Ear, name: str, emoji: str
) -> None:
    ear.answer = to(Reacted, Card("Open a ticket?"))
    said = await workspace.do("say", user=ADA, channel=SUPPORT, text="it *jams*, <@U0LEA>")
    await workspace.do("react", user=ADA, channel=SUPPORT, ts=said["ts"], name=name)
    reacted = await ear.next(Reacted)
    ref = MessageRef("slack", f"{SUPPORT}:{said['ts']}")
    assert (reacted.account.key, reacted.emoji, reacted.message) == (ADA, emoji, ref)
    held = workspace.sandbox.app.workspace
    await until(lambda: bool(held.ephemeral))
    assert [(told["user"], words(told)) for told in held.ephemeral] == [(ADA, "Open a ticket?")]
    quote = await channel.quote(ref)
    assert (quote.author, quote.name, quote.body) == (
        AccountRef("slack", ADA),
        "Ada Moreau",
        "it **jams**, @Léa Martin",
    )
    permalink = await channel._api.web.chat_getPermalink(channel=SUPPORT, message_ts=said["ts"])
    assert quote.url == channel.link(ref) == permalink["permalink"]


async def test_a_form_cannot_be_opened_for_a_reaction_and_the_person_is_told(workspace: Workspace, ear: Ear) -> None:
    ear.answer = to(Reacted, FORM)
    async with listening(workspace.channel(sorry=lambda _: "That did not work"), ear):
        await ear.next(Joined)
        said = await workspace.do("say", user=ADA, channel=SUPPORT, text="x")
        await workspace.do("react", user=ADA, channel=SUPPORT, ts=said["ts"], name="ticket")
        held = workspace.sandbox.app.workspace
        await until(lambda: bool(held.ephemeral))
        assert words(held.ephemeral[0]) == "That did not work"


async def test_our_own_reaction_is_not_heard(workspace: Workspace, channel: SlackChannel, ear: Ear) -> None:
    said = await workspace.do("say", user=ADA, channel=SUPPORT, text="x")
    await channel._api.web.reactions_add(channel=SUPPORT, timestamp=said["ts"], name="eyes")
    await workspace.do("react", user=ADA, channel=SUPPORT, ts=said["ts"], name="eyes")
    assert (await ear.next(Reacted)).account.key == ADA
    assert len(ear.all(Reacted)) == 1


@pytest.mark.parametrize("member", (True, False))
async def test_a_messages_menu_gives_the_message_wherever_it_stands(
    workspace: Workspace,
    channel: SlackChannel,
    ear: Ear,
    member: bool,  # noqa: FBT001
) -> None:
    ear.answer = to(Shortcut, FORM)
    place = SUPPORT if member else LOBBY
    root = await workspace.do("say", user=ADA, channel=place, text="root")
    said = await workspace.do("say", user=ADA, channel=place, text="it *jams*", thread_ts=root["ts"])
    await workspace.do("shortcut", user=ADA, channel=place, ts=said["ts"], callback_id="open")
    used = await ear.next(Shortcut)
    assert (used.account.key, used.name, used.quote.name, used.quote.body) == (ADA, "open", "Ada Moreau", "it **jams**")
    assert used.quote.thread is not None
    assert used.quote.thread.key == f"{place}:{root['ts']}"
    assert used.quote.url.endswith(f"?thread_ts={root['ts']}&cid={place}")
    (view,) = await workspace.do("views", user=ADA)
    assert view["callback_id"] == "note"


async def test_who_writes_to_the_bot_is_answered_there(workspace: Workspace, channel: SlackChannel, ear: Ear) -> None:
    ear.answer = lambda heard: None if isinstance(heard, Joined) else Card("Hello")
    direct = await workspace.dm(LEA)
    await workspace.do("say", user=LEA, channel=direct, text="hi")
    held = workspace.sandbox.app.workspace.ims[LEA]
    await until(lambda: len(held.messages) == 2)
    assert [message["user"] for message in held.messages.values()] == [LEA, BOT]
    assert words(list(held.messages.values())[1]) == "Hello"
