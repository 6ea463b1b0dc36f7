"""A database made ready: created or brought forward by migrations (with a copy kept first), leases of the dead void."""

from __future__ import annotations

import secrets
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, overload

from storage.errors import StorageError
from storage.schema import HEAD, RECEIPTS_KEPT, SALT_LENGTH, SINCE_OF, must_be_ready, to_bring_forward, upgrade
from storage.scrubbing import wipe_at_start
from storage.sqlite.writing import SQLiteStorage, engine_for

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from desk.ports import Storage
    from storage.postgresql.writing import PostgreSQLStorage

    Clock = Callable[[], datetime]


@overload
def open_storage(where: Path, *, clock: Clock | None = None) -> SQLiteStorage: ...
@overload
def open_storage(where: str, *, clock: Clock | None = None) -> PostgreSQLStorage: ...
@overload
def open_storage(where: Path | str, *, clock: Clock | None = None) -> Storage: ...
def open_storage(where: Path | str, *, clock: Clock | None = None) -> Storage:
    """Open SQLite's file or what PostgreSQL's address names, after migrating forward. StorageError where the database
    is newer than this desk can work with, not to be had, or (SQLite) in use.
    """
    if isinstance(where, str):
        from storage.postgresql.opening import open_postgresql  # a desk on SQLite does not load its driver

        return open_postgresql(where, clock=clock)
    where.parent.mkdir(parents=True, exist_ok=True)
    version = _version(where)
    if to_bring_forward(version, lambda: _since(where), str(where)):
        if version is not None:
            _keep_copy(where, where.with_name(f"{where.name}.before-{HEAD}"))
        migrate(where)
    clock = clock or _utc
    salt = _tidy(where, clock())
    wipe_at_start(where)
    return SQLiteStorage(where, salt, clock=clock)


def join_storage(where: Path | str, *, clock: Clock | None = None) -> Storage:
    """The database beside a desk that may be running: neither migrated nor tidied. StorageError where there is none of
    this schema.
    """
    if isinstance(where, str):
        from storage.postgresql.opening import join_postgresql  # as above

        return join_postgresql(where, clock=clock)
    must_be_ready(_version(where), str(where))
    with closing(sqlite3.connect(where)) as database:
        salt = database.execute("SELECT value FROM settings WHERE name = 'salt'").fetchone()
    return SQLiteStorage(where, str(salt[0]) if salt else "", clock=clock or _utc, alone=False)


def _utc() -> datetime:
    return datetime.now(UTC)


def migrate(where: Path | str, upto: str = "head") -> None:
    """Run the migrations up to the newest, or up to this one."""
    if isinstance(where, str):
        from storage.postgresql.opening import migrate_postgresql  # as above

        migrate_postgresql(where, upto)
        return
    with engine_for(where).connect() as connection:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        upgrade(connection, upto)
        connection.commit()


def _since(path: Path) -> str | None:
    with closing(sqlite3.connect(path)) as database:
        row = database.execute(SINCE_OF).fetchone()
    return str(row[0]) if row else None


def _version(path: Path) -> str | None:
    if not path.exists():
        return None
    try:
        with closing(sqlite3.connect(path)) as database:
            known = database.execute("SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'").fetchone()
            row = database.execute("SELECT version_num FROM alembic_version").fetchone() if known else None
    except sqlite3.DatabaseError as error:
        raise StorageError(f"{path}: not a database of the desk ({error}); name another in [storage] url") from error
    return str(row[0]) if row else None


def _keep_copy(path: Path, copy: Path) -> None:
    with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(copy)) as target:
        source.backup(target)


def _tidy(path: Path, now: datetime) -> str:
    """Give this installation its salt, void the leases of a desk that died, forget old receipts."""
    old = (now - RECEIPTS_KEPT - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
    with closing(sqlite3.connect(path, timeout=10)) as database, database:
        salt = secrets.token_hex(SALT_LENGTH // 2)
        database.execute("INSERT INTO settings VALUES ('salt', ?) ON CONFLICT DO NOTHING", (salt,))
        database.execute("UPDATE deliveries SET leased_until = NULL WHERE state = 'owed'")
        database.execute("DELETE FROM receipts WHERE at < ?", (old,))
        kept = database.execute("SELECT value FROM settings WHERE name = 'salt'").fetchone()
    return str(kept[0])
