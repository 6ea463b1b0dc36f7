"""Behind the page: the scene step by step, the desk killed and started, and the proof that nothing is lost."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING, Any

from bot.demo import stage
from bot.demo.processes import DidNotStart
from bot.demo.scene import Cast, answered, colleague, kept, opened
from bot.demo.side import Where

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Mapping

    from bot.demo.processes import Company
    from bot.demo.scene import Step
    from bot.demo.side import Side

PARTS = (opened, answered, kept, colleague)
PROOFS = 10  # messages, half of them from each side
PATIENCE = 90.0  # seconds in which they all arrive, whatever faults are switched on


class Director:
    """One thing at a time: whoever asks while something is played is told so."""

    def __init__(self, company: Company, *, told: Callable[[Step, int], Awaitable[None]] | None = None) -> None:
        self._company = company
        self.changes = company.changes
        self.steps: list[Step] = []
        self.done = False
        self._told = told
        self._missed = ""
        self._proof: dict[str, Any] | None = None
        self._busy = asyncio.Lock()
        self._scene = self._whole()
        self._runs = 0

    async def _whole(self) -> AsyncIterator[Step]:
        cast = Cast()
        for part in PARTS:
            async for step in part(self._company, cast):
                yield step

    async def act(self, verb: str, args: Mapping[str, Any]) -> dict[str, Any]:
        """What the page asks for. KeyError where there is no such verb."""
        del args
        if verb == "state":
            return self.state()
        verbs: dict[str, Callable[[], Awaitable[None]]] = {
            "next": self.next, "rest": self.rest, "again": self.again, "kill": self.kill, "start": self.start,
            "prove": self.prove,
        }  # fmt: skip
        act = verbs[verb]
        if self._busy.locked():
            return {"ok": False, "error": "one moment, please: something is being played"}
        async with self._busy:
            self.changes.add("stage")
            try:
                await act()
            finally:
                self._runs += 1
                self.changes.add("stage")
        return self.state()

    def state(self) -> dict[str, Any]:
        """Everything that the page shows of the stage."""
        up = "up" if self._company.desk_runs else "down"
        return {
            "scene": {
                "steps": [_shown(step) for step in self.steps],
                "playing": self._busy.locked(),
                "done": self.done,
                "missed": self._missed,
            },
            "desk": up,
            "proof": self._proof,
        }

    # --- the scene ----------------------------------------------------------------------------------------------

    async def next(self) -> None:
        """The next step, if there is one. What did not happen is kept in `state`, not raised."""
        self._proof = None
        if self.done or self._missed:
            return
        try:
            step = await anext(self._scene)
        except (AssertionError, DidNotStart) as missed:
            self._missed = str(missed)
            return
        self.steps.append(step)
        self.changes.add("step")
        if self._told is not None:
            await self._told(step, len(self.steps))
        self.done = step.last

    async def rest(self) -> None:
        """All that is left of it."""
        while not self.done and not self._missed:
            await self.next()

    async def again(self) -> None:
        """Back to an empty stage."""
        self.steps, self.done, self._missed, self._proof = [], False, "", None
        await self._company.again()
        self._scene = self._whole()

    # --- the desk -----------------------------------------------------------------------------------------------

    async def kill(self) -> None:
        if self._company.desk_runs:
            await self._company.kill_desk()

    async def start(self) -> None:
        if not self._company.desk_runs:
            await self._company.open_desk()

    # --- the proof ----------------------------------------------------------------------------------------------

    async def prove(self) -> None:
        """Numbered messages from both sides of Marc's newest ticket: each must stand on the other once, in order."""
        threads = await self._threads()
        if threads is None:
            self._proof = {"state": "needs"}
            return
        run = self._runs
        self._proof = {"state": "running", "n": PROOFS}
        self.changes.add("proof")
        (slack, theirs), (discord, ours) = threads
        for number in range(1, PROOFS // 2 + 1):
            await slack.say(stage.MARC, theirs, f"Marc {run}.{number}")
            await discord.say(stage.LEA_DISCORD, ours, f"Léa {run}.{number}")
        try:
            for name, side, where in (("Léa", slack, theirs), ("Marc", discord, ours)):
                await self._arrived(side, where, f"{name} {run}.")
            self._proof = {"state": "ok", "n": PROOFS}
        except AssertionError as missed:
            self._proof = {"state": "bad", "what": str(missed)}

    async def _arrived(self, side: Side, where: Where, words: str) -> None:
        expected = [f"{words}{number}" for number in range(1, PROOFS // 2 + 1)]
        pattern = re.compile(re.escape(words) + r"\d+")

        async def there() -> bool:
            return len(found) >= len(expected) if (found := await seen()) else False

        async def seen() -> list[str]:
            return [name for line in await side.read(where) for name in pattern.findall(line.text)]

        await side.people.until(there, f"{words}1 to {len(expected)} on {side.name}", within=PATIENCE)
        if (found := await seen()) != expected:
            raise AssertionError(f"{side.name}: {found}")

    async def _threads(self) -> tuple[tuple[Side, Where], tuple[Side, Where]] | None:
        slack, discord = self._company.slack, self._company.discord
        direct = (await slack.people.call("dm", user=stage.MARC))["channel"]
        numbers = {
            int(found[1]): message["ts"]
            for message in await slack.people.call("messages", channel=direct)
            if message.get("user") == stage.SLACK_BOT
            and (found := re.match(r"#(\d+) ", message.get("text", ""))) is not None
        }
        for number in sorted(numbers, reverse=True):
            for thread in await discord.people.call("threads", channel=stage.IT_DESK):
                if thread["name"].startswith(f"#{number} "):
                    return (slack, Where(direct, numbers[number])), (discord, Where(thread["id"]))
        return None


def _shown(step: Step) -> dict[str, Any]:
    sides = [side for side in (step.view.left, step.view.right) if side] if step.view else []
    return {
        "caption": step.caption,
        "shown": [
            {"network": side.name, "person": person, "channel": where.channel, "root": where.root}
            for side, person, where in sides
        ],
    }
