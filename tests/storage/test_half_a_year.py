"""Half a year of a desk's traffic, made so that its true figures are known by construction, against what /stats says.

The truth is counted here in whole minutes of a list of all office minutes; nothing of desk/ reckons it.
"""

from __future__ import annotations

import asyncio
import random
from bisect import bisect_left
from contextlib import ExitStack
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
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

    from desk.events import Event
    from desk.ports import Storage, Transaction

FIRST, DAYS = date(2026, 1, 1), 181
DEPARTMENTS = {"it": 5, "hr": 2, "facilities": 1}  # how often, one beside the other
MINUTE = timedelta(minutes=1)
OFFICE = Calendar("UTC", ((Span(9 * 60, 12 * 60), Span(13 * 60, 17 * 60)),) * 5 + ((), ()))
TARGET = 120  # minutes to the first answer
TERMS = Terms(
    dict.fromkeys(DEPARTMENTS, OFFICE), Policy((Level("", "", Targets(first_response=TARGET * MINUTE)),)), "UTC"
)
CLIENTS, AGENTS = (1, 2, 3, 4, 5, 6, 7), (8, 9, 10)
OTHERS = {
    "product": ("laptop", "intranet", "payroll"),
    "priority": ("low", "normal", "urgent"),
    "channel": ("slack", "discord"),
    "client": CLIENTS,
}
TAGS = ("vip", "v_p", "new")  # one whose name holds a sign of patterns
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
    product: str = ""
    priority: str = ""
    channel: str = ""
    client: int = 0
    agent: int = 0  # 0: nobody
    tags: tuple[str, ...] = ()
    answered: datetime | None = None
    answer: int | None = None
    closed: datetime | None = None
    whole: int | None = None
    reopened: datetime | None = None
    replies: int = 0
    stars: int | None = None
    rated: datetime | None = None
    merged: bool = False

    def under(self, by: Dimension) -> tuple[str, ...]:
        """The values of a dimension that it counts for."""
        if by is Dimension.TAG:
            return self.tags or ("",)
        value = getattr(self, by.value)
        return (str(value) if value else "",)

    steps: list[tuple[datetime, int | None, Event]] = field(default_factory=list)


def later(moment: datetime, minutes: int) -> datetime:
    """So many office minutes on: the end of the last of them is the beginning of the next."""
    return OPEN[bisect_left(OPEN, moment) + minutes]


def status(old: Status, new: Status) -> TicketChanged:
    return TicketChanged(0, "status", (Change("status", old, new),))


def changed(field: str, old: str, new: str) -> TicketChanged:
    return TicketChanged(0, field, (Change(field, old, new),))


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
            truth = Truth(department, opened, **{name: chance.choice(many) for name, many in OTHERS.items()})  # type: ignore[arg-type] # each of its own kind
            found.append(lived(truth, chance))
    return sorted(found, key=lambda truth: truth.opened)


