"""The card of one figure told apart by a dimension: a row for each value, sorted, in pages; each can be narrowed to."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from adapters.ui import CARD_ROWS, OPTION_LABEL, ROW_DETAIL, ROW_TITLE, Button, Card, Option, Row, Select
from bot import cards
from bot.stats.question import MOST, PERIODS
from bot.stats.telling import SHARES, SPREADS, span, times, told, value_name
from desk.errors import DeskError
from desk.figures import CLIENTS_OWN, Dimension, Figure
from desk.text import cut

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bot.stats.question import Question
    from bot.words import Words
    from desk.catalogue import Catalogue
    from desk.figures import Period, Totals

_LOW_IS_WORSE = (Figure.RATING, *SHARES)


class Order(StrEnum):
    """How the values are sorted: by how many tickets stand behind them, the worst figure first, or by name."""

    MOST = "m"
    WORST = "w"
    NAME = "n"


@dataclass(frozen=True, slots=True)
class View:
    """One figure by one dimension, a page of it."""

    figure: Figure
    by: Dimension
    order: Order = Order.MOST
    page: int = 0

    def text(self) -> str:
        """As a button carries it, before the question."""
        return f"{self.figure}:{self.by}:{self.order}:{self.page}:"

    @classmethod
    def of(cls, text: str) -> tuple[View, str]:
        """The view again, and what stands behind it. DeskError("action_unknown") where the text is forged."""
        figure, by, order, page, rest = [*text.split(":", 4), "", "", "", ""][:5]
        known = figure in tuple(Figure) and by in tuple(Dimension) and order in tuple(Order)
        if not (known and page.isascii() and page.isdigit() and len(page) <= 4):  # noqa: PLR2004 - more pages are forged
            raise DeskError("action_unknown")
        return cls(Figure(figure), Dimension(by), Order(order), int(page)), rest


@dataclass(frozen=True, slots=True)
class Apart:
    """What is shown: the figure of each value, `then` of the period before, and names by id."""

    view: View
    question: Question
    carried: str
    period: Period
    before: Period
    now: Mapping[str, Totals]
    then: Mapping[str, Totals]
    people: Mapping[int, str]


def dimensions(*, client: bool) -> Sequence[Dimension]:
    """By which somebody tells figures apart."""
    return CLIENTS_OWN if client else tuple(Dimension)


def by_dimension(figure: Figure, chosen: Dimension | None, carried: str, words: Words, *, client: bool) -> Select:
    """The choice of a dimension to tell this figure apart by."""
    options = tuple(Option(by, words(f"stats.by.{by}")) for by in dimensions(client=client))
    return Select("stats.apart_by", words("stats.choose_apart"), options, chosen or "", f"{figure}:{carried}")


def card(seen: Apart, narrowed: str, words: Words, catalogue: Catalogue, *, client: bool) -> Card:
    """`narrowed`: to what, in words."""
    view, figure = seen.view, seen.view.figure
    named = {value: value_name(view.by, value, words, catalogue, seen.people) for value in seen.now}
    values = sorted(seen.now, key=lambda value: _sorted(view, value, seen.now[value], named[value]))
    pages = max(1, -(-len(values) // CARD_ROWS))
    page = min(view.page, pages - 1)
    shown = values[page * CARD_ROWS : (page + 1) * CARD_ROWS]
    whole = sum(totals.behind(figure) for totals in seen.now.values())
    body = [narrowed, words(f"figure.{figure}.formula")]
    body += [] if values else [words("stats.nothing")]
    notes = [f"{span(seen.period, words)}."]
    if _tells(seen):
        notes.append(words("stats.before_that", span=span(seen.before, words)))
    if figure in SPREADS:
        notes.append(times(seen.period, words))
    if view.by is Dimension.TAG:
        notes.append(words("stats.tags_overlap"))
    if view.by is Dimension.CLIENT and len(values) == MOST:
        notes.append(words("stats.most_only", count=MOST))
    if pages > 1:
        notes.append(words("history.page", page=page + 1, pages=pages))
    return Card(
        cut(_title(seen, words), ROW_TITLE),
        "\n\n".join(part for part in body if part),
        rows=tuple(_row(seen, value, named[value], whole, words) for value in shown),
        actions=_actions(seen, replace(view, page=page), shown, named, pages, words, client=client),
        footer=" ".join(notes),
    )


def _title(seen: Apart, words: Words) -> str:
    figure, by = words(f"figure.{seen.view.figure}.name"), words(f"stats.by.{seen.view.by}")
    period = words(f"stats.period.{seen.question.period if seen.question.period in PERIODS else 'dates'}")
    return f"{words('stats.apart', figure=figure, dimension=by)} · {period}"


def _row(seen: Apart, value: str, name: str, whole: int, words: Words) -> Row:
    figure, totals = seen.view.figure, seen.now[value]
    parts = [f"**{cards.literal(told(figure, totals, words))}**"]
    behind = totals.behind(figure)
    if figure in SPREADS or figure is Figure.REPLIES:
        parts.append(cards.literal(words("stats.tickets", count=behind)))
    elif figure not in _LOW_IS_WORSE and whole:
        parts.append(cards.literal(words("stats.percent", percent=round(100 * behind / whole))))
    if _tells(seen):
        earlier = seen.then.get(value)
        before = told(figure, earlier, words) if earlier else "0" if not _is_reckoned(figure) else "–"
        parts.append(cards.literal(words("stats.before", then=before)))
    return Row(cut(name, ROW_TITLE), cut(" · ".join(parts), ROW_DETAIL))


def _tells(seen: Apart) -> bool:
    """Whether the period before is told: of some figures nobody knows how they were."""
    return seen.view.figure not in (Figure.AWAITING, Figure.UNASSIGNED)


def _is_reckoned(figure: Figure) -> bool:
    """Whether there is none where no ticket stands behind it."""
    return figure in (*SPREADS, *SHARES, Figure.REPLIES, Figure.RATING)


def _sorted(view: View, value: str, totals: Totals, name: str) -> tuple[float, str, str]:
    match view.order:
        case Order.MOST:
            return -totals.behind(view.figure), name.casefold(), value
        case Order.WORST:
            return _badness(view.figure, totals), name.casefold(), value
        case Order.NAME:
            return 0, name.casefold(), value


def _badness(figure: Figure, totals: Totals) -> float:
    """The less, the worse."""
    if figure in SPREADS:
        median = getattr(totals, figure.value).median_business
        return 1.0 if median is None else float(-median.total_seconds())
    if figure in SHARES:
        share = getattr(totals, figure.value)
        return float(share.kept / share.of) if share.of else 2.0
    if figure is Figure.RATING:
        return 9.0 if totals.rating is None else totals.rating
    if figure is Figure.REPLIES:
        return 1.0 if totals.replies is None else -totals.replies
    return -float(totals.behind(figure))


def _actions(
    seen: Apart, view: View, shown: Sequence[str], named: Mapping[str, str], pages: int, words: Words, *, client: bool
) -> tuple[Button | Select, ...]:
    carried = seen.carried
    figures = tuple(Option(figure, words(f"figure.{figure}.name")) for figure in Figure)
    found: list[Button | Select] = [
        Select("stats.apart_figure", words("stats.choose_other"), figures, view.figure, f"{view.by}:{carried}"),
        by_dimension(view.figure, view.by, carried, words, client=client),
    ]
    fixed = dict(seen.question.narrowed)
    values = [value for value in shown if fixed.get(view.by) != value]
    if values:
        options = tuple(Option(f"{view.by}={value}", cut(named[value], OPTION_LABEL)) for value in values)
        found.append(Select("stats.narrow", words("stats.choose_narrow"), options, carries=carried))
    chosen = seen.question.period if seen.question.period in PERIODS else ""
    periods = tuple(Option(name, words(f"stats.period.{name}")) for name in PERIODS)
    found.append(
        Select(
            "stats.apart_period", words("stats.choose_period"), periods, chosen, f"{view.figure}:{view.by}:{carried}"
        )
    )
    turns = ((view.page > 0, -1, "action.before", "◀️"), (view.page < pages - 1, 1, "action.after", "▶️"))
    for there, step, label, emoji in turns:
        if there:
            other = replace(view, page=view.page + step)
            found.append(Button("stats.apart", words(label), other.text() + carried, emoji=emoji))
    orders = [Order.MOST, Order.WORST if _is_reckoned(view.figure) else Order.NAME]
    for order in orders:
        if order is not view.order and seen.now:
            other = View(view.figure, view.by, order)
            found.append(Button("stats.apart", words(f"stats.order.{order.name.lower()}"), other.text() + carried))
    found.append(Button("stats.show", words("stats.back"), carried, emoji="📊"))
    return tuple(found)
