"""Cards: a ticket as its client and as its agents see it, and short answers to the asker alone."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from adapters.ui import BUTTON_LABEL, CARD_BODY, CARD_FACTS, CARD_TITLE, FACT_VALUE, Button, Card, Fact, Section
from bot import actions
from bot.names import (
    department_name,
    field_value,
    people_in,
    priority_name,
    product_name,
    status_name,
    tag_names,
)
from desk.badges import badges
from desk.life import lived
from desk.model import Audience, Status
from desk.sla import Targets, next_due
from desk.text import cut

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from collections.abc import Set as AbstractSet
    from datetime import timedelta

    from bot.words import Words
    from desk.badges import Badge
    from desk.catalogue import Catalogue
    from desk.figures import Terms
    from desk.model import AccountRef, Attachment, Message, Panel, Person, Ticket
    from desk.ports import Transaction
    from desk.sla import Clock

OTHERS_SHOWN = 5  # of the client's other tickets
PARTS_SHOWN = 10  # of a ticket's parts, by number
STARS = 5


@dataclass(frozen=True, slots=True)
class TicketView:
    """All that a card shows of a ticket, read in one transaction."""

    ticket: Ticket
    description: Message
    client: Person
    agent: Person | None
    panel: Panel
    badges: tuple[Badge, ...] = ()
    parts: Sequence[int] = ()  # numbers of the tickets whose parent it is
    people: Mapping[int, str] = field(default_factory=dict)  # names of those whom extra fields name
    due: Clock | None = None  # the promise that runs out first
    opener: Person | None = None  # the agent who opened it for the client
    accounts: Sequence[AccountRef] = ()  # the client's


def view(
    tx: Transaction,
    ticket: Ticket,
    catalogue: Catalogue,
    hidden: AbstractSet[str],
    old_after: timedelta,
    terms: Terms,
) -> TicketView:
    """Gather what a ticket's card shows. Of the client's tickets in `hidden` departments it shows nothing."""
    department = catalogue.department(ticket.department)
    named = people_in(department.fields, ticket.fields) if department and ticket.fields else ()
    description = tx.description(ticket.number)
    return TicketView(
        ticket=ticket,
        description=description,
        accounts=tuple(tx.accounts(ticket.client_id)),
        opener=tx.person(description.author_id) if description.author_id != ticket.client_id else None,
        client=tx.person(ticket.client_id),
        agent=tx.person(ticket.agent_id) if ticket.agent_id is not None else None,
        panel=tx.panel(ticket.client_id, beside=ticket.number, limit=OTHERS_SHOWN, hidden=hidden),
        badges=badges(ticket, tx.now, old_after),
        due=_due(tx, ticket, terms),
        parts=[child.number for child in tx.children(ticket.number)],
        people={person_id: tx.person(person_id).name for person_id in named},
    )


def _due(tx: Transaction, ticket: Ticket, terms: Terms) -> Clock | None:
    """Reckoned from the ticket's own events, so that it is right at once."""
    if ticket.status is Status.CLOSED or terms.policy.targets(ticket.department, ticket.priority) == Targets():
        return None
    life = lived(tx.timeline(ticket.number))
    return next_due(terms.clocks(life)) if life is not None else None


def title(ticket: Ticket) -> str:
    """How a ticket is called everywhere: its number, then its subject."""
    return cut(f"#{ticket.number} · {ticket.subject}", CARD_TITLE)


def stars(count: int) -> str:
    return "★" * count + "☆" * (STARS - count)


def ticket_card(
    seen: TicketView, audience: Audience, words: Words, catalogue: Catalogue, reader: AccountRef | None = None
) -> Card:
    """The ticket's card; with the client's panel and the agents' actions only where agents read. `reader`: who alone
    reads it, where that is so: a follower has other actions than the client.
    """
    ticket = seen.ticket
    follows = reader is not None and reader not in seen.accounts
    inside = audience is not Audience.CLIENT
    priority = catalogue.priority(ticket.priority)
    times = [
        words("card.opened", moment=words.moment(ticket.opened_at), channel=words.network(ticket.channel)),
        words("card.active", moment=words.moment(ticket.active_at)),
    ]
    if ticket.closed_at:
        open_for = words.duration(ticket.closed_at - ticket.opened_at)
        times[1] = words("card.closed", moment=words.moment(ticket.closed_at), age=open_for)
    return Card(
        title=title(ticket),
        body=cut(seen.description.body, CARD_BODY),
        facts=_facts(seen, words, catalogue, inside=inside),
        sections=(_panel(seen, words, catalogue),) if inside else (),
        actions=actions.for_agents(ticket, words, catalogue)
        if inside
        else actions.for_client(ticket, words, follows=follows),
        footer=" · ".join(times),
        colour=priority.colour if priority else None,
    )


