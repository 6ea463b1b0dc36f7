"""A database made ready: created or brought forward by migrations (with a copy kept first), leases of the dead void."""

from __future__ import annotations

import secrets
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from importlib import resources
from typing import TYPE_CHECKING

from storage.writer import SQLiteStorage, StorageError, engine_for

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

HEAD = "0021"  # the newest migration; a test holds it equal to Alembic's own idea
RECEIPTS_KEPT = timedelta(days=7)  # Slack's last redelivery comes after five minutes; Discord has none
SALT_LENGTH = 8


def open_storage(path: Path, *, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> SQLiteStorage:
    """Open, after migrating forward. StorageError where the database is newer than this desk, or in use."""
    path.parent.mkdir(parents=True, exist_ok=True)
    version = _version(path)
    if version is not None and version > HEAD:
        raise StorageError(f"{path}: made by a newer desk (schema {version}, this one knows {HEAD}); upgrade the desk")
    if version != HEAD:
        if version is not None:
            _keep_copy(path, path.with_name(f"{path.name}.before-{HEAD}"))
        migrate(path)
    return SQLiteStorage(path, _tidy(path, clock()), clock=clock)


def join_storage(path: Path, *, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> SQLiteStorage:
    """The database beside a desk that may be running: neither migrated nor tidied. StorageError where there is none of
    this schema.
    """
    if (version := _version(path)) != HEAD:
        raise StorageError(
            f"{path}: no database of this desk yet (schema {version}, wanted {HEAD}); start the desk once"
        )
    with closing(sqlite3.connect(path)) as database:
        salt = database.execute("SELECT value FROM settings WHERE name = 'salt'").fetchone()
    return SQLiteStorage(path, str(salt[0]) if salt else "", clock=clock, alone=False)


def migrate(path: Path, upto: str = "head") -> None:
    """Run the migrations up to the newest, or up to this one."""
    from alembic import command  # slow to load, and seldom needed
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(resources.files("storage").joinpath("migrations")))
    engine = engine_for(path)
    with engine.connect() as connection:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        config.attributes["connection"] = connection
        command.upgrade(config, upto)
        connection.commit()


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
