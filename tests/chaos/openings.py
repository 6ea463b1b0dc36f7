"""People who open tickets while instances die: who is told that it did not work tries again, and in the end each ticket
that was asked for is there once, with one thread for its client and one for its agents.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bot.demo import stage
from bot.demo.side import NotPossible
from sandbox.control import NotSeen

if TYPE_CHECKING:
    import random

    from bot.demo.processes import Company
    from bot.demo.side import Filled, Side
    from tests.chaos.ledger import Verdict
    from tests.chaos.record import Record

AGAIN = 0.4  # seconds until somebody who got no form, or no answer, tries again
TRIES = 500


@dataclass(slots=True)
class Opened:
    """A form that somebody filled and sent until they were told that it was taken."""

    subject: str
    person: str
    side: Side
    sent: int = 0  # how often, not knowing what had become of it


@dataclass(slots=True)
class Openings:
    """All of them; `verdict` when the desk has come to rest."""

    company: Company
    made: list[Opened] = field(default_factory=list)

    async def go_on(self, count: int, pause: tuple[float, float], chance: random.Random) -> None:
        """So many on each network, one after the other."""
        sides = ((self.company.slack, stage.NORA), (self.company.discord, stage.BEN))
        await asyncio.gather(*(self._on(side, person, count, pause, chance) for side, person in sides))

    async def _on(self, side: Side, person: str, count: int, pause: tuple[float, float], chance: random.Random) -> None:
        for number in range(count):
            await asyncio.sleep(chance.uniform(*pause))
            opened = Opened(f"o{side.name}{number}x", person, side)
            self.made.append(opened)
            await self._open(opened)

    async def _open(self, opened: Opened) -> None:
        """What a person does whom the desk leaves waiting: sends the form again while it is there, else asks anew."""
        about = {"department": "it", "product": "laptop", "priority": "low"}
        values = {"subject": opened.subject, "description": "While instances die.", **about}
        came_of_it: Filled | NotPossible | NotSeen | str = ""
        for _ in range(TRIES):
            try:
                came_of_it = await opened.side.call(opened.person)
                opened.sent += 1
                filled = came_of_it = await opened.side.fill(opened.person, values)
                if filled.ok:
                    return
            except (NotPossible, NotSeen) as error:  # no form, or an answer that never came
                came_of_it = error
            await asyncio.sleep(AGAIN)
        raise AssertionError(f"{opened.subject} could not be opened: {came_of_it!r}")

    async def judge(self, record: Record, verdict: Verdict) -> None:
        for opened in self.made:
            found = record.rows("SELECT number FROM tickets WHERE subject = ?", opened.subject)
            if not 1 <= len(found) <= opened.sent:
                verdict.wrong.append(f"{opened.subject}: {len(found)} tickets, of {opened.sent} forms sent")
            for (number,) in found:
                agents = await self._cards(self.company.discord, stage.IT_DESK, number)
                if agents != 1:
                    verdict.wrong.append(f"{opened.subject} (#{number}): {agents} threads for its agents")
                place = stage.HELP
                if opened.side is self.company.slack:
                    place = (await opened.side.people.call("dm", user=opened.person))["channel"]
                clients = await self._cards(opened.side, place, number)
                if clients != 1:
                    verdict.wrong.append(f"{opened.subject} (#{number}): {clients} threads for its client")

    async def _cards(self, side: Side, place: str, number: int) -> int:
        """How many threads a place has for a ticket."""
        begins = f"#{number} · "
        if side is self.company.slack:
            said = await side.people.call("messages", channel=place)
            return sum(str(message.get("text", "")).startswith(begins) for message in said)
        threads = await side.people.call("threads")
        return sum(thread["name"].startswith(begins) and thread["parent_id"] == place for thread in threads)
