"""An instance that is cut off, but not dead: by cables that swallow everything without a word, and are mended later."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from bot.demo import stage
from bot.demo.processes import Company
from tests.bot.test_instances import TURNS, Desk
from tests.chaos.cables import Cables
from tests.chaos.record import Record
from tests.chaos.run import REDELIVERED

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.databases import Server


class Cut(Desk):
    """Each of its instances by cables of its own."""

    cables: Cables


@pytest.fixture
async def desk(tmp_path: Path, postgresql: Server) -> AsyncIterator[Cut]:
    slack = stage.slack_setup()
    slack.retry_after = REDELIVERED
    with postgresql.database() as url:
        async with (
            Cables() as cables,
            Company(tmp_path, "en", slack=slack, instances=2, storage=url, through=cables.through) as company,
        ):
            made = Cut(company, Record(url))
            made.cables = cables
            await made.open_ticket()
            yield made


async def test_an_instance_that_is_cut_off_leaves_to_another_what_it_does_not_reach(desk: Cut) -> None:
    await desk.talk("one")
    cut = await desk.until_held("discord:shard:0")

    # For a moment: nothing is taken over, and nothing is lost.
    desk.cables.cut(cut, ["postgresql"])
    talking = asyncio.create_task(desk.talk("two"))
    await asyncio.sleep(2)
    desk.cables.mend(cut, ["postgresql"])
    await talking
    await desk.until_living(2, of=2)

    # From a network: it lives on, and another hears and delivers.
    for network in ("discord", "slack"):
        desk.cables.cut(cut, [network])
        await desk.talk(f"without {network}")
        desk.cables.mend(cut, [network])
        await desk.talk(f"with {network}")

    # From the database, for longer than its life: it begins another.
    cut = await desk.until_held("discord:shard:0")
    desk.cables.cut(cut, ["postgresql"])
    await desk.talk("three")
    for turn in TURNS:
        assert await desk.until_held(turn, not_by=cut) != cut
    desk.cables.mend(cut, ["postgresql"])
    await desk.until_living(2, of=3)
    await desk.talk("four")
    networks = ["without discord", "with discord", "without slack", "with slack"]
    words = ["one", "two", *networks, "three", "four"]
    assert await desk.said() == (words, words)
    await desk.until_settled()
