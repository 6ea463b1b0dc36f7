"""Questions to the lives: totals, breakdowns, rows by the hour, and the tickets behind a figure.

Each figure's condition says in SQL what `desk.figures.stands_behind` says; a test holds them equal.
"""

from __future__ import annotations

import json
from collections import Counter
from datetime import date, time, timedelta
from functools import cache
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from sqlalchemy import BigInteger, and_, bindparam, exists, false, func, literal_column, or_, select, true, type_coerce

from desk.calendar import percentile
from desk.figures import AGES, Dimension, Figure, Share, Spread, Totals
from desk.tally import TOLD_APART, Tally, from_json, summed
from storage.tables import EPOCH, MICROSECOND, lives, tallies, ticket_tags

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import ColumnElement, Select

    from desk.access import Sight
    from desk.figures import Period, Scope
    from storage.statement import Runner

_COLUMNS: Mapping[Dimension, ColumnElement[Any]] = {
    Dimension.DEPARTMENT: lives.c.department,
    Dimension.PRODUCT: lives.c.product,
    Dimension.PRIORITY: lives.c.priority,
    Dimension.CHANNEL: lives.c.channel,
    Dimension.AGENT: lives.c.agent_id,
    Dimension.CLIENT: lives.c.client_id,
}
_PEOPLE = (Dimension.AGENT, Dimension.CLIENT)
HOUR = timedelta(hours=1)
EXACT_FOR = timedelta(days=93)  # a quarter; longer periods are summed up from tallies
_TIMES: Mapping[str, ColumnElement[Any]] = {"opened": lives.c.opened_at, "closed": lives.c.closed_at}

Shape = tuple[str, tuple[Dimension, ...]]
"""What of a scope changes the SQL: how it is seen, and by which dimensions it is narrowed."""


def _within(column: ColumnElement[Any]) -> ColumnElement[bool]:
    return and_(column >= bindparam("start"), column < bindparam("end"))


def _condition(figure: Figure) -> ColumnElement[bool]:
    match figure:
        case Figure.OPENED:
            return _within(lives.c.opened_at)
        case Figure.CLOSED | Figure.RESOLUTION | Figure.REPLIES:
            return _within(lives.c.closed_at)
        case Figure.REOPENED:
            return _within(lives.c.reopened_at)
        case Figure.BACKLOG:
            still = or_(lives.c.closed_at.is_(None), lives.c.closed_at >= bindparam("end"))
            return and_(lives.c.opened_at < bindparam("end"), still)
        case Figure.AWAITING:
            return lives.c.awaiting_since < bindparam("end")
        case Figure.UNASSIGNED:
            return and_(lives.c.closed_at.is_(None), lives.c.agent_id.is_(None), lives.c.opened_at < bindparam("end"))
        case Figure.FIRST_RESPONSE:
            return _within(lives.c.first_reply_at)
        case Figure.RATING:
            return _within(lives.c.rated_at)
        case Figure.FIRST_KEPT:
            return and_(_within(lives.c.first_reply_at), lives.c.first_kept.is_not(None))
        case Figure.NEXT_KEPT:
            return and_(_within(lives.c.closed_at), lives.c.next_kept + lives.c.next_missed > 0)
        case Figure.RESOLUTION_KEPT:
            return and_(_within(lives.c.closed_at), lives.c.resolution_kept.is_not(None))


def _seen(how: str) -> ColumnElement[bool]:
    match how:
        case "all":
            return true()
        case "but":
            return lives.c.department.not_in(bindparam("hidden", expanding=True))
        case "these":
            return lives.c.department.in_(bindparam("departments", expanding=True))
        case "own":
            return lives.c.client_id == bindparam("person")
        case _:
            return false()


def _shape(scope: Scope) -> Shape:
    return _how(scope.sight), tuple(dimension for dimension, _ in scope.narrowed)


def _how(sight: Sight) -> str:
    if sight.departments is None:
        return "but" if sight.hidden else "all"
    if sight.departments:
        return "these"
    return "own" if sight.person_id is not None else "nothing"


def _given(scope: Scope, period: Period | None = None) -> dict[str, Any]:
    """The parameters of a statement of this scope's shape."""
    given: dict[str, Any] = {}
    match _how(scope.sight):
        case "but":
            given["hidden"] = sorted(scope.sight.hidden)
        case "these":
            given["departments"] = sorted(scope.sight.departments or ())
        case "own":
            given["person"] = scope.sight.person_id
    for dimension, value in scope.narrowed:
        given[f"is_{dimension}"] = int(value) if dimension in _PEOPLE else value
    if period is not None:
        given |= {"start": period.start, "end": period.end}
    return given


