"""/stats: figures over what the asker may see, what stands behind each, and the same as pictures and tables."""

from __future__ import annotations

import asyncio
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from adapters.port import ChannelError
from adapters.ui import CARD_ROWS, Card, FileOut, Instead, Post
from bot.reckoning import caught_up
from bot.stats import cards, export, pictures
from bot.stats.question import PERIODS, Question
from desk.access import must_be_agent
from desk.errors import DeskError
from desk.figures import Dimension, Figure, Scope, period_named
from desk.listing import Bounds, Filters, Listing, Sort, Tab
from desk.model import Audience, Role

if TYPE_CHECKING:
    from collections.abc import Sequence

    from adapters.port import Answer, Called, Pressed
    from bot.house import Asker, House
    from desk.access import Sight
    from desk.figures import Ever, Period
    from desk.model import Thread, Ticket
    from desk.ports import Transaction


_LAST = 5  # tickets of a person that are shown


async def called(house: House, asker: Asker, heard: Called) -> Answer:
    """`/stats`, `/stats week`, `/stats 2026-01-01..2026-03-31 laptop`, `/stats @somebody`: a period and names of the
    catalogue to narrow it to, in any order.
    """
    words, question = heard.words.split(), Question()
    if heard.people:
        must_be_agent(asker.role)
        person = await house.storage.read(lambda tx: tx.person_of(heard.people[0]))
        if person is None:
            raise DeskError("person_unknown")
        question = question.narrowed_to(Dimension.CLIENT, str(person.id))
        words = [word for word in words if _entry(word, house, asker) or _is_period(word, asker)]  # names have spaces
    for word in words:
        if (found := _entry(word, house, asker)) is not None:
            question = question.narrowed_to(*found)
        else:
            question = Question(_period(word.lower(), asker), question.narrowed)
    return await _shown(house, asker, question)


def _entry(typed: str, house: House, asker: Asker) -> tuple[Dimension, str] | None:
    """What of the catalogue a word names, by its id or its name in the asker's language."""
    catalogue, wanted = house.catalogue, typed.casefold()
    kinds = (
        (Dimension.DEPARTMENT, catalogue.departments),
        (Dimension.PRODUCT, catalogue.products),
        (Dimension.PRIORITY, catalogue.priorities),
        (Dimension.TAG, catalogue.tags),
    )
    for dimension, entries in kinds:
        for entry in entries:
            if wanted in (entry.id, entry.name(asker.words.language).casefold()):
                return dimension, entry.id
    return None


def _is_period(typed: str, asker: Asker) -> bool:
    return period_named(_period(typed.lower(), asker), datetime.now(UTC), "UTC") is not None


def _period(typed: str, asker: Asker) -> str:
    """A period's name in the asker's language, or as it is."""
    return next((name for name in PERIODS if typed in (name, asker.words(f"stats.typed.{name}"))), typed)


async def pressed_show(house: House, asker: Asker, heard: Pressed) -> Answer:
    """Back to all figures."""
    return Instead(await _shown(house, asker, Question.of(heard.value)))


async def pressed_period(house: House, asker: Asker, heard: Pressed) -> Answer:
    """Another period."""
    question = Question.of(heard.carried)
    return Instead(await _shown(house, asker, Question(heard.value, question.narrowed)))


async def pressed_figure(house: House, asker: Asker, heard: Pressed) -> Answer:
    """A figure's formula and its tickets."""
    return Instead(await _behind(house, asker, _figure(heard.value), Question.of(heard.carried)))


async def pressed_page(house: House, asker: Asker, heard: Pressed) -> Answer:
    """The next page of those."""
    name, after, rest = [*heard.value.split(":", 2), "", ""][:3]
    if not (after.isascii() and after.isdigit()):
        raise DeskError("action_unknown")
    return Instead(await _behind(house, asker, _figure(name), Question.of(rest), after=int(after)))


async def pressed_apart(house: House, asker: Asker, heard: Pressed) -> Answer:
    """One figure told apart by a dimension."""
    must_be_agent(asker.role)
    name, _, dimension = heard.value.partition(":")
    figure, question = _figure(name), Question.of(heard.carried)
    if dimension not in tuple(Dimension):
        raise DeskError("action_unknown")
    seen, sight = await _answered(house, asker, question)
    by, scope = Dimension(dimension), question.scope(sight)

    def query(tx: Transaction) -> list[tuple[str, int]]:
        counts = tx.breakdown(figure, by, scope, seen.period, house.library.timezone)
        names = {
            int(key): tx.person(int(key)).name for key in counts if key and by in (Dimension.AGENT, Dimension.CLIENT)
        }
        return [
            (cards.value_name(by, key, asker.words, house.catalogue, names), count) for key, count in counts.items()
        ]

    counts = await house.storage.read(query)
    return Instead(cards.told_apart(figure, by, seen, counts, asker.words, asker.role))


