"""What agents and clients do with a ticket: claim, close, re-open, rate."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from desk.errors import DeskError
from desk.events import (
    TicketRated,
)
from desk.model import Status
from desk.verbs.acting import Actor, change, handled, seen, tell

if TYPE_CHECKING:
    from desk.model import Ticket
    from desk.ports import Transaction

STARS = range(1, 6)


def claim(tx: Transaction, number: int, actor: Actor) -> Ticket:
    """The actor looks after it from now on. DeskError where they do already, or where it is closed."""
    ticket = handled(tx, number, actor)
    if ticket.status is Status.CLOSED:
        raise DeskError("ticket_closed", number=number)
    if ticket.agent_id == actor.person.id:
        raise DeskError("already_yours", number=number)
    status = Status.IN_PROGRESS if ticket.status is Status.NEW else ticket.status
    return change(tx, number, actor, "claim", agent_id=actor.person.id, status=status)


def close(tx: Transaction, number: int, actor: Actor) -> Ticket:
    """Done: by an agent, or by the client whose it is. DeskError where it is closed already."""
    ticket = seen(tx, number, actor)
    if ticket.status is Status.CLOSED:
        raise DeskError("ticket_closed", number=number)
    return change(tx, number, actor, "close", status=Status.CLOSED, closed_at=tx.now)


def reopen(tx: Transaction, number: int, actor: Actor) -> Ticket:
    """Not done after all: in progress again with its agent, or new again without one."""
    ticket = seen(tx, number, actor)
    if ticket.status is not Status.CLOSED:
        raise DeskError("ticket_open", number=number)
    status = Status.IN_PROGRESS if ticket.agent_id else Status.NEW
    return change(tx, number, actor, "reopen", status=status, closed_at=None)


def rate(tx: Transaction, number: int, actor: Actor, stars: int, words: str = "") -> Ticket:
    """How the client found it, once it is closed; they may change their mind. `words` "" keeps earlier words."""
    ticket = seen(tx, number, actor)
    if ticket.client_id != actor.person.id:
        raise DeskError("client_only", number=number)
    if ticket.status is not Status.CLOSED:
        raise DeskError("rate_when_closed", number=number)
    if stars not in STARS:
        raise DeskError("stars_unknown")
    ticket = replace(ticket, rating=stars, rating_words=words.strip() or ticket.rating_words)
    tx.save_ticket(ticket)
    tell(tx, TicketRated(number, stars), actor)
    return ticket
