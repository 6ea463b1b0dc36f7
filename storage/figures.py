"""Questions to the lives: totals, rows by the hour, and the tickets behind a figure."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from datetime import date, time, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from desk.figures import AGES, EXACT_FOR, Ever, Figure, Period, Totals
from desk.tally import Tally, from_json, summed
from storage import figure_sql as sql
from storage.apart import COUNTED_FOR, KINDS, ApartRows, Exact, Summed, spreads_of, totals_of
from storage.apart_sql import STANDING
from storage.figure_sql import HOUR
from storage.tables import EPOCH, MICROSECOND

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import Select

    from desk.figures import Scope
    from storage.statement import Runner


class FigureRows(ApartRows):
    """The figures' part of `desk.ports.Transaction`."""

    _connection: Runner
    now: datetime

    def totals(self, scope: Scope, period: Period, zone: str = "UTC", *, by_age: bool = True) -> Totals:
        """All figures of that scope and period. Over more than a quarter the medians and percentiles are exact to 1 %
        where the scope is narrowed to no more than one value (and to no client); everything else always is exact.
        Without `by_age`, the backlog is a number only.
        """
        length = period.end - period.start
        done = [figure for figure in Figure if figure not in STANDING]
        summed = self._done(scope, period, zone) if length > COUNTED_FOR else None
        if summed is None:
            totals = totals_of(self._exact(None, done, scope, period).get("", Exact()), done)
        elif length > EXACT_FOR:
            totals = totals_of(summed, done)
        else:
            times = self._exact(None, tuple(KINDS), scope, period).get("", Exact())
            totals = replace(totals_of(summed, ()), **spreads_of(times, tuple(KINDS)))
        ages = self._ages(scope, period) if by_age else ()
        now = self._exact(None, [Figure.AWAITING, Figure.UNASSIGNED], scope, period).get("", Exact()).counts
        return replace(
            totals,
            backlog=sum(ages) if by_age else self._standing(scope, period, zone),
            backlog_by_age=ages,
            awaiting=now["awaiting"],
            unassigned=now["unassigned"],
        )

    def _done(self, scope: Scope, period: Period, zone: str) -> Summed | Tally | None:
        """What was done in the period, out of tallies or slices. None where they cannot tell."""
        if (whole := self.summed(scope, period, zone)) is not None:
            return whole
        if len(scope.narrowed) != 1:
            return None
        by, value = scope.narrowed[0]
        done = [figure for figure in Figure if figure not in STANDING]
        found = self._summed(by, done, scope, period, zone, value)
        return None if found is None else found.get(value, Summed())

    def _standing(self, scope: Scope, period: Period, zone: str) -> int:
        """The backlog as a number."""
        if period.end <= self.now - EXACT_FOR:
            before = self.summed(scope, Period(EPOCH.replace(tzinfo=ZoneInfo(zone)), period.end), zone)
            if before is not None:
                return before.counts["opened"] - before.counts["closed"]
        return self._exact(None, [Figure.BACKLOG], scope, period).get("", Exact()).counts["backlog"]

    def ever(self, scope: Scope) -> Ever:
        """Of all time, quick for a scope that is narrowed to a client."""
        total, closed, ratings, stars = self._connection.execute(sql.ever(sql.shape(scope)), sql.given(scope)).one()
        return Ever(total, closed, ratings, stars or 0)

    def days(self, scope: Scope, period: Period, zone: str) -> Mapping[date, tuple[int, int]] | None:
        """How many were opened and closed on each day of the house in that period. None for a narrowed scope."""
        if scope.narrowed or sql.how_seen(scope.sight) in ("own", "nothing"):
            return None
        here = ZoneInfo(zone)
        first, after = (moment.astimezone(here).date().toordinal() for moment in (period.start, period.end))
        given = sql.given(scope) | {"grain_": "day", "first": first, "after_": after}
        rows = self._connection.execute(sql.daily(sql.how_seen(scope.sight)), given)
        return {date.fromordinal(start): (opened, closed) for start, opened, closed in rows}

    def count_behind(self, figure: Figure, scope: Scope, period: Period, zone: str = "UTC") -> int:
        """How many tickets (for `NEXT_KEPT`: answers) a figure is reckoned from."""
        if figure is Figure.BACKLOG:
            return self._standing(scope, period, zone)
        exact = self._exact(None, [figure], scope, period).get("", Exact())
        return totals_of(exact, [figure]).behind(figure)

    def behind(
        self, figure: Figure, scope: Scope, period: Period, *, after: int | None = None, most: int
    ) -> Sequence[int]:
        """The numbers of the tickets behind a figure, the newest first; those before `after`, where given."""
        query = sql.behind(figure, sql.shape(scope), after is not None)
        given = sql.given(scope, period) | {"most": most} | ({} if after is None else {"after": after})
        return [number for (number,) in self._connection.execute(query, given)]

    def by_hour(self, what: str, scope: Scope, period: Period) -> Mapping[datetime, int]:
        """How many tickets were "opened" or "closed" in each hour that had any, by the hour's start in UTC."""
        rows = self._run(sql.hours(what, sql.shape(scope)), scope, period)
        return {EPOCH + hour * HOUR: number for hour, number in rows}

    def durations(self, figure: Figure, scope: Scope, period: Period) -> Sequence[timedelta]:
        """Of first responses or resolutions, in business time, in no order."""
        found = self._exact(None, [figure], scope, period).get("", Exact())
        return [business * MICROSECOND for business in found.lengths.get(KINDS[figure], ([], []))[0]]

    def _ages(self, scope: Scope, period: Period) -> tuple[int, ...]:
        at = min(self.now, period.end)
        counts = Counter(
            sum(at - opened_at >= age for age in AGES)
            for still in (True, False)
            for (opened_at,) in self._run(sql.standing(sql.shape(scope), still), scope, period)
        )
        return tuple(counts[place] for place in range(len(AGES) + 1))

    def summed(self, scope: Scope, period: Period, zone: str) -> Tally | None:
        """The period's tallies in one, out of whole months where it has them. None where tallies cannot tell: in a
        narrowed scope, or for a period of other days than the house's.
        """
        here = ZoneInfo(zone)
        edges = [moment.astimezone(here) for moment in (period.start, period.end)]
        tallied = not scope.narrowed and sql.how_seen(scope.sight) not in ("own", "nothing")
        if not tallied or any(edge.time() != time() for edge in edges):
            return None
        first, after = (edge.date() for edge in edges)
        begins, ends = (first if first.day == 1 else _next_month(first)), after.replace(day=1)
        spans = [("day", first, min(begins, after)), ("month", begins, ends), ("day", max(begins, ends), after)]
        return summed(
            from_json(json.loads(data))
            for grain, start, end in spans
            if start < end
            for (data,) in self._tallies(grain, start.toordinal(), end.toordinal(), scope)
        )

    def _tallies(self, grain: str, first: int, after: int, scope: Scope) -> Iterable[Sequence[Any]]:
        given = sql.given(scope) | {"grain_": grain, "first": first, "after_": after}
        rows: Iterable[Sequence[Any]] = self._connection.execute(sql.summing(sql.how_seen(scope.sight)), given)
        return rows

    def _run(self, query: Select[Any], scope: Scope, period: Period) -> Iterable[Sequence[Any]]:
        found: Iterable[Sequence[Any]] = self._connection.execute(query, sql.given(scope, period))
        return found


def _next_month(day: date) -> date:
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1)
