"""The cards of /stats: all figures beside those before, one figure told apart, and what stands behind it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from adapters.ui import CARD_ROWS, FACT_VALUE, ROW_TITLE, Button, Card, Fact, Option, Row, Section, Select
from bot import cards
from bot.stats.question import PERIODS, Question
from desk.figures import AGES, Dimension, Figure
from desk.text import cut

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bot.words import Words
    from desk.catalogue import Catalogue
    from desk.figures import Ever, Period, Share, Spread, Totals
    from desk.model import Role, Ticket

BREAKDOWN = 20  # values of a dimension that a card shows; the file has them all


@dataclass(frozen=True, slots=True)
class Answered:
    """A question with its figures, and those of the period before."""

    question: Question
    period: Period
    before: Period
    now: Totals
    then: Totals
    names: Mapping[int, str]  # of the people whom the question names


@dataclass(frozen=True, slots=True)
class Known:
    """A person as a client, beside the figures of the period: all of their tickets that the reader sees, and the newest
    with the addresses of their threads. `name` is "" for the reader themself.
    """

    name: str
    ever: Ever
    last: Sequence[tuple[Ticket, str]]


def title(question: Question, period: Period, words: Words) -> str:
    """Such as "Figures · Month · 1 November 2026 – 30 November 2026"."""
    name = words(f"stats.period.{question.period}") if question.period in PERIODS else words("stats.period.dates")
    return words("stats.title", period=name, span=span(period, words))


def span(period: Period, words: Words) -> str:
    """Its first and last day."""
    first, last = words.day(period.start.date()), words.day((period.end - timedelta(microseconds=1)).date())
    return first if first == last else f"{first} – {last}"


def overview(seen: Answered, words: Words, catalogue: Catalogue, role: Role, known: Known | None = None) -> Card:
    """All figures. Each can be opened; agents can tell them apart by a dimension. `known`: whom they are about."""
    now, then = seen.now, seen.then
    facts = [
        _fact(words, Figure.OPENED, str(now.opened), str(then.opened)),
        _fact(words, Figure.CLOSED, str(now.closed), str(then.closed)),
        _fact(words, Figure.REOPENED, str(now.reopened), str(then.reopened)),
        _fact(words, Figure.BACKLOG, str(now.backlog), str(then.backlog)),
        Fact(words("figure.awaiting.name"), str(now.awaiting)),
        Fact(words("figure.unassigned.name"), str(now.unassigned)),
        _fact(words, Figure.FIRST_RESPONSE, _spread(now.first_response, words), _spread(then.first_response, words)),
        _fact(words, Figure.RESOLUTION, _spread(now.resolution, words), _spread(then.resolution, words)),
        _fact(words, Figure.REPLIES, _number(now.replies, words), _number(then.replies, words)),
        _fact(words, Figure.RATING, _rating(now, words), _rating(then, words)),
    ]
    facts += [
        _fact(words, figure, _share(share, words), _share(before, words))
        for figure, share, before in (
            (Figure.FIRST_KEPT, now.first_kept, then.first_kept),
            (Figure.NEXT_KEPT, now.next_kept, then.next_kept),
            (Figure.RESOLUTION_KEPT, now.resolution_kept, then.resolution_kept),
        )
        if share.of or before.of
    ]
    return Card(
        title(seen.question, seen.period, words),
        narrowed(seen, words, catalogue),
        tuple(facts),
        sections=(*((_panel(known, words),) if known else ()), Section(words("stats.by_age"), _ages(now, words))),
        rows=tuple(_row(ticket, url, words) for ticket, url in known.last) if known else (),
        actions=_actions(seen.question, words, role),
        footer=words("stats.footer", span=span(seen.before, words)),
    )


def _panel(known: Known, words: Words) -> Section:
    """All of their tickets in a few lines; the newest follow as rows."""
    ever = known.ever
    lines = [words("card.panel_counts", count=ever.total, open=ever.total - ever.closed, closed=ever.closed)]
    if ever.rating is not None:
        rated = words("stats.rating", stars=words.number(ever.rating), count=ever.ratings)
        lines.append(words("fact.line", label=words("figure.rating.name"), value=rated))
    heading = words("card.panel", name=cut(known.name, 80)) if known.name else words("stats.your_tickets")
    return Section(heading, "\n".join(lines))


def _row(ticket: Ticket, url: str, words: Words) -> Row:
    detail = f"{words(f'status.{ticket.status}')} · {words.moment(ticket.opened_at)}"
    return Row(cut(cards.title(ticket), ROW_TITLE), detail, url)


def told_apart(
    figure: Figure, by: Dimension, seen: Answered, counts: Sequence[tuple[str, int]], words: Words, role: Role
) -> Card:
    """One figure by the values of a dimension, given by their names."""
    shown = [f"**{cards.literal(cut(name, 60))}** {count}" for name, count in counts[:BREAKDOWN]]
    left = sum(count for _, count in counts[BREAKDOWN:])
    if left:
        shown.append(words("stats.others", count=left))
    heading = words("stats.apart", figure=words(f"figure.{figure}.name"), dimension=words(f"stats.by.{by}"))
    return Card(
        cut(heading, ROW_TITLE),
        "\n".join([words(f"figure.{figure}.formula"), "", *(shown or [words("stats.nothing")])]),
        actions=_actions(seen.question, words, role),
        footer=span(seen.period, words),
    )


def behind(
    figure: Figure,
    question: Question,
    period: Period,
    tickets: Sequence[tuple[Ticket, str]],
    words: Words,
    *,
    more: int | None,
) -> Card:
    """A figure's formula, and the tickets behind it with the addresses of their threads. `more`: the number that the
    next page goes on from.
    """
    rows = tuple(_row(ticket, url, words) for ticket, url in tickets[:CARD_ROWS])
    buttons = [Button("stats.show", words("stats.back"), question.text(), emoji="📊")]
    if more is not None:
        buttons.append(Button("stats.page", words("stats.more"), f"{figure}:{more}:{question.text()}", emoji="▶️"))
    return Card(
        cut(words(f"figure.{figure}.name"), ROW_TITLE),
        words(f"figure.{figure}.formula")
        if rows
        else f"{words(f'figure.{figure}.formula')}\n\n{words('stats.nothing')}",
        rows=rows,
        actions=tuple(buttons),
        footer=span(period, words),
    )


def narrowed(seen: Answered, words: Words, catalogue: Catalogue) -> str:
    """What the question is narrowed to, in words; "" where it is about everything."""
    named = [
        (words(f"stats.by.{dimension}"), value_name(dimension, value, words, catalogue, seen.names))
        for dimension, value in seen.question.narrowed
    ]
    return " · ".join(f"{label}: **{cards.literal(name)}**" for label, name in named)


def value_name(dimension: Dimension, value: str, words: Words, catalogue: Catalogue, people: Mapping[int, str]) -> str:
    """One value of a dimension as people call it."""
    match dimension:
        case Dimension.DEPARTMENT:
            entry = catalogue.department(value)
            return entry.name(words.language) if entry else value
        case Dimension.PRODUCT:
            found = catalogue.product(value)
            return found.name(words.language) if found else value
        case Dimension.PRIORITY:
            priority = catalogue.priority(value)
            return f"{priority.emoji} {priority.name(words.language)}".strip() if priority else value
        case Dimension.TAG:
            tag = catalogue.tag(value)
            return f"{tag.emoji} {tag.name(words.language)}".strip() if tag else value
        case Dimension.CHANNEL:
            return value.capitalize()
        case Dimension.AGENT | Dimension.CLIENT:
            return people.get(int(value), f"#{value}") if value else words("card.nobody")


def _actions(question: Question, words: Words, role: Role) -> tuple[Button | Select, ...]:
    carried = question.text()
    periods = tuple(Option(name, words(f"stats.period.{name}")) for name in PERIODS)
    figures = tuple(Option(figure, words(f"figure.{figure}.name")) for figure in Figure)
    chosen = question.period if question.period in PERIODS else ""
    found: list[Button | Select] = [
        Select("stats.period", words("stats.choose_period"), periods, chosen, carries=carried),
        Select("stats.figure", words("stats.choose_figure"), figures, carries=carried),
    ]
    if role != "client":
        apart = tuple(
            Option(f"{figure}:{by}", cut(f"{words(f'figure.{figure}.name')} · {words(f'stats.by.{by}')}", 75))
            for figure in (Figure.OPENED, Figure.CLOSED, Figure.BACKLOG)
            for by in Dimension
        )
        found.append(Select("stats.apart", words("stats.choose_apart"), apart, carries=carried))
    found += [
        Button("stats.pictures", words("stats.pictures"), f"light:{carried}", emoji="🖼️"),
        Button("stats.pictures_dark", words("stats.pictures_dark"), f"dark:{carried}", emoji="🌙"),
        Button("stats.csv", "CSV", carried, emoji="📄"),
        Button("stats.xlsx", "XLSX", carried, emoji="📗"),
    ]
    return tuple(found)


def _fact(words: Words, figure: Figure, now: str, then: str) -> Fact:
    return Fact(words(f"figure.{figure}.name"), cut(words("stats.beside", now=now, then=then), FACT_VALUE))


def _spread(spread: Spread, words: Words) -> str:
    if spread.median_business is None or spread.ninth_business is None:
        return "–"
    shown = f"{words.brief(spread.median_business)} / {words.brief(spread.ninth_business)}"
    if (spread.median_clock, spread.ninth_clock) == (spread.median_business, spread.ninth_business):
        return shown
    assert spread.median_clock is not None  # both are reckoned from the same tickets
    assert spread.ninth_clock is not None
    clock = f"{words.brief(spread.median_clock)} / {words.brief(spread.ninth_clock)}"
    return f"{shown} ({words('stats.clock', clock=clock)})"


def _share(share: Share, words: Words) -> str:
    return (
        words("stats.share", percent=round(100 * share.kept / share.of), kept=share.kept, of=share.of)
        if share.of
        else "–"
    )


def _rating(totals: Totals, words: Words) -> str:
    if totals.rating is None:
        return "–"
    return words("stats.rating", stars=words.number(totals.rating), count=totals.ratings)


def _number(value: float | None, words: Words) -> str:
    return "–" if value is None else words.number(value)


def _ages(totals: Totals, words: Words) -> str:
    first, *between, last = totals.backlog_by_age
    borders = [words.brief(age) for age in AGES]
    lines = [words("stats.age_below", most=borders[0], tickets=first)]
    lines += [
        words("stats.age_between", least=least, most=most, tickets=tickets)
        for least, most, tickets in zip(borders, borders[1:], between, strict=False)
    ]
    return "\n".join([*lines, words("stats.age_beyond", least=borders[-1], tickets=last)])
