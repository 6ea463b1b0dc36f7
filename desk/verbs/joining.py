"""Tickets that belong together: merged into one, split in two, parts of a whole."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from desk.errors import DeskError
from desk.events import Change, TicketChanged
from desk.model import Audience, Kind, Role, Status
from desk.verbs.acting import Actor, change, changes, existing, handled, tell
from desk.verbs.hearing import heard
from desk.verbs.opening import open_ticket
from desk.verbs.talking import answer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from desk.catalogue import Catalogue
    from desk.model import AccountRef, Message, Thread, Ticket
    from desk.ports import Transaction
    from desk.verbs.opening import Draft


def merge(tx: Transaction, catalogue: Catalogue, number: int, into: int, actor: Actor) -> Ticket:
    """The two become one: the first is closed, its threads hear the other's conversation from now on and speak in it,
    its client and followers follow the other. What was said before in the first is told to the other's agents. Where
    the other's department is confidential, the places of another department hear where it went and no more.
    DeskError where one of them was merged before, or both are the same.
    """
    old, target = handled(tx, number, actor), handled(tx, into, actor)
    if number == into:
        raise DeskError("merge_itself", number=number)
    _together(catalogue, old, target)
    for ticket in (old, target):
        if ticket.merged_into is not None:
            raise DeskError("ticket_merged", number=ticket.number, into=ticket.merged_into)
    threads, before = tx.threads(into), tx.threads(number)
    department = catalogue.department(target.department)
    own_places = department.places if department is not None and department.id in catalogue.confidential else None
    left: list[Thread] = []
    for thread in before:
        elsewhere = own_places is not None and thread.place is not None and thread.place not in own_places
        leaves = elsewhere and not thread.left
        kept = replace(thread, ticket=into, left=thread.left or leaves)
        tx.save_thread(kept)
        if leaves:
            left.append(kept)
    for person_id in (old.client_id, *(person.id for person in tx.followers(number))):
        if person_id != target.client_id:
            tx.follow(into, person_id)
    for child in tx.children(number):
        if child.number != into:
            tx.save_ticket(replace(child, parent=into))
    closed = replace(
        old,
        merged_into=into,
        status=Status.CLOSED,
        house_status=old.house_status if old.status is Status.CLOSED else Status.CLOSED.value,
        closed_at=old.closed_at or tx.now,
        active_at=tx.now,
        parent=None,
    )
    tx.save_ticket(closed)
    fields = ("merged_into", "status", "house_status", "parent")
    tx.record(TicketChanged(number, "merge", changes(old, closed, fields)), actor_id=actor.person.id, to=())
    if target.parent == number:
        target = replace(target, parent=None)
    tx.save_ticket(replace(target, active_at=tx.now))
    tell(tx, TicketChanged(into, "merged", (Change("merged", "", str(number)),)), actor, also=left)
    _tell_agents(tx, old, threads, before)
    return existing(tx, into)


def _tell_agents(tx: Transaction, old: Ticket, threads: Sequence[Thread], before: Sequence[Thread]) -> None:
    """What was said in the merged ticket, to the other's agents who have not heard it there."""
    heard_in = {each.place for each in before if each.audience is Audience.AGENTS and each.place and not each.left}
    for thread in threads:
        if thread.audience is Audience.AGENTS and not thread.left and thread.place not in heard_in:
            for recorded in heard(tx, old.number, Audience.AGENTS):
                if not tx.was_owed(recorded, thread):
                    tx.owe(recorded, thread)


def to_split(tx: Transaction, message_id: int, actor: Actor) -> tuple[Message, Ticket]:
    """A message with its ticket, for an agent of the ticket's department. DeskError where there is none."""
    try:
        message = tx.message(message_id)
    except KeyError:
        raise DeskError("message_gone") from None
    return message, handled(tx, message.ticket, actor)


def split(
    tx: Transaction,
    catalogue: Catalogue,
    message_id: int,
    actor: Actor,
    draft: Draft,
    busy: frozenset[int] = frozenset(),
) -> Ticket:
    """A message becomes a ticket of its own, of whoever said it (an agent's words: of the ticket's client), with its
    files. It stays where it was, and each ticket tells of the other.
    """
    message, ticket = to_split(tx, message_id, actor)
    if message.deleted_at is not None:
        raise DeskError("message_gone")
    if message.kind is not Kind.REPLY:
        raise DeskError("split_note")
    author_id = message.author_id if message.by is Audience.CLIENT else ticket.client_id
    client = Actor(tx.person(author_id), Role.CLIENT)
    account = _account(tx, ticket, author_id)
    made = open_ticket(
        tx, catalogue, client, account, draft, message.attachments, opener=actor, busy=busy, network=ticket.channel
    )
    tell(tx, TicketChanged(ticket.number, "split", (Change("split_into", "", str(made.number)),)), actor)
    tell(tx, TicketChanged(made.number, "split", (Change("split_from", "", str(ticket.number)),)), actor)
    return made


def _account(tx: Transaction, ticket: Ticket, person_id: int) -> AccountRef:
    """Where they talk in this ticket, else their oldest account."""
    accounts = tx.accounts(person_id)
    for thread in tx.threads(ticket.number):
        if thread.account is not None and thread.account in accounts:
            return thread.account
    return accounts[0]


def _together(catalogue: Catalogue, ticket: Ticket, other: Ticket) -> None:
    """DeskError where one of them is kept apart from the other."""
    if catalogue.room(ticket.department) != catalogue.room(other.department):
        raise DeskError("kept_apart", number=ticket.number, other=other.number)


def link_parent(tx: Transaction, catalogue: Catalogue, number: int, parent: int | None, actor: Actor) -> Ticket:
    """It is a part of that ticket from now on; None: of no other. DeskError where that would go in a circle."""
    ticket = handled(tx, number, actor)
    if ticket.parent == parent:
        raise DeskError("unchanged", number=number)
    if parent is not None:
        above: Ticket | None = handled(tx, parent, actor)
        assert above is not None  # `handled` gives one
        _together(catalogue, ticket, above)
        while above is not None:
            if above.number == number:
                raise DeskError("parent_circle", number=number)
            above = tx.ticket(above.parent) if above.parent is not None else None
    part = change(tx, number, actor, "parent", parent=parent)
    if ticket.parent is not None:
        tell(tx, TicketChanged(ticket.parent, "part", (Change("part", str(number), ""),)), actor)
    if parent is not None:
        tell(tx, TicketChanged(parent, "part", (Change("part", "", str(number)),)), actor)
    return part


def answer_all(tx: Transaction, number: int, actor: Actor, body: str, *, hold: bool = False) -> tuple[int, ...]:
    """A reply on a ticket and on all of its parts that are open and the actor's to answer; gives their numbers."""
    answer(tx, number, actor, body, hold=hold)
    told = [number]
    for child in tx.children(number):
        if child.status is not Status.CLOSED and actor.sight.inside(child.department):
            answer(tx, child.number, actor, body, hold=hold)
            told.append(child.number)
    return tuple(told)