@cache
def _asking(figure: Figure, shape: Shape, *what: str, by: Dimension | None = None) -> Select[Any]:
    """What is wanted of the lives behind a figure. Cached: each statement is compiled once."""
    wanted: list[Any] = [_WANTED[name]() for name in what]
    key = ticket_tags.c.tag if by is Dimension.TAG else _COLUMNS[by] if by is not None else None
    if key is not None:
        wanted.insert(0, key)
    how, narrowed = shape
    query = select(*wanted).where(lives.c.merged == 0, _condition(figure), _seen(how))
    query = _narrowed(query, narrowed)
    if by is Dimension.TAG:  # a ticket with two tags counts for both
        query = query.join_from(lives, ticket_tags, lives.c.ticket == ticket_tags.c.ticket)
    if key is not None and all(name in _AGGREGATES for name in what):
        query = query.group_by(key)
    return query


def _narrowed(query: Select[Any], dimensions: Sequence[Dimension]) -> Select[Any]:
    """Only lives of one value of each of these, which are given when it is asked."""
    for dimension in dimensions:
        value: Any = bindparam(f"is_{dimension}")
        if dimension is Dimension.TAG:
            query = query.where(exists().where(ticket_tags.c.ticket == lives.c.ticket, ticket_tags.c.tag == value))
        else:
            query = query.where(_COLUMNS[dimension] == value)
    return query


_AGGREGATES: Mapping[str, Callable[[], ColumnElement[Any]]] = {
    "count": func.count,
    "replies": lambda: func.sum(lives.c.replies),
    "stars": lambda: func.sum(lives.c.rating),
    "first_kept": lambda: func.sum(lives.c.first_kept),
    "next_kept": lambda: func.sum(lives.c.next_kept),
    "next_missed": lambda: func.sum(lives.c.next_missed),
    "resolution_kept": lambda: func.sum(lives.c.resolution_kept),
}
_WANTED: Mapping[str, Callable[[], ColumnElement[Any]]] = {
    **_AGGREGATES,
    "first_business": lambda: lives.c.first_business,
    "first_clock": lambda: lives.c.first_clock,
    "resolution_business": lambda: lives.c.resolution_business,
    "resolution_clock": lambda: lives.c.resolution_clock,
    "opened_at": lambda: lives.c.opened_at,
}


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

    def days(self, scope: Scope, period: Period, zone: str) -> Mapping[date, tuple[int, int]] | None:
        """How many were opened and closed on each day of the house in that period. None for a narrowed scope."""
        if scope.narrowed or _how(scope.sight) in ("own", "nothing"):
            return None
        here = ZoneInfo(zone)
        first, after = (moment.astimezone(here).date().toordinal() for moment in (period.start, period.end))
        given = _given(scope) | {"grain_": "day", "first": first, "after_": after}
        rows = self._connection.execute(_daily(_how(scope.sight)), given)
        return {date.fromordinal(start): (opened, closed) for start, opened, closed in rows}

    def breakdown(
        self, figure: Figure, by: Dimension, scope: Scope, period: Period, zone: str = "UTC"
    ) -> Mapping[str, int]:
        """How many tickets stand behind a figure, by the ids of one dimension ("" = none), the largest first."""
        if _long(period) and by not in (Dimension.CLIENT, Dimension.TAG) and figure in TOLD_APART:
            sums = self.summed(scope, period, zone)
            if sums is not None:
                return dict(sorted(sums.by(figure, by).items(), key=lambda row: (-row[1], row[0])))
        query = _asking(figure, _shape(scope), "count", by=by)
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
        query = _behind(figure, _shape(scope), after is not None)
        given = _given(scope, period) | {"most": most} | ({} if after is None else {"after": after})
        return [number for (number,) in self._connection.execute(query, given)]

    def by_hour(self, what: str, scope: Scope, period: Period) -> Mapping[datetime, int]:
        """How many tickets were "opened" or "closed" in each hour that had any, by the hour's start in UTC."""
        rows = self._run(_hours(what, _shape(scope)), scope, period)
        return {EPOCH + hour * HOUR: number for hour, number in rows}

    def durations(self, figure: Figure, scope: Scope, period: Period) -> Sequence[timedelta]:
        """Of first responses or resolutions, in business time, in no order."""
        kind = "first" if figure is Figure.FIRST_RESPONSE else "resolution"
        rows = self._run(_asking(figure, _shape(scope), f"{kind}_business"), scope, period)
        return [length * MICROSECOND for (length,) in rows]

    def _spread(self, figure: Figure, kind: str, scope: Scope, period: Period) -> Spread:
        query = _asking(figure, _shape(scope), f"{kind}_business", f"{kind}_clock")
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
            for (opened_at,) in self._run(_standing(_shape(scope), still), scope, period)
        )
        return tuple(counts[place] for place in range(len(AGES) + 1))

    def summed(self, scope: Scope, period: Period, zone: str) -> Tally | None:
        """The period's tallies in one, out of whole months where it has them. None where tallies cannot tell: in a
        narrowed scope, or for a period of other days than the house's.
        """
        here = ZoneInfo(zone)
        edges = [moment.astimezone(here) for moment in (period.start, period.end)]
        tallied = not scope.narrowed and _how(scope.sight) not in ("own", "nothing")
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
        given = _given(scope) | {"grain_": grain, "first": first, "after_": after}
        rows: Iterable[Sequence[Any]] = self._connection.execute(_summing(_how(scope.sight)), given)
        return rows

    def _one(self, figure: Figure, scope: Scope, period: Period, *what: str) -> Sequence[Any]:
        row = next(iter(self._run(_asking(figure, _shape(scope), *what), scope, period)))
        return [value or 0 if name == "count" else value for name, value in zip(what, row, strict=True)]

    def _run(self, query: Select[Any], scope: Scope, period: Period) -> Iterable[Sequence[Any]]:
        found: Iterable[Sequence[Any]] = self._connection.execute(query, _given(scope, period))
        return found


