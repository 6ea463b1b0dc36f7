"""What every verb is made of: who acts, which ticket, what changed and who is told."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from desk.access import must_see
from desk.errors import DeskError
from desk.events import (
    Change,
    TicketChanged,
)
from desk.fanout import hearers

if TYPE_CHECKING:
    from desk.events import Event
    from desk.model import Message, Person, Role, Ticket
    from desk.ports import Transaction


@dataclass(frozen=True, slots=True)
class Actor:
    """Who does it, and in which role."""

    person: Person
    role: Role


def existing(tx: Transaction, number: int) -> Ticket:
    ticket = tx.ticket(number)
    if ticket is None:
        raise DeskError("ticket_unknown", number=number)
    return ticket


def seen(tx: Transaction, number: int, actor: Actor) -> Ticket:
    ticket = existing(tx, number)
    must_see(ticket, actor.person, actor.role)
    return ticket


def change(tx: Transaction, number: int, actor: Actor, verb: str, **fields: object) -> Ticket:
    old = existing(tx, number)
    new = replace(old, active_at=tx.now, **fields)  # type: ignore[arg-type] # the callers above name real fields
    tx.save_ticket(new)
    changes = tuple(
        Change(name.removesuffix("_id"), _code(getattr(old, name)), _code(getattr(new, name)))
        for name in fields
        if name != "closed_at" and getattr(old, name) != getattr(new, name)
    )
    tell(tx, TicketChanged(number, verb, changes), actor)
    return new


def _code(value: object) -> str:
    return "" if value is None else str(value)


def tell(tx: Transaction, event: Event, actor: Actor | None, message: Message | None = None) -> None:
    tx.record(event, actor_id=actor.person.id if actor else None, to=hearers(event, tx.threads(event.ticket), message))
