"""Business time: a department's weekly hours in its own time zone, less its holidays, as real elapsed time.

A day's span such as 9:00 to 17:00 opens the first time that the wall clock shows 9:00 and closes the last time that it
shows 17:00; where clocks skip that time, it opens or closes when they have skipped it.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from math import ceil
from typing import TYPE_CHECKING, TypeVar
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

DAY_MINUTES = 24 * 60
WEEK_DAYS = 7
FURTHEST = 3700  # days looked ahead for a due time: ten years; a calendar that is closed for longer has none
KEPT = 4000  # days whose moments are remembered
_MINUTE = timedelta(minutes=1)

Length = TypeVar("Length", timedelta, int)
"""A duration, or a count of its units."""


@dataclass(frozen=True, slots=True)
class Span:
    """Minutes after midnight, from `start` up to and without `end` (1440 = midnight at the day's end)."""

    start: int
    end: int

    def __post_init__(self) -> None:
        if not 0 <= self.start < self.end <= DAY_MINUTES:
            raise ValueError(f"a span from minute {self.start} to {self.end}: it must end after it begins, in one day")


@dataclass(frozen=True, slots=True)
class Calendar:
    """When a department works. `week` has seven tuples of spans, Monday first, in order and apart from each other;
    `closed` are days off, `zone` an IANA name. ValueError where the spans overlap or a zone is unknown.
    """

    zone: str
    week: tuple[tuple[Span, ...], ...]
    closed: frozenset[date] = frozenset()
    never_closes: bool = field(init=False, repr=False, compare=False)
    """Whether business time is clock time."""
    _zone: ZoneInfo = field(init=False, repr=False, compare=False)
    _days: dict[date, Sequence[tuple[datetime, datetime]]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if len(self.week) != WEEK_DAYS:
            raise ValueError(f"a week of {len(self.week)} days")
        for spans in self.week:
            for before, after in itertools.pairwise(spans):
                if after.start < before.end:
                    raise ValueError(f"spans overlap: {before} and {after}")
        always = not self.closed and all(spans == (Span(0, DAY_MINUTES),) for spans in self.week)
        object.__setattr__(self, "never_closes", always)
        object.__setattr__(self, "_zone", ZoneInfo(self.zone))
        object.__setattr__(self, "_days", {})

    def between(self, start: datetime, end: datetime) -> timedelta:
        """Business time from `start` to `end` (aware); zero where `end` is not later."""
        total = timedelta()
        if end <= start:
            return total
        if self.never_closes:
            return end - start
        for opens, closes in self.openings(start):
            if opens >= end:
                break
            total += max(min(closes, end) - max(opens, start), timedelta())
        return total

    def after(self, start: datetime, amount: timedelta) -> datetime | None:
        """The first moment at which so much business time has passed since `start`, in UTC; None where the calendar
        is closed for years.
        """
        if amount <= timedelta():
            return start.astimezone(UTC)
        if self.never_closes:
            return (start + amount).astimezone(UTC)
        left = amount
        for opens, closes in self.openings(start):
            begins = max(opens, start)
            if closes - begins >= left:
                return begins + left
            left -= max(closes - begins, timedelta())
        return None

    def openings(self, since: datetime) -> Iterator[tuple[datetime, datetime]]:
        """The open spans that end after `since`, in order, as moments in UTC, for the next ten years."""
        day = since.astimezone(self._zone).date()
        for offset in range(-1, FURTHEST):
            for opens, closes in self._on(day + timedelta(days=offset)):
                if closes > since:
                    yield opens, closes

    def _on(self, day: date) -> Sequence[tuple[datetime, datetime]]:
        """The open spans of a day as moments. Kept: every ticket of these days is reckoned by them again and again."""
        found = self._days.get(day)
        if found is None:
            spans = () if day in self.closed else self.week[day.weekday()]
            found = [(self._moment(day, span.start, fold=0), self._moment(day, span.end, fold=1)) for span in spans]
            if len(self._days) >= KEPT:
                self._days.clear()
            self._days[day] = found
        return found

    def _moment(self, day: date, minutes: int, *, fold: int) -> datetime:
        """That wall-clock time as a moment; the end of the gap where clocks skip it."""
        wall = datetime.combine(day, time()) + timedelta(minutes=minutes)
        while True:
            moment = wall.replace(tzinfo=self._zone, fold=fold).astimezone(UTC)
            if moment.astimezone(self._zone).replace(tzinfo=None) == wall:
                return moment
            wall += _MINUTE


ALWAYS = Calendar("UTC", ((Span(0, DAY_MINUTES),),) * WEEK_DAYS)
"""Never closed: clock time."""


@dataclass(frozen=True, slots=True)
class Running:
    """The stretches of time during which a clock ran: `spans` in order and apart; the last may have no end yet."""

    spans: tuple[tuple[datetime, datetime | None], ...]

    @classmethod
    def of(cls, switches: Iterable[tuple[datetime, bool]]) -> Running:
        """From the moments at which it was started (True) or stopped (False), in order; repetitions are nothing."""
        spans: list[tuple[datetime, datetime | None]] = []
        for at, runs in switches:
            open_now = bool(spans) and spans[-1][1] is None
            if runs and not open_now:
                spans.append((at, None))
            elif not runs and open_now:
                spans[-1] = (spans[-1][0], at)
        return cls(tuple(spans))

    @property
    def runs(self) -> bool:
        return bool(self.spans) and self.spans[-1][1] is None

    def passed(self, calendar: Calendar, now: datetime) -> timedelta:
        """Business time on this clock up to `now`."""
        return sum((calendar.between(start, min(end or now, now)) for start, end in self.spans), timedelta())

    def reaches(self, calendar: Calendar, amount: timedelta) -> datetime | None:
        """When so much has passed on it: a moment that was, or, while it runs, that will be; else None."""
        left = amount
        for start, end in self.spans:
            reached = calendar.after(start, left)
            if reached is not None and (end is None or reached <= end):
                return reached
            if end is None:
                return None
            left -= calendar.between(start, end)
        return None


def percentile(values: Iterable[Length], share: float) -> Length | None:
    """The smallest value that at least `share` (0 to 1) of all do not exceed (nearest rank); None of nothing."""
    ordered = sorted(values)
    return ordered[max(ceil(share * len(ordered)) - 1, 0)] if ordered else None
