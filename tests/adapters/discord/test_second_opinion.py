"""Another virtual Discord, made by others (simcord), agrees with how the adapter answers people.

It runs discord.py in process and without sockets; the stand-in of our own is what every other test uses.
"""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from adapters.discord.channel import DiscordChannel
from adapters.discord.config import DiscordConfig
from adapters.discord.gateway import Gateway
from adapters.port import Called, Pressed, Reacted, Said, Shortcut, Sought, Submitted
from adapters.ui import (
    Button,
    Card,
    DateField,
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
)
from desk.model import AccountRef, MessageRef, PlaceRef
from tests.adapters.discord.conftest import COMMANDS, MENU
from tests.adapters.discord.test_interactions import FORM
from tests.adapters.ear import Ear

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from adapters.port import Answer, Heard

simcord = pytest.importorskip("simcord")
STATES = (Option("open", "Open"), Option("closed", "Closed"))
LIST = Card(
    "Tickets",
    rows=(Row("#1 · Printer", "open", "https://discord.com/channels/1/2/3"),),
    actions=(
        Select("tab", "Tab", STATES, carries="v1"),
        MultiSelect("pick", "Pick", STATES, carries="7"),
        Finder("agent", "Agent", carries="v2"),
        Button("claim", "Claim", "1:x"),
    ),
)
FILTERS = Form(
    "filters",
    "Filters",
    "Show",
    (
        MultiChoiceField("states", "States", STATES, required=False),
        PersonField("who", "Who", required=False),
        DateField("since", "Since", required=False),
    ),
)


@dataclass
class Stage:
    """A server with a channel and two people, and the adapter that listens there."""

    env: Any
    channel: DiscordChannel
    ear: Ear
    guild: Any
    help: Any
    user: Any  # Léa outside the server
    lea: Any
    ada: Any

    async def adopt(self, made: DiscordChannel, client: Gateway) -> None:
        """The virtual server's id is known only now."""
        self.channel = made
        made.connection._servers.clear()
        made.connection.join(str(self.guild.id), made._hearing)
        for part in (made._hearing, made._profiles, made._reaching, made._opening):
            part._guild = str(self.guild.id)
        made._opening._help_channel = str(self.help.id)
        made._hearing.to(self.ear, MENU)
        await made.connection.settle(client, COMMANDS, MENU)


def made_channel() -> tuple[DiscordChannel, Gateway]:
    config = DiscordConfig(guild="1", help_channel="2", requests_per_second=1e6)
    made = DiscordChannel(config, "token", nothing_found=lambda _: "nothing found")
    return made, Gateway(made._hearing)


@asynccontextmanager
async def stage(answer: Any = lambda _heard: None) -> AsyncIterator[Stage]:
    made, client = made_channel()
    async with simcord.run(client) as env:
        guild = env.create_guild()
        user = env.create_user("lea")
        lea, ada = guild.add_member(user), guild.add_member(env.create_user("ada"))
        here = Stage(env, made, Ear(), guild, guild.create_text_channel("help"), user, lea, ada)
        here.ear.answer = answer
        await here.adopt(made, client)
        yield here


def answers(heard: Heard) -> Answer:
    match heard:
        case Called(words="list"):
            return LIST
        case Called():
            return FORM
        case Pressed(action="claim"):
            return FILTERS
        case Pressed():
            return Instead(Card(f"chosen {heard.value}{' '.join(heard.values)}"))
        case Submitted(form="filters"):
            return Instead(Card("filtered"))
        case Submitted() if heard.values["subject"] == "bad":
            return Invalid({"subject": "say more"}, FORM, "Not yet", "Again")
        case Submitted():
            return Card("open")
        case Sought(words="nobody"):
            return Found(())
        case Sought():
            return Found((Option("202", "Ada"),))
        case Shortcut():
            return FILTERS
        case _:
            return None


async def test_a_form_is_sent_back_opened_again_and_taken() -> None:
    async with stage(answers) as here:
        shown = await here.lea.slash(here.help, "ticket", subject="printer")
        values = {"subject": "bad", "description": "it jams", "topic": ["a/c"]}
        refused = await here.lea.submit_modal(shown, values)
        assert refused.response.embeds[0].title == "Not yet"
        assert refused.ephemeral
        again = await here.lea.click(refused.response, label="Again")
        file = ("a.txt", b"hello")
        taken = await here.lea.submit_modal(again, values | {"subject": "It jams", "files": file})
        assert taken.response.embeds[0].title == "open"
        first, second = here.ear.all(Submitted)
        assert (first.values["subject"], second.values["topic"], len(second.files["files"])) == ("bad", "a/c", 1)


