"""A department keeps its tickets to itself: told on both networks, with its agents on each."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bot.demo import stage as company
from bot.demo.side import wait_for, wait_line

if TYPE_CHECKING:
    from tests.bot.conftest import Stage

SECRET = {"subject": "Salary of the director", "description": "It is wrong.", "priority": "low"}
OPEN = {"subject": "Printer", "description": "No paper.", "priority": "low"}


@pytest.mark.parametrize("network", ("slack", "discord"))
async def test_what_a_department_keeps_to_itself_is_nowhere_else(idle_stage: Stage, network: str) -> None:
    """HR answers in Slack, IT in Discord; whichever of them is confidential, the other's agents learn nothing."""
    text = idle_stage.config.read_text(encoding="utf-8")
    products, agents = {
        "slack": ('products = ["payroll"]', f'agents = {{ slack = ["{company.LEA}"] }}'),
        "discord": ('products = ["intranet", "laptop"]', f'agents = {{ discord = ["{company.SAM}"] }}'),
    }[network]
    idle_stage.config.write_text(text.replace(products, f"{products}\n{agents}\nconfidential = true"), encoding="utf-8")
    await idle_stage.start()
    slack, discord = idle_stage.slack, idle_stage.discord
    kept, other = ("hr", "payroll"), ("it", "laptop")
    inside_side, place = slack, company.HR_DESK
    outside_side, outside, other_place = discord, company.SAM, company.IT_DESK
    if network == "discord":
        kept, other = ("it", "laptop"), ("hr", "payroll")
        inside_side, place = discord, company.IT_DESK
        outside_side, outside, other_place = slack, company.TOM, company.HR_DESK
    for number, (values, (department, product)) in enumerate(((SECRET, kept), (OPEN, other)), start=1):
        await slack.call(company.NORA)
        assert (await slack.fill(company.NORA, {**values, "department": department, "product": product})).ok
        await slack.clients_thread(company.NORA, number)

    # Its own agents and the admin see it all; beside the other ticket it is neither shown nor counted.
    ours = await inside_side.agents_thread(place, 1)
    await wait_for(inside_side, ours, lambda line: "Salary" in line.text, "the card")
    assert "Salary of the director" in await slack.call(company.ADA, "1")
    there = await outside_side.agents_thread(other_place, 2)
    beside = await wait_for(outside_side, there, lambda line: "Printer" in line.text, "the other card")
    assert "1 ticket: 1 open" in beside.text
    assert "Salary" not in beside.text

    # Asked for by number, listed, searched, counted: there is no such ticket.
    for command, words in (("ticket", "1"), ("tickets", ""), ("tickets", "salary"), ("tickets", "all"), ("stats", "")):
        answer = await outside_side.call(outside, words, command=command)
        assert "Salary" not in answer, (command, words)
    assert "ticket" in await outside_side.call(outside, "1")
    assert "#1" in await outside_side.call(outside, "1")  # only the number that was typed comes back

    # An agent of the other department who gets into its channel is no agent there: their words stay inside.
    if network == "slack":
        idle_stage.slack_sandbox.app.workspace.channels[company.HR_DESK].members.add(company.TOM)
        assert "no ticket #1 that you can see" in await slack.press(company.TOM, ours, "Claim")
        await slack.say(company.TOM, ours, "How much is it?")
        await slack.say(company.LEA, ours, "We correct it")
        theirs = await slack.clients_thread(company.NORA, 1)
        await wait_line(slack, theirs, "We correct it")
        assert "How much" not in "".join(line.text for line in await slack.read(theirs))
