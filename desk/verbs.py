"""What people do to tickets: each verb a plain function over a transaction, all or nothing.

A verb checks the right to do it, moves the ticket, records one event and owes it to the threads that must hear.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from desk.access import must_be_agent, must_see
from desk.errors import DeskError, FormError
from desk.events import (
    Change,
    DeliveryFailed,
    InternalTalkOpened,
    MessageDeleted,
    MessageEdited,
    MessageSaid,
    TicketChanged,
    TicketOpened,
    TicketRated,
)
from desk.fanout import hearers
from desk.model import Audience, Kind, Role, Status
from desk.text import is_blank, one_line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from desk.catalogue import Catalogue
    from desk.events import Event
    from desk.model import AccountRef, Attachment, Message, MessageRef, Person, Thread, Ticket
    from desk.ports import Delivery, Transaction

SUBJECT_LIMIT = 120  # characters: with its number it fits a thread's name (Discord 100 is cut) and a card's title
DESCRIPTION_LIMIT = 3000  # characters: the narrower network's text field
STARS = range(1, 6)


@dataclass(frozen=True, slots=True)
class Actor:
    """Who does it, and in which role."""

    person: Person
    role: Role


@dataclass(frozen=True, slots=True)
class Draft:
    """A ticket as a form gave it. Ids are the catalogue's."""

    subject: str
    description: str
    department: str
    product: str
    priority: str


def checked(draft: Draft, catalogue: Catalogue) -> Draft:
    """The draft fit to be kept. FormError with one remark for each field that is wrong."""
    subject = one_line(draft.subject)
    department = catalogue.department(draft.department)
    remarks = []
    if is_blank(subject):
        remarks.append(DeskError("subject_missing", field="subject"))
    elif len(subject) > SUBJECT_LIMIT:
        remarks.append(DeskError("too_long", field="subject", limit=SUBJECT_LIMIT, length=len(subject)))
    if is_blank(draft.description):
        remarks.append(DeskError("description_missing", field="description"))
    elif len(draft.description) > DESCRIPTION_LIMIT:
        length = len(draft.description)
        remarks.append(DeskError("too_long", field="description", limit=DESCRIPTION_LIMIT, length=length))
    if department is None:
        remarks.append(DeskError("department_unknown", field="department"))
    elif draft.product not in {product.id for product in catalogue.offered_by(department)}:
        remarks.append(DeskError("product_elsewhere", field="product"))
    if catalogue.priority(draft.priority) is None:
        remarks.append(DeskError("priority_unknown", field="priority"))
    if remarks:
        raise FormError(tuple(remarks))
    return replace(draft, subject=subject, description=draft.description.strip())


def open_ticket(
    tx: Transaction,
    catalogue: Catalogue,
    actor: Actor,
    account: AccountRef,
    draft: Draft,
    attachments: Sequence[Attachment],
) -> Ticket:
    """A new ticket of the actor's, who will hear of it at `account`; its department at each of its places."""
    draft = checked(draft, catalogue)
    ticket = tx.add_ticket(
        subject=draft.subject,
        department=draft.department,
        product=draft.product,
        priority=draft.priority,
        client_id=actor.person.id,
        channel=account.channel,
    )
    message = tx.add_message(
        ticket=ticket.number,
        author_id=actor.person.id,
        kind=Kind.REPLY,
        body=draft.description,
        by=Audience.CLIENT,
        thread_id=None,
        origin=None,
        attachments=attachments,
    )
    assert message is not None  # without an origin it cannot be a redelivery
    ticket = replace(ticket, last_reply_by=Audience.CLIENT, last_reply_at=ticket.opened_at)
    tx.save_ticket(ticket)
    tx.add_thread(
        ticket=ticket.number,
        audience=Audience.CLIENT,
        channel=account.channel,
        place=None,
        account=account,
        locale=actor.person.locale,
    )
    department = catalogue.department(draft.department)
    assert department is not None  # checked above
    for place in department.places:
        tx.add_thread(
            ticket=ticket.number,
            audience=Audience.AGENTS,
            channel=place.channel,
            place=place,
            account=None,
            locale=department.language,
        )
    _tell(tx, TicketOpened(ticket.number, message.id), actor)
    return ticket


