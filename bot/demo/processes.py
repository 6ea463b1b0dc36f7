"""The demo's processes: a stand-in each for Slack and Discord, and the desk, which can be killed beside them."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import signal
import sys
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, Self
from urllib.parse import urlsplit

from bot.demo import stage
from bot.demo.discord_side import DiscordSide
from bot.demo.slack_side import SlackSide
from sandbox.changes import Changes
from sandbox.control import People
from sandbox.drive.setup import DriveSetup

if TYPE_CHECKING:
    from bot.demo.side import Side
    from sandbox.discord.setup import DiscordSetup
    from sandbox.slack.setup import SlackSetup

ROOT = Path(__file__).parents[2]  # where the packages are, in a checkout and in an installation
PATIENCE = 90.0  # seconds for a process to be ready


class Through(Protocol):
    """By which address an instance reaches what has this one: "slack", "discord" or "postgresql"."""

    async def __call__(self, instance: int, where: str, address: str, /) -> str: ...


async def _straight(_instance: int, _where: str, address: str, /) -> str:
    return address


class DidNotStart(Exception):  # noqa: N818 - it reads as what happened
    """One of the processes ended before it was ready."""


class Company:
    """`async with Company(folder, language) as company:` everything is up; at the end everything is gone."""

    def __init__(
        self,
        folder: Path,
        language: str,
        *,
        slack: SlackSetup | None = None,
        discord: DiscordSetup | None = None,
        seed: int = 0,
        instances: int = 1,
        storage: str = "",
        through: Through | None = None,
        more: str = "",
    ) -> None:
        """The setups are the demo's unless given; `seed` is of the stand-ins' faults, where any are asked for. The desk
        may have several `instances`, on a database whose address is given; `through` says by which addresses each of
        them reaches the others. `more` is added to config.toml.
        """
        self._folder = folder
        self._language = language
        self._setups: dict[str, SlackSetup | DiscordSetup | DriveSetup] = {
            "slack": slack or stage.slack_setup(),
            "discord": discord or stage.discord_setup(),
            "drive": DriveSetup(folder=stage.DRIVE_FOLDER),
        }
        self._shards = discord.shards if discord else 1
        self._seed = seed
        self._stand_ins: list[asyncio.subprocess.Process] = []
        self._desks: list[asyncio.subprocess.Process | None] = [None] * instances
        self._storage = storage
        self._through = through or _straight
        self._more = more
        self._roots = [ROOT] * instances  # where each instance's packages are
        self._secrets: dict[str, str] = {}
        self._ports: dict[str, int] = {}
        self.changes = Changes()  # of the desk: started, killed
        self.controls: dict[str, str] = {}  # network → its stand-in's control address
        self.slack: Side
        self.discord: Side

    async def __aenter__(self) -> Self:
        try:
            (slack_url,), (api_url, gateway_url), (drive_url,) = await asyncio.gather(
                *(self._stand_in(name) for name in self._setups)
            )
            host = api_url.removesuffix("/api/v10")
            self.controls = {"slack": slack_url.removesuffix("api/") + "_control", "discord": f"{host}/_control"}
            self.slack = SlackSide(
                People(self.controls["slack"]), stage.SLACK_BOT, stage.ENVIRONMENT["SLACK_BOT_TOKEN"]
            )
            self.discord = DiscordSide(People(self.controls["discord"]), stage.DISCORD_BOT, stage.HELP)
            self.controls["drive"] = f"{drive_url}_control"
            async with People(self.controls["drive"]) as drive:
                account = json.dumps(await drive.call("service_account"))
            self._secrets = {**stage.ENVIRONMENT, "DEMO_DRIVE": account, "DEMO_PASSPHRASE": "northwind"}
            for number in range(len(self._desks)):
                text = stage.config_text(
                    slack_url=await self._through(number, "slack", slack_url),
                    api_url=await self._through(number, "discord", api_url),
                    gateway_url=await self._through(number, "discord", gateway_url), cdn_url=host,
                    data=str(self._folder / "var"), language=self._language,
                )  # fmt: skip
                text += stage.more_config(drive_url=drive_url) + self._more
                if self._storage:
                    text += f'[storage]\nurl = "{await self._through(number, "postgresql", self._storage)}"\n'
                self.config_of(number).write_text(text, encoding="utf-8")
            await self.open_desk()
        except BaseException:
            await self.__aexit__()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        for side in (getattr(self, "slack", None), getattr(self, "discord", None)):
            if side is not None:
                await side.people.__aexit__()
        await self._end()

    async def again(self) -> None:
        """Everything from the start, at the same addresses: nobody has said a word yet."""
        await self.__aexit__()
        self._stand_ins, self._desks = [], [None for _ in self._desks]
        await asyncio.to_thread(shutil.rmtree, self._folder / "var", ignore_errors=True)
        await self.__aenter__()

    @property
    def desk_runs(self) -> bool:
        return any(desk is not None and desk.returncode is None for desk in self._desks)

    async def _end(self) -> None:
        for process in (*self._desks, *self._stand_ins):  # the desk first: it may have something to say still
            if process is not None and process.returncode is None:
                process.send_signal(signal.SIGTERM)
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(process.wait(), 15)
                if process.returncode is None:
                    process.kill()
                    await process.wait()

    async def open_desk(self) -> None:
        """Start the desk, all its instances, and wait until both networks hear it."""
        for number in range(len(self._desks)):
            await self.start_desk(number)
        for side in (self.slack, self.discord):
            await side.people.until(partial(self._heard_by, side), f"the desk listens on {side.name}", within=PATIENCE)
        self.changes.add("desk")

    async def start_desk(self, number: int = 0) -> None:
        """Start one instance and wait for nothing."""
        root = self._roots[number]
        with self.log_of(number).open("ab") as log:
            self._desks[number] = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "bot", "--config", str(self.config_of(number)),
                cwd=root, env={**os.environ, **self._secrets, "PYTHONPATH": str(root)}, stderr=log, stdout=log,
            )  # fmt: skip

    def of_version(self, number: int, root: Path = ROOT) -> None:
        """From its next start on this instance is the desk whose packages are there; without, it is this one."""
        self._roots[number] = root

    async def close_desk(self) -> int:
        """SIGTERM: what is in hand is finished. Gives the exit status, of several instances the worst."""
        desks = [desk for desk in self._desks if desk is not None]
        for desk in desks:
            desk.send_signal(signal.SIGTERM)
        return max([await desk.wait() for desk in desks])

    async def end_of(self, number: int) -> int:
        """Waits until this instance ends by itself; gives its exit status."""
        desk = self._desks[number]
        assert desk is not None
        return await desk.wait()

    def config_of(self, number: int) -> Path:
        return self._folder / ("config.toml" if not number else f"config-{number}.toml")

    def log_of(self, number: int) -> Path:
        return self._folder / ("desk.log" if not number else f"desk-{number}.log")

    async def _heard_by(self, side: Side) -> bool:
        for number, desk in enumerate(self._desks):
            if desk is not None and desk.returncode is not None:
                raise DidNotStart(self.log_of(number).read_text(encoding="utf-8")[-2000:])
        sockets: int = (await side.people.call("sockets"))["open"]
        return sockets >= (len(self._desks) if side is self.slack else self._shards)  # each shard has one owner

    async def kill_desk(self, number: int = 0) -> bool:
        """SIGKILL to one instance: no farewell, nothing finished. False where it had ended before."""
        desk = self._desks[number]
        assert desk is not None
        lived = desk.returncode is None
        if lived:
            desk.kill()
        await desk.wait()
        self.changes.add("desk")
        if len(self._desks) == 1:
            for side in (self.slack, self.discord):
                await side.people.until(partial(self._left, side), f"{side.name} sees it gone", within=PATIENCE)
        return lived

    def ended_with(self, number: int) -> int | None:
        """The exit status of an instance that has ended."""
        desk = self._desks[number]
        return desk.returncode if desk is not None else None

    def pid_of(self, number: int) -> int | None:
        desk = self._desks[number]
        return desk.pid if desk is not None else None

    def number_of(self, pid: int) -> int | None:
        """Which instance that process is."""
        return next((at for at, desk in enumerate(self._desks) if desk is not None and desk.pid == pid), None)

    def signal_desk(self, number: int, what: signal.Signals) -> None:
        """To one instance that runs: SIGSTOP freezes it, SIGCONT wakes it."""
        desk = self._desks[number]
        assert desk is not None
        desk.send_signal(what)

    async def _left(self, side: Side) -> bool:
        return not (await side.people.call("sockets"))["open"]

    async def _stand_in(self, name: str) -> list[str]:
        path = self._folder / f"{name}.json"
        path.write_text(json.dumps(asdict(self._setups[name])), encoding="utf-8")
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", f"sandbox.{name}", "--setup", str(path), "--seed", str(self._seed),
            "--port", str(self._ports.get(name, 0)),
            cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, stdout=asyncio.subprocess.PIPE,
        )  # fmt: skip
        self._stand_ins.append(process)
        assert process.stdout is not None
        line = await asyncio.wait_for(process.stdout.readline(), PATIENCE)
        if not line:
            raise DidNotStart(f"the stand-in for {name} ended at once")
        addresses = line.decode().split()
        self._ports[name] = urlsplit(addresses[0]).port or 0
        return addresses
