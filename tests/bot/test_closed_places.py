"""Places and people that the desk cannot reach at all: the admins hear of it once, nothing is lost, nobody is stuck."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import pytest

from bot.demo import stage as company
from bot.demo.side import Where, wait_for, wait_line
from sandbox.slack.workspace import Channel
from tests.bot.test_repair import HR, IT, from_discord, from_slack

if TYPE_CHECKING:
    from bot.demo.side import Side
    from tests.bot.conftest import Stage

ADMINS = {"slack": company.ADA, "discord": company.ADA_DISCORD}
SECOND = "C0SECOND"


async def admin(side: Side, stage: Stage) -> Where:
    """An admin speaks to the desk, so that it knows of her: where she is told things."""
    person = ADMINS[side.name]
    opened = HR if side is stage.discord else IT
    await side.call(person)
    assert (await side.fill(person, opened)).ok
    return await side.direct(person)


async def notices(side: Side, where: Where) -> int:
    return sum("cannot write in" in line.text for line in await side.read(where))


async def given_up(stage: Stage) -> int:
    assert stage.desk is not None
    return (await stage.desk.house.storage.read(lambda tx: tx.stranded(limit=1)))[0]


async def until_given_up(stage: Stage, count: int) -> None:
    async def look() -> bool:
        return await given_up(stage) >= count

    await stage.slack.people.until(look, f"{count} given up")


@pytest.mark.parametrize("how", ("removed", "archived"))
async def test_an_agents_channel_on_slack_that_is_closed_to_the_bot(stage: Stage, how: str) -> None:
    slack, discord = stage.slack, stage.discord
    direct = await admin(slack, stage)
    await discord.call(company.BEN)
    assert (await discord.fill(company.BEN, HR)).ok
    theirs, ours = await discord.clients_thread(company.BEN, 2), await slack.agents_thread(company.HR_DESK, 2)
    if how == "removed":
        await slack.people.call("leave", user=company.SLACK_BOT, channel=company.HR_DESK)
    else:
        await slack.people.call("archive_channel", channel=company.HR_DESK)
    await discord.say(company.BEN, theirs, "Anybody?")
    told = await wait_line(slack, direct, "cannot write in")
    assert f"slack:{company.HR_DESK}" in told.text
    assert "Human resources" in told.text
    assert "invite the bot again" in told.text
    before = await given_up(stage)
    await discord.say(company.BEN, theirs, "Hello?")
    await until_given_up(stage, before + 1)
    await discord.call(company.BEN)  # a new ticket is not refused, and not stuck
    assert (await discord.fill(company.BEN, HR)).ok
    new = await discord.clients_thread(company.BEN, 3)
    await until_given_up(stage, before + 2)
    assert await notices(slack, direct) == 1
    for thread in (theirs, new):
        assert not any("did not arrive" in line.text for line in await discord.read(thread))
    assert "#3" in await slack.call(company.ADA, command="tickets")

    await slack.people.call("archive_channel", channel=company.HR_DESK, archived=False)
    await slack.people.call("join", user=company.SLACK_BOT, channel=company.HR_DESK)
    await slack.press(company.ADA, direct, "Try all again")
    await wait_line(slack, direct, "on its way")
    assert await notices(slack, direct) == 0  # the answer stands in its place
    await wait_line(slack, ours, "Hello?")
    third = await slack.agents_thread(company.HR_DESK, 3)
    await slack.say(company.TOM, third, "Here again")
    await wait_line(discord, new, "Here again")

    await slack.people.call("leave", user=company.SLACK_BOT, channel=company.HR_DESK)
    await discord.say(company.BEN, new, "And now?")
    await wait_line(slack, direct, "cannot write in")  # it is another time, and told again


@pytest.mark.parametrize("how", ("removed", "deleted"))
async def test_an_agents_channel_on_discord_that_is_closed_to_the_bot(stage: Stage, how: str) -> None:
    slack, discord = stage.slack, stage.discord
    theirs, ours = await from_slack(stage)
    direct = await admin(slack, stage)
    place = stage.discord_sandbox.guild.channels[company.IT_DESK]
    overwrites = list(place.overwrites)
    if how == "removed":
        kept = [entry for entry in overwrites if entry["id"] != company.DISCORD_BOT]
        await discord.people.call("set_overwrites", channel=company.IT_DESK, overwrites=kept)
    else:
        await discord.people.call("delete_channel", channel=company.IT_DESK)
    await slack.say(company.NORA, theirs, "Anybody?")
    told = await wait_line(slack, direct, "cannot write in")
    assert f"discord:{company.IT_DESK}" in told.text
    before = await given_up(stage)
    await slack.say(company.NORA, theirs, "Hello?")
    await until_given_up(stage, before + 1)
    assert await notices(slack, direct) == 1
    assert not any("did not arrive" in line.text for line in await slack.read(theirs))
    if how == "removed":
        await discord.people.call("set_overwrites", channel=company.IT_DESK, overwrites=overwrites)
        await slack.press(company.ADA, direct, "Try all again")
        await wait_line(discord, ours, "Hello?")


async def test_the_ticket_goes_on_in_another_place_of_its_department(stage: Stage) -> None:
    """Config names it once the old one is gone; no other department's place hears of it."""
    slack, discord = stage.slack, stage.discord
    theirs, _ = await from_slack(stage)
    await discord.people.call("delete_channel", channel=company.IT_DESK)
    members = {company.LEA, company.TOM, company.SLACK_BOT}
    stage.slack_sandbox.app.workspace.channels[SECOND] = Channel(SECOND, "it-second", "channel", members)
    text = stage.config.read_text(encoding="utf-8")
    old = f'places = ["discord:{company.IT_DESK}"]'
    assert old in text
    stage.config.write_text(text.replace(old, f'{old[:-1]}, "slack:{SECOND}"]'), encoding="utf-8")
    assert stage.desk is not None
    house = stage.desk.house
    stage.desk.reload()

    async def taken_over() -> bool:
        it = house.catalogue.department("it")
        return it is not None and len(it.places) == 2

    await slack.people.until(taken_over, "the second place")
    await slack.say(company.NORA, theirs, "It is getting louder")
    second = await slack.agents_thread(SECOND, 1)
    await wait_line(slack, second, "getting louder")
    await slack.say(company.TOM, second, "On my way")
    await wait_line(slack, theirs, "On my way")
    assert not any("#1 " in line.text for line in await slack.read(Where(company.HR_DESK)))


async def test_of_a_deactivated_client_on_slack_the_agents_are_told(stage: Stage) -> None:
    theirs, ours = await from_slack(stage)
    del stage.slack_sandbox.app.workspace.channels[theirs.channel].messages[theirs.root]
    await stage.slack.people.call("change_person", user=company.NORA, deleted=True)
    await stage.discord.say(company.SAM, ours, "Did you try turning it off?")
    told = await wait_line(stage.discord, ours, "did not arrive")
    assert "Try again" in "".join(told.buttons)
    await stage.discord.press(company.SAM, ours, "Close")  # the ticket is not stuck
    await wait_for(stage.discord, ours, lambda line: "#1 " in line.text and "Closed" in line.text, "it is closed")


async def test_agents_whose_user_group_is_gone_are_told_politely(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    theirs, ours = await from_discord(stage)
    await stage.slack.people.call("disable_group", group="S0AGENTS")

    async def refused() -> str:
        answer = await stage.slack.press(company.TOM, ours, "Internal")
        return answer if "agents" in answer else ""

    assert await stage.slack.people.until(refused, "a polite refusal")
    await stage.discord.say(company.BEN, theirs, "Still there?")
    await wait_line(stage.slack, ours, "Still there?")
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]
