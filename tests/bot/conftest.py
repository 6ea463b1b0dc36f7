"""The stage for stories: both stand-ins over real sockets, and the desk in this process, to be stopped and started."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Self

import pytest

from bot.app import Desk, open_desk
from bot.config import load
from bot.demo import stage as company
from bot.demo.discord_side import DiscordSide
from bot.demo.slack_side import SlackSide
from sandbox.control import People
from sandbox.discord import DiscordSandbox
from sandbox.slack import SlackSandbox
from tests.databases import empty

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from bot.demo.side import Side


PATIENT = 60.0  # seconds in which no answer is late, however busy the machine is


class Stage:
    """Both networks and the desk between them."""

    def __init__(self, slack: SlackSandbox, discord: DiscordSandbox, folder: Path, where: Path | str) -> None:
        self.slack_sandbox = slack
        self.discord_sandbox = discord
        self.slack: Side = SlackSide(
            People(slack.control_url), company.SLACK_BOT, company.ENVIRONMENT["SLACK_BOT_TOKEN"]
        )
        self.discord: Side = DiscordSide(People(discord.control_url), company.DISCORD_BOT, company.HELP)
        self.config = folder / "config.toml"
        self.where = where if isinstance(where, str) else empty(folder / "var" / "desk.sqlite3")
        text = company.config_text(
            slack_url=slack.url,
            api_url=discord.api_url,
            gateway_url=discord.gateway_url,
            cdn_url=discord.cdn_url,
            data=str(folder / "var"),
            language="en",
        )
        if isinstance(where, str):
            text = f'[storage]\nurl = "{where}"\n\n{text}'
        self.config.write_text(text, encoding="utf-8")
        self.environment = dict(company.ENVIRONMENT)
        self.desk: Desk | None = None
        self._running: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Open the desk and wait until both networks hear it."""
        self.desk = open_desk(load(self.config), self.environment, self.config)
        self._running = asyncio.create_task(self.desk.run())
        for side in (self.slack, self.discord):

            async def heard(side: Side = side) -> bool:
                if self._running is not None and self._running.done():
                    self._running.result()
                return bool((await side.people.call("sockets"))["open"])

            await side.people.until(heard, f"the desk listens on {side.name}")

    async def stop(self) -> None:
        """Close the desk as SIGTERM does."""
        if self.desk is not None and self._running is not None:
            self.desk.stop()
            await self._running
            self.desk = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()
        for side in (self.slack, self.discord):
            await side.people.__aexit__()


@pytest.fixture
async def idle_stage(tmp_path: Path, where: Path | str) -> AsyncIterator[Stage]:
    """Both networks; the desk is not open yet. At the end, Discord has found no fault with any request."""
    async with (
        SlackSandbox(replace(company.slack_setup(), ack_within=PATIENT, trigger_life=PATIENT)) as slack,
        DiscordSandbox(replace(company.discord_setup(), answer_within=PATIENT)) as discord,
        Stage(slack, discord, tmp_path, where) as made,
    ):
        yield made
        assert discord.findings == []


@pytest.fixture
async def stage(idle_stage: Stage) -> Stage:
    """Both networks, and the desk open between them."""
    await idle_stage.start()
    return idle_stage
