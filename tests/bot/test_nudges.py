"""Reminders and the morning digest: once each, not in quiet hours, and not again after a restart."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest

from bot.clockwork.digest import greet
from bot.demo import stage as company
from bot.demo.side import wait_for, wait_line
from desk.calendar import ALWAYS, Calendar, Span
from desk.nudging import Nudge, Nudges
from tests.bot.test_stats import opened

if TYPE_CHECKING:
    from bot.demo.side import Side
    from tests.bot.conftest import Stage

pytestmark = pytest.mark.both

NUDGES = """
[nudges]
awaiting_after = "2h"
unassigned_after = "1h"
old_after = "48h"
digest = "{morning}"
"""
MONDAY = datetime(2026, 1, 5, 8, 0, tzinfo=UTC)
OFFICE = Calendar("UTC", ((Span(9 * 60, 17 * 60),),) * 5 + ((), ()))


@pytest.mark.parametrize(
    ("nudge", "hours", "due"),
    (
        (Nudge.AWAITING, 2, False),  # of which one is business time
        (Nudge.AWAITING, 3, True),
        (Nudge.UNASSIGNED, 100, False),  # never wanted
        (Nudge.OLD, 47, False),
        (Nudge.OLD, 48, True),
        (Nudge.OLD, 60, False),  # in the quiet of the night
    ),
)
def test_when_a_nudge_is_due(nudge: Nudge, hours: int, due: bool) -> None:  # noqa: FBT001 - the expectation
    nudges = Nudges(timedelta(hours=2), None, timedelta(hours=48), quiet=(20 * 60, 7 * 60))
    assert nudges.due(nudge, MONDAY, MONDAY + timedelta(hours=hours), OFFICE) is due


def test_quiet_hours_within_a_day_and_over_midnight() -> None:
    noon = Nudges(quiet=(12 * 60, 14 * 60))
    assert [noon.is_quiet(MONDAY.replace(hour=hour), "UTC") for hour in (11, 12, 13, 14)] == [False, True, True, False]
    night = Nudges(quiet=(20 * 60, 7 * 60))
    assert [night.is_quiet(MONDAY.replace(hour=hour), "UTC") for hour in (6, 7, 19, 20)] == [True, False, False, True]
    assert night.is_quiet(MONDAY.replace(hour=19), "Europe/Paris")
    assert not ALWAYS.between(MONDAY, MONDAY)


async def nudging(stage: Stage) -> None:
    # The digest comes when the test asks for it: not now, and none was missed in the last hours.
    text = NUDGES.format(morning=f"{(datetime.now(UTC) + timedelta(hours=5)):%H:%M}")
    stage.config.write_text(stage.config.read_text(encoding="utf-8") + text, encoding="utf-8")
    await stage.start()


async def later(stage: Stage, hours: float) -> None:
    """So many hours from now, all that is due then."""
    assert stage.desk is not None
    moment = datetime.now(UTC) + timedelta(hours=hours)
    stage.desk.house.storage._clock = lambda: moment  # type: ignore[attr-defined]
    await stage.desk.timing.look()


async def test_reminders_come_once_to_the_thread_and_to_the_agent(idle_stage: Stage) -> None:
    stage = idle_stage
    await nudging(stage)
    await opened(stage.discord, company.INES, "Payslip", "hr", "payroll")
    ours = await stage.slack.agents_thread(company.HR_DESK, 1)
    theirs = await stage.discord.clients_thread(company.INES, 1)
    await later(stage, 1.1)
    await wait_line(stage.slack, ours, "Nobody has looked after this ticket for 1 hr")
    await stage.slack.press(company.LEA, ours, "Claim")
    await wait_for(stage.slack, ours, lambda line: "Take over" in "".join(line.buttons), "the claim")
    await stage.stop()
    await stage.start()  # what was said before the restart is not said again
    for hours in (1.2, 2.1, 2.2):
        await later(stage, hours)
    await wait_line(stage.slack, ours, "The client has waited 2 hr")
    await wait_line(stage.slack, await stage.slack.direct(company.LEA), "Le client attend une réponse depuis 2")
    await stage.slack.say(company.LEA, ours, "Here it is")
    await wait_line(stage.discord, theirs, "Here it is")
    await later(stage, 90)
    await wait_line(stage.slack, ours, "Nothing has happened here for 3 days")
    lines = [line.text for line in await stage.slack.read(ours)]
    assert sum("⏰" in text for text in lines) == 3
    assert not any("⏰" in line.text for line in await stage.discord.read(theirs))


async def test_each_department_is_greeted_once_a_morning_in_its_places(idle_stage: Stage) -> None:
    stage = idle_stage
    await nudging(stage)
    await opened(stage.slack, company.MARC, "Intranet", "it", "intranet")
    await stage.discord.agents_thread(company.IT_DESK, 1)
    assert stage.desk is not None
    for department in stage.desk.house.catalogue.departments:
        await greet(stage.desk.house, department)
        await greet(stage.desk.house, department)
    await stage.desk.timing.asides.look()  # or the desk's own look has claimed them, and says them now

    async def greeted(side: Side, place: str, words: str) -> list[str]:
        messages = map(str, await side.people.call("messages", channel=place))
        return [message for message in messages if words in message]

    for side, place, words in (
        (stage.discord, company.IT_DESK, "Good morning, IT"),
        (stage.slack, company.HR_DESK, "Good morning, Human resources"),
    ):
        await side.people.until(lambda s=side, p=place, w=words: greeted(s, p, w), words)
    greetings = await greeted(stage.discord, company.IT_DESK, "Good morning, IT")
    assert len(greetings) == 1
    assert "**1** open · **1** awaiting reply · **1** unassigned" in str(greetings[0])
    assert "#1 · Intranet" in str(greetings[0])
    hr = await stage.slack.people.call("messages", channel=company.HR_DESK)
    assert sum("Good morning, Human resources" in str(message) for message in hr) == 1
    assert "Nobody is waiting" in str(hr)
    assert "Intranet" not in str(hr)


async def test_what_is_done_by_the_clock_follows_config(idle_stage: Stage) -> None:
    stage = idle_stage
    await stage.start()
    assert stage.desk is not None
    timing, house = stage.desk.timing, stage.desk.house
    assert [timed.name for timed in timing._timed()[ZoneInfo("UTC")]] == ["press", "nudge"]
    house.rules.nudges = Nudges(digest="08:30", digest_days="mon-fri")
    digests = {timed.name: timed.schedule for entries in timing._timed().values() for timed in entries}
    assert digests["digest:it"] == "30 8 * * mon-fri"
    await timing._act("press")  # the next look notices that other rules hold
    async with asyncio.timeout(30):
        while timing._ruled is None or timing._ruled[0] is not house.rules.nudges:  # noqa: ASYNC110 - nothing tells of it
            await asyncio.sleep(0.01)
