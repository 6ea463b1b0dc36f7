"""Who may do what, told on the real networks: a refusal is polite, to the asker alone, and changes nothing."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from bot.demo import stage as company
from bot.demo.side import wait_line

if TYPE_CHECKING:
    from bot.demo.side import Side, Where
    from tests.bot.conftest import Stage

HR = {"subject": "Payslip", "description": "Missing.", "department": "hr", "product": "payroll", "priority": "low"}


async def opened(side: Side, person: str) -> None:
    await side.call(person)
    assert (await side.fill(person, HR)).ok


async def texts(side: Side, where: Where) -> str:
    return "\n".join(line.text for line in await side.read(where))


async def test_a_bystander_in_the_agents_channel_can_neither_claim_nor_speak_to_the_client(stage: Stage) -> None:
    slack, discord = stage.slack, stage.discord
    stage.slack_sandbox.app.workspace.channels[company.HR_DESK].members.add(company.NORA)
    await opened(discord, company.BEN)
    theirs, ours = await discord.clients_thread(company.BEN, 1), await slack.agents_thread(company.HR_DESK, 1)
    refusal = await slack.press(company.NORA, ours, "Claim")
    assert "Only agents can do that" in refusal
    assert "Only agents can do that" in await slack.press(company.NORA, ours, "Note")
    assert "no ticket #1 that you can see" in await slack.press(company.NORA, ours, "Close")
    await slack.say(company.NORA, ours, "Between us, Ben always forgets")
    await slack.say(company.TOM, ours, "Hello Ben")
    await wait_line(discord, theirs, "Hello Ben")
    assert "forgets" not in await texts(discord, theirs)
    assert "Nobody yet" in (await slack.read(ours))[0].text


async def test_internal_talk_stays_among_agents(stage: Stage) -> None:
    slack, discord = stage.slack, stage.discord
    await opened(discord, company.BEN)
    theirs, ours = await discord.clients_thread(company.BEN, 1), await slack.agents_thread(company.HR_DESK, 1)
    assert "internal thread" in await slack.press(company.TOM, ours, "Internal talk")

    async def talk() -> str | None:
        for message in await slack.people.call("messages", channel=company.HR_DESK):
            if "internal talk" in str(message.get("blocks")) and message["ts"] != ours.root:
                return str(message["ts"])
        return None

    inside = type(ours)(ours.channel, await slack.people.until(talk, "the internal thread"))
    await slack.say(company.LEA, inside, "He is about to leave us")
    await slack.say(company.TOM, ours, "We look into it, Ben")
    await wait_line(discord, theirs, "We look into it")
    assert "leave us" not in await texts(discord, theirs)
    assert "leave us" not in await texts(slack, ours)
    assert "a déjà un fil interne" in await slack.press(company.LEA, ours, "Internal talk")


async def test_a_client_sees_their_own_tickets_only_and_agents_all(stage: Stage) -> None:
    slack, discord = stage.slack, stage.discord
    await opened(slack, company.MARC)
    await slack.clients_thread(company.MARC, 1)
    await opened(slack, company.NORA)
    await slack.clients_thread(company.NORA, 2)
    assert "Payslip" in await slack.call(company.NORA, "2")
    refusals = [await slack.call(company.NORA, words) for words in ("1", "#999")]
    assert [refused.replace("#999", "#1") for refused in refusals] == [refusals[0]] * 2  # told apart by nothing
    assert "no ticket #1 that you can see: a ticket is seen by its client" in refusals[0]
    assert "Client: Marc Dubois" in await slack.call(company.TOM, "#1")
    assert "no ticket #1 that you can see" in await discord.call(company.BEN, "1")
    assert "Marc Dubois" in await discord.call(company.SAM, "1")


async def test_a_ticket_pressed_twice_at_once_is_closed_once(stage: Stage) -> None:
    slack = stage.slack
    await opened(slack, company.MARC)
    theirs = await slack.clients_thread(company.MARC, 1)
    ours = await slack.agents_thread(company.HR_DESK, 1)
    answers = await asyncio.gather(slack.press(company.MARC, theirs, "Clore"), slack.press(company.TOM, ours, "Close"))
    refused = [answer for answer in answers if answer]
    assert len(refused) == 1
    assert "déjà clos" in refused[0] or "closed already" in refused[0]
    await wait_line(slack, ours, "closed this ticket")
    assert (await texts(slack, ours)).count("closed this ticket") == 1


async def test_a_button_of_an_older_desk_or_a_forged_value_is_refused_politely(stage: Stage) -> None:
    slack = stage.slack
    await opened(slack, company.NORA)
    theirs = await slack.clients_thread(company.NORA, 1)
    message = stage.slack_sandbox.app.workspace.channels[theirs.channel].messages[theirs.root]
    button = next(b for block in message["blocks"] if block["type"] == "actions" for b in block["elements"])
    button["value"] = "1; DROP TABLE tickets"
    assert "older desk" in await slack.press(company.NORA, theirs, "Close")
    button["value"] = "99999999999999999999999"
    assert "older desk" in await slack.press(company.NORA, theirs, "Close")


async def test_rating_is_the_clients_alone_and_can_have_words(stage: Stage) -> None:
    slack = stage.slack
    await opened(slack, company.NORA)
    theirs = await slack.clients_thread(company.NORA, 1)
    ours = await slack.agents_thread(company.HR_DESK, 1)
    await slack.press(company.NORA, theirs, "Close")
    await wait_line(slack, theirs, "closed this ticket")
    assert "★★★☆☆" in await slack.press(company.NORA, theirs, "★★★")
    await slack.press(company.NORA, theirs, "Add a few words")
    assert (await slack.fill(company.NORA, {"words": "Quick, thank you"})).ok
    await slack.people.until(lambda: said(slack, ours, "Quick, thank you"), "the words on the agents' card")


async def said(side: Side, where: Where, words: str) -> bool:
    return words in await texts(side, where)
