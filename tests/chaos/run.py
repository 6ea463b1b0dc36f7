"""Chaos: people talk in many tickets, both ways, while the networks misbehave and the desk is killed again and again.

`python -m tests.chaos.run --seed 7` (`make chaos SEED=7`); with `--instances 3` the desk is three processes on one
PostgreSQL, killed one by one and all at once, frozen, cut off from the networks or the database, and PostgreSQL
crashes, while people open tickets too and Discord has two servers, each of a shard of its own. What is said, and what
goes wrong, is drawn by seed; the moments are the machine's. In the end each message stands once on the other side, in
order, in its last version, and on record; what was taken back stands nowhere. Exit 1 where that is not so.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import random
import sys
import tempfile
import time
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from bot.demo import stage
from bot.demo.discord_side import DiscordSide
from bot.demo.processes import Company
from bot.demo.side import NotPossible
from sandbox.control import NotSeen, upload
from tests.chaos.cables import Cables
from tests.chaos.ledger import Verdict, Way, Word, judge, on_record
from tests.chaos.older import OLDER, unpacked
from tests.chaos.openings import Openings
from tests.chaos.postgresql import database
from tests.chaos.record import Record
from tests.chaos.takeovers import Takeovers
from tests.chaos.weather import Weather

if TYPE_CHECKING:
    from bot.demo.side import Side
    from tests.chaos.postgresql import Database

# The other server, in the other shard: Zoé is a client there.
ACME, ACME_HELP, ZOE = str(5 << 22), "711", "651"
OTHERS = {
    ACME: {
        "name": "Acme",
        "channels": {ACME_HELP: {"name": "help"}},
        "members": {ZOE: {"username": "zoe", "global_name": "Zoé Roy", "locale": "en-US"}},
    }
}
SERVER = f"""
[[servers]]
id = "acme"
guild = "{ACME}"
help_channel = "{ACME_HELP}"

