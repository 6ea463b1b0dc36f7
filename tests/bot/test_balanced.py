"""Slack over HTTP to two instances, behind a balancer that knows nothing of threads: words stand as they were said."""

from __future__ import annotations

import asyncio
import itertools
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import aiohttp
from aiohttp import web

from bot.app import open_desk
from bot.config import load
from bot.demo import stage as company
from bot.demo.side import wait_line
from desk.model import AccountRef, Role
from sandbox.discord import DiscordSandbox
from sandbox.slack import SlackSandbox
from tests.bot.conftest import PATIENT, Stage

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence
    from pathlib import Path

    from bot.app import Desk
    from tests.databases import Server

ADDRESS = "127.0.0.1:0"
FORM = {"subject": "Balanced", "description": "Who hears this?", "department": "it", "product": "laptop"}


@asynccontextmanager
async def balancer(fronts: Sequence[str], heard: list[int]) -> AsyncIterator[str]:
    """Each request goes to the next of them; `heard` counts how many each has had."""
    turns = itertools.cycle(range(len(fronts)))

    async def passed_on(request: web.Request) -> web.Response:
        number = next(turns)
        heard[number] += 1
        body = await request.read()
        async with session.post(f"{fronts[number]}{request.path}", data=body, headers=request.headers) as answer:
            return web.Response(body=await answer.read(), status=answer.status, content_type=answer.content_type)

    server = web.Application()
    server.router.add_post("/slack/events", passed_on)
    runner = web.AppRunner(server)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    async with aiohttp.ClientSession() as session:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/slack/events"
    await runner.cleanup()


async def until_open(desks: Sequence[Desk]) -> None:
    async with asyncio.timeout(20):
        while not await are_open(desks):  # noqa: ASYNC110 - the desks tell nobody
            await asyncio.sleep(0.02)


async def until_known(desks: Sequence[Desk], role: Role) -> None:
    """Until every instance knows Léa so."""
    lea = AccountRef("slack", company.LEA)
    async with asyncio.timeout(20):
        while {(await desk.house.asker(lea)).role for desk in desks} != {role}:  # noqa: ASYNC110 - as above
            await asyncio.sleep(0.02)


async def are_open(desks: Sequence[Desk]) -> bool:
    states = {await channel.health() for desk in desks for channel in desk.channels.values()}
    return states == {"connected"} and all(desk.house.storage.others() for desk in desks)


async def test_words_of_one_thread_that_two_instances_hear_are_shown_in_order(
    tmp_path: Path, postgresql: Server
) -> None:
    with postgresql.database() as url:
        async with (
            SlackSandbox(replace(company.slack_setup(), ack_within=PATIENT, trigger_life=PATIENT)) as sandbox,
            DiscordSandbox(replace(company.discord_setup(), answer_within=PATIENT)) as other,
            Stage(sandbox, other, tmp_path, url) as stage,
        ):
            text = stage.config.read_text(encoding="utf-8")
            text = text.replace("[slack]\n", f'[http]\nlisten = "{ADDRESS}"\n\n[slack]\nmode = "http"\n')
            stage.config.write_text(text, encoding="utf-8")
            desks = [open_desk(load(stage.config), company.ENVIRONMENT) for _ in range(2)]
            running = [asyncio.create_task(desk.run()) for desk in desks]
            await until_open(desks)
            heard = [0, 0]
            async with balancer([desk.fronts[ADDRESS].url for desk in desks], heard) as address:
                sandbox.app.setup.request_url = address
                await stage.slack.call(company.MARC)
                assert (await stage.slack.fill(company.MARC, FORM | {"priority": "low"})).ok
                theirs = await stage.slack.clients_thread(company.MARC, 1)
                ours = await stage.discord.agents_thread(company.IT_DESK, 1)
                said = [f"word {number}." for number in range(30)]
                for words in said:
                    await stage.slack.say(company.MARC, theirs, words)
                await wait_line(stage.discord, ours, said[-1], within=30)
                shown = [line.text for line in await stage.discord.read(ours) if "word " in line.text]
                assert [next(words for words in said if words in text) for text in shown] == said
                assert min(heard) > 10
                await until_known(desks, Role.AGENT)
                group = {"group": "S0AGENTS", "users": [company.TOM]}
                await stage.slack.people.call("change_group", **group)  # which one of them hears of
                await until_known(desks, Role.CLIENT)
                for desk in desks:
                    desk.stop()
                await asyncio.gather(*running)
