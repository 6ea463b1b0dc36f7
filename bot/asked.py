"""What an answer to a press or a form needs: done once however often it is heard, and numbers that are numbers."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

from desk.errors import DeskError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from adapters.port import Called, Pressed, Shortcut, Submitted
    from adapters.ui import Option
    from bot.house import Asker, House
    from desk.ports import Transaction
    from desk.verbs import Actor

MATCHES = 25  # of a search: what a network shows at once
DIGITS = 18  # of a ticket's number: what every database holds


async def once(
    house: House,
    asker: Asker,
    heard: Called | Pressed | Submitted | Shortcut,
    verb: Callable[[Transaction, Actor], object],
) -> None:
    """Do it in one transaction, unless this very press or form was heard before."""

    def write(tx: Transaction) -> None:
        if tx.first_hearing(f"{heard.account.channel}:{heard.id}"):
            verb(tx, asker.actor(tx))

    await house.storage.write(write)
    house.wake()


def carried(heard: Pressed) -> int:
    """The ticket's number that a choice carries."""
    return whole(heard.carried)


def pair_of(value: str) -> tuple[int, int]:
    """Two numbers as our buttons carry them."""
    one, _, other = value.partition(":")
    return whole(one), whole(other)


def matching(options: Iterable[Option], typed: str) -> tuple[Option, ...]:
    """At most 25 of the options whose label holds all the words that were typed, accents and capitals aside; those that
    begin with them first.
    """
    wanted = _folded(typed).split()
    found = [option for option in options if all(word in _folded(option.label) for word in wanted)]
    found.sort(key=lambda option: not _folded(option.label).startswith(wanted[0] if wanted else ""))
    return tuple(found[:MATCHES])


def _folded(text: str) -> str:
    parts = unicodedata.normalize("NFD", text)
    return "".join(part for part in parts if not unicodedata.combining(part)).casefold()


def whole(value: str) -> int:
    """A number as our buttons carry it. DeskError where the value is forged."""
    if not (value.isascii() and value.isdigit() and len(value) <= DIGITS):
        raise DeskError("action_unknown")
    return int(value)
