"""The desk killed at any moment, as a process of its own beside the networks: each word arrives once, in order."""

from __future__ import annotations

import asyncio
import random
import re
from functools import partial
from typing import TYPE_CHECKING

import pytest

from bot.demo import stage as company
from bot.demo.processes import Company

if TYPE_CHECKING:
    from pathlib import Path

    from bot.demo.side import Side, Where

FORM = {"subject": "Laptop", "description": "It hums.", "priority": "low"}
KILLS = 5
WORDS = 40  # said on each side of each ticket


async def ticket(company_: Company, kind: str) -> list[tuple[str, Side, Where, str, Side, Where]]:
    """Both directions of one ticket: who says what where, and where it must be read."""
    client_side, agent_side = (company_.slack, company_.discord) if kind == "it" else (company_.discord, company_.slack)
    client, agent, place, product = (
        (company.MARC, company.SAM, company.IT_DESK, "laptop")
        if kind == "it"
        else (company.BEN, company.TOM, company.HR_DESK, "payroll")
    )
    number = 1 if kind == "it" else 2
    await client_side.call(client)
    assert (await client_side.fill(client, FORM | {"department": kind, "product": product})).ok
    theirs = await client_side.clients_thread(client, number)
    ours = await agent_side.agents_thread(place, number)
    return [
        (f"client{kind}", client_side, theirs, client, agent_side, ours),
        (f"agent{kind}", agent_side, ours, agent, client_side, theirs),
    ]


@pytest.mark.parametrize("seed", (1,))
async def test_each_word_arrives_once_and_in_order_however_often_the_desk_is_killed(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    async with Company(tmp_path, "en") as made:
        ways = [way for kind in ("it", "hr") for way in await ticket(made, kind)]
        killing = asyncio.create_task(kill_often(made, chance))
        for number in range(WORDS):
            for name, side, where, person, _, _ in ways:
                await side.say(person, where, f"word-{name}-{number}")
            await asyncio.sleep(chance.uniform(0, 0.4))
        await killing
        for name, _, _, _, side, where in ways:
            await side.people.until(partial(arrived, side, where, name, WORDS - 1), f"all of {name}", within=40)
            assert await heard(side, where, name) == list(range(WORDS)), name


async def kill_often(made: Company, chance: random.Random) -> None:
    for _ in range(KILLS):
        await asyncio.sleep(chance.uniform(0.1, 2.0))
        await made.kill_desk()
        await asyncio.sleep(chance.uniform(0, 0.5))
        await made.open_desk()


async def heard(side: Side, where: Where, name: str) -> list[int]:
    found = [re.search(rf"word-{name}-(\d+)", line.text) for line in await side.read(where)]
    return [int(match[1]) for match in found if match]


async def arrived(side: Side, where: Where, name: str, last: int) -> bool:
    return last in await heard(side, where, name)
