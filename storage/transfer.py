"""All rows of a database as plain values, table by table, and a database made of such rows.

No table is named here: what there is comes from the schema, at whatever version it is. The rows of an older desk go
into a database of its own version first, and the migrations bring them forward as they would have there.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any

from storage.opening import HEAD, migrate
from storage.snapshot import (
    SQLiteCopies,
    columns_of,
    count_of,
    foreign_keys_of,
    must_be_whole,
    quoted,
    readonly,
    tables_of,
)
from storage.statement import Runner
from storage.wording import rebuild
from storage.writer import StorageError, engine_for

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

VERSIONS = "alembic_version"  # the one table whose row is the schema's and not the desk's
AT_ONCE = 500  # rows of one statement


def tables(copy: Path) -> Sequence[tuple[str, int]]:
    """Every table with how many rows it has, each after those that its rows point to."""
    with closing(readonly(copy)) as database:
        names = [name for name in tables_of(database) if name != VERSIONS]
        needs = {
            name: {foreign[2] for foreign in foreign_keys_of(database, name)} & set(names) - {name} for name in names
        }
        ordered: list[str] = []
        while needs:
            free = sorted(name for name, needed in needs.items() if needed <= set(ordered)) or sorted(needs)
            ordered += free
            needs = {name: needed for name, needed in needs.items() if name not in free}
        return [(name, count_of(database, name)) for name in ordered]


def rows(copy: Path, table: str) -> Iterator[Mapping[str, Any]]:
    """The rows of a table in the order of its key; texts, whole numbers, fractions and None as they stand."""
    with closing(readonly(copy)) as database:
        names = columns_of(database, table)
        keys = [row[1] for row in database.execute(f"PRAGMA table_info({quoted(table)})") if row[5]]
        order = ", ".join(quoted(name) for name in keys or names)
        listed = ", ".join(quoted(name) for name in names)
        for row in database.execute(f"SELECT {listed} FROM {quoted(table)} ORDER BY {order}"):  # noqa: S608 - quoted
            yield dict(zip(names, row, strict=True))


def counters(copy: Path) -> Mapping[str, int]:
    """The highest number that was ever given in each table that never gives one twice."""
    with closing(readonly(copy)) as database:
        if not database.execute("SELECT 1 FROM sqlite_master WHERE name = 'sqlite_sequence'").fetchone():
            return {}
        return dict(database.execute("SELECT name, seq FROM sqlite_sequence").fetchall())


def build(
    to: Path, schema: str, given: Iterable[tuple[str, Iterable[Mapping[str, Any]]]], numbers: Mapping[str, int]
) -> None:
    """A new database of these rows, as their own version has them, then brought forward. StorageError where they do
    not make one: nothing is left then.
    """
    if schema > HEAD:
        raise StorageError(f"made by a newer desk (schema {schema}, this one knows {HEAD}); upgrade the desk")
    _remove(to)
    try:
        migrate(to, schema)
        with closing(sqlite3.connect(to, isolation_level=None)) as database:
            _fill(database, given, numbers)
        migrate(to)
        _index(to)
        with closing(sqlite3.connect(to, isolation_level=None)) as database:
            database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            database.execute("PRAGMA journal_mode=DELETE")  # one file, to be moved
    except sqlite3.DatabaseError as error:
        _remove(to)
        raise StorageError(f"these rows make no database of the desk: {error}") from error
    except BaseException:
        _remove(to)
        raise


def _fill(
    database: sqlite3.Connection, given: Iterable[tuple[str, Iterable[Mapping[str, Any]]]], numbers: Mapping[str, int]
) -> None:
    database.execute("PRAGMA synchronous=OFF")  # until it is whole nobody wants it
    database.execute("PRAGMA foreign_keys=OFF")
    database.execute("BEGIN")
    known = tables_of(database)
    for name in known:
        if name != VERSIONS:
            database.execute(f"DELETE FROM {quoted(name)}")  # noqa: S608 - quoted
    for name, values in given:
        if name not in known or name == VERSIONS:
            raise StorageError(f"there is no table {name!r} in a desk of that version")
        batch: list[Mapping[str, Any]] = []
        for row in values:
            batch.append(row)
            if len(batch) == AT_ONCE:
                _insert(database, name, batch)
                batch = []
        _insert(database, name, batch)
    for name, number in numbers.items():
        database.execute("DELETE FROM sqlite_sequence WHERE name = ?", (name,))
        database.execute("INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)", (name, number))
    must_be_whole(database)
    database.execute("COMMIT")


def _insert(database: sqlite3.Connection, table: str, batch: Sequence[Mapping[str, Any]]) -> None:
    if not batch:
        return
    names = list(batch[0])
    if unknown := set(names) - set(columns_of(database, table)):
        raise StorageError(f"there is no column {min(unknown)!r} in {table!r} of a desk of that version")
    listed, marks = ", ".join(map(quoted, names)), ", ".join("?" * len(names))
    try:
        database.executemany(
            f"INSERT INTO {quoted(table)} ({listed}) VALUES ({marks})",  # noqa: S608 - quoted
            [[row[name] for name in names] for row in batch],
        )
    except KeyError as error:
        raise StorageError(f"a row of {table!r} lacks {error}") from error


def _index(path: Path) -> None:
    """The index of words anew, as the desk itself keeps it."""
    engine = engine_for(path)
    with engine.connect() as connection:
        driver: Any = connection.connection.driver_connection
        driver.execute("BEGIN")
        rebuild(Runner(connection))
        driver.execute("COMMIT")


def _remove(path: Path) -> None:
    for suffix in ("", "-wal", "-shm", "-journal"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)


class SQLiteSnapshots(SQLiteCopies):
    """`backup.port.Database`: copies of one database file, and its rows."""

    tables = staticmethod(tables)
    rows = staticmethod(rows)
    numbers = staticmethod(counters)
    build = staticmethod(build)
