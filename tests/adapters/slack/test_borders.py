"""Borders: error codes to classes, hosts that may see our token, keys that are ours, lanes that keep order."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
from aiohttp import web

from adapters.port import ChannelError, Denied, FileIn, Gone, Rejected, Throttled, Unavailable
from adapters.slack import errors
from adapters.slack.files import is_slack
from adapters.slack.lanes import Lanes
from adapters.slack.refs import message_ref, moment, order, spot
from desk.model import MessageRef, ThreadRef
from tests.adapters.slack.conftest import until

if TYPE_CHECKING:
    from adapters.slack.channel import SlackChannel
    from tests.adapters.slack.conftest import Workspace


@pytest.mark.parametrize(
    ("code", "expected"),
    (
        ("channel_not_found", Gone),
        ("message_not_found", Gone),
        ("is_archived", Gone),
        ("not_in_channel", Denied),
        ("missing_scope", Denied),
        ("invalid_auth", Denied),
        ("cant_update_message", Denied),
        ("ratelimited", Throttled),
        ("internal_error", Unavailable),
        ("invalid_blocks", Rejected),
        ("expired_trigger_id", Rejected),
        ("something_new", Rejected),
    ),
)
def test_each_code_has_its_class(code: str, expected: type[ChannelError]) -> None:
    assert type(errors.of_code(code)) is expected


def test_no_code_is_in_two_tables() -> None:
    tables = (errors.GONE, errors.TOKEN, errors.DENIED, errors.UNAVAILABLE)
    assert sum(map(len, tables)) == len(frozenset().union(*tables))


@pytest.mark.parametrize(
    ("url", "ours"),
    (
        ("https://files.slack.com/files-pri/T1-F1/a.png", True),
        ("https://slack.com/x", True),
        ("http://files.slack.com/x", False),
        ("https://files.slack.com:8443/x", False),
        ("https://slack.com.evil.example/x", False),
        ("https://evilslack.com/x", False),
        ("https://files.slack.com@evil.example/x", False),
        ("http://127.0.0.1:9/x", True),
        ("http://127.0.0.1:10/x", False),
        ("https://drive.google.com/x", False),
    ),
)
def test_our_token_goes_to_slacks_own_hosts_only(url: str, ours: bool) -> None:  # noqa: FBT001
    assert is_slack(urlsplit(url), urlsplit("http://127.0.0.1:9/api/")) is ours


async def test_a_file_that_lies_elsewhere_is_refused_without_a_request(
    workspace: Workspace, channel: SlackChannel
) -> None:
    asked = []

    async def thief(request: web.Request) -> web.Response:
        asked.append(request)
        return web.Response(body=b"")

    app = web.Application()
    app.router.add_get("/{rest:.*}", thief)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    port = runner.addresses[0][1]
    try:
        held = workspace.sandbox.app.workspace
        file = held.add_file("U0ADA", "a.txt", b"x", "text/plain", f"http://127.0.0.1:{port}")
        with pytest.raises(Rejected):
            [chunk async for chunk in channel.read(FileIn("slack", file["id"], "a.txt", "text/plain", 1))]
        assert asked == []
    finally:
        await runner.cleanup()


async def test_a_page_to_sign_in_is_not_taken_for_the_file(workspace: Workspace, channel: SlackChannel) -> None:
    held = workspace.sandbox.app.workspace
    file = held.add_file("U0ADA", "a.txt", b"x", "text/plain", workspace.sandbox.app.base)
    reader = channel.read(FileIn("slack", file["id"], "a.txt", "text/plain", 1))
    object.__setattr__(channel._tokens, "bot", "xoxb-other")
    with pytest.raises(Denied, match="files:read"):
        [chunk async for chunk in reader]
    with pytest.raises(Gone):
        [chunk async for chunk in channel.read(FileIn("slack", "F0NONE", "a.txt", "text/plain", 1))]


def test_keys_are_taken_apart_as_they_were_put_together() -> None:
    at = spot(message_ref("slack", "C1", "1700000000.000100", ["F1", "F2"]))
    assert (at.channel, at.ts, at.files) == ("C1", "1700000000.000100", ("F1", "F2"))
    assert spot(ThreadRef("slack", "C1:1.2")).files == ()
    assert order("9.000001") < order("10.000000")
    assert moment("1700000000.000100").microsecond == 100


@pytest.mark.parametrize("key", ("", "C1", "C1:", ":1.2", "C1:x", "C1:1.x"))
def test_a_key_that_is_none_of_ours_is_gone(key: str) -> None:
    with pytest.raises(Gone):
        spot(MessageRef("slack", key))


async def test_a_lane_keeps_order_and_others_do_not_wait() -> None:
    lanes = Lanes()
    done: list[str] = []
    door = asyncio.Event()

    async def go(key: str | None, name: str) -> None:
        async with lanes.turn(key):
            if name == "first":
                await door.wait()
            done.append(name)

    async with asyncio.TaskGroup() as group:
        group.create_task(go("a", "first"))
        group.create_task(go("a", "second"))
        group.create_task(go("b", "other"))
        group.create_task(go(None, "free"))
        await until(lambda: len(done) == 2)
        assert done == ["other", "free"]
        door.set()
    assert done == ["other", "free", "first", "second"]
    assert len(lanes) == 0