def say(
    tx: Transaction, thread: Thread, actor: Actor, *, body: str, attachments: Sequence[Attachment], origin: MessageRef
) -> Message | None:
    """Somebody spoke in a ticket's thread. None where this `origin` was heard before.

    In the agents' thread only an agent's words are a reply: a bystander's stay inside. A client's reply re-opens a
    closed ticket; an agent's first reply takes a new one in hand.
    """
    ticket = _existing(tx, thread.ticket)
    side = _side(thread, ticket, actor)
    kind = Kind.NOTE if side is Audience.INTERNAL else Kind.REPLY
    message = tx.add_message(
        ticket=ticket.number,
        author_id=actor.person.id,
        kind=kind,
        body=body,
        by=side,
        thread_id=thread.id,
        origin=origin,
        attachments=attachments,
    )
    if message is None:
        return None
    if kind is Kind.REPLY:
        ticket = replace(ticket, last_reply_by=side, last_reply_at=tx.now)
    tx.save_ticket(replace(ticket, active_at=tx.now))
    _tell(tx, MessageSaid(ticket.number, message.id), actor, message)
    if side is Audience.CLIENT and ticket.status is Status.CLOSED:
        reopen(tx, ticket.number, actor)
    elif side is Audience.AGENTS and ticket.status is Status.NEW:
        _change(tx, ticket.number, actor, "start", status=Status.IN_PROGRESS)
    return message


def _side(thread: Thread, ticket: Ticket, actor: Actor) -> Audience:
    match thread.audience:
        case Audience.CLIENT:
            outsider = actor.person.id != ticket.client_id
            return Audience.AGENTS if outsider and actor.role is not Role.CLIENT else Audience.CLIENT
        case Audience.AGENTS if actor.role is not Role.CLIENT:
            return Audience.AGENTS
        case _:
            return Audience.INTERNAL


def edit(tx: Transaction, origin: MessageRef, body: str, author: Person) -> Message | None:
    """The author changed what they said there. None where nothing is recorded from there, or nothing changed."""
    message = tx.message_from(origin)
    if message is None or message.deleted_at or message.body == body or message.author_id != author.id:
        return None
    message = tx.add_version(message, body=body)
    event = MessageEdited(message.ticket, message.id, message.version)
    _tell(tx, event, Actor(author, Role.CLIENT), message)
    return message


def withdraw(tx: Transaction, origin: MessageRef) -> Message | None:
    """What was said there was deleted there: it is withdrawn on the other side, and kept in the record."""
    message = tx.message_from(origin)
    if message is None or message.deleted_at:
        return None
    message = tx.mark_deleted(message)
    _tell(tx, MessageDeleted(message.ticket, message.id), None, message)
    return message


def add_note(tx: Transaction, number: int, actor: Actor, body: str) -> Message:
    """Words for agents only."""
    must_be_agent(actor.role)
    ticket = _existing(tx, number)
    if is_blank(body):
        raise FormError((DeskError("note_missing", field="note"),))
    message = tx.add_message(
        ticket=number,
        author_id=actor.person.id,
        kind=Kind.NOTE,
        body=body.strip(),
        by=Audience.INTERNAL,
        thread_id=None,
        origin=None,
        attachments=(),
    )
    assert message is not None  # without an origin it cannot be a redelivery
    tx.save_ticket(replace(ticket, active_at=tx.now))
    _tell(tx, MessageSaid(number, message.id), actor, message)
    return message


def open_internal_talk(tx: Transaction, number: int, actor: Actor) -> None:
    """A 🔒 thread beside the agents' in each of their places. DeskError where there is one already."""
    must_be_agent(actor.role)
    _existing(tx, number)
    threads = tx.threads(number)
    if any(thread.audience is Audience.INTERNAL for thread in threads):
        raise DeskError("internal_talk_exists", number=number)
    for thread in threads:
        if thread.audience is Audience.AGENTS:
            tx.add_thread(
                ticket=number,
                audience=Audience.INTERNAL,
                channel=thread.channel,
                place=thread.place,
                account=None,
                locale=thread.locale,
            )
    _tell(tx, InternalTalkOpened(number), actor)


