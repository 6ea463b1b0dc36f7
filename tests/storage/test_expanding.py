"""Migrations expand first and contract later: a desk goes on beside a newer one, on the schema that that one made.

What counts as taking away is written down here, and tried: at every schema the rows that its desk could write are
written, read and changed in the newest one, by statements that know the older columns only.
"""

from __future__ import annotations

from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import (
    Boolean,
    Column,
    ForeignKeyConstraint,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    UniqueConstraint,
    insert,
    select,
    update,
)

from storage import StorageError, migrate, open_storage
from storage.postgresql.connecting import engine_for as on_postgresql
from storage.schema import HEAD, MARK, SINCE
from storage.sqlite.writing import engine_for as on_sqlite
from tests.databases import sql

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection

pytestmark = pytest.mark.both
VERSIONS = sorted(path.name[:4] for path in Path("storage/migrations/versions").glob("0*.py"))
OWN = ("alembic_version", "ticket_words")  # not the desk's rows: the index of words is each database's own


@contextmanager
def connected(where: Path | str) -> Iterator[Connection]:
    engine = on_postgresql(where) if isinstance(where, str) else on_sqlite(where)
    with engine.connect() as connection:
        connection.exec_driver_sql("BEGIN")
        yield connection
        connection.exec_driver_sql("ROLLBACK")


def schema(where: Path | str) -> MetaData:
    """The tables as they stand in a database."""
    found = MetaData()
    with connected(where) as connection:
        found.reflect(connection, only=lambda name, _: not name.startswith(OWN))
    return found


def taken_away(older: MetaData, newer: MetaData) -> list[str]:
    """What a desk that knows only the older schema would miss in the newer one, or fall over."""
    found = [f"table {name} is gone" for name in older.tables if name not in newer.tables]
    for name, table in newer.tables.items():
        if name not in older.tables:
            continue
        before = older.tables[name]
        found += [f"{name}.{column.name} is gone" for column in before.columns if column.name not in table.columns]
        for column in table.columns:
            old = before.columns.get(column.name)
            must = not column.nullable and column.server_default is None and not column.primary_key
            if must and (old is None or old.nullable):
                found.append(f"{name}.{column.name} must be given")
            if old is not None and type(old.type) is not type(column.type):
                found.append(f"{name}.{column.name} is of another type")
        if uniques(table) - uniques(before):
            found.append(f"{name} allows less than it did")
    return found


def uniques(table: Table) -> set[tuple[str, ...]]:
    """Sets of columns that no two rows have in common, and those that point elsewhere."""
    indexes = {tuple(sorted(column.name for column in index.columns)) for index in table.indexes if index.unique}
    named = {
        (type(constraint).__name__, *sorted(column.name for column in constraint.columns))
        for constraint in table.constraints
        if isinstance(constraint, UniqueConstraint | PrimaryKeyConstraint | ForeignKeyConstraint)
    }
    return indexes | named


@pytest.fixture
def blank(where: Path | str, request: pytest.FixtureRequest) -> Iterator[Path | str]:
    """A database in which nothing is yet."""
    if isinstance(where, Path):
        yield where
        return
    with request.getfixturevalue("postgresql").database(migrated=False) as url:
        yield url


def test_a_desk_of_every_schema_that_is_served_goes_on_in_the_newest(blank: Path | str) -> None:
    """Migrations behind `SINCE` only add; a migration that takes something away moves it."""
    assert VERSIONS[-1] == HEAD
    assert SINCE in VERSIONS
    schemas = {}
    for version in VERSIONS[VERSIONS.index(SINCE) :]:
        migrate(blank, version)
        schemas[version] = schema(blank)
    for known, newer in pairwise(schemas.values()):
        assert taken_away(known, newer) == []
    for known in schemas.values():
        with connected(blank) as connection:
            connection.exec_driver_sql("DELETE FROM settings")
            for table in known.sorted_tables:
                _write_read_and_change(connection, table)


def _write_read_and_change(connection: Connection, table: Table) -> None:
    row = {column.name: _value(column) for column in table.columns}
    connection.execute(insert(table).values(row))
    if free := {column.name: row[column.name] for column in table.columns if not column.primary_key}:
        connection.execute(update(table).values(free))
    assert connection.execute(select(table)).mappings().one() == row, table.name


def _value(column: Column[Any]) -> Any:
    if isinstance(column.type, Boolean):
        return True
    return "1" if isinstance(column.type, String) else 1


@pytest.mark.parametrize(
    ("columns", "told"),
    (
        ("name TEXT NOT NULL", ["people.born is gone"]),
        ("name TEXT NOT NULL, year INTEGER", ["people.born is gone"]),
        ("name TEXT NOT NULL, born TEXT", ["people.born is of another type"]),
        ("name TEXT NOT NULL, born INTEGER NOT NULL", ["people.born must be given"]),
        ("name TEXT NOT NULL, born INTEGER, at INTEGER NOT NULL", ["people.at must be given"]),
        ("name TEXT NOT NULL UNIQUE, born INTEGER", ["people allows less than it did"]),
        ("name TEXT NOT NULL, born INTEGER REFERENCES years (year)", ["people allows less than it did"]),
        ("name TEXT, born INTEGER, at INTEGER, place TEXT NOT NULL DEFAULT ''", []),
    ),
)
def test_every_way_of_taking_away_is_seen(where: Path | str, columns: str, told: list[str]) -> None:
    made = []
    for each in ("name TEXT NOT NULL, born INTEGER", columns):
        with connected(where) as connection:
            connection.exec_driver_sql("CREATE TABLE years (year INTEGER PRIMARY KEY)")
            connection.exec_driver_sql(f"CREATE TABLE people_of_ours (id INTEGER PRIMARY KEY, {each})")
            made.append(MetaData())
            made[-1].reflect(connection, only=["people_of_ours"])
    assert taken_away(*made) == [text.replace("people", "people_of_ours") for text in told]


async def test_a_desk_goes_on_with_a_newer_schema_that_serves_it_and_refuses_another(where: Path | str) -> None:
    await open_storage(where).close()
    sql(where, "UPDATE alembic_version SET version_num = '9999'")
    storage = open_storage(where)
    assert await storage.write(lambda tx: tx.first_hearing("k"))
    await storage.close()
    assert sql(where, "SELECT version_num FROM alembic_version") == [("9999",)]
    sql(where, "UPDATE settings SET value = '9998' WHERE name = ?", (MARK,))
    with pytest.raises(StorageError, match=r"made by a newer desk .schema 9999"):
        open_storage(where)
    sql(where, "DELETE FROM settings WHERE name = ?", (MARK,))
    with pytest.raises(StorageError, match="upgrade the desk"):
        open_storage(where)
