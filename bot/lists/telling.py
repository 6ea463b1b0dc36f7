"""A list in words: its filters, one ticket in a line, what to say where there is nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from adapters.ui import ROW_DETAIL, ROW_TITLE, Row
from bot.cards import literal
from desk.badges import badges
from desk.listing import NOBODY, Tab
from desk.search import marked, terms
from desk.text import cut

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import timedelta

    from bot.lists.seeing import Seen
    from bot.words import Words
    from desk.catalogue import Catalogue, Entry
    from desk.listing import Filters, Hit
    from desk.model import Ticket

SNIPPET = 110  # characters of a hit's text, signs that make it inert included
PART = 30  # characters of one column


def filters_told(
    filters: Filters, words: Words, catalogue: Catalogue, names: Mapping[int, str]
) -> tuple[tuple[str, str], ...]:
    """Each filter that is set: its name in the code, and in words what it asks for."""
    told: list[tuple[str, str]] = []
    for name in filters.given():
        value = getattr(filters, name)
        match name:
            case "agents":
                shown = [words("card.nobody") if each == NOBODY else names.get(each, f"#{each}") for each in value]
            case "clients":
                shown = [names.get(each, f"#{each}") for each in value]
            case "opened_from" | "opened_until":
                shown = [words.day(value)]
            case "activity" | "due":
                shown = [words(f"{name}.{value}")]
            case "channels":
                shown = [words.network(each) for each in value]
            case _:
                shown = [called(name, each, words, catalogue) for each in value]
        told.append((name, words("fact.line", label=words(f"filter.{name}"), value=", ".join(shown))))
    return tuple(told)


def called(kind: str, id_: str, words: Words, catalogue: Catalogue) -> str:
    """How something of the catalogue is called; by its id where config no longer has it."""
    find: dict[str, object] = {
        "statuses": catalogue.own_status,
        "priorities": catalogue.priority,
        "departments": catalogue.department,
        "products": catalogue.product,
        "tags": catalogue.tag,
    }
    entry: Entry | None = find[kind](id_)  # type: ignore[operator] # each of them is a look-up by id
    if entry is not None:
        return f"{getattr(entry, 'emoji', '')} {entry.name(words.language)}".strip()
    return words(f"status.{id_}") if kind == "statuses" and catalogue.stands_for(id_) else id_


def row(hit: Hit, seen: Seen, words: Words, catalogue: Catalogue, old_after: timedelta) -> Row:
    """One ticket of the list."""
    ticket = hit.ticket
    title = cut(f"#{ticket.number} · {ticket.subject}", ROW_TITLE)
    return Row(title, _detail(hit, seen, words, catalogue, old_after), seen.links.get(ticket.number, ""))


def _detail(hit: Hit, seen: Seen, words: Words, catalogue: Catalogue, old_after: timedelta) -> str:
    """The columns, the most important first; those that find no room are left out, the last first."""
    ticket = hit.ticket
    snippet = marked(hit.text, terms(seen.listing.words), SNIPPET, literal) if hit.text else ""
    parts = [f"*{words(f'badge.{badge}')}*" for badge in badges(ticket, seen.now, old_after)]
    if ticket.due_at is not None and seen.sight.inside(ticket.department):  # whole: half a time says nothing
        late = ticket.due_at <= seen.now
        parts.append(literal(words("list.late" if late else "list.due", moment=words.moment(ticket.due_at))))
    parts += [literal(cut(part, PART)) for part in _columns(ticket, seen, words, catalogue) if part]
    tail = f"\n{snippet}" if snippet else ""
    while parts and len(" · ".join(parts) + tail) > ROW_DETAIL:
        parts.pop()
    return " · ".join(parts) + tail


def _columns(ticket: Ticket, seen: Seen, words: Words, catalogue: Catalogue) -> Iterable[str]:
    yield called("statuses", ticket.house_status, words, catalogue)
    yield called("priorities", ticket.priority, words, catalogue)
    agent = seen.names.get(ticket.agent_id or 0, words("card.nobody"))
    if seen.sight.inside(ticket.department):
        yield f"{seen.names.get(ticket.client_id, '')} → {agent}"
    else:
        yield agent
    yield words.ago(ticket.active_at, seen.now)
    yield called("departments", ticket.department, words, catalogue)
    yield called("products", ticket.product, words, catalogue)
    yield ", ".join(called("tags", tag, words, catalogue) for tag in ticket.tags)
    if seen.sight.inside(ticket.department):
        yield words.network(ticket.channel)
    yield words.moment(ticket.opened_at)


def heading(seen: Seen, words: Words, catalogue: Catalogue) -> str:
    """What stands above the rows: the search, the filters, and where nothing was found, what to do. Markdown."""
    listing, lines = seen.listing, list[str]()
    if listing.words:
        lines.append(words("list.searched", words=literal(listing.words)))
        if seen.wide:
            lines.append(words("list.wide"))
    told = filters_told(listing.filters, words, catalogue, seen.names)
    if told:
        lines.append(literal(" · ".join(text for _, text in told)))
    if not seen.page.hits:
        lines.append(_nothing(seen, words))
    return "\n".join(lines)


def _nothing(seen: Seen, words: Words) -> str:
    listing = seen.listing
    if seen.page.stopped:
        return words("list.none_yet")
    if seen.page.before is not None:
        return words("list.none_further")
    if listing.words:
        return words("list.none_found")
    if listing.filters.given():
        return words("list.none_filtered")
    if not seen.counts[Tab.ALL]:
        return words("list.none_ever")
    return words("list.none_here")


def footer(seen: Seen, words: Words) -> str:
    """What stands below: how the list is sorted, and whether it goes on."""
    parts = [words(f"sort.{seen.listing.sorted_by()}")]
    if seen.page.stopped and seen.page.hits and seen.page.after is not None:
        parts.append(words("list.stopped"))
    return " · ".join(parts)
