"""Rows of the cards that stand in a place for everybody."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import bindparam, delete, insert, select

from desk.model import MessageRef, PlaceRef
from storage.tables import pinned

if TYPE_CHECKING:
    from collections.abc import Mapping

    from storage.statement import Runner

_PINNED = select(pinned.c.channel, pinned.c.place, pinned.c.message, pinned.c.card)
_KEEP = insert(pinned)
_FORGET = delete(pinned).where(pinned.c.channel == bindparam("channel_"), pinned.c.place == bindparam("place_"))


class PinnedRows:
    """The pinned cards' part of `desk.ports.Transaction`."""

    _connection: Runner

    def pinned(self) -> Mapping[PlaceRef, tuple[MessageRef, str]]:
        rows = self._connection.execute(_PINNED, {})
        return {
            PlaceRef(channel, place): (MessageRef(channel, message), card) for channel, place, message, card in rows
        }

    def keep_pinned(self, place: PlaceRef, message: MessageRef, card: str) -> None:
        self.forget_pinned(place)
        values = {"channel": place.channel, "place": place.key, "message": message.key, "card": card}
        self._connection.execute(_KEEP, values)

    def forget_pinned(self, place: PlaceRef) -> None:
        self._connection.execute(_FORGET, {"channel_": place.channel, "place_": place.key})
