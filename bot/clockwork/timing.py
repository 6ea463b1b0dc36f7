"""All that the desk does by the clock for figures, service levels and reminders: on APScheduler (`backup.schedule`), by
the one instance whose turn it is (`bot.turns`).

Whatever is told is marked as told in the transaction that owes it, and found by what is in the database: so it does not
matter when a look comes, whether one was missed, or whether the turn passes to another instance in the middle of one.
"""

from __future__ import annotations

import asyncio
import logging
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from backup import schedule
from backup.schedule import Timed
from bot.clockwork import digest
from bot.clockwork.alarms import Alarms
from bot.clockwork.asides import Asides
from bot.clockwork.nudging import Nudging
from bot.clockwork.reckoning import Reckoning
from bot.turns import ended, together

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from bot.house import House
    from desk.catalogue import Catalogue
    from desk.nudging import Nudges

log = logging.getLogger(__name__)

OFTEN = timedelta(seconds=5)  # the figures, what presses by them, and what is owed
NOW_AND_THEN = timedelta(minutes=1)  # what waits
DIGEST_FRESH = timedelta(hours=6)  # a digest that was missed for longer is left out: the next one comes
DIGEST = "digest:"  # before a department's id


class Timing:
    """One for the whole desk."""

    def __init__(self, house: House) -> None:
        self._house = house
        self.reckoning = Reckoning(house)
        self.alarms = Alarms(house)
        self.nudging = Nudging(house)
        self.asides = Asides(house)
        self._ruled: tuple[Nudges, Catalogue] | None = None  # by what is done when
        self._other_rules = asyncio.Event()
        self._looks: Mapping[str, Callable[[], Awaitable[None]]] = {"press": self._press, "nudge": self.nudging.look}

    async def run(self) -> None:
        """Until cancelled; begins anew whenever config changes."""
        while True:
            self._other_rules.clear()
            self._ruled = self._house.rules.nudges, self._house.catalogue
            clocks = [schedule.run(timed, zone, self._act, jitter=0) for zone, timed in self._timed().items()]
            timed = asyncio.ensure_future(together(*clocks))
            changed = asyncio.ensure_future(self._other_rules.wait())
            try:
                await asyncio.wait({timed, changed}, return_when=asyncio.FIRST_COMPLETED)
                if timed.done():
                    timed.result()
            finally:
                changed.cancel()
                await ended(timed)

    async def look(self) -> None:
        """All that is due, once and now."""
        await self._press()
        await self.nudging.look()
        await self.asides.look()

    async def _press(self) -> None:
        await self.reckoning.look()
        await self.alarms.look()
        await self.asides.look()

    def _timed(self) -> dict[ZoneInfo, list[Timed]]:
        """What is done when, by time zone."""
        house = self._house
        found = {ZoneInfo("UTC"): [Timed("press", OFTEN, None), Timed("nudge", NOW_AND_THEN, None)]}
        if at := house.rules.nudges.digest:
            hour, minute = map(int, at.split(":"))
            for department in house.catalogue.departments:
                zone = ZoneInfo(house.terms.calendar(department.id).zone)
                cron = f"{minute} {hour} * * {house.rules.nudges.digest_days}"
                since = datetime.now(UTC) - DIGEST_FRESH
                found.setdefault(zone, []).append(Timed(DIGEST + department.id, cron, since))
        return found

    async def _act(self, name: str) -> None:
        if self._ruled != (self._house.rules.nudges, self._house.catalogue):
            self._other_rules.set()
        try:
            if (look := self._looks.get(name)) is not None:
                await look()
            elif (department := self._house.catalogue.department(name.removeprefix(DIGEST))) is not None:
                await digest.greet(self._house, department)
        except Exception:
            log.exception("%s failed; it comes again", name)
