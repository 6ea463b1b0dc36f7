"""Slack's people, as stories use them, against a channel that answers as it is told: every act does what it says."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from adapters.port import Called, HomeOpened, Joined, Pressed, Reacted, Shortcut, Sought, Submitted
from adapters.slack.channel import SlackChannel
from adapters.slack.config import SlackConfig, SlackTokens
from adapters.ui import (
    Button,
    Card,
    Command,
    Finder,
    FinderField,
    Form,
    Found,
    Instead,
    MultiChoiceField,
    MultiSelect,
    Option,
    Post,
    Select,
)
from bot.demo import stage as company
from bot.demo.side import NotPossible, Where
from bot.demo.slack_side import SlackSide
from desk.model import PlaceRef
from sandbox.control import People
from sandbox.slack import SlackSandbox

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from adapters.port import Answer, Heard

OPTIONS = (Option("a", "Apple"), Option("b", "Banana"))
CARD = Card(
    "Fruit",
    actions=(
        Select("one", "Pick one", OPTIONS),
        MultiSelect("many", "Pick many", OPTIONS),
        Finder("find", "Find one"),
        Button("next", "Next"),
    ),
)
FORM = Form("f", "A form", "Send", (FinderField("who", "Who"), MultiChoiceField("tags", "Tags", OPTIONS)))


class Told:
    """A listener that remembers, and answers by the kind of what it heard."""

    def __init__(self) -> None:
        self.heard: list[Heard] = []
        self.answers: dict[type, Answer] = {Sought: Found(OPTIONS)}
        self.joined = asyncio.Event()

    async def __call__(self, heard: Heard) -> Answer:
        self.heard.append(heard)
        if isinstance(heard, Joined):
            self.joined.set()
        return self.answers.get(type(heard))


@pytest.fixture
async def told() -> Told:
    return Told()


@pytest.fixture
async def channel_and_side(told: Told) -> AsyncIterator[tuple[SlackChannel, SlackSide]]:
    setup = company.slack_setup()
    setup.shortcuts["open"] = "Open a ticket"
    async with SlackSandbox(setup) as sandbox, People(sandbox.control_url) as people:
        tokens = SlackTokens(bot=setup.bot_token, app=setup.app_token)
        channel = SlackChannel(SlackConfig(api_url=sandbox.url), tokens)
        running = asyncio.create_task(channel.run(told, (Command("ticket", {"en": "Open"}),)))
        await told.joined.wait()
        yield channel, SlackSide(people, company.SLACK_BOT, setup.bot_token)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await channel.close()


async def a_card(channel: SlackChannel) -> Where:
    place = PlaceRef("slack", company.HR_DESK)
    opened = await channel.open_thread(place, "#1 · Fruit", Post(card=CARD), key="o", recall=None)
    return Where(company.HR_DESK, opened.card.key.partition(":")[2])


async def test_menus_and_finders(channel_and_side: tuple[SlackChannel, SlackSide], told: Told) -> None:
    channel, side = channel_and_side
    where = await a_card(channel)
    (line,) = await side.read(where)
    assert (line.buttons, line.menus) == (("Next",), ("Pick one", "Pick many", "Find one"))
    told.answers[Pressed] = Card("Thanks")
    assert await side.choose(company.LEA, where, "one", "Ban") == "Thanks"
    assert await side.choose_several(company.LEA, where, "many", ["Banana", "Apple"]) == "Thanks"
    assert await side.find(company.LEA, where, "Find", "an") == ["Apple", "Banana"]
    assert await side.pick(company.LEA, where, "Find", "an", "Apple") == "Thanks"
    pressed = [(entry.action, entry.value, entry.values) for entry in told.heard if isinstance(entry, Pressed)]
    assert pressed == [("one", "b", ()), ("many", "", ("b", "a")), ("find", "a", ())]
    with pytest.raises(NotPossible, match="Cherry"):
        await side.choose(company.LEA, where, "one", "Cherry")


async def test_the_home_page_and_what_opens_over_it(
    channel_and_side: tuple[SlackChannel, SlackSide], told: Told
) -> None:
    _, side = channel_and_side
    told.answers |= {HomeOpened: CARD, Pressed: Card("Over it", actions=(Button("deeper", "Deeper"),))}
    home = await side.home(company.LEA)
    assert "Fruit" in (await side.read(home))[0].text
    assert await side.press(company.LEA, home, "Next") == "Over it"
    told.answers[Pressed] = Instead(Card("Changed"))
    assert await side.press(company.LEA, home, "Deeper") == "Changed"
    told.answers[Pressed] = FORM
    assert await side.choose(company.LEA, home, "Pick one", "Apple") == "A form"
    assert (await side.fill(company.LEA, {"who": "app", "tags": ["Banana"]})).ok
    submitted = next(entry for entry in told.heard if isinstance(entry, Submitted))
    assert (submitted.values, submitted.several) == ({"who": "a"}, {"tags": ("b",)})


async def test_reactions_shortcuts_mentions_and_whispers(
    channel_and_side: tuple[SlackChannel, SlackSide], told: Told
) -> None:
    channel, side = channel_and_side
    told.answers |= {Reacted: Card("Ticket?"), Shortcut: FORM, Called: Card("Yes")}
    where = await a_card(channel)
    said = await side.say(company.LEA, Where(company.HR_DESK), "It jams")
    await side.react(company.LEA, Where(company.HR_DESK), said, "🎫")

    async def whispered() -> bool:
        return [line.text for line in await side.whispers(company.LEA)] == ["Ticket?"]

    await side.people.until(whispered, "a whisper")
    assert await side.shortcut(company.LEA, where, said, "Open a") == "A form"
    assert await side.call(company.TOM, f"for {side.mention(company.LEA)}") == "Yes"
    called = next(entry for entry in told.heard if isinstance(entry, Called))
    assert [person.key for person in called.people] == [company.LEA]
    direct = await side.direct(company.LEA)
    await side.say(company.LEA, direct, "hi")
    assert [line.text for line in await side.read(direct)] == ["hi"]
