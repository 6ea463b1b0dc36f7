"""Commands, forms and buttons on Discord: an answer in time, whatever the listener does, and after a restart too."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from adapters.port import Called, Joined, Pressed, Submitted
from adapters.ui import Button, Card, ChoiceField, FilesField, Form, Invalid, Option, Post, TextField
from desk.model import AccountRef, PlaceRef
from tests.adapters.discord.conftest import HELP, LEA, SUPPORT, listening, until

if TYPE_CHECKING:
    from adapters.discord.channel import DiscordChannel
    from adapters.port import Answer, Heard
    from tests.adapters.discord.conftest import Server
    from tests.adapters.ear import Ear

FORM = Form(
    "ticket.new",
    "New ticket",
    "Send",
    (
        TextField("subject", "Subject", "In a few words", limit=150),
        TextField("description", "Description", multiline=True),
        ChoiceField("topic", "Topic", (Option("a/b", "A · B"), Option("a/c", "A · C"))),
        FilesField("files", "Files"),
    ),
    state="s",
)
VALUES = {"subject": "Printer", "description": "It `jams`", "topic": "a/c"}


async def call(server: Server, **options: Any) -> Any:
    return await server.do("command", user=LEA, name="ticket", channel=HELP, options=options)


async def test_a_form_is_filled_refused_corrected_and_answered(
    channel: DiscordChannel, server: Server, ear: Ear
) -> None:
    def answer(heard: Heard) -> Answer:
        match heard:
            case Called():
                return FORM
            case Submitted() if heard.values["description"] != "It jams in tray 2":
                filled = tuple(
                    replace(entry, value=heard.values[entry.name]) if isinstance(entry, TextField) else entry
                    for entry in FORM.fields
                )
                return Invalid({"description": "say where"}, replace(FORM, fields=filled), "Not yet", "Again")
            case Submitted():
                return Card("Ticket #1 is open")
            case _:
                return None

    ear.answer = answer
    assert (await call(server, subject="Printer"))["answer"]["type"] == "modal"
    called = await ear.next(Called)
    assert (called.command, called.words, called.account) == ("ticket", "Printer", AccountRef("discord", LEA))
    file = {"name": "a.txt", "content_type": "text/plain", "data_base64": "aGVsbG8="}
    assert (await server.do("submit", user=LEA, values={**VALUES, "files": [file]}))["ok"]
    first = await ear.next(Submitted)
    assert (first.form, first.state, dict(first.values)) == ("ticket.new", "s", VALUES)
    (sent,) = first.files["files"]
    assert b"".join([chunk async for chunk in channel.read(sent)]) == b"hello"

    (remark,) = await server.whispers(LEA)
    assert [embed["title"] for embed in remark["embeds"]] == ["Not yet", "Subject", "Description"]
    assert remark["embeds"][0]["description"] == "**Description**: say where"
    assert remark["embeds"][2]["description"] == "```\nIt `jams`\n```"
    button = remark["components"][0]["components"][0]
    opened = await server.do("press", user=LEA, channel=HELP, message=remark["id"], custom_id=button["custom_id"])
    assert opened["answer"]["modal"]["components"][1]["component"]["value"] == "It `jams`"
    done = await server.do("submit", user=LEA, values={**VALUES, "description": "It jams in tray 2"})
    assert done["answer"]["type"] == "update"
    (shown,) = await server.whispers(LEA)
    assert [embed["title"] for embed in shown["embeds"]] == [r"Ticket \#1 is open"]
    assert shown["components"] == []


async def test_a_form_that_is_not_kept_any_more_is_answered_politely(server: Server, ear: Ear) -> None:
    ear.answer = lambda heard: (
        Invalid({}, FORM, "Not yet", "Again") if isinstance(heard, Submitted)
        else FORM if isinstance(heard, Called) else None
    )  # fmt: skip
    async with listening(server.channel(), ear):
        await ear.next(Joined)
        await call(server)
        await server.do("submit", user=LEA, values=VALUES)
    (remark,) = await server.whispers(LEA)
    again = remark["components"][0]["components"][0]["custom_id"]
    async with listening(server.channel(), ear):
        await ear.next(Joined)
        answer = await server.do("press", user=LEA, channel=HELP, message=remark["id"], custom_id=again)
    assert (answer["answer"]["ephemeral"], answer["answer"]["message"]["content"]) == (True, "expired in fr")


async def test_a_button_from_before_a_restart_works(server: Server, ear: Ear) -> None:
    post = Post(card=Card("#1", actions=(Button("claim", "Claim", "1:x"),)))
    async with listening(first := server.channel(), ear):
        await ear.next(Joined)
        made = await first.open_thread(PlaceRef("discord", SUPPORT), "#1", post, key="1", recall=None)
    async with listening(server.channel(), ear):
        await ear.next(Joined)
        message = made.card.key.split(":")[1]
        answer = await server.do("press", user="202", channel=SUPPORT, message=message, custom_id="claim|1:x")
    pressed = await ear.next(Pressed)
    assert (pressed.action, pressed.value, pressed.message) == ("claim", "1:x", made.card)
    assert answer["answer"]["type"] == "deferred_update"


@pytest.mark.parametrize("slow", (False, True))
@pytest.mark.parametrize("given", (Card("Done"), None, FORM, Invalid({"subject": "x"}, FORM, "Not yet", "Again")))
async def test_every_answer_arrives_however_long_it_takes(
    server: Server, ear: Ear, given: Answer, *, slow: bool
) -> None:
    async def answer(heard: Heard) -> Answer:
        if slow and isinstance(heard, Called):
            await asyncio.sleep(0.05)
        return given if isinstance(heard, Called) else None

    ear.answer = answer
    async with listening(server.channel(defer_after=0.01 if slow else 0.5), ear):
        await ear.next(Joined)
        first = (await call(server))["answer"]
        assert first.get("ephemeral") is True or first["type"] == "modal"
        match given:
            case None:

                async def settled() -> bool:
                    return await server.whispers(LEA) == []
            case Form() if not slow:
                assert first["modal"]["title"] == "New ticket"
                return
            case _:

                async def settled() -> bool:
                    seen = await server.whispers(LEA)
                    return len(seen) == 1 and "…" not in seen[0]["content"]

        await until(settled)
        if isinstance(given, Form):
            (shown,) = await server.whispers(LEA)
            again = shown["components"][0]["components"][0]["custom_id"]
            answered = await server.do("press", user=LEA, channel=HELP, message=shown["id"], custom_id=again)
            assert answered["answer"]["modal"]["title"] == "New ticket"


async def test_a_slow_press_gets_its_card_afterwards(server: Server, ear: Ear) -> None:
    async def answer(heard: Heard) -> Answer:
        if isinstance(heard, Pressed):
            await asyncio.sleep(0.05)
            return Card("Claimed")
        return None

    ear.answer = answer
    post = Post(card=Card("#1", actions=(Button("claim", "Claim", "1"),)))
    async with listening(channel := server.channel(defer_after=0.01), ear):
        await ear.next(Joined)
        made = await channel.open_thread(PlaceRef("discord", SUPPORT), "#1", post, key="1", recall=None)
        message = made.card.key.split(":")[1]
        await server.do("press", user="202", channel=SUPPORT, message=message, custom_id="claim|1")

        async def told() -> bool:
            return [embed["title"] for seen in await server.whispers("202") for embed in seen["embeds"]] == ["Claimed"]

        await until(told)
        (card,) = await server.messages(SUPPORT)
        assert card["embeds"][0]["title"] == r"\#1"


async def test_a_listener_that_fails_is_owned_up_to_in_the_askers_language(
    channel: DiscordChannel, server: Server, ear: Ear
) -> None:
    def answer(heard: Heard) -> Answer:
        raise RuntimeError("the disk is full")

    ear.answer = answer
    answered = (await call(server))["answer"]
    assert (answered["ephemeral"], answered["message"]["content"]) == (True, "sorry in fr")


async def test_an_interaction_tells_language_and_roles(channel: DiscordChannel, server: Server, ear: Ear) -> None:
    before = len(await server.calls("GET /guilds/*/members"))
    await call(server)
    await ear.next(Called)
    profile = await channel.profile(AccountRef("discord", LEA))
    assert (profile.locale, profile.name) == ("fr", "Léa Martin")
    assert len(await server.calls("GET /guilds/*/members")) == before


async def test_commands_are_registered_once_in_every_language(server: Server, ear: Ear) -> None:
    for _ in range(2):
        async with listening(server.channel(), ear):
            await ear.next(Joined)
    assert len(await server.calls("PUT /applications")) == 1
    command, entry = await server.do("commands")
    assert (entry["type"], entry["name"], entry["name_localizations"]["fr"]) == (
        3,
        "Open a ticket",
        "Ouvrir une demande",
    )
    assert command["options"][0]["autocomplete"]
    assert command["description_localizations"]["fr"] == "Ouvrir une demande"
    assert command["options"][0]["name_localizations"]["fr"] == "sujet"
