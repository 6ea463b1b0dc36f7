"""What the verbs of one commit expect, asked for all of them at once before the first of them; and numbers for the rows
that they will add.

A wait for the server costs a verb more than its statements do. Whoever writes is alone, so what is read at the
beginning of a commit stands until a verb of the same commit writes it: what concerns an expectation spoils it
(`storage.expecting`), and its verb asks for itself. Numbers are drawn within the commit and what is left of them is
let go, so that numbers grow in the order of commits.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import ARRAY, Text, bindparam, func, literal_column, select

from storage.expected import ALL, Foreknown
from storage.expecting import TICKET_AT, look, there, values
from storage.tables import OWED, deliveries, messages, threads
from storage.threads import COLUMNS, thread_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import ColumnElement, FromClause

    from desk.ports import Expecting
    from storage.postgresql.line import Line
    from storage.statement import Prepared, Runner

_NAMES = ("channel", "key", "speaker_at", "speaker", "receipt", "origin_at", "origin")
# What may spoil an expectation is written to one of these.
_READ = frozenset({"threads", "tickets", "identities", "people", "agents", "receipts", "deliveries", "messages"})

# Each is looked up by itself (LATERAL, LIMIT): of many at once, PostgreSQL would like to read tables that were small
# when it made its plan.
_asked = (
    func.unnest(*(bindparam(name, type_=ARRAY(Text)) for name in _NAMES))
    .table_valued(*_NAMES, with_ordinality="place", name="asked")
    .render_derived()
)
_of: Mapping[str, ColumnElement[Any]] = {name: _asked.c[name].collate("C") for name in _NAMES}
_found = look(_of).limit(literal_column("1")).lateral("found")
_is_on_record = there(
    messages.c.id, messages.c.origin_channel == _of["origin_at"], messages.c.origin_key == _of["origin"]
)
_ROWS = (
    select(_asked.c.place, _is_on_record.label("is_on_record"), *_found.c)
    .select_from(_asked)
    .join(_found, literal_column("true"))
)

_here = threads.alias("here")
_is_busy = there(
    deliveries.c.id, deliveries.c.state == literal_column(f"'{OWED}'"), deliveries.c.thread_id == threads.c.id
)
_talk = (
    select(*COLUMNS, _is_busy.label("is_busy"))
    .join_from(_here, threads, threads.c.ticket == _here.c.ticket)
    .where(_here.c.channel == _of["channel"], _here.c.key == _of["key"])
    .where(_here.c.ended_at.is_(None), threads.c.ended_at.is_(None))
    .order_by(threads.c.id)
    .limit(literal_column("1000"))
    .lateral("talk")
)
_TALKS = select(_asked.c.place, *_talk.c).select_from(_asked).join(_talk, literal_column("true"))
_TALKS = _TALKS.order_by(_asked.c.place, _talk.c.id)

_NUMBERS = "SELECT nextval($1::text::regclass) FROM generate_series(1, $2::int)"


class Ahead:
    """What is known ahead of these expectations; and as many numbers for rows of each of the tables."""

    def __init__(self, runner: Runner, line: Line, wanted: Sequence[Expecting], numbered: Sequence[str]) -> None:
        self._known: dict[Expecting, Foreknown] = {}
        self._concerned: dict[tuple[Any, ...], list[Foreknown]] = {}
        numbers = {table: line.ask(_NUMBERS, (f"{table}_id_seq", len(wanted))) for table in numbered}
        self._look(runner, wanted)
        self._numbers = {table: iter([number for (number,) in answer]) for table, answer in numbers.items()}

    def _look(self, runner: Runner, wanted: Sequence[Expecting]) -> None:
        asked: dict[str, list[str]] = {name: [] for name in _NAMES}
        for one in wanted:
            given = {**values(one), "origin_at": one.origin.channel, "origin": one.origin.key}
            for name, value in given.items():
                asked[name].append(value)
        found, talks = runner.execute(_ROWS, asked), runner.execute(_TALKS, asked)
        places: dict[int, Foreknown] = {}
        for place, is_on_record, *row in found:
            known = places[place] = Foreknown(row[TICKET_AT], row, is_new=not is_on_record)
            expecting = wanted[place - 1]
            self._known[expecting] = known
            origin = expecting.origin
            for concern in (
                ("ticket", known.ticket),
                ("receipt", expecting.receipt[:255]),
                ("origin", origin.channel, origin.key),
            ):
                self._concerned.setdefault(concern, []).append(known)
        for place, *row, is_busy in talks:
            if place in places:
                thread = thread_of(row)
                places[place].talk.append((thread, bool(is_busy)))
                self._concerned.setdefault(("thread", thread.id), []).append(places[place])

    def known(self, wanted: Expecting) -> Foreknown | None:
        return self._known.get(wanted)

    def number(self, table: FromClause) -> int | None:
        """The next row's, while there are any."""
        return next(self._numbers.get(table.name, iter(())), None)  # type: ignore[attr-defined] # a table, here

    def written(self, prepared: Prepared, each: Sequence[Mapping[str, Any]]) -> None:
        """Something of it may be otherwise now."""
        if prepared.writes not in _READ:
            return
        if prepared.about is None:
            for known in self._known.values():
                known.spoiled.add(ALL)
        elif prepared.about:
            kind, *names = prepared.about
            for one in each:
                for known in self._concerned.get((kind, *(one[name] for name in names)), ()):
                    known.spoiled.add(kind)
