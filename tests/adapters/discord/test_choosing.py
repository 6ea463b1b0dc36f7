"""Choices, finders, suggestions and menus on Discord; and cards that take another's place."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from adapters.discord import forms
from adapters.port import Called, Pressed, Rejected, Shortcut, Sought, Submitted
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
)
from desk.model import AccountRef, MessageRef, PlaceRef, ThreadRef
from tests.adapters.discord.conftest import ADA, AGENTS, HELP, LEA, SUPPORT, listening, until

if TYPE_CHECKING:
    from adapters.discord.channel import DiscordChannel
    from adapters.port import Answer, Heard
    from tests.adapters.discord.conftest import Server
    from tests.adapters.ear import Ear

STATES = (Option("open", "Open"), Option("closed", "Closed"), Option("held", "Held"))
LIST = Card(
    "Tickets",
    rows=(Row("#1 · Printer", "open", "https://discord.com/channels/1/2/3"),),
    actions=(
        Select("list.tab", "Tab", STATES, carries="v1"),
        MultiSelect("list.pick", "Pick", STATES, carries="v1|x"),
        Finder("list.agent", "Agent …", carries="v1"),
        Button("list.filter", "Filter", "v1"),
    ),
)
FILTERS = Form(
    "list.filter",
    "Filter",
    "Show",
    (
        MultiChoiceField("states", "States", STATES, chosen=("open",)),
        PersonField("agent", "Agent", required=False),
        DateField("since", "Since", required=False),
    ),
    state="v1",
)


async def call(server: Server) -> dict[str, Any]:
    """The list, as only Léa sees it."""
    shown: dict[str, Any] = (await server.do("command", user=LEA, name="ticket", channel=HELP))["answer"]["message"]
    return shown


async def press(server: Server, message: dict[str, Any], custom_id: str, *values: str) -> Any:
    where = {"user": LEA, "channel": message["channel_id"], "message": message["id"]}
    return await server.do("press", **where, custom_id=custom_id, values=list(values))


def ids(message: dict[str, Any]) -> list[list[str]]:
    return [[entry["custom_id"] for entry in row["components"]] for row in message["components"]]


def answers(heard: Heard) -> Answer:
    match heard:
        case Called():
            return LIST
        case Pressed(action="list.filter"):
            return FILTERS
        case Pressed():
            return Instead(Card(f"chosen {heard.value}"))
        case Submitted():
            return Instead(Card("filtered"))
        case Sought(words="nobody"):
            return Found(())
        case Sought():
            return Found((Option("202", "Ada"),))
        case _:
            return None


async def test_choices_bring_what_they_carry_and_the_card_changes_where_it_stands(
    channel: DiscordChannel, server: Server, ear: Ear
) -> None:
    ear.answer = answers
    shown = await call(server)
    assert (await press(server, shown, "list.tab|v1", "closed"))["answer"]["type"] == "update"
    one = await ear.next(Pressed)
    assert (one.action, one.value, one.values, one.carried) == ("list.tab", "closed", (), "v1")
    (there,) = await server.whispers(LEA)
    assert [embed["title"] for embed in there["embeds"]] == ["chosen closed"]
    assert there["components"] == []

    shown = await call(server)
    for values in (("open", "held"), ()):
        assert (await press(server, shown, "list.pick*v1|x", *values))["ok"]
        several = await ear.next(Pressed)
        assert (several.action, several.value, several.values, several.carried) == ("list.pick", "", values, "v1|x")
        shown = await call(server)
    assert "client_errors" in await press(server, shown, "list.tab|v1", "open", "closed")


async def test_a_threads_card_changes_for_all_and_one_that_is_announced_does_not(
    channel: DiscordChannel, server: Server, ear: Ear
) -> None:
    ear.answer = answers
    made = await channel.open_thread(PlaceRef("discord", SUPPORT), "#1", Post(card=LIST), key="o", recall=None)
    card = {"id": made.card.key.partition(":")[2], "channel_id": SUPPORT}
    await press(server, card, "list.filter|v1")
    assert (await server.do("submit", user=LEA, values={"agent": ADA}))["answer"]["type"] == "update"
    assert (await server.messages(SUPPORT))[0]["embeds"][0]["title"] == "filtered"
    await channel.edit(made.card, Post(card=LIST))
    await press(server, card, "list.tab|v1", "open")
    assert (await server.messages(SUPPORT))[0]["embeds"][0]["title"] == "chosen open"

    announced = await channel.announce(PlaceRef("discord", HELP), Post(card=LIST), key="a")
    card = {"id": announced.key.partition(":")[2], "channel_id": HELP}
    assert (await press(server, card, "list.tab|v1", "open"))["answer"]["ephemeral"]
    await press(server, card, "list.filter|v1")
    assert (await server.do("submit", user=LEA, values={"agent": ADA}))["answer"]["ephemeral"]
    assert (await server.messages(HELP))[0]["embeds"][0]["title"] == "Tickets"


async def test_a_forms_several_choices_people_and_days_come_back(
    channel: DiscordChannel, server: Server, ear: Ear
) -> None:
    ear.answer = answers
    shown = await call(server)
    assert (await press(server, shown, "list.filter|v1"))["answer"]["modal"]["title"] == "Filter"
    assert "client_errors" in await server.do("submit", user=LEA, values={"states*": []})
    values = {"states*": ["Open", "held"], "agent": ADA, "since": "next monday"}
    assert (await server.do("submit", user=LEA, values=values))["answer"]["type"] == "update"
    heard = await ear.next(Submitted)
    assert heard.values == {"agent": ADA, "since": "next monday"}
    assert (heard.several, heard.state) == ({"states": ("open", "held")}, "v1")
    (there,) = await server.whispers(LEA)
    assert there["id"] == shown["id"]


async def test_a_finder_searches_until_something_is_found_and_chosen(
    channel: DiscordChannel, server: Server, ear: Ear
) -> None:
    ear.answer = answers
    shown = await call(server)
    opened = (await press(server, shown, "list.agent?v1"))["answer"]["modal"]
    assert (opened["title"], opened["components"][0]["label"]) == ("Agent …", "Agent …")
    assert ear.all(Pressed) == []
    await server.do("submit", user=LEA, values={"words": "nobody"})
    (there,) = await server.whispers(LEA)
    assert (there["content"], ids(there)) == ("nothing found in fr", ids(shown))

    await press(server, there, "list.agent?v1")
    await server.do("submit", user=LEA, values={"words": " ada "})
    sought = ear.all(Sought)[-1]
    assert (sought.finder, sought.words, sought.carried) == ("list.agent", "ada", "v1")
    (there,) = await server.whispers(LEA)
    assert (there["content"], ids(there)) == ("", [["list.agent|v1"], *ids(shown)])
    assert there["embeds"] == shown["embeds"]
    await press(server, there, "list.agent|v1", "202")
    found = await ear.next(Pressed)
    assert (found.action, found.value, found.carried) == ("list.agent", "202", "v1")
    (there,) = await server.whispers(LEA)
    assert there["embeds"][0]["title"] == "chosen 202"


async def test_what_a_finder_on_a_shared_card_found_is_for_the_asker_alone(
    channel: DiscordChannel, server: Server, ear: Ear
) -> None:
    ear.answer = answers
    made = await channel.open_thread(PlaceRef("discord", SUPPORT), "#1", Post(card=LIST), key="o", recall=None)
    card = {"id": made.card.key.partition(":")[2], "channel_id": SUPPORT}
    for words, lines in (("nobody", [["list.agent?v1"]]), ("ada", [["list.agent|v1"], ["list.agent?v1"]])):
        await press(server, card, "list.agent?v1")
        await server.do("submit", user=LEA, values={"words": words})
        assert ids((await server.whispers(LEA))[-1]) == lines
    assert ids((await server.messages(SUPPORT))[0]) == ids({"components": (await call(server))["components"]})


@pytest.mark.parametrize("lines", (5, 4))
async def test_matches_find_room_on_a_card_with_many_lines(
    channel: DiscordChannel, server: Server, ear: Ear, lines: int
) -> None:
    choices = tuple(Select(f"s{number}", "S", STATES) for number in range(lines - 1))
    card = Card("Full", actions=(*choices[:1], Finder("f", "Find"), *choices[1:]))
    ear.answer = lambda heard: card if isinstance(heard, Called) else answers(heard)
    shown = await call(server)
    await press(server, shown, "f?")
    await server.do("submit", user=LEA, values={"words": "ada"})
    (there,) = await server.whispers(LEA)
    assert ids(there) == [["f|"], *ids(shown)[: 4 if lines == 5 else 5]]


async def test_a_slow_search_and_a_slow_change_arrive_too(server: Server, ear: Ear) -> None:
    async def slow(heard: Heard) -> Answer:
        if isinstance(heard, Sought | Pressed | Submitted):
            await asyncio.sleep(0.05)
        return answers(heard)

    ear.answer = slow
    async with listening(server.channel(defer_after=0.01), ear):
        shown = await call_when_heard(server)
        await press(server, shown, "list.agent?v1")
        await server.do("submit", user=LEA, values={"words": "ada"})

        async def found() -> bool:
            return len(ids((await server.whispers(LEA))[0])) == 4

        await until(found)
        await press(server, shown, "list.tab|v1", "open")

        async def changed() -> bool:
            (there,) = await server.whispers(LEA)
            return bool(there["embeds"][0]["title"] == "chosen open")

        await until(changed)


async def call_when_heard(server: Server) -> dict[str, Any]:
    async def registered() -> bool:
        return bool(await server.do("commands")) and bool((await server.do("sockets"))["open"])

    await server.until(registered, "commands and a socket")
    return await call(server)


async def test_suggestions_while_words_are_typed(channel: DiscordChannel, server: Server, ear: Ear) -> None:
    ear.answer = lambda heard: Found((Option("42", "#42 · Printer"),)) if isinstance(heard, Sought) else None
    typed = {"user": LEA, "name": "ticket", "channel": HELP, "option": "subject", "typed": "pri"}
    assert (await server.do("suggest", **typed))["answer"]["choices"] == [{"name": "#42 · Printer", "value": "42"}]
    sought = await ear.next(Sought)
    assert (sought.finder, sought.words, sought.account) == ("/ticket", "pri", AccountRef("discord", LEA))

    def broken(heard: Heard) -> Answer:
        raise RuntimeError("no index")

    ear.answer = broken
    assert (await server.do("suggest", **typed))["answer"]["choices"] == []


async def test_a_messages_menu_brings_the_message(channel: DiscordChannel, server: Server, ear: Ear) -> None:
    ear.answer = lambda heard: FILTERS if isinstance(heard, Shortcut) else None
    file = {"name": "a.txt", "content_type": "text/plain", "data_base64": "aGVsbG8="}
    said = await server.do("say", user=ADA, channel=HELP, content="It **jams**", files=[file])
    chosen = await server.do("shortcut", user=LEA, channel=HELP, message=said["id"], name="Open a ticket")
    assert chosen["answer"]["modal"]["title"] == "Filter"
    heard = await ear.next(Shortcut)
    assert (heard.name, heard.account) == ("ticket.open", AccountRef("discord", LEA))
    quote = heard.quote
    assert quote.message == MessageRef("discord", f"{HELP}:{said['id']}")
    assert (quote.author, quote.name, quote.body) == (AccountRef("discord", ADA), "Ada Moreau", "It **jams**")
    assert quote.url.endswith(f"/channels/100/{HELP}/{said['id']}")
    assert quote.thread is None
    assert b"".join([chunk async for chunk in channel.read(quote.files[0])]) == b"hello"


async def test_people_in_a_commands_words_are_found(channel: DiscordChannel, server: Server, ear: Ear) -> None:
    words = f"<@{ADA}> and <@!{ADA}> of <@&{AGENTS}> in <#{SUPPORT}> not <@999>"
    await server.do("command", user=LEA, name="ticket", channel=HELP, options={"subject": words})
    called = await ear.next(Called)
    assert called.words == "@Ada Moreau and @Ada Moreau of @Agents in #support not @999"
    assert called.people == (AccountRef("discord", ADA), AccountRef("discord", "999"))


async def test_a_form_that_searches_is_refused_with_the_reason(channel: DiscordChannel) -> None:
    with pytest.raises(Rejected, match="cannot search"):
        forms.form(Form("f", "F", "Send", (FinderField("who", "Who"),)))
    assert not channel.traits.search_in_forms


async def test_a_shortcut_in_a_thread_says_so(channel: DiscordChannel, server: Server, ear: Ear) -> None:
    made = await channel.open_thread(PlaceRef("discord", SUPPORT), "#1", Post(card=LIST), key="o", recall=None)
    said = await server.do("say", user=ADA, channel=made.thread.key, content="x")
    await server.do("shortcut", user=ADA, channel=made.thread.key, message=said["id"], name="Open a ticket")
    assert (await ear.next(Shortcut)).quote.thread == ThreadRef("discord", made.thread.key)
