"""What could not be delivered: admins look at it on both networks and on the command line, try again, or let it go."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bot.__main__ import main
from bot.demo import stage as company
from bot.demo.side import wait_line

if TYPE_CHECKING:
    from bot.demo.side import Side, Where
    from tests.bot.conftest import Stage

IT = {"subject": "Laptop", "description": "It hums.", "department": "it", "product": "laptop", "priority": "low"}
ADMINS = {"slack": company.ADA, "discord": company.SAM}


async def stranded(stage: Stage) -> tuple[Where, Where]:
    """Nora's ticket, into whose thread the desk may not write: two messages of Sam's were given up."""
    text = stage.config.read_text(encoding="utf-8")
    old = f'discord = ["{company.ADMINS_ROLE}"] }}'
    assert old in text
    stage.config.write_text(
        text.replace(old, f'discord = ["{company.ADMINS_ROLE}", "{company.SAM}"] }}'), encoding="utf-8"
    )
    await stage.start()
    await stage.slack.call(company.NORA)
    assert (await stage.slack.fill(company.NORA, IT)).ok
    theirs = await stage.slack.clients_thread(company.NORA, 1)
    ours = await stage.discord.agents_thread(company.IT_DESK, 1)
    await stage.discord.press(company.SAM, ours, "Claim")
    await wait_line(stage.slack, theirs, "Sam Rivers")
    await nothing_owed(stage)  # the card is drawn after the line above it
    allow(stage, theirs, allowed=False)
    for word in ("First try", "Second try"):
        await stage.discord.say(company.SAM, ours, word)
        await given_up(stage, 1 if word == "First try" else 2)
    return theirs, ours


def allow(stage: Stage, theirs: Where, *, allowed: bool) -> None:
    members = stage.slack_sandbox.app.workspace.channels[theirs.channel].members
    (members.add if allowed else members.discard)(company.SLACK_BOT)


async def nothing_owed(stage: Stage) -> None:
    assert stage.desk is not None
    storage = stage.desk.house.storage

    async def look() -> bool:
        return (await storage.read(lambda tx: tx.backlog())).owed == 0

    await stage.discord.people.until(look, "nothing is owed")


async def given_up(stage: Stage, count: int) -> None:
    assert stage.desk is not None
    storage = stage.desk.house.storage

    async def look() -> bool:
        return (await storage.read(lambda tx: tx.stranded(limit=1)))[0] == count

    await stage.discord.people.until(look, f"{count} given up")


@pytest.mark.parametrize("network", ("slack", "discord"))
async def test_an_admin_sees_what_was_given_up_tries_one_again_and_lets_the_other_go(
    idle_stage: Stage, network: str
) -> None:
    stage = idle_stage
    theirs, _ = await stranded(stage)
    side: Side = stage.slack if network == "slack" else stage.discord
    admin = ADMINS[network]
    shown = await side.call(admin, command="deliveries")
    assert "2 deliveries given up" in shown
    assert "#1 · words · client on Slack" in shown
    assert "channel_not_found" in shown.replace("\\", "")
    where = await side.direct(admin)
    allow(stage, theirs, allowed=True)
    assert "1 delivery given up" in await side.choose(admin, where, "Let go", "#1 · words")
    assert "on its way" in await side.press(admin, where, "Try all again")
    await wait_line(stage.slack, theirs, "First try")
    await given_up(stage, 0)
    assert not any("Second try" in line.text for line in await stage.slack.read(theirs))


async def test_only_admins_see_it(stage: Stage) -> None:
    for side, person in ((stage.slack, company.TOM), (stage.slack, company.NORA), (stage.discord, company.BEN)):
        assert "Only admins" in await side.call(person, command="deliveries")


async def test_the_command_line_lists_and_tries_again_beside_the_running_desk(
    idle_stage: Stage, capsys: pytest.CaptureFixture[str]
) -> None:
    import asyncio

    stage = idle_stage
    theirs, _ = await stranded(stage)

    async def typed(*words: str) -> tuple[int, str]:
        status = await asyncio.to_thread(main, ["--config", str(stage.config), "deliveries", *words])
        return status, capsys.readouterr().out

    status, out = await typed("list")
    assert (status, "2 deliveries given up" in out) == (0, True)
    allow(stage, theirs, allowed=True)
    assert await typed("retry", "all") == (0, "2 owed again: a desk that runs makes them in a moment\n")
    await wait_line(stage.slack, theirs, "Second try")
    assert (await typed("drop", "1"))[0] == 1
    said = [line.text.splitlines()[-1] for line in await stage.slack.read(theirs) if "try" in line.text]
    assert said == ["First try", "Second try"]
