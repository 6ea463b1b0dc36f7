"""A database made of rows. Those of an older desk go into a database of its own version first, and the migrations
bring them forward as they would have there.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing, contextmanager
from itertools import islice
from typing import TYPE_CHECKING, Any

from sqlalchemy.exc import SQLAlchemyError

from storage.copies import VERSIONS, columns_of, must_be_whole, quoted, readonly, said_of, tables_of
from storage.errors import StorageError
from storage.opening import migrate
from storage.schema import HEAD
from storage.sqlite.writing import engine_for
from storage.statement import Runner
from storage.wording import rebuild

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

AT_ONCE = 500  # rows of one statement


def build(
    to: Path, schema: str, given: Iterable[tuple[str, Iterable[Mapping[str, Any]]]], numbers: Mapping[str, int]
) -> None:
    """A new database of these rows, as their own version has them, then brought forward. StorageError where they do
    not make one: nothing is left then.
    """
    if schema > HEAD:
        raise StorageError(f"made by a newer desk (schema {schema}, this one knows {HEAD}); upgrade the desk")
    with whole_or_gone(to):
        with filling(to, schema) as database:
            for name, values in given:
                for batch in _batches(values):
                    _insert(database, name, batch)
            keep_numbers(database, numbers)
            must_be_whole(database)
        migrate(to)
        index(to)
        as_one_file(to)


@contextmanager
def whole_or_gone(to: Path) -> Iterator[None]:
    """StorageError, and nothing at `to`, where no database comes about."""
    _remove(to)
    try:
        yield
    except (sqlite3.DatabaseError, SQLAlchemyError) as error:
        said = said_of(error, to)
        _remove(to)
        raise StorageError(f"these rows make no database of the desk: {said}") from error
    except BaseException:
        _remove(to)
        raise


@contextmanager
def filling(to: Path, schema: str) -> Iterator[sqlite3.Connection]:
    """A new database of that version without any rows, in one transaction that is committed at the end. Its indexes
    are made when the rows are in.
    """
    migrate(to, schema)
    with closing(sqlite3.connect(to, isolation_level=None)) as database:
        database.execute("PRAGMA synchronous=OFF")  # until it is whole nobody wants it
        database.execute("PRAGMA foreign_keys=OFF")
        database.execute("BEGIN")
        for name in tables_of(database):
            if name != VERSIONS:
                database.execute(f"DELETE FROM {quoted(name)}")  # noqa: S608 - quoted
        indexes = database.execute("SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL")
        made = indexes.fetchall()
        for name, _ in made:
            database.execute(f"DROP INDEX {quoted(name)}")
        yield database
        for _, sql in made:
            database.execute(sql)
        database.execute("COMMIT")


def keep_numbers(database: sqlite3.Connection, numbers: Mapping[str, int]) -> None:
    """The highest number that was ever given, by table."""
    for name, number in numbers.items():
        database.execute("DELETE FROM sqlite_sequence WHERE name = ?", (name,))
        database.execute("INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)", (name, number))


def as_one_file(path: Path) -> None:
    """Without a log beside it: a file that can be moved."""
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        database.execute("PRAGMA journal_mode=DELETE")


def _batches(values: Iterable[Mapping[str, Any]]) -> Iterator[list[Mapping[str, Any]]]:
    rows = iter(values)
    while batch := list(islice(rows, AT_ONCE)):
        yield batch


def _insert(database: sqlite3.Connection, table: str, batch: Sequence[Mapping[str, Any]]) -> None:
    if table not in tables_of(database) or table == VERSIONS:
        raise StorageError(f"there is no table {table!r} in a desk of that version")
    names = list(batch[0])
    if unknown := set(names) - set(columns_of(database, table)):
        raise StorageError(f"there is no column {min(unknown)!r} in {table!r} of a desk of that version")
    try:
        insert(database, table, names, ([row[name] for name in names] for row in batch))
    except KeyError as error:
        raise StorageError(f"a row of {table!r} lacks {error}") from error


def insert(database: sqlite3.Connection, table: str, names: Sequence[str], values: Iterable[Sequence[Any]]) -> None:
    """Rows of these columns, each with its values in their order."""
    listed, marks = ", ".join(map(quoted, names)), ", ".join("?" * len(names))
    database.executemany(f"INSERT INTO {quoted(table)} ({listed}) VALUES ({marks})", values)  # noqa: S608 - quoted


def has_index(path: Path) -> bool:
    """Whether its words are indexed: those of a copy from another database are not."""
    with closing(readonly(path)) as database:
        tickets = database.execute("SELECT 1 FROM tickets LIMIT 1").fetchone()
        return not tickets or bool(database.execute("SELECT 1 FROM ticket_words_idx LIMIT 1").fetchone())


def index(path: Path) -> None:
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
