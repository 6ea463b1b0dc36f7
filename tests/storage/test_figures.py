"""Figures in SQL against their definitions, over made lives; and lives kept up against the whole log."""

from __future__ import annotations

import asyncio
import random
import shutil
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from desk.access import Sight
from desk.calendar import Calendar, Span, percentile
from desk.events import Change, MessageSaid, TicketChanged, TicketOpened, TicketRated
from desk.figures import (
    Dimension,
    Figure,
    Period,
    Scope,
    Share,
    Spread,
    Terms,
    Totals,
    measured,
    stands_behind,
    values,
)
from desk.life import lived
from desk.model import AccountRef, Status
from desk.sla import Level, Policy, Targets
from storage import apart as apart_rows
from storage import figures as figure_rows
from storage import open_storage

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Mapping

    from desk.figures import Measures
    from desk.life import Life
    from desk.ports import Storage, Transaction

START = datetime(2026, 1, 5, 8, 0, tzinfo=UTC)
DEPARTMENTS, PRODUCTS, PRIORITIES = ("it", "hr", "law"), ("intranet", "laptop"), ("low", "urgent")
OFFICE = Calendar("UTC", ((Span(8 * 60, 18 * 60),),) * 5 + ((), ()))
HOURS = timedelta(hours=1)
TERMS = Terms({"it": OFFICE, "hr": OFFICE}, Policy((Level("", "", Targets(4 * HOURS, 4 * HOURS, 30 * HOURS)),)))
TICKETS, TAGS = 60, ("vip", "vpn")


class Clock:
    now = START

    def __call__(self) -> datetime:
        return self.now


def live(tx: Transaction, chance: random.Random, number: int, people: list[int]) -> None:
    """One more thing happens to a ticket."""
    ticket = tx.ticket(number)
    assert ticket is not None
    client, who = ticket.client_id, chance.choice(people)
    status = next((Status(c.new) for r in reversed(tx.timeline(number)) if isinstance(r.event, TicketChanged)
                   for c in r.event.changes if c.field == "status"), Status.NEW)  # fmt: skip
    match chance.randrange(9):
        case 0 | 1:
            tx.record(MessageSaid(number, 1, "reply", "client"), actor_id=client, to=())
        case 2 | 3:
            tx.record(MessageSaid(number, 1, "reply", "agents"), actor_id=who, to=())
        case 4:
            tx.record(MessageSaid(number, 1, "note", "internal"), actor_id=who, to=())
        case 5:
            new = chance.choice(list(Status))
            actor = chance.choice((client, who, None))
            tx.record(TicketChanged(number, "status", (Change("status", status, new),)), actor_id=actor, to=())
        case 6:
            field, new_value = chance.choice(
                (("department", chance.choice(DEPARTMENTS)), ("priority", chance.choice(PRIORITIES)),
                 ("agent", chance.choice(("", str(who)))))
            )  # fmt: skip
            tx.record(TicketChanged(number, field, (Change(field, "", new_value),)), actor_id=who, to=())
        case 7:
            tx.record(TicketRated(number, chance.randint(1, 5)), actor_id=client, to=())
        case 8 if chance.random() < 0.15:
            tx.record(TicketChanged(number, "merge", (Change("merged_into", "", "1"),)), actor_id=who, to=())


