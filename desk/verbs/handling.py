"""What agents and clients do with a ticket: claim, assign, close, re-open, rate; and what it is set to."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from desk.errors import DeskError
from desk.events import (
    TicketRated,
)
from desk.model import Role, Status
from desk.text import one_line
from desk.verbs.acting import Actor, change, handled, owned, seen, tell

if TYPE_CHECKING:
    from collections.abc import Iterable

    from desk.catalogue import Catalogue
    from desk.model import Person, Ticket
    from desk.ports import Transaction

STARS = range(1, 6)
REASON_LIMIT = 500  # characters


def claim(tx: Transaction, number: int, actor: Actor) -> Ticket:
    """The actor looks after it from now on. DeskError where they do already, or where it is closed."""
    ticket = handled(tx, number, actor)
    if ticket.agent_id == actor.person.id:
        raise DeskError("already_yours", number=number)
    return _given(tx, ticket, actor, "claim", actor.person)


def assign(tx: Transaction, number: int, actor: Actor, agent_id: int | None) -> Ticket:
    """Somebody else looks after it from now on; None: nobody. DeskError where they are no agent of its department, or
    do so already.
    """
    ticket = handled(tx, number, actor)
    if ticket.agent_id == agent_id:
        raise DeskError("already_theirs", number=number)
    if agent_id is None:
        return change(tx, number, actor, "unassign", agent_id=None)
    agent = tx.agent(agent_id)
    if agent is None or not (agent.role is Role.ADMIN or ticket.department in agent.departments):
        raise DeskError("agent_elsewhere")
    return _given(tx, ticket, actor, "assign", agent.person)


def _given(tx: Transaction, ticket: Ticket, actor: Actor, verb: str, agent: Person) -> Ticket:
    if ticket.status is Status.CLOSED:
        raise DeskError("ticket_closed", number=ticket.number)
    status = Status.IN_PROGRESS if ticket.status is Status.NEW else ticket.status
    return change(tx, ticket.number, actor, verb, agent_id=agent.id, status=status)


def close(tx: Transaction, number: int, actor: Actor, reason: str = "") -> Ticket:
    """Done: by an agent, or by the client whose it is. DeskError where it is closed already."""
    ticket = owned(tx, number, actor)
    if ticket.status is Status.CLOSED:
        raise DeskError("ticket_closed", number=number)
    reason = one_line(reason)[:REASON_LIMIT]
    return change(tx, number, actor, "close", status=Status.CLOSED, closed_at=tx.now, close_reason=reason)


def reopen(tx: Transaction, number: int, actor: Actor) -> Ticket:
    """Not done after all: in progress again with its agent, or new again without one."""
    ticket = owned(tx, number, actor)
    if ticket.status is not Status.CLOSED:
        raise DeskError("ticket_open", number=number)
    return open_again(tx, ticket, actor)


def open_again(tx: Transaction, ticket: Ticket, actor: Actor) -> Ticket:
    """What re-opening does, whoever's word it is. DeskError where it became one with another: that one goes on."""
    if ticket.merged_into is not None:
        raise DeskError("ticket_merged", number=ticket.number, into=ticket.merged_into)
    status = Status.IN_PROGRESS if ticket.agent_id else Status.NEW
    return change(tx, ticket.number, actor, "reopen", status=status, closed_at=None, close_reason="")


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


def set_status(tx: Transaction, catalogue: Catalogue, number: int, actor: Actor, status_id: str) -> Ticket:
    """Give it a status of the house. One that stands for closed closes it, another re-opens a closed one. DeskError
    where there is no such status, or it has it already.
    """
    ticket = handled(tx, number, actor)
    status = catalogue.stands_for(status_id)
    if status is None:
        raise DeskError("status_unknown")
    if ticket.merged_into is not None:
        raise DeskError("ticket_merged", number=number, into=ticket.merged_into)
    if ticket.house_status == status_id:
        raise DeskError("unchanged", number=number)
    closed, was_closed = status is Status.CLOSED, ticket.status is Status.CLOSED
    verb = "close" if closed and not was_closed else "reopen" if was_closed and not closed else "status"
    moment = (ticket.closed_at if was_closed else tx.now) if closed else None
    return change(tx, number, actor, verb, status=status, house_status=status_id, closed_at=moment)


def set_priority(tx: Transaction, catalogue: Catalogue, number: int, actor: Actor, priority: str) -> Ticket:
    """How much it presses. DeskError where there is no such priority, or it has it already."""
    ticket = handled(tx, number, actor)
    if catalogue.priority(priority) is None:
        raise DeskError("priority_unknown")
    if ticket.priority == priority:
        raise DeskError("unchanged", number=number)
    return change(tx, number, actor, "priority", priority=priority)


def set_tags(tx: Transaction, catalogue: Catalogue, number: int, actor: Actor, tags: Iterable[str]) -> Ticket:
    """These and no other tags; those that the catalogue no longer has stay on. DeskError for an unknown one."""
    ticket = handled(tx, number, actor)
    wanted = set(tags)
    if any(catalogue.tag(tag) is None and tag not in ticket.tags for tag in wanted):
        raise DeskError("tag_unknown")
    kept = {tag for tag in ticket.tags if catalogue.tag(tag) is None}
    found = tuple(sorted(wanted | kept))
    if found == ticket.tags:
        raise DeskError("unchanged", number=number)
    return change(tx, number, actor, "tags", tags=found)
