"""The SQLite database as a backup sees it: copied whole while the desk works, checked, counted, and put back.

With `storage.transfer` it is `backup.port.Database`. No table is named here: what there is comes from the schema.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any

from storage.opening import HEAD
from storage.writer import StorageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

BUSY = 60.0  # seconds that a copy waits for a lock


class SQLiteCopies:
    """Copies of one database file."""

    kind = "sqlite"
    newest_schema = HEAD

    def __init__(self, path: Path) -> None:
        self._path = path

    @property
    def there(self) -> bool:
        return self._path.is_file()

    def snapshot(self, to: Path) -> None:
        """`VACUUM INTO` reads one state of the database beside its writer, and writes only what is alive: words that
        were deleted do not linger in free pages. StorageError where there is no database.
        """
        if not self.there:
            raise StorageError(f"{self._path}: there is no database of the desk yet")
        to.unlink(missing_ok=True)
        with closing(sqlite3.connect(self._path, timeout=BUSY, isolation_level=None)) as database:
            try:
                database.execute("PRAGMA synchronous=OFF")  # of the copy: who keeps it syncs it
                database.execute("VACUUM INTO ?", (str(to),))
            except sqlite3.DatabaseError as error:
                raise StorageError(f"{self._path}: it could not be copied: {error}") from error

    def facts(self, copy: Path) -> tuple[str, Mapping[str, int]]:
        """Schema, and rows by table. StorageError where the copy cannot be read."""
        try:
            with closing(readonly(copy)) as database:
                (schema,) = database.execute("SELECT version_num FROM alembic_version").fetchone()
                counts = {table: count_of(database, table) for table in tables_of(database)}
        except (sqlite3.DatabaseError, TypeError) as error:
            raise StorageError(f"the database is damaged: {error}") from error
        return str(schema), counts

    def check(self, copy: Path, *, thorough: bool) -> None:
        """StorageError where SQLite finds anything wrong in it."""
        try:
            with closing(readonly(copy)) as database:
                must_be_whole(database, thorough=thorough)
        except sqlite3.DatabaseError as error:
            raise StorageError(f"the database is damaged: {error}") from error

    def files(self, copy: Path) -> Iterator[tuple[str, int]]:
        """SHA-256 and size of every file that a row names, from whatever table has both columns."""
        with closing(readonly(copy)) as database:
            named = [
                f"SELECT sha256, size FROM {quoted(table)} WHERE sha256 IS NOT NULL"  # noqa: S608 - quoted
                + (" AND dropped_at IS NULL" if "dropped_at" in columns_of(database, table) else "")
                for table in tables_of(database)
                if {"sha256", "size"} <= set(columns_of(database, table))
            ]
            if named:
                every = " UNION ALL ".join(named)
                yield from database.execute(f"SELECT sha256, max(size) FROM ({every}) GROUP BY 1 ORDER BY 1")  # noqa: S608 - made above

    @contextmanager
    def alone(self) -> Iterator[None]:
        """The lock that a running desk holds. StorageError where one does."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.with_name(f"{self._path.name}.lock").open("w", encoding="utf-8") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                raise StorageError(f"{self._path}: the desk is running; stop it first") from error
            yield

    def replace(self, copy: Path) -> None:
        """The old database ends whole in its one file, then the new one takes its name in one step. What was owed in
        the copy may have been delivered since: it is marked so that the relay looks before it speaks.
        """
        with closing(sqlite3.connect(copy)) as database, database:
            database.execute(
                "UPDATE deliveries SET leased_until = NULL, attempts = max(attempts, 1) WHERE state = 'owed'"
            )
        if self._path.exists():
            with closing(sqlite3.connect(self._path, isolation_level=None)) as database:
                database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
                database.execute("PRAGMA journal_mode=DELETE")
        for suffix in ("-wal", "-shm"):  # no log is left that could be taken for the new one's
            self._path.with_name(self._path.name + suffix).unlink(missing_ok=True)
        descriptor = os.open(copy, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        copy.replace(self._path)

    def ticket(self, copy: Path, number: int) -> Mapping[str, Sequence[Mapping[str, Any]]]:
        """The ticket's row, and every row that points to it or to one of those, with the people they name."""
        with closing(readonly(copy)) as database:
            database.row_factory = sqlite3.Row
            found: dict[str, dict[tuple[Any, ...], dict[str, Any]]] = {}
            queue = [("tickets", "number", number)]
            while queue:
                table, column, value = queue.pop()
                rows = database.execute(f"SELECT rowid, * FROM {quoted(table)} WHERE {quoted(column)} = ?", (value,))  # noqa: S608 - quoted
                for row in rows.fetchall():
                    key = (row["rowid"],) if "rowid" in row.keys() else tuple(row)  # noqa: SIM118 - a Row's `in` looks at values
                    known = found.setdefault(table, {})
                    if key not in known:
                        known[key] = {name: row[name] for name in columns_of(database, table)}
                        queue += _pointing(database, table, known[key])
            if not found:
                raise StorageError(f"there is no ticket #{number} in that backup")
            return {table: list(rows.values()) for table, rows in found.items()}


def must_be_whole(database: sqlite3.Connection, *, thorough: bool = True) -> None:
    look = "integrity_check" if thorough else "quick_check"
    wrong = [row[0] for row in database.execute(f"PRAGMA {look}(3)") if row[0] != "ok"]
    wrong += [f"a row of {row[0]} points nowhere" for row in database.execute("PRAGMA foreign_key_check")]
    if wrong:
        raise StorageError(f"the database is damaged: {'; '.join(wrong[:3])}")


def count_of(database: sqlite3.Connection, table: str) -> int:
    return int(database.execute(f"SELECT count(*) FROM {quoted(table)}").fetchone()[0])  # noqa: S608 - quoted


def _pointing(database: sqlite3.Connection, table: str, row: Mapping[str, Any]) -> list[tuple[str, str, Any]]:
    """Where to look for rows that belong to this one: those that point at it; of people, only themselves."""
    people = [
        ("people", foreign["to"] or "id", row[foreign["from"]])
        for foreign in foreign_keys_of(database, table)
        if foreign["table"] == "people" and row[foreign["from"]] is not None
    ]
    if table == "people":
        return people
    return people + [
        (other, foreign["from"], row[foreign["to"] or _key(database, table)])
        for other in tables_of(database)
        for foreign in foreign_keys_of(database, other)
        if foreign["table"] == table
    ]


def foreign_keys_of(database: sqlite3.Connection, table: str) -> list[sqlite3.Row]:
    return database.execute(f"PRAGMA foreign_key_list({quoted(table)})").fetchall()


def _key(database: sqlite3.Connection, table: str) -> str:
    rows = database.execute(f"PRAGMA table_info({quoted(table)})").fetchall()
    return str(next(row["name"] for row in rows if row["pk"]))


def readonly(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"file:{path}?mode=ro&immutable=1", uri=True)


def tables_of(database: sqlite3.Connection) -> list[str]:
    """Ordinary tables only: a search index and its shadows can be made anew."""
    rows = database.execute("PRAGMA main.table_list").fetchall()
    return sorted(row[1] for row in rows if row[2] == "table" and not row[1].startswith("sqlite_"))


def columns_of(database: sqlite3.Connection, table: str) -> list[str]:
    return [row[1] for row in database.execute(f"PRAGMA table_info({quoted(table)})")]


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
