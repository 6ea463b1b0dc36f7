"""Where a generated desk is written down: a file of SQLite, or a database of PostgreSQL, each in its fastest way."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any

import psycopg

from benchmarks.generated import fill
from storage.opening import migrate
from storage.postgresql.words import STRETCH, packed

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from benchmarks.generated import World


def make(where: Path | str, *, tickets: int, seed: int = 1) -> World:
    """A desk in a new file, or in an empty database. A million tickets take some minutes."""
    migrate(where)  # the schema is the desk's own
    if isinstance(where, str):
        return _on_postgresql(where, tickets, seed)
    with closing(sqlite3.connect(where, isolation_level=None)) as database:
        for pragma in ("journal_mode=OFF", "synchronous=OFF", "cache_size=-400000", "foreign_keys=OFF"):
            database.execute(f"PRAGMA {pragma}")
        database.execute("BEGIN")
        world = fill(_File(database), tickets=tickets, seed=seed)
        database.execute("COMMIT")
        return world


class _File:
    """`benchmarks.generated.Book` on SQLite."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database

    def rows(self, table: str, names: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
        sql = f"INSERT INTO {table} ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})"  # noqa: S608 - our names
        self._database.executemany(sql, rows)

    def words(self, entries: Iterable[tuple[int, frozenset[str]]]) -> None:
        told = ((rowid, " ".join(sorted(words))) for rowid, words in entries)
        self._database.executemany("INSERT INTO ticket_words (rowid, text) VALUES (?, ?)", told)


def _on_postgresql(url: str, tickets: int, seed: int) -> World:
    """Indexes that hold no promise are made after the rows, as whoever restores a dump does."""
    with psycopg.connect(url.replace("+psycopg", "", 1), autocommit=True) as database:
        database.execute("SET synchronous_commit = off; SET session_replication_role = replica;"  # no foreign keys
                         " SET maintenance_work_mem = '512MB'")  # fmt: skip
        indexes = database.execute(
            "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = current_schema() AND NOT EXISTS"
            " (SELECT FROM pg_constraint WHERE conname = indexname)"
        ).fetchall()
        for name, _ in indexes:
            database.execute(f'DROP INDEX "{name}"')
        book = _Tables(database)
        world = fill(book, tickets=tickets, seed=seed)
        book.flush()
        for _, definition in indexes:
            database.execute(definition)
        for table, column, sequence in database.execute(
            "SELECT table_name, column_name, pg_get_serial_sequence(quote_ident(table_name), column_name)"
            " FROM information_schema.columns WHERE table_schema = current_schema()"
        ).fetchall():
            if sequence is not None:
                database.execute(f"SELECT setval('{sequence}', (SELECT coalesce(max({column}), 0) + 1 FROM {table}))")  # noqa: S608 - as above
        database.execute("VACUUM (ANALYZE)")
        return world


class _Tables:
    """`benchmarks.generated.Book` on PostgreSQL, by COPY."""

    def __init__(self, database: psycopg.Connection[Any]) -> None:
        self._database = database
        self._stretch = 0
        self._lists: dict[str, list[int]] = {}

    def rows(self, table: str, names: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
        sql = f"COPY {table} ({', '.join(names)}) FROM STDIN"
        with self._database.cursor() as cursor, cursor.copy(sql) as copy:
            for row in rows:
                copy.write_row(row)

    def words(self, entries: Iterable[tuple[int, frozenset[str]]]) -> None:
        for entry, words in entries:
            if entry // STRETCH != self._stretch:
                self.flush()
                self._stretch = entry // STRETCH
            for word in words:
                self._lists.setdefault(word, []).append(entry % STRETCH)

    def flush(self) -> None:
        """What is gathered of a stretch of entries."""
        found = ((self._stretch, word, packed(self._lists[word])) for word in sorted(self._lists))
        self.rows("ticket_words", ("stretch", "word", "entries"), found)
        self._lists = {}
