"""What becomes of a ticket by itself, told with the client on each network."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from bot.demo import stage as company
from bot.demo.side import wait_for, wait_line
from desk.lifecycle import Lifecycle
from sandbox.control import upload

if TYPE_CHECKING:
    from bot.demo.side import Side
    from tests.bot.conftest import Stage

pytestmark = pytest.mark.both

FORM = {"subject": "Payslip", "description": "Missing.", "department": "hr", "product": "payroll", "priority": "low"}
CLIENT = {"slack": company.MARC, "discord": company.INES}
SOON = timedelta(microseconds=1)
both = pytest.mark.parametrize("network", ("slack", "discord"))


@both
async def test_a_silent_client_is_warned_in_their_language_then_the_ticket_closes_and_thanks_do_not_open_it(
    stage: Stage, network: str
) -> None:
    side: Side = getattr(stage, network)
    me, slack = CLIENT[network], stage.slack
    await side.call(me)
    assert (await side.fill(me, FORM)).ok
    theirs, ours = await side.clients_thread(me, 1), await slack.agents_thread(company.HR_DESK, 1)
    await slack.say(company.TOM, ours, "Which month?")
    await wait_line(side, theirs, "Which month?")
    desk = stage.desk
    assert desk is not None
    rules = desk.house.rules
    rules.lifecycle = Lifecycle(warn_after=SOON, close_after=timedelta(days=3) + SOON)
    await desk.tending.look()
    warning = await wait_line(side, theirs, "Nous n’avons pas eu de vos nouvelles")
    assert "3\xa0jours" in warning.text
    assert not any("nouvelles" in line.text for line in await slack.read(ours))
    rules.lifecycle = replace(rules.lifecycle, close_after=2 * SOON)
    await desk.tending.look()
    await wait_line(side, theirs, "Sans nouvelles de vous")
    await wait_line(slack, ours, "its client did not answer")

    await side.say(me, theirs, "Merci Tom 🙏")
    await wait_line(slack, ours, "Merci Tom")
    await wait_for(side, theirs, lambda line: "★★★★★" in line.buttons, "it is still closed")
    await side.say(me, theirs, "Il manque aussi le mois de mai")
    await wait_line(slack, ours, "re-opened this ticket")


@both
async def test_files_of_a_closed_ticket_go_and_their_names_stay(stage: Stage, network: str) -> None:
    side: Side = getattr(stage, network)
    me, slack = CLIENT[network], stage.slack
    await side.call(me)
    assert (await side.fill(me, FORM, [upload("paie.pdf", b"%PDF-1.7 secret")])).ok
    theirs, ours = await side.clients_thread(me, 1), await slack.agents_thread(company.HR_DESK, 1)
    await wait_for(slack, ours, lambda line: "paie.pdf" in line.files, "the file")
    desk = stage.desk
    assert desk is not None
    house = desk.house
    house.rules.lifecycle = Lifecycle(keep_attachments=timedelta(), drop_departments=frozenset({"hr"}))
    await slack.press(company.TOM, ours, "Close")
    await wait_line(side, theirs, "a clos ce ticket")
    (file,) = (await house.storage.read(lambda tx: tx.description(1))).attachments
    assert file.sha256 is not None
    path = house.blobs.path(file.sha256)
    os.utime(path, (0, 0))  # stored long ago
    await desk.tending.look()
    await desk.tending.sweep()
    assert await desk.tending.sweep() == 1
    assert not path.exists()
    assert "supprimé" in await side.call(me, "1")
    await side.press(me, theirs, "Transcription")
    await side.press(me, theirs, "À lire")
    await wait_for(side, theirs, lambda line: "ticket-1.html" in line.files, "the transcript")
    page = (await side.file(theirs, "ticket-1.html")).decode()
    assert "paie.pdf" in page
    assert file.sha256 in page
    assert "non conservé" in page


@both
async def test_an_agents_reply_holds_the_ticket_where_config_says_so(stage: Stage, network: str) -> None:
    side: Side = getattr(stage, network)
    me, slack = CLIENT[network], stage.slack
    assert stage.desk is not None
    stage.desk.house.rules.lifecycle = Lifecycle(hold_on_reply=True)
    await side.call(me)
    assert (await side.fill(me, FORM)).ok
    theirs, ours = await side.clients_thread(me, 1), await slack.agents_thread(company.HR_DESK, 1)
    await slack.say(company.TOM, ours, "Which month?")
    await wait_for(side, theirs, lambda line: "En attente" in line.text, "on hold")
    await side.say(me, theirs, "Mai")
    await wait_for(side, theirs, lambda line: "En cours" in line.text, "in hand again")


@both
async def test_whoever_closes_a_ticket_may_let_its_files_go(stage: Stage, network: str) -> None:
    side: Side = getattr(stage, network)
    me, slack = CLIENT[network], stage.slack
    await side.call(me)
    assert (await side.fill(me, FORM, [upload("paie.pdf", b"%PDF-1.7 secret")])).ok
    theirs, ours = await side.clients_thread(me, 1), await slack.agents_thread(company.HR_DESK, 1)
    await slack.press(company.TOM, ours, "More")
    await slack.press(company.TOM, ours, "Close with a reason")
    assert (await slack.fill(company.TOM, {"reason": "Found it", "files": "go"})).ok
    await wait_line(side, theirs, "Found it")
    desk = stage.desk
    assert desk is not None
    desk.house.rules.lifecycle = Lifecycle(keep_attachments=timedelta())
    await desk.tending.look()
    assert "supprimé" in await side.call(me, "1")
    await slack.press(company.TOM, ours, "More")
    history = await slack.press(company.TOM, ours, "History")
    assert "1 attachment was deleted" in history
    assert "Delete attachments after closing: no → yes" in history


async def test_a_closed_tickets_threads_leave_discords_lists_within_the_hour_and_come_back(stage: Stage) -> None:
    discord = stage.discord
    await discord.call(company.INES)
    assert (await discord.fill(company.INES, FORM | {"department": "it", "product": "laptop"})).ok
    ours = await discord.agents_thread(company.IT_DESK, 1)
    theirs = await discord.clients_thread(company.INES, 1)

    async def silent_for(minutes: int) -> None:
        async def look() -> bool:
            threads = await discord.people.call("threads")
            found = [thread["thread_metadata"]["auto_archive_duration"] for thread in threads]
            return found == [minutes, minutes]

        await discord.people.until(look, f"both threads are put away after {minutes} minutes of silence")

    await silent_for(10_080)
    await discord.press(company.LEA_DISCORD, ours, "Close")
    await silent_for(60)
    await discord.say(company.INES, theirs, "not yet")
    await silent_for(10_080)
