"""The list's cards: the list itself, its filters, several tickets at once, and the lists that were named."""

from __future__ import annotations

from typing import TYPE_CHECKING

from adapters.ui import (
    CARD_BODY,
    CARD_ROWS,
    CARD_TITLE,
    OPTION_LABEL,
    ROW_DETAIL,
    ROW_TITLE,
    Button,
    Card,
    Finder,
    MultiSelect,
    Option,
    Row,
    Select,
)
from bot.cards import literal
from bot.lists import telling
from desk.listing import Sort, Tab
from desk.model import Role
from desk.text import cut

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import timedelta

    from adapters.ui import Action
    from bot.lists.seeing import Seen
    from bot.words import Words
    from desk.catalogue import Catalogue
    from desk.errors import DeskError
    from desk.listing import Cursor, Listing, View
    from desk.model import Ticket

STATES = (Tab.OPEN, Tab.NEW, Tab.IN_PROGRESS, Tab.ON_HOLD, Tab.CLOSED)
OTHERS = (Tab.ALL, Tab.MINE, Tab.UNASSIGNED, Tab.AWAITING)
OWN = (Tab.OPEN, Tab.CLOSED, Tab.ALL)  # what a client has: their own are few
CHOICES = 25  # of one select, on Discord


def the_list(seen: Seen, words: Words, catalogue: Catalogue, role: Role, old_after: timedelta) -> Card:
    """The list as it stands in a whisper, or at home."""
    rows = tuple(telling.row(hit, seen, words, catalogue, old_after) for hit in seen.page.hits)
    return Card(
        cut(_title(seen, words), CARD_TITLE),
        cut(telling.heading(seen, words, catalogue), CARD_BODY),
        rows=rows,
        actions=tuple(_client_actions(seen, words) if role is Role.CLIENT else _agent_actions(seen, words)),
        footer=telling.footer(seen, words),
    )


def _title(seen: Seen, words: Words) -> str:
    tab = words(f"tab.{seen.listing.tab}")
    if seen.listing.words or seen.listing.filters.given():
        return tab  # the tab's figure is of all its tickets
    return words("list.title", tab=tab, count=seen.counts[seen.listing.tab])


def _tabs(tabs: Iterable[Tab], seen: Seen, words: Words) -> Iterable[Button]:
    for tab in tabs:
        label = f"{words(f'tab.{tab}')} {seen.counts[tab]}"
        yield Button("list.tab", label, f"{seen.id}:{tab}", style="primary" if tab is seen.listing.tab else "plain")


def _agent_actions(seen: Seen, words: Words) -> Iterable[Action]:
    yield from _tabs(STATES, seen, words)
    yield from _tabs(OTHERS, seen, words)
    yield Button("list.search", words("action.search"), seen.id, emoji="🔎")
    if seen.page.hits:
        options = _options(seen)
        yield Select("list.open", words("list.open"), options)
        yield MultiSelect("list.several", words("list.several"), options, carries=f"{seen.id}:{seen.listing.at}")
    yield from _turning(seen, words)
    yield Button("list.filter", words("action.filter"), seen.id, emoji="🔧")
    yield Button("list.views", words("action.views"), seen.id, emoji="⭐")
    yield Button("ticket.new", words("action.open_ticket"), emoji="🎫")


def _client_actions(seen: Seen, words: Words) -> Iterable[Action]:
    yield from _tabs(OWN, seen, words)
    yield Button("list.search", words("action.search"), seen.id, emoji="🔎")
    yield Button("ticket.new", words("action.open_ticket"), emoji="🎫")
    if seen.page.hits:
        yield Select("list.open", words("list.open"), _options(seen))
    yield from _turning(seen, words)
    yield Button("list.filter", words("action.filter"), seen.id, emoji="🔧")


def _turning(seen: Seen, words: Words) -> Iterable[Button]:
    turns: tuple[tuple[Cursor | None, str, str], ...] = (
        (seen.page.before, words("action.before"), "◀️"),
        (seen.page.after, words("action.after"), "▶️"),
    )
    for cursor, label, emoji in turns:
        if cursor is not None:
            yield Button("list.page", label, f"{seen.id}:{cursor.code()}", emoji=emoji)


def _options(seen: Seen) -> tuple[Option, ...]:
    return tuple(
        Option(str(hit.ticket.number), cut(f"#{hit.ticket.number} · {hit.ticket.subject}", OPTION_LABEL))
        for hit in seen.page.hits
    )


def back(id_: str, words: Words, at: str = "") -> Button:
    return Button("list.page", words("action.back_to_list"), f"{id_}:{at}", emoji="↩️")


# --- filters ----------------------------------------------------------------------------------------------------


