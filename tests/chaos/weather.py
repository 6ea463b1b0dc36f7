"""What goes wrong while people talk: the stand-ins' faults, their breaks, the desk killed, instances frozen or cut off,
PostgreSQL crashed; all drawn by seed.
"""

from __future__ import annotations

import asyncio
import signal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import random

    from bot.demo.processes import Company
    from tests.chaos.cables import Cables
    from tests.chaos.postgresql import Database
    from tests.chaos.takeovers import Takeovers

# A rule's chance is for each call or event that it matches. Long waits stand for time-outs after acceptance.
SLACK: tuple[dict[str, Any], ...] = (
    {"kind": "lost_answer", "match": "chat.*", "chance": 0.03},
    {"kind": "server_error", "match": "chat.*", "chance": 0.03},
    {"kind": "rate_limited", "match": "chat.*", "chance": 0.02, "retry_after": 1},
    {"kind": "late", "match": "chat.*", "chance": 0.02, "delay": 1.5},
    {"kind": "slow", "match": "chat.*", "chance": 0.02, "delay": 0.5},
    {"kind": "server_error", "match": "conversations.*", "chance": 0.02},
    {"kind": "rate_limited", "match": "conversations.*", "chance": 0.01, "retry_after": 1},
    {"kind": "server_error", "match": "users.info", "chance": 0.02},
    {"kind": "lost_answer", "match": "files.*", "chance": 0.05},
    {"kind": "duplicate", "match": "event:*", "chance": 0.05},
    {"kind": "lost_ack", "match": "event:*", "chance": 0.03},
    {"kind": "disconnect", "match": "event:*", "chance": 0.01},
)
DISCORD: tuple[dict[str, Any], ...] = (
    {"kind": "lost_answer", "match": "* /channels/*", "chance": 0.03},
    {"kind": "server_error", "match": "* /channels/*", "chance": 0.03, "status": 500},
    {"kind": "rate_limited", "match": "* /channels/*", "chance": 0.02, "retry_after": 0.4},
    {"kind": "late", "match": "POST /channels/*/messages", "chance": 0.02, "delay": 1.5},
    {"kind": "slow", "match": "* /channels/*", "chance": 0.02, "delay": 0.5},
    {"kind": "duplicate", "match": "event:MESSAGE_*", "chance": 0.05},
    {"kind": "withheld", "match": "event:MESSAGE_*", "chance": 0.02},
    {"kind": "disconnect", "match": "event:MESSAGE_*", "chance": 0.01},
)
BREAKS: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("slack", "disconnect", {"reason": "refresh_requested"}),
    ("slack", "disconnect", {"reason": None}),
    ("discord", "reconnect", {}),
    ("discord", "disconnect", {"code": 4000, "resume": True}),
    ("discord", "disconnect", {"code": None, "resume": True}),
    ("discord", "disconnect", {"code": None, "resume": False}),
)
# What an instance is cut off from.
CUTS: tuple[tuple[str, ...], ...] = (("postgresql",), ("slack",), ("discord",), ("slack", "discord", "postgresql"))
UPGRADED = 0.3  # how likely an older instance that is killed starts as a newer one
AWAY = "the database does not answer"  # the last word of a desk that is to be started again


