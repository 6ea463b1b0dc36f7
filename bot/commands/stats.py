"""/stats: figures over what the asker may see, what stands behind each, and the same as pictures and tables."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from adapters.ui import CARD_ROWS, Card, Instead
from bot.asked import whole
from bot.clockwork.reckoning import caught_up
from bot.forms import sent_back
from bot.stats import apart, cards, dates, typed
from bot.stats.question import MOST, USUAL, Question
from bot.stats.telling import PEOPLE
from desk.errors import DeskError, FormError
from desk.figures import Dimension, Figure, Scope, must_tell_apart
from desk.listing import Bounds, Filters, Listing, Sort, Tab
from desk.model import Audience, Role

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from adapters.port import Answer, Called, Pressed, Submitted
    from bot.house import Asker, House
    from desk.access import Sight
    from desk.figures import Ever, Period
    from desk.model import Thread, Ticket
    from desk.ports import Transaction


_LAST = 5  # tickets of a person that are shown


async def called(house: House, asker: Asker, heard: Called) -> Answer:
    """`/stats`, `/stats week`, `/stats 2026-01-01..2026-03-31 laptop`, `/stats @somebody`, `/stats agent @somebody`."""
    return await _shown(house, asker, await typed.question(house, asker, heard))


async def pressed_show(house: House, asker: Asker, heard: Pressed) -> Answer:
    """Back to all figures."""
    return Instead(await _shown(house, asker, await Question.read(house, heard.value)))


async def pressed_period(house: House, asker: Asker, heard: Pressed) -> Answer:
    """Another period."""
    question = await Question.read(house, heard.carried)
    return Instead(await _shown(house, asker, replace(question, period=heard.value)))


async def pressed_dates(house: House, asker: Asker, heard: Pressed) -> Answer:
    """Any two dates."""
    question = await Question.read(house, heard.value)
    period, _ = question.periods(datetime.now(UTC), house.library.timezone)
    return dates.form(period, heard.value, asker.words)


async def submitted_dates(house: House, asker: Asker, heard: Submitted) -> Answer:
    """The figures between them."""
    question = await Question.read(house, heard.state)
    try:
        question = replace(question, period=dates.period_of(heard))
    except FormError as error:
        period, _ = question.periods(datetime.now(UTC), house.library.timezone)
        return sent_back(dates.form(period, heard.state, asker.words), heard.values, error, asker.words)
    return Instead(await _shown(house, asker, question))


async def pressed_narrow(house: House, asker: Asker, heard: Pressed) -> Answer:
    """All figures of one value of a dimension."""
    ((dimension, value),) = Question.of(f"{USUAL};{heard.value}").narrowed
    must_tell_apart(asker.role, dimension)
    question = await Question.read(house, heard.carried)
    return Instead(await _shown(house, asker, question.narrowed_to(dimension, value)))


async def pressed_figure(house: House, asker: Asker, heard: Pressed) -> Answer:
    """A figure's formula and its tickets."""
    question = await Question.read(house, heard.carried)
    return Instead(await _behind(house, asker, _figure(heard.value), question))


async def pressed_page(house: House, asker: Asker, heard: Pressed) -> Answer:
    """The next page of those."""
    name, after, rest = [*heard.value.split(":", 2), "", ""][:3]
    question = await Question.read(house, rest)
    return Instead(await _behind(house, asker, _figure(name), question, after=whole(after)))


# --- told apart -------------------------------------------------------------------------------------------------


async def pressed_apart(house: House, asker: Asker, heard: Pressed) -> Answer:
    """One figure by a dimension: another page or order of it."""
    view, rest = apart.View.of(heard.value)
    return Instead(await _apart(house, asker, view, await Question.read(house, rest)))


async def pressed_apart_by(house: House, asker: Asker, heard: Pressed) -> Answer:
    """By another dimension."""
    figure, _, rest = heard.carried.partition(":")
    view = apart.View(_figure(figure), _dimension(heard.value))
    return Instead(await _apart(house, asker, view, await Question.read(house, rest)))


async def pressed_apart_figure(house: House, asker: Asker, heard: Pressed) -> Answer:
    """Another figure."""
    by, _, rest = heard.carried.partition(":")
    view = apart.View(_figure(heard.value), _dimension(by))
    return Instead(await _apart(house, asker, view, await Question.read(house, rest)))


async def pressed_apart_period(house: House, asker: Asker, heard: Pressed) -> Answer:
    """Over another period."""
    figure, by, rest = [*heard.carried.split(":", 2), "", ""][:3]
    question = replace(await Question.read(house, rest), period=heard.value)
    return Instead(await _apart(house, asker, apart.View(_figure(figure), _dimension(by)), question))


async def _apart(house: House, asker: Asker, view: apart.View, question: Question) -> Card:
    must_tell_apart(asker.role, view.by)
    await caught_up(house)
    carried, zone = await question.carried(house), house.library.timezone

    def query(tx: Transaction) -> apart.Apart:
        scope = question.scope(asker.role, asker.sight(tx))
        period, before = question.periods(tx.now, zone)
        now = tx.apart(view.by, [view.figure], scope, period, zone, most=MOST)
        then = tx.apart(view.by, [view.figure], scope, before, zone, among=now)
        people = _people(tx, [*((view.by, value) for value in now), *question.narrowed])
        return apart.Apart(view, question, carried, period, before, now, then, people)

    seen = await house.storage.read(query)
    narrowed = cards.narrowed(question, seen.people, asker.words, house.catalogue)
    return apart.card(seen, narrowed, asker.words, house.catalogue, client=asker.role is Role.CLIENT)


