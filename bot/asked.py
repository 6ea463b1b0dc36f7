"""What an answer to a press or a form needs: done once however often it is heard, and numbers that are numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desk.errors import DeskError

if TYPE_CHECKING:
    from collections.abc import Callable

    from adapters.port import Pressed, Shortcut, Submitted
    from bot.house import Asker, House
    from desk.ports import Transaction
    from desk.verbs import Actor

DIGITS = 18  # of a ticket's number: what every database holds


async def once(
    house: House, asker: Asker, heard: Pressed | Submitted | Shortcut, verb: Callable[[Transaction, Actor], object]
) -> None:
    """Do it in one transaction, unless this very press or form was heard before."""

    def write(tx: Transaction) -> None:
        if tx.first_hearing(f"{heard.account.channel}:{heard.id}"):
            verb(tx, asker.actor(tx))

    await house.storage.write(write)
    house.wake()


def whole(value: str) -> int:
    """A number as our buttons carry it. DeskError where the value is forged."""
    if not (value.isascii() and value.isdigit() and len(value) <= DIGITS):
        raise DeskError("action_unknown")
    return int(value)
