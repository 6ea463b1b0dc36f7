"""A small run of the chaos that `make chaos` makes at length: the desk is killed while people talk, edit and delete; so
are its instances, where it has three.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.chaos.postgresql import Database
from tests.chaos.run import Chaos, Plan

if TYPE_CHECKING:
    from pathlib import Path

    from tests.databases import Server


@pytest.mark.parametrize("seed", (1,))
async def test_each_message_stands_once_and_in_order_however_often_the_desk_is_killed(
    tmp_path: Path, seed: int
) -> None:
    plan = Plan(seed, tickets=3, messages=60, pause=(0.0, 1.0), life=(0.3, 2.0), kills=5, breaks=(0.5, 1.5))
    report = await Chaos(plan, tmp_path).run()
    assert report.verdict.wrong == [], str(report)
    assert report.kills >= 3


@pytest.mark.parametrize("seed", (1,))
async def test_three_instances_are_one_desk_however_often_they_are_killed(
    tmp_path: Path, postgresql: Server, seed: int
) -> None:
    plan = Plan(
        seed, tickets=2, messages=28, pause=(0.0, 1.0), life=(0.5, 2.5), breaks=(0.5, 1.5), kills=4,
        instances=3, openings=2, opening=(0.5, 3.0),
    )  # fmt: skip
    with postgresql.database() as url:
        report = await Chaos(plan, tmp_path, Database(url)).run()
    assert report.verdict.wrong == [], str(report)
    assert report.kills >= 3
    assert report.openings == 4
