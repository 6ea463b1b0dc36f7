"""Workspaces install the app by one instance of the desk, and are served by all; who takes it out is gone from all."""

from __future__ import annotations

import asyncio
import re
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from bot.app import open_desk
from bot.config import load
from bot.demo import stage as company
from bot.demo.side import wait_line
from tests.bot.conftest import PATIENT
from tests.bot.test_installing import ACME, BETA, FORM, TO_HR, Customers, open_customers

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence
    from pathlib import Path

    from bot.app import Desk
    from tests.databases import Server


async def until(desks: Sequence[Desk], customers: Customers, id_: str, *, heard: bool) -> None:
    """Until each of them hears that workspace, or none knows it any more."""
    name = f"slack-{id_.lower()}"

    async def so() -> bool:
        found = [desk.channels.get(name) for desk in desks]
        states = [channel is not None and await channel.health() == "connected" for channel in found]
        return all(states) if heard else not any(found)

    async with asyncio.timeout(PATIENT):
        while not await so():  # noqa: ASYNC110 - the desks tell nobody
            await asyncio.sleep(0.05)


@asynccontextmanager
async def instances(customers: Customers, count: int) -> AsyncIterator[list[tuple[Desk, asyncio.Task[None]]]]:
    """The first is at the address that people are sent to, the others have doors elsewhere."""
    made = []
    for _ in range(count):
        desk = open_desk(load(customers.config), customers.environment)
        made.append((desk, asyncio.create_task(desk.run())))
        text = customers.config.read_text(encoding="utf-8")
        customers.config.write_text(re.sub('(?m)^listen = ".*"$', 'listen = "127.0.0.1:0"', text), encoding="utf-8")
    desks = [desk for desk, _ in made]
    async with asyncio.timeout(PATIENT):
        while not all([await desk.channels["slack"].health() == "connected" for desk in desks]):  # noqa: ASYNC110 - as above
            await asyncio.sleep(0.05)
    try:
        yield made
    finally:
        for desk in desks:
            desk.stop()
        await asyncio.gather(*(task for _, task in made))


async def test_what_is_installed_by_one_instance_is_served_by_all_and_gone_from_all(
    tmp_path: Path, postgresql: Server
) -> None:
    with postgresql.database() as url:
        async with open_customers(tmp_path, url) as customers, instances(customers, 2) as both:
            desks = [desk for desk, _ in both]
            for id_ in (ACME, BETA):
                assert await customers.install(id_) == 200
                await until(desks, customers, id_, heard=True)
            acme, home = customers.sides[ACME], customers.slack
            await acme.call(company.MARC)
            assert (await acme.fill(company.MARC, FORM | TO_HR)).ok
            ours, theirs = await home.agents_thread(company.HR_DESK, 1), await acme.clients_thread(company.MARC, 1)
            for number in range(6):  # whichever instance Slack gives each of them
                await home.say(company.TOM, ours, f"Answer {number}")
                await acme.say(company.MARC, theirs, f"Word {number}")
            await wait_line(acme, theirs, "Answer 5", within=PATIENT)
            await wait_line(home, ours, "Word 5", within=PATIENT)

            await customers.sides[BETA].people.call("uninstall")  # one of them hears of it
            await until(desks, customers, BETA, heard=False)
            await until(desks, customers, ACME, heard=True)

            (first, ended), (second, _) = both
            first.stop()  # who has installed it is gone: the other knows its token
            await ended
            await acme.say(company.MARC, theirs, "Still there?")
            await wait_line(home, ours, "Still there?", within=PATIENT)
            await home.say(company.TOM, ours, "Yes.")
            await wait_line(acme, theirs, "Yes.", within=PATIENT)
            sealed = await second.house.storage.read(lambda tx: [each.sealed for each in tx.installations()])
            assert customers.slack_sandbox.apps[ACME].setup.bot_token not in "".join(sealed)
