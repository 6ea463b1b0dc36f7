"""Reminds agents of tickets that wait: in the ticket's thread and its agent in person. Each once, in the transaction
that notices it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.clockwork import asides
from desk.events import TicketNudged
from desk.fanout import hearers
from desk.life import EPOCH, MICROSECOND
from desk.model import Status
from desk.nudging import Nudge

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from bot.house import House
    from desk.ports import Transaction

AT_ONCE = 500  # candidates in one transaction


class Nudging:
    """One for the whole desk."""

    def __init__(self, house: House) -> None:
        self._house = house

    async def look(self) -> None:
        """Give every nudge that is due."""
        for nudge in Nudge:
            after = self._house.rules.nudges.after(nudge)
            if after is None:
                continue

            def found(tx: Transaction, nudge: Nudge = nudge, after: timedelta = after) -> bool:
                return bool(tx.nudge_candidates(nudge, tx.now - after, most=1))

            def told(tx: Transaction, nudge: Nudge = nudge, after: timedelta = after) -> int:
                candidates = tx.nudge_candidates(nudge, tx.now - after, most=AT_ONCE)
                return sum(self._told(tx, nudge, number, since) for number, since in candidates)

            if not await self._house.storage.read(found):
                continue
            if await self._house.storage.write(told):
                self._house.wake()

    def _told(self, tx: Transaction, nudge: Nudge, number: int, since: datetime) -> bool:
        house, ticket = self._house, tx.ticket(number)
        if ticket is None or ticket.status in (Status.CLOSED, Status.ON_HOLD):
            return False
        if not house.rules.nudges.due(nudge, since, tx.now, house.terms.calendar(ticket.department)):
            return False
        began = (since - EPOCH) // MICROSECOND
        what = f"nudge:{nudge}:{number}:{began}"
        if not tx.told_once(what):
            return False
        event = TicketNudged(number, nudge, began)
        tx.record(event, actor_id=None, to=hearers(event, tx.threads(number), None))
        asides.owe(tx, ticket, event, what)
        return True
