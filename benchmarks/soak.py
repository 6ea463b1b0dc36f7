"""Traffic for an hour: does the desk's memory stay flat? `python -m benchmarks.soak --minutes 60 --rate 200`.

A hundred tickets are open at any moment; every one is talked in from both sides, is closed after a while, and its
client opens the next one. The desk is a process of its own; its memory is sampled from outside. Both stand-ins are in
this process and forget what is older than five minutes, so that what they hold is no part of the question.

Each message must be shown once on the other side.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import sys
import tempfile
import time
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import aiohttp

from benchmarks.memory import memory
from benchmarks.trend import trend
from benchmarks.world import MARK, World
from bot.demo import stage
from bot.demo.discord_side import DiscordSide
from bot.demo.side import NotPossible
from bot.demo.slack_side import SlackSide
from sandbox.control import NotSeen, People
from sandbox.discord.forgetting import forget as discord_forgets
from sandbox.slack.forgetting import forget as slack_forgets

if TYPE_CHECKING:
    from bot.demo.side import Where

SAMPLED = 5.0  # seconds
FORGOTTEN = 300.0  # seconds
BEHIND = 2000  # messages on their way: more are not said until some have arrived
EDITED = 50  # one of so many
FAILURES = 20  # presses and forms that went wrong: more, and the run is no soak any more
FORM = {"subject": "Soak", "description": "It rains.", "department": "it", "product": "laptop", "priority": "low"}


@dataclass(slots=True)
class Sample:
    """The desk's memory at one moment, in MiB; seconds since the beginning."""

    at: float
    rss: float
    anonymous: float
    said: int
    shown: int
    ways: int  # messages on their way
    cpu: float  # seconds of the processor so far


@dataclass(slots=True, eq=False)
class Ticket:
    """One that is open."""

    person: str
    number: int
    client: Where
    agents: Where


@dataclass(slots=True)
class Tally:
    """What became of all that was said."""

    said: int = 0
    shown: int = 0
    twice: int = 0
    edits: int = 0
    opened: int = 0
    closed: int = 0
    failures: list[str] = field(default_factory=list)
    delays: deque[float] = field(default_factory=lambda: deque(maxlen=200_000))  # seconds


