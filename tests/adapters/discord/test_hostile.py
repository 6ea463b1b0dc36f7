"""Payloads with anything in them, floods, forged ids, replays, cards that are gone: answered, bounded, never lost."""

from __future__ import annotations

import asyncio
import copy
import json
import random
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.discord.ids import meant
from adapters.port import Called, Deleted, Edited, Joined, Pressed, Reacted, Said, Shortcut, Sought, Submitted
from adapters.ui import Button, Card, Instead, Post
from desk.model import AccountRef, MessageRef, PlaceRef
from tests.adapters.discord.conftest import ADA, HELP, LEA, PATIENT, SUPPORT, listening, until
from tests.adapters.discord.test_inbound import (
    CHOICE,
    COMMAND,
    FILE,
    ID,
    INBOUND,
    INTERACTION,
    MESSAGE,
    PRESS,
    SUBMIT,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from adapters.discord.channel import DiscordChannel
    from adapters.port import Answer, Heard
    from tests.adapters.discord.conftest import Server
    from tests.adapters.ear import Ear

SAMPLES = Path(__file__).parents[4] / "shared" / "samples" / "discord"
FORWARD = MESSAGE | {"message_snapshots": [{"message": {"content": "first", "attachments": [FILE], "mentions": []}}]}
EDIT = MESSAGE | {"edited_timestamp": "2024-05-01T10:00:00.123000+00:00"}
DELETION = {"id": ID, "channel_id": "77", "guild_id": "1"}
PURGE = {"ids": [ID, "5"], "channel_id": "77", "guild_id": "1"}
REACTION = {
    "user_id": "202", "channel_id": "77", "message_id": ID, "guild_id": "1", "emoji": {"id": None, "name": "🎫"},
    "member": {"user": {"id": "202", "username": "ada"}, "roles": []}, "type": 0,
}  # fmt: skip
MENU = INTERACTION | {
    "type": 2,
    "data": {"id": "1", "name": "Open", "type": 3, "target_id": ID, "resolved": {"messages": {ID: MESSAGE}}},
}
TYPING = INTERACTION | {
    "type": 4,
    "data": {
        "id": "1",
        "name": "ticket",
        "type": 1,
        "options": [{"name": "s", "type": 3, "value": "x", "focused": True}],
    },
}
SEVERAL = PRESS | {"data": {"custom_id": "pick*7", "component_type": 3, "values": ["a", "b"]}}
SEARCH = INTERACTION | {
    "type": 5,
    "data": {
        "custom_id": "agent?v1",
        "components": [{"type": 18, "component": {"type": 4, "custom_id": "words", "value": "ada"}}],
    },
}
INTERACTIONS = (COMMAND, PRESS, CHOICE, SUBMIT, MENU, TYPING, SEVERAL, SEARCH)
ALL = (MESSAGE, FORWARD, EDIT, DELETION, PURGE, REACTION, *INTERACTIONS)
HEARD = Said | Edited | Deleted | Reacted | Called | Pressed | Submitted | Shortcut | Sought

JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=True) | st.text(max_size=8) | st.just("x" * 5000),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


ODD: tuple[Any, ...] = (None, 0, -1, "", "x", [], {}, [[]], {"id": {}}, "9" * 30, 1e308, True, [1], 1.5)


