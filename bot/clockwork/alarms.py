"""Tells of promises that press: the department in the ticket's thread, its agent in person, and where time is up whom
config names. Each once, in the transaction that notices it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.clockwork import asides
from desk.events import PromisePressing
from desk.fanout import hearers
from desk.life import EPOCH, MICROSECOND
from desk.model import PlaceRef, Status

if TYPE_CHECKING:
    from datetime import datetime

    from bot.house import House
    from desk.ports import Transaction

AT_ONCE = 50  # tickets in one transaction


class Alarms:
    """One for the whole desk."""

    def __init__(self, house: House) -> None:
        self._house = house

    async def look(self) -> None:
        """Tell of all that press now."""
        storage = self._house.storage
        if not await storage.read(lambda tx: tx.pressing(most=1)):
            return
        while await storage.write(self._told):
            self._house.wake()

    def _told(self, tx: Transaction) -> int:
        found = tx.pressing(most=AT_ONCE)
        for number, promise, since, _, due in found:
            late = due <= tx.now
            tx.warn_later(number, None if late else due)
            self._tell(tx, number, promise, since, due)
        return len(found)

    def _tell(self, tx: Transaction, number: int, promise: str, since: datetime, due: datetime) -> None:
        ticket, late = tx.ticket(number), due <= tx.now
        if ticket is None or ticket.status is Status.CLOSED:
            return
        stage = "late" if late else "near"
        what = f"promise:{number}:{promise}:{(since - EPOCH) // MICROSECOND}:{stage}"
        if not tx.told_once(what):
            return
        event = PromisePressing(number, promise, late, (due - EPOCH) // MICROSECOND)
        tx.record(event, actor_id=None, to=hearers(event, tx.threads(number), None))
        level = self._house.terms.policy.level(ticket.department, ticket.priority)
        places = [PlaceRef(*place.split(":", 1)) for place in level.tell] if late else []
        asides.owe(tx, ticket, event, what, places)