async def lived_through(where: Path | str, clock: Clock) -> None:
    """A desk with half a month of made lives, kept up in odd steps while they were lived."""
    chance = random.Random(7)
    made = open_storage(where, clock=clock)

    def begin(tx: Transaction) -> list[int]:
        return [tx.add_person(AccountRef("slack", f"U{n}"), name=f"P{n}", locale="").id for n in range(6)]

    people = await made.write(begin)

    def opened(tx: Transaction) -> None:
        ticket = tx.add_ticket(
            subject="s", department=chance.choice(DEPARTMENTS), product=chance.choice(PRODUCTS),
            priority=chance.choice(PRIORITIES), client_id=chance.choice(people),
            channel=chance.choice(("slack", "discord")),
        )  # fmt: skip
        tags = tuple(sorted(chance.sample(TAGS, chance.randrange(3))))
        tx.save_ticket(replace(ticket, tags=tags))
        tx.record(
            TicketOpened(ticket.number, 1, ticket.client_id, ticket.channel, ticket.department, ticket.product,
                         ticket.priority), actor_id=ticket.client_id, to=(),
        )  # fmt: skip
        if tags:
            tagged = TicketChanged(ticket.number, "tags", (Change("tags", "", " ".join(tags)),))
            tx.record(tagged, actor_id=people[0], to=())

    def more(tx: Transaction, newest: int) -> None:
        live(tx, chance, chance.randint(max(1, newest - 9), newest), people)

    for number in range(1, TICKETS + 1):
        clock.now += timedelta(minutes=chance.randrange(1, 400))
        await made.write(opened)
        for _ in range(chance.randrange(8)):
            clock.now += timedelta(minutes=chance.randrange(1, 90))
            together = [made.write(lambda tx, newest=number: more(tx, newest)) for _ in range(3)]
            await asyncio.gather(*together, made.write(lambda tx: tx.keep_up(TERMS, most=chance.randrange(1, 4))))
    while await made.write(lambda tx: tx.keep_up(TERMS, most=50)):
        pass
    clock.now += timedelta(hours=1)
    await made.close()


@pytest.fixture(scope="module", params=("sqlite", "postgresql"))
def half_a_month(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Path | str, Clock]]:
    """Lived through once on each database for all tests, which look at copies of it."""
    clock = Clock()
    with ExitStack() as made:
        where: Path | str = tmp_path_factory.mktemp("lives") / "desk.sqlite3"
        if request.param == "postgresql":
            where = made.enter_context(request.getfixturevalue("postgresql").database())
        asyncio.run(lived_through(where, clock))
        yield where, clock


@pytest.fixture
async def storage(
    half_a_month: tuple[Path | str, Clock], tmp_path: Path, request: pytest.FixtureRequest
) -> AsyncIterator[Storage]:
    where, clock = half_a_month
    with ExitStack() as made:
        if isinstance(where, Path):
            copy: Path | str = Path(shutil.copy(where, tmp_path / where.name))
        else:
            copy = made.enter_context(request.getfixturevalue("postgresql").database(like=where))
        opened = open_storage(copy, clock=clock)
        yield opened
        await opened.close()


async def told(storage: Storage) -> dict[int, tuple[Life, Measures]]:
    """Every life, from its whole log at once."""

    def query(tx: Transaction) -> dict[int, tuple[Life, Measures]]:
        lives = {number: lived(tx.timeline(number)) for number in range(1, TICKETS + 1)}
        return {number: (life, measured(life, TERMS)) for number, life in lives.items() if life is not None}

    return await storage.read(query)


SCOPES = (
    Scope(Sight(None, None)),
    Scope(Sight(None, None, frozenset({"law"}))),
    Scope(Sight(1, frozenset({"it", "hr"}))),
    Scope(Sight(2)),
    Scope(Sight(None)),
    Scope(Sight(None, None), ((Dimension.DEPARTMENT, "it"), (Dimension.PRIORITY, "urgent"))),
    Scope(Sight(None, None), ((Dimension.AGENT, "3"),)),
    Scope(Sight(None, None), ((Dimension.AGENT, ""),)),
    Scope(Sight(None, None), ((Dimension.TAG, ""), (Dimension.DEPARTMENT, "it"))),
)
PERIODS = tuple(
    Period(START + timedelta(days=first), START + timedelta(days=after)) for first, after in ((0, 5), (3, 9), (0, 90))
)


def is_in(scope: Scope, life: Life) -> bool:
    sight = scope.sight
    sees = (
        sight.inside(life.department)
        if sight.departments is None or sight.departments
        else life.client_id == sight.person_id
    )
    return sees and all(value in values(life)[dimension] for dimension, value in scope.narrowed)


async def test_lives_kept_up_in_steps_are_those_of_the_whole_log(storage: Storage) -> None:
    for number, (life, _) in (await told(storage)).items():
        assert await storage.read(lambda tx, number=number: tx.life(number)) == life
    before = await storage.read(lambda tx: tx.totals(SCOPES[0], PERIODS[2]))
    await storage.write(lambda tx: tx.forget_lives())
    while await storage.write(lambda tx: tx.keep_up(TERMS, most=50)):
        pass
    assert await storage.read(lambda tx: tx.totals(SCOPES[0], PERIODS[2])) == before


