"""The desk as processes of its own on one PostgreSQL: whoever does something for all dies or is frozen, another goes on
with it, and each word is shown once, in order.

The promise is fifteen seconds; what is waited for here may take longer on a busy machine.
"""

from __future__ import annotations

import asyncio
import signal
from typing import TYPE_CHECKING

import pyrage  # type: ignore[import-untyped]
import pytest

from bot.demo import stage
from bot.demo.processes import Company
from bot.demo.side import wait_line
from sandbox.control import People
from tests.chaos.record import Record
from tests.chaos.run import REDELIVERED
from tests.chaos.takeovers import holders

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from bot.demo.side import Where
    from tests.databases import Server

WITHIN = 40.0  # seconds
FORM = {"subject": "Takeover", "description": "Who goes on?", "priority": "low"}
ABOUT = {"department": "it", "product": "laptop"}
TURNS = ("schedule", "discord:shard:0")


class Desk:
    """Its instances, and the record that says which of them does what."""

    def __init__(self, company: Company, record: Record) -> None:
        self.company = company
        self.record = record
        self.theirs: Where
        self.ours: Where

    async def open_ticket(self) -> None:
        """From Slack, answered on Discord."""
        slack = self.company.slack
        await slack.call(stage.MARC)
        assert (await slack.fill(stage.MARC, FORM | ABOUT)).ok
        self.theirs = await slack.clients_thread(stage.MARC, 1)
        self.ours = await self.company.discord.agents_thread(stage.IT_DESK, 1)

    def holder(self, turn: str) -> int | None:
        """Which of the processes has it."""
        found = holders(self.record, [turn]).get(turn)
        return self.company.number_of(found.pid) if found else None

    async def until_held(self, turn: str, *, not_by: int | None = None) -> int:
        async with asyncio.timeout(WITHIN):
            while (found := self.holder(turn)) in (None, not_by):  # noqa: ASYNC110 - other processes do it
                await asyncio.sleep(0.1)
        assert found is not None
        return found

    async def until_living(self, living: int, *, of: int) -> None:
        """Until so many instances live, of so many lives that there have been."""
        lives = "SELECT count(*) FILTER (WHERE ended_at IS NULL), count(*) FROM instances"
        async with asyncio.timeout(WITHIN):
            while self.record.rows(lives) != [(living, of)]:  # noqa: ASYNC110 - as above
                await asyncio.sleep(0.1)

    async def until_settled(self) -> None:
        """Until nothing is owed, or given up, any more."""
        async with asyncio.timeout(WITHIN):
            while self.record.unsent():  # noqa: ASYNC110 - as above
                await asyncio.sleep(0.1)

    async def talk(self, *words: str) -> None:
        """Said by both sides, and waited for at the other."""
        slack, discord = self.company.slack, self.company.discord
        for word in words:
            await slack.say(stage.MARC, self.theirs, f"client {word}")
            await discord.say(stage.SAM, self.ours, f"agent {word}")
        await wait_line(discord, self.ours, f"client {words[-1]}", within=WITHIN)
        await wait_line(slack, self.theirs, f"agent {words[-1]}", within=WITHIN)

    async def said(self) -> tuple[list[str], list[str]]:
        """What stands at the other side, of the client and of the agent, in order."""
        slack, discord = self.company.slack, self.company.discord
        of_client = [line.text for line in await discord.read(self.ours) if line.author == discord.bot]
        of_agent = [line.text for line in await slack.read(self.theirs) if line.author == slack.bot]
        return (
            [text.rpartition("client ")[2] for text in of_client if "client " in text],
            [text.rpartition("agent ")[2] for text in of_agent if "agent " in text],
        )


@pytest.fixture
async def desk(tmp_path: Path, postgresql: Server) -> AsyncIterator[Desk]:
    slack = stage.slack_setup()
    slack.retry_after = REDELIVERED
    with postgresql.database() as url:
        async with Company(tmp_path, "en", slack=slack, instances=2, storage=url) as company:
            made = Desk(company, Record(url))
            await made.open_ticket()
            yield made


