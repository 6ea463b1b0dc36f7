"""SQLAlchemy's statements on psycopg itself, prepared by the server: `storage.statement`, for PostgreSQL."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from psycopg import Error, RawCursor
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg

from storage.statement import Prepared, Runner

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Dialect
    from sqlalchemy.sql.base import Executable


class PostgreSQLRunner(Runner):
    """Runs statements over one connection, in its open transaction."""

    _dialect: Dialect = PGDialect_psycopg(paramstyle="numeric_dollar")  # type: ignore[no-untyped-call] # SQLAlchemy's
    _kept: ClassVar[dict[tuple[Executable, tuple[str, ...]], Prepared]] = {}

    def _run(self, sql: str, values: Sequence[Any]) -> Any:
        try:
            return RawCursor(self._driver).execute(sql, values, prepare=True)
        except Error as error:
            raise _discreet(error)  # noqa: B904 - it is the same error

    def _run_each(self, sql: str, values: Sequence[Sequence[Any]]) -> None:
        try:
            RawCursor(self._driver).executemany(sql, values)
        except Error as error:
            raise _discreet(error)  # noqa: B904 - as above


def _discreet(error: Error) -> Error:
    """Without the server's details, which quote what people wrote."""
    if error.diag.message_primary:
        error.args = (error.diag.message_primary,)
    return error
