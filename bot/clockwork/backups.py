"""The desk's backups by the clock, by the one instance whose turn it is; the admins are told what needs them."""

from __future__ import annotations

import asyncio
import logging
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

from adapters.ui import Card
from backup import schedule
from backup.port import Stopped
from bot import admins
from bot.cards import literal
from bot.turns import together
from desk.errors import Trouble
from desk.text import cut

if TYPE_CHECKING:
    from bot.house import House
    from bot.keeper import Keeper
    from bot.words import Words

log = logging.getLogger(__name__)

LOOK_EVERY = 3600.0  # seconds between two looks at how old the proven copies are
ASKED_AGAIN = 10.0  # seconds until what is due is asked for again, where the record does not answer
ERROR_SHOWN = 500  # characters


class Backups:
    """One for the whole desk."""

    def __init__(self, house: House, keeper: Keeper) -> None:
        self._house = house
        self._keeper = keeper

    async def run(self) -> None:
        """Keep to the schedule until cancelled."""
        await together(self._keep_to_schedule(), self._watch())

    async def _keep_to_schedule(self) -> None:
        while True:
            try:
                timed = await self._keeper.timed()
            except Trouble as error:  # the record of runs is not to be had: the desk goes on without them meanwhile
                log.warning("what backups are due is not known: %s", error)
                await asyncio.sleep(ASKED_AGAIN)
            else:
                await schedule.run(timed, self._keeper.zone, self.act)

    async def act(self, name: str) -> None:
        """Do what the schedule names. Whatever comes of it, the schedule goes on: of a failure the admins are told."""
        try:
            await self._keeper.act(name)
        except Stopped:
            return
        except (Trouble, OSError) as error:
            said = str(error)
        except Exception as error:
            log.exception("%s fell over", name)
            said = repr(error)
        else:
            return
        place = self._keeper.place_of(name)
        await admins.tell(self._house, partial(_failed, place, said), key=f"backup-failed-{place}")

    async def _watch(self) -> None:
        while True:
            try:
                await self.look()
            except Exception:
                log.exception("how old the backups are could not be looked up")
            await asyncio.sleep(LOOK_EVERY)

    async def look(self) -> None:
        """Tell the admins, once a day, where the newest proven copy is older than config allows."""
        now = datetime.now(UTC)
        for state in await self._keeper.states():
            place, at = state.section.id, state.proven_of
            if not state.runs or (at is not None and now - at <= self._keeper.proven_within):
                continue
            key = f"backup-old:{place}:{now.date()}"
            if not await self._house.storage.write(lambda tx, key=key: tx.told_once(key)):  # type: ignore[misc] # bound here
                continue
            log.warning("no copy at %s is proven since %s", place, at or "ever")
            await admins.tell(self._house, partial(_stale, place, at), key=f"backup-old-{place}")


def _failed(place: str, error: str, words: Words) -> Card:
    return Card(words("backup.failed", place=place), literal(cut(error, ERROR_SHOWN)))


def _stale(place: str, at: datetime | None, words: Words) -> Card:
    title = words("backup.stale", place=place)
    if at is None:
        return Card(title, words("backup.stale_never"))
    return Card(title, words("backup.stale_since", moment=words.moment(at)))
