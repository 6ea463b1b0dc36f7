"""Reminds agents of tickets that wait, and greets each department with its digest in the morning.

Timed by APScheduler (`backup.schedule`); what has been said is kept in the database, so that nothing is said twice,
after downtime and beside other instances too.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from zlib import crc32
from zoneinfo import ZoneInfo

from adapters.port import ChannelError
from adapters.ui import CARD_ROWS, ROW_TITLE, Button, Card, Post, Row
from backup import schedule
from backup.schedule import Timed
from bot import cards
from bot.reckoning import caught_up
from desk.access import Sight
from desk.events import TicketNudged
from desk.fanout import hearers
from desk.figures import Period, Scope
from desk.life import EPOCH, MICROSECOND
from desk.model import Audience, Status
from desk.nudging import Nudge
from desk.text import cut

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.house import House
    from desk.catalogue import Department
    from desk.model import AccountRef, PlaceRef, Thread, Ticket
    from desk.ports import Transaction

log = logging.getLogger(__name__)

LOOK = "every 1m"
LOOK_AGAIN = 5.0  # seconds until changed rules are noticed
AT_ONCE = 500  # candidates in one transaction
DIGEST_FRESH = timedelta(hours=6)  # a digest that was missed for longer is left out: the next one comes


@dataclass(frozen=True, slots=True)
class Reminder:
    """A nudge that was given, to be told to the ticket's agent as well."""

    ticket: Ticket
    event: TicketNudged
    waited: timedelta
    accounts: Sequence[AccountRef]  # of the agent's


class Nudging:
    """One for the whole desk."""

    def __init__(self, house: House) -> None:
        self._house = house

    async def run(self) -> None:
        """Until cancelled; begins anew when config changes."""
        while True:
            nudges, catalogue = self._house.rules.nudges, self._house.catalogue
            work = [asyncio.create_task(schedule.run(timed, zone, self._act)) for zone, timed in self._timed().items()]
            try:
                while (nudges, catalogue) == (self._house.rules.nudges, self._house.catalogue):
                    for task in work:
                        if task.done():
                            task.result()
                    await asyncio.sleep(LOOK_AGAIN)
            finally:
                for task in work:
                    task.cancel()
                await asyncio.gather(*work, return_exceptions=True)

    def _timed(self) -> dict[ZoneInfo, list[Timed]]:
        """What is done when, by time zone: the look at all tickets, and each department's digest."""
        house = self._house
        found = {ZoneInfo("UTC"): [Timed("look", LOOK, None)]}
        if at := house.rules.nudges.digest:
            hour, minute = map(int, at.split(":"))
            for department in house.catalogue.departments:
                zone = ZoneInfo(house.terms.calendar(department.id).zone)
                cron = f"{minute} {hour} * * {house.rules.nudges.digest_days}"
                since = datetime.now(UTC) - DIGEST_FRESH
                found.setdefault(zone, []).append(Timed(f"digest:{department.id}", cron, since))
        return found

    async def _act(self, name: str) -> None:
        what, _, department = name.partition(":")
        try:
            if what == "look":
                await self.look()
            elif (found := self._house.catalogue.department(department)) is not None:
                await self.greet(found)
        except Exception:
            log.exception("%s failed; it comes again", name)

    # --- nudges -------------------------------------------------------------------------------------------------

    async def look(self) -> None:
        """Give every nudge that is due."""
        for nudge in Nudge:
            if self._house.rules.nudges.after(nudge) is None:
                continue
            told = await self._house.storage.write(lambda tx, nudge=nudge: self._nudged(tx, nudge))  # type: ignore[misc] # bound here
            if told:
                self._house.wake()
            for reminder in told:
                await self._whisper(reminder)

    def _nudged(self, tx: Transaction, nudge: Nudge) -> list[Reminder]:
        house, nudges = self._house, self._house.rules.nudges
        told: list[Reminder] = []
        after = nudges.after(nudge)
        assert after is not None  # asked only then
        for number, since in tx.nudge_candidates(nudge, tx.now - after, most=AT_ONCE):
            ticket = tx.ticket(number)
            if ticket is None or ticket.status in (Status.CLOSED, Status.ON_HOLD):
                continue
            calendar = house.terms.calendar(ticket.department)
            if not nudges.due(nudge, since, tx.now, calendar):
                continue
            if tx.told_once(f"nudge:{nudge}:{number}:{(since - EPOCH) // MICROSECOND}"):
                event = TicketNudged(number, nudge, (since - EPOCH) // MICROSECOND)
                tx.record(event, actor_id=None, to=hearers(event, tx.threads(number), None))
                accounts = tx.accounts(ticket.agent_id) if ticket.agent_id is not None else ()
                told.append(Reminder(ticket, event, tx.now - since, accounts))
        return told

    async def _whisper(self, reminder: Reminder) -> None:
        ticket, event = reminder.ticket, reminder.event
        for account in reminder.accounts:
            channel = self._house.channels.get(account.channel)
            if channel is None:
                continue
            try:
                words = (await self._house.asker(account)).words
                said = words(f"nudge.{event.why}", duration=words.brief(reminder.waited))
                text = cards.literal(f"#{ticket.number} {ticket.subject}: {said}")
                await channel.whisper(
                    account, Post(text), key=f"n{ticket.number:x}{event.since % 10**11:x}{event.why[0]}"
                )
            except ChannelError as error:
                log.info("the agent of ticket #%s was not reminded: %s", ticket.number, error)

    # --- the morning digest -------------------------------------------------------------------------------------

    async def greet(self, department: Department) -> None:
        """The department's digest in each of its places, once a day."""
        house = self._house
        zone = ZoneInfo(house.terms.calendar(department.id).zone)
        today = datetime.now(UTC).astimezone(zone).date()
        await caught_up(house)
        for place in department.places:
            key = f"digest:{department.id}:{place.channel}:{place.key}:{today}"
            if await house.storage.read(lambda tx, key=key: tx.was_told(key)):  # type: ignore[misc] # bound here
                continue
            card = await self.digest(department, place)
            post_key = f"d{crc32(f'{department.id} {place.key}'.encode()):x}{today.toordinal():x}"
            try:
                await house.channels[place.channel].announce(place, Post(card=card), key=post_key)
            except ChannelError as error:
                log.warning("the digest of %s did not come to %s: %s", department.id, place.key, error)
                continue
            await house.storage.write(lambda tx, key=key: tx.told_once(key))  # type: ignore[misc] # bound here

    async def digest(self, department: Department, place: PlaceRef) -> Card:
        """What stands open this morning, and who has waited longest."""
        house, words = self._house, self._house.library.of(department.language)
        channel = house.channels[place.channel]
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
            words(
                "digest.body", backlog=backlog, awaiting=awaiting, unassigned=unassigned, opened=opened, closed=closed
            ),
            rows=rows,
            actions=(Button("ticket.new", words("action.open_ticket"), emoji="🎫"),),
            footer=words("digest.footer") if rows else words("digest.nobody"),
        )
