"""`helpthread stats rebuild`: says that the figures were right, finds and mends those that were not."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from bot.__main__ import main
from bot.demo import stage as company
from bot.stats.question import Question
from desk.access import Sight
from desk.figures import Dimension, Figure, Scope
from tests.bot.test_stats import opened
from tests.databases import sql

if TYPE_CHECKING:
    from collections.abc import Mapping

    from desk.figures import Totals
    from desk.ports import Transaction
    from tests.bot.conftest import Stage

pytestmark = pytest.mark.both


async def test_the_figures_are_made_anew_and_compared(stage: Stage, capsys: pytest.CaptureFixture[str]) -> None:
    await opened(stage.slack, company.MARC, "Payslip", "hr", "payroll")
    await stage.slack.agents_thread(company.HR_DESK, 1)
    assert stage.desk is not None
    await stage.desk.timing.look()
    await stage.stop()

    def rebuild() -> int:
        return main(["--config", str(stage.config), "stats", "rebuild"])

    assert await asyncio.to_thread(rebuild) == 0
    assert "every figure was what the log tells" in " ".join(capsys.readouterr().out.split())
    sql(stage.where, "UPDATE lives SET closed_at = opened_at, awaiting_since = NULL")
    assert await asyncio.to_thread(rebuild) == 1
    assert "awaiting" in " ".join(capsys.readouterr().out.split())
    assert await asyncio.to_thread(rebuild) == 0
    capsys.readouterr()
    sql(stage.where, "UPDATE slices SET opened = opened + 1 WHERE slices.by = 'product'")
    assert await asyncio.to_thread(rebuild) == 1
    assert "opened by product payroll" in " ".join(capsys.readouterr().out.split())


async def test_figures_that_an_older_desk_kept_up_are_made_anew(stage: Stage) -> None:
    await opened(stage.slack, company.MARC, "Payslip", "hr", "payroll")
    assert stage.desk is not None
    timing, storage = stage.desk.timing, stage.desk.house.storage
    await timing.look()
    assert not await storage.read(lambda tx: tx.left_behind())
    # As if an instance that knows of no slices had come so far.
    sql(stage.where, "UPDATE settings SET value = '0' WHERE name = 'lives_sliced'")
    sql(stage.where, "DELETE FROM slices")
    assert await storage.read(lambda tx: tx.left_behind())
    await timing.look()
    assert not await storage.read(lambda tx: tx.left_behind())
    year, everything = Question("year"), Scope(Sight(None, None))

    def query(tx: Transaction) -> Mapping[str, Totals]:
        period, _ = year.periods(tx.now, "Europe/Paris")
        return tx.apart(Dimension.PRODUCT, [Figure.OPENED], everything, period, "Europe/Paris")

    assert {value: totals.opened for value, totals in (await storage.read(query)).items()} == {"payroll": 1}
