"""Agents' cards drawn anew when a badge came or went with somebody's word, which is no change of the ticket itself.

A relayed message costs no more for it: a card is drawn when its ticket has been quiet for a moment, and only where its
badges differ from those that it shows. What is not drawn because the desk stops is drawn with the ticket's next change.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from typing import TYPE_CHECKING

from adapters.port import ChannelError
from adapters.ui import Post
from bot import cards
from desk.badges import badges
from desk.model import Audience

if TYPE_CHECKING:
    from collections.abc import Sequence

    from adapters.ui import Card
    from bot.house import House
    from desk.model import Thread
    from desk.ports import Transaction

log = logging.getLogger(__name__)

QUIET = 5.0  # seconds without another word until a ticket's cards are drawn
TRIES = 3  # of one card, where its ticket changes while it is being drawn


class Refreshing:
    """One for the whole desk. `touched` may be called from anywhere in its loop."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._due: dict[int, float] = {}
        self._woken = asyncio.Event()

    def touched(self, number: int) -> None:
        """Somebody had the last word in this ticket now."""
        if not self._due:
            self._woken.set()  # else whoever waits for the first that is due looks again by then
        self._due[number] = asyncio.get_running_loop().time() + QUIET

    async def run(self) -> None:
        """Draw until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            pause = max(0.0, min(self._due.values()) - loop.time()) if self._due else None
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    self._woken.clear()
                    await self._woken.wait()
            for number in [number for number, due in self._due.items() if due <= loop.time()]:
                del self._due[number]
                try:
                    await self.draw(number)
                except Exception:  # one card must not end the watch over all others
                    log.exception("the cards of ticket #%s were not drawn anew", number)

    async def draw(self, number: int) -> None:
        """Show the ticket's badges as they are now, where its cards show others."""
        storage = self._house.storage
        for _ in range(TRIES):
            threads, found, shown = await storage.read(lambda tx: self._look(tx, number))
            if shown == found:
                return
            for thread in threads:
                await self._edit(thread)
            await storage.write(lambda tx, found=found: tx.show_badges(number, found), patient=True)  # type: ignore[misc] # bound here

    def _look(self, tx: Transaction, number: int) -> tuple[Sequence[Thread], str, str | None]:
        """Its agents' threads, the badges that it has, and those shown: on record, as another instance may have drawn
        the cards last.
        """
        ticket = tx.ticket(number)
        if ticket is None:
            return (), "", ""
        theirs = [
            thread
            for thread in tx.threads(number)
            if thread.audience is Audience.AGENTS and thread.card is not None and not thread.left
        ]
        return theirs, " ".join(badges(ticket, tx.now, self._house.old_after)), tx.badges_shown(number)

    async def _edit(self, thread: Thread) -> None:
        house = self._house

        def look(tx: Transaction) -> Card:
            ticket = tx.ticket(thread.ticket)
            assert ticket is not None  # tickets are never taken away
            hidden = house.catalogue.hidden_beside(ticket.department)
            seen = cards.view(tx, ticket, house.catalogue, hidden, house.old_after, house.terms)
            return cards.ticket_card(seen, thread.audience, house.library.of(thread.locale), house.catalogue)

        card = await house.storage.read(look)
        channel = house.channels.get(thread.channel)
        if channel is None or thread.card is None:
            return
        try:
            await channel.edit(thread.card, Post(card=card))
        except ChannelError as error:
            log.info("the card of ticket #%s was not drawn anew: %s", thread.ticket, error)