async def _shown(house: House, asker: Asker, question: Question) -> Card:
    seen, sight = await answered(house, asker, question)
    client = dict(question.narrowed).get(Dimension.CLIENT, "")
    if asker.role is Role.CLIENT and sight.person_id is not None:
        client = str(sight.person_id)
    known = await _known(house, asker, sight, int(client)) if client else None
    return cards.overview(seen, asker.words, house.catalogue, asker.role, known)


async def _known(house: House, asker: Asker, sight: Sight, client: int) -> cards.Known:
    """A person's tickets as far as the asker sees them."""
    channel = house.channels[asker.account.channel]
    scope = Scope(sight, ((Dimension.CLIENT, str(client)),))
    newest = Listing(Tab.ALL, Filters(clients=(client,)), sort=Sort.NEWEST)

    def query(tx: Transaction) -> tuple[str, Ever, list[tuple[Ticket, Thread | None]]]:
        page = tx.tickets_page(sight, newest, Bounds(), priorities=(), cursor=None, limit=_LAST)
        last = [(hit.ticket, _readable(tx, hit.ticket, asker, sight)) for hit in page.hits]
        return "" if client == sight.person_id else tx.person(client).name, tx.ever(scope), last

    name, ever, last = await house.storage.read(query)
    links = [(ticket, channel.link(thread.ref) if thread and thread.ref else "") for ticket, thread in last]
    return cards.Known(name, ever, links)


async def answered(house: House, asker: Asker, question: Question) -> tuple[cards.Answered, Sight]:
    """Its figures, over what the asker sees."""
    await caught_up(house)
    carried, zone = await question.carried(house), house.library.timezone

    def query(tx: Transaction) -> tuple[cards.Answered, Sight]:
        sight = asker.sight(tx)
        period, before = question.periods(tx.now, zone)
        scope = question.scope(asker.role, sight)
        return (
            cards.Answered(
                question, carried, period, before, tx.totals(scope, period, zone),
                tx.totals(scope, before, zone, by_age=False), _people(tx, question.narrowed),
            ),
            sight,
        )  # fmt: skip

    try:
        return await house.storage.read(query)
    except KeyError:
        raise DeskError("person_unknown") from None


async def _behind(house: House, asker: Asker, figure: Figure, question: Question, *, after: int | None = None) -> Card:
    await caught_up(house)
    channel = house.channels[asker.account.channel]

    def query(tx: Transaction) -> tuple[list[tuple[Ticket, Thread | None]], Period, Mapping[int, str]]:
        sight = asker.sight(tx)
        period, _ = question.periods(tx.now, house.library.timezone)
        numbers = tx.behind(figure, question.scope(asker.role, sight), period, after=after, most=CARD_ROWS + 1)
        tickets = [ticket for ticket in map(tx.ticket, numbers) if ticket is not None]
        readable = [(ticket, _readable(tx, ticket, asker, sight)) for ticket in tickets]
        return readable, period, _people(tx, question.narrowed)

    found, period, people = await house.storage.read(query)
    more = found[CARD_ROWS - 1][0].number if len(found) > CARD_ROWS else None
    rows = [(ticket, channel.link(thread.ref) if thread and thread.ref else "") for ticket, thread in found]
    narrowed = cards.narrowed(question, people, asker.words, house.catalogue)
    return cards.behind(figure, await question.carried(house), narrowed, period, rows, asker.words, more=more)


def _people(tx: Transaction, values: Sequence[tuple[Dimension, str]]) -> Mapping[int, str]:
    """The names of those who are among these values of dimensions."""
    return {int(value): tx.person(int(value)).name for by, value in values if value and by in PEOPLE}


def _readable(tx: Transaction, ticket: Ticket, asker: Asker, sight: Sight) -> Thread | None:
    """The ticket's thread on the asker's network that they can open."""
    wanted = Audience.AGENTS if sight.inside(ticket.department) else Audience.CLIENT
    return next(
        (t for t in tx.threads(ticket.number) if t.audience is wanted and t.channel == asker.account.channel), None
    )


def _figure(name: str) -> Figure:
    if name not in tuple(Figure):
        raise DeskError("action_unknown")
    return Figure(name)


def _dimension(name: str) -> Dimension:
    if name not in tuple(Dimension):
        raise DeskError("action_unknown")
    return Dimension(name)


CALLED = {"stats": called}

PRESSED = {
    "stats.show": pressed_show,
    "stats.period": pressed_period,
    "stats.figure": pressed_figure,
    "stats.page": pressed_page,
    "stats.dates": pressed_dates,
    "stats.narrow": pressed_narrow,
    "stats.apart": pressed_apart,
    "stats.apart_by": pressed_apart_by,
    "stats.apart_figure": pressed_apart_figure,
    "stats.apart_period": pressed_apart_period,
}

SUBMITTED = {dates.DATES: submitted_dates}
