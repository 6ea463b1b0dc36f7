"""The SQL of figures: each condition says what `desk.figures.stands_behind` says, and a test holds them equal.

Statements are made once for each shape of a question, so that each is compiled once.
"""

from __future__ import annotations

from datetime import timedelta
from functools import cache
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    BigInteger,
    and_,
    bindparam,
    false,
    func,
    literal,
    literal_column,
    or_,
    select,
    true,
    type_coerce,
)

from desk.figures import Dimension, Figure
from storage.tables import MICROSECOND, lives, tallies

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import ColumnElement, Select

    from desk.access import Sight
    from desk.figures import Period, Scope

COLUMNS: Mapping[Dimension, ColumnElement[Any]] = {
    Dimension.DEPARTMENT: lives.c.department,
    Dimension.PRODUCT: lives.c.product,
    Dimension.PRIORITY: lives.c.priority,
    Dimension.CHANNEL: lives.c.channel,
    Dimension.AGENT: lives.c.agent_id,
    Dimension.CLIENT: lives.c.client_id,
}
_PEOPLE = (Dimension.AGENT, Dimension.CLIENT)
_NONE: Mapping[Dimension, ColumnElement[bool]] = {
    Dimension.AGENT: lives.c.agent_id.is_(None),
    Dimension.TAG: lives.c.tags == "",
}
"""Which lives have none, where that is not the value "" of a column."""
HOUR = timedelta(hours=1)
_TIMES: Mapping[str, ColumnElement[Any]] = {"opened": lives.c.opened_at, "closed": lives.c.closed_at}

Narrowing = tuple[Dimension, bool]
"""By this dimension: to one of its values, or (False) to those that have none."""
Shape = tuple[str, tuple[Narrowing, ...]]
"""What of a scope changes the SQL: how it is seen, and how it is narrowed."""


def within(column: ColumnElement[Any]) -> ColumnElement[bool]:
    """That moment lies in the period."""
    return and_(column >= bindparam("start"), column < bindparam("end"))


def condition(figure: Figure) -> ColumnElement[bool]:
    """Which lives stand behind it."""
    match figure:
        case Figure.OPENED:
            return within(lives.c.opened_at)
        case Figure.CLOSED | Figure.RESOLUTION | Figure.REPLIES:
            return within(lives.c.closed_at)
        case Figure.REOPENED:
            return within(lives.c.reopened_at)
        case Figure.BACKLOG:
            still = or_(lives.c.closed_at.is_(None), lives.c.closed_at >= bindparam("end"))
            return and_(lives.c.opened_at < bindparam("end"), still)
        case Figure.AWAITING:
            return lives.c.awaiting_since < bindparam("end")
        case Figure.UNASSIGNED:
            return and_(lives.c.closed_at.is_(None), lives.c.agent_id.is_(None), lives.c.opened_at < bindparam("end"))
        case Figure.FIRST_RESPONSE:
            return within(lives.c.first_reply_at)
        case Figure.RATING:
            return within(lives.c.rated_at)
        case Figure.FIRST_KEPT:
            return and_(within(lives.c.first_reply_at), lives.c.first_kept.is_not(None))
        case Figure.NEXT_KEPT:
            return and_(within(lives.c.closed_at), lives.c.next_kept + lives.c.next_missed > 0)
        case Figure.RESOLUTION_KEPT:
            return and_(within(lives.c.closed_at), lives.c.resolution_kept.is_not(None))


def seen(how: str) -> ColumnElement[bool]:
    """Which lives somebody sees who sees so."""
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


def shape(scope: Scope) -> Shape:
    return how_seen(scope.sight), tuple((dimension, value != "") for dimension, value in scope.narrowed)


def how_seen(sight: Sight) -> str:
    if sight.departments is None:
        return "but" if sight.hidden else "all"
    if sight.departments:
        return "these"
    return "own" if sight.person_id is not None else "nothing"


def given(scope: Scope, period: Period | None = None) -> dict[str, Any]:
    """The parameters of a statement of this scope's shape."""
    found: dict[str, Any] = {}
    match how_seen(scope.sight):
        case "but":
            found["hidden"] = sorted(scope.sight.hidden)
        case "these":
            found["departments"] = sorted(scope.sight.departments or ())
        case "own":
            found["person"] = scope.sight.person_id
    for dimension, value in scope.narrowed:
        if not value and dimension in _NONE:
            continue
        if dimension is Dimension.TAG:
            found[f"is_{dimension}"] = f"% {_escaped(value)} %"
        else:
            found[f"is_{dimension}"] = int(value) if dimension in _PEOPLE else value
    if period is not None:
        found |= {"start": period.start, "end": period.end}
    return found


def _escaped(value: str) -> str:
    for sign in "!%_":
        value = value.replace(sign, f"!{sign}")
    return value


def narrowed_to(query: Select[Any], narrowed: Sequence[Narrowing]) -> Select[Any]:
    """Only lives of one value of each of these, which are given when it is asked, or of none."""
    for dimension, some in narrowed:
        value: Any = bindparam(f"is_{dimension}")
        if not some and dimension in _NONE:
            query = query.where(_NONE[dimension])
        elif dimension is Dimension.TAG:
            together = literal(" ") + lives.c.tags + literal(" ")
            query = query.where(together.like(value, escape="!"))
        else:
            query = query.where(COLUMNS[dimension] == value)
    return query


@cache
def ever(shape: Shape) -> Select[Any]:
    """How many tickets, how many closed, how many rated, and their stars: of all time."""
    how, narrowed = shape
    counts: list[Any] = [
        func.count(),
        func.count(lives.c.closed_at),
        func.count(lives.c.rating),
        func.sum(lives.c.rating),
    ]
    return narrowed_to(select(*counts).where(lives.c.merged == 0, seen(how)), narrowed)


@cache
def standing(shape: Shape, still: bool) -> Select[Any]:  # noqa: FBT001 - a part of the cache's key
    """When the tickets were opened that are open still, or that were closed after the period: an index each."""
    how, narrowed = shape
    gone = lives.c.closed_at.is_(None) if still else lives.c.closed_at >= bindparam("end")
    query = select(lives.c.opened_at).where(gone, lives.c.opened_at < bindparam("end"), lives.c.merged == 0, seen(how))
    return narrowed_to(query, narrowed)


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
def summing(how: str) -> Select[Any]:
    return select(tallies.c.data).where(_tallied(how))


@cache
def daily(how: str) -> Select[Any]:
    wanted: list[Any] = [tallies.c.start, func.sum(tallies.c.opened), func.sum(tallies.c.closed)]
    return select(*wanted).where(_tallied(how)).group_by(tallies.c.start)


@cache
def behind(figure: Figure, shape: Shape, onward: bool) -> Select[Any]:  # noqa: FBT001 - a part of the cache's key
    how, narrowed = shape
    query = select(lives.c.ticket).where(lives.c.merged == 0, condition(figure), seen(how))
    query = narrowed_to(query, narrowed)
    if onward:
        query = query.where(lives.c.ticket < bindparam("after"))
    return query.order_by(lives.c.ticket.desc()).limit(bindparam("most"))


@cache
def hours(what: str, shape: Shape) -> Select[Any]:
    how, narrowed = shape
    # The column is shown as a moment; here its whole microseconds are wanted.
    hour = (type_coerce(_TIMES[what], BigInteger) // literal_column(str(HOUR // MICROSECOND), BigInteger)).label("hour")
    wanted: list[Any] = [hour, func.count()]
    query = select(*wanted).where(lives.c.merged == 0, within(_TIMES[what]), seen(how))
    query = narrowed_to(query, narrowed)
    return query.group_by(hour)