async def test_choices_change_the_card_where_it_stands() -> None:
    async with stage(answers) as here:
        shown = await here.lea.slash(here.help, "ticket", subject="list")
        changed = await here.lea.select(shown.response, ["closed"], custom_id="tab|v1")
        assert changed.response.id == shown.response.id
        assert changed.response.embeds[0].title == "chosen closed"
        for values in (["open", "closed"], []):
            shown = await here.lea.slash(here.help, "ticket", subject="list")
            await here.lea.select(shown.response, values, custom_id="pick*7")
            assert here.ear.all(Pressed)[-1].values == tuple(values)


async def test_a_form_with_people_days_and_several_choices() -> None:
    async with stage(answers) as here:
        shown = await here.lea.slash(here.help, "ticket", subject="list")
        opened = await here.lea.click(shown.response, label="Claim")
        values = {"states*": ["open", "closed"], "who": [here.ada], "since": "2026-11-01"}
        done = await here.lea.submit_modal(opened, values)
        (heard,) = here.ear.all(Submitted)
        assert dict(heard.values) == {"who": str(here.ada.id), "since": "2026-11-01"}
        assert heard.several == {"states": ("open", "closed")}
        assert (done.response.id, done.response.embeds[0].title) == (shown.response.id, "filtered")


async def test_a_finder_searches_and_brings_what_was_chosen() -> None:
    async with stage(answers) as here:
        shown = await here.lea.slash(here.help, "ticket", subject="list")
        for words, content in (("nobody", "nothing found"), ("ada", "")):
            opened = await here.lea.click(shown.response, custom_id="agent?v2")
            found = await here.lea.submit_modal(opened, {"words": words})
            assert (found.response.id, found.response.content) == (shown.response.id, content)
        await here.lea.select(shown.response, ["202"], custom_id="agent|v2")
        heard = here.ear.all(Pressed)[-1]
        assert (heard.action, heard.value, heard.carried) == ("agent", "202", "v2")


async def test_a_button_works_after_a_restart() -> None:
    async with stage(answers) as here:
        place = PlaceRef("discord", str(here.help.id))
        opened = await here.channel.open_thread(place, "#1 · x", Post(card=LIST), key="o", recall=None)
        made, client = made_channel()
        await here.env.restart_bot(client)
        await here.adopt(made, client)
        (card,) = (m for m in here.help.history() if m.id == int(opened.card.key.partition(":")[2]))
        shown = await here.ada.click(card, label="Claim")
        assert shown.modal["title"] == "Filters"
        assert here.ear.all(Pressed)[-1].message == opened.card


async def test_suggestions_menus_and_reactions() -> None:
    async with stage(answers) as here:
        assert await here.lea.autocomplete(here.help, "ticket", "subject", "pri") == [{"name": "Ada", "value": "202"}]
        said = await here.ada.send(here.help, "It jams")
        shown = await here.lea.context_menu(here.help, "Open a ticket", said)
        assert shown.modal["title"] == "Filters"
        (heard,) = here.ear.all(Shortcut)
        ref = MessageRef("discord", f"{here.help.id}:{said.id}")
        assert (heard.name, heard.quote.body, heard.quote.message) == ("ticket.open", "It jams", ref)
        await here.lea.react(said, "🎫")
        (reacted,) = here.ear.all(Reacted)
        assert (reacted.account, reacted.emoji, reacted.message) == (
            AccountRef("discord", str(here.lea.id)),
            "🎫",
            ref,
        )


async def test_announcements_whispers_and_threads() -> None:
    async with stage(answers) as here:
        place, lea = PlaceRef("discord", str(here.help.id)), AccountRef("discord", str(here.lea.id))
        said = await here.channel.announce(place, Post(card=LIST), key="a", pin=True)
        assert [str(message.id) for message in here.help.pinned_messages()] == [said.key.partition(":")[2]]
        assert (await here.channel.quote(said)).author is None
        await here.channel.whisper(lea, Post("psst"), key="w")
        assert here.user.dm_channel.last_message.content == "psst"
        opened = await here.channel.open_thread(lea, "#1 · x", Post("hello"), key="o", recall=None)
        await here.channel.close_thread(opened.thread, closed=True)
        await here.channel.post(opened.thread, Post("one more"), key="p", recall=None)
        await here.lea.send_dm("anybody?")
        assert here.ear.all(Said)[-1].thread is None
