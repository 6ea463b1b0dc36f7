"""The stand-in for Slack refuses what Slack refuses, and misbehaves when it is told to."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest
from aiohttp import web
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from sandbox.control import People
from sandbox.slack import SlackSandbox
from tests.sandbox.slack_app import ELSEWHERE, LEA, SUPPORT, App, Caller, setup

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

TEXT = {"type": "plain_text", "text": "Hello"}
MODAL = {"type": "modal", "callback_id": "f", "title": TEXT, "submit": TEXT, "blocks": [
    {"type": "input", "block_id": "words", "label": TEXT, "element": {"type": "plain_text_input", "action_id": "words"}}
]}  # fmt: skip


@pytest.fixture
async def slack() -> AsyncIterator[Caller]:
    async with (
        SlackSandbox(setup()) as sandbox,
        aiohttp.ClientSession() as session,
        People(sandbox.control_url) as people,
    ):
        yield Caller(sandbox, session, people)


def section(text: str) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}}


def button(**changes: Any) -> dict[str, Any]:
    return {"type": "actions", "elements": [{"type": "button", "text": TEXT, "action_id": "a", **changes}]}


@pytest.mark.parametrize(
    ("method", "args", "error"),
    (
        ("chat.postMessage", {"channel": "C0NOWHERE", "text": "x"}, "channel_not_found"),
        ("chat.postMessage", {"channel": ELSEWHERE, "text": "x"}, "not_in_channel"),
        ("chat.postMessage", {"channel": SUPPORT}, "no_text"),
        ("chat.postMessage", {"channel": SUPPORT, "text": "x" * 40_001}, "msg_too_long"),
        ("chat.postMessage", {"channel": SUPPORT, "text": "x", "thread_ts": "1.000001"}, "thread_not_found"),
        ("chat.postMessage", {"channel": SUPPORT, "text": "x", "metadata": {"key": 1}}, "invalid_metadata_format"),
        ("chat.update", {"channel": SUPPORT, "ts": "1.000001", "text": "x"}, "message_not_found"),
        ("chat.postEphemeral", {"channel": SUPPORT, "text": "x", "user": "U0NOBODY"}, "user_not_in_channel"),
        ("users.info", {"user": "U0NOBODY"}, "user_not_found"),
        ("usergroups.users.list", {"usergroup": "S9"}, "no_such_subteam"),
        ("views.open", {"trigger_id": "made.up", "view": MODAL}, "invalid_trigger_id"),
        ("views.update", {"view_id": "V0", "view": MODAL}, "not_found"),
        ("files.upload", {}, "method_deprecated"),
        ("files.info", {"file": "F0"}, "file_not_found"),
        ("nothing.real", {}, "unknown_method"),
    ),
)  # fmt: skip
async def test_it_refuses_as_slack_does(slack: Caller, method: str, args: dict[str, Any], error: str) -> None:
    answer = await slack(method, **args)
    assert (answer["ok"], answer["error"]) == (False, error)


@pytest.mark.parametrize(
    "block",
    (
        section("x" * 3001),
        section(""),
        {"type": "header", "text": {"type": "plain_text", "text": "x" * 151}},
        {"type": "header", "text": {"type": "mrkdwn", "text": "x"}},
        button(text={"type": "plain_text", "text": "x" * 76}),
        button(value="x" * 2001),
        button(style="loud"),
        {"type": "actions", "elements": []},
        {"type": "alert", "text": TEXT},
        {"type": "section", "text": TEXT, "colour": "red"},
        {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": [{"type": "text", "text": ""}]}]},
        {"type": "actions", "elements": [{"type": "static_select", "action_id": "s", "options": []}]},
    ),
    ids=lambda block: str(block)[:40],
)  # fmt: skip
async def test_it_refuses_blocks_that_block_kit_refuses(slack: Caller, block: dict[str, Any]) -> None:
    answer = await slack("chat.postMessage", channel=SUPPORT, blocks=[block])
    assert answer["error"] == "invalid_blocks"
    assert answer["response_metadata"]["messages"]


async def test_it_refuses_more_than_fifty_blocks_and_an_id_twice(slack: Caller) -> None:
    assert (await slack("chat.postMessage", channel=SUPPORT, blocks=[section("x")] * 51))["error"] == "invalid_blocks"
    twice = [section("x") | {"block_id": "b"}, section("y") | {"block_id": "b"}]
    assert (await slack("chat.postMessage", channel=SUPPORT, blocks=twice))["error"] == "invalid_blocks"


async def test_tokens_and_scopes(slack: Caller) -> None:
    assert (await slack("auth.test", token=""))["error"] == "not_authed"
    assert (await slack("auth.test", token="xoxb-stolen"))["error"] == "invalid_auth"
    assert (await slack("auth.test", token="xapp-sandbox"))["error"] == "not_allowed_token_type"
    assert (await slack("apps.connections.open"))["error"] == "not_allowed_token_type"
    await slack.people.call("set_scopes", scopes=["users:read"])
    answer = await slack("chat.postMessage", channel=SUPPORT, text="x")
    assert (answer["error"], answer["needed"], answer["provided"]) == ("missing_scope", "chat:write", "users:read")


async def test_a_trigger_works_once_and_soon(slack: Caller) -> None:
    async with App(slack) as app:
        await slack.people.call("command", user=LEA, command="/ticket", channel=SUPPORT)
        trigger = (await app.next())["payload"]["trigger_id"]
        assert (await slack("views.open", trigger_id=trigger, view=MODAL))["ok"]
        assert (await slack("views.open", trigger_id=trigger, view=MODAL))["error"] == "exchanged_trigger_id"
        slack.slack.app.setup.trigger_life = 0.0
        await slack.people.call("command", user=LEA, command="/ticket", channel=SUPPORT)
        late = (await app.next())["payload"]["trigger_id"]
        assert (await slack("views.open", trigger_id=late, view=MODAL))["error"] == "expired_trigger_id"


async def test_modals_stack_three_high_and_their_hash_guards_them(slack: Caller) -> None:
    async with App(slack) as app:
        opened: dict[str, Any] = {}
        for method in ("views.open", "views.push", "views.push"):
            await slack.people.call("command", user=LEA, command="/ticket", channel=SUPPORT)
            opened = await slack(method, trigger_id=(await app.next())["payload"]["trigger_id"], view=MODAL)
            assert opened["ok"]
        await slack.people.call("command", user=LEA, command="/ticket", channel=SUPPORT)
        trigger = (await app.next())["payload"]["trigger_id"]
        assert (await slack("views.push", trigger_id=trigger, view=MODAL))["error"] == "push_limit_reached"
        view = opened["view"]
        assert (await slack("views.update", view_id=view["id"], hash=view["hash"], view=MODAL))["ok"]
        stale = await slack("views.update", view_id=view["id"], hash=view["hash"], view=MODAL)
        assert stale["error"] == "hash_conflict"


async def test_a_person_whose_command_is_not_acknowledged_is_told(slack: Caller) -> None:
    async with App(slack) as app:
        app.silent = True
        answer = await slack.people.call("command", user=LEA, command="/ticket", channel=SUPPORT)
        assert "operation_timeout" in answer["error"]
        threaded = await slack.people.call("command", user=LEA, command="/ticket", channel=SUPPORT, thread_ts="1.1")
        assert "not supported in threads" in threaded["error"]


async def test_a_form_is_checked_by_the_client_before_the_app_hears_of_it(slack: Caller) -> None:
    async with App(slack) as app:
        await slack.people.call("command", user=LEA, command="/ticket", channel=SUPPORT)
        await slack("views.open", trigger_id=(await app.next())["payload"]["trigger_id"], view=MODAL)
        empty = await slack.people.call("submit", user=LEA, values={})
        assert empty["client_errors"] == {"words": "Please complete this required field."}
        app.answer = {"response_action": "errors", "errors": {"words": "Say more"}}
        assert (await slack.people.call("submit", user=LEA, values={"words": "x"}))["errors"] == {"words": "Say more"}
        app.answer = {"response_action": "errors", "errors": {"nowhere": "x"}}
        assert "unknown blocks" in (await slack.people.call("submit", user=LEA, values={"words": "x"}))["error"]
        app.answer = None
        assert (await slack.people.call("submit", user=LEA, values={"words": "x"}))["ok"]
        assert await slack.people.call("views", user=LEA) == []


async def test_what_is_not_acknowledged_is_delivered_again_with_its_number(slack: Caller) -> None:
    async with App(slack) as app:
        app.silent = True
        await slack.people.call("say", user=LEA, channel=SUPPORT, text="heard?")
        attempts = [await app.next() for _ in range(3)]
        assert [frame["retry_attempt"] for frame in attempts] == [0, 1, 2]
        assert len({frame["payload"]["event_id"] for frame in attempts}) == 1
        assert attempts[1]["retry_reason"] == "timeout"


async def test_events_come_by_one_of_several_sockets_and_a_disconnect_is_announced(slack: Caller) -> None:
    async with App(slack) as one, App(slack) as two:
        for number in range(20):
            await slack.people.call("say", user=LEA, channel=SUPPORT, text=str(number))
        while one.frames.qsize() + two.frames.qsize() < 20:  # noqa: ASYNC110 - two queues, one condition
            await asyncio.sleep(0.01)
        assert min(one.frames.qsize(), two.frames.qsize()) > 0
        await slack.people.call("disconnect", reason="refresh_requested")
        while (frame := await one.next())["type"] != "disconnect":
            pass
        assert frame["reason"] == "refresh_requested"


async def test_files_are_the_bots_and_behind_its_token(slack: Caller) -> None:
    client = AsyncWebClient(token="xoxb-sandbox", base_url=slack.slack.url, session=slack.session)
    await client.files_upload_v2(channel=SUPPORT, content=b"bytes", filename="a.txt", title="a.txt")
    shown = (await slack.people.call("messages", channel=SUPPORT))[-1]
    address = shown["files"][0]["url_private"]
    async with slack.session.get(address) as answer:
        assert "Sign in" in await answer.text()
    async with slack.session.get(address, headers={"Authorization": "Bearer xoxb-sandbox"}) as answer:
        assert await answer.read() == b"bytes"


@pytest.mark.parametrize("kind", ("rate_limited", "server_error", "lost_answer"))
async def test_calls_go_wrong_on_demand(slack: Caller, kind: str) -> None:
    await slack.people.call("fault", kind=kind, match="chat.postMessage", times=1, retry_after=7)
    if kind == "rate_limited":
        answer = await slack("chat.postMessage", channel=SUPPORT, text="x")
        assert (answer["status"], answer["headers"]["Retry-After"]) == (429, "7")
    else:
        with pytest.raises(aiohttp.ClientError):
            await slack("chat.postMessage", channel=SUPPORT, text="x")
    said = len(await slack.people.call("messages", channel=SUPPORT))
    assert said == (1 if kind == "lost_answer" else 0)
    assert (await slack("chat.postMessage", channel=SUPPORT, text="x"))["ok"]


async def test_http_mode_is_signed_and_bolt_believes_only_the_signature() -> None:
    app = AsyncApp(token="xoxb-sandbox", signing_secret="sandbox-signing-secret", process_before_response=True)
    heard: asyncio.Queue[str] = asyncio.Queue()

    @app.event("message")
    async def message(event: dict[str, Any]) -> None:
        await heard.put(event["text"])

    server = app.server(port=0, path="/slack").web_app
    runner = web.AppRunner(server)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    address = f"http://127.0.0.1:{runner.addresses[0][1]}/slack"
    async with (
        SlackSandbox(setup(request_url=address)) as sandbox,
        People(sandbox.control_url) as people,
        aiohttp.ClientSession() as session,
    ):
        app.client.base_url = sandbox.url
        app._async_client.base_url = sandbox.url
        await people.call("say", user=LEA, channel=SUPPORT, text="signed")
        assert await asyncio.wait_for(heard.get(), 5) == "signed"
        body = json.dumps({"type": "event_callback", "event": {"type": "message", "text": "forged"}})
        forged = {"X-Slack-Request-Timestamp": "1", "X-Slack-Signature": "v0=00", "Content-Type": "application/json"}
        async with session.post(address, data=body, headers=forged) as answer:
            assert answer.status == 401
    await runner.cleanup()
    assert heard.empty()