def claim(tx: Transaction, number: int, actor: Actor) -> Ticket:
    """The actor looks after it from now on. DeskError where they do already, or where it is closed."""
    must_be_agent(actor.role)
    ticket = _existing(tx, number)
    if ticket.status is Status.CLOSED:
        raise DeskError("ticket_closed", number=number)
    if ticket.agent_id == actor.person.id:
        raise DeskError("already_yours", number=number)
    status = Status.IN_PROGRESS if ticket.status is Status.NEW else ticket.status
    return _change(tx, number, actor, "claim", agent_id=actor.person.id, status=status)


def close(tx: Transaction, number: int, actor: Actor) -> Ticket:
    """Done: by an agent, or by the client whose it is. DeskError where it is closed already."""
    ticket = _seen(tx, number, actor)
    if ticket.status is Status.CLOSED:
        raise DeskError("ticket_closed", number=number)
    return _change(tx, number, actor, "close", status=Status.CLOSED, closed_at=tx.now)


def reopen(tx: Transaction, number: int, actor: Actor) -> Ticket:
    """Not done after all: in progress again with its agent, or new again without one."""
    ticket = _seen(tx, number, actor)
    if ticket.status is not Status.CLOSED:
        raise DeskError("ticket_open", number=number)
    status = Status.IN_PROGRESS if ticket.agent_id else Status.NEW
    return _change(tx, number, actor, "reopen", status=status, closed_at=None)


def rate(tx: Transaction, number: int, actor: Actor, stars: int, words: str = "") -> Ticket:
    """How the client found it, once it is closed; they may change their mind. `words` "" keeps earlier words."""
    ticket = _seen(tx, number, actor)
    if ticket.client_id != actor.person.id:
        raise DeskError("client_only", number=number)
    if ticket.status is not Status.CLOSED:
        raise DeskError("rate_when_closed", number=number)
    if stars not in STARS:
        raise DeskError("stars_unknown")
    ticket = replace(ticket, rating=stars, rating_words=words.strip() or ticket.rating_words)
    tx.save_ticket(ticket)
    _tell(tx, TicketRated(number, stars), actor)
    return ticket


def delivery_failed(tx: Transaction, delivery: Delivery, message_id: int | None, *, reason: str, error: str) -> None:
    """Give a delivery up, and tell the author of what it carried, where they said it."""
    tx.bury(delivery, error=error)
    event = DeliveryFailed(delivery.recorded.event.ticket, message_id, delivery.id, reason)
    message = tx.message(message_id) if message_id is not None else None
    _tell(tx, event, None, message)


def try_again(tx: Transaction, delivery_id: int) -> None:
    """Owe a buried delivery once more. DeskError where it is not buried any more."""
    if not tx.exhume(delivery_id):
        raise DeskError("delivery_not_buried")


# --- what the verbs share ---------------------------------------------------------------------------------------


def _existing(tx: Transaction, number: int) -> Ticket:
    ticket = tx.ticket(number)
    if ticket is None:
        raise DeskError("ticket_unknown", number=number)
    return ticket


def _seen(tx: Transaction, number: int, actor: Actor) -> Ticket:
    ticket = _existing(tx, number)
    must_see(ticket, actor.person, actor.role)
    return ticket


def _change(tx: Transaction, number: int, actor: Actor, verb: str, **fields: object) -> Ticket:
    old = _existing(tx, number)
    new = replace(old, active_at=tx.now, **fields)  # type: ignore[arg-type] # the callers above name real fields
    tx.save_ticket(new)
    changes = tuple(
        Change(name.removesuffix("_id"), _code(getattr(old, name)), _code(getattr(new, name)))
        for name in fields
        if name != "closed_at" and getattr(old, name) != getattr(new, name)
    )
    _tell(tx, TicketChanged(number, verb, changes), actor)
    return new


def _code(value: object) -> str:
    return "" if value is None else str(value)


def _tell(tx: Transaction, event: Event, actor: Actor | None, message: Message | None = None) -> None:
    tx.record(event, actor_id=actor.person.id if actor else None, to=hearers(event, tx.threads(event.ticket), message))
