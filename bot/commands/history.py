"""[History] on a ticket's card: who did what and when, with the old value and the new, the newest first, by pages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from adapters.ui import CARD_ROWS, ROW_DETAIL, ROW_TITLE, Button, Card, Instead, Row
from bot.asked import pair_of, whole
from bot.cards import literal, stars
from bot.names import (
    department_name,
    field_value,
    priority_name,
    product_name,
    status_name,
    tag_names,
)
from desk.access import must_be_agent
from desk.events import (
    AttachmentsDropped,
    DeliveryFailed,
    DueReckoned,
    InternalTalkOpened,
    MessageDeleted,
    MessageEdited,
    MessageSaid,
    SilenceWarned,
    ThreadEnded,
    TicketChanged,
    TicketContinued,
    TicketOpened,
    TicketRated,
    TranscriptMade,
)
from desk.life import moment
from desk.model import Kind
from desk.text import cut
from desk.verbs.acting import handled

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from adapters.port import Answer, Pressed
    from bot.house import Asker, House
    from bot.words import Words
    from desk.catalogue import Catalogue
    from desk.events import Change, Event, Recorded
    from desk.model import Ticket
    from desk.ports import Transaction

PER_PAGE = CARD_ROWS
VALUE = 100  # characters of one value


async def pressed(house: House, asker: Asker, heard: Pressed) -> Answer:
    """[History]"""
    return await _page(house, asker, whole(heard.value), 0)


async def pressed_page(house: House, asker: Asker, heard: Pressed) -> Answer:
    """[Older] and [Newer]"""
    return Instead(await _page(house, asker, *pair_of(heard.value)))


async def _page(house: House, asker: Asker, number: int, page: int) -> Card:
    must_be_agent(asker.role)
    words, catalogue = asker.words, house.catalogue

    def look(tx: Transaction) -> tuple[Ticket, Sequence[Recorded], Mapping[int, str]]:
        ticket = handled(tx, number, asker.reader(tx))
        log = [recorded for recorded in tx.timeline(number) if shown(recorded.event)]
        named = {recorded.actor_id for recorded in log} | {
            int(value)
            for recorded in log
            if isinstance(recorded.event, TicketChanged)
            for change in recorded.event.changes
            for value in (change.old, change.new)
            if names_person(change, catalogue, ticket) and value.isdecimal()
        }
        return ticket, log, {each: tx.person(each).name for each in named if each is not None}

    ticket, log, people = await house.storage.read(look)
    newest_first = list(reversed(log))
    pages = max(1, -(-len(newest_first) // PER_PAGE))
    page = min(page, pages - 1)
    rows = tuple(
        Row(
            cut(f"{words.moment(each.at)} · {people.get(each.actor_id or 0, words('notice.the_desk'))}", ROW_TITLE),
            cut(literal(told(each.event, words, catalogue, ticket, people)), ROW_DETAIL),
        )
        for each in newest_first[page * PER_PAGE : (page + 1) * PER_PAGE]
    )
    newer = Button("history.page", words("action.newer"), f"{number}:{page - 1}", emoji="◀️")
    older = Button("history.page", words("action.older"), f"{number}:{page + 1}", emoji="▶️")
    return Card(
        words("history.title", number=number),
        rows=rows,
        actions=(*((newer,) if page else ()), *((older,) if page + 1 < pages else ())),
        footer=words("history.page", page=page + 1, pages=pages),
    )


def shown(event: Event) -> bool:
    """What somebody did to the ticket; not what the desk told whom."""
    return isinstance(
        event,
        TicketOpened
        | TicketChanged
        | TicketRated
        | MessageSaid
        | MessageEdited
        | MessageDeleted
        | InternalTalkOpened
        | DeliveryFailed
        | TicketContinued
        | ThreadEnded
        | TranscriptMade
        | SilenceWarned
        | AttachmentsDropped
        | DueReckoned,
    )


def names_person(change: Change, catalogue: Catalogue, ticket: Ticket) -> bool:
    """Whether a change's values are people's ids."""
    if change.field in {"agent", "client"}:
        return True
    department = catalogue.department(ticket.department)
    extra = department.own_field(change.field.removeprefix("fields.")) if department else None
    return change.field.startswith("fields.") and extra is not None and extra.kind == "person"


def told(event: Event, words: Words, catalogue: Catalogue, ticket: Ticket, people: Mapping[int, str]) -> str:
    """One event in a line, plain."""
    match event:
        case TicketOpened():
            return words("history.opened", channel=words.network(event.channel) or "–")
        case TicketChanged():
            own = {change.field for change in event.changes} >= {"status", "house_status"}  # one says it all
            said = [change for change in event.changes if not (own and change.field == "status")]
            lines = [_change(change, words, catalogue, ticket, people) for change in said]
            return "; ".join(lines) or words("history.did", verb=event.verb)
        case TicketRated():
            return words("history.rated", stars=stars(event.stars))
        case MessageSaid():
            return words("history.note") if event.kind == Kind.NOTE else words("history.reply")
        case MessageEdited():
            return words("history.edited", version=event.version)
        case MessageDeleted():
            return words("history.deleted")
        case InternalTalkOpened():
            return words("history.internal")
        case DeliveryFailed():
            return words("history.undelivered")
        case TicketContinued():
            return words("history.continued")
        case ThreadEnded():
            return words("history.thread_ended")
        case TranscriptMade():
            return words("history.transcript")
        case SilenceWarned():
            return words("history.warned")
        case AttachmentsDropped():
            return words("history.files_dropped", count=event.count)
        case DueReckoned():
            was, due = (words.moment(moment(at)) if at is not None else "–" for at in (event.was, event.due))
            return words(f"history.due_by_{event.why}", was=was, due=due)
        case _:
            return type(event).__name__


def _change(change: Change, words: Words, catalogue: Catalogue, ticket: Ticket, people: Mapping[int, str]) -> str:
    label = _label(change.field, words, catalogue, ticket)
    old, new = (_value(change.field, value, words, catalogue, ticket, people) for value in (change.old, change.new))
    return words("fact.line", label=label, value=f"{cut(old, VALUE)} → {cut(new, VALUE)}")


_LABELS = {
    "status": "card.status",
    "house_status": "card.status",
    "agent": "card.agent",
    "client": "card.client",
    "department": "card.department",
    "product": "card.product",
    "priority": "card.priority",
    "tags": "card.tags",
    "parent": "card.parent",
    "merged_into": "card.merged_into",
    "close_reason": "card.reason",
    "drop_files": "history.drop_files",
    "merged": "history.merged",
    "part": "card.parts",
    "split_into": "history.split_into",
    "split_from": "history.split_from",
}


def _label(field: str, words: Words, catalogue: Catalogue, ticket: Ticket) -> str:
    if field in _LABELS:
        return words(_LABELS[field])
    department = catalogue.department(ticket.department)
    extra = department.own_field(field.removeprefix("fields.")) if department else None
    return extra.name(words.language) if extra else field.removeprefix("fields.")


def _value(
    field: str, value: str, words: Words, catalogue: Catalogue, ticket: Ticket, people: Mapping[int, str]
) -> str:
    if not value:
        return "–"
    match field:
        case "drop_files":
            return words("history.yes") if value == "True" else words("history.no")
        case "status" | "house_status":
            return status_name(value, words, catalogue)
        case "agent" | "client":
            return people.get(int(value), value) if value.isdecimal() else value
        case "department":
            return department_name(value, words, catalogue)
        case "product":
            return product_name(value, words, catalogue)
        case "priority":
            return priority_name(value, words, catalogue)
        case "tags":
            return tag_names(value.split(), words, catalogue)
        case "part" | "parent" | "merged_into" | "merged" | "split_into" | "split_from":
            return f"#{value}"
    department = catalogue.department(ticket.department)
    extra = department.own_field(field.removeprefix("fields.")) if department else None
    return field_value(extra, value.split("\n"), words, people) if extra else value.replace("\n", ", ")


PRESSED = {
    "ticket.history": pressed,
    "history.page": pressed_page,
}
