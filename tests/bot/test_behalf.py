"""Agents open tickets for somebody else, told on both networks: the client has the thread, the card says who did it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bot.demo import stage as company
from bot.demo.side import Where, wait_line

if TYPE_CHECKING:
    from bot.demo.side import Side
    from tests.bot.conftest import Stage

FORM = {"description": "Il m'a appelé.", "department": "hr", "product": "payroll", "priority": "low"}
AGENT = {"slack": company.TOM, "discord": company.SAM}
NAME = {"slack": "Tom Baker", "discord": "Sam Rivers"}
CLIENT = {"slack": company.MARC, "discord": company.INES}
OTHER = {"slack": company.NORA, "discord": company.BEN}
both = pytest.mark.parametrize("network", ("slack", "discord"))


@both
async def test_an_agent_mentions_whose_ticket_it_is(stage: Stage, network: str) -> None:
    side: Side = getattr(stage, network)
    agent, client = AGENT[network], CLIENT[network]
    title = await side.call(agent, f"{side.mention(client)} Badge perdu")
    assert title.startswith("For ")
    wrong = await side.fill(agent, FORM | {"subject": " "})
    assert not wrong.ok
    if network == "discord":
        assert (await side.press(agent, Where(company.HELP), "Correct it")).startswith("For ")
    assert (await side.fill(agent, FORM | {"subject": "Badge perdu"})).ok
    theirs = await side.clients_thread(client, 1)
    card = (await side.read(theirs))[0].text
    assert "#1 · Badge perdu" in card
    assert f": {NAME[network]}" in card
    ours = await stage.slack.agents_thread(company.HR_DESK, 1)
    card = (await stage.slack.read(ours))[0].text
    assert f"Opened by: {NAME[network]}" in card
    assert f"Client: {'Marc Dubois' if network == 'slack' else 'Inès Moreau'}" in card
    await side.say(client, theirs, "C'est exact")
    await wait_line(stage.slack, ours, "C'est exact")
    assert "Badge perdu" in await side.call(client, "1")


@both
async def test_a_clients_message_becomes_the_clients_ticket(stage: Stage, network: str) -> None:
    side: Side = getattr(stage, network)
    place = Where(company.GENERAL if network == "slack" else company.HELP)
    stage.slack_sandbox.app.workspace.channels[company.GENERAL].members.add(company.SLACK_BOT)
    said = await side.say(CLIENT[network], place, "Qui peut m'aider avec ma paie ?")
    assert (await side.shortcut(AGENT[network], place, said, "ticket")).startswith("For ")
    assert (await side.fill(AGENT[network], FORM | {"description": "Qui peut m'aider avec ma paie ?"})).ok
    theirs = await side.clients_thread(CLIENT[network], 1)
    assert "Qui peut m'aider avec ma paie" in (await side.read(theirs))[0].text


async def test_on_slack_the_form_itself_asks_for_whom(stage: Stage) -> None:
    slack = stage.slack
    await slack.call(company.TOM)
    assert (await slack.fill(company.TOM, FORM | {"subject": "Payslip", "behalf": company.NORA})).ok
    theirs = await slack.clients_thread(company.NORA, 1)
    assert "Opened by: Tom Baker" in (await slack.read(theirs))[0].text


@both
async def test_clients_open_their_own_only(stage: Stage, network: str) -> None:
    side: Side = getattr(stage, network)
    title = await side.call(OTHER[network], f"{side.mention(CLIENT[network])} Badge")
    assert title == "New ticket"
    assert (await side.fill(OTHER[network], FORM)).ok
    theirs = await side.clients_thread(OTHER[network], 1)
    assert "Opened by" not in (await side.read(theirs))[0].text
