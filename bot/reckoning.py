"""Keeps the figures up with the event log, and tells agents of promises that press: once each, after downtime too."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

from adapters.port import ChannelError
from adapters.ui import Post
from bot.cards import literal
from desk.events import PromisePressing
from desk.fanout import hearers
from desk.life import EPOCH, MICROSECOND
from desk.model import PlaceRef, Status

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from bot.house import House
    from desk.figures import Terms
    from desk.model import AccountRef, Ticket
    from desk.ports import Transaction

log = logging.getLogger(__name__)

EVERY = 5.0  # seconds between two looks
EVENTS = 1_000  # in one transaction: of a conversation's, each costs a tenth of the first
MEASURED = 500  # tickets in one transaction
TICKETS = 100  # whose promises are told of in one transaction


@dataclass(frozen=True, slots=True)
class Alarm:
    """A promise that presses, to be told to the ticket's agent, and where it is late to whom config names."""

    ticket: Ticket
    pressing: PromisePressing
    accounts: Sequence[AccountRef]  # of the agent's
    places: Sequence[PlaceRef]


async def caught_up(house: House) -> None:
    """Bring the figures, and what is due, up to the newest event of this moment. Those that come in meanwhile are left
    to the next time: taken one by one as they come, each would cost as much as all of its ticket's together.
    """
    while await house.storage.write(lambda tx: tx.keep_up(house.terms, most=EVENTS)) == EVENTS:
        log.debug("figures are being kept up")


class Reckoning:
    """One for the whole desk."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._terms = house.terms

    async def run(self) -> None:
        """Look again and again until cancelled."""
        await self._measure_again()
        while True:
            try:
                await self.look()
            except Exception:
                log.exception("figures could not be kept up; trying again")
            await asyncio.sleep(EVERY)

    async def look(self) -> None:
        """Once: the newest events, then the promises that press."""
        house = self._house
        if self._terms != house.terms:
            await self._measure_again()
        await caught_up(house)
        while alarms := await house.storage.write(self._pressing):
            house.wake()
            for alarm in alarms:
                await self._tell(alarm)

    async def _measure_again(self) -> None:
        """Every ticket by the terms as they are now: they may have changed while the desk was off."""
        house, terms = self._house, self._house.terms
        self._terms = terms
        fingerprint = terms.fingerprint()
        if await house.storage.read(lambda tx: tx.terms_known()) == fingerprint:
            return
        after = 0
        while after := await house.storage.write(_measuring(terms, after)):
            log.debug("tickets up to #%d are measured anew", after)
        await house.storage.write(lambda tx: tx.know_terms(fingerprint))

    def _pressing(self, tx: Transaction) -> Sequence[Alarm]:
        found: list[Alarm] = []
        for number, promise, since, _, due in tx.pressing(most=TICKETS):
            late = due <= tx.now
            tx.warn_later(number, None if late else due)
            ticket = tx.ticket(number)
            stage = "late" if late else "near"
            if ticket is None or ticket.status is Status.CLOSED:
                continue
            if not tx.told_once(f"promise:{number}:{promise}:{(since - EPOCH) // MICROSECOND}:{stage}"):
                continue
            event = PromisePressing(number, promise, late, (due - EPOCH) // MICROSECOND)
            tx.record(event, actor_id=None, to=hearers(event, tx.threads(number), None))
            level = self._house.terms.policy.level(ticket.department, ticket.priority)
            places = [PlaceRef(*place.split(":", 1)) for place in level.tell] if late else []
            accounts = tx.accounts(ticket.agent_id) if ticket.agent_id is not None else ()
            found.append(Alarm(ticket, event, accounts, places))
        return found

    async def _tell(self, alarm: Alarm) -> None:
        house, event = self._house, alarm.pressing
        stage = "late" if event.late else "near"
        key = f"p{event.ticket:x}{event.due % 10**12:x}{stage[0]}"[-20:]
        for account in alarm.accounts:
            channel = house.channels.get(account.channel)
            if channel is None:
                continue
            try:
                words = (await house.asker(account)).words
                await channel.whisper(account, Post(literal(self._worded(alarm, words.language))), key=key)
            except ChannelError as error:
                log.info("the agent of ticket #%s was not told: %s", event.ticket, error)
        for place in alarm.places:
            try:
                channel = house.channels[place.channel]
                await channel.announce(place, Post(literal(self._worded(alarm, ""))), key=key)
            except (ChannelError, KeyError) as error:
                log.warning("nobody in %s was told of ticket #%s: %s", place.key, event.ticket, error)

    def _worded(self, alarm: Alarm, locale: str) -> str:
        words, event = self._house.library.of(locale), alarm.pressing
        moment = words.moment(EPOCH + event.due * MICROSECOND)
        text = words(
            f"notice.promise_{'late' if event.late else 'near'}",
            promise=words(f"promise.{event.promise}"),
            moment=moment,
        )
        return f"#{alarm.ticket.number} {alarm.ticket.subject}: {text}"


def _measuring(terms: Terms, after: int) -> Callable[[Transaction], int]:
    return lambda tx: tx.measure_again(terms, after=after, most=MEASURED)
