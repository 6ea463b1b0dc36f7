"""config.toml changes while the desk runs: what is right counts at once, a mistake is told and changes nothing."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from bot.demo import stage as company
from bot.demo.side import wait_line

if TYPE_CHECKING:
    import pytest

    from tests.bot.conftest import Stage

PRODUCT = '\n[[products]]\nid = "phone"\nname = "Phone"\n'


async def test_the_catalogue_is_read_again_and_a_mistake_leaves_the_old_one(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    assert stage.desk is not None
    house, right = stage.desk.house, stage.config.read_text(encoding="utf-8")
    await stage.slack.call(company.ADA)  # an admin who has spoken to the desk is told too
    values = {"subject": "Mine", "description": ".", "department": "it", "product": "laptop", "priority": "low"}
    assert (await stage.slack.fill(company.ADA, values)).ok
    await stage.slack.clients_thread(company.ADA, 1)
    old = house.catalogue
    wrong = right.replace('products = ["payroll"]', 'products = ["payrol"]')
    stage.config.write_text(wrong, encoding="utf-8")

    async def told() -> bool:
        return "no product 'payrol'" in caplog.text

    await stage.slack.people.until(told, "the mistake in the log")
    line = 1 + wrong.splitlines().index('products = ["payrol"]')
    assert f"config.toml, line {line}: departments 'hr': no product 'payrol'" in caplog.text
    assert house.catalogue is old
    direct = await stage.slack.direct(company.ADA)
    told_her = await wait_line(stage.slack, direct, "config.toml holds a mistake")
    assert f"line {line}: departments 'hr': no product 'payrol'" in told_her.text

    stage.config.write_text(right.replace('products = ["payroll"]', 'products = ["payroll", "phone"]') + PRODUCT)

    async def taken_over() -> bool:
        return house.catalogue.product("phone") is not None

    await stage.slack.people.until(taken_over, "the new product")
    values = {"subject": "No tone", "description": "Dead.", "department": "hr", "product": "phone", "priority": "low"}
    for side, person, number in ((stage.slack, company.NORA, 2), (stage.discord, company.BEN, 3)):
        await side.call(person)
        assert (await side.fill(person, values)).ok
        await side.clients_thread(person, number)


async def test_a_file_that_is_gone_for_a_moment_ends_nothing(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    assert stage.desk is not None
    house, right = stage.desk.house, stage.config.read_text(encoding="utf-8")
    stage.config.unlink()
    stage.desk.reload()  # read while there is none

    async def said() -> bool:
        return "the configuration was not taken over" in caplog.text

    await stage.slack.people.until(said, "the mistake in the log")
    stage.config.write_text(right + PRODUCT, encoding="utf-8")

    async def taken_over() -> bool:
        return house.catalogue.product("phone") is not None

    await stage.slack.people.until(taken_over, "the new product")


async def test_what_counts_from_the_next_start_only_is_said_and_not_taken_over(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    assert stage.desk is not None
    old = stage.desk.house.rules.catalogue
    text = stage.config.read_text(encoding="utf-8").replace('timezone = "Europe/Paris"', 'timezone = "UTC"')
    stage.config.write_text(text, encoding="utf-8")
    stage.desk.reload()

    async def told() -> bool:
        return "read at the next start only: [desk]" in caplog.text

    await stage.slack.people.until(told, "the word in the log")
    assert stage.desk.house.catalogue is old
