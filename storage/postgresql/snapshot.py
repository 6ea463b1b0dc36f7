"""The desk's PostgreSQL database as a backup sees it: its rows copied to a SQLite file while the desk works, and back.

The copy is of one moment, whatever the desk writes meanwhile, and nothing but this driver is needed for it. On the way
back everything happens in one transaction: the desk has its old rows until it has all of the new ones.
"""

from __future__ import annotations

from contextlib import closing, contextmanager
from itertools import islice
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg import sql
from sqlalchemy.exc import SQLAlchemyError

from storage.copies import VERSIONS, Copies, count_of, quoted, readonly, tables_of
from storage.errors import StorageError
from storage.opening import migrate
from storage.postgresql.connecting import connected, driver_of, engine_for, session, shown
from storage.postgresql.instances import DESK
from storage.postgresql.running import PostgreSQLRunner
from storage.postgresql.turning import taken
from storage.postgresql.writing import WRITING
from storage.schema import HEAD
from storage.sqlite.filling import as_one_file, build, filling, insert, keep_numbers, whole_or_gone
from storage.wording import rebuild

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from sqlalchemy import Connection

AT_ONCE = 2_000  # rows of one statement

_COLUMNS = """
SELECT c.table_name, c.column_name, c.udt_name FROM information_schema.columns c
WHERE c.table_schema = current_schema() ORDER BY c.table_name, c.ordinal_position"""
_KEYS = """
SELECT a.attname FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey)
WHERE i.indrelid = to_regclass(%s) AND i.indisprimary ORDER BY array_position(i.indkey::int2[], a.attnum)"""
_LINKS = """
SELECT c.conrelid::regclass::text, quote_ident(c.conname), pg_get_constraintdef(c.oid)
FROM pg_constraint c WHERE c.contype = 'f' AND c.connamespace = current_schema()::regnamespace ORDER BY c.oid"""
_INDEXES = """
SELECT i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid)
FROM pg_index i JOIN pg_class t ON t.oid = i.indrelid
WHERE t.relnamespace = current_schema()::regnamespace AND t.relname = ANY (%s)
AND NOT EXISTS (SELECT 1 FROM pg_constraint c WHERE c.conindid = i.indexrelid) ORDER BY i.indexrelid"""


