"""Instances that start while others listen ask Slack for no history; what nobody heard is read once, by one of them."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from bot.app import open_desk
from bot.config import load
from bot.demo import stage as company
from bot.demo.side import wait_line
from sandbox.discord import DiscordSandbox
from sandbox.slack import SlackSandbox
from tests.bot.conftest import PATIENT, Stage
from tests.bot.test_balanced import until_open

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    import pytest

    from bot.app import Desk
    from tests.databases import Server

FORM = {"subject": "Spared", "description": "Who reads?", "department": "it", "product": "laptop", "priority": "low"}
TICKETS = 3
READING = "reading what nobody has heard on slack"


@asynccontextmanager
async def running(stage: Stage, *, beside: list[Desk], count: int) -> AsyncIterator[list[Desk]]:
    """So many instances, begun beside these."""
    desks = [open_desk(load(stage.config), company.ENVIRONMENT) for _ in range(count)]
    tasks = [asyncio.create_task(desk.run()) for desk in desks]
    try:
        await until_open([*beside, *desks])
        yield desks
    finally:
        for desk in desks:
            desk.stop()
        await asyncio.gather(*tasks)


async def until_settled(desks: list[Desk]) -> None:
    """Until each knows whether it missed anything on Slack, and what nobody heard is read."""

    async def settled() -> bool:
        missed, made_up = await desks[0].house.storage.read(
            lambda tx: (tx.mark("missed:slack"), tx.mark("made_up:slack"))
        )
        return missed == made_up and all("slack" in desk._catchup.gaps._listening for desk in desks)

    async with asyncio.timeout(PATIENT):
        while not await settled():  # noqa: ASYNC110 - they tell nobody
            await asyncio.sleep(0.02)


async def test_only_what_nobody_heard_is_read_and_by_one_instance(
    tmp_path: Path, postgresql: Server, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "bot.gaps")
    with postgresql.database() as url:
        async with (
            SlackSandbox(replace(company.slack_setup(), ack_within=PATIENT, trigger_life=PATIENT)) as sandbox,
            DiscordSandbox(replace(company.discord_setup(), answer_within=PATIENT)) as other,
            Stage(sandbox, other, tmp_path, url) as stage,
        ):

            def read() -> list[str]:
                """The threads whose histories were asked for since it was last looked."""
                asked = [call["args"]["ts"] for call in sandbox.app.calls if call["method"] == "conversations.replies"]
                sandbox.app.calls.clear()
                return sorted(asked)

            async with running(stage, beside=[], count=2) as first:
                threads = []
                for number in range(1, TICKETS + 1):
                    await stage.slack.call(company.MARC)
                    assert (await stage.slack.fill(company.MARC, FORM)).ok
                    threads.append(await stage.slack.clients_thread(company.MARC, number))
                ours = await stage.discord.agents_thread(company.IT_DESK, 1)
                await until_settled(first)
                made_up = caplog.messages.count(READING)
                async with running(stage, beside=first, count=1) as third:
                    await until_settled([*first, *third])
                assert caplog.messages.count(READING) == made_up
            await stage.slack.say(company.MARC, threads[0], "Is anybody there?")
            read()
            async with running(stage, beside=[], count=2):
                await wait_line(stage.discord, ours, "Is anybody there?", within=PATIENT)
                await stage.slack.say(company.MARC, threads[0], "There you are.")
                await wait_line(stage.discord, ours, "There you are.", within=PATIENT)
            found = read()
            assert [found.count(thread.root) for thread in threads[1:]] == [1, 1]
