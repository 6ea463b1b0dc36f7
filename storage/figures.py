"""Questions to the lives: totals, breakdowns, rows by the hour, and the tickets behind a figure.

Each figure's condition says in SQL what `desk.figures.stands_behind` says; a test holds them equal.
"""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from functools import cache
from typing import TYPE_CHECKING, Any

from sqlalchemy import BigInteger, and_, bindparam, false, func, literal_column, or_, select, true, type_coerce

from desk.calendar import percentile
from desk.figures import AGES, Dimension, Figure, Share, Spread, Totals
from storage.tables import EPOCH, MICROSECOND, lives

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
    if by is not None:
        wanted.insert(0, _COLUMNS[by])
    how, narrowed = shape
    query = select(*wanted).where(lives.c.merged == 0, _condition(figure), _seen(how))
    for dimension in narrowed:
        query = query.where(_COLUMNS[dimension] == bindparam(f"is_{dimension}"))
    if by is not None and all(name in _AGGREGATES for name in what):
        query = query.group_by(_COLUMNS[by])
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

    def totals(self, scope: Scope, period: Period) -> Totals:
        """All figures of that scope and period."""
        count = {
            figure: self._one(figure, scope, period, "count")[0]
            for figure in (Figure.OPENED, Figure.REOPENED, Figure.AWAITING, Figure.UNASSIGNED)
        }
        closed, replies = self._one(Figure.CLOSED, scope, period, "count", "replies")
        ratings, stars = self._one(Figure.RATING, scope, period, "count", "stars")
        first_of, first_kept = self._one(Figure.FIRST_KEPT, scope, period, "count", "first_kept")
        kept, missed = self._one(Figure.NEXT_KEPT, scope, period, "next_kept", "next_missed")
        ended, ended_kept = self._one(Figure.RESOLUTION_KEPT, scope, period, "count", "resolution_kept")
        ages = self._ages(scope, period)
        return Totals(
            opened=count[Figure.OPENED],
            closed=closed,
            reopened=count[Figure.REOPENED],
            backlog=sum(ages),
            backlog_by_age=ages,
            awaiting=count[Figure.AWAITING],
            unassigned=count[Figure.UNASSIGNED],
            first_response=self._spread(Figure.FIRST_RESPONSE, "first", scope, period),
            resolution=self._spread(Figure.RESOLUTION, "resolution", scope, period),
            replies=replies / closed if closed else None,
            rating=stars / ratings if ratings else None,
            ratings=ratings,
            first_kept=Share(first_kept or 0, first_of),
            next_kept=Share(kept or 0, (kept or 0) + (missed or 0)),
            resolution_kept=Share(ended_kept or 0, ended),
        )

    def breakdown(self, figure: Figure, by: Dimension, scope: Scope, period: Period) -> Mapping[str, int]:
        """How many tickets stand behind a figure, by the ids of one dimension ("" = none), the largest first."""
        query = _asking(figure, _shape(scope), "count", by=by)
        rows = [("" if key is None else str(key), number) for key, number in self._run(query, scope, period)]
        return dict(sorted(rows, key=lambda row: (-row[1], row[0])))

    def count_behind(self, figure: Figure, scope: Scope, period: Period) -> int:
        """How many tickets stand behind a figure."""
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
            for (opened_at,) in self._run(_asking(Figure.BACKLOG, _shape(scope), "opened_at"), scope, period)
        )
        return tuple(counts[place] for place in range(len(AGES) + 1))

    def _one(self, figure: Figure, scope: Scope, period: Period, *what: str) -> Sequence[Any]:
        row = next(iter(self._run(_asking(figure, _shape(scope), *what), scope, period)))
        return [value or 0 if name == "count" else value for name, value in zip(what, row, strict=True)]

    def _run(self, query: Select[Any], scope: Scope, period: Period) -> Iterable[Sequence[Any]]:
        found: Iterable[Sequence[Any]] = self._connection.execute(query, _given(scope, period))
        return found


@cache
def _behind(figure: Figure, shape: Shape, onward: bool) -> Select[Any]:  # noqa: FBT001 - a part of the cache's key
    how, narrowed = shape
    query = select(lives.c.ticket).where(lives.c.merged == 0, _condition(figure), _seen(how))
    for dimension in narrowed:
        query = query.where(_COLUMNS[dimension] == bindparam(f"is_{dimension}"))
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
    for dimension in narrowed:
        query = query.where(_COLUMNS[dimension] == bindparam(f"is_{dimension}"))
    return query.group_by(hour)


def _length(length: Any) -> timedelta | None:
    return None if length is None else length * MICROSECOND
