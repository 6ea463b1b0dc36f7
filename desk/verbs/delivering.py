"""Deliveries that a network refuses for good, and trying them once more."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desk.access import must_be_admin
from desk.errors import DeskError
from desk.events import DeliveryFailed, ThreadReplaced, TicketChanged
from desk.model import Audience, Role
from desk.verbs.acting import handled, seen, tell
from desk.verbs.threading import add_in_place

if TYPE_CHECKING:
    from collections.abc import Sequence

    from desk.catalogue import Catalogue
    from desk.model import PlaceRef, Thread
    from desk.ports import Delivery, Transaction
    from desk.verbs.acting import Actor

_BESIDE_WORDS = frozenset({"start", "hold", "answered"})  # changes that somebody's words brought about


def delivery_failed(tx: Transaction, delivery: Delivery, message_id: int | None, *, reason: str, error: str) -> None:
    """Give a delivery up, and tell the author of what it carried, where they said it; else the agents."""
    tx.bury(delivery, error=error)
    about = delivery.recorded.event
    if isinstance(about, DeliveryFailed | ThreadReplaced):
        return  # that bad news cannot be told is no news
    if isinstance(about, TicketChanged) and about.verb in _BESIDE_WORDS:
        return  # of the words themselves their author is told
    event = DeliveryFailed(about.ticket, message_id, delivery.id, reason, delivery.thread.id)
    message = tx.message(message_id) if message_id is not None else None
    tell(tx, event, None, message)


def place_closed(tx: Transaction, catalogue: Catalogue, delivery: Delivery, place: PlaceRef, *, error: str) -> bool:
    """Give up what was owed to a place of agents in which no thread can be opened. The ticket goes on in the other
    places of its department; nobody in it is told, as nothing there is theirs to mend. True where the admins are to be
    told: once, until a thread is opened there again (`place_open`).
    """
    tx.bury(delivery, error=error)
    ticket = tx.ticket(delivery.recorded.event.ticket)
    department = catalogue.department(ticket.department) if ticket else None
    if ticket is not None and department is not None and ticket.merged_into is None:
        there = {thread.place for thread in tx.threads(ticket.number) if thread.audience is Audience.AGENTS}
        for other in department.places:
            if other not in there:  # config has named it since the ticket was opened
                add_in_place(tx, ticket.number, None, other, department.language)
    return tx.told_once(_closed(place))


def place_open(tx: Transaction, place: PlaceRef) -> None:
    """A thread was opened there: when it is closed to the desk again, the admins are told again."""
    tx.untold(_closed(place))


def _closed(place: PlaceRef) -> str:
    return f"place_closed:{place.channel}:{place.key}"


def thread_replaced(tx: Transaction, number: int, thread: Thread) -> None:
    """A thread of the ticket is lost, and goes on in a new one: the agents are told."""
    tell(tx, ThreadReplaced(number, thread.id, thread.audience.value), None)


def try_again(tx: Transaction, delivery_id: int, actor: Actor) -> None:
    """Owe a buried delivery once more: for the author of what it carries and for agents of its ticket's department,
    DeskError else. DeskError("delivery_not_buried") where it is not buried any more.
    """
    buried = tx.buried_of(delivery_id)
    if buried is None:
        raise DeskError("delivery_not_buried")
    number, author = buried
    if author != actor.person.id:
        seen(tx, number, actor)
        if actor.role is Role.CLIENT:
            raise DeskError("delivery_not_yours")
        handled(tx, number, actor)
    tx.exhume(delivery_id)


def retry_deliveries(tx: Transaction, actor: Actor, wanted: Sequence[int] | None) -> int:
    """Owe these once more (None: all); gives how many were buried. For admins."""
    must_be_admin(actor.role)
    return sum(tx.exhume(delivery_id) for delivery_id in _wanted(tx, wanted))


def drop_deliveries(tx: Transaction, actor: Actor, wanted: Sequence[int] | None) -> int:
    """Give these up for good (None: all); gives how many were buried. For admins."""
    must_be_admin(actor.role)
    return sum(tx.drop(delivery_id) for delivery_id in _wanted(tx, wanted))


def _wanted(tx: Transaction, wanted: Sequence[int] | None) -> Sequence[int]:
    """The oldest first, so that a thread hears things in the order in which they were."""
    if wanted is None:
        count, _ = tx.stranded(limit=1)
        wanted = [entry.id for entry in tx.stranded(limit=count)[1]]
    return sorted(wanted)
