"""Cards: a ticket as its client and as its agents see it, and short answers to the asker alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from adapters.ui import BUTTON_LABEL, CARD_BODY, CARD_TITLE, FACT_VALUE, Button, Card, Fact, Section
from desk.model import Audience, Status
from desk.text import cut

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

    from bot.words import Words
    from desk.catalogue import Catalogue
    from desk.model import Attachment, Message, Panel, Person, Ticket
    from desk.ports import Transaction

OTHERS_SHOWN = 5  # of the client's other tickets
STARS = 5


@dataclass(frozen=True, slots=True)
class TicketView:
    """All that a card shows of a ticket, read in one transaction."""

    ticket: Ticket
    description: Message
    client: Person
    agent: Person | None
    panel: Panel


def view(tx: Transaction, ticket: Ticket, hidden: AbstractSet[str]) -> TicketView:
    """Gather what a ticket's card shows. Of the client's tickets in `hidden` departments it shows nothing."""
    return TicketView(
        ticket=ticket,
        description=tx.description(ticket.number),
        client=tx.person(ticket.client_id),
        agent=tx.person(ticket.agent_id) if ticket.agent_id is not None else None,
        panel=tx.panel(ticket.client_id, beside=ticket.number, limit=OTHERS_SHOWN, hidden=hidden),
    )


def title(ticket: Ticket) -> str:
    """How a ticket is called everywhere: its number, then its subject."""
    return cut(f"#{ticket.number} · {ticket.subject}", CARD_TITLE)


def stars(count: int) -> str:
    return "★" * count + "☆" * (STARS - count)


def ticket_card(seen: TicketView, audience: Audience, words: Words, catalogue: Catalogue) -> Card:
    """The ticket's card; with the client's panel and the agents' actions only where agents read."""
    ticket = seen.ticket
    inside = audience is not Audience.CLIENT
    priority = catalogue.priority(ticket.priority)
    times = [words("card.opened", moment=words.moment(ticket.opened_at), channel=ticket.channel.capitalize())]
    if ticket.closed_at:
        times.append(words("card.closed", moment=words.moment(ticket.closed_at)))
    return Card(
        title=title(ticket),
        body=cut(seen.description.body, CARD_BODY),
        facts=_facts(seen, words, catalogue, inside=inside),
        sections=(_panel(seen, words),) if inside else (),
        actions=_agent_actions(ticket, words) if inside else _client_actions(ticket, words),
        footer=" · ".join(times),
        colour=priority.colour if priority else None,
    )


def _facts(seen: TicketView, words: Words, catalogue: Catalogue, *, inside: bool) -> tuple[Fact, ...]:
    ticket, language = seen.ticket, words.language
    priority = catalogue.priority(ticket.priority)
    department = catalogue.department(ticket.department)
    product = catalogue.product(ticket.product)
    pressing = f"{priority.emoji} {priority.name(language)}".strip() if priority else ticket.priority
    facts = [
        Fact(words("card.status"), words(f"status.{ticket.status}")),
        Fact(words("card.priority"), pressing),
        Fact(words("card.department"), department.name(language) if department else ticket.department),
        Fact(words("card.product"), product.name(language) if product else ticket.product),
    ]
    if inside:
        facts.append(Fact(words("card.client"), seen.client.name))
    facts.append(Fact(words("card.agent"), seen.agent.name if seen.agent else words("card.nobody")))
    if seen.description.attachments:
        names = [_file_name(file, words) for file in seen.description.attachments]
        facts.append(Fact(words("card.attachments"), cut(", ".join(names), FACT_VALUE)))
    if ticket.rating:
        given = stars(ticket.rating) + (f" {ticket.rating_words}" if ticket.rating_words else "")
        facts.append(Fact(words("card.rating"), cut(given, FACT_VALUE)))
    return tuple(facts)


def _file_name(file: Attachment, words: Words) -> str:
    if file.dropped:
        return words("card.dropped_file", name=file.name)
    if file.sha256 is None:
        return words("card.gone_file", name=file.name)
    return f"{file.name} ({words.size(file.size)})"


def _panel(seen: TicketView, words: Words) -> Section:
    panel = seen.panel
    lines = [words("card.panel_counts", count=panel.total, open=panel.open, closed=panel.closed)]
    lines += [
        words(
            "card.panel_other",
            number=other.number,
            subject=literal(cut(other.subject, 80)),
            status=words(f"status.{other.status}"),
        )
        for other in panel.others
    ]
    return Section(words("card.panel", name=cut(seen.client.name, 80)), cut("\n".join(lines), FACT_VALUE))


def _agent_actions(ticket: Ticket, words: Words) -> tuple[Button, ...]:
    number = str(ticket.number)
    note = Button("ticket.note", words("action.note"), number, emoji="📝")
    transcript = Button("ticket.transcript", words("action.transcript"), number, emoji="📄")
    if ticket.status is Status.CLOSED:
        return (Button("ticket.reopen", words("action.reopen"), number, emoji="🔄"), note, transcript)
    claim = words("action.claim") if ticket.agent_id is None else words("action.take_over")
    style: Literal["plain", "primary"] = "primary" if ticket.agent_id is None else "plain"
    return (
        Button("ticket.claim", claim, number, style=style, emoji="🙋"),
        note,
        Button("ticket.internal", words("action.internal"), number, emoji="🔒"),
        Button("ticket.close", words("action.close"), number, style="danger", emoji="✅"),
        transcript,
    )


def _client_actions(ticket: Ticket, words: Words) -> tuple[Button, ...]:
    number = str(ticket.number)
    transcript = Button("ticket.transcript", words("action.transcript"), number, emoji="📄")
    if ticket.status is not Status.CLOSED:
        return (Button("ticket.close", words("action.close"), number, emoji="✅"), transcript)
    ratings = tuple(Button("ticket.rate", "★" * given, f"{number}:{given}") for given in range(1, STARS + 1))
    return (*ratings, Button("ticket.reopen", words("action.reopen"), number, emoji="🔄"), transcript)


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