class Soak(World):
    """One run."""

    def __init__(self, folder: Path, *, rate: float, life: int, open_: int, module: str = "bot") -> None:
        super().__init__(folder)
        self._rate = rate
        self._life = life  # messages between two closings
        self._many = open_  # tickets at any moment
        self._module = module
        self._began = 0.0
        self._waiting: dict[int, float] = {}  # number of a message → when it was said
        self._last_shown = -1
        self._open: deque[Ticket] = deque()
        self._turns = itertools.count()
        self.samples: list[Sample] = []
        self.tally = Tally()

    def _watch(self) -> None:
        """See each message the moment that the other network has it."""
        guild, workspace = self.discord.guild, self.slack.app.workspace
        on_discord, on_slack = guild.say, workspace.say

        def discord_says(*args: Any, **kwargs: Any) -> dict[str, Any]:
            message = on_discord(*args, **kwargs)
            if message["author"]["id"] == stage.DISCORD_BOT:
                self._seen(message["content"])
            return message

        def slack_says(*args: Any, **kwargs: Any) -> dict[str, Any]:
            message = on_slack(*args, **kwargs)
            if message.get("user") == stage.SLACK_BOT:
                self._seen(json.dumps(message.get("blocks") or message.get("text")))
            return message

        guild.say, workspace.say = discord_says, slack_says  # type: ignore[method-assign]

    def _seen(self, text: str) -> None:
        if (mark := MARK.search(text)) is None:
            return
        said = self._waiting.pop(int(mark[1]), None)
        if said is None:
            self.tally.twice += 1
            return
        self.tally.shown += 1
        self.tally.delays.append(time.perf_counter() - said)

    # --- the run ----------------------------------------------------------------------------------------------

    async def soak(self, seconds: float) -> None:
        """Everything, from the first ticket to the last message's arrival."""
        config = self._folder / "config.toml"
        config.write_text(self.config(), encoding="utf-8")
        await self.run(self._module, "--config", str(config))
        people, others = People(self.slack.control_url), People(self.discord.control_url)
        self._clients = SlackSide(people, stage.SLACK_BOT, stage.ENVIRONMENT["SLACK_BOT_TOKEN"])
        self._agents = DiscordSide(others, stage.DISCORD_BOT, stage.HELP)
        async with people, others:
            for number in range(self._many):
                self._open.append(await self._ticket(f"U1P{number}"))
            self._began = time.perf_counter()
            beside = [asyncio.create_task(work()) for work in (self._sample, self._renew, self._forget)]
            talk = asyncio.create_task(self._talk_on(seconds))
            try:
                await asyncio.wait([talk, *beside], return_when=asyncio.FIRST_COMPLETED)
            finally:
                for task in (talk, *beside):
                    if not task.done():
                        task.cancel()
                done = await asyncio.gather(talk, *beside, return_exceptions=True)
            for error in done:
                if isinstance(error, Exception):  # of what ended before the talk did, or of the talk
                    raise error
            await self._arrived()

    def config(self) -> str:
        """The demo's, without the narrower pace that Discord asks for and with no limit on who opens how much."""
        text = stage.config_text(
            slack_url=self.slack.url, api_url=self.discord.api_url, gateway_url=self.discord.gateway_url,
            cdn_url=self.discord.cdn_url, data=str(self._folder / "var"), language="en",
        )  # fmt: skip
        return text.replace("[discord]\n", "[discord]\nrequests_per_second = 100000\n")

    async def _talk_on(self, seconds: float) -> None:
        """So many a second, whatever has arrived of them: late ones do not slow the next down, until far too many are
        on their way.
        """
        end = self._began + seconds
        due = time.perf_counter()
        while (now := time.perf_counter()) < end:
            if now < due:
                await asyncio.sleep(due - now)
                continue
            due = max(due + 1 / self._rate, now - 1.0)  # what was not said within a second is not made up for
            if len(self._waiting) < BEHIND and self._open:
                self._say()
            else:
                await asyncio.sleep(0.05)

    def _say(self) -> None:
        number = next(self._numbers)
        ticket = self._open[0]
        self._open.rotate(-1)
        text = f"message-{number}- it still does not work, whatever **I** try: `reboot`"
        self._waiting[number] = time.perf_counter()
        self.tally.said += 1
        if number % 2:
            self._client_says(ticket, text, edit=number % EDITED == 1)
        else:
            self._agent_says(ticket, text)

    def _client_says(self, ticket: Ticket, text: str, *, edit: bool) -> None:
        app = self.slack.app
        channel = app.workspace.channel(ticket.client.channel)
        message = app.workspace.say(channel, _typed(ticket.person, text, app.setup.team_id), ticket.client.root)
        app.said(channel, message)
        if edit:
            self.tally.edits += 1
            changed = _typed(ticket.person, text.replace("message-", "edited-"), app.setup.team_id)
            app.edited(channel, *app.workspace.edit(channel, message["ts"], changed, ticket.person))

    def _agent_says(self, ticket: Ticket, text: str) -> None:
        guild = self.discord.guild
        thread = guild.channel(ticket.agents.channel)
        said = guild.say(thread, stage.SAM, {"content": text}, [])
        member = {name: value for name, value in guild.members[stage.SAM].items() if name != "user"}
        self.discord.gateway.tell("MESSAGE_CREATE", said | guild.where(thread) | {"member": member}, thread)

    # --- beside it --------------------------------------------------------------------------------------------

    async def _ticket(self, person: str) -> Ticket:
        await self._clients.call(person)
        filled = await self._clients.fill(person, FORM)
        if not filled.ok:
            raise NotPossible(str(filled.remarks))
        self.tally.opened += 1
        number = self.tally.opened
        client = await self._clients.clients_thread(person, number)
        return Ticket(person, number, client, await self._agents.agents_thread(stage.IT_DESK, number))

    async def _renew(self) -> None:
        """The ticket that is open longest is closed, and its client opens another."""
        pause = self._life / self._rate
        waiting: deque[str] = deque()  # people who have none open
        while True:
            await asyncio.sleep(pause)
            ticket = min(self._open, key=lambda open_: open_.number)
            self._open.remove(ticket)
            waiting.append(ticket.person)
            try:
                await asyncio.sleep(1.0)  # what was said in it last is on its way
                await self._clients.press(ticket.person, ticket.client, "Close")
                self.tally.closed += 1
                while waiting:
                    self._open.append(await self._ticket(waiting[0]))
                    await self._clients.call(waiting.popleft(), command="tickets")
            except (NotPossible, NotSeen, aiohttp.ClientError) as error:
                self.tally.failures.append(f"#{ticket.number}: {error}")
                if len(self.tally.failures) > FAILURES:
                    raise

    async def _forget(self) -> None:
        while True:
            await asyncio.sleep(FORGOTTEN / 10)
            slack_forgets(self.slack.app, FORGOTTEN)
            discord_forgets(self.discord, FORGOTTEN)

    async def _sample(self) -> None:
        while True:
            self._look()
            await asyncio.sleep(SAMPLED)

    def _look(self) -> None:
        held = memory(self.pid)
        at, tally = time.perf_counter() - self._began, self.tally
        now = Sample(at, held.rss, held.anonymous, tally.said, tally.shown, len(self._waiting), self.used())
        self.samples.append(now)
        with (self._folder / "samples.jsonl").open("a", encoding="utf-8") as file:  # a run that is cut short tells, too
            file.write(json.dumps([getattr(now, name) for name in Sample.__slots__]) + "\n")

    async def _arrived(self) -> None:
        end = time.perf_counter() + 60
        while self._waiting and time.perf_counter() < end:  # noqa: ASYNC110 - it is seen from another process's doings
            await asyncio.sleep(0.1)
        self._look()

    @property
    def lost(self) -> list[int]:
        """Messages that did not arrive."""
        return sorted(self._waiting)


