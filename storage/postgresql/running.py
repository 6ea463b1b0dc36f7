"""SQLAlchemy's statements on psycopg itself, prepared by the server: `storage.statement`, for PostgreSQL."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from psycopg import Error, RawCursor
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg

from storage.postgresql.line import discreet
from storage.statement import Prepared, Runner

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import Connection, Dialect, FromClause, Insert
    from sqlalchemy.sql.base import Executable

    from desk.ports import Expecting
    from storage.expected import Foreknown
    from storage.postgresql.ahead import Ahead
    from storage.postgresql.line import Line


class PostgreSQLRunner(Runner):
    """Runs statements over one connection, in its open transaction."""

    _dialect: Dialect = PGDialect_psycopg(paramstyle="numeric_dollar")  # type: ignore[no-untyped-call] # SQLAlchemy's
    _kept: ClassVar[dict[tuple[Executable, tuple[str, ...]], Prepared]] = {}

    def _run(self, sql: str, values: Sequence[Any]) -> Any:
        try:
            return RawCursor(self._driver).execute(sql, values, prepare=True)
        except Error as error:
            raise discreet(error)  # noqa: B904 - it is the same error

    def _run_each(self, sql: str, values: Sequence[Sequence[Any]]) -> None:
        try:
            RawCursor(self._driver).executemany(sql, values)
        except Error as error:
            raise discreet(error)  # noqa: B904 - as above


class PipedRunner(PostgreSQLRunner):
    """The same over a line, for those who leave the connection to it while they run statements."""

    def __init__(self, connection: Connection, line: Line) -> None:
        super().__init__(connection)
        self.line = line
        self.ahead: Ahead | None = None  # what the verbs of this commit expect, where that was asked for before
        self.has_written = False

    def execute(self, statement: Executable, given: Mapping[str, Any] | Sequence[Mapping[str, Any]]) -> Any:
        each: Sequence[Any] = given if isinstance(given, list) else (given,)
        prepared = self._prepared(statement, each[0])
        if prepared.writes:
            self.has_written = True
            if self.ahead is not None:
                self.ahead.written(prepared, each)
        if prepared.varies:
            self.line.rest()
            return self._connection.execute(statement, given)
        return [self.line.ask(prepared.sql, prepared.values(one), prepared.convert) for one in each][-1]

    def add(self, statement: Insert, values: Mapping[str, Any]) -> int:
        numbered = self.numbered(statement.table)
        if not numbered:
            return super().add(statement, values)
        self.execute(statement, {**numbered, **values})
        return numbered["id"]

    def numbered(self, table: FromClause) -> Mapping[str, int]:
        number = self.ahead.number(table) if self.ahead is not None else None
        return {} if number is None else {"id": number}

    def foreknown(self, wanted: Expecting) -> Foreknown | None:
        return self.ahead.known(wanted) if self.ahead is not None else None

    def raw(self, sql: str, values: Sequence[Any] = ()) -> Any:
        self.has_written = True  # perhaps
        return self.line.ask(sql, values)
