"""Both stand-ins in one process, driven and watched from inside it: the measured program is another process.

Driving from inside costs the stand-ins' process little, and the same for every program that is measured.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import re
import signal
import sys
import time
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from benchmarks.memory import cpu
from bot.demo import stage
from bot.demo.discord_side import DiscordSide
from bot.demo.slack_side import SlackSide
from sandbox.control import People
from sandbox.discord import DiscordSandbox
from sandbox.slack import SlackSandbox

if TYPE_CHECKING:
    from bot.demo.side import Where

ROOT = Path(__file__).parents[1]
MARK = re.compile(r"message-(\d+)-")


@dataclass(frozen=True, slots=True)
class Figures:
    """Of one round: messages a second, seconds from said to shown, and seconds of processor time for each message, of
    the program and of the stand-ins beside it.
    """

    rate: float
    p50: float
    p99: float
    cpu: float
    around: float


class World:
    """One pair of networks and one program between them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._stack = AsyncExitStack()
        self._program: asyncio.subprocess.Process | None = None
        self._shown: dict[int, asyncio.Future[float]] = {}
        self._numbers = itertools.count()
        self.places: list[tuple[str, Where | None]] = []  # who says it, and in which thread

    async def __aenter__(self) -> Self:
        self._folder.mkdir(parents=True, exist_ok=True)
        setup = stage.slack_setup()
        setup.users |= {f"U1P{n}": {"name": f"p{n}", "real_name": f"Person {n}", "locale": "en-US"} for n in range(100)}
        self.slack = await self._stack.enter_async_context(SlackSandbox(setup))
        self.discord = await self._stack.enter_async_context(DiscordSandbox(stage.discord_setup(), check=False))
        self._watch()
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._program is not None and self._program.returncode is None:
            self._program.send_signal(signal.SIGTERM)
            await self._program.wait()
        await self._stack.aclose()

    def _watch(self) -> None:
        """See each message the moment that Discord has it."""
        said = self.discord.guild.say

        def say(*args: Any, **kwargs: Any) -> dict[str, Any]:
            message = said(*args, **kwargs)
            if (mark := MARK.search(message["content"])) and (waiting := self._shown.pop(int(mark[1]), None)):
                waiting.set_result(time.perf_counter())
            return message

        self.discord.guild.say = say  # type: ignore[method-assign]

    async def run(self, *command: str) -> None:
        """Start the program and wait until it listens to Slack."""
        environment = {**os.environ, **stage.ENVIRONMENT, "PYTHONPATH": str(ROOT)}
        log = (self._folder / "program.log").open("wb")
        self._program = await asyncio.create_subprocess_exec(
            sys.executable, "-m", *command, cwd=ROOT, env=environment, stderr=log, stdout=log
        )
        log.close()
        while not self.slack.app.delivery.sockets:
            if self._program.returncode is not None:
                raise RuntimeError((self._folder / "program.log").read_text(encoding="utf-8")[-3000:])
            await asyncio.sleep(0.05)

    async def run_floor(self) -> None:
        """The bare floor; everybody talks to the bot directly."""
        await self.run(
            "benchmarks.floor", self.slack.url, self.discord.api_url, stage.IT_DESK, str(self._folder / "floor")
        )
        self.places = [(f"U1P{n}", None) for n in range(100)]

    async def run_sdks(self) -> None:
        """The SDKs alone; everybody talks to the bot directly."""
        await self.run("benchmarks.sdks", self.slack.url, self.discord.api_url, self.discord.gateway_url, stage.IT_DESK)
        self.places = [(f"U1P{n}", None) for n in range(100)]

    async def run_desk(self) -> None:
        """The whole desk; everybody opens a ticket that is looked after on Discord."""
        text = stage.config_text(
            slack_url=self.slack.url, api_url=self.discord.api_url, gateway_url=self.discord.gateway_url,
            cdn_url=self.discord.cdn_url, data=str(self._folder / "var"), language="en",
        )  # fmt: skip
        text = text.replace("[discord]\n", "[discord]\nrequests_per_second = 100000\n")
        config = self._folder / "config.toml"
        config.write_text(text, encoding="utf-8")
        await self.run("bot", "--config", str(config))
        side = SlackSide(People(self.slack.control_url), stage.SLACK_BOT, stage.ENVIRONMENT["SLACK_BOT_TOKEN"])
        agents = DiscordSide(People(self.discord.control_url), stage.DISCORD_BOT, stage.HELP)
        form = {"subject": "Load", "description": "Load.", "department": "it", "product": "laptop", "priority": "low"}
        async with side.people, agents.people:
            for n in range(100):
                person = f"U1P{n}"
                await side.call(person)
                await side.fill(person, form)
                self.places.append((person, await side.clients_thread(person, n + 1)))
            await agents.agents_thread(stage.IT_DESK, 100)

    async def measure(self, *, in_flight: int, messages: int) -> Figures:
        """So many messages, so many of them on their way at any moment, each in a thread of its own."""
        left = iter(range(messages))
        took: list[float] = []
        used, around, began = self.used(), time.process_time(), time.perf_counter()
        await asyncio.gather(*(self._talk(place, left, took) for place in self.places[:in_flight]))
        rate = messages / (time.perf_counter() - began)
        cpu, around = (self.used() - used) / messages, (time.process_time() - around) / messages
        took.sort()
        return Figures(rate, took[len(took) // 2], took[int(len(took) * 0.99)], cpu, around)

    @property
    def pid(self) -> int:
        """Of the program."""
        assert self._program is not None  # `run` started it
        return self._program.pid

    def used(self) -> float:
        """Seconds of processor time that the program has had."""
        return cpu(self.pid)

    async def _talk(self, place: tuple[str, Where | None], left: Any, took: list[float]) -> None:
        person, where = place
        app = self.slack.app
        channel = app.workspace.im(person)
        for _ in left:
            number = next(self._numbers)
            shown = self._shown[number] = asyncio.get_running_loop().create_future()
            began = time.perf_counter()
            text = f"message-{number}- it still does not work"
            block = {
                "type": "rich_text",
                "elements": [{"type": "rich_text_section", "elements": [{"type": "text", "text": text}]}],
            }
            message = {"user": person, "team": app.setup.team_id, "text": text, "blocks": [block]}
            app.said(channel, app.workspace.say(channel, message, where.root if where else None))
            async with asyncio.timeout(60):
                took.append(await shown - began)