def spots(node: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    return [at, *(spot for key, value in inner for spot in spots(value, (*at, key)))]


def changed(payload: Any, spot: tuple[Any, ...], junk: Any) -> Any:
    made = copy.deepcopy(payload)
    *way, last = spot
    node = made
    for key in way:
        node = node[key]
    node[last] = junk
    return made


@st.composite
def mutated(draw: st.DrawFn) -> Any:
    payload: Any = draw(st.sampled_from(ALL))
    for _ in range(draw(st.integers(1, 3))):
        payload = changed(
            payload, draw(st.sampled_from([spot for spot in spots(payload) if spot] or [("id",)])), draw(JUNK)
        )
    return payload


def read(payload: Any) -> list[Any]:
    return [
        INBOUND.said(payload, "77"),
        INBOUND.edited(payload, None),
        INBOUND.interaction(payload),
        INBOUND.reacted(payload),
        *INBOUND.deleted(payload, "77"),
    ]


@given(mutated() | JUNK)
def test_nothing_in_a_payload_raises(payload: Any) -> None:
    for heard in read(payload):
        assert heard is None or isinstance(heard, HEARD)


# What a message must have to be one; whatever else is odd, the words are heard.
NEEDED = {"id", "channel_id", "author", "content", "type", "webhook_id"}


@given(st.sampled_from((MESSAGE, FORWARD)), JUNK, st.data())
def test_words_are_heard_whatever_is_odd_beside_them(payload: Any, junk: Any, data: st.DataObject) -> None:
    spot = data.draw(st.sampled_from([spot for spot in spots(payload) if spot and spot[0] not in NEEDED]))
    said = INBOUND.said(changed(payload, spot, junk), "77")
    assert said is not None
    assert (said.message.key, said.account.key) == (f"77:{ID}", "202")
    assert "hello" in said.body


@given(st.sampled_from((PRESS, CHOICE, SEVERAL)), JUNK, st.data())
def test_a_press_is_heard_whatever_is_odd_beside_it(payload: Any, junk: Any, data: st.DataObject) -> None:
    needed = {("id",), ("type",), ("data",), ("member",), ("data", "custom_id")}
    found = [
        s for s in spots(payload) if s and s not in needed and s[:2] not in {("member", "user"), ("data", "values")}
    ]
    heard = INBOUND.interaction(changed(payload, data.draw(st.sampled_from(found)), junk))
    if isinstance(payload["data"].get("values"), list) or heard is not None:
        assert isinstance(heard, Pressed)
        assert (heard.id, heard.account.key) == (ID, "202")


@given(st.text(max_size=120))
def test_any_custom_id_is_taken_apart_and_loses_nothing(text: str) -> None:
    found = meant(text)
    assert found.name + found.sign + found.carried == text


def recorded() -> Iterator[Any]:
    for file in sorted(SAMPLES.glob("*.json")):
        for value in json.loads(file.read_text(encoding="utf-8")).values():
            if isinstance(value, dict):
                yield value.get("data", value) if "timestamp" in value else value


@pytest.mark.skipif(not SAMPLES.is_dir(), reason="the recorded payloads are not at hand")
def test_recorded_payloads_with_anything_changed_in_them_raise_nothing() -> None:
    seen = heard = 0
    for payload in recorded():
        for spot in (spot for spot in spots(payload) if spot):
            for junk in ODD:
                heard += any(entry is not None for entry in read(changed(payload, spot, junk)))
                seen += 1
    assert seen > 1000
    assert heard > seen * 3 / 4


# --- through the gateway ------------------------------------------------------------------------------------------

EVENTS = {
    "MESSAGE_CREATE": (MESSAGE, FORWARD),
    "MESSAGE_UPDATE": (EDIT,),
    "MESSAGE_DELETE": (DELETION,),
    "MESSAGE_DELETE_BULK": (PURGE,),
    "MESSAGE_REACTION_ADD": (REACTION,),
    "INTERACTION_CREATE": INTERACTIONS,
    "GUILD_MEMBER_UPDATE": ({"guild_id": "100", "user": {"id": "202", "username": "ada"}, "roles": []},),
    "GUILD_MEMBER_REMOVE": ({"guild_id": "100", "user": {"id": "202", "username": "ada"}},),
}


async def test_odd_events_end_no_connection_and_what_follows_is_heard(
    channel: DiscordChannel, server: Server, ear: Ear
) -> None:
    dice = random.Random(9)
    for kind, payloads in EVENTS.items():
        for payload in payloads:
            here = {**payload, "guild_id": "100"} if "guild_id" in payload else payload
            for spot in (spot for spot in spots(here) if spot):
                for session in server.sandbox.gateway.sessions.values():
                    await session.dispatch(kind, changed(here, spot, dice.choice(ODD)))
    direct = (await server.do("dm", user=LEA))["channel"]
    await server.do("say", user=LEA, channel=direct, content="the last")
    while (await ear.next(Said)).body != "the last":
        pass
    assert len(ear.all(Joined)) == 1
    assert await channel.health() == "connected"


async def test_a_flood_is_heard_whole_and_in_order_and_holds_up_nobody_else(
    channel: DiscordChannel, server: Server, ear: Ear
) -> None:
    async def answer(heard: Heard) -> None:
        if isinstance(heard, Said):
            await asyncio.sleep(0.001)

    ear.answer = answer
    opened = []
    for number in range(2):
        card = Post(card=Card(f"#{number}"))
        made = await channel.open_thread(
            PlaceRef("discord", SUPPORT), f"#{number}", card, key=f"o{number}", recall=None
        )
        opened.append(made.thread)
    flood, calm = opened
    told = [server.do("say", user=ADA, channel=flood.key, content=str(number)) for number in range(150)]
    for number, said in enumerate(told):
        await said
        if number == 100:
            await server.do("say", user=LEA, channel=calm.key, content="excuse me")
    heard = [await ear.next(Said) for _ in range(151)]
    assert [said.body for said in heard if said.thread == flood] == [str(number) for number in range(150)]
    assert [said.body for said in heard if said.thread == calm] == ["excuse me"]


# --- interactions -------------------------------------------------------------------------------------------------


async def forged(server: Server, kind: int, data: dict[str, Any], message: dict[str, Any] | None = None) -> Any:
    """As if somebody's client had sent this."""
    where = server.sandbox.guild.channel(HELP)
    return await server.sandbox.interactions.start(kind, LEA, where, data, message)


@pytest.mark.parametrize(
    "custom_id",
    ("|", "?", "*", "~again|", "~again|../../etc", "?x", "*x", "|x|y", "nothing?x", "x" * 100, "\u202e|\x00"),
)
async def test_a_forged_id_is_answered_in_time(
    channel: DiscordChannel, server: Server, ear: Ear, custom_id: str
) -> None:
    ear.answer = lambda heard: Card("no such button") if isinstance(heard, Pressed) else None
    said = await server.do("say", user=ADA, channel=HELP, content="x")
    for kind in (2, 3, 5):
        data = {"custom_id": custom_id, "component_type": kind, "values": ["forged", 7]}
        answer = await forged(server, 3, data, said)
        assert answer["ok"], custom_id
        assert answer["answer"]["type"] in {"message", "modal"}


async def test_a_forged_form_is_heard_as_it_is(channel: DiscordChannel, server: Server, ear: Ear) -> None:
    ear.answer = lambda heard: Card("not so") if isinstance(heard, Submitted) else None
    components = [
        {"type": 18, "component": {"type": 4, "custom_id": "a", "value": {"not": "text"}}},
        {"type": 18, "component": {"type": 3, "custom_id": "b*", "values": "c"}},
        {"type": 18, "component": {"type": 19, "custom_id": "files", "values": ["1", 2]}},
        {"type": 99},
        "nothing",
    ]
    server.sandbox.setup.answer_within = 0.1
    answer = await forged(server, 5, {"custom_id": "new|x", "components": components[:4]})
    server.sandbox.setup.answer_within = PATIENT
    assert not answer["ok"]  # a part without a name: not a form that Discord could have sent
    answer = await forged(server, 5, {"custom_id": "new|x", "components": [*components[:3], components[4]]})
    assert answer["answer"]["ephemeral"]
    (heard,) = ear.all(Submitted)
    assert (heard.values, heard.several, heard.files) == ({"a": ""}, {"b": ()}, {"files": ()})


async def test_an_interaction_that_is_delivered_twice_is_asked_and_answered_once(server: Server, ear: Ear) -> None:
    async def slow(heard: Heard) -> Answer:
        if isinstance(heard, Called):
            await asyncio.sleep(0.05)
            return Card("Hello")
        return None

    ear.answer = slow
    async with listening(server.channel(defer_after=0.01), ear):
        await ear.next(Joined)
        await server.do("fault", kind="duplicate", match="event:INTERACTION_CREATE")
        await server.do("command", user=LEA, name="ticket", channel=HELP)

        async def told() -> bool:
            return ["".join(e["title"] for e in w["embeds"]) for w in await server.whispers(LEA)] == ["Hello"]

        await until(told)
        await server.do("clear_faults")
        await server.do("command", user=LEA, name="ticket", channel=HELP)
        await ear.next(Called)
        await ear.next(Called)
    assert len(ear.all(Called)) == 2


@pytest.mark.parametrize("slow", (False, True))
async def test_a_card_that_is_deleted_while_its_button_is_pressed_is_answered_beside(
    server: Server, ear: Ear, *, slow: bool
) -> None:
    channel = server.channel(defer_after=0.01 if slow else 0.5)

    async def answer(heard: Heard) -> Answer:
        if not isinstance(heard, Pressed):
            return None
        assert heard.message is not None
        if slow:
            await asyncio.sleep(0.05)
        await channel.delete(heard.message)
        return Instead(Card("new"))

    ear.answer = answer
    async with listening(channel, ear):
        await ear.next(Joined)
        post = Post(card=Card("old", actions=(Button("go", "Go"),)))
        made = await channel.open_thread(PlaceRef("discord", SUPPORT), "#1", post, key="o", recall=None)
        message = made.card.key.partition(":")[2]
        await server.do("press", user=LEA, channel=SUPPORT, message=message, custom_id="go|")

        async def told() -> bool:
            return [w["embeds"][0]["title"] for w in await server.whispers(LEA) if w["embeds"]] == ["new"]

        await until(told)
    assert ear.all(Deleted) == []


async def test_hostile_names_and_files_are_heard_as_they_are_and_fetched_from_discord_only(
    channel: DiscordChannel, server: Server, ear: Ear
) -> None:
    direct = (await server.do("dm", user=LEA))["channel"]
    names = ("../../etc/passwd", "a\u202egnp.exe", "CON", "x" * 255, "a\nb.txt", ".", "файл.txt")
    for name in names:
        file = {"name": name, "content_type": "text/html; charset=x", "data_base64": "aGVsbG8="}
        await server.do("say", user=LEA, channel=direct, content=name[:20], files=[file])
        (found,) = (await ear.next(Said)).files
        assert b"".join([chunk async for chunk in channel.read(found)]) == b"hello"


async def test_a_message_of_another_server_is_none_of_ours(channel: DiscordChannel, server: Server, ear: Ear) -> None:
    server.sandbox.gateway.tell("MESSAGE_CREATE", MESSAGE | {"guild_id": "101"})
    server.sandbox.gateway.tell("MESSAGE_REACTION_ADD", REACTION | {"guild_id": "101"})
    direct = (await server.do("dm", user=LEA))["channel"]
    await server.do("say", user=LEA, channel=direct, content="ours")
    said = await ear.next(Said)
    assert (said.body, said.account) == ("ours", AccountRef("discord", LEA))
    assert said.message == MessageRef("discord", f"{direct}:{said.message.key.partition(':')[2]}")
    assert ear.all(Reacted) == []