def _typed(person: str, text: str, team: str) -> dict[str, Any]:
    section = {"type": "rich_text_section", "elements": [{"type": "text", "text": text}]}
    return {"user": person, "team": team, "text": text, "blocks": [{"type": "rich_text", "elements": [section]}]}


def report(soak: Soak, warm: float) -> str:
    """What was measured, in lines."""
    tally, samples = soak.tally, soak.samples
    after = [sample for sample in samples if sample.at >= warm]
    first, last = after[0], after[-1]
    span = last.at - first.at
    delays = sorted(tally.delays)
    rate, cpu = (last.shown - first.shown) / span, (last.cpu - first.cpu) / span
    half, most = 1000 * delays[len(delays) // 2], 1000 * delays[int(len(delays) * 0.99)]
    highest = max(sample.rss for sample in samples)
    minutes = f"after the warm-up of {warm / 60:.0f} min, over {span / 60:.0f} min"
    lines = [
        f"messages said {tally.said}, shown {tally.shown}, shown twice {tally.twice}, lost {len(soak.lost)}",
        f"edited {tally.edits}, tickets opened {tally.opened}, closed {tally.closed}, failures {len(tally.failures)}",
        f"{minutes}: {rate:.1f} messages a second, {100 * cpu:.0f} % of a core",
        f"from said to shown: p50 {half:.0f} ms, p99 {most:.0f} ms (the last {len(delays)})",
        f"resident:  {trend([(s.at, s.rss) for s in after])}",
        f"anonymous: {trend([(s.at, s.anonymous) for s in after])}",
        f"MiB: at first {samples[0].rss:.1f}, warm {first.rss:.1f}, at last {last.rss:.1f}, most {highest:.1f}",
    ]
    return "\n".join([*lines, *tally.failures[:5]])


async def _run(options: argparse.Namespace, folder: Path) -> int:
    async with Soak(folder, rate=options.rate, life=options.life, open_=options.open, module=options.module) as soak:
        await soak.soak(options.minutes * 60)
    print(report(soak, min(options.warm, options.minutes / 3) * 60))
    return 1 if soak.lost or soak.tally.twice else 0


def main() -> int:
    parser = argparse.ArgumentParser(description="Whether the desk's memory stays flat.")
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--rate", type=float, default=200.0, help="messages a second, both ways together")
    parser.add_argument("--life", type=int, default=400, help="messages between two closings")
    parser.add_argument("--open", type=int, default=100, help="tickets that are open at any moment, 100 at most")
    parser.add_argument("--warm", type=float, default=15.0, help="minutes that are not reckoned")
    parser.add_argument("--module", default="bot", help="what is run as the desk (benchmarks.traced names the lines)")
    parser.add_argument("--keep", type=Path, help="a folder for the samples and the log, kept afterwards")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="helpthread-soak-") as name:
        folder = options.keep or Path(name)
        folder.mkdir(parents=True, exist_ok=True)
        return asyncio.run(_run(options, folder))


if __name__ == "__main__":
    sys.exit(main())
