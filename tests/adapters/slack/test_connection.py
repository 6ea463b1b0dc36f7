"""The socket: kept, renewed, opened again; and tokens that are refused with the way to mend it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from adapters.port import Joined, Said, TokenRefused
from adapters.slack.config import SCOPES, SlackConfig, SlackTokens
from adapters.slack.wire import Patience
from sandbox.slack import SlackSandbox
from tests.adapters.slack.conftest import LEA, WITHIN, Workspace, listening, setup, until

if TYPE_CHECKING:
    from adapters.slack.channel import SlackChannel
    from tests.adapters.slack.conftest import Ear


async def test_a_dropped_socket_is_opened_again_and_the_gap_is_told(
    workspace: Workspace, channel: SlackChannel, ear: Ear
) -> None:
    assert await channel.health() == "connected"
    await workspace.do("disconnect")
    await ear.next(Joined)
    direct = await workspace.dm(LEA)
    await workspace.until_open()
    await workspace.do("say", user=LEA, channel=direct, text="still there?")
    assert (await ear.next(Said)).body == "still there?"


async def test_a_renewed_socket_leaves_a_short_gap(workspace: Workspace, channel: SlackChannel, ear: Ear) -> None:
    await workspace.do("disconnect", reason="refresh_requested")
    await workspace.until_open()
    direct = await workspace.dm(LEA)
    await workspace.do("say", user=LEA, channel=direct, text="hello")
    await ear.next(Said)
    assert [joined.briefly for joined in ear.all(Joined)] == [False, True]


async def test_a_short_interruption_is_told_as_one(workspace: Workspace, ear: Ear) -> None:
    async with listening(workspace.channel(patience=Patience(gap=60.0)), ear):
        await ear.next(Joined)
        await workspace.do("disconnect")
        await workspace.until_open()
        await workspace.do("say", user=LEA, channel=await workspace.dm(LEA), text="hello")
        await ear.next(Said)
        assert [joined.briefly for joined in ear.all(Joined)] == [False, True]


async def test_an_event_that_met_a_dropped_socket_comes_again(
    workspace: Workspace, channel: SlackChannel, ear: Ear
) -> None:
    await workspace.do("fault", kind="withheld", match="event:message", times=2)
    await workspace.do("say", user=LEA, channel=await workspace.dm(LEA), text="hello")
    assert (await ear.next(Said)).body == "hello"


async def test_the_gap_is_told_until_it_could_be_caught_up_with(workspace: Workspace, ear: Ear) -> None:
    attempts = []

    def busy(_heard: object) -> None:
        attempts.append(1)
        if len(attempts) < 3:
            raise RuntimeError("the database is locked")

    ear.answer = busy
    async with listening(workspace.channel(), ear):
        for _ in range(3):
            await ear.next(Joined)


@pytest.mark.parametrize(
    ("tokens", "variable"),
    (
        ({"bot": "xoxb-wrong"}, "SLACK_BOT_TOKEN"),
        ({"app": "xapp-wrong"}, "SLACK_APP_TOKEN"),
        ({"app": "xoxb-sandbox"}, "SLACK_APP_TOKEN"),
        ({"bot": "xapp-sandbox"}, "SLACK_BOT_TOKEN"),
    ),
)
async def test_a_refused_token_names_its_variable_and_the_fix(
    workspace: Workspace, ear: Ear, tokens: dict[str, str], variable: str
) -> None:
    channel = workspace.channel(**tokens)
    async with listening(channel, ear) as task:
        with pytest.raises(TokenRefused, match=f"{variable}.*api.slack.com/apps") as caught:
            await asyncio.wait_for(task, WITHIN)
        assert not any(token in str(caught.value) for token in tokens.values())
        assert (await channel.health()).startswith("stopped: ")


async def test_a_missing_scope_is_named_at_start(workspace: Workspace, ear: Ear) -> None:
    await workspace.do("set_scopes", scopes=[scope for scope in SCOPES if scope != "files:read"])
    async with listening(workspace.channel(), ear) as task:
        with pytest.raises(TokenRefused, match=r"SLACK_BOT_TOKEN lacks scopes: files:read \(copies attachments"):
            await asyncio.wait_for(task, WITHIN)


async def test_an_unreachable_network_is_tried_until_it_is_there(ear: Ear, unused_tcp_port: int) -> None:
    unreachable = SlackSandbox(setup(), port=unused_tcp_port)
    workspace = Workspace(unreachable)
    channel = workspace.channel(api_url=f"http://127.0.0.1:{unused_tcp_port}/api/")
    async with listening(channel, ear):
        await until(lambda: "Cannot connect" in channel._state)
        assert (await channel.health()).startswith("connecting: ")
        async with unreachable:
            await ear.next(Joined)
            assert await channel.health() == "connected"


async def test_a_server_in_trouble_at_start_is_tried_again(workspace: Workspace, ear: Ear) -> None:
    await workspace.do("fault", kind="server_error", match="auth.test", times=2)
    await workspace.do("fault", kind="server_error", match="apps.connections.open", times=2)
    async with listening(workspace.channel(), ear):
        await ear.next(Joined)


async def test_a_token_revoked_later_stops_the_desk(workspace: Workspace, ear: Ear) -> None:
    async with listening(workspace.channel(), ear) as task:
        await ear.next(Joined)
        workspace.sandbox.app.setup.app_token = "xapp-new"
        await workspace.do("disconnect")
        with pytest.raises(TokenRefused):
            await asyncio.wait_for(task, WITHIN)


def test_secrets_come_from_the_environment_and_are_never_shown() -> None:
    config = SlackConfig(bot_token_env="BOT", app_token_env="APP")
    tokens = config.tokens({"BOT": "xoxb-secret", "APP": "xapp-secret"})
    assert tokens == SlackTokens("xoxb-secret", "xapp-secret")
    assert "secret" not in repr(tokens)
    with pytest.raises(TokenRefused, match="APP"):
        config.tokens({"BOT": "xoxb-secret"})
