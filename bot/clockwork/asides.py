"""Says what is owed beside tickets' threads: to a ticket's agent in person, to places that config names, and each
department's morning digest.

It is worded when it is said. A network that did not answer is asked again with the same key, by which a repetition is
recognised: whichever instance has the turn then, nothing is said twice.
"""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import TYPE_CHECKING, assert_never

from adapters.port import ChannelError, Throttled, Unavailable
from adapters.ui import Post
from bot.cards import literal
from bot.clockwork import digest
from bot.pressing import worded
from desk.asides import FRESH, Aside, key
from desk.events import PromisePressing, TicketNudged, from_json, to_json
from desk.life import EPOCH, MICROSECOND, moment
from desk.model import AccountRef, PlaceRef

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bot.house import House
    from bot.pressing import Presses
    from bot.words import Words
    from desk.model import Ticket
    from desk.ports import Transaction

log = logging.getLogger(__name__)

AT_ONCE = 20  # in one claim
LEASE = timedelta(minutes=2)  # longer than a network may take for one claim
PAUSE = timedelta(seconds=5)  # after a first failure, longer after each
LONGEST_PAUSE = timedelta(minutes=5)


def owe(tx: Transaction, ticket: Ticket, event: Presses, what: str, places: Iterable[PlaceRef] = ()) -> None:
    """Tell the ticket's agent, wherever they have an account, and these places. `what` is this event's alone."""
    accounts = tx.accounts(ticket.agent_id) if ticket.agent_id is not None else ()
    about = {"event": to_json(event), "at": (tx.now - EPOCH) // MICROSECOND}
    whoever: list[AccountRef | PlaceRef] = [*accounts, *places]
    for whom in whoever:
        tx.owe_aside(Aside(key(what, whom), whom, type(event).__name__, about))


class Asides:
    """One for the whole desk."""

    def __init__(self, house: House) -> None:
        self._house = house

    async def look(self) -> None:
        """Say all that is to be said now."""
        storage = self._house.storage
        if not await storage.read(lambda tx: tx.asides_wait()):
            return
        while owed := await storage.write(lambda tx: tx.claim_asides(fresh=FRESH, lease=LEASE, most=AT_ONCE)):
            for aside in owed:
                await self._settle(aside)

    async def _settle(self, aside: Aside) -> None:
        storage = self._house.storage
        try:
            await self._say(aside)
        except (Throttled, Unavailable) as error:
            wait = min(PAUSE * 2 ** min(aside.attempts - 1, 10), LONGEST_PAUSE)
            if isinstance(error, Throttled):
                wait = max(wait, timedelta(seconds=error.retry_after))
            log.info("not told on %s yet (%s): %s", aside.to.channel, aside.kind, error)
            await storage.write(lambda tx: tx.postpone_aside(aside.id, tx.now + wait))
            return
        except ChannelError as error:
            log.warning("cannot be told on %s (%s): %s", aside.to.channel, aside.kind, error)
        await storage.write(lambda tx: tx.settle_aside(aside.id))

    async def _say(self, aside: Aside) -> None:
        house, to = self._house, aside.to
        channel = house.channels.get(to.channel)
        if channel is None:
            log.warning("nobody is told on %s, which config names no more (%s)", to.channel, aside.kind)
            return
        match to:
            case AccountRef():
                post = await self._post(aside, (await house.asker(to)).words)
                await channel.whisper(to, post, key=aside.key, again=aside.attempts > 1)
            case PlaceRef() if aside.kind == digest.KIND:
                card = await digest.card(house, str(aside.about["department"]), to)
                if card is not None:
                    await channel.announce(to, Post(card=card), key=aside.key)
            case PlaceRef():
                await channel.announce(to, await self._post(aside, house.library.of("")), key=aside.key)
            case _:
                assert_never(to)

    async def _post(self, aside: Aside, words: Words) -> Post:
        event = from_json(aside.kind, aside.about["event"])
        assert isinstance(event, PromisePressing | TicketNudged)  # nothing else is owed so
        ticket = await self._house.storage.read(lambda tx: tx.ticket(event.ticket))
        assert ticket is not None  # tickets are never taken away
        said = worded(event, moment(aside.about["at"]), words)
        return Post(literal(f"#{ticket.number} {ticket.subject}: {said}"))
