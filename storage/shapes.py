"""The SQL of a list's page: one statement for each shape of question, made once and kept.

A page is a merge of ranges of an index, one for each status (and department, or agent), each already in the list's
order: it costs what its rows cost, wherever in a million tickets they are. What decides about a row besides is kept
out of the choice of an index (`_aside`), or a database without statistics takes one that leaves it all rows to sort.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    and_,
    bindparam,
    exists,
    false,
    func,
    literal_column,
    not_,
    null,
    or_,
    select,
    true,
    tuple_,
    union_all,
)

from desk.model import Status
from storage.several import among
from storage.tables import followers, ticket_tags, tickets
from storage.tickets import COLUMNS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import ColumnElement, Select

MADE = 500  # statements that are kept

# Written out: of a parameter SQLite would have to see the value before it knows that the partial index serves.
IS_OPEN = tickets.c.status != literal_column(f"'{Status.CLOSED.value}'")


@dataclass(frozen=True, slots=True)
class Test:
    """A condition on a ticket's row; its values are the parameters `{name}{column}_0`, `…_1` and so on.

    `kind`: "in", "not in", "null", "null or in"; "from" and "before", of a moment; "open"; "tagged"; "opened" or only
    "followed" by the person `me`; "in or mine", "not in or mine", where both of these are mine.
    """

    kind: str
    column: str = ""
    count: int = 1
    name: str = ""
    aside: bool = False  # also where an arm begins with it, no index is to be chosen for it


@dataclass(frozen=True, slots=True)
class Shape:
    """A page's question without its values. `arms`: what each range of the merge begins with; `tests`: what every row
    must pass besides; `key`: the columns of the order. `after` and `until`: whether there are rows to begin behind and
    to stop at. `notes`: where notes are searched too.
    """

    arms: tuple[tuple[Test, ...], ...]
    tests: tuple[Test, ...]
    key: tuple[str, ...] = ("number",)
    down: bool = True
    after: bool = False
    until: bool = False
    notes: Test | None = None
    few: bool = False  # the ranges are so short that they are sorted: no index is chosen for the order
    cut: bool = False  # each range ends where a page does: for a database that does not merge ranges by itself


@lru_cache(MADE)
def page(shape: Shape, most: int, look: int = 0) -> Any:
    """Tickets, `most` of them. Parameters: those of the tests; `after_…` and `until_…` for each column of the key. With
    `look` (where `looks` says so) no `until_…`: the first rows are looked at, so many, and of those the tests are made.
    """
    if not look:
        return _merged(shape, COLUMNS, most).limit(_written(most))
    seen = _merged(_blind(shape), COLUMNS, look).limit(_written(look)).subquery("seen")
    tests = [test for test in shape.tests if test.column not in shape.key]
    found = select(*seen.c).where(*(_condition(test, lambda name: seen.c[name]) for test in tests))
    return _ordered(shape, found).limit(_written(most))


def looks(shape: Shape) -> bool:
    """Whether a page is told how far to look in rows, and not up to which key: where the database would not believe
    that a range is short, or (many tickets are due at the same moment: never) where it is not.
    """
    return bool(shape.tests) and (shape.cut or shape.key[0] == "due_at")


@lru_cache(MADE)
def stop(shape: Shape, skip: int) -> Any:
    """The key of the row `skip` rows on, whatever the tests say of the rows: how far one page looks."""
    found = _merged(_blind(shape), [tickets.c[name] for name in shape.key], skip + 1)
    return found.limit(_written(1)).offset(_written(skip))


def _blind(shape: Shape) -> Shape:
    return replace(shape, tests=tuple(test for test in shape.tests if test.column in shape.key), until=False)


def _written(count: int) -> ColumnElement[int]:
    """Not a parameter: a database that plans for all values at once would expect a tenth of all rows."""
    return literal_column(str(count))


@lru_cache(MADE)
def hits(shape: Shape, most: int) -> Any:
    """Of the tickets of these `numbers` those that pass the tests, `most` of them by number; of those that are named in
    `by_notes` only their notes hold what is looked for.
    """
    by_reply = not_(among(_aside("number"), "by_notes"))
    readable = by_reply if shape.notes is None else or_(_condition(shape.notes, _aside), by_reply)
    found = select(*COLUMNS).where(among(tickets.c.number, "numbers"), readable)
    found = found.where(*(_condition(test, _aside) for test in shape.tests))
    return found.order_by(tickets.c.number.desc() if shape.down else tickets.c.number).limit(_written(most))


def _merged(shape: Shape, columns: Sequence[ColumnElement[Any]], most: int) -> Any:
    arms: list[Any] = [_arm(shape, arm, columns) for arm in shape.arms]
    if shape.cut:
        arms = [_in_index_order(shape, arm, of) for arm, of in zip(arms, shape.arms, strict=True)]
    if len(arms) == 1:
        return arms[0] if shape.cut else _ordered(shape, arms[0])
    if shape.cut:
        arms = [arm.limit(_written(most)) for arm in arms]
    return _ordered(shape, union_all(*arms))


def _ordered(shape: Shape, found: Any) -> Any:
    return found.order_by(*_turned(shape, [found.selected_columns[name] for name in shape.key]))


def _in_index_order(shape: Shape, found: Any, arm: Sequence[Test]) -> Any:
    """In the list's order, said in such a way that PostgreSQL sees that it is an index's: it does not know that where
    all are NULL there is nothing to sort by.
    """
    nulls = [tickets.c[test.column] for test in arm if test.kind == "null"]
    return found.order_by(*_turned(shape, [*nulls, *(found.selected_columns[name] for name in shape.key)]))


def _turned(shape: Shape, order: Sequence[ColumnElement[Any]]) -> list[ColumnElement[Any]]:
    return [each.desc() if shape.down else each for each in order]


def _arm(shape: Shape, arm: Sequence[Test], columns: Sequence[ColumnElement[Any]]) -> Select[Any]:
    if shape.few:
        columns = [_aside(column.name).label(column.name) if column.name in shape.key else column for column in columns]
    of = _aside if not shape.cut else _direct  # a database that has statistics is better told what is meant
    found = select(*columns).where(*(_condition(test, of if test.aside else _direct) for test in arm))
    for test in _telling(shape):
        found = found.where(_condition(test, _direct if test.column in shape.key and not shape.few else _aside))
    if shape.after:
        found = found.where(_beyond(shape, "after_"))
    if shape.until:
        found = found.where(~_beyond(shape, "until_"))
    return found


def _telling(shape: Shape) -> Sequence[Test]:
    """The tests without those that a cursor or a stop says more narrowly: of two bounds on one side of an index's range
    SQLite takes the first, and reads on to it.
    """
    lower, upper = (shape.until, shape.after) if shape.down else (shape.after, shape.until)
    said = {kind for kind, narrower in (("from", lower), ("before", upper)) if narrower}
    return [test for test in shape.tests if test.column != shape.key[0] or test.kind not in said]


def _beyond(shape: Shape, prefix: str) -> ColumnElement[bool]:
    """Rows strictly further on in the list than a key."""
    columns = [_aside(name) if shape.few else tickets.c[name] for name in shape.key]
    bound = [bindparam(f"{prefix}{name}", type_=tickets.c[name].type) for name in shape.key]
    here: Any = columns[0] if len(columns) == 1 else tuple_(*columns)
    there: Any = bound[0] if len(columns) == 1 else tuple_(*bound)
    return here < there if shape.down else here > there  # type: ignore[no-any-return] # of columns or of rows of them


def _direct(name: str) -> ColumnElement[Any]:
    return tickets.c[name]


def _aside(name: str) -> ColumnElement[Any]:
    return func.coalesce(tickets.c[name], null())


def _condition(test: Test, of: Any) -> ColumnElement[bool]:
    """The test as SQL; `of` gives a column as it is to be read."""
    if test.kind == "open":
        return IS_OPEN
    me: Any = bindparam("me")
    opened = of("client_id") == me
    if test.kind == "opened":
        return opened  # type: ignore[no-any-return] # `of` may read from anywhere
    if test.kind == "followed":
        return and_(
            of("number").in_(select(followers.c.ticket).where(followers.c.person_id == me)), of("client_id") != me
        )
    if test.kind == "tagged":
        tags: list[Any] = [bindparam(f"{test.name}tag_{place}") for place in range(test.count)]
        return exists().where(ticket_tags.c.ticket == of("number"), ticket_tags.c.tag.in_(tags))
    mine = or_(opened, exists().where(followers.c.ticket == of("number"), followers.c.person_id == me))
    column, kind = of(test.column), tickets.c[test.column].type
    given = [bindparam(f"{test.name}{test.column}_{place}", type_=kind) for place in range(test.count)]
    inside = (column == given[0] if test.count == 1 else column.in_(given)) if given else false()
    outside = (column != given[0] if test.count == 1 else column.not_in(given)) if given else true()
    found: dict[str, Any] = {
        "in": inside,
        "not in": outside,
        "null": column.is_(None),
        "null or in": or_(column.is_(None), inside),
        "from": column >= given[0] if given else true(),
        "before": column < given[0] if given else true(),
        "in or mine": or_(inside, mine),
        "not in or mine": or_(outside, mine),
    }
    return found[test.kind]  # type: ignore[no-any-return] # as above
