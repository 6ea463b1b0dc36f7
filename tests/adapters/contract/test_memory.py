"""The network in this process keeps the port's promises: said once, heard once, forms checked, faults survived."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from adapters.memory import MemoryChannel, NotPossible
from adapters.port import Called, Gone, Joined, Pressed, Recall, Said, Submitted, Throttled, TokenRefused, Unavailable
from adapters.ui import Author, Button, Card, Command, Form, Invalid, Option, Post, Select, TextField, TooLarge

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from adapters.port import Answer, Heard

FORM = Form("new", "New ticket", "Send", (TextField("subject", "Subject", limit=20),), state="7")
CARD = Post(card=Card("#1 · Printer", actions=(Button("claim", "Claim", "1:a|b"),)))
LONG = Post("\n\n".join(f"{number} " + "word " * 200 for number in range(6)), Author("Léa"))


@asynccontextmanager
async def listening(channel: MemoryChannel, heard: list[Heard]) -> AsyncIterator[None]:
    async def listener(what: Heard) -> Answer:
        heard.append(what)
        channel.network.changed()
        if isinstance(what, Submitted):
            bad = what.values["subject"] == "bad"
            return Invalid({"subject": "say more"}, FORM, "Not yet", "Again") if bad else Card("Open")
        return FORM if isinstance(what, Called) else None

    task = asyncio.create_task(channel.run(listener, (Command("ticket", {"en": "Open"}),)))
    try:
        async with asyncio.timeout(2):
            await channel.network.until(lambda: any(isinstance(what, Joined) for what in heard))
            yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_a_form_comes_back_with_remarks_and_is_then_taken() -> None:
    channel = MemoryChannel("memory")
    heard: list[Heard] = []
    lea = channel.network.person("lea", "Léa")
    async with listening(channel, heard):
        assert await channel.people.call(lea, "ticket", "printer") == FORM
        with pytest.raises(NotPossible):
            await channel.people.fill(lea, {"subject": "x" * 21})
        assert isinstance(await channel.people.fill(lea, {"subject": "bad"}), Invalid)
        assert await channel.people.fill(lea, {"subject": "It jams"}) == Card("Open")
    sent = [(what.state, what.values["subject"]) for what in heard if isinstance(what, Submitted)]
    assert sent == [("7", "bad"), ("7", "It jams")]


async def test_a_post_and_a_thread_whose_answer_was_lost_are_not_made_twice() -> None:
    channel = MemoryChannel("memory")
    place = channel.network.place("desk")
    channel.network.fail(Unavailable("lost"), on="open", done=True)
    with pytest.raises(Unavailable):
        await channel.open_thread(place, "#1", CARD, key="o", recall=None)
    made = await channel.open_thread(place, "#1", CARD, key="o", recall=Recall(None))
    assert [room.ref for room in channel.people.threads(place)] == [made.thread]
    channel.network.fail(Unavailable("lost"), on="say", done=True, spared=1)
    with pytest.raises(Unavailable):
        await channel.post(made.thread, LONG, key="k", recall=None)
    refs = await channel.post(made.thread, LONG, key="k", recall=Recall(made.card))
    lines = list(channel.network.room(made.thread).lines)
    assert lines == [made.card.key, *(ref.key for ref in refs)]
    assert len(refs) > 2
    assert await channel.revise(made.thread, refs, Post("brief"), key="r", recall=None) == refs[:1]
    assert len(channel.network.room(made.thread).lines) == 2


async def test_a_desk_made_anew_hears_buttons_and_finds_in_the_history_what_it_missed() -> None:
    first = MemoryChannel("memory")
    heard: list[Heard] = []
    lea, place = first.network.person("lea", "Léa"), first.network.place("desk")
    made = await first.open_thread(place, "#1", CARD, key="o", recall=None)
    missed = first.people.say(lea, made.thread, "anybody?")
    second = MemoryChannel("memory", network=first.network)
    async with listening(second, heard):
        await second.people.press(lea, made.thread, "Claim")
        told = second.people.say(lea, made.thread, "hello")
        await second.network.until(lambda: any(isinstance(what, Said) for what in heard))
    assert [(what.action, what.value) for what in heard if isinstance(what, Pressed)] == [("claim", "1:a|b")]
    assert [what.message for what in heard if isinstance(what, Said)] == [told]
    assert [said.message async for said in second.history(made.thread, made.card.key)] == [missed, told]


async def test_troubles_have_their_class() -> None:
    channel = MemoryChannel("memory")
    made = await channel.open_thread(channel.network.place("desk"), "#1", CARD, key="o", recall=None)
    channel.network.fail(Throttled(7), on="say")
    with pytest.raises(Throttled) as throttled:
        await channel.post(made.thread, Post("x"), key="k", recall=None)
    assert throttled.value.retry_after == 7
    await channel.delete(made.card)
    await channel.delete(made.card)
    with pytest.raises(Gone):
        await channel.edit(made.card, CARD)
    channel.network.token_refused = "bad token"
    with pytest.raises(TokenRefused):
        await channel.post(made.thread, Post("x"), key="k", recall=None)


def test_cards_that_a_network_would_refuse_cannot_be_made() -> None:
    twice = (Option("a", "A"), Option("a", "B"))
    assert Button("a", "x" * 75).label
    for make in (
        lambda: Button("a", "", emoji="🙋"),
        lambda: Button("a", "x" * 75, emoji="🙋"),
        lambda: Button("", "Claim", "1"),
        lambda: Form("", "T", "S", FORM.fields, state="1"),
        lambda: Select("s", "S", twice),
        lambda: Select("s", "S", twice[:1], chosen="z"),
    ):
        with pytest.raises(TooLarge):
            make()
