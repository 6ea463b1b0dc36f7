"""Questions to the lives: totals, breakdowns, rows by the hour, and the tickets behind a figure."""

from __future__ import annotations

import json
from collections import Counter
from datetime import date, time, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from desk.calendar import percentile
from desk.figures import AGES, Dimension, Ever, Figure, Share, Spread, Totals
from desk.tally import TOLD_APART, Tally, from_json, summed
from storage import figure_sql as sql
from storage.figure_sql import HOUR
from storage.tables import EPOCH, MICROSECOND

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import Select

    from desk.figures import Period, Scope
    from storage.statement import Runner

EXACT_FOR = timedelta(days=93)  # a quarter; longer periods are summed up from tallies


class FigureRows:
    """The figures' part of `desk.ports.Transaction`."""

    _connection: Runner
    now: datetime

    def totals(self, scope: Scope, period: Period, zone: str = "UTC") -> Totals:
        """All figures of that scope and period. Over more than a quarter the medians and percentiles are exact to 1 %
        where the scope is not narrowed; everything else always is exact.
        """
        awaiting, unassigned = (
            self.count_behind(figure, scope, period) for figure in (Figure.AWAITING, Figure.UNASSIGNED)
        )
        ages = self._ages(scope, period)
        if _long(period) and (sums := self.summed(scope, period, zone)) is not None:
            return _totals(sums, ages, awaiting, unassigned)
        opened, reopened = (self.count_behind(figure, scope, period) for figure in (Figure.OPENED, Figure.REOPENED))
        closed, replies = self._one(Figure.CLOSED, scope, period, "count", "replies")
        ratings, stars = self._one(Figure.RATING, scope, period, "count", "stars")
        first_of, first_kept = self._one(Figure.FIRST_KEPT, scope, period, "count", "first_kept")
        kept, missed = self._one(Figure.NEXT_KEPT, scope, period, "next_kept", "next_missed")
        ended, ended_kept = self._one(Figure.RESOLUTION_KEPT, scope, period, "count", "resolution_kept")
        return Totals(
            opened=opened,
            closed=closed,
            reopened=reopened,
            backlog=sum(ages),
            backlog_by_age=ages,
            awaiting=awaiting,
            unassigned=unassigned,
            first_response=self._spread(Figure.FIRST_RESPONSE, "first", scope, period),
            resolution=self._spread(Figure.RESOLUTION, "resolution", scope, period),
            replies=replies / closed if closed else None,
            rating=stars / ratings if ratings else None,
            ratings=ratings,
            first_kept=Share(first_kept or 0, first_of),
            next_kept=Share(kept or 0, (kept or 0) + (missed or 0)),
            resolution_kept=Share(ended_kept or 0, ended),
        )

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

    def breakdown(
        self, figure: Figure, by: Dimension, scope: Scope, period: Period, zone: str = "UTC"
    ) -> Mapping[str, int]:
        """How many tickets stand behind a figure, by the ids of one dimension ("" = none), the largest first."""
        if _long(period) and by not in (Dimension.CLIENT, Dimension.TAG) and figure in TOLD_APART:
            sums = self.summed(scope, period, zone)
            if sums is not None:
                return dict(sorted(sums.by(figure, by).items(), key=lambda row: (-row[1], row[0])))
        query = sql.asking(figure, sql.shape(scope), "count", by=by)
        rows = [("" if key is None else str(key), number) for key, number in self._run(query, scope, period)]
        return dict(sorted(rows, key=lambda row: (-row[1], row[0])))

    def count_behind(self, figure: Figure, scope: Scope, period: Period) -> int:
        """How many tickets stand behind a figure."""
        if figure is Figure.BACKLOG:
            return sum(self._ages(scope, period))
        return int(self._one(figure, scope, period, "count")[0])

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
        kind = "first" if figure is Figure.FIRST_RESPONSE else "resolution"
        rows = self._run(sql.asking(figure, sql.shape(scope), f"{kind}_business"), scope, period)
        return [length * MICROSECOND for (length,) in rows]

    def _spread(self, figure: Figure, kind: str, scope: Scope, period: Period) -> Spread:
        query = sql.asking(figure, sql.shape(scope), f"{kind}_business", f"{kind}_clock")
        rows = list(self._run(query, scope, period))
        business, clock = [row[0] for row in rows], [row[1] for row in rows]
        return Spread(
            len(rows),
            *(_length(percentile(values, share)) for values in (business, clock) for share in (0.5, 0.9)),
        )

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

    def _one(self, figure: Figure, scope: Scope, period: Period, *what: str) -> Sequence[Any]:
        row = next(iter(self._run(sql.asking(figure, sql.shape(scope), *what), scope, period)))
        return [value or 0 if name == "count" else value for name, value in zip(what, row, strict=True)]

    def _run(self, query: Select[Any], scope: Scope, period: Period) -> Iterable[Sequence[Any]]:
        found: Iterable[Sequence[Any]] = self._connection.execute(query, sql.given(scope, period))
        return found


def _length(length: Any) -> timedelta | None:
    return None if length is None else length * MICROSECOND


def _long(period: Period) -> bool:
    """Whether there is so much in it that tallies are asked instead of every life."""
    return period.end - period.start > EXACT_FOR


def _next_month(day: date) -> date:
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1)


def _totals(sums: Tally, ages: tuple[int, ...], awaiting: int, unassigned: int) -> Totals:
    closed, ratings = sums.counts[Figure.CLOSED], sums.counts["ratings"]
    return Totals(
        opened=sums.counts[Figure.OPENED],
        closed=closed,
        reopened=sums.counts[Figure.REOPENED],
        backlog=sum(ages),
        backlog_by_age=ages,
        awaiting=awaiting,
        unassigned=unassigned,
        first_response=sums.spread("first"),
        resolution=sums.spread("resolution"),
        replies=sums.counts["replies"] / closed if closed else None,
        rating=sums.counts["stars"] / ratings if ratings else None,
        ratings=ratings,
        first_kept=sums.share(Figure.FIRST_KEPT, f"{Figure.FIRST_KEPT}_of"),
        next_kept=sums.share("next_kept", "next_of"),
        resolution_kept=sums.share(Figure.RESOLUTION_KEPT, f"{Figure.RESOLUTION_KEPT}_of"),
    )
