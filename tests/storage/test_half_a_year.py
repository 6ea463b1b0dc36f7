"""Half a year of a desk's traffic, made so that its true figures are known by construction, against what /stats says.

The truth is counted here in whole minutes of a list of all office minutes; nothing of desk/ reckons it.
"""

from __future__ import annotations

import asyncio
import random
from bisect import bisect_left
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from statistics import mean
from typing import TYPE_CHECKING, Any

import pytest

from desk.access import Sight
from desk.calendar import Calendar, Span
from desk.events import Change, MessageSaid, TicketChanged, TicketOpened, TicketRated
from desk.figures import Dimension, Figure, Period, Scope, Terms
from desk.model import AccountRef, Status
from desk.sla import Level, Policy, Targets
from storage import open_storage

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from desk.events import Event
    from desk.ports import Transaction
    from storage import SQLiteStorage

FIRST, DAYS = date(2026, 1, 1), 181
DEPARTMENTS = {"it": 5, "hr": 2, "facilities": 1}  # how often, one beside the other
MINUTE = timedelta(minutes=1)
OFFICE = Calendar("UTC", ((Span(9 * 60, 12 * 60), Span(13 * 60, 17 * 60)),) * 5 + ((), ()))
TARGET = 120  # minutes to the first answer
TERMS = Terms(
    dict.fromkeys(DEPARTMENTS, OFFICE), Policy((Level("", "", Targets(first_response=TARGET * MINUTE)),)), "UTC"
)
CLIENT, AGENT = 1, 2
MIDNIGHT = datetime(FIRST.year, FIRST.month, FIRST.day, tzinfo=UTC)
OPEN: list[datetime] = [
    MIDNIGHT + day * timedelta(days=1) + minute * MINUTE
    for day in range(DAYS + 60)
    if (FIRST + timedelta(days=day)).weekday() < 5
    for minute in (*range(9 * 60, 12 * 60), *range(13 * 60, 17 * 60))
]
"""Every minute in which somebody works."""


@dataclass
class Truth:
    """What really became of one ticket. Lengths in office minutes."""

    department: str
    opened: datetime
    answered: datetime | None = None
    answer: int | None = None
    closed: datetime | None = None
    whole: int | None = None
    reopened: datetime | None = None
    replies: int = 0
    stars: int | None = None
    rated: datetime | None = None
    merged: bool = False
    steps: list[tuple[datetime, int | None, Event]] = field(default_factory=list)


def later(moment: datetime, minutes: int) -> datetime:
    """So many office minutes on: the end of the last of them is the beginning of the next."""
    return OPEN[bisect_left(OPEN, moment) + minutes]


def status(old: Status, new: Status) -> TicketChanged:
    return TicketChanged(0, "status", (Change("status", old, new),))


def made(chance: random.Random) -> list[Truth]:
    """Every ticket of the half year, the oldest first."""
    found: list[Truth] = []
    for day in range(DAYS):
        morning = MIDNIGHT + day * timedelta(days=1)
        busy = (13, 11, 9, 9, 7, 2, 2)[morning.weekday()]
        for _ in range(chance.randrange(busy)):
            hour = chance.choices((7, 8, 9, 10, 11, 13, 14, 15, 16, 20), (1, 3, 6, 5, 4, 3, 4, 3, 2, 1))[0]
            opened = morning + timedelta(hours=hour, minutes=chance.randrange(60))
            department = chance.choices(list(DEPARTMENTS), list(DEPARTMENTS.values()))[0]
            found.append(lived(Truth(department, opened), chance))
    return sorted(found, key=lambda truth: truth.opened)


def lived(truth: Truth, chance: random.Random) -> Truth:
    steps = truth.steps
    if chance.random() < 0.04:
        truth.merged = True
        steps.append((truth.opened + MINUTE, AGENT, TicketChanged(0, "merge", (Change("merged_into", "", "1"),))))
        return truth
    steps.append((truth.opened + MINUTE, AGENT, MessageSaid(0, 1, "note", "internal")))  # bends nothing
    if chance.random() < 0.08:
        return truth
    truth.answer = chance.randrange(1, 400)
    now = truth.answered = later(truth.opened, truth.answer)
    steps.append((now, AGENT, MessageSaid(0, 1, "reply", "agents")))
    truth.replies, worked, state = 1, truth.answer, Status.NEW
    if chance.random() < 0.4:  # on hold for the client, who answers
        steps.append((now, AGENT, status(state, Status.ON_HOLD)))
        now = later(now, chance.randrange(1, 900))
        steps += [(now, CLIENT, MessageSaid(0, 1, "reply", "client")),
                  (now, None, status(Status.ON_HOLD, Status.IN_PROGRESS))]  # fmt: skip
        truth.replies, state = 2, Status.IN_PROGRESS
    if chance.random() < 0.12:
        return truth
    more = chance.randrange(1, 1200)
    now, worked = later(now, more), worked + more
    steps.append((now, AGENT, status(state, Status.CLOSED)))
    if chance.random() < 0.5:
        steps.append((now + MINUTE, CLIENT, MessageSaid(0, 1, "reply", "client")))  # thanks
        truth.replies += 1
    if chance.random() < 0.15:  # and yet
        again = later(now + 2 * MINUTE, chance.randrange(60, 2000))
        steps.append((again, CLIENT, status(Status.CLOSED, Status.IN_PROGRESS)))
        truth.reopened, more = again, chance.randrange(1, 300)
        now, worked = later(again, more), worked + more
        steps.append((now, AGENT, status(Status.IN_PROGRESS, Status.CLOSED)))
    truth.closed, truth.whole = now, worked
    if chance.random() < 0.5:
        truth.stars, truth.rated = chance.randint(1, 5), now + 3 * MINUTE
        steps.append((truth.rated, CLIENT, TicketRated(0, truth.stars)))
    return truth


