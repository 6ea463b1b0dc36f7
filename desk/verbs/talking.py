"""What is said in a ticket: replies, edits, withdrawals, notes, and the agents' talk among themselves."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from desk.errors import DeskError, FormError
from desk.events import (
    InternalTalkOpened,
    MessageDeleted,
    MessageEdited,
    MessageSaid,
)
from desk.model import Audience, Kind, Role, Status
from desk.text import is_blank
from desk.thanks import is_thanks
from desk.verbs.acting import Actor, change, existing, handled, tell
from desk.verbs.handling import open_again

if TYPE_CHECKING:
    from collections.abc import Sequence

    from desk.model import Attachment, Message, MessageRef, Person, Thread, Ticket
    from desk.ports import Transaction


def say(
    tx: Transaction,
    thread: Thread,
    actor: Actor,
    *,
    body: str,
    attachments: Sequence[Attachment],
    origin: MessageRef,
    hold: bool = False,
) -> Message | None:
    """Somebody spoke in a ticket's thread. None where this `origin` was heard before.

    In the agents' thread only the words of the department's agents are a reply: a bystander's stay inside. A client's
    reply re-opens a closed ticket, unless it is plain thanks; an agent's first reply takes a new one in hand. With
    `hold`, an agent's reply puts the ticket on hold, and the client's takes it off again. What is said in a thread
    that the ticket has left is a note for those who have it now.
    """
    ticket = existing(tx, thread.ticket)
    side = _side(thread, ticket, actor)
    kind = Kind.NOTE if side is Audience.INTERNAL or thread.left else Kind.REPLY
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
    if message is not None:
        _moved_on(tx, ticket, message, actor, hold=hold)
    return message


def answer(tx: Transaction, number: int, actor: Actor, body: str, *, hold: bool = False) -> Message:
    """An agent's words that were not typed in a thread: a canned reply, say. FormError where there are none."""
    ticket = handled(tx, number, actor)
    if is_blank(body):
        raise FormError((DeskError("reply_missing", field="reply"),))
    message = _written(tx, number, actor, Kind.REPLY, Audience.AGENTS, body)
    _moved_on(tx, ticket, message, actor, hold=hold)
    return message


def _written(tx: Transaction, number: int, actor: Actor, kind: Kind, by: Audience, body: str) -> Message:
    """Words of a form, that were said in no thread."""
    message = tx.add_message(
        ticket=number,
        author_id=actor.person.id,
        kind=kind,
        body=body.strip(),
        by=by,
        thread_id=None,
        origin=None,
        attachments=(),
    )
    assert message is not None  # without an origin it cannot be a redelivery
    return message


def _moved_on(tx: Transaction, ticket: Ticket, message: Message, actor: Actor, *, hold: bool) -> None:
    """What a message does to its ticket, and who hears it."""
    reply, side = message.kind is Kind.REPLY, message.by
    if reply:
        ticket = replace(ticket, last_reply_by=side, last_reply_at=tx.now, active_at=tx.now)
    else:
        ticket = replace(ticket, active_at=tx.now)
    tx.save_ticket(ticket)
    tell(tx, MessageSaid(ticket.number, message.id, message.kind.value, side.value), actor, message)
    if not reply:
        return
    match side, ticket.status:
        case Audience.CLIENT, Status.CLOSED if not _only_thanks(tx, ticket, message):
            open_again(tx, ticket, actor)
        case Audience.CLIENT, Status.ON_HOLD if hold and ticket.house_status == Status.ON_HOLD.value:
            change(tx, ticket.number, actor, "answered", status=Status.IN_PROGRESS)
        case Audience.AGENTS, Status.NEW | Status.IN_PROGRESS if hold:
            change(tx, ticket.number, actor, "hold", status=Status.ON_HOLD)
        case Audience.AGENTS, Status.NEW:
            change(tx, ticket.number, actor, "start", status=Status.IN_PROGRESS)


def _only_thanks(tx: Transaction, ticket: Ticket, message: Message) -> bool:
    """A word of thanks for whoever helped: the ticket stays closed."""
    if message.attachments:
        return False
    helped = {said.author_id for said in tx.messages(ticket.number) if said.by is Audience.AGENTS}
    if ticket.agent_id is not None:
        helped.add(ticket.agent_id)
    return is_thanks(message.body, [tx.person(person_id).name for person_id in helped])


def _side(thread: Thread, ticket: Ticket, actor: Actor) -> Audience:
    if thread.left:
        return Audience.AGENTS  # a note of theirs: whoever has the ticket now reads it
    inside = actor.sight.inside(ticket.department)
    match thread.audience:
        case Audience.CLIENT:
            return Audience.AGENTS if inside and actor.person.id != ticket.client_id else Audience.CLIENT
        case Audience.AGENTS if inside:
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
    tell(tx, event, Actor(author, Role.CLIENT), message)
    return message


def withdraw(tx: Transaction, origin: MessageRef) -> Message | None:
    """What was said there was deleted there: it is withdrawn on the other side, and kept in the record."""
    message = tx.message_from(origin)
    if message is None or message.deleted_at:
        return None
    message = tx.mark_deleted(message)
    tell(tx, MessageDeleted(message.ticket, message.id), None, message)
    return message


def add_note(tx: Transaction, number: int, actor: Actor, body: str) -> Message:
    """Words for agents only."""
    ticket = handled(tx, number, actor)
    if is_blank(body):
        raise FormError((DeskError("note_missing", field="note"),))
    message = _written(tx, number, actor, Kind.NOTE, Audience.INTERNAL, body)
    tx.save_ticket(replace(ticket, active_at=tx.now))
    tell(tx, MessageSaid(number, message.id, message.kind.value, message.by.value), actor, message)
    return message


def open_internal_talk(tx: Transaction, number: int, actor: Actor) -> None:
    """A 🔒 thread beside the agents' in each of their places. DeskError where there is one already."""
    handled(tx, number, actor)
    threads = [thread for thread in tx.threads(number) if not thread.left]
    if any(thread.audience is Audience.INTERNAL for thread in threads):
        raise DeskError("internal_talk_exists", number=number)
    for thread in threads:
        if thread.audience is Audience.AGENTS and thread.place is not None:
            tx.add_thread(
                ticket=number,
                audience=Audience.INTERNAL,
                channel=thread.channel,
                place=thread.place,
                account=None,
                locale=thread.locale,
            )
    tell(tx, InternalTalkOpened(number), actor)
