"""Due times on both networks: in the list, in its order and its filters, for agents only."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from bot.lists.seeing import see
from desk.errors import DeskError
from desk.listing import Due, Filters, Listing, Sort
from desk.model import AccountRef
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
