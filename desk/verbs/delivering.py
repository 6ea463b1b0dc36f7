"""Deliveries that a network refuses for good, and trying them once more."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desk.errors import DeskError
from desk.events import (
    DeliveryFailed,
)
from desk.verbs.acting import tell

if TYPE_CHECKING:
    from desk.ports import Delivery, Transaction


def delivery_failed(tx: Transaction, delivery: Delivery, message_id: int | None, *, reason: str, error: str) -> None:
    """Give a delivery up, and tell the author of what it carried, where they said it."""
    tx.bury(delivery, error=error)
    event = DeliveryFailed(delivery.recorded.event.ticket, message_id, delivery.id, reason)
    message = tx.message(message_id) if message_id is not None else None
    tell(tx, event, None, message)


def try_again(tx: Transaction, delivery_id: int) -> None:
    """Owe a buried delivery once more. DeskError where it is not buried any more."""
    if not tx.exhume(delivery_id):
        raise DeskError("delivery_not_buried")