@pytest.mark.parametrize("figure", Figure)
async def test_the_tickets_behind_each_figure(storage: Storage, figure: Figure) -> None:
    lives = await told(storage)
    seen = 0
    for scope in SCOPES:
        for period in PERIODS:
            meant = [
                number
                for number, (life, measures) in sorted(lives.items(), reverse=True)
                if is_in(scope, life) and stands_behind(figure, life, measures, period)
            ]
            found = await storage.read(lambda tx, s=scope, p=period: tx.behind(figure, s, p, most=1000))
            assert list(found) == meant
            if len(meant) > 2:
                rest = await storage.read(
                    lambda tx, s=scope, p=period, a=meant[0]: tx.behind(figure, s, p, after=a, most=2)
                )
                assert list(rest) == meant[1:3]
            seen += len(meant)
    assert seen > 0


async def test_totals_are_what_their_definitions_say(storage: Storage) -> None:
    lives = await told(storage)
    for scope in SCOPES:
        for period in PERIODS:
            totals = await storage.read(lambda tx, s=scope, p=period: tx.totals(s, p))

            def of(figure: Figure, scope: Scope = scope, period: Period = period) -> list[tuple[Life, Measures]]:
                return [
                    (life, measures)
                    for life, measures in lives.values()
                    if is_in(scope, life) and stands_behind(figure, life, measures, period)
                ]

            counts = (totals.opened, totals.closed, totals.reopened, totals.backlog, totals.awaiting, totals.unassigned)
            kinds = (Figure.OPENED, Figure.CLOSED, Figure.REOPENED, Figure.BACKLOG, Figure.AWAITING, Figure.UNASSIGNED)
            assert counts == tuple(len(of(figure)) for figure in kinds)
            assert sum(totals.backlog_by_age) == totals.backlog
            first, ended = of(Figure.FIRST_RESPONSE), of(Figure.RESOLUTION)
            assert totals.first_response.count == len(first)
            business = [measures.first_business for _, measures in first if measures.first_business is not None]
            assert totals.first_response.median_business == percentile(business, 0.5)
            clock = [measures.resolution_clock for _, measures in ended if measures.resolution_clock is not None]
            assert totals.resolution.ninth_clock == percentile(clock, 0.9)
            stars = [life.rating for life, _ in of(Figure.RATING) if life.rating]
            assert totals.ratings == len(stars)
            assert totals.rating == (pytest.approx(sum(stars) / len(stars)) if stars else None)
            replies = [life.client_replies + life.agent_replies for life, _ in of(Figure.REPLIES)]
            assert totals.replies == (pytest.approx(sum(replies) / len(replies)) if replies else None)
            assert totals.first_kept.kept == sum(bool(measures.first_kept) for _, measures in of(Figure.FIRST_KEPT))
            assert totals.next_kept.kept == sum(measures.next_kept for _, measures in of(Figure.NEXT_KEPT))
            assert totals.next_kept.of - totals.next_kept.kept == sum(m.next_missed for _, m in of(Figure.NEXT_KEPT))
            hours = await storage.read(lambda tx, s=scope, p=period: tx.by_hour("closed", s, p))
            assert sum(hours.values()) == totals.closed


@pytest.mark.parametrize("by", Dimension)
async def test_each_figure_told_apart_by_each_dimension(storage: Storage, by: Dimension) -> None:
    lives = await told(storage)
    seen = 0
    for scope in SCOPES:
        for period in PERIODS:
            found = await storage.read(lambda tx, s=scope, p=period: apart(tx, by, s, p))
            mine: dict[str, list[tuple[Life, Measures]]] = {}
            for life, measures in lives.values():
                if is_in(scope, life):
                    for value in values(life)[by]:
                        mine.setdefault(value, []).append((life, measures))
            meant = {value: reckoned(theirs, period) for value, theirs in mine.items()}
            assert found == {value: totals for value, totals in meant.items() if any(map(totals.behind, Figure))}
            seen += len(found)
    assert seen > 10