async def pressed_pictures(house: House, asker: Asker, heard: Pressed) -> Answer:
    """Four pictures with their numbers in words, in the asker's direct messages."""
    theme, _, carried = heard.value.partition(":")
    if theme not in ("light", "dark"):
        raise DeskError("action_unknown")
    question = Question.of(carried)
    seen, sight = await _answered(house, asker, question)
    scope = question.scope(sight)
    drawn = await house.storage.read(lambda tx: pictures.gathered(tx, scope, seen.period, house.library.timezone))
    with tempfile.TemporaryDirectory(prefix="helpthread-") as name:
        files = await pictures.draw(pictures.described(drawn, asker.words), theme, Path(name))
        heading = cards.title(question, seen.period, asker.words)
        await _send(house, asker, heard, f"**{heading}**\n\n{pictures.told(drawn, asker.words)}", files, "image/png")
    return Card(asker.words("stats.sent"))


async def pressed_csv(house: House, asker: Asker, heard: Pressed) -> Answer:
    """The figures as one CSV file."""
    return await _table(house, asker, heard, "csv")


async def pressed_xlsx(house: House, asker: Asker, heard: Pressed) -> Answer:
    """The figures as an XLSX file."""
    return await _table(house, asker, heard, "xlsx")


async def _table(house: House, asker: Asker, heard: Pressed, kind: str) -> Answer:
    question = Question.of(heard.value)
    seen, sight = await _answered(house, asker, question)
    scope, words = question.scope(sight), asker.words

    def query(tx: Transaction) -> list[export.Sheet]:
        sheets = [export.summary(seen.now, seen.then, seen.period, seen.before, words)]
        for by in Dimension if asker.role is not Role.CLIENT else ():
            rows: list[Sequence[export.Cell]] = [[words(f"stats.by.{by}"), *(words(f"figure.{f}.name") for f in _TOLD)]]
            counts = {figure: tx.breakdown(figure, by, scope, seen.period, house.library.timezone) for figure in _TOLD}
            keys = dict.fromkeys(key for found in counts.values() for key in found)
            people = by in (Dimension.AGENT, Dimension.CLIENT)
            names = {int(key): tx.person(int(key)).name for key in keys if key and people}
            rows += [
                [cards.value_name(by, key, words, house.catalogue, names), *(counts[f].get(key, 0) for f in _TOLD)]
                for key in keys
            ]
            sheets.append(export.Sheet(words(f"stats.by.{by}"), rows))
        return sheets

    sheets = await house.storage.read(query)
    with tempfile.TemporaryDirectory(prefix="helpthread-") as name:
        path = Path(name) / f"stats-{seen.period.start.date()}.{kind}"
        await asyncio.to_thread(export.to_csv if kind == "csv" else export.to_xlsx, sheets, path)
        media = "text/csv" if kind == "csv" else "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
        await _send(house, asker, heard, f"**{cards.title(question, seen.period, words)}**", [path], media)
    return Card(words("stats.sent"))


_TOLD = (Figure.OPENED, Figure.CLOSED, Figure.REOPENED, Figure.BACKLOG)


async def _send(house: House, asker: Asker, heard: Pressed, body: str, files: Sequence[Path], media_type: str) -> None:
    """To the asker's direct messages. DeskError where they take none."""
    out = tuple(FileOut(path.name, media_type, path.stat().st_size, path) for path in files)
    try:
        await house.channels[asker.account.channel].whisper(asker.account, Post(body, files=out), key=heard.id[-20:])
    except ChannelError as error:
        raise DeskError("no_direct_messages") from error


async def _shown(house: House, asker: Asker, question: Question) -> Card:
    seen, sight = await _answered(house, asker, question)
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


async def _answered(house: House, asker: Asker, question: Question) -> tuple[cards.Answered, Sight]:
    await caught_up(house)
    zone = house.library.timezone

    def query(tx: Transaction) -> tuple[cards.Answered, Sight]:
        sight = asker.sight(tx)
        period, before = question.periods(tx.now, zone)
        scope = question.scope(sight)
        named = [
            int(value) for dimension, value in question.narrowed if dimension in (Dimension.AGENT, Dimension.CLIENT)
        ]
        return (
            cards.Answered(
                question, period, before, tx.totals(scope, period, zone), tx.totals(scope, before, zone),
                {person: tx.person(person).name for person in named},
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

    def query(tx: Transaction) -> tuple[list[tuple[Ticket, Thread | None]], Period]:
        sight = asker.sight(tx)
        period, _ = question.periods(tx.now, house.library.timezone)
        numbers = tx.behind(figure, question.scope(sight), period, after=after, most=CARD_ROWS + 1)
        tickets = [ticket for ticket in map(tx.ticket, numbers) if ticket is not None]
        return [(ticket, _readable(tx, ticket, asker, sight)) for ticket in tickets], period

    found, period = await house.storage.read(query)
    more = found[CARD_ROWS - 1][0].number if len(found) > CARD_ROWS else None
    rows = [(ticket, channel.link(thread.ref) if thread and thread.ref else "") for ticket, thread in found]
    return cards.behind(figure, question, period, rows, asker.words, more=more)


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


CALLED = {"stats": called}

PRESSED = {
    "stats.show": pressed_show,
    "stats.period": pressed_period,
    "stats.figure": pressed_figure,
    "stats.page": pressed_page,
    "stats.apart": pressed_apart,
    "stats.pictures": pressed_pictures,
    "stats.pictures_dark": pressed_pictures,
    "stats.csv": pressed_csv,
    "stats.xlsx": pressed_xlsx,
}