def lived(truth: Truth, chance: random.Random) -> Truth:
    steps, client = truth.steps, truth.client
    truth.tags = tuple(sorted(chance.sample(TAGS, chance.choice((0, 0, 1, 2)))))
    if truth.tags:
        steps.append((truth.opened + MINUTE, AGENTS[0], changed("tags", "", " ".join(truth.tags))))
    agent = AGENTS[0]
    if chance.random() < 0.9:  # perhaps given on to another, who then has it
        for _ in range(chance.choice((1, 1, 2))):
            old, agent = truth.agent, chance.choice(AGENTS)
            if agent != old:
                steps.append((truth.opened + MINUTE, agent, changed("agent", str(old or ""), str(agent))))
                truth.agent = agent
    if chance.random() < 0.04:
        truth.merged = True
        steps.append((truth.opened + MINUTE, agent, changed("merged_into", "", "1")))
        return truth
    steps.append((truth.opened + MINUTE, agent, MessageSaid(0, 1, "note", "internal")))  # bends nothing
    if chance.random() < 0.08:
        return truth
    truth.answer = chance.randrange(1, 400)
    now = truth.answered = later(truth.opened, truth.answer)
    steps.append((now, agent, MessageSaid(0, 1, "reply", "agents")))
    truth.replies, worked, state = 1, truth.answer, Status.NEW
    if chance.random() < 0.4:  # on hold for the client, who answers
        steps.append((now, agent, status(state, Status.ON_HOLD)))
        now = later(now, chance.randrange(1, 900))
        steps += [(now, client, MessageSaid(0, 1, "reply", "client")),
                  (now, None, status(Status.ON_HOLD, Status.IN_PROGRESS))]  # fmt: skip
        truth.replies, state = 2, Status.IN_PROGRESS
    if chance.random() < 0.12:
        return truth
    more = chance.randrange(1, 1200)
    now, worked = later(now, more), worked + more
    steps.append((now, agent, status(state, Status.CLOSED)))
    if chance.random() < 0.5:
        steps.append((now + MINUTE, client, MessageSaid(0, 1, "reply", "client")))  # thanks
        truth.replies += 1
    if chance.random() < 0.15:  # and yet
        again = later(now + 2 * MINUTE, chance.randrange(60, 2000))
        steps.append((again, client, status(Status.CLOSED, Status.IN_PROGRESS)))
        truth.reopened, more = again, chance.randrange(1, 300)
        now, worked = later(again, more), worked + more
        steps.append((now, agent, status(Status.IN_PROGRESS, Status.CLOSED)))
    truth.closed, truth.whole = now, worked
    if chance.random() < 0.5:
        truth.stars, truth.rated = chance.randint(1, 5), now + 3 * MINUTE
        steps.append((truth.rated, client, TicketRated(0, truth.stars)))
    return truth


def write(tx: Any, truths: list[Truth]) -> None:
    """All that happened, at its own time."""
    for number in (*CLIENTS, *AGENTS):
        assert tx.add_person(AccountRef("slack", f"U{number}"), name=f"P{number}", locale="").id == number
    happened = sorted(
        ((at, number, who, event) for number, truth in enumerate(truths, 1) for at, who, event in
         [(truth.opened, truth.client, None), *truth.steps]),
        key=lambda step: step[:1],
    )  # fmt: skip
    numbers: dict[int, int] = {}
    for at, index, who, event in happened:
        tx.now = at
        if event is None:
            truth = truths[index - 1]
            of = {"department": truth.department, "product": truth.product, "priority": truth.priority}
            ticket = tx.add_ticket(subject="s", client_id=truth.client, channel=truth.channel, **of)
            numbers[index] = ticket.number
            tx.record(TicketOpened(ticket.number, 1, truth.client, truth.channel, **of), actor_id=truth.client, to=())
        else:
            values = {name: getattr(event, name) for name in event.__dataclass_fields__}
            tx.record(type(event)(**values | {"ticket": numbers[index]}), actor_id=who, to=())


@pytest.fixture(scope="module")
def truths() -> list[Truth]:
    return made(random.Random(2026))


NOW = MIDNIGHT + (DAYS + 80) * timedelta(days=1)


