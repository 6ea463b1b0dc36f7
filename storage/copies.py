"""A copy of a desk: a SQLite file of its rows, whatever database they are from. Checked, counted, and read.

No table is named here: what there is comes from the schema, at whatever version it is.
"""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any

from storage.errors import StorageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

ROOM = 1_000_000  # bytes: with less on its disk, a database has none to work with
VERSIONS = "alembic_version"  # the one table whose row is the schema's and not the desk's


class Copies:
    """What `backup.port.Database` says of copies."""

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

    def tables(self, copy: Path) -> Sequence[tuple[str, int]]:
        """Every table with how many rows it has, each after those that its rows point to."""
        with closing(readonly(copy)) as database:
            names = [name for name in tables_of(database) if name != VERSIONS]
            needs = {
                name: {foreign[2] for foreign in foreign_keys_of(database, name)} & set(names) - {name}
                for name in names
            }
            ordered: list[str] = []
            while needs:
                free = sorted(name for name, needed in needs.items() if needed <= set(ordered)) or sorted(needs)
                ordered += free
                needs = {name: needed for name, needed in needs.items() if name not in free}
            return [(name, count_of(database, name)) for name in ordered]

    def rows(self, copy: Path, table: str) -> Iterator[Mapping[str, Any]]:
        """The rows of a table in the order of its key; texts, whole numbers, fractions and None as they stand."""
        with closing(readonly(copy)) as database:
            names = columns_of(database, table)
            keys = [row[1] for row in database.execute(f"PRAGMA table_info({quoted(table)})") if row[5]]
            order = ", ".join(quoted(name) for name in keys or names)
            listed = ", ".join(quoted(name) for name in names)
            for row in database.execute(f"SELECT {listed} FROM {quoted(table)} ORDER BY {order}"):  # noqa: S608 - quoted
                yield dict(zip(names, row, strict=True))

    def numbers(self, copy: Path) -> Mapping[str, int]:
        """The highest number that was ever given in each table that never gives one twice."""
        with closing(readonly(copy)) as database:
            if not database.execute("SELECT 1 FROM sqlite_master WHERE name = 'sqlite_sequence'").fetchone():
                return {}
            return dict(database.execute("SELECT name, seq FROM sqlite_sequence").fetchall())

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


def said_of(error: BaseException, path: Path | None) -> str:
    """What a database says that failed, and that its disk is full where it is: SQLite calls that by several names."""
    said = str(getattr(error, "orig", None) or error)
    full = path is not None and path.parent.is_dir() and shutil.disk_usage(path.parent).free < ROOM
    return f"{said}; no room is left on its disk" if full else said


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
