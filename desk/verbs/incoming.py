"""Tickets of another desk taken in as they were: with their numbers, times, words and ends. Nobody is told of them.

Their threads are there and asleep: the first thing that somebody does with a ticket here opens them, in its
department's places and with its client, if they are known to have an account here.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from desk.errors import DeskError
from desk.events import Change, MessageSaid, TicketChanged, TicketOpened, TicketRated
from desk.model import AccountRef, Audience, Kind, MessageRef, Status
from desk.verbs.linking import log_moved

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from desk.catalogue import Catalogue
    from desk.model import Attachment, Message, Person, Ticket
    from desk.ports import Transaction


@dataclass(frozen=True, slots=True)
class IncomingMessage:
    """One thing that was said. `key` is its name at the source, `author` an account there."""

    key: str
    author: str
    at: datetime
    body: str
    kind: Kind = Kind.REPLY
    by: Audience = Audience.CLIENT
    attachments: tuple[Attachment, ...] = ()


@dataclass(frozen=True, slots=True)
class IncomingTicket:
    """A ticket with all that was said in it; `messages[0]` is its description. Ids are the catalogue's."""

    number: int
    subject: str
    client: str  # an account at the source
    opened_at: datetime
    messages: tuple[IncomingMessage, ...]
    department: str
    product: str
    priority: str
    status: Status = Status.NEW
    house_status: str = ""  # "" = the one of `status`
    agent: str = ""
    channel: str = ""  # what it came by; "" = the source
    tags: tuple[str, ...] = ()
    closed_at: datetime | None = None
    rating: int | None = None  # stars
    rating_words: str = ""
    fields: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # values of the department's extra fields


@dataclass(frozen=True, slots=True)
class Source:
    """Where tickets come from: its name stands for the network, `names` are people's by their accounts there, and
    `accounts` those of them that are known to have an account here.
    """

    name: str
    names: Mapping[str, str]
    accounts: Mapping[str, AccountRef] = field(default_factory=dict)


def take_in(tx: Transaction, catalogue: Catalogue, source: Source, incoming: IncomingTicket) -> bool:
    """False where it was taken in before: then nothing changes, unless its client is known to have an account here
    since. DeskError where its number is another ticket's.
    """
    described = incoming.messages[0]
    if tx.ticket(incoming.number) is not None:
        known = tx.message_from(MessageRef(source.name, described.key))
        if known is None or known.ticket != incoming.number:
            raise DeskError("import_number_taken", number=incoming.number)
        _threads(tx, catalogue, source, incoming)
        return False
    with tx.as_of(incoming.opened_at):
        client = _person(tx, source, incoming.client)
        ticket = tx.add_ticket(
            subject=incoming.subject,
            department=incoming.department,
            product=incoming.product,
            priority=incoming.priority,
            client_id=client.id,
            channel=incoming.channel or source.name,
            number=incoming.number,
        )
        message = _said(tx, source, ticket, described)
        begun = TicketOpened(
            ticket.number,
            message.id,
            client_id=client.id,
            channel=ticket.channel,
            department=ticket.department,
            product=ticket.product,
            priority=ticket.priority,
        )
        tx.record(begun, actor_id=client.id, to=())
    for said in incoming.messages[1:]:
        with tx.as_of(said.at):
            message = _said(tx, source, ticket, said)
            event = MessageSaid(ticket.number, message.id, kind=said.kind.value, by=said.by.value)
            tx.record(event, actor_id=message.author_id, to=())
    _end(tx, source, ticket, incoming)
    _threads(tx, catalogue, source, incoming)
    return True


def know(tx: Transaction, source: Source) -> int:
    """Whoever was taken in before, and is known since to have an account here, has that one from now on; gives how
    many. Somebody who is in both places becomes one person.
    """
    joined = 0
    for theirs, account in source.accounts.items():
        old, here = tx.person_of(AccountRef(source.name, theirs)), tx.person_of(account)
        if old is None or (here is not None and here.id == old.id):
            continue
        if here is None:
            here = tx.add_person(account, name=old.name, locale=old.locale)
        kept, gone, came = (old, here, account) if old.id < here.id else (here, old, AccountRef(source.name, theirs))
        log_moved(tx, "link", tx.join_people(kept, gone, came), gone, kept)
        joined += 1
    return joined


def _threads(tx: Transaction, catalogue: Catalogue, source: Source, incoming: IncomingTicket) -> None:
    """Those that it lacks, asleep."""
    ticket = tx.ticket(incoming.number)
    department = catalogue.department(incoming.department)
    if ticket is None or department is None:
        return
    there = tx.threads(ticket.number)
    account = source.accounts.get(incoming.client)
    if account is not None and not any(thread.audience is Audience.CLIENT for thread in there):
        locale = tx.person(ticket.client_id).locale
        tx.add_thread(ticket=ticket.number, audience=Audience.CLIENT, channel=account.channel, place=None,
                      account=account, locale=locale, asleep=True)  # fmt: skip
    if any(thread.audience is Audience.AGENTS for thread in there):
        return
    for place in department.places:
        tx.add_thread(ticket=ticket.number, audience=Audience.AGENTS, channel=place.channel, place=place, account=None,
                      locale=department.language, asleep=True)  # fmt: skip


def _end(tx: Transaction, source: Source, ticket: Ticket, incoming: IncomingTicket) -> None:
    """The ticket as it was left."""
    replies = [said for said in incoming.messages if said.kind is Kind.REPLY]
    last = max(replies, key=lambda said: said.at, default=incoming.messages[0])
    agent = _person(tx, source, incoming.agent).id if incoming.agent else None
    active_at = max([incoming.closed_at or incoming.opened_at, *(said.at for said in incoming.messages)])
    house_status = incoming.house_status or incoming.status.value
    left = replace(
        ticket,
        status=incoming.status,
        house_status=house_status,
        agent_id=agent,
        tags=incoming.tags,
        active_at=active_at,
        last_reply_by=last.by,
        last_reply_at=last.at,
        closed_at=(incoming.closed_at or active_at) if incoming.status is Status.CLOSED else None,
        rating=incoming.rating,
        rating_words=incoming.rating_words,
        fields=dict(incoming.fields),
    )
    tx.save_ticket(left)
    changes: Sequence[Change] = [
        change
        for change in (
            Change("agent", "", str(agent or "")),
            Change("status", Status.NEW.value, left.status.value),
            Change("house_status", Status.NEW.value, house_status),
            Change("tags", "", " ".join(incoming.tags)),
        )
        if change.old != change.new
    ]
    if changes:
        with tx.as_of(left.closed_at or active_at):
            verb = "close" if left.status is Status.CLOSED else "import"
            tx.record(TicketChanged(ticket.number, verb, tuple(changes)), actor_id=agent, to=())
    if incoming.rating is not None:
        with tx.as_of(active_at):
            tx.record(TicketRated(ticket.number, incoming.rating), actor_id=ticket.client_id, to=())


def _said(tx: Transaction, source: Source, ticket: Ticket, said: IncomingMessage) -> Message:
    message = tx.add_message(
        ticket=ticket.number,
        author_id=_person(tx, source, said.author).id,
        kind=said.kind,
        body=said.body,
        by=said.by,
        thread_id=None,
        origin=MessageRef(source.name, said.key),
        attachments=said.attachments,
    )
    if message is None:
        raise DeskError("import_message_taken", number=ticket.number, key=said.key)
    return message


def _person(tx: Transaction, source: Source, account: str) -> Person:
    ref = source.accounts.get(account) or AccountRef(source.name, account)
    return tx.person_of(ref) or tx.add_person(ref, name=source.names.get(account) or account, locale="")