def filters(
    listing: Listing, id_: str, names: Mapping[int, str], words: Words, catalogue: Catalogue, role: Role
) -> Card:
    """What the list is filtered by, each to be taken away; the forms that set it; how the list is sorted."""
    told = telling.filters_told(listing.filters, words, catalogue, names)
    actions: list[Action] = [Button("list.what", words("action.filter_what"), id_)]
    if role is not Role.CLIENT:
        actions.append(Button("list.who", words("action.filter_who"), id_))
    actions.append(Button("list.when", words("action.filter_when"), id_))
    if told:
        actions.append(Button("list.unfilter_all", words("action.unfilter_all"), id_, style="danger"))
    actions.append(back(id_, words))
    if told:
        options = tuple(Option(name, cut(f"✕ {text}", OPTION_LABEL)) for name, text in told)
        actions.append(Select("list.unfilter", words("list.unfilter"), options, carries=id_))
    never = {Sort.BEST, Sort.DUE} if role is Role.CLIENT else {Sort.BEST}
    sorts = (Sort.NEWEST, Sort.BEST) if listing.words else tuple(sort for sort in Sort if sort not in never)
    by = tuple(Option(sort.value, words(f"sort.{sort}")) for sort in sorts)
    actions.append(Select("list.sort", words("list.sort"), by, chosen=listing.sorted_by().value, carries=id_))
    body = "\n".join(f"• {literal(text)}" for _, text in told) or words("list.unfiltered")
    return Card(words("list.filters"), cut(body, CARD_BODY), actions=tuple(actions))


# --- several tickets at once ------------------------------------------------------------------------------------


def several(tickets: Sequence[Ticket], id_: str, listed: str, at: str, words: Words, catalogue: Catalogue) -> Card:
    """What can be done with the tickets that were chosen. `id_` is of the list with them, `listed` without them, and
    `at` the page they are on.
    """
    rows = tuple(Row(cut(f"#{ticket.number} · {ticket.subject}", ROW_TITLE)) for ticket in tickets)
    statuses = tuple(
        Option(status, cut(telling.called("statuses", status, words, catalogue), OPTION_LABEL))
        for status in catalogue.status_ids()
    )
    priorities = tuple(
        Option(priority.id, cut(telling.called("priorities", priority.id, words, catalogue), OPTION_LABEL))
        for priority in catalogue.priorities
    )
    return Card(
        words("several.title", count=len(tickets)),
        rows=rows,
        actions=(
            Button("several.claim", words("several.claim"), id_, style="primary", emoji="🙋"),
            Finder("several.assign", words("several.assign"), carries=id_),
            Button("several.close", words("action.close"), id_, style="danger", emoji="✅"),
            back(listed, words, at),
            *_grouped("several.status", words("several.status"), statuses, id_),
            *_grouped("several.priority", words("several.priority"), priorities, id_),
        ),
    )


def _grouped(action: str, placeholder: str, options: Sequence[Option], id_: str) -> Iterable[Action]:
    """A select; a choice among more than it holds is a finder."""
    if len(options) > CHOICES:
        yield Finder(action, cut(placeholder, 45), carries=id_)
    else:
        yield Select(action, placeholder, tuple(options), carries=id_)


def outcome(outcomes: Sequence[tuple[Ticket, DeskError | None]], id_: str, at: str, words: Words) -> Card:
    """What became of each: changed, or refused and why."""
    refused = [error for _, error in outcomes if error is not None]
    rows = tuple(
        Row(
            cut(f"{'⚠️' if error else '✅'} #{ticket.number} · {ticket.subject}", ROW_TITLE),
            cut(literal(words.error(error)) if error else words("several.done"), ROW_DETAIL),
        )
        for ticket, error in outcomes
    )
    title = words("several.changed", count=len(outcomes) - len(refused))
    body = words("several.refused", count=len(refused)) if refused else ""
    return Card(title, body, rows=rows[:CARD_ROWS], actions=(back(id_, words, at),))


# --- named lists ------------------------------------------------------------------------------------------------


def views(
    found: Sequence[View], id_: str, names: Mapping[int, str], words: Words, catalogue: Catalogue, may: Sequence[str]
) -> Card:
    """The named lists; `may` are the names of those that this reader can take away."""
    rows = tuple(
        Row(cut(f"⭐ {view.name}", ROW_TITLE), _view_detail(view, names, words, catalogue))
        for view in found[:CARD_ROWS]
    )
    actions: list[Action] = [
        Button("list.save", words("action.save_view"), id_, style="primary", emoji="⭐"),
        back(id_, words),
    ]
    if found:
        actions.append(Select("list.view", words("list.view"), tuple(_named(view.name) for view in found)))
    if may:
        actions.append(Select("list.forget", words("list.forget"), tuple(map(_named, may)), carries=id_))
    return Card(words("list.views"), words("list.views_body" if found else "list.views_none"), rows=rows,
                actions=tuple(actions))  # fmt: skip


def _named(name: str) -> Option:
    return Option(name, cut(name, OPTION_LABEL))


def _view_detail(view: View, names: Mapping[int, str], words: Words, catalogue: Catalogue) -> str:
    told = [text for _, text in telling.filters_told(view.listing.filters, words, catalogue, names)]
    shown = [words(f"tab.{view.listing.tab}"), *told, *([f"“{view.listing.words}”"] if view.listing.words else [])]
    line = literal(cut(" · ".join(shown), 60))
    return cut(f"{line}\n`/tickets view:{view.name}` · {literal(view.owner)}", ROW_DETAIL)