class Weather:
    """`kills` and `breaks` count what was done; `faults` is what the stand-ins say of themselves."""

    def __init__(self, company: Company, chance: random.Random) -> None:
        self._company = company
        self._chance = chance
        self.kills = 0
        self.falls = 0  # of the desk, by itself: a bug
        self.breaks = 0
        self.freezes = 0
        self.crashes = 0  # of PostgreSQL
        self.cuts = 0
        self.restarts = 0  # of an instance that found no PostgreSQL at its start

    async def begin(self) -> None:
        for people, rules in ((self._company.slack.people, SLACK), (self._company.discord.people, DISCORD)):
            for rule in rules:
                await people.call("fault", **rule)

    async def faults(self) -> dict[str, int]:
        """By network and kind."""
        found: dict[str, int] = {}
        for side in (self._company.slack, self._company.discord):
            happened = (await side.people.call("faults"))["happened"]
            found |= {f"{side.name} {kind}": count for kind, count in sorted(happened.items())}
        return found

    async def kill(self, *, often: tuple[float, float], most: int | None = None) -> None:
        """SIGKILL at random moments, while it starts among them; `often`: the least and most seconds it may live.
        At the end the desk runs.
        """
        while most is None or self.kills < most:
            await asyncio.sleep(self._chance.uniform(*often))
            if await self._company.kill_desk():
                self.kills += 1
            else:
                self.falls += 1
            await asyncio.sleep(self._chance.uniform(0, 0.5))
            await self._company.start_desk()

    async def strike(
        self,
        instances: int,
        database: Database,
        *,
        often: tuple[float, float],
        freeze: tuple[float, float] | None,
        cables: Cables | None,
        takeovers: Takeovers,
        most: int | None = None,
    ) -> None:
        """Several instances: one or all of them killed, one frozen or (by `cables`) cut off for a while (`freeze`:
        seconds), PostgreSQL crashed; until cancelled, or until `most` were killed. At the end all of them run.
        """
        chance = self._chance
        while most is None or self.kills < most:
            await asyncio.sleep(chance.uniform(*often))
            await self._see_to(instances)
            draw, number = chance.random(), chance.randrange(instances)
            if draw < 0.1 and database.server is not None:
                takeovers.void()
                database.restart()  # in this thread: the server ends with whoever started it
                self.crashes += 1
            elif draw < 0.2 and freeze is not None:
                await self._freeze(number, chance.uniform(*freeze), takeovers)
            elif draw < 0.35 and freeze is not None and cables is not None:
                await self._cut(number, chance.choice(CUTS), chance.uniform(*freeze), cables, takeovers)
            else:
                struck = range(instances) if draw > 0.88 else (number,)
                if len(struck) == 1:
                    takeovers.struck(self._company.pid_of(number))
                else:
                    takeovers.void()
                for one in struck:
                    if await self._company.kill_desk(one):
                        self.kills += 1
                    else:
                        self.falls += 1
                await asyncio.sleep(chance.uniform(0, 0.5))
                for one in struck:
                    if chance.random() < UPGRADED:
                        self._company.of_version(one)
                    await self._company.start_desk(one)

    async def _see_to(self, instances: int) -> None:
        """As whoever keeps processes running does."""
        for number in range(instances):
            if self._company.ended_with(number) is None:
                continue
            last = self._company.log_of(number).read_text(encoding="utf-8").splitlines()[-1:]
            if any(AWAY in line for line in last):
                self.restarts += 1
            else:
                self.falls += 1
            await self._company.start_desk(number)

    async def _cut(
        self, number: int, wheres: tuple[str, ...], seconds: float, cables: Cables, takeovers: Takeovers
    ) -> None:
        takeovers.struck(self._company.pid_of(number))
        cables.cut(number, wheres)
        try:
            await asyncio.sleep(seconds)
        finally:
            cables.mend(number, wheres)
        takeovers.over(self._company.pid_of(number))
        self.cuts += 1

    async def _freeze(self, number: int, seconds: float, takeovers: Takeovers) -> None:
        takeovers.struck(self._company.pid_of(number))
        self._company.signal_desk(number, signal.SIGSTOP)
        try:
            await asyncio.sleep(seconds)
        finally:
            self._company.signal_desk(number, signal.SIGCONT)
        takeovers.over(self._company.pid_of(number))
        self.freezes += 1

    async def break_connections(self, *, often: tuple[float, float]) -> None:
        """Sockets told to go, cut, and sessions forgotten, until cancelled."""
        while True:
            await asyncio.sleep(self._chance.uniform(*often))
            network, verb, args = self._chance.choice(BREAKS)
            side = self._company.slack if network == "slack" else self._company.discord
            await side.people.call(verb, **args)
            self.breaks += 1
