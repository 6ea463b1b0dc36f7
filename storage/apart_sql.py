"""The SQL of figures told apart: lives counted by a dimension's values, and slices summed.

Each statement is made once for each shape of a question. A group is what is counted of the lives that one moment of
theirs puts into a period.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from sqlalchemy import BigInteger, and_, bindparam, func, literal, or_, select, type_coerce

from desk.figures import Dimension, Figure
from desk.tally import COUNTS
from storage.figure_sql import COLUMNS, condition, how_seen, narrowed_to, seen, within
from storage.tables import lives, slices

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import ColumnElement, Select

    from desk.access import Sight
    from desk.figures import Scope
    from storage.figure_sql import Shape

STANDING = (Figure.BACKLOG, Figure.AWAITING, Figure.UNASSIGNED)  # figures of how things stand, not of what was done
GROUPS_OF: Mapping[Figure, tuple[str, ...]] = {
    Figure.OPENED: ("opened",),
    Figure.CLOSED: ("closed",),
    Figure.REOPENED: ("reopened",),
    Figure.BACKLOG: ("still", "gone"),
    Figure.AWAITING: ("awaiting",),
    Figure.UNASSIGNED: ("unassigned",),
    Figure.FIRST_RESPONSE: (),
    Figure.RESOLUTION: (),
    Figure.REPLIES: ("closed",),
    Figure.RATING: ("rated",),
    Figure.FIRST_KEPT: ("first",),
    Figure.NEXT_KEPT: ("closed",),
    Figure.RESOLUTION_KEPT: ("closed",),
}
SLICE_COUNTS = COUNTS
OF_CLIENTS = (Dimension.DEPARTMENT, Dimension.CLIENT)  # what the index of clients can narrow
_ONE = func.count()
_COUNTED: Mapping[str, Mapping[str, ColumnElement[Any]]] = {
    "opened": {"opened": _ONE},
    "closed": {
        "closed": _ONE,
        "replies": func.sum(lives.c.replies),
        "next_kept": func.sum(lives.c.next_kept),
        "next_of": func.sum(lives.c.next_kept + lives.c.next_missed),
        "resolution_kept": func.sum(lives.c.resolution_kept),
        "resolution_kept_of": func.count(lives.c.resolution_kept),
    },
    "first": {"first_kept": func.sum(lives.c.first_kept), "first_kept_of": func.count(lives.c.first_kept)},
    "reopened": {"reopened": _ONE},
    "rated": {"ratings": _ONE, "stars": func.sum(lives.c.rating)},
    "still": {"backlog": _ONE},
    "gone": {"backlog": _ONE},
    "awaiting": {"awaiting": _ONE},
    "unassigned": {"unassigned": _ONE},
}
_DURATIONS = {
    Figure.FIRST_RESPONSE: (lives.c.first_business, lives.c.first_clock),
    Figure.RESOLUTION: (lives.c.resolution_business, lives.c.resolution_clock),
}


def _in_group(group: str) -> ColumnElement[bool]:
    match group:
        case "still":
            return and_(lives.c.closed_at.is_(None), lives.c.opened_at < bindparam("end"))
        case "gone":
            return and_(lives.c.closed_at >= bindparam("end"), lives.c.opened_at < bindparam("end"))
        case "first":
            return within(lives.c.first_reply_at)
        case "rated":
            return condition(Figure.RATING)
        case _:
            return condition(Figure(group))


def _key(by: Dimension | None) -> ColumnElement[Any]:
    if by is None:
        return literal("")
    return lives.c.tags if by is Dimension.TAG else COLUMNS[by]


def _asked(
    wanted: list[Any], which: ColumnElement[bool], shape: Shape, by: Dimension | None, *, among: bool
) -> Select[Any]:
    how, narrowed = shape
    query = select(_key(by).label("key"), *wanted).where(lives.c.merged == 0, which, seen(how))
    if among:
        query = query.where(lives.c.client_id.in_(bindparam("among", expanding=True)))
    return narrowed_to(query, narrowed)


@cache
def counting(
    group: str,
    shape: Shape,
    by: Dimension | None,
    among: bool,  # noqa: FBT001 - a part of the cache's key
) -> tuple[Select[Any], tuple[str, ...]]:
    """A group by a dimension's values (of tags: by the tags of a ticket together), and how its columns are named."""
    columns = _COUNTED[group]
    query = _asked(list(columns.values()), _in_group(group), shape, by, among=among)
    return (query if by is None else query.group_by(_key(by))), tuple(columns)


