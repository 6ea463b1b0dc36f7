"""The cards of /stats: all figures beside those before, one figure told apart, and what stands behind it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from adapters.ui import CARD_ROWS, FACT_VALUE, ROW_TITLE, Button, Card, Fact, Option, Row, Section, Select
from bot import cards
from bot.stats import apart
from bot.stats.question import PERIODS, Question
from bot.stats.telling import SHARES, footer, span, told, value_name
from desk.figures import AGES, Figure
from desk.text import cut

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bot.words import Words
    from desk.catalogue import Catalogue
    from desk.figures import Ever, Period, Totals
    from desk.model import Role, Ticket


@dataclass(frozen=True, slots=True)
class Answered:
    """A question with its figures, and those of the period before."""

    question: Question
    carried: str  # the question, as buttons carry it
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


def overview(seen: Answered, words: Words, catalogue: Catalogue, role: Role, known: Known | None = None) -> Card:
    """All figures. Each can be opened; agents can tell them apart by a dimension. `known`: whom they are about."""
    now, then = seen.now, seen.then
    shown = [figure for figure in Figure if figure not in SHARES or now.behind(figure) or then.behind(figure)]
    facts = [_fact(words, figure, now, then) for figure in shown]
    return Card(
        title(seen.question, seen.period, words),
        narrowed(seen.question, seen.names, words, catalogue),
        tuple(facts),
        sections=(*((_panel(known, words),) if known else ()), Section(words("stats.by_age"), _ages(now, words))),
        rows=tuple(_row(ticket, url, words) for ticket, url in known.last) if known else (),
        actions=_actions(seen, words, role),
        footer=footer(seen.period, seen.before, words),
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


def behind(
    figure: Figure,
    carried: str,
    narrowed_to: str,
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
    body = [narrowed_to, words(f"figure.{figure}.formula"), "" if rows else words("stats.nothing")]
    buttons = [Button("stats.show", words("stats.back"), carried, emoji="📊")]
    if more is not None:
        buttons.append(Button("stats.page", words("stats.more"), f"{figure}:{more}:{carried}", emoji="▶️"))
    return Card(
        cut(words(f"figure.{figure}.name"), ROW_TITLE),
        "\n\n".join(part for part in body if part),
        rows=rows,
        actions=tuple(buttons),
        footer=span(period, words),
    )


def narrowed(
    question: Question, people: Mapping[int, str], words: Words, catalogue: Catalogue, *, plain: bool = False
) -> str:
    """What the question is narrowed to, in words (Markdown unless `plain`); "" where it is about everything."""
    named = [
        (words(f"stats.by.{dimension}"), value_name(dimension, value, words, catalogue, people))
        for dimension, value in question.narrowed
    ]
    return " · ".join(
        words("fact.line", label=label, value=name if plain else f"**{cards.literal(name)}**") for label, name in named
    )


def _actions(seen: Answered, words: Words, role: Role) -> tuple[Button | Select, ...]:
    carried, question = seen.carried, seen.question
    periods = tuple(Option(name, words(f"stats.period.{name}")) for name in PERIODS)
    figures = tuple(Option(figure, words(f"figure.{figure}.name")) for figure in Figure)
    chosen = question.period if question.period in PERIODS else ""
    found: list[Button | Select] = [
        Select("stats.period", words("stats.choose_period"), periods, chosen, carries=carried),
        Select("stats.figure", words("stats.choose_figure"), figures, carries=carried),
    ]
    found.append(apart.by_dimension(Figure.OPENED, None, carried, words, client=role == "client"))
    found += [
        Button("stats.pictures", words("stats.pictures"), f"light:{carried}", emoji="🖼️"),
        Button("stats.pictures_dark", words("stats.pictures_dark"), f"dark:{carried}", emoji="🌙"),
        Button("stats.csv", "CSV", carried, emoji="📄"),
        Button("stats.xlsx", "XLSX", carried, emoji="📗"),
    ]
    found.append(Button("stats.dates", words("stats.dates"), carried, emoji="📅"))
    if question.narrowed:
        found.append(Button("stats.show", words("stats.widen"), question.period, emoji="↔️"))
    return tuple(found)


def _fact(words: Words, figure: Figure, now: Totals, then: Totals) -> Fact:
    value = told(figure, now, words)
    if figure not in (Figure.AWAITING, Figure.UNASSIGNED):  # of these nobody knows how it was
        value = words("stats.beside", now=value, then=told(figure, then, words))
    return Fact(words(f"figure.{figure}.name"), cut(value, FACT_VALUE))


def _ages(totals: Totals, words: Words) -> str:
    first, *between, last = totals.backlog_by_age
    borders = [words.brief(age) for age in AGES]
    lines = [words("stats.age_below", most=borders[0], tickets=first)]
    lines += [
        words("stats.age_between", least=least, most=most, tickets=tickets)
        for least, most, tickets in zip(borders, borders[1:], between, strict=False)
    ]
    return "\n".join([*lines, words("stats.age_beyond", least=borders[-1], tickets=last)])
