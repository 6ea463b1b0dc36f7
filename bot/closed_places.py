"""The admins told of a place of agents in which the desk can open no thread any more, and what is to be done."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from adapters.ui import BUTTON_LABEL, Button, Card
from bot import admins
from bot.cards import literal
from bot.commands.deliveries import ALL
from bot.names import department_name
from desk import verbs
from desk.text import cut, one_line

if TYPE_CHECKING:
    from bot.house import House
    from bot.words import Words
    from desk.model import PlaceRef

log = logging.getLogger(__name__)

ERROR_SHOWN = 300  # characters


async def tell(house: House, place: PlaceRef, error: str, *, key: str) -> None:
    """Each admin that can be reached. Where none could be, the next delivery to that place tries again."""

    def card(words: Words) -> Card:
        network, name = words.network(place.channel), f"{place.channel}:{place.key}"
        catalogue = house.catalogue
        theirs = [each.id for each in catalogue.departments if place in each.places]
        departments = ", ".join(department_name(each, words, catalogue) for each in theirs)
        told = words(
            "place_closed.body",
            network=network,
            departments=literal(departments) or "–",
            error=literal(cut(one_line(error), ERROR_SHOWN)),
        )
        again = Button("deliveries.retry", cut(words("deliveries.retry_all"), BUTTON_LABEL), ALL)
        return Card(words("place_closed.title", place=name), told, actions=(again,))

    if not await admins.tell(house, card, key=f"{key}p"):
        log.warning("no admin could be told that %s:%s is closed to the desk", place.channel, place.key)
        await house.storage.write(lambda tx: verbs.place_open(tx, place))
