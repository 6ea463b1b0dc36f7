"""Business time, against a reckoning so slow and plain that it must be right, and by hand where clocks change."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from desk.calendar import ALWAYS, DAY_MINUTES, Calendar, Running, Span, percentile

OFFICE = (Span(9 * 60, 12 * 60 + 30), Span(13 * 60 + 30, 17 * 60))
PARIS = Calendar("Europe/Paris", (OFFICE,) * 5 + ((), ()), frozenset({date(2026, 5, 1), date(2026, 12, 25)}))
MINUTE = timedelta(minutes=1)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def slowly(calendar: Calendar, start: datetime, end: datetime) -> timedelta:
    """Minute by minute, by the wall clock of the department."""
    total, moment = 0, start
    while moment < end:
        wall = moment.astimezone(calendar._zone)
        minutes = wall.hour * 60 + wall.minute
        is_open = any(span.start <= minutes < span.end for span in calendar.week[wall.weekday()])
        total += is_open and wall.date() not in calendar.closed
        moment += MINUTE
    return total * MINUTE


# Clocks change at night; the hand-made cases below look at spans that lie across a change.
spans = st.lists(st.integers(4 * 60, 23 * 60), min_size=0, max_size=6, unique=True).map(
    lambda ends: tuple(Span(a, b) for a, b in zip(*[iter(sorted(ends))] * 2, strict=False))
)
calendars = st.builds(
    Calendar,
    st.sampled_from(["Europe/Paris", "America/New_York", "Asia/Kolkata", "UTC"]),
    st.tuples(*[spans] * 7),
    st.frozensets(st.dates(date(2026, 3, 25), date(2026, 4, 8)), max_size=4),
)
minutes = st.integers(0, 14 * DAY_MINUTES).map(lambda offset: at("2026-03-25") + offset * MINUTE)


@given(calendar=calendars, start=minutes, end=minutes)
@settings(max_examples=60)
def test_time_between_two_moments(calendar: Calendar, start: datetime, end: datetime) -> None:
    assert calendar.between(start, end) == slowly(calendar, start, end)


@given(calendar=calendars, start=minutes, amount=st.integers(1, 3000).map(lambda count: count * MINUTE))
@settings(max_examples=100)
def test_a_due_time_is_the_first_moment_at_which_the_time_has_passed(
    calendar: Calendar, start: datetime, amount: timedelta
) -> None:
    due = calendar.after(start, amount)
    if due is None:
        nine_years = timedelta(days=9 * 365)  # it looks ten years ahead: minutes in a week may be too few for it
        assert calendar.between(start, start + nine_years) < amount
        return
    assert calendar.between(start, due) == amount
    assert calendar.between(start, due - MINUTE) < amount


@pytest.mark.parametrize(
    ("start", "end", "minutes_open"),
    (
        ("2026-01-05T08:00", "2026-01-05T16:00", 7 * 60),  # a Monday, 9 to 17 in Paris, an hour's break
        ("2026-01-09T15:30", "2026-01-12T08:30", 60),  # over a weekend: half an hour on each side
        ("2026-04-30T14:00", "2026-05-04T07:30", 60 + 30),  # Labour Day is off
        ("2026-01-05T11:45", "2026-01-05T12:15", 0),  # in the break
        ("2026-01-05T16:00", "2026-01-05T08:00", 0),  # backwards
    ),
)
def test_by_hand(start: str, end: str, minutes_open: int) -> None:
    assert PARIS.between(at(start), at(end)) == minutes_open * MINUTE


@pytest.mark.parametrize(
    ("day", "span", "minutes_open"),
    (
        ("2026-03-29", Span(60, 240), 120),  # 1:00 to 4:00 on the night that is an hour short
        ("2026-03-29", Span(150, 240), 60),  # opens at 2:30, which there is not: at 3:00
        ("2026-03-29", Span(60, 150), 60),  # closes at 2:30, which there is not: at 3:00
        ("2026-10-25", Span(60, 240), 240),  # an hour long
        ("2026-10-25", Span(60, 150), 150),  # closes the second time that it is 2:30
        ("2026-03-29", Span(0, DAY_MINUTES), 23 * 60),
    ),
)
def test_when_clocks_change(day: str, span: Span, minutes_open: int) -> None:
    today = date.fromisoformat(day).weekday()
    calendar = Calendar("Europe/Paris", tuple((span,) if number == today else () for number in range(7)))
    around = calendar.between(at(day) - timedelta(days=1), at(day) + timedelta(days=2))
    assert around == minutes_open * MINUTE


def test_a_clock_that_is_paused() -> None:
    clock = Running.of(
        [
            (at("2026-01-05T08:00"), True),
            (at("2026-01-05T09:00"), False),  # on hold for the client
            (at("2026-01-05T15:00"), True),
            (at("2026-01-05T15:30"), True),  # said again: nothing new
        ]
    )
    assert clock.runs
    assert clock.passed(PARIS, at("2026-01-05T15:30")) == timedelta(hours=1, minutes=30)
    assert clock.passed(PARIS, at("2026-01-05T10:00")) == timedelta(hours=1)
    assert clock.reaches(PARIS, timedelta(hours=1)) == at("2026-01-05T09:00")
    assert clock.reaches(PARIS, timedelta(hours=2)) == at("2026-01-05T16:00")
    assert clock.reaches(PARIS, timedelta(hours=3)) == at("2026-01-06T09:00")
    assert Running.of([(at("2026-01-05T08:00"), True), (at("2026-01-05T09:00"), False)]).reaches(
        PARIS, timedelta(hours=2)
    ) is None  # fmt: skip


def test_mistakes_are_refused() -> None:
    with pytest.raises(ValueError, match="overlap"):
        Calendar("UTC", ((Span(0, 60), Span(30, 90)),) * 7)
    with pytest.raises(ValueError, match="end after it begins"):
        Span(600, 540)
    with pytest.raises(ValueError, match="days"):
        Calendar("UTC", ())


def test_clock_time_never_closes() -> None:
    assert ALWAYS.never_closes
    assert ALWAYS.between(at("2026-01-01"), at("2026-02-01")) == timedelta(days=31)
    assert ALWAYS.after(at("2026-01-01"), timedelta(days=1)) == at("2026-01-02")


def test_percentiles_by_nearest_rank() -> None:
    hours = [timedelta(hours=count) for count in (1, 2, 3, 4, 5, 6, 7, 8, 9, 10)]
    assert percentile(hours, 0.5) == timedelta(hours=5)
    assert percentile(hours, 0.9) == timedelta(hours=9)
    assert percentile(hours, 1.0) == timedelta(hours=10)
    assert percentile(hours[:1], 0.9) == timedelta(hours=1)
    assert percentile([], 0.5) is None
