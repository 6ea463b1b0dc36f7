"""The stand-in for Discord refuses what Discord refuses, and misbehaves when it is told to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import aiohttp
import pytest

from sandbox.control import People
from sandbox.discord import DiscordSandbox
from sandbox.discord.permissions import EVERYONE
from tests.sandbox.discord_app import (
    ALL_INTENTS,
    BEN,
    FORUM,
    HELP,
    HIDDEN,
    SAM,
    Caller,
    Client,
    command,
    serving,
    setup,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

EMPTY_SELECT = {"type": 3, "custom_id": "s", "options": []}
BUTTON = {"type": 2, "style": 1, "label": "Go", "custom_id": "go"}


@pytest.fixture
async def discord() -> AsyncIterator[Caller]:
    async with serving(setup()) as caller:
        yield caller


@pytest.mark.parametrize(
    ("body", "path"),
    (
        ({"content": "x" * 2001}, "content"),
        ({"content": "x", "nonce": "n" * 26}, "nonce"),
        ({"embeds": [{"title": "x" * 257}]}, "embeds.0.title"),
        ({"embeds": [{"description": "x" * 4000}] * 2}, "embeds"),
        ({"embeds": [{"fields": [{"name": "n", "value": "v"}] * 26}]}, "embeds.0.fields"),
        ({"embeds": [{"title": "x", "colour": 1}]}, "embeds.0.colour"),
        ({"components": [{"type": 1, "components": [BUTTON] * 6}]}, "components.0"),
        ({"components": [{"type": 1, "components": [BUTTON, BUTTON]}]}, "components.0.custom_id"),
        ({"components": [{"type": 1, "components": [BUTTON | {"label": "x" * 81}]}]}, "components.0.label"),
        ({"components": [{"type": 1, "components": [BUTTON | {"custom_id": "x" * 101}]}]}, "components.0.custom_id"),
        ({"components": [{"type": 1, "components": [BUTTON | {"colour": 1}]}]}, "components.0.colour"),
        ({"components": [{"type": 1, "components": [EMPTY_SELECT]}]}, "components.0.options"),
    ),
    ids=str,
)  # fmt: skip
async def test_it_refuses_messages_past_discords_limits(discord: Caller, body: dict[str, Any], path: str) -> None:
    answer = await discord(f"POST /channels/{HELP}/messages", body)
    assert (answer["status"], answer["code"]) == (400, 50035)
    assert {path, "_openapi"} & set(answer["errors"])
    assert await discord.people.call("messages", channel=HELP) == []


@pytest.mark.parametrize(
    ("call", "body", "code"),
    (
        ("GET /channels/999", None, 10003),
        (f"GET /channels/{HIDDEN}", None, 50001),
        (f"POST /channels/{HELP}/messages", {}, 50006),
        (f"POST /channels/{FORUM}/messages", {"content": "x"}, 50024),
        (f"PATCH /channels/{HELP}/messages/999", {"content": "x"}, 10008),
        ("GET /guilds/999/roles", None, 10004),
        ("GET /guilds/100/members/999", None, 10007),
        ("POST /interactions/999/made-up-token/callback", {"type": 6}, 10015),
        ("POST /webhooks/900/made-up-token", {"content": "x"}, 10015),
    ),
)  # fmt: skip
async def test_it_refuses_as_discord_does(discord: Caller, call: str, body: Any, code: int) -> None:
    assert (await discord(call, body))["code"] == code


async def test_tokens_nonces_and_others_messages(discord: Caller) -> None:
    assert (await discord("GET /users/@me", token="stolen"))["status"] == 401
    body = {"content": "once", "nonce": "k1", "enforce_nonce": True}
    first = await discord(f"POST /channels/{HELP}/messages", body)
    assert (await discord(f"POST /channels/{HELP}/messages", body))["id"] == first["id"]
    theirs = await discord.people.call("say", user=BEN, channel=HELP, content="mine")
    assert (await discord(f"PATCH /channels/{HELP}/messages/{theirs['id']}", {"content": "ours"}))["code"] == 50005


async def test_threads_private_archived_locked_and_counted(discord: Caller) -> None:
    private = await discord.thread(12)
    assert (await discord.people.call("say", user=BEN, channel=private, content="in?"))["code"] == 50001
    await discord(f"PUT /channels/{private}/thread-members/{BEN}")
    assert (await discord.people.call("say", user=BEN, channel=private, content="in"))["content"] == "in"
    said = await discord(f"POST /channels/{private}/messages", {"content": "card"})
    await discord.people.call("archive", thread=private)
    assert (await discord(f"PATCH /channels/{private}/messages/{said['id']}", {"content": "new"}))["code"] == 50083
    assert (await discord(f"PUT /channels/{private}/thread-members/{SAM}"))["code"] == 50083
    assert (await discord(f"POST /channels/{private}/messages", {"content": "wakes it"}))["status"] == 200
    await discord.people.call("archive", thread=private, locked=True)
    assert (await discord.people.call("say", user=BEN, channel=private, content="x"))["code"] == 160005
    root = await discord(f"POST /channels/{HELP}/messages", {"content": "root"})
    started = await discord(f"POST /channels/{HELP}/messages/{root['id']}/threads", {"name": "t"})
    assert started["id"] == root["id"]
    assert (await discord(f"POST /channels/{HELP}/messages/{root['id']}/threads", {"name": "t"}))["code"] == 160004
    discord.discord.setup.active_threads = 1
    assert (await discord(f"POST /channels/{HELP}/threads", {"name": "x", "type": 11}))["code"] == 160006


async def test_rights_are_added_up_from_roles_and_channels(discord: Caller) -> None:
    discord.discord.guild.roles["901"]["permissions"] = str(EVERYONE)
    assert (await discord(f"POST /channels/{HELP}/threads", {"name": "x", "type": 12}))["code"] == 50013
    channel = (await discord("POST /users/@me/channels", {"recipient_id": BEN}))["id"]
    await discord.people.call("close_dms", user=BEN)
    assert (await discord(f"POST /channels/{channel}/messages", {"content": "x"}))["code"] == 50007


async def test_the_gateway_closes_on_a_bad_token_and_on_intents_that_are_off(discord: Caller) -> None:
    async with Client(discord, token="stolen") as stranger:
        await stranger.identify()
        assert (await stranger.next("READY"))["closed"] == 4004
    discord.discord.setup.privileged_intents = False
    async with Client(discord) as client:
        await client.identify()
        assert (await client.next("READY"))["closed"] == 4014


async def test_a_resumed_session_hears_what_it_missed_and_a_lost_one_must_identify(discord: Caller) -> None:
    async with Client(discord) as client:
        await client.identify()
        await client.next("READY")
        await client.next("GUILD_CREATE")
        await discord.people.call("disconnect")
        assert "closed" in await client.next("nothing")
        await discord.people.call("say", user=BEN, channel=HELP, content="while away")
        async with Client(discord) as again:
            resume = {"token": again.hello["token"], "session_id": client.session, "seq": client.sequence}
            await again.socket.send_json({"op": 6, "d": resume})
            assert (await again.next("MESSAGE_CREATE"))["content"] == "while away"
            await again.next("RESUMED")
    async with Client(discord) as stale:
        await stale.socket.send_json({"op": 6, "d": {"token": stale.hello["token"], "session_id": "gone", "seq": 1}})
        assert (await stale.next("op 9"))["d"] is False


async def test_without_the_content_intent_words_are_blank(discord: Caller) -> None:
    async with Client(discord, intents=ALL_INTENTS & ~(1 << 15)) as client:
        await client.identify()
        await client.next("GUILD_CREATE")
        await discord.people.call("say", user=BEN, channel=HELP, content="secret")
        assert (await client.next("MESSAGE_CREATE"))["content"] == ""


async def test_an_interaction_is_answered_once_and_in_time(discord: Caller) -> None:
    async with Client(discord) as client:
        await client.identify()
        await client.next("GUILD_CREATE")
        typed, made = await command(discord, client)
        where = f"POST /interactions/{made['id']}/{made['token']}/callback"
        assert (await discord(where, {"type": 4, "data": {"content": "hello", "flags": 64}}))["status"] == 204
        assert (await discord(where, {"type": 4, "data": {"content": "again"}}))["code"] == 40060
        assert (await typed)["answer"]["message"]["content"] == "hello"
        follow = f"POST /webhooks/900/{made['token']}"
        assert (await discord(follow, {"content": "more", "flags": 64}))["content"] == "more"
        discord.discord.setup.token_life = 0.0
        assert (await discord(follow, {"content": "late"}))["code"] == 50027
        discord.discord.setup.token_life, discord.discord.setup.answer_within = 900.0, 0.1
        typed, made = await command(discord, client)
        assert (await typed)["error"] == "The application did not respond"
        where = f"POST /interactions/{made['id']}/{made['token']}/callback"
        assert (await discord(where, {"type": 4, "data": {"content": "late"}}))["code"] == 10062


def label(number: int, **field: Any) -> dict[str, Any]:
    return {"type": 18, "label": f"Field {number}", "component": {"custom_id": f"f{number}", **field}}


@pytest.mark.parametrize(
    "data",
    (
        {"title": "x" * 46, "custom_id": "m", "components": [label(1, type=4, style=1)]},
        {"title": "M", "custom_id": "m", "components": [label(n, type=4, style=1) for n in range(6)]},
        {"title": "M", "custom_id": "m", "components": [label(1, type=4, style=1) | {"label": "x" * 46}]},
        {"title": "M", "custom_id": "m", "components": [label(1, type=3, options=[])]},
        {"title": "M", "custom_id": "m", "components": [label(1, type=19, max_values=11)]},
    ),
    ids=lambda data: str(data)[:50],
)
async def test_a_modal_past_the_limits_is_refused(discord: Caller, data: dict[str, Any]) -> None:
    async with Client(discord) as client:
        await client.identify()
        await client.next("GUILD_CREATE")
        typed, made = await command(discord, client)
        where = f"POST /interactions/{made['id']}/{made['token']}/callback"
        assert (await discord(where, {"type": 9, "data": data}))["code"] == 50035
        assert await discord.people.call("modal", user=BEN) is None
        typed.cancel()


async def test_a_link_to_a_file_expires(discord: Caller) -> None:
    file = {"name": "a.txt", "content_type": "text/plain", "data_base64": "Ynl0ZXM="}
    said = await discord.people.call("say", user=BEN, channel=HELP, files=[file])
    address = said["attachments"][0]["url"]
    async with discord.session.get(address) as answer:
        assert await answer.read() == b"bytes"
    async with discord.session.get(address.replace("hm=", "hm=0")) as answer:
        assert answer.status == 404
    discord.discord.setup.attachment_life = -1
    said = await discord.people.call("say", user=BEN, channel=HELP, files=[file])
    async with discord.session.get(said["attachments"][0]["url"]) as answer:
        assert answer.status == 404


async def test_calls_go_wrong_and_are_limited_on_demand(discord: Caller) -> None:
    post = f"POST /channels/{HELP}/messages"
    await discord.people.call("fault", kind="rate_limited", match="POST /channels/*/messages", times=1, retry_after=2)
    answer = await discord(post, {"content": "x"})
    assert (answer["status"], answer["retry_after"], answer["headers"]["Via"]) == (429, 2, "1.1 sandbox")
    await discord.people.call("fault", kind="server_error", match="POST *", times=1)
    assert (await discord(post, {"content": "x"}))["status"] == 503
    await discord.people.call("fault", kind="lost_answer", match="POST *", times=1)
    with pytest.raises(aiohttp.ClientError):
        await discord(post, {"content": "arrives"})
    assert [m["content"] for m in await discord.people.call("messages", channel=HELP)] == ["arrives"]
    discord.discord.setup.route_limit = (2, 60.0)
    assert [(await discord(post, {"content": "x"}))["status"] for _ in range(3)] == [200, 200, 429]


async def test_what_the_official_document_forbids_is_found() -> None:
    async with (
        DiscordSandbox(setup()) as sandbox,
        aiohttp.ClientSession() as session,
        People(sandbox.control_url) as people,
    ):
        if sandbox._checker is None:
            pytest.skip("Discord's OpenAPI document is not at hand")
        discord = Caller(sandbox, session, people)
        answer = await discord(f"POST /channels/{HELP}/messages", {"content": 7})
        assert answer["code"] == 50035
        (finding,) = await people.call("findings")
        assert finding["call"] == "POST /channels/{channel_id}/messages"
