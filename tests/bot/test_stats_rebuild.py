"""`helpthread stats rebuild`: says that the figures were right, finds and mends those that were not."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from bot.__main__ import main
from bot.demo import stage as company
from tests.bot.test_stats import opened
from tests.databases import sql

if TYPE_CHECKING:
    import pytest

    from tests.bot.conftest import Stage


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
