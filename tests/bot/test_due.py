"""Due times on both networks: in the list, in its order and its filters, for agents only."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from bot.clockwork.reckoning import caught_up
from bot.lists.seeing import see
from desk import verbs
from desk.errors import DeskError
from desk.events import DueReckoned
from desk.listing import Due, Filters, Listing, Sort
from desk.model import AccountRef
from desk.sla import Level, Policy, Targets
from tests.bot.test_lists import CASES, Case, elsewhere, filled

if TYPE_CHECKING:
    from bot.demo.side import Side
    from tests.bot.conftest import Stage

ON_EACH = pytest.mark.parametrize("case", CASES, ids=lambda case: case.network)
PROMISES = """
[[service_levels]]
first_response = "72h"

[[service_levels]]
priority = "urgent"
first_response = "2h"
"""


async def promising(stage: Stage) -> None:
    stage.config.write_text(stage.config.read_text(encoding="utf-8") + PROMISES, encoding="utf-8")
    await stage.start()


@ON_EACH
async def test_the_list_shows_sorts_and_filters_by_what_is_due(idle_stage: Stage, case: Case) -> None:
    stage = idle_stage
    await promising(stage)
    assert stage.desk is not None
    side: Side = getattr(stage, case.network)
    await filled(stage, case, count=3)
    here, agent = elsewhere(case), case.agent
    await side.agents_thread(case.place, 4)
    shown = await side.call(agent, command="tickets")
    assert shown.count("⏳ due ") == 4

    await side.press(agent, here, "Filter and sort")
    soonest = await side.choose(agent, here, "Sort by", "Soonest due first")
    assert "Soonest due first" in soonest
    assert [soonest.index(f"#{number} ·") for number in (4, 1, 2, 3)] == sorted(
        soonest.index(f"#{number} ·") for number in range(1, 5)
    )

    await side.press(agent, here, "Filter and sort")
    assert await side.press(agent, here, "Dates, activity") == "Filter the list"
    assert (await side.fill(agent, {"due": "day"})).ok
    soon = (await side.whispers(agent))[-1].text
    assert "Due: within 24 hours" in soon
    assert "#4 · Secret wish" in soon
    assert "#1 ·" not in soon

    storage, began = stage.desk.house.storage, datetime.now(UTC)
    storage._clock = lambda: began + timedelta(hours=3)  # type: ignore[attr-defined] # three hours go by
    await side.press(agent, here, "Filter and sort")
    await side.press(agent, here, "Dates, activity")
    assert (await side.fill(agent, {"due": "late"})).ok
    late = (await side.whispers(agent))[-1].text
    assert "🔥 late since " in late
    assert "#4 · Secret wish" in late
    assert "#1 ·" not in late


@ON_EACH
async def test_a_client_is_not_told_what_is_due(idle_stage: Stage, case: Case) -> None:
    stage = idle_stage
    await promising(stage)
    side: Side = getattr(stage, case.network)
    await filled(stage, case, count=1)
    await side.agents_thread(case.place, 2)
    shown = await side.call(case.client, command="tickets")
    assert "#1 · Payslip missing" in shown
    assert "⏳" not in shown
    assert stage.desk is not None
    house = stage.desk.house
    client = await house.asker(AccountRef(case.network, case.client))
    for forged in (Listing(sort=Sort.DUE), Listing(filters=Filters(due=Due.LATE))):
        with pytest.raises(DeskError):
            await see(house, client, forged)


@ON_EACH
async def test_the_history_says_why_a_due_time_was_reckoned_anew(idle_stage: Stage, case: Case) -> None:
    stage = idle_stage
    await promising(stage)
    assert stage.desk is not None
    side: Side = getattr(stage, case.network)
    await filled(stage, case, count=1)
    ours = await side.agents_thread(case.place, 1)
    house, reckoning = stage.desk.house, stage.desk.timing
    await reckoning.look()
    agent = await house.asker(AccountRef(case.network, case.agent))
    await house.storage.write(lambda tx: verbs.set_priority(tx, house.catalogue, 1, agent.actor(tx), "urgent"))
    await reckoning.look()
    assert await _reasons(stage, 1) == ["priority"]
    await side.press(case.agent, ours, "More")
    history = await side.press(case.agent, ours, "History")
    assert "its priority changed" in history
    assert "→" in history

    # Other promises in config: every ticket whose time moves says so; to reckon all anew adds nothing.
    lower = replace(house.terms, policy=Policy((Level("", "", Targets(first_response=timedelta(hours=1))),)))
    house.rules.terms = lower
    await reckoning.look()
    await reckoning.look()
    assert await _reasons(stage, 1) == ["priority", "terms"]
    assert await _reasons(stage, 2) == ["terms"]
    await house.storage.write(lambda tx: tx.forget_lives())
    await reckoning.look()
    assert await _reasons(stage, 1) == ["priority", "terms"]
    await side.press(case.agent, ours, "More")
    assert "business hours changed" in await side.press(case.agent, ours, "History")


async def _reasons(stage: Stage, number: int) -> list[str]:
    assert stage.desk is not None
    log = await stage.desk.house.storage.read(lambda tx: tx.timeline(number))
    return [each.event.why for each in log if isinstance(each.event, DueReckoned)]


async def test_news_that_come_with_other_promises_tell_both_reasons_once(idle_stage: Stage) -> None:
    stage, case = idle_stage, CASES[0]
    await promising(stage)
    assert stage.desk is not None
    await filled(stage, case, count=1)
    house = stage.desk.house
    await stage.desk.timing.look()
    agent = await house.asker(AccountRef(case.network, case.agent))
    other = replace(house.terms, policy=Policy((
        Level("", "", Targets(first_response=timedelta(hours=9))),
        Level("", "urgent", Targets(first_response=timedelta(hours=1))),
    )))  # fmt: skip
    await house.storage.write(lambda tx: verbs.set_priority(tx, house.catalogue, 1, agent.actor(tx), "urgent"))
    house.rules.terms = other
    await caught_up(house)  # as a list does that is looked at before the lives are measured anew
    await stage.desk.timing.look()
    assert await _reasons(stage, 1) in (["terms", "priority"], ["priority", "terms"])
