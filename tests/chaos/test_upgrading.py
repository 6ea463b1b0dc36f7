"""A rolling upgrade with the desk of an earlier commit: it relays beside the newest one, which brings the database
forward under it, and starts again on that; one from before what the database still serves refuses in one line.
"""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING

import pytest

from bot.demo import stage
from bot.demo.processes import Company
from storage.schema import HEAD
from tests.bot.test_instances import Desk
from tests.chaos.older import OLDER, TOO_OLD, NotThere, unpacked
from tests.chaos.record import Record
from tests.chaos.run import REDELIVERED

if TYPE_CHECKING:
    from pathlib import Path

    from tests.databases import Server


async def test_desks_of_two_versions_are_one_desk(tmp_path: Path, postgresql: Server) -> None:
    if "UPGRADING" not in os.environ:
        pytest.skip("a real upgrade takes a minute: make upgrade")
    try:
        older, too_old = (unpacked(commit, tmp_path / commit) for commit in (OLDER, TOO_OLD))
    except NotThere as reason:
        pytest.skip(str(reason))
    slack = stage.slack_setup()
    slack.retry_after = REDELIVERED
    with postgresql.database(migrated=False) as url:
        record = Record(url)
        company = Company(tmp_path, "en", slack=slack, instances=2, storage=url)
        for number in range(2):
            company.of_version(number, older)
        async with company:
            desk = Desk(company, record)
            await desk.open_ticket()
            await desk.talk("one")
            before = record.rows("SELECT version_num FROM alembic_version")
            assert before < [(HEAD,)]

            await company.kill_desk(1)
            company.of_version(1)
            talking = asyncio.create_task(desk.talk("two", "three"))  # while it brings the database forward
            await company.start_desk(1)
            await talking
            await desk.until_living(2, of=3)
            assert record.rows("SELECT version_num FROM alembic_version") == [(HEAD,)]
            await desk.talk("four")

            await company.kill_desk(0)  # the older one, which starts again on the newer schema
            await company.start_desk(0)
            await desk.talk("five")
            await desk.until_living(2, of=4)
            await company.kill_desk(1)  # and goes on alone
            await desk.talk("six")

            await company.start_desk(1)
            await desk.until_living(2, of=5)
            await company.kill_desk(0)
            company.of_version(0, too_old)
            await company.start_desk(0)
            assert await company.end_of(0) != 0
            last = company.log_of(0).read_text(encoding="utf-8").splitlines()[-1]
            assert last.startswith("helpthread: ")
            assert "newer desk" in last

            company.of_version(0)
            await company.start_desk(0)
            await desk.talk("seven", "eight")
            words = ["one", "two", "three", "four", "five", "six", "seven", "eight"]
            assert await desk.said() == (words, words)
            await desk.until_settled()
