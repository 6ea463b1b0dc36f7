"""A desk with something in every table and column, made from the schema alone: whatever there is has to come along."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any

from sqlalchemy import Boolean, Integer

from storage.tables import metadata

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy import Column, Table

ROWS = 4
TEXTS = (
    "Intranet \U0001f512 👩‍👩‍👧 ünïcödé \u2028 日本語",
    "a\ttab, a\\backslash, a \\N, a\r\nline, 'quotes' and \"more\"",
    "",
    "x" * 5000,
)


def fill(path: Path) -> None:
    """Rows into every table of a database that is migrated and empty."""
    with closing(sqlite3.connect(path)) as database, database:
        for table in metadata.sorted_tables:
            if table.name != "settings":  # what migrations say of themselves
                database.execute(f'DELETE FROM "{table.name}"')
        for table in metadata.sorted_tables:
            names = [column.name for column in table.columns]
            marks = ", ".join("?" * len(names))
            listed = ", ".join(f'"{name}"' for name in names)
            for number in range(1, ROWS + 1):
                row = [_value(table, column, number) for column in table.columns]
                database.execute(f'INSERT INTO "{table.name}" ({listed}) VALUES ({marks})', row)
        assert not database.execute("PRAGMA foreign_key_check").fetchall()


def _value(table: Table, column: Column[Any], number: int) -> Any:
    if column.foreign_keys:
        return number if not column.nullable or number != 2 else None  # each points at the row of its own number
    if column.nullable and number == 2:
        return None
    if isinstance(column.type, Boolean):
        return number % 2
    if column.type._type_affinity is Integer:
        if column.primary_key and len(table.primary_key) == 1:
            return number
        return number * (2**28 if type(column.type) is Integer else 2**60)
    if any(column.name in _names(each) for each in table.constraints) or column.primary_key:
        return f"{number}é"
    if column.name in {"data", "fields", "listing", "first_part"}:
        return f'{{"words": "{number}é", "more": [1, null]}}'
    if column.name == "sha256":
        return f"{number:064x}"
    return TEXTS[number - 1]


def _names(constraint: Any) -> set[str]:
    return {column.name for column in getattr(constraint, "columns", ())}


def rows_of(path: Path) -> dict[str, list[Any]]:
    """All rows of all tables, and the highest number ever given."""
    with closing(sqlite3.connect(path)) as database:
        names = [row[1] for row in database.execute("PRAGMA main.table_list") if row[2] == "table"]
        wanted = [name for name in names if name != "sqlite_schema"]
        return {name: sorted(database.execute(f'SELECT * FROM "{name}"').fetchall(), key=repr) for name in wanted}