def _facts(seen: TicketView, words: Words, catalogue: Catalogue, *, inside: bool) -> tuple[Fact, ...]:
    ticket = seen.ticket
    status = status_name(ticket.house_status, words, catalogue)
    if inside:
        status = " · ".join((status, *(words(f"badge.{badge}") for badge in seen.badges)))
    facts = [
        (words("card.status"), status),
        (words("card.priority"), priority_name(ticket.priority, words, catalogue)),
        (words("card.department"), department_name(ticket.department, words, catalogue)),
        (words("card.product"), product_name(ticket.product, words, catalogue)),
    ]
    if inside:
        facts.append((words("card.client"), seen.client.name))
    if seen.opener is not None:
        facts.append((words("card.opened_by"), seen.opener.name))
    facts.append((words("card.agent"), seen.agent.name if seen.agent else words("card.nobody")))
    if inside and seen.due is not None and seen.due.due_at is not None:
        facts.append((words("card.due"), f"{words(f'promise.{seen.due.promise}')} · {words.moment(seen.due.due_at)}"))
    if inside:
        facts += _family(seen, words, catalogue)
    if ticket.close_reason:
        facts.append((words("card.reason"), ticket.close_reason))
    if seen.description.attachments:
        names = [_file_name(file, words) for file in seen.description.attachments]
        facts.append((words("card.attachments"), ", ".join(names)))
    if ticket.rating:
        given = stars(ticket.rating) + (f" {ticket.rating_words}" if ticket.rating_words else "")
        facts.append((words("card.rating"), given))
    department = catalogue.department(ticket.department)
    facts += [
        (extra.name(words.language), field_value(extra, ticket.fields[extra.id], words, seen.people))
        for extra in (department.fields if department else ())
        if ticket.fields.get(extra.id)
    ]
    return tuple(Fact(label, cut(value, FACT_VALUE)) for label, value in facts[:CARD_FACTS])


def _file_name(file: Attachment, words: Words) -> str:
    if file.dropped:
        return words("card.dropped_file", name=file.name)
    if file.sha256 is None:
        return words("card.gone_file", name=file.name)
    return f"{file.name} ({words.size(file.size)})"


def _family(seen: TicketView, words: Words, catalogue: Catalogue) -> list[tuple[str, str]]:
    """Tags, and the tickets that it belongs to or that belong to it."""
    ticket, found = seen.ticket, []
    if ticket.tags:
        found.append((words("card.tags"), tag_names(ticket.tags, words, catalogue)))
    if ticket.merged_into is not None:
        found.append((words("card.merged_into"), f"#{ticket.merged_into}"))
    if ticket.parent is not None:
        found.append((words("card.parent"), f"#{ticket.parent}"))
    if seen.parts:
        more = "…" if len(seen.parts) > PARTS_SHOWN else ""
        found.append((words("card.parts"), ", ".join(f"#{number}" for number in seen.parts[:PARTS_SHOWN]) + more))
    return found


def _panel(seen: TicketView, words: Words, catalogue: Catalogue) -> Section:
    panel = seen.panel
    lines = [words("card.panel_counts", count=panel.total, open=panel.open, closed=panel.closed)]
    lines += [
        words(
            "card.panel_other",
            number=other.number,
            subject=literal(cut(other.subject, 80)),
            status=literal(status_name(other.house_status, words, catalogue)),
        )
        for other in panel.others
    ]
    return Section(words("card.panel", name=cut(seen.client.name, 80)), cut("\n".join(lines), FACT_VALUE))


def literal(text: str) -> str:
    """Plain text as the desk's Markdown: every character that could mean something is escaped."""
    return "".join(f"\\{character}" if character in "\\`*_{}[]()<>#+-.!|~&" else character for character in text)


def hello(words: Words) -> Card:
    """What the bot says to somebody who just talks to it."""
    return Card(
        words("answer.hello"),
        words("answer.hello_body"),
        actions=(
            Button("ticket.new", cut(words("action.open_ticket"), BUTTON_LABEL - 2), style="primary", emoji="🎫"),
        ),
    )


def refusal(text: str) -> Card:
    """A polite no, to the asker alone."""
    return Card(cut(text, CARD_TITLE))
