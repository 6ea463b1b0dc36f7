"""Keeps the figures, and what is due, up with the event log and with what config promises."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.house import House
    from desk.figures import Terms
    from desk.ports import Transaction

log = logging.getLogger(__name__)

EVENTS = 3_000  # in one transaction: of a ticket's, each costs a tenth of the first
PATIENCE = 600.0  # seconds between two times that all figures are made anew
TICKETS = 150  # in one transaction, which takes some 20 ms: whoever speaks meanwhile waits for no more than that


async def caught_up(house: House) -> None:
    """Bring the figures, and what is due, up to the newest event of this moment. Those that come in meanwhile are left
    to the next time: taken one by one as they come, each would cost as much as all of its ticket's together.
    """
    left = await house.storage.read(lambda tx: tx.events_left())
    while left > 0:
        done = await house.storage.write(lambda tx: tx.keep_up(house.terms, most=EVENTS, tickets=TICKETS))
        left = left - done if done else 0
        log.debug("figures are being kept up")


class Reckoning:
    """One for the whole desk."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._terms: Terms | None = None  # by which every ticket is measured, as far as is known here
        self._forgotten = 0.0  # when the lives were last made anew, by the loop's clock

    async def look(self) -> None:
        """Every ticket by the terms as they are now (they may have changed while the desk was off), up to now."""
        if self._terms != self._house.terms:
            await self._measure_again()
        await self._made_anew()
        await caught_up(self._house)

    async def _made_anew(self) -> None:
        """Where an instance of an older desk has kept the figures up in its way: while such a one goes on, not at each
        look.
        """
        now, storage = asyncio.get_running_loop().time(), self._house.storage
        if self._forgotten and now - self._forgotten < PATIENCE:
            return
        if await storage.read(lambda tx: tx.left_behind()):
            log.warning("an older desk has kept the figures up beside this one: they are made anew from the log")
            self._forgotten = now
            await storage.write(lambda tx: tx.forget_lives())

    async def _measure_again(self) -> None:
        house, terms = self._house, self._house.terms
        fingerprint = terms.fingerprint()
        if await house.storage.read(lambda tx: tx.terms_known()) != fingerprint:
            after = 0
            while after := await house.storage.write(_measuring(terms, after)):
                log.debug("tickets up to #%d are measured anew", after)
            await house.storage.write(lambda tx: tx.know_terms(fingerprint))
        self._terms = terms


def _measuring(terms: Terms, after: int) -> Callable[[Transaction], int]:
    return lambda tx: tx.measure_again(terms, after=after, most=TICKETS)