async def test_of_an_instance_that_is_killed_or_frozen_another_does_all_that_it_did(desk: Desk) -> None:
    await desk.talk("one")
    dead = await desk.until_held("discord:shard:0")
    await desk.company.kill_desk(dead)
    # Words that nobody hears now: Slack delivers them again, and of Discord the new owner fetches them.
    await desk.talk("two", "three")
    for turn in TURNS:
        assert await desk.until_held(turn, not_by=dead) != dead
    await desk.company.start_desk(dead)
    await desk.until_living(2, of=3)
    await desk.talk("four")
    frozen = await desk.until_held("discord:shard:0")
    assert frozen != dead
    desk.company.signal_desk(frozen, signal.SIGSTOP)
    try:
        await desk.talk("five", "six")
        for turn in TURNS:
            assert await desk.until_held(turn, not_by=frozen) != frozen
    finally:
        desk.company.signal_desk(frozen, signal.SIGCONT)
    await desk.until_living(2, of=4)  # what was frozen begins another life
    await desk.talk("seven", "eight")
    words = ["one", "two", "three", "four", "five", "six", "seven", "eight"]
    assert await desk.said() == (words, words)


async def test_a_scheduled_backup_is_one_instances_and_anothers_when_that_dies_in_the_middle(
    desk: Desk,
) -> None:
    company, record = desk.company, desk.record
    runs = "SELECT kind, ended_at IS NOT NULL, error, stamp <> '' FROM backup_runs ORDER BY id"
    await company.close_desk()
    # A recipient costs no time; a passphrase is meant to.
    recipient = pyrage.x25519.Identity.generate().to_public()
    for config in map(company.config_of, range(2)):
        text = config.read_text(encoding="utf-8")
        text = text.replace("credentials_env =", 'schedule = "every 1h"\ncredentials_env =')
        text = text.replace('passphrase_env = "DEMO_PASSPHRASE"', f'recipients = ["{recipient}"]')
        config.write_text(text, encoding="utf-8")
    async with People(company.controls["drive"]) as drive:

        async def titles() -> list[str]:
            return sorted(file["title"].partition(".")[2] for file in await drive.call("files"))

        await drive.call("fault", kind="slow", match="POST /upload/*", times=1, delay=600)  # the database's hangs
        await company.open_desk()
        async with asyncio.timeout(WITHIN):
            while (await drive.call("faults"))["happened"] != {"slow": 1}:  # noqa: ASYNC110 - as above
                await asyncio.sleep(0.05)
        assert await titles() == []
        assert record.rows(runs) == [("backup", False, "", False)]
        dead = await desk.until_held("schedule")
        await company.kill_desk(dead)
        ended = [("backup", True, "interrupted", False), ("backup", True, "", True), ("proof", True, "", True)]
        async with asyncio.timeout(WITHIN):
            while record.rows(runs) != ended:  # noqa: ASYNC110 - other processes do it
                await asyncio.sleep(0.1)
        assert await titles() == ["database.zst.age", "manifest.json"]
        assert desk.holder("schedule") == 1 - dead
    await desk.talk("one")


async def test_an_older_instance_goes_on_beside_a_newer_one_as_long_as_the_database_serves_both(desk: Desk) -> None:
    record, company = desk.record, desk.company
    # As a newer desk's migration leaves it, which takes nothing away: from its point of view both of these are older.
    record.change(
        "ALTER TABLE tickets ADD COLUMN of_a_later_version TEXT", "UPDATE alembic_version SET version_num = '9998'"
    )
    await desk.talk("one")
    await company.kill_desk(1)
    await company.start_desk(1)
    await desk.until_living(2, of=3)
    await desk.talk("two", "three")
    words = ["one", "two", "three"]
    assert await desk.said() == (words, words)
    # And as one leaves it that does: no older desk starts any more, with one line, and exit status 2.
    record.change("UPDATE settings SET value = '9998' WHERE name = 'schema_since'")
    await company.kill_desk(1)
    await company.start_desk(1)
    assert await company.end_of(1) == 2
    last = company.log_of(1).read_text(encoding="utf-8").splitlines()[-1]
    assert last.startswith("helpthread: ")
    assert "made by a newer desk (schema 9998" in last
    assert last.endswith("upgrade the desk")