"""
FORM = {"subject": "Chaos", "description": "It begins.", "priority": "low"}
CALLS = 3  # of one command, until it is answered
REDELIVERED = (0.0, 1.0, 2.0, 4.0, 8.0)  # seconds; Slack's own are 0, 60 and 300


@dataclass(frozen=True, slots=True)
class Plan:
    """How much of it. Seconds are (least, most)."""

    seed: int = 1
    tickets: int = 40
    messages: int = 2000
    pause: tuple[float, float] = (0.5, 6.0)  # of one person between two messages
    life: tuple[float, float] = (0.2, 2.5)  # of the desk between two kills
    kills: int | None = None  # so many, however soon people have done talking; None: as long as they talk
    breaks: tuple[float, float] = (1.0, 4.0)  # between two broken connections
    instances: int = 1  # of the desk, on PostgreSQL where there are several
    older: Path | None = None  # where the desk of an earlier version is, as which they begin: those killed are upgraded
    servers: int = 1  # of Discord's, in as many shards: 1 or 2
    openings: int = 0  # tickets that are opened on each network meanwhile
    opening: tuple[float, float] = (1.0, 8.0)  # between two of them
    freeze: tuple[float, float] | None = None  # how long an instance is frozen or cut off; None: none is
    patience: float = 120.0  # for the last message, when people have done talking and the desk lives


@dataclass(slots=True)
class Report:
    """What happened, and what was wrong in the end."""

    messages: int = 0
    edits: int = 0
    deletions: int = 0
    kills: int = 0
    breaks: int = 0
    freezes: int = 0
    crashes: int = 0
    cuts: int = 0
    restarts: int = 0
    openings: int = 0
    takeovers: list[float] = field(default_factory=list)  # seconds
    seconds: float = 0.0
    faults: dict[str, int] = field(default_factory=dict)
    verdict: Verdict = field(default_factory=Verdict)

    def __str__(self) -> str:
        lines = [
            f"messages {self.messages} (edited {self.edits}, deleted {self.deletions}) in {self.seconds:.0f} s",
            f"kills {self.kills}, broken connections {self.breaks}",
            f"instances frozen {self.freezes}, cut off {self.cuts}; tickets opened {self.openings}",
            f"PostgreSQL crashed {self.crashes}, found away by an instance that started {self.restarts}",
            f"turns taken over {len(self.takeovers)}, the slowest after {max(self.takeovers, default=0):.1f} s",
            f"faults {sum(self.faults.values())}: " + ", ".join(f"{kind} {n}" for kind, n in self.faults.items()),
            f"duplicates {self.verdict.duplicates}, losses {self.verdict.losses}",
            f"longest delay {self.verdict.longest_delay:.1f} s ({self.verdict.slowest})",
        ]
        return "\n".join([*lines, *(f"WRONG {line}" for line in self.verdict.wrong)])


class Chaos:
    """One run."""

    def __init__(self, plan: Plan, folder: Path, database: Database | None = None) -> None:
        """`database`: PostgreSQL, where the desk is to be on one."""
        self._plan = plan
        self._folder = folder
        self._database = database
        self._record = Record(database.url if database else folder / "var" / "desk.sqlite3")
        turns = ["schedule", *(f"discord:shard:{number}" for number in range(plan.servers))]
        self._takeovers = Takeovers(self._record, turns)
        self._chance = random.Random(plan.seed)
        self.report = Report()

    async def run(self) -> Report:
        """Everything, from the first ticket to the verdict."""
        plan, report, began = self._plan, self.report, time.monotonic()
        slack = stage.slack_setup()
        slack.retry_after = REDELIVERED
        discord, more = stage.discord_setup(), ""
        if plan.servers > 1:
            discord.other_guilds, discord.shards, more = OTHERS, plan.servers, SERVER
        url = self._database.url if self._database else ""
        cables = Cables()
        company = Company(
            self._folder, "en", slack=slack, discord=discord, seed=plan.seed, instances=plan.instances, storage=url,
            through=cables.through if plan.freeze else None, more=more,
        )  # fmt: skip
        if plan.older is not None:
            for number in range(plan.instances):
                company.of_version(number, plan.older)
        async with cables, company:
            openings = Openings(company)
            acme = DiscordSide(company.discord.people, stage.DISCORD_BOT, ACME_HELP) if plan.servers > 1 else None
            ways = [way for number in range(1, plan.tickets + 1) for way in await _ticket(company, number, acme)]
            weather = Weather(company, random.Random(plan.seed + 1))
            await weather.begin()
            disturbing = [
                asyncio.create_task(self._kill(weather, cables if plan.freeze else None)),
                asyncio.create_task(self._takeovers.watch()),
                asyncio.create_task(weather.break_connections(often=plan.breaks)),
            ]
            each = max(plan.messages // len(ways), 1)
            try:
                talking = [self._talk(way, each, random.Random(f"{plan.seed}{way.name}")) for way in ways]
                await asyncio.gather(
                    *talking, openings.go_on(plan.openings, plan.opening, random.Random(plan.seed + 2))
                )
                if plan.kills is not None:
                    await disturbing[0]
            finally:
                for task in disturbing:
                    task.cancel()
                await asyncio.gather(*disturbing, return_exceptions=True)
            for number in range(plan.instances):
                await company.kill_desk(number)
                company.of_version(number)
            await company.open_desk()
            await self._settled(ways)
            for way in ways:
                judge(way, await way.other.read(way.there), report.verdict)
            report.faults = await weather.faults()
            report.kills, report.breaks = weather.kills, weather.breaks
            report.cuts, report.restarts, report.takeovers = weather.cuts, weather.restarts, self._takeovers.times
            report.freezes, report.crashes, report.openings = weather.freezes, weather.crashes, len(openings.made)
            await openings.judge(self._record, report.verdict)
            if weather.falls:
                report.verdict.wrong.append(f"the desk ended by itself {weather.falls} times")
            await company.close_desk()
            report.verdict.wrong += self._record.unsent()
            for way in ways:
                on_record(way, self._record, report.verdict)
        report.seconds = time.monotonic() - began
        return report

    async def _kill(self, weather: Weather, cables: Cables | None) -> None:
        plan = self._plan
        if self._database is None or plan.instances == 1:
            await weather.kill(often=plan.life, most=plan.kills)
        else:
            await weather.strike(
                plan.instances, self._database, often=plan.life, freeze=plan.freeze, most=plan.kills, cables=cables,
                takeovers=self._takeovers,
            )  # fmt: skip

    async def _talk(self, way: Way, count: int, chance: random.Random) -> None:
        for number in range(count):
            await asyncio.sleep(chance.uniform(*self._plan.pause))
            word = Word(number, "", length=400 if chance.random() < 0.04 else 0)  # some take two messages on Discord
            files = []
            if chance.random() < 0.04:
                word.file = f"f{way.name}n{number}.txt"
                files.append(upload(word.file, f"file {number}".encode(), "text/plain"))
            word.id = await way.side.say(way.person, way.where, way.text(word), files)
            way.words.append(word)
            self.report.messages += 1
            await self._second_thoughts(way, chance)

    async def _second_thoughts(self, way: Way, chance: random.Random) -> None:
        """Of something said a little earlier: said otherwise, or taken back."""
        word = chance.choice(way.words[-4:])
        draw = chance.random()
        if word.deleted or draw > 0.15:
            return
        if draw < 0.04:
            word.deleted = True
            self.report.deletions += 1
            await way.side.delete(way.person, way.where, word.id)
        else:
            word.version += 1
            word.length = 300 if chance.random() < 0.1 else 0
            self.report.edits += 1
            await way.side.edit(way.person, way.where, word.id, way.text(word))

    async def _settled(self, ways: list[Way]) -> None:
        """Wait until nothing is wrong any more, as long as the plan's patience lasts."""
        end = time.monotonic() + self._plan.patience
        for way in ways:
            try:
                await way.other.people.until(partial(_is_right, way), way.name, within=max(end - time.monotonic(), 0.1))
            except NotSeen:
                continue  # the verdict will say what is missing
        while self._record.unsent() and time.monotonic() < end:  # noqa: ASYNC110 - another process settles what was said
            await asyncio.sleep(0.2)


