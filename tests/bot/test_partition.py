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


async def test_of_an_instance_that_is_cut_off_from_the_database_another_does_all_that_it_did(desk: Cut) -> None:
    await desk.talk("one")
    cut = await desk.until_held("discord:shard:0")
    desk.cables.cut(cut, ["postgresql"])
    await desk.talk("two", "three")
    for turn in TURNS:
        assert await desk.until_held(turn, not_by=cut) != cut
    desk.cables.mend(cut, ["postgresql"])
    await desk.until_living(2, of=3)
    await desk.talk("four")
    words = ["one", "two", "three", "four"]
    assert await desk.said() == (words, words)


async def test_an_instance_that_is_cut_off_for_a_moment_loses_nothing(desk: Cut) -> None:
    cut = await desk.until_held("discord:shard:0")
    desk.cables.cut(cut, ["postgresql"])
    talking = asyncio.create_task(desk.talk("one", "two"))
    await asyncio.sleep(2)
    desk.cables.mend(cut, ["postgresql"])
    await talking
    await desk.until_living(2, of=2)
    assert await desk.said() == (["one", "two"], ["one", "two"])


@pytest.mark.parametrize("network", ("slack", "discord"))
async def test_what_an_instance_does_not_reach_is_left_to_another(desk: Cut, network: str) -> None:
    await desk.talk("one")
    cut = await desk.until_held("discord:shard:0")
    desk.cables.cut(cut, [network])
    await desk.talk("two", "three")
    desk.cables.mend(cut, [network])
    await desk.talk("four")
    words = ["one", "two", "three", "four"]
    assert await desk.said() == (words, words)