@cache
def measuring(figure: Figure, shape: Shape, by: Dimension | None, among: bool) -> Select[Any]:  # noqa: FBT001 - as above
    """Each of the durations behind a figure: key, business and clock time in microseconds."""
    columns = _DURATIONS[figure]
    return _asked(list(columns), and_(condition(figure), columns[0].is_not(None)), shape, by, among=among)


@cache
def by_client(figure: Figure, shape: Shape) -> Select[Any]:
    """How many tickets of each client stand behind a figure, in the order of the clients' index, which has all of it:
    no index of moments may be taken instead, which would leave everything to be sorted. But few are awaiting a reply:
    they have an index, and the clients' one does not know them.
    """
    how, narrowed = shape
    client = lives.c.client_id + 0 if figure is Figure.AWAITING else lives.c.client_id
    opened, closed = (_plainly(column) for column in (lives.c.opened_at, lives.c.closed_at))
    start, end = (bindparam(name, type_=lives.c.opened_at.type) for name in ("start", "end"))
    match figure:
        case Figure.BACKLOG:
            which = and_(opened < end, or_(lives.c.closed_at.is_(None), closed >= end))
        case Figure.AWAITING | Figure.UNASSIGNED:
            which = condition(figure)
        case _:
            at = _plainly(_MOMENT[figure])
            which = and_(at >= start, at < end)
    query = select(client.label("client"), func.count()).where(lives.c.merged == 0, which, seen(how))
    return narrowed_to(query, narrowed).group_by(client)


def _plainly(column: ColumnElement[Any]) -> ColumnElement[Any]:
    return type_coerce(type_coerce(column, BigInteger) + 0, lives.c.opened_at.type)


_MOMENT: Mapping[Figure, ColumnElement[Any]] = {
    Figure.OPENED: lives.c.opened_at,
    Figure.REOPENED: lives.c.reopened_at,
    Figure.RATING: lives.c.rated_at,
    **dict.fromkeys((Figure.FIRST_RESPONSE, Figure.FIRST_KEPT), lives.c.first_reply_at),
    **dict.fromkeys(
        (Figure.CLOSED, Figure.RESOLUTION, Figure.REPLIES, Figure.NEXT_KEPT, Figure.RESOLUTION_KEPT), lives.c.closed_at
    ),
}


# --- slices -----------------------------------------------------------------------------------------------------


def tallied(sight: Sight) -> bool:
    """Whether what somebody sees is all tickets of some departments: only these are summed up."""
    return how_seen(sight) not in ("own", "nothing")


def sliced(scope: Scope) -> tuple[str, bool]:
    """What of a scope changes the SQL of slices: how it is seen, and whether it is narrowed to one department."""
    return how_seen(scope.sight), any(dimension is Dimension.DEPARTMENT for dimension, _ in scope.narrowed)


def _sliced(scope: tuple[str, bool], *, one: bool) -> ColumnElement[bool]:
    how, inside = scope
    there = [
        slices.c.by == bindparam("by_"),
        slices.c.start >= bindparam("first"),
        slices.c.start < bindparam("after_"),
    ]
    if one:
        there.append(slices.c.value == bindparam("value_"))
    if inside:
        there.append(slices.c.department == bindparam("is_department"))
    if how == "but":
        there.append(slices.c.department.not_in(bindparam("hidden", expanding=True)))
    elif how == "these":
        there.append(slices.c.department.in_(bindparam("departments", expanding=True)))
    return and_(*there)


@cache
def slices_summed(scope: tuple[str, bool], one: bool) -> Select[Any]:  # noqa: FBT001 - a part of the cache's key
    """All counts by value; `one`: of one value."""
    sums = [func.sum(slices.c[name]) for name in SLICE_COUNTS]
    return select(slices.c.value, *sums).where(_sliced(scope, one=one)).group_by(slices.c.value)


@cache
def slices_measured(figure: Figure, scope: tuple[str, bool], one: bool) -> Select[Any]:  # noqa: FBT001 - as above
    """A value and its durations' steps in business and clock time, a row for each slice that has any."""
    columns = [slices.c[column.name] for column in _DURATIONS[figure]]
    return select(slices.c.value, *columns).where(_sliced(scope, one=one), columns[0] != "")