def write(tx: Any, truths: list[Truth]) -> None:
    """All that happened, at its own time."""
    for key in ("U1", "U2"):
        tx.add_person(AccountRef("slack", key), name=key, locale="")
    happened = sorted(
        ((at, number, who, event) for number, truth in enumerate(truths, 1) for at, who, event in
         [(truth.opened, CLIENT, None), *truth.steps]),
        key=lambda step: step[:1],
    )  # fmt: skip
    numbers: dict[int, int] = {}
    for at, index, who, event in happened:
        tx.now = at
        if event is None:
            ticket = tx.add_ticket(
                subject="s", department=truths[index - 1].department, product="p", priority="normal",
                client_id=CLIENT, channel="slack",
            )  # fmt: skip
            numbers[index] = ticket.number
            begun = TicketOpened(ticket.number, 1, CLIENT, "slack", truths[index - 1].department, "p", "normal")
            tx.record(begun, actor_id=CLIENT, to=())
        else:
            values = {name: getattr(event, name) for name in event.__dataclass_fields__}
            tx.record(type(event)(**values | {"ticket": numbers[index]}), actor_id=who, to=())


@pytest.fixture(scope="module")
def truths() -> list[Truth]:
    return made(random.Random(2026))


NOW = MIDNIGHT + (DAYS + 80) * timedelta(days=1)


@pytest.fixture(scope="module")
def desk(truths: list[Truth], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Written once for all tests, which only look."""
    path = tmp_path_factory.mktemp("half-a-year") / "desk.sqlite3"

    async def written() -> None:
        storage = open_storage(path, clock=lambda: NOW)
        await storage.write(lambda tx: write(tx, truths))
        while await storage.write(lambda tx: tx.keep_up(TERMS, most=1000)):
            pass
        await storage.close()

    asyncio.run(written())
    return path


@pytest.fixture
async def storage(desk: Path) -> AsyncIterator[SQLiteStorage]:
    opened = open_storage(desk, clock=lambda: NOW)
    yield opened
    await opened.close()


def month(number: int) -> Period:
    return Period(datetime(2026, number, 1, tzinfo=UTC), datetime(2026, number + 1, 1, tzinfo=UTC))


def rank(lengths: list[int], share: float) -> timedelta | None:
    ordered = sorted(lengths)
    least = next((n for n in range(1, len(ordered) + 1) if n >= share * len(ordered)), None)
    return None if least is None else ordered[least - 1] * MINUTE


async def test_every_month_of_every_department_is_what_it_was(storage: SQLiteStorage, truths: list[Truth]) -> None:
    assert len(truths) > 350
    for department in (None, *DEPARTMENTS):
        scope = Scope(Sight(None, None), ((Dimension.DEPARTMENT, department),) if department else ())
        own = [t for t in truths if not t.merged and department in (None, t.department)]
        for number in range(1, 7):
            period = month(number)
            totals = await storage.read(lambda tx, s=scope, p=period: tx.totals(s, p, "UTC"))

            def within(moment: datetime | None, period: Period = period) -> bool:
                return moment is not None and period.start <= moment < period.end

            closed = [t for t in own if within(t.closed)]
            answered = [t for t in own if within(t.answered)]
            stars = [t.stars for t in own if within(t.rated) and t.stars]
            answers = [t.answer for t in answered if t.answer]
            assert totals.opened == sum(within(t.opened) for t in own)
            assert totals.closed == len(closed)
            assert totals.reopened == sum(within(t.reopened) for t in own)
            assert totals.backlog == sum(
                t.opened < period.end and (t.closed is None or t.closed >= period.end) for t in own
            )
            assert totals.first_response.median_business == rank(answers, 0.5)
            assert totals.first_response.ninth_business == rank(answers, 0.9)
            assert totals.resolution.median_business == rank([t.whole for t in closed if t.whole], 0.5)
            assert totals.first_kept.of == len(answered)
            assert totals.first_kept.kept == sum(length <= TARGET for length in answers)
            assert totals.replies == (pytest.approx(mean(t.replies for t in closed)) if closed else None)
            assert (totals.rating, totals.ratings) == (pytest.approx(mean(stars)) if stars else None, len(stars))


async def test_the_whole_half_year_summed_up(storage: SQLiteStorage, truths: list[Truth]) -> None:
    half = Period(month(1).start, month(6).end)
    own = [t for t in truths if not t.merged]
    everything = Scope(Sight(None, None))

    def query(tx: Transaction) -> tuple[Any, Any, Any]:
        apart = tx.breakdown(Figure.OPENED, Dimension.DEPARTMENT, everything, half, "UTC")
        return tx.totals(everything, half, "UTC"), apart, tx.days(everything, half, "UTC")

    totals, apart, days = await storage.read(query)
    assert totals.opened == len(own)
    assert totals.closed == sum(t.closed is not None and t.closed < half.end for t in own)
    assert apart == {name: sum(t.department == name for t in own) for name in DEPARTMENTS}
    for day, (opened, _) in days.items():
        assert opened == sum(t.opened.date() == day for t in own)
    answers = [t.answer for t in own if t.answered and t.answered < half.end and t.answer]
    exact = rank(answers, 0.5)
    assert exact is not None
    assert abs(totals.first_response.median_business - exact) <= 0.011 * exact