@pytest.fixture(scope="module", params=("sqlite", "postgresql"))
def desk(
    truths: list[Truth], tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[Path | str]:
    """Written once on each database for all tests, which only look."""

    async def written(where: Path | str) -> None:
        storage = open_storage(where, clock=lambda: NOW)
        await storage.write(lambda tx: write(tx, truths))
        while await storage.write(lambda tx: tx.keep_up(TERMS, most=1000)):
            pass
        await storage.close()

    with ExitStack() as made:
        where: Path | str = tmp_path_factory.mktemp("half-a-year") / "desk.sqlite3"
        if request.param == "postgresql":
            where = made.enter_context(request.getfixturevalue("postgresql").database())
        asyncio.run(written(where))
        yield where


@pytest.fixture
async def storage(desk: Path | str) -> AsyncIterator[Storage]:
    opened = open_storage(desk, clock=lambda: NOW)
    yield opened
    await opened.close()


def month(number: int) -> Period:
    return Period(datetime(2026, number, 1, tzinfo=UTC), datetime(2026, number + 1, 1, tzinfo=UTC))


def rank(lengths: list[int], share: float) -> timedelta | None:
    ordered = sorted(lengths)
    least = next((n for n in range(1, len(ordered) + 1) if n >= share * len(ordered)), None)
    return None if least is None else ordered[least - 1] * MINUTE


async def test_every_month_of_every_department_is_what_it_was(storage: Storage, truths: list[Truth]) -> None:
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


async def test_the_whole_half_year_summed_up(storage: Storage, truths: list[Truth]) -> None:
    half = Period(month(1).start, month(6).end)
    own = [t for t in truths if not t.merged]
    everything = Scope(Sight(None, None))

    def query(tx: Transaction) -> tuple[Any, Any, Any]:
        apart = tx.apart(Dimension.DEPARTMENT, [Figure.OPENED], everything, half, "UTC", most=None)
        counts = {value: totals.opened for value, totals in apart.items()}
        return tx.totals(everything, half, "UTC"), counts, tx.days(everything, half, "UTC")

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


SOME_DAY = Period(datetime(2026, 1, 20, tzinfo=UTC), datetime(2026, 5, 17, tzinfo=UTC))
PERIODS = {"a month": month(3), "any two dates": SOME_DAY, "half a year": Period(month(1).start, month(6).end)}


@pytest.mark.parametrize("length", PERIODS)
@pytest.mark.parametrize("by", Dimension)
async def test_every_figure_of_every_dimension_is_what_it_was(
    storage: Storage, truths: list[Truth], by: Dimension, length: str
) -> None:
    period = PERIODS[length]
    within = 0 if length == "a month" else 0.011  # longer periods are summed up, durations in steps
    mine: dict[str, list[Truth]] = {}
    for truth in truths:
        for value in () if truth.merged else truth.under(by):
            mine.setdefault(value, []).append(truth)

    def query(tx: Transaction) -> tuple[Any, list[Any]]:
        everything = Scope(Sight(None, None))
        narrowed = [
            tx.totals(Scope(Sight(None, None), ((by, value),)), period, "UTC", by_age=False) for value in sorted(mine)
        ]
        return tx.apart(by, tuple(Figure), everything, period, "UTC", most=200), narrowed

    found, narrowed = await storage.read(query)
    assert set(found) == set(mine)
    for value, totals in found.items():
        true(totals, mine[value], period, within)
    # The same for what is narrowed to one value.
    for value, totals in zip(sorted(mine), narrowed, strict=True):
        true(totals, mine[value], period, within)


def true(totals: Any, own: list[Truth], period: Period, within: float) -> None:
    def lies(moment: datetime | None) -> bool:
        return moment is not None and period.start <= moment < period.end

    closed, answered = [t for t in own if lies(t.closed)], [t for t in own if lies(t.answered)]
    stars = [t.stars for t in own if lies(t.rated) and t.stars]
    answers, wholes = [t.answer for t in answered if t.answer], [t.whole for t in closed if t.whole]
    assert totals.opened == sum(lies(t.opened) for t in own)
    assert (totals.closed, totals.reopened) == (len(closed), sum(lies(t.reopened) for t in own))
    assert totals.backlog == sum(t.opened < period.end and (t.closed is None or t.closed >= period.end) for t in own)
    assert (totals.first_kept.of, totals.first_kept.kept) == (len(answered), sum(a <= TARGET for a in answers))
    assert totals.replies == (pytest.approx(mean(t.replies for t in closed)) if closed else None)
    assert (totals.rating, totals.ratings) == (pytest.approx(mean(stars)) if stars else None, len(stars))
    for spread, lengths in ((totals.first_response, answers), (totals.resolution, wholes)):
        assert spread.count == len(lengths)
        for length, share in ((spread.median_business, 0.5), (spread.ninth_business, 0.9)):
            exact = rank(lengths, share)
            assert (length is None) == (exact is None)
            assert exact is None or abs(length - exact) <= within * exact