@pytest.mark.parametrize("figure", Figure)
async def test_of_clients_those_with_the_most_tickets_are_told(storage: Storage, figure: Figure) -> None:
    for scope in SCOPES:
        for period in PERIODS:

            def query(tx: Transaction, s: Scope = scope, p: Period = period) -> tuple[Mapping[str, Totals], ...]:
                most = tx.apart(Dimension.CLIENT, [figure], s, p, "UTC", most=2)
                every = tx.apart(Dimension.CLIENT, [figure], s, p, "UTC")
                return every, most, tx.apart(Dimension.CLIENT, [figure], s, p, "UTC", among=most)

            every, most, again = await storage.read(query)
            assert len(most) == min(2, len(every))
            assert most.items() <= every.items()
            assert again == most
            if most:
                # By how many tickets there are; of promises, those without a target count among them.
                fewest = min(totals.behind(figure) for totals in most.values())
                left = [totals.behind(figure) for value, totals in every.items() if value not in most]
                assert figure in (Figure.FIRST_KEPT, Figure.NEXT_KEPT, Figure.RESOLUTION_KEPT) or fewest >= max(
                    left, default=0
                )


def apart(tx: Transaction, by: Dimension, scope: Scope, period: Period) -> dict[str, Totals]:
    return dict(tx.apart(by, tuple(Figure), scope, period, "UTC", most=None))


def reckoned(lives: list[tuple[Life, Measures]], period: Period) -> Totals:
    """Every figure of these lives, by its definition."""

    def of(figure: Figure) -> list[tuple[Life, Measures]]:
        return [each for each in lives if stands_behind(figure, *each, period)]

    def spread(figure: Figure, kind: str) -> Spread:
        found = [[getattr(measures, f"{kind}_{time}") for _, measures in of(figure)] for time in ("business", "clock")]
        return Spread(len(found[0]), *(percentile(lengths, share) for lengths in found for share in (0.5, 0.9)))

    closed, rated = of(Figure.CLOSED), of(Figure.RATING)
    replies = sum(life.client_replies + life.agent_replies for life, _ in closed)
    following = [measures for _, measures in of(Figure.NEXT_KEPT)]
    kept = sum(measures.next_kept for measures in following)
    first, ended = of(Figure.FIRST_KEPT), of(Figure.RESOLUTION_KEPT)
    return Totals(
        opened=len(of(Figure.OPENED)),
        closed=len(closed),
        reopened=len(of(Figure.REOPENED)),
        backlog=len(of(Figure.BACKLOG)),
        awaiting=len(of(Figure.AWAITING)),
        unassigned=len(of(Figure.UNASSIGNED)),
        first_response=spread(Figure.FIRST_RESPONSE, "first"),
        resolution=spread(Figure.RESOLUTION, "resolution"),
        replies=replies / len(closed) if closed else None,
        rating=sum(life.rating or 0 for life, _ in rated) / len(rated) if rated else None,
        ratings=len(rated),
        first_kept=Share(sum(bool(measures.first_kept) for _, measures in first), len(first)),
        next_kept=Share(kept, kept + sum(measures.next_missed for measures in following)),
        resolution_kept=Share(sum(bool(measures.resolution_kept) for _, measures in ended), len(ended)),
    )


async def test_what_is_narrowed_to_a_tag_is_what_has_it(storage: Storage) -> None:
    lives = await told(storage)
    period = PERIODS[2]
    for tag in TAGS:
        numbers = {
            n for n, (life, m) in lives.items() if tag in life.tags and stands_behind(Figure.OPENED, life, m, period)
        }
        scope = Scope(Sight(None, None), ((Dimension.TAG, tag),))
        found = await storage.read(lambda tx, s=scope: tx.behind(Figure.OPENED, s, period, most=1000))
        assert list(found) == sorted(numbers, reverse=True)
        assert numbers


async def test_what_presses_is_told_once(storage: Storage) -> None:
    pressing = await storage.read(lambda tx: tx.pressing(most=500))
    lives = await told(storage)
    now = await storage.read(lambda tx: tx.now)
    meant = {
        number
        for number, (_, measures) in lives.items()
        if measures.due and measures.due.warn_at and measures.due.warn_at <= now
    }
    assert {row[0] for row in pressing} == meant
    assert meant
    number = pressing[0][0]
    await storage.write(lambda tx: tx.warn_later(number, None))
    assert number not in {row[0] for row in await storage.read(lambda tx: tx.pressing(most=500))}
    assert await storage.write(lambda tx: tx.told_once("digest:it:2026-01-05"))
    assert not await storage.write(lambda tx: tx.told_once("digest:it:2026-01-05"))
    await storage.write(lambda tx: tx.untold("digest:it:2026-01-05"))
    assert await storage.write(lambda tx: tx.told_once("digest:it:2026-01-05"))


