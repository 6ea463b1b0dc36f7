"""A new ticket is not given to somebody who asked for quiet; where nobody says so in time, to whoever's turn it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bot.demo import stage as company
from bot.demo.side import wait_for

if TYPE_CHECKING:
    from tests.bot.conftest import Stage

FORM = {"subject": "Payslip", "description": "Wrong.", "department": "hr", "product": "payroll", "priority": "low"}


@pytest.mark.parametrize(("trouble", "chosen"), (("", "Tom Baker"), ("server_error", "Léa Martin")))
async def test_who_asked_for_quiet_is_passed_over(idle_stage: Stage, trouble: str, chosen: str) -> None:
    text = idle_stage.config.read_text(encoding="utf-8")
    place = f'places = ["slack:{company.HR_DESK}"]\n'
    assert place in text
    idle_stage.config.write_text(text.replace(place, f'{place}assignment = "fewest_open"\n'), encoding="utf-8")
    await idle_stage.start()
    slack = idle_stage.slack
    assert idle_stage.desk is not None
    await idle_stage.desk.acquainting.look()  # neither has ever spoken to the desk: config and Slack name them
    await slack.people.call("quiet", user=company.LEA, minutes=30)
    if trouble:
        await slack.people.call("fault", kind=trouble, match="dnd.teamInfo")
    await slack.call(company.NORA)
    assert (await slack.fill(company.NORA, FORM)).ok
    ours = await slack.agents_thread(company.HR_DESK, 1)
    await wait_for(slack, ours, lambda line: chosen in line.text, f"{chosen} has it")
