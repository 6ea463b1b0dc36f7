"""What the desk does when a network refuses it, is not there, or comes back."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from adapters.port import TokenRefused
from bot.app import open_desk
from bot.config import ConfigError, load
from bot.demo import stage as company
from bot.demo.side import wait_line
from bot.demo.slack_side import SlackSide
from sandbox.control import People
from sandbox.slack import SlackSandbox

if TYPE_CHECKING:
    from tests.bot.conftest import Stage

pytestmark = pytest.mark.both

FORM = {"subject": "Laptop", "description": "It hums.", "department": "it", "product": "laptop", "priority": "low"}


@pytest.mark.parametrize(
    ("variable", "named"),
    (
        ("SLACK_BOT_TOKEN", "SLACK_BOT_TOKEN"),
        ("SLACK_APP_TOKEN", "SLACK_APP_TOKEN"),
        ("DISCORD_TOKEN", "DISCORD_TOKEN"),
    ),
)
async def test_a_refused_token_ends_the_desk_and_is_named(idle_stage: Stage, variable: str, named: str) -> None:
    desk = open_desk(load(idle_stage.config), company.ENVIRONMENT | {variable: "xoxb-wrong-token"})
    with pytest.raises(TokenRefused, match=named) as refused:
        await asyncio.wait_for(desk.run(), 20)
    assert "wrong-token" not in str(refused.value)
    assert "\n" not in str(refused.value)


async def test_slack_may_call_the_desk_instead(idle_stage: Stage) -> None:
    text = idle_stage.config.read_text(encoding="utf-8")
    text = text.replace("[slack]\n", '[http]\nlisten = "127.0.0.1:0"\n\n[slack]\nmode = "http"\n')
    idle_stage.config.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match="SLACK_SIGNING_SECRET"):
        open_desk(load(idle_stage.config), company.ENVIRONMENT | {"SLACK_SIGNING_SECRET": ""})
    desk = open_desk(load(idle_stage.config), company.ENVIRONMENT | {"SLACK_APP_TOKEN": ""})
    running = asyncio.create_task(desk.run())
    side = idle_stage.slack

    async def connected() -> bool:
        return await desk.channels["slack"].health() == "connected"

    async with asyncio.timeout(10):
        while not await connected():  # noqa: ASYNC110 - the desk tells nobody
            await asyncio.sleep(0.01)
    idle_stage.slack_sandbox.app.setup.request_url = desk.fronts["127.0.0.1:0"].url + "/slack/events"
    await side.call(company.NORA)
    values = FORM | {"department": "hr", "product": "payroll"}
    assert (await side.fill(company.NORA, values)).ok
    ours = await side.agents_thread(company.HR_DESK, 1)
    await side.say(company.TOM, ours, "We hear you.")
    await wait_line(side, await side.clients_thread(company.NORA, 1), "We hear you.")
    assert (await side.people.call("sockets"))["open"] == 0
    desk.stop()
    await running


async def test_two_workspaces_stand_behind_one_port(idle_stage: Stage) -> None:
    setup = company.slack_setup()
    setup.bot_token, setup.signing_secret = "xoxb-emea", "the secret of emea"
    async with SlackSandbox(setup) as second, People(second.control_url) as people:
        there = SlackSide(people, company.SLACK_BOT, setup.bot_token)
        text = idle_stage.config.read_text(encoding="utf-8")
        text = text.replace("[slack]\n", '[http]\nlisten = "127.0.0.1:0"\n\n[slack]\nmode = "http"\n')
        text = text.replace("agents = { slack", 'agents = { slack-emea = ["S0AGENTS"], slack')
        text = text.replace(f'"slack:{company.HR_DESK}"', f'"slack-emea:{company.HR_DESK}"')
        text += f"""
[[workspaces]]
id = "emea"
mode = "http"
path = "/slack/emea"
api_url = "{second.url}"
bot_token_env = "EMEA_BOT"
signing_secret_env = "EMEA_SECRET"
"""
        idle_stage.config.write_text(text, encoding="utf-8")
        secrets = {"EMEA_BOT": setup.bot_token, "EMEA_SECRET": setup.signing_secret}
        desk = open_desk(load(idle_stage.config), company.ENVIRONMENT | secrets)
        running = asyncio.create_task(desk.run())
        async with asyncio.timeout(10):
            while {await desk.channels[name].health() for name in ("slack", "slack-emea")} != {"connected"}:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        front = desk.fronts["127.0.0.1:0"].url
        idle_stage.slack_sandbox.app.setup.request_url = front + "/slack/events"
        setup.request_url = front + "/slack/emea"
        here = idle_stage.slack
        await here.call(company.NORA)
        assert (await here.fill(company.NORA, FORM | {"department": "hr", "product": "payroll"})).ok
        ours = await there.agents_thread(company.HR_DESK, 1)
        await there.say(company.TOM, ours, "We hear you, from emea.")
        await wait_line(here, await here.clients_thread(company.NORA, 1), "from emea.")
        desk.stop()
        await running


async def test_one_network_away_does_not_stop_the_other(idle_stage: Stage) -> None:
    text = idle_stage.config.read_text(encoding="utf-8")
    idle_stage.config.write_text(
        text.replace(idle_stage.slack_sandbox.url, "http://127.0.0.1:9/api/"), encoding="utf-8"
    )
    desk = open_desk(load(idle_stage.config), company.ENVIRONMENT)
    running = asyncio.create_task(desk.run())
    side = idle_stage.discord

    async def heard() -> bool:
        return bool((await side.people.call("sockets"))["open"])

    await side.people.until(heard, "the desk listens on Discord")
    await side.call(company.BEN)
    assert (await side.fill(company.BEN, FORM)).ok
    theirs = await side.clients_thread(company.BEN, 1)
    ours = await side.agents_thread(company.IT_DESK, 1)
    await side.say(company.SAM, ours, "We hear you.")
    await wait_line(side, theirs, "We hear you.")
    assert (await desk.channels["slack"].health()).startswith("connecting")
    assert (await desk.channels["discord"].health()).startswith("connected")
    desk.stop()
    await running


async def test_what_is_owed_to_a_network_that_is_away_arrives_when_it_is_back(stage: Stage) -> None:
    side = stage.slack
    await side.call(company.NORA)
    assert (await side.fill(company.NORA, FORM)).ok
    theirs = await side.clients_thread(company.NORA, 1)
    ours = await stage.discord.agents_thread(company.IT_DESK, 1)
    stage.slack_sandbox.app.faults.add(kind="server_error", match="chat.postMessage", times=3)
    await stage.discord.say(company.SAM, ours, "First")
    await stage.discord.say(company.SAM, ours, "Second")
    await wait_line(side, theirs, "Second", within=20)
    said = [line.text.splitlines()[-1] for line in await side.read(theirs) if "Sam Rivers" in line.text]
    assert said == ["First", "Second"]
