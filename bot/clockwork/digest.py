"""Each department's morning digest: what stands open, what came and went, and who has waited longest."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from adapters.ui import CARD_ROWS, ROW_TITLE, Button, Card, Row
from bot import cards
from bot.clockwork.reckoning import caught_up
from desk.access import Sight
from desk.asides import Aside, key
from desk.figures import Period, Scope
from desk.model import Audience
from desk.text import cut

if TYPE_CHECKING:
    from bot.house import House
    from desk.catalogue import Department
    from desk.model import PlaceRef, Thread, Ticket
    from desk.ports import Transaction

KIND = "digest"


async def greet(house: House, department: Department) -> None:
    """Owe it to each of the department's places, once on each of its days."""
    zone = ZoneInfo(house.terms.calendar(department.id).zone)
    today = datetime.now(UTC).astimezone(zone).date()

    def owe(tx: Transaction) -> None:
        for place in department.places:
            what = f"digest:{department.id}:{place.channel}:{place.key}:{today}"
            if tx.told_once(what):
                tx.owe_aside(Aside(key(what, place), place, KIND, {"department": department.id}))

    await house.storage.write(owe)


async def card(house: House, department_id: str, place: PlaceRef) -> Card | None:
    """As it is now, in the department's language. None where config has no such department any more."""
    department = house.catalogue.department(department_id)
    if department is None:
        return None
    await caught_up(house)
    words, channel = house.library.of(department.language), house.channels[place.channel]
    scope = Scope(Sight(None, frozenset({department.id})))

    def query(tx: Transaction) -> tuple[Period, list[tuple[Ticket, datetime, Thread | None]], tuple[int, ...]]:
        day = Period(tx.now - timedelta(days=1), tx.now)
        totals = tx.totals(scope, day)
        waiting = []
        for number, since in tx.waiting_longest(department.id, most=CARD_ROWS):
            ticket = tx.ticket(number)
            threads = tx.threads(number)
            here = (t for t in threads if t.audience is Audience.AGENTS and t.channel == place.channel)
            if ticket is not None:
                waiting.append((ticket, since, next(here, None)))
        counts = (totals.backlog, totals.awaiting, totals.unassigned, totals.opened, totals.closed)
        return day, waiting, counts

    day, waiting, (backlog, awaiting, unassigned, opened, closed) = await house.storage.read(query)
    rows = tuple(
        Row(
            cut(cards.title(ticket), ROW_TITLE),
            words("nudge.waits", duration=words.brief(day.end - since)),
            channel.link(thread.ref) if thread and thread.ref else "",
        )
        for ticket, since, thread in waiting
    )
    return Card(
        words("digest.title", department=department.name(words.language)),
        words("digest.body", backlog=backlog, awaiting=awaiting, unassigned=unassigned, opened=opened, closed=closed),
        rows=rows,
        actions=(Button("ticket.new", words("action.open_ticket"), emoji="🎫"),),
        footer=words("digest.footer") if rows else words("digest.nobody"),
    )
