"""What a transcript holds: a ticket, all that was said in it and what happened to it, in order.

Without `inside` it holds what the client's own thread has shown: no note, no internal talk, nothing withdrawn.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from bot.cards import stars
from bot.changes import changed_text
from desk.events import MessageSaid, TicketChanged, TicketOpened, TicketRated
from desk.model import Audience, Kind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from bot.words import Words
    from desk.catalogue import Catalogue
    from desk.events import Recorded
    from desk.model import Attachment, Message, Ticket
    from desk.ports import Transaction


@dataclass(frozen=True, slots=True)
class Kept:
    """An attachment: its name and hash stay whatever becomes of its bytes. `there`: they can still be had."""

    name: str
    media_type: str
    size: int  # bytes
    sha256: str | None
    there: bool


@dataclass(frozen=True, slots=True)
class Entry:
    """Something said, or (kind "event") something that happened, as `body` says in the reader's language."""

    kind: Literal["reply", "note", "internal", "event"]
    at: datetime
    author: str
    side: Audience | None  # None: an event, or the desk itself
    body: str = ""  # the desk's Markdown; of an event, plain words
    edited_at: datetime | None = None
    deleted_at: datetime | None = None
    attachments: tuple[Kept, ...] = ()


@dataclass(frozen=True, slots=True)
class Conversation:
    """A ticket as it is now, with `facts` as people read them (label, value)."""

    ticket: Ticket
    client: str
    agent: str
    facts: tuple[tuple[str, str], ...]
    entries: tuple[Entry, ...]
    inside: bool


def conversation(tx: Transaction, ticket: Ticket, words: Words, catalogue: Catalogue, *, inside: bool) -> Conversation:
    """Read it, in one transaction."""
    names: dict[int, str] = {}

    def name(person_id: int) -> str:
        if person_id not in names:
            names[person_id] = tx.person(person_id).name
        return names[person_id]

    said = {message.id: message for message in tx.messages(ticket.number)}
    entries: list[Entry] = []
    for recorded in tx.timeline(ticket.number):
        match recorded.event:
            case TicketOpened(message_id=message_id) | MessageSaid(message_id=message_id):
                message = said.pop(message_id, None)
                if message is not None and (inside or message.kind is Kind.REPLY):
                    entry = _said(message, name(message.author_id))
                    for_them = isinstance(recorded.event, TicketOpened) and message.author_id != ticket.client_id
                    entries.append(replace(entry, side=Audience.AGENTS) if for_them else entry)
            case TicketChanged() | TicketRated():
                entries += _happened(recorded, words, catalogue, name)
            case _:
                pass
    return Conversation(
        ticket,
        name(ticket.client_id),
        name(ticket.agent_id) if ticket.agent_id is not None else "",
        tuple(_facts(ticket, words, catalogue, name(ticket.client_id), ticket.agent_id and name(ticket.agent_id))),
        tuple(entries),
        inside,
    )


def _said(message: Message, author: str) -> Entry:
    kind: Literal["reply", "note", "internal"] = "reply"
    if message.kind is Kind.NOTE:
        kind = "internal" if message.thread_id is not None else "note"
    if message.deleted_at:  # withdrawn words are nobody's to read; that there were some is no secret
        return Entry(kind, message.at, author, message.by, deleted_at=message.deleted_at)
    kept = tuple(_kept(file) for file in message.attachments)
    return Entry(kind, message.at, author, message.by, message.body, message.edited_at, None, kept)


def _kept(file: Attachment) -> Kept:
    return Kept(file.name, file.media_type, file.size, file.sha256, there=file.sha256 is not None and not file.dropped)


def _happened(recorded: Recorded, words: Words, catalogue: Catalogue, name: Callable[[int], str]) -> Iterator[Entry]:
    who = name(recorded.actor_id) if recorded.actor_id is not None else words("notice.the_desk")
    text = ""
    match recorded.event:
        case TicketChanged(verb="close", changes=changes):  # what the client is told further is for the moment only
            text = words("notice.close", who=who)
            reason = next((change.new for change in changes if change.field == "close_reason"), "")
            text = words("notice.close_reason", text=text, reason=reason) if reason else text
        case TicketChanged(verb="silence"):
            text = words("notice.silence")
        case TicketChanged() as event:
            given = next((change.new for change in event.changes if change.field == "agent"), "")
            agent = name(int(given)) if given else ""
            text = changed_text(
                event, Audience.CLIENT, words, catalogue, who=who, agent=agent, by_desk=recorded.actor_id is None
            )
        case TicketRated(stars=given_stars):
            text = words("notice.rated", who=who, stars=stars(given_stars))
        case _:
            pass
    if text:
        yield Entry("event", recorded.at, who, None, text)


def _facts(
    ticket: Ticket, words: Words, catalogue: Catalogue, client: str, agent: str | int | None
) -> Iterator[tuple[str, str]]:
    language = words.language
    department, product = catalogue.department(ticket.department), catalogue.product(ticket.product)
    priority = catalogue.priority(ticket.priority)
    yield words("card.status"), words(f"status.{ticket.status}")
    yield words("card.client"), client
    yield words("card.agent"), str(agent) if agent else words("card.nobody")
    yield words("card.department"), department.name(language) if department else ticket.department
    yield words("card.product"), product.name(language) if product else ticket.product
    yield words("card.priority"), priority.name(language) if priority else ticket.priority
    yield words("transcript.opened"), words.moment(ticket.opened_at)
    if ticket.closed_at:
        yield words("transcript.closed"), words.moment(ticket.closed_at)
    if ticket.rating:
        yield words("card.rating"), stars(ticket.rating) + (f" {ticket.rating_words}" if ticket.rating_words else "")