async def _is_right(way: Way) -> bool:
    verdict = Verdict()
    judge(way, await way.other.read(way.there), verdict)
    return not verdict.wrong


async def _ticket(company: Company, number: int, acme: Side | None) -> list[Way]:
    """A new ticket and its two ways; the client is in Slack and Discord by turns, the agent on the other. Of those on
    Discord every second one is in the other server, where there is one.
    """
    in_slack = number % 2 == 1
    client_side: Side = company.slack if in_slack else company.discord
    agent_side: Side = company.discord if in_slack else company.slack
    client = (stage.MARC, stage.NORA)[number // 2 % 2] if in_slack else (stage.INES, stage.BEN)[number // 2 % 2]
    agent, place = (stage.SAM, stage.IT_DESK) if in_slack else (stage.TOM, stage.HR_DESK)
    about = {"department": "it", "product": "laptop"} if in_slack else {"department": "hr", "product": "payroll"}
    if acme is not None and number % 4 == 0:
        client_side, client = acme, ZOE
    await _call(client_side, client)
    filled = await client_side.fill(client, FORM | about)
    assert filled.ok, filled.remarks
    theirs = await client_side.clients_thread(client, number)
    ours = await agent_side.agents_thread(place, number)
    return [
        Way(number, "c", client, client_side, theirs, agent_side, ours),
        Way(number, "a", agent, agent_side, ours, client_side, theirs),
    ]


async def _call(side: Side, person: str) -> None:
    """As a person does whose command is not answered: a shard that changes hands is heard by nobody for a moment."""
    for _ in range(CALLS - 1):
        with contextlib.suppress(NotPossible):
            await side.call(person)
            return
    await side.call(person)


def main() -> int:
    parser = argparse.ArgumentParser(description="Nothing said is lost, under fire.")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--tickets", type=int, default=Plan().tickets)
    parser.add_argument("--messages", type=int, default=Plan().messages)
    parser.add_argument("--instances", type=int, default=1, help="of the desk, on a PostgreSQL of their own")
    parser.add_argument("--postgresql", action="store_true", help="PostgreSQL for one instance too")
    parser.add_argument("--upgrade", action="store_true", help="from an earlier version, while they are killed")
    parser.add_argument("--keep", type=Path, help="a folder for the logs and the record, kept afterwards")
    options = parser.parse_args()
    plan = Plan(seed=options.seed, tickets=options.tickets, messages=options.messages)
    several = options.instances > 1
    if several:
        plan = replace(plan, instances=options.instances, openings=20, servers=2, freeze=(3.0, 15.0), life=(3.0, 10.0))
    with tempfile.TemporaryDirectory(prefix="helpthread-chaos-") as name:
        folder = options.keep or Path(name)
        folder.mkdir(parents=True, exist_ok=True)
        if options.upgrade:
            plan = replace(plan, older=unpacked(OLDER, folder / "older"))
        with database() if several or options.postgresql else contextlib.nullcontext() as where:
            report = asyncio.run(Chaos(plan, folder, where).run())
            print(f"seed {plan.seed}: {plan.tickets} tickets\n{report}")  # noqa: T201 - it is a report
    return 1 if report.verdict.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
