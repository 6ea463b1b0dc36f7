"""HTTP mode: what Slack signed is heard as by a socket, several apps behind one port; nothing else is even read."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import time
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest

from adapters.port import Called, HomeOpened, Joined, Pressed, Said, Shortcut, Sought, Submitted, TokenRefused
from adapters.slack.channel import SlackChannel
from adapters.slack.config import SlackConfig, SlackTokens
from adapters.ui import Button, Card, Finder, Form, Found, Instead, Option, TextField
from bot.front import LARGEST, Front
from sandbox.slack import SlackSandbox
from tests.adapters.slack.conftest import (
    ADA,
    LEA,
    LOBBY,
    QUICK,
    SUPPORT,
    Ear,
    Workspace,
    listening,
    setup,
    until,
    words,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from adapters.port import Answer, Heard

SECRET = setup().signing_secret
FORM = Form("new", "New", "Open", (TextField("subject", "Subject"),))
CARD = Card("Here", actions=(Button("next", "Next"), Finder("find", "Find")))


def door(front: Front, sandbox: SlackSandbox, *, path: str = "/slack/events", name: str = "slack") -> SlackChannel:
    """A channel behind that front, and the workspace told where it is."""
    made = sandbox.app.setup
    made.request_url = front.url + path
    config = SlackConfig(mode="http", api_url=sandbox.url, path=path)
    tokens = SlackTokens(bot=made.bot_token, signing=made.signing_secret)
    return SlackChannel(config, tokens, name=name, patience=QUICK, doors=front)


@pytest.fixture
async def front() -> AsyncIterator[Front]:
    async with Front("127.0.0.1:0") as opened:
        yield opened


@asynccontextmanager
async def heard_over_http(front: Front, workspace: Workspace, ear: Ear) -> AsyncIterator[SlackChannel]:
    channel = door(front, workspace.sandbox)
    async with listening(channel, ear):
        await ear.next(Joined)
        yield channel


async def test_everything_is_heard_and_answered_as_by_a_socket(front: Front, workspace: Workspace, ear: Ear) -> None:
    answers: dict[type[Heard], Answer] = {
        Called: FORM,
        Submitted: Card("Thank you"),
        HomeOpened: CARD,
        Pressed: Instead(Card("Changed")),
        Sought: Found((Option("a", "A"),)),
        Shortcut: FORM,
    }
    ear.answer = lambda heard: answers.get(type(heard))
    async with heard_over_http(front, workspace, ear) as channel:
        assert await channel.health() == "connected"
        assert workspace.sandbox.app.delivery.sockets == []
        await workspace.do("command", user=LEA, command="/ticket", text="my printer", channel=LOBBY)
        assert (await ear.next(Called)).words == "my printer"
        assert (await workspace.do("submit", user=LEA, values={"subject": "Printer"}))["ok"]
        assert [words(told) for told in await workspace.do("ephemerals", user=LEA)] == ["Thank you"]
        await workspace.do("open_home", user=ADA)
        held = workspace.sandbox.app.workspace
        await until(lambda: ADA in held.homes)
        found = await workspace.do("suggest", user=ADA, surface="home", action_id="1:find", words="")
        assert [option["value"] for option in found["options"]] == ["a"]
        await workspace.do("press_home", user=ADA, action_id="0:next")
        assert words(await workspace.do("home", user=ADA)) == "Changed"
        said = await workspace.do("say", user=ADA, channel=SUPPORT, text="root")
        await workspace.do("say", user=ADA, channel=SUPPORT, thread_ts=said["ts"], text="reply")
        assert (await ear.next(Said)).body == "reply"
        assert (await workspace.do("shortcut", user=ADA, channel=SUPPORT, ts=said["ts"], callback_id="open"))["ok"]
        assert (await ear.next(Shortcut)).quote.body == "root"
    assert (await channel.health()).startswith("stopped")


async def test_what_could_not_be_handled_comes_again(front: Front, workspace: Workspace, ear: Ear) -> None:
    failures = iter([RuntimeError("the database is locked")])

    def busy(heard: Heard) -> Answer:
        if isinstance(heard, Said) and (error := next(failures, None)):
            raise error
        return None

    ear.answer = busy
    async with heard_over_http(front, workspace, ear):
        direct = await workspace.dm(LEA)
        await workspace.do("say", user=LEA, channel=direct, text="hello")
        first, again = await ear.next(Said), await ear.next(Said)
        assert first == again


async def test_messages_of_a_thread_are_heard_in_order(front: Front, workspace: Workspace) -> None:
    begun: list[str] = []
    door_open = asyncio.Event()

    async def slow(heard: Heard) -> Answer:
        if isinstance(heard, Said):
            begun.append(heard.body)
            await door_open.wait()
        return None

    channel = door(front, workspace.sandbox)
    workspace.sandbox.app.setup.ack_within = 5.0
    async with listening(channel, slow):
        await until(lambda: "/slack/events" in front._doors)
        root = await workspace.do("say", user=ADA, channel=SUPPORT, text="root")
        await workspace.do("say", user=ADA, channel=SUPPORT, thread_ts=root["ts"], text="one")
        await until(lambda: begun == ["one"])
        await workspace.do("say", user=ADA, channel=SUPPORT, thread_ts=root["ts"], text="two")
        await workspace.do("say", user=LEA, channel=await workspace.dm(LEA), text="elsewhere")
        await until(lambda: len(begun) == 2)
        assert begun == ["one", "elsewhere"]
        door_open.set()
        await until(lambda: len(begun) == 3)


def event(text: str = "forged", **fields: Any) -> bytes:
    message = {"type": "message", "channel": "D1", "channel_type": "im", "user": LEA, "ts": "1700000000.000100"}
    body = {
        "type": "event_callback",
        "event_id": "Ev1",
        "team_id": "T0TEAM",
        "event": message | {"text": text} | fields,
    }
    return json.dumps(body).encode()


def signed(body: bytes, *, secret: str = SECRET, age: float = 0.0) -> dict[str, str]:
    moment = str(int(time.time() - age))
    digest = hmac.new(secret.encode(), b"v0:" + moment.encode() + b":" + body, hashlib.sha256).hexdigest()
    return {
        "Content-Type": "application/json",
        "X-Slack-Request-Timestamp": moment,
        "X-Slack-Signature": f"v0={digest}",
    }


@pytest.mark.parametrize(
    ("change", "body"),
    (
        (lambda _: {"Content-Type": "application/json"}, event()),
        (lambda body: signed(body, secret="another"), event()),
        (lambda _: signed(event("changed on the way")), event()),
        (lambda body: signed(body, age=301), event()),
        (lambda body: signed(body, age=-302), event()),
        (lambda body: signed(body) | {"X-Slack-Request-Timestamp": "soon"}, event()),
        (lambda body: signed(body) | {"X-Slack-Signature": "v0=é"}, event()),
        (signed, b"\xff\xfe"),
    ),
    ids=("unsigned", "another secret", "changed", "too old", "of the future", "no time", "odd signature", "no text"),
)
async def test_what_slack_did_not_sign_just_now_is_not_heard(
    front: Front, workspace: Workspace, ear: Ear, change: Callable[[bytes], dict[str, str]], body: bytes
) -> None:
    headers = change(body)
    async with heard_over_http(front, workspace, ear), aiohttp.ClientSession() as session:
        async with session.post(front.url + "/slack/events", data=body, headers=headers) as answer:
            assert answer.status == 401
        assert ear.all(Said) == []
        true = event("true")
        async with session.post(front.url + "/slack/events", data=true, headers=signed(true, age=299)) as answer:
            assert answer.status == 200
        assert [said.body for said in ear.all(Said)] == ["true"]


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    (
        (b"{", "application/json", 400),
        (b'"x"', "application/json", 400),
        (b"[1]", "application/json", 400),
        (b"payload={", "application/x-www-form-urlencoded", 400),
        (b"", "application/json", 404),
        (b'{"event": 7}', "application/json", 400),
        (b"x" * (LARGEST + 1), "application/json", 413),
    ),
    ids=("half", "a word", "a list", "half a form", "nothing", "no event", "too large"),
)
async def test_a_signed_request_that_makes_no_sense_is_refused(
    front: Front, workspace: Workspace, ear: Ear, body: bytes, content_type: str, status: int
) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        yield body

    headers = signed(body) | {"Content-Type": content_type}
    async with heard_over_http(front, workspace, ear), aiohttp.ClientSession() as session:
        async with session.post(front.url + "/slack/events", data=pieces(), headers=headers) as answer:
            assert answer.status == status
        assert [type(heard) for heard in ear.heard] == [Joined]


async def test_slack_may_try_the_address_and_ask_before_the_desk_is_there(
    front: Front, workspace: Workspace, ear: Ear
) -> None:
    body = json.dumps({"type": "url_verification", "challenge": "3eZb", "token": "x"}).encode()
    url = front.url + "/slack/events"
    async with aiohttp.ClientSession() as session:
        async with session.post(url, data=body, headers=signed(body)) as answer:
            assert answer.status == 503
        async with heard_over_http(front, workspace, ear):
            async with session.post(url, data=body, headers=signed(body)) as answer:
                assert (answer.status, await answer.json()) == (200, {"challenge": "3eZb"})
            async with session.get(front.url + "/other") as answer:
                assert answer.status == 404


async def test_several_apps_stand_behind_one_port_each_with_its_own_secret(front: Front, workspace: Workspace) -> None:
    other = setup()
    other.signing_secret = "the other app's"
    async with SlackSandbox(other) as sandbox, Workspace(sandbox) as elsewhere:
        here, there = Ear(), Ear()
        channels = (door(front, workspace.sandbox), door(front, sandbox, path="/slack/emea", name="emea"))
        async with listening(channels[0], here), listening(channels[1], there):
            await asyncio.gather(here.next(Joined), there.next(Joined))
            for workspace_, text in ((workspace, "here"), (elsewhere, "there")):
                await workspace_.do("say", user=LEA, channel=await workspace_.dm(LEA), text=text)
            assert ((await here.next(Said)).body, (await there.next(Said)).body) == ("here", "there")
            body = event("for the other")
            async with (
                aiohttp.ClientSession() as session,
                session.post(front.url + "/slack/emea", data=body, headers=signed(body)) as answer,
            ):
                assert answer.status == 401
        assert (here.all(Said)[0].account.channel, there.all(Said)[0].account.channel) == ("slack", "emea")


def test_http_mode_needs_the_signing_secret_and_no_app_token() -> None:
    config = SlackConfig(mode="http")
    assert config.tokens({"SLACK_BOT_TOKEN": "xoxb", "SLACK_SIGNING_SECRET": "s"}).signing == "s"
    with pytest.raises(TokenRefused, match="SLACK_SIGNING_SECRET"):
        config.tokens({"SLACK_BOT_TOKEN": "xoxb", "SLACK_APP_TOKEN": "xapp"})
