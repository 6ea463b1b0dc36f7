"""Keeps the figures, and what is due, up with the event log and with what config promises."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.house import House
    from desk.figures import Terms
    from desk.ports import Transaction

log = logging.getLogger(__name__)

EVENTS = 1_000  # in one transaction: of a conversation's, each costs a tenth of the first
TICKETS = 50  # in one transaction: whoever speaks meanwhile waits for no more than that


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

    async def look(self) -> None:
        """Every ticket by the terms as they are now (they may have changed while the desk was off), up to now."""
        if self._terms != self._house.terms:
            await self._measure_again()
        await caught_up(self._house)

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