class PostgreSQLSnapshots(Copies):
    """`backup.port.Database` over one database of PostgreSQL."""

    kind = "rows"
    newest_schema = HEAD
    build = staticmethod(build)

    def __init__(self, url: str) -> None:
        """StorageError where the address is none."""
        self._url = url
        self._engine = engine_for(url)

    @property
    def there(self) -> bool:
        with self._connected("it cannot be read") as driver:
            return _version(driver) is not None

    @property
    def used(self) -> bool:
        with self._connected("it cannot be read") as driver:
            if _version(driver) is None:
                return False
            row = driver.execute("SELECT EXISTS (SELECT FROM tickets) OR EXISTS (SELECT FROM people)").fetchone()
            return bool(row and row[0])

    # --- out ------------------------------------------------------------------------------------------------

    def snapshot(self, to: Path) -> None:
        """One transaction that sees what was committed when it began. Only rows are taken, so nothing that was deleted
        comes along. StorageError where there is no database.
        """
        with self._connected("it could not be copied") as driver:
            driver.execute(
                "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL idle_in_transaction_session_timeout = 0"
            )
            schema = _version(driver)
            if schema is None:
                raise StorageError(f"{shown(self._engine)}: there is no database of the desk yet")
            if schema > HEAD:
                raise StorageError(
                    f"{shown(self._engine)}: made by a newer desk (schema {schema}, this one knows {HEAD}); upgrade"
                )
            with whole_or_gone(to):
                with filling(to, schema) as copy:
                    types = _types(driver)
                    for table in tables_of(copy):
                        if table != VERSIONS:
                            _take(driver, table, types.get(table, {}), copy)
                    keep_numbers(copy, _given(driver, copy))
                as_one_file(to)

    # --- back -----------------------------------------------------------------------------------------------

    @contextmanager
    def alone(self) -> Iterator[None]:
        """The lock that all running instances share. StorageError where one runs."""
        with taken(self._engine, DESK) as ours:
            if not ours:
                raise StorageError(f"{shown(self._engine)}: the desk is running; stop it first, with all its instances")
            yield

    def replace(self, copy: Path) -> None:
        """All that was there goes and all of the copy comes in one transaction. What was owed in the copy may have been
        delivered since: it is marked so that the relay looks before it speaks.
        """
        migrate(copy)
        as_one_file(copy)
        migrate(self._url)
        with self._connection("it could not be replaced, and is as it was") as connection:
            driver = driver_of(connection)
            driver.execute(
                f"BEGIN; SET LOCAL idle_in_transaction_session_timeout = 0; SELECT pg_advisory_xact_lock({WRITING})"
            )
            with closing(readonly(copy)) as source:
                _put(driver, source)
            driver.execute(
                "UPDATE deliveries SET leased_until = NULL, leased_by = NULL, attempts = greatest(attempts, 1)"
                " WHERE state = 'owed'"
            )
            rebuild(PostgreSQLRunner(connection))
            driver.execute("COMMIT")
            driver.execute("ANALYZE")
        copy.unlink()

    # --- the connection -------------------------------------------------------------------------------------

    @contextmanager
    def _connected(self, otherwise: str) -> Iterator[psycopg.Connection[Any]]:
        """A connection for this act alone; what is not committed at its end is rolled back."""
        with self._told(otherwise), closing(session(self._engine)) as driver:
            yield driver

    @contextmanager
    def _connection(self, otherwise: str) -> Iterator[Connection]:
        """The same, for what speaks SQLAlchemy."""
        with self._told(otherwise), connected(self._engine) as connection:
            try:
                yield connection
            finally:
                driver_of(connection).close()
                connection.invalidate()

    @contextmanager
    def _told(self, otherwise: str) -> Iterator[None]:
        try:
            yield
        except (psycopg.Error, SQLAlchemyError) as error:
            cause = getattr(error, "orig", None) or error
            said = getattr(getattr(cause, "diag", None), "message_primary", None) or str(
                cause
            )  # no more: it quotes rows
            raise StorageError(f"{shown(self._engine)}: {otherwise}: {' '.join(said.split())}") from error


def _version(driver: psycopg.Connection[Any]) -> str | None:
    known = driver.execute("SELECT to_regclass('alembic_version')").fetchone()
    if known is None or known[0] is None:
        return None
    row = driver.execute("SELECT version_num FROM alembic_version").fetchone()
    return str(row[0]) if row else None


def _types(driver: psycopg.Connection[Any]) -> Mapping[str, Mapping[str, str]]:
    """By table, the columns with their types."""
    found: dict[str, dict[str, str]] = {}
    for table, column, type_ in driver.execute(_COLUMNS):
        found.setdefault(table, {})[column] = type_
    return found


def _take(driver: psycopg.Connection[Any], table: str, types: Mapping[str, str], copy: sqlite3.Connection) -> None:
    """A table's rows into the copy. StorageError where other columns or fewer rows come than there are."""
    names = [row[1] for row in copy.execute(f"PRAGMA table_info({quoted(table)})")]
    if lacking := set(names) ^ set(types):
        raise StorageError(f"table {table!r} has or lacks {min(lacking)!r}: not a database of this version")
    keys = [row[0] for row in driver.execute(_KEYS, (table,))]
    query = sql.SQL("COPY (SELECT {} FROM {} ORDER BY {}) TO STDOUT (FORMAT BINARY)").format(
        sql.SQL(", ").join(map(sql.Identifier, names)),
        sql.Identifier(table),
        sql.SQL(", ").join(map(sql.Identifier, keys or names)),
    )
    with driver.cursor().copy(query) as rows:
        rows.set_types([types[name] for name in names])
        values = rows.rows()
        while batch := list(islice(values, AT_ONCE)):
            insert(copy, table, names, batch)
    row = driver.execute(sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(table))).fetchone()
    if row is None or count_of(copy, table) != row[0]:
        raise StorageError(f"table {table!r} has {row and row[0]} rows, and {count_of(copy, table)} came")


