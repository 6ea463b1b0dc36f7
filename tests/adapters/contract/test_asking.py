"""What every channel promises a person who waits: commands, forms, buttons, choices, searches, and their answers."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from adapters.port import Called, Pressed, Sought, Submitted
from adapters.ui import (
    Button,
    Card,
    ChoiceField,
    DateField,
    FilesField,
    Finder,
    Form,
    Found,
    Instead,
    Invalid,
    MultiChoiceField,
    MultiSelect,
    Option,
    PersonField,
    Post,
    Row,
    Select,
    TextField,
)
from bot.demo.side import NotPossible
from sandbox.control import upload

if TYPE_CHECKING:
    from adapters.port import Answer, Heard
    from tests.adapters.contract.worlds import World

STATES = (Option("open", "Open"), Option("closed", "Closed"), Option("held", "Held"))
FORM = Form(
    "ticket.new",
    "New ticket",
    "Send",
    (
        TextField("subject", "Subject", limit=20),
        TextField("description", "Description", required=False, multiline=True),
        ChoiceField("state", "State", STATES, chosen="open"),
        FilesField("files", "Files"),
    ),
    state="a|b",
)
FILTERS = Form(
    "filter",
    "Filter",
    "Show",
    (
        MultiChoiceField("states", "States", STATES, required=False, chosen=("held",)),
        PersonField("agent", "Agent", required=False),
        DateField("since", "Since", required=False),
    ),
    state="v1",
)
LIST = Card(
    "Tickets",
    rows=(Row("#1 · Printer", "**open** since Monday", "https://example.com/1"), Row("#2 · Screen")),
    actions=(
        Select("tab", "Which tab", STATES, carries="v1|x"),
        MultiSelect("several", "Which ones", STATES, carries="7"),
        Finder("agent", "Which agent", carries="v2"),
        Button("filter", "Filter", "v1"),
        Button("claim", "Claim", "1:a|b"),
    ),
)


def answers(heard: Heard) -> Answer:
    match heard:
        case Called(words="list"):
            return LIST
        case Called():
            return FORM
        case Pressed(action="filter"):
            return FILTERS
        case Pressed(action="claim"):
            return Card("Claimed")
        case Pressed():
            return Instead(Card(f"Now {heard.value} {' '.join(heard.values)}"))
        case Submitted(form="filter"):
            return Instead(Card("Filtered"))
        case Sought(words="nobody"):
            return Found(())
        case Sought():
            return Found((Option("a", "Ada Moreau"), Option("l", "Léa Martin")))
        case Submitted() if heard.values["subject"] == "bad":
            fields = tuple(
                replace(entry, value=heard.values[entry.name]) if isinstance(entry, TextField) else entry
                for entry in FORM.fields
            )
            return Invalid({"subject": "say more"}, replace(FORM, fields=fields), "Not yet", "Again")
        case Submitted():
            return Card("Ticket #1 is open")
        case _:
            return None


@pytest.fixture
def asked(world: World) -> World:
    world.ear.answer = answers
    return world


async def whispered(world: World) -> list[Any]:
    return list(await world.side.whispers(world.lea.key))


async def test_a_command_brings_its_words_and_whom_they_mention(asked: World) -> None:
    person = asked.lea.key
    assert await asked.side.call(person, f"ask {asked.side.mention(asked.ada.key)} now") == "New ticket"
    called = await asked.ear.next(Called)
    assert (called.account, called.command, called.words) == (asked.lea, "ticket", "ask @Ada Moreau now")
    assert called.people == (asked.ada,)
    await asked.side.call(person, command="other")
    other = await asked.ear.next(Called)
    assert (other.command, other.words, other.people) == ("other", "", ())
    assert other.id != called.id


async def test_a_form_is_filled_sent_back_with_remarks_and_then_taken(asked: World) -> None:
    person = asked.lea.key
    assert await asked.side.call(person) == "New ticket"
    assert not (await asked.side.fill(person, {"subject": "x" * 21})).ok
    assert asked.ear.all(Submitted) == []
    back = await asked.side.fill(person, {"subject": "bad", "description": "it\njams", "state": "held"})
    assert not back.ok
    assert "say more" in " ".join(back.remarks.values())
    if asked.name == "discord":  # a modal cannot come back by itself: a button opens it again
        await asked.side.press(person, asked.top, "Again")
    file = upload("a.txt", b"hello", "text/plain")
    sent = await asked.side.fill(person, {"subject": "It jams", "description": "it\njams"}, [file])
    assert sent.ok
    first, second = await asked.ear.next(Submitted), await asked.ear.next(Submitted)
    assert (first.form, first.state, first.account) == ("ticket.new", "a|b", asked.lea)
    assert dict(first.values) == {"subject": "bad", "description": "it\njams", "state": "held"}
    assert (second.values["subject"], second.values["description"]) == ("It jams", "it\njams")
    (kept,) = second.files["files"]
    assert b"".join([chunk async for chunk in asked.channel.read(kept)]) == b"hello"

    async def told() -> bool:
        lines = [*await whispered(asked), *await asked.side.read(await asked.side.direct(person))]
        return any("is open" in line.text for line in lines)

    await asked.side.people.until(told, "the answer")


async def test_several_choices_people_and_days_come_back(asked: World) -> None:
    person = asked.lea.key
    await asked.side.call(person, "list")
    assert await asked.side.press(person, asked.top, "Filter") == "Filter"
    values = {"states": ["open", "closed"], "agent": asked.ada.key, "since": "2026-11-01"}
    assert (await asked.side.fill(person, values)).ok
    heard = await asked.ear.next(Submitted)
    assert dict(heard.values) == {"agent": asked.ada.key, "since": "2026-11-01"}
    assert (dict(heard.several), heard.state) == ({"states": ("open", "closed")}, "v1")

    async def filtered() -> bool:
        return [line.text for line in await whispered(asked)] == ["Filtered"]

    await asked.side.people.until(filtered, "the card in the place of the list")


async def test_what_is_left_empty_comes_back_empty(asked: World) -> None:
    person = asked.lea.key
    await asked.side.call(person, "list")
    await asked.side.press(person, asked.top, "Filter")
    assert (await asked.side.fill(person, {"states": []})).ok
    heard = await asked.ear.next(Submitted)
    assert dict(heard.values) == {"agent": "", "since": ""}
    assert dict(heard.several) == {"states": ()}


async def test_a_list_shows_its_rows(asked: World) -> None:
    shown = await asked.side.call(asked.lea.key, "list")
    for words in ("#1 · Printer", "since Monday", "#2 · Screen"):
        assert words in shown
    (line,) = await whispered(asked)
    assert line.buttons == ("Filter", "Claim")
    assert line.menus == ("Which tab", "Which ones", "Which agent")


async def test_a_press_on_a_card_in_a_thread(asked: World) -> None:
    card = Post(card=LIST)
    made = await asked.channel.open_thread(asked.place, "#1 · x", card, key="o", recall=None)
    person, where = asked.ada.key, asked.where(made.thread)
    assert "Claimed" in await asked.side.press(person, where, "Claim")
    pressed = await asked.ear.next(Pressed)
    assert (pressed.account, pressed.action, pressed.value) == (asked.ada, "claim", "1:a|b")
    assert (pressed.message, pressed.values, pressed.carried) == (made.card, (), "")
    assert await asked.side.choose(person, where, "Which tab", "Closed") == ""
    chosen = await asked.ear.next(Pressed)
    assert (chosen.value, chosen.carried, chosen.message) == ("closed", "v1|x", made.card)

    async def changed() -> bool:
        (line,) = await asked.side.read(where)
        return "Now closed" in line.text

    await asked.side.people.until(changed, "the card in its place")


async def test_a_button_from_before_a_restart_works(quiet: World) -> None:
    quiet.ear.answer = answers
    async with quiet.listening():
        made = await quiet.channel.open_thread(quiet.place, "#1 · x", Post(card=LIST), key="o", recall=None)
    async with quiet.listening(quiet.make()):
        await quiet.side.press(quiet.ada.key, quiet.where(made.thread), "Claim")
        assert (await quiet.ear.next(Pressed)).value == "1:a|b"


async def test_a_choice_of_several_brings_all_that_are_chosen(asked: World) -> None:
    person = asked.lea.key
    for options, values in ((["Open", "Held"], ("open", "held")), ([], ())):
        await asked.side.call(person, "list")
        await asked.side.choose_several(person, asked.top, "Which ones", options)
        heard = await asked.ear.next(Pressed)
        assert (heard.action, heard.value, set(heard.values), heard.carried) == ("several", "", set(values), "7")


async def test_a_card_of_the_askers_own_changes_in_its_place(asked: World) -> None:
    person = asked.lea.key
    await asked.side.call(person, "list")
    assert "Now held" in await asked.side.choose(person, asked.top, "Which tab", "Held")
    assert len(await whispered(asked)) == 1


async def test_an_announced_card_is_everybodys_and_stays(asked: World) -> None:
    said = await asked.channel.announce(asked.place, Post(card=LIST), key="a")
    assert "Now open" in await asked.side.choose(asked.lea.key, asked.top, "Which tab", "Open")
    lines = {line.id: line for line in await asked.side.read(asked.top)}
    assert "Tickets" in lines[asked.line(said)].text


async def test_a_finder_asks_and_brings_what_was_chosen(asked: World) -> None:
    person = asked.lea.key
    await asked.side.call(person, "list")
    assert await asked.side.find(person, asked.top, "Which agent", "nobody") == []
    assert await asked.side.find(person, asked.top, "Which agent", "a") == ["Ada Moreau", "Léa Martin"]
    sought = asked.ear.all(Sought)[-1]
    assert (sought.finder, sought.words, sought.carried, sought.account) == ("agent", "a", "v2", asked.lea)
    shown = await asked.side.pick(person, asked.top, "Which agent", "ad", "Ada Moreau")
    assert "Now a" in shown
    heard = await asked.ear.next(Pressed)
    assert (heard.action, heard.value, heard.carried) == ("agent", "a", "v2")


async def test_a_listener_that_fails_is_owned_up_to_and_nothing_hangs(world: World) -> None:
    def answer(heard: Heard) -> Answer:
        raise RuntimeError("the disk is full")

    world.ear.answer = answer
    assert "sorry in" in await world.side.call(world.lea.key)


async def test_there_are_no_buttons_but_those_shown(asked: World) -> None:
    with pytest.raises(NotPossible):
        await asked.side.press(asked.lea.key, asked.top, "Claim")