async def test_new_rules_count_for_what_was_already_reckoned(storage: Storage) -> None:
    before = await storage.read(lambda tx: tx.totals(SCOPES[0], PERIODS[2]))
    stricter = Terms(TERMS.calendars, Policy((Level("", "", Targets(timedelta(minutes=1))),)))
    after = 0
    while after := await storage.write(lambda tx, after=after: tx.measure_again(stricter, after=after, most=7)):
        pass
    totals = await storage.read(lambda tx: tx.totals(SCOPES[0], PERIODS[2]))
    assert totals.first_kept.kept < before.first_kept.kept
    assert totals.first_response == before.first_response


WHOLE_DAYS = tuple(
    Period(datetime(2026, 1, first, tzinfo=UTC), datetime(2026, month, after, tzinfo=UTC))
    for first, month, after in ((1, 2, 1), (5, 1, 9), (7, 3, 15))
)


def close(some: timedelta | None, other: timedelta | None) -> bool:
    if some is None or other is None:
        return some is other
    return abs(some - other) <= max(0.011 * other, timedelta(seconds=1))


def nearly(summed: Totals, exact: Totals) -> None:
    """Durations to 1 %, all else to the last ticket."""
    spreads = {"first_response": exact.first_response, "resolution": exact.resolution}
    assert replace(summed, **spreads) == exact  # type: ignore[arg-type]
    for name, spread in spreads.items():
        found = getattr(summed, name)
        assert found.count == spread.count
        for field in ("median_business", "ninth_business", "median_clock", "ninth_clock"):
            assert close(getattr(found, field), getattr(spread, field))


@pytest.mark.parametrize("done", ("kept up", "measured again", "made anew"))
async def test_tallies_say_what_the_lives_say(storage: Storage, monkeypatch: pytest.MonkeyPatch, done: str) -> None:
    if done == "measured again":
        after = 0
        while after := await storage.write(lambda tx, after=after: tx.measure_again(TERMS, after=after, most=7)):
            await storage.write(lambda tx: tx.keep_up(TERMS, most=7))
    elif done == "made anew":
        await storage.write(lambda tx: tx.forget_lives())
        while await storage.write(lambda tx: tx.keep_up(TERMS, most=50)):
            pass

    def exact_for(length: timedelta) -> None:
        for rows in (apart_rows, figure_rows):
            for name in ("EXACT_FOR", "COUNTED_FOR"):
                monkeypatch.setattr(rows, name, length)

    for scope in (*SCOPES[:3], Scope(Sight(None, None), ((Dimension.DEPARTMENT, "it"),))):
        for period in WHOLE_DAYS:

            def query(tx: Transaction, scope: Scope = scope, period: Period = period) -> tuple[object, ...]:
                return tx.totals(scope, period, "UTC"), [apart(tx, by, scope, period) for by in Dimension]

            exact_for(timedelta(days=1000))
            exact, exact_apart = await storage.read(query)
            exact_for(timedelta())
            summed, summed_apart = await storage.read(query)
            assert isinstance(exact, Totals)
            assert isinstance(summed, Totals)
            assert isinstance(exact_apart, list)
            assert isinstance(summed_apart, list)
            nearly(summed, exact)
            for by_summing, by_counting in zip(summed_apart, exact_apart, strict=True):
                assert by_summing.keys() == by_counting.keys()
                for value, totals in by_summing.items():
                    nearly(totals, by_counting[value])
            if scope.narrowed:
                continue
            days = await storage.read(lambda tx, s=scope, p=period: tx.days(s, p, "UTC"))
            assert days is not None
            sums = await storage.read(lambda tx, s=scope, p=period: tx.summed(s, p, "UTC"))
            assert sums is not None
            assert [sum(column) for column in zip(*days.values(), strict=True)] == [exact.opened, exact.closed]
            load = [[0] * 24 for _ in range(7)]
            for hour, count in (await storage.read(lambda tx, s=scope, p=period: tx.by_hour("opened", s, p))).items():
                load[hour.weekday()][hour.hour] += count
            assert sums.load() == load
