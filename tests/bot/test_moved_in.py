"""Tickets that came from another desk go on here: their threads open with the first thing that somebody does."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from bot.__main__ import main
from bot.demo import stage as company
from bot.demo.side import wait_for, wait_line
from tests.databases import sql

if TYPE_CHECKING:
    from pathlib import Path

    from bot.demo.side import Side
    from tests.bot.conftest import Stage

pytestmark = pytest.mark.both

CSV = """number,subject,body,author,at,client,department,product,priority,status,agent,kind,closed_at
7,Old payslip,It is missing,marc,2026-01-01 09:00,marc,hr,payroll,low,Open,tom,,
7,,We are looking for it,tom,2026-01-01 10:00,,,,,,,,
7,,Difficult,tom,2026-01-01 11:00,,,,,,,note,
8,Old screen,It is black,marc,2026-01-02 09:00,marc,it,laptop,low,Open,,,
9,Done long ago,Thank you,marc,2026-01-03 09:00,marc,it,laptop,low,Closed,,,2026-01-04
"""
CONTINUE = {"slack": "Continuer ici", "discord": "Continue here"}  # Marc reads French
CLIENT = {"slack": company.MARC, "discord": company.BEN}


async def moved_in(stage: Stage, folder: Path, *people: str) -> None:
    (folder / "old.csv").write_text(CSV, encoding="utf-8")
    (folder / "map.toml").write_text("\n".join(["[people]", *people]), encoding="utf-8")
    more = ["import", "--from", "csv", str(folder / "old.csv"), "--map", str(folder / "map.toml")]
    assert await asyncio.to_thread(main, ["--config", str(stage.config), *more]) == 0


@pytest.mark.parametrize("network", ("slack", "discord"))
async def test_an_agent_takes_it_up_and_both_sides_have_it_as_it_was(
    idle_stage: Stage, network: str, tmp_path: Path
) -> None:
    stage = idle_stage
    await moved_in(stage, tmp_path, f'marc = "{network}:{CLIENT[network]}"')
    await stage.start()
    side: Side = getattr(stage, network)
    tom = stage.slack
    assert "Old payslip" in await tom.call(company.TOM, "7")
    assert owed(stage) == 0
    await tom.press(company.TOM, await tom.direct(company.TOM), "Take over")
    ours = await tom.agents_thread(company.HR_DESK, 7)
    await wait_line(tom, ours, "We are looking for it")
    await wait_line(tom, ours, "Difficult")
    theirs = await side.clients_thread(CLIENT[network], 7)
    await wait_line(side, theirs, "We are looking for it")
    await tom.say(company.TOM, ours, "Here it is")
    await wait_line(side, theirs, "Here it is")
    await side.say(CLIENT[network], theirs, "At last")
    await wait_line(tom, ours, "At last")
    told = [line.text for line in await side.read(theirs)]
    assert not any("Difficult" in text for text in told)
    assert sum("We are looking for it" in text for text in told) == 1


@pytest.mark.parametrize("network", ("slack", "discord"))
async def test_a_client_takes_it_up_once_it_is_known_who_they_are(
    idle_stage: Stage, network: str, tmp_path: Path
) -> None:
    stage = idle_stage
    side: Side = getattr(stage, network)
    me = CLIENT[network]
    await moved_in(stage, tmp_path)
    await stage.start()
    assert "Old screen" not in await side.call(me, "8")  # nobody guesses who they are
    await stage.stop()
    await moved_in(stage, tmp_path, f'marc = "{network}:{me}"')
    await moved_in(stage, tmp_path, f'marc = "{network}:{me}"')  # once more changes nothing
    await stage.start()
    assert "Old screen" in await side.call(me, "8")
    await side.press(me, await side.direct(me), CONTINUE[network])
    theirs = await side.clients_thread(me, 8)
    await side.say(me, theirs, "It is still black")
    ours = await stage.discord.agents_thread(company.IT_DESK, 8)
    await wait_line(stage.discord, ours, "It is still black")
    await stage.discord.say(company.SAM, ours, "Turn it on")
    await wait_line(side, theirs, "Turn it on")


async def test_the_clock_opens_no_threads_for_old_tickets_and_an_old_one_can_be_opened_again(
    idle_stage: Stage, tmp_path: Path
) -> None:
    stage, discord = idle_stage, idle_stage.discord
    await moved_in(stage, tmp_path)
    await stage.start()
    assert stage.desk is not None
    await stage.desk.tending.look()
    assert owed(stage) == 0
    assert "Done long ago" in await discord.call(company.SAM, "9")
    await discord.press(company.SAM, await discord.direct(company.SAM), "Re-open")
    ours = await discord.agents_thread(company.IT_DESK, 9)
    await wait_for(discord, ours, lambda line: "Done long ago" in line.text, "the card")
    assert owed(stage) > 0


def owed(stage: Stage) -> int:
    """Deliveries that there ever were."""
    return int(sql(stage.where, "SELECT count(*) FROM deliveries")[0][0])