@cache
def _standing(shape: Shape, still: bool) -> Select[Any]:  # noqa: FBT001 - a part of the cache's key
    """When the tickets were opened that are open still, or that were closed after the period: an index each."""
    how, narrowed = shape
    gone = lives.c.closed_at.is_(None) if still else lives.c.closed_at >= bindparam("end")
    query = select(lives.c.opened_at).where(gone, lives.c.opened_at < bindparam("end"), lives.c.merged == 0, _seen(how))
    return _narrowed(query, narrowed)


def _tallied(how: str) -> ColumnElement[bool]:
    """Which rows of tallies a scope and a period have."""
    seen: ColumnElement[bool] = true()
    if how == "but":
        seen = tallies.c.department.not_in(bindparam("hidden", expanding=True))
    elif how == "these":
        seen = tallies.c.department.in_(bindparam("departments", expanding=True))
    after = tallies.c.start < bindparam("after_")
    return and_(tallies.c.grain == bindparam("grain_"), tallies.c.start >= bindparam("first"), after, seen)


@cache
def _summing(how: str) -> Select[Any]:
    return select(tallies.c.data).where(_tallied(how))


@cache
def _daily(how: str) -> Select[Any]:
    wanted: list[Any] = [tallies.c.start, func.sum(tallies.c.opened), func.sum(tallies.c.closed)]
    return select(*wanted).where(_tallied(how)).group_by(tallies.c.start)


@cache
def _behind(figure: Figure, shape: Shape, onward: bool) -> Select[Any]:  # noqa: FBT001 - a part of the cache's key
    how, narrowed = shape
    query = select(lives.c.ticket).where(lives.c.merged == 0, _condition(figure), _seen(how))
    query = _narrowed(query, narrowed)
    if onward:
        query = query.where(lives.c.ticket < bindparam("after"))
    return query.order_by(lives.c.ticket.desc()).limit(bindparam("most"))


@cache
def _hours(what: str, shape: Shape) -> Select[Any]:
    how, narrowed = shape
    # The column is shown as a moment; here its whole microseconds are wanted.
    hour = (type_coerce(_TIMES[what], BigInteger) // literal_column(str(HOUR // MICROSECOND), BigInteger)).label("hour")
    wanted: list[Any] = [hour, func.count()]
    query = select(*wanted).where(lives.c.merged == 0, _within(_TIMES[what]), _seen(how))
    query = _narrowed(query, narrowed)
    return query.group_by(hour)


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