def _given(driver: psycopg.Connection[Any], copy: sqlite3.Connection) -> Mapping[str, int]:
    """The highest number that was ever given, of the tables that never give one twice."""
    found: dict[str, int] = {}
    for (table,) in copy.execute("SELECT name FROM sqlite_master WHERE sql LIKE '%AUTOINCREMENT%'").fetchall():
        sequence, column = _sequence(driver, table)
        if sequence:
            row = driver.execute(
                sql.SQL("SELECT last_value - 1 + is_called::int FROM {}").format(sql.SQL(sequence))
            ).fetchone()
            found[table] = row[0] if row else 0
        del column
    return {table: number for table, number in found.items() if number}


def _sequence(driver: psycopg.Connection[Any], table: str) -> tuple[str | None, str]:
    """The sequence of a table's key, where it counts by itself, and the key."""
    keys = [row[0] for row in driver.execute(_KEYS, (table,))]
    if len(keys) != 1:
        return None, ""
    row = driver.execute("SELECT pg_get_serial_sequence(quote_ident(%s), %s)", (table, keys[0])).fetchone()
    return (row[0] if row else None), keys[0]


def _put(driver: psycopg.Connection[Any], source: sqlite3.Connection) -> None:
    """The source's rows instead of those that are there; indexes and links are made when the rows are in."""
    tables = [table for table in tables_of(source) if table != VERSIONS]
    types = _types(driver)
    if unknown := [table for table in tables if table not in types]:
        raise StorageError(f"there is no table {unknown[0]!r} in this database")
    links = driver.execute(_LINKS).fetchall()
    indexes = driver.execute(_INDEXES, (tables,)).fetchall()
    for table, name, _ in links:
        driver.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
    for name, _ in indexes:
        driver.execute(f"DROP INDEX {name}")
    driver.execute(sql.SQL("TRUNCATE {}").format(sql.SQL(", ").join(map(sql.Identifier, tables))))
    given = dict(source.execute("SELECT name, seq FROM sqlite_sequence").fetchall())
    for table in tables:
        _copy_in(driver, source, table, types[table])
        sequence, key = _sequence(driver, table)
        if sequence:
            newest = source.execute(f"SELECT max({quoted(key)}) FROM {quoted(table)}").fetchone()[0]  # noqa: S608 - quoted
            following = max(newest or 0, given.get(table, 0)) + 1
            driver.execute(f"ALTER SEQUENCE {sequence} RESTART WITH {following}")  # setval would outlive a rollback
    for _, definition in indexes:
        driver.execute(definition)
    for table, name, definition in links:
        driver.execute(f"ALTER TABLE {table} ADD CONSTRAINT {name} {definition}")


def _copy_in(driver: psycopg.Connection[Any], source: sqlite3.Connection, table: str, types: Mapping[str, str]) -> None:
    names = [row[1] for row in source.execute(f"PRAGMA table_info({quoted(table)})")]
    if lacking := set(names) ^ set(types):
        raise StorageError(f"table {table!r} has or lacks {min(lacking)!r}: not a database of this version")
    query = sql.SQL("COPY {} ({}) FROM STDIN").format(
        sql.Identifier(table), sql.SQL(", ").join(map(sql.Identifier, names))
    )
    listed = ", ".join(map(quoted, names))
    with driver.cursor().copy(query) as rows:
        for row in source.execute(f"SELECT {listed} FROM {quoted(table)}"):  # noqa: S608 - quoted
            rows.write_row(row)
