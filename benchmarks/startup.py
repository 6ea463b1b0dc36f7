"""How soon the desk is there, and what it holds while nobody says a word.

`python -m benchmarks.startup`. Ready: both stand-ins have its sockets. The first start makes the database and brings
it to the newest schema; the others find it so, as every later start does. Beside it the same interpreter that does
nothing, and `helpthread --help`. The demo: until its page answers; its memory is that of all its processes, shared
pages counted once (PSS).
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import tempfile
import time
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

import aiohttp
from rich.console import Console
from rich.table import Table

from benchmarks.memory import children, cpu, memory
from bot.demo import stage
from sandbox.discord import DiscordSandbox
from sandbox.slack import SlackSandbox

if TYPE_CHECKING:
    from collections.abc import Sequence

ROOT = Path(__file__).parents[1]
ROUNDS = 7
IDLE = 10.0  # seconds of silence before its memory is looked at
GOAL = 2.0  # seconds


@dataclass(frozen=True, slots=True)
class Start:
    """Seconds until it was ready, and of the processor until then."""

    wall: float
    cpu: float


async def main() -> None:
    """Measure, and print the table."""
    console = Console()
    table = Table("what", "wall s", "cpu s", "idle RSS MiB", "idle PSS MiB", "goal")
    with tempfile.TemporaryDirectory(prefix="helpthread-start-") as name:
        folder = Path(name)
        for what, arguments in (("python -c pass", ("-c", "pass")), ("helpthread --help", ("-m", "bot", "--help"))):
            table.add_row(*_row(what, [await ended(arguments) for _ in range(ROUNDS)]))
        async with AsyncExitStack() as stack:
            slack = await stack.enter_async_context(SlackSandbox(stage.slack_setup()))
            discord = await stack.enter_async_context(DiscordSandbox(stage.discord_setup(), check=False))
            config = folder / "config.toml"
            config.write_text(
                stage.config_text(
                    slack_url=slack.url, api_url=discord.api_url, gateway_url=discord.gateway_url,
                    cdn_url=discord.cdn_url, data=str(folder / "var"), language="en",
                ), encoding="utf-8",
            )  # fmt: skip
            first = [await started(slack, discord, config)]
            later = [await started(slack, discord, config) for _ in range(ROUNDS)]
            _, rss, pss = await idling(slack, discord, config)
            table.add_row(*_row("the desk, first start", first))
            reached = median(start.wall for start in later) < GOAL
            goal = f"< {GOAL:.0f} s {'reached' if reached else 'MISSED'}"
            table.add_row(*_row("the desk", later), f"{rss:.0f}", f"{pss:.0f}", goal)
        wall, pss, processes = await demonstrated()
        table.add_row("make demo, until its page answers", f"{wall:.2f}", "", "", f"{pss:.0f} ({processes} processes)")
    console.print(table)


def _row(what: str, starts: Sequence[Start]) -> list[str]:
    return [what, f"{median(s.wall for s in starts):.2f}", f"{median(s.cpu for s in starts):.2f}"]


async def ended(arguments: Sequence[str]) -> Start:
    """Of something that ends by itself."""
    before, began = os.times(), time.perf_counter()
    process = await asyncio.create_subprocess_exec(
        sys.executable, *arguments, cwd=ROOT, stdout=asyncio.subprocess.DEVNULL
    )
    await process.wait()
    after = os.times()
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    return Start(time.perf_counter() - began, cpu)


async def _open(slack: SlackSandbox, discord: DiscordSandbox, config: Path) -> tuple[asyncio.subprocess.Process, Start]:
    environment = {**os.environ, **stage.ENVIRONMENT, "PYTHONPATH": str(ROOT)}
    began = time.perf_counter()
    with (config.parent / "desk.log").open("ab") as log:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "bot", "--config", str(config), cwd=ROOT, env=environment, stderr=log, stdout=log
        )
    while not (slack.app.delivery.sockets and any(session.socket for session in discord.gateway.sessions.values())):
        if process.returncode is not None:
            raise RuntimeError((config.parent / "desk.log").read_text(encoding="utf-8")[-3000:])
        await asyncio.sleep(0.005)
    wall = time.perf_counter() - began
    return process, Start(wall, cpu(process.pid))


async def _close(slack: SlackSandbox, discord: DiscordSandbox, process: asyncio.subprocess.Process) -> None:
    process.send_signal(signal.SIGTERM)
    await process.wait()
    discord.gateway.sessions.clear()
    while slack.app.delivery.sockets:  # noqa: ASYNC110 - a benchmark looks
        await asyncio.sleep(0.01)


async def started(slack: SlackSandbox, discord: DiscordSandbox, config: Path) -> Start:
    """One start."""
    process, start = await _open(slack, discord, config)
    await _close(slack, discord, process)
    return start


async def idling(slack: SlackSandbox, discord: DiscordSandbox, config: Path) -> tuple[Start, float, float]:
    """One start, and what it holds after a while in which nothing happened."""
    process, start = await _open(slack, discord, config)
    await asyncio.sleep(IDLE)
    held = memory(process.pid)
    await _close(slack, discord, process)
    return start, held.rss, held.pss


async def demonstrated() -> tuple[float, float, int]:
    """Seconds until the demo's page answers, and what all its processes hold after a while."""
    began = time.perf_counter()
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot", "demo", "--no-browser", "--lang", "en", cwd=ROOT,
        env={**os.environ, "COLUMNS": "200"}, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    address = ""
    while not address:
        line = (await process.stdout.readline()).decode()
        if not line:
            raise RuntimeError("the demo ended at once")
        address = next((word for word in line.split() if word.startswith("http://")), "")
    async with aiohttp.ClientSession() as session, session.get(address) as answer:
        answer.raise_for_status()
    wall = time.perf_counter() - began
    await asyncio.sleep(IDLE)
    pids = [process.pid, *children(process.pid)]
    pss = sum(memory(pid).pss for pid in pids)
    process.send_signal(signal.SIGTERM)
    await process.communicate()
    return wall, pss, len(pids)


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
