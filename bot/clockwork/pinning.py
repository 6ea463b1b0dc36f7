"""The card by which everybody in a channel can open a ticket: pinned there once, recognised after a restart, put back
where somebody deleted it, taken down where config no longer names the channel.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
from typing import TYPE_CHECKING

from adapters.port import ChannelError, Gone
from adapters.ui import Button, Card, Post
from bot.clockwork.rounds import Rounds

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.house import House
    from desk.model import MessageRef, PlaceRef

log = logging.getLogger(__name__)

LOOK_EVERY = 60.0  # seconds between two looks whether it still stands


class Pinning:
    """One for the whole desk, for these places."""

    def __init__(self, house: House, places: Sequence[PlaceRef]) -> None:
        self._house = house
        self._places = places
        self.rounds = Rounds(self.look, every=LOOK_EVERY)

    async def look(self) -> None:
        """Put every card where it belongs. What does not work now is tried at the next look."""
        words = self._house.library.of("")
        button = Button("ticket.new", words("action.open_ticket"), style="primary", emoji="🎫")
        card = Card(words("pinned.title"), words("pinned.body"), actions=(button,))
        standing = await self._house.storage.read(lambda tx: tx.pinned())
        for place in (*self._places, *(set(standing) - set(self._places))):
            if place.channel not in self._house.channels:
                continue
            try:
                if place in self._places:
                    await self._put_up(place, Post(card=card), standing.get(place))
                else:
                    await self._take_down(place, standing[place][0])
            except ChannelError as error:
                log.warning("the card to open tickets in %s:%s: %s", place.channel, place.key, error)

    async def _put_up(self, place: PlaceRef, post: Post, standing: tuple[MessageRef, str] | None) -> None:
        channel = self._house.channels[place.channel]
        digest = hashlib.sha256(repr(post).encode()).hexdigest()
        before = standing[0].key if standing else ""
        if standing is not None:
            message, shown = standing
            try:
                await channel.quote(message)
                if shown != digest:
                    await channel.edit(message, post)
                    await self._house.storage.write(lambda tx: tx.keep_pinned(place, message, digest))
                return
            except Gone:
                log.info("the card to open tickets in %s:%s is put back", place.channel, place.key)
        # The key is the same until this card is on record: should we die before, it is not said twice.
        key = hashlib.sha256(f"pin {place.channel} {place.key} {before}".encode()).hexdigest()[:20]
        made = await channel.announce(place, post, key=key, pin=True)
        await self._house.storage.write(lambda tx: tx.keep_pinned(place, made, digest))

    async def _take_down(self, place: PlaceRef, message: MessageRef) -> None:
        with contextlib.suppress(Gone):  # the place itself
            await self._house.channels[place.channel].delete(message)
        await self._house.storage.write(lambda tx: tx.forget_pinned(place))
