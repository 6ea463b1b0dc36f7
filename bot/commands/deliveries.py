"""/deliveries: what a network refused for good, to be tried once more or let go; for admins alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from adapters.ui import CARD_ROWS, OPTION_LABEL, ROW_DETAIL, Button, Card, Instead, Option, Row, Select
from bot.asked import once, whole
from bot.cards import literal
from desk import verbs
from desk.access import must_be_admin
from desk.errors import DeskError
from desk.text import cut, one_line

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from adapters.port import Answer, Called, Pressed
    from bot.house import Asker, House
    from bot.words import Words
    from desk.ports import Stranded, Transaction

    Act = Callable[[Transaction, verbs.Actor, Sequence[int] | None], int]

ERROR_SHOWN = 150  # characters
KINDS = {
    "MessageSaid": "words",
    "MessageEdited": "edit",
    "MessageDeleted": "deletion",
    "TicketOpened": "ticket",
    "TicketContinued": "ticket",
}
ALL = "all"


async def called(house: House, asker: Asker, heard: Called) -> Answer:
    """`/deliveries`: the newest that were given up."""
    del heard
    return await _list(house, asker)


async def pressed_retry(house: House, asker: Asker, heard: Pressed) -> Answer:
    """One was chosen to be tried once more, or all were."""
    return await _done(house, asker, heard, verbs.retry_deliveries)


async def pressed_drop(house: House, asker: Asker, heard: Pressed) -> Answer:
    """One was chosen to be let go."""
    return await _done(house, asker, heard, verbs.drop_deliveries)


async def _done(house: House, asker: Asker, heard: Pressed, act: Act) -> Answer:
    wanted = None if heard.value == ALL else [whole(heard.value)]

    def verb(tx: Transaction, actor: verbs.Actor) -> None:
        if not act(tx, actor, wanted):
            raise DeskError("delivery_not_buried")

    await once(house, asker, heard, verb)
    return Instead(await _list(house, asker))


async def _list(house: House, asker: Asker) -> Card:
    must_be_admin(asker.role)
    words = asker.words
    count, found = await house.storage.read(lambda tx: tx.stranded(limit=CARD_ROWS))
    if not found:
        return Card(words("deliveries.title", count=0), words("deliveries.none"))
    options = tuple(Option(str(entry.id), cut(_title(entry, words), OPTION_LABEL)) for entry in found)
    return Card(
        words("deliveries.title", count=count),
        words("deliveries.body"),
        rows=tuple(Row(_title(entry, words), _detail(entry, words)) for entry in found),
        actions=(
            Select("deliveries.retry", words("deliveries.retry"), options),
            Select("deliveries.drop", words("deliveries.drop"), options),
            Button("deliveries.retry", words("deliveries.retry_all"), ALL, style="primary"),
        ),
    )


def _title(entry: Stranded, words: Words) -> str:
    kind = words(f"deliveries.kind.{KINDS.get(entry.kind, 'notice')}")
    where = words(f"deliveries.audience.{entry.audience}", network=words.network(entry.channel))
    return f"#{entry.ticket} · {kind} · {where}"


def _detail(entry: Stranded, words: Words) -> str:
    error = literal(cut(one_line(entry.error), ERROR_SHOWN))
    return cut(f"{words.moment(entry.at)} · {error}", ROW_DETAIL)


CALLED = {"deliveries": called}
PRESSED = {"deliveries.retry": pressed_retry, "deliveries.drop": pressed_drop}
