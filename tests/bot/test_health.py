"""`/healthz` and `/metrics`: how the desk is, told truly, and without a person's name in it."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest

from bot.app import open_desk
from bot.condition import Look
from bot.config import ConfigError, load
from bot.demo import stage as company
from bot.demo.side import wait_line
from bot.front import Front
from bot.health import Health
from desk.ports import Backlog

if TYPE_CHECKING:
    from tests.bot.conftest import Stage

ADDRESS = "127.0.0.1:0"
FORM = {"subject": "Laptop", "description": "It hums.", "department": "it", "product": "laptop", "priority": "low"}


async def watched(stage: Stage) -> str:
    """Start the desk with its own server; gives that server's address."""
    text = stage.config.read_text(encoding="utf-8")
    stage.config.write_text(f'[http]\nlisten = "{ADDRESS}"\n\n{text}', encoding="utf-8")
    await stage.start()
    assert stage.desk is not None
    return stage.desk.fronts[ADDRESS].url


async def ask(url: str) -> tuple[int, Any]:
    async with aiohttp.ClientSession() as session, session.get(url) as answer:
        json = answer.content_type == "application/json"
        return answer.status, await answer.json() if json else await answer.text()


def metric(text: str, name: str, **labels: str) -> float:
    wanted = ",".join(f'{key}="{value}"' for key, value in sorted(labels.items()))
    found = re.search(rf"^{name}{re.escape('{' + wanted + '}') if wanted else ''} (\S+)$", text, re.MULTILINE)
    return float(found[1]) if found else 0.0


async def test_a_desk_at_work_is_well_and_counts_what_it_does(idle_stage: Stage) -> None:
    url = await watched(idle_stage)
    status, health = await ask(f"{url}/healthz")
    assert (status, health["status"], health["database"]) == (200, "ok", "ok")
    assert health["networks"] == {"slack": "connected", "discord": "connected"}
    assert health["instance"]["others"] == 0
    assert "schedule" in health["instance"]["turns"]
    side = idle_stage.discord
    await side.call(company.BEN)
    assert (await side.fill(company.BEN, FORM)).ok
    ours = await side.agents_thread(company.IT_DESK, 1)
    await side.say(company.SAM, ours, "We hear you.")
    await wait_line(side, await side.clients_thread(company.BEN, 1), "We hear you.")

    async def settled() -> str:
        text: str = (await ask(f"{url}/metrics"))[1]
        return text if metric(text, "helpthread_deliveries_owed") == 0 else ""

    async with asyncio.timeout(10):
        while not (text := await settled()):  # noqa: ASYNC110 - the desk tells nobody
            await asyncio.sleep(0.01)
    assert metric(text, "helpthread_network_connected", network="slack") == 1
    assert metric(text, "helpthread_database_up") == 1
    assert metric(text, "helpthread_handling_seconds_count", network="discord", kind="submitted") >= 1
    assert metric(text, "helpthread_delivery_seconds_count", network="discord") >= 3
    for secret in ("Ben", "We hear you", f'"{company.BEN}"', "xoxb", "Laptop"):
        assert secret not in text


async def test_a_network_that_is_away_shows_and_the_desk_is_not_called_failing(idle_stage: Stage) -> None:
    text = idle_stage.config.read_text(encoding="utf-8").replace(
        idle_stage.discord_sandbox.api_url, "http://127.0.0.1:9"
    )
    idle_stage.config.write_text(f'[http]\nlisten = "{ADDRESS}"\n\n{text}', encoding="utf-8")
    desk = open_desk(load(idle_stage.config), company.ENVIRONMENT)
    running = asyncio.create_task(desk.run())

    async def degraded() -> bool:
        url = desk.fronts[ADDRESS].url
        if not url:
            return False
        status, health = await ask(f"{url}/healthz")
        return (status, health["status"], health["networks"]["slack"]) == (200, "degraded", "connected")

    async with asyncio.timeout(10):
        while not await degraded():  # noqa: ASYNC110 - the desk tells nobody
            await asyncio.sleep(0.01)
    text = (await ask(f"{desk.fronts[ADDRESS].url}/metrics"))[1]
    connected = [metric(text, "helpthread_network_connected", network=name) for name in ("slack", "discord")]
    assert connected == [1, 0]
    desk.stop()
    await running


async def test_a_database_that_does_not_answer_shows(idle_stage: Stage) -> None:
    desk = open_desk(load(idle_stage.config), company.ENVIRONMENT)
    await desk._storage.close()
    health = Health(desk.channels, desk.house.storage, desk.house.gauges, desk.turns)
    async with Front(ADDRESS) as front:
        with health.at(front):
            status, told = await ask(f"{front.url}/healthz")
            assert (status, told["status"], told["database"], told["relay"]) == (
                503,
                "failing",
                "does not answer",
                None,
            )
            assert metric((await ask(f"{front.url}/metrics"))[1], "helpthread_database_up") == 0
    for channel in desk.channels.values():
        await channel.close()


@pytest.mark.parametrize(
    ("networks", "backlog", "status"),
    (
        ({"a": "connected"}, Backlog(0), "ok"),
        ({"a": "connected", "b": "connecting: no answer"}, Backlog(0), "degraded"),
        ({"a": "connected"}, Backlog(7, 121.0), "degraded"),
        ({"a": "stopped: refused"}, Backlog(0), "failing"),
        ({"a": "connected"}, None, "failing"),
    ),
)
def test_how_the_desk_is_in_one_word(networks: dict[str, str], backlog: Backlog | None, status: str) -> None:
    assert Look(networks, backlog).status == status


async def test_an_address_that_is_taken_is_a_mistake_in_one_line() -> None:
    async with Front(ADDRESS) as first:
        taken = first.url.removeprefix("http://")
        with pytest.raises(ConfigError, match=f"{taken}.*another address"):
            await Front(taken).__aenter__()
