"""A database on PostgreSQL made ready: of instances that start at once, one after the other sees to it."""

from __future__ import annotations

import logging
import secrets
import time
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import psycopg
from sqlalchemy.exc import SQLAlchemyError

from storage.errors import StorageError
from storage.postgresql.connecting import connected, driver_of, engine_for, shown
from storage.postgresql.writing import WRITING, PostgreSQLStorage
from storage.schema import HEAD, RECEIPTS_KEPT, SALT_LENGTH, SINCE_OF, must_be_ready, to_bring_forward, upgrade
from storage.tables import EPOCH, MICROSECOND

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlalchemy import Connection

log = logging.getLogger(__name__)

ATTEMPTS = 4  # to make ready a database whose server goes away in the middle of it
WAITED_FOR = 10  # seconds between them, at most
OLDEST = 140_000  # PostgreSQL 14: the oldest that is still looked after
ENCODING = "UTF8"  # of the database: any other has no place for what people write
UPGRADE = 30_000  # milliseconds between two statements of a migration: who is frozen in it holds up all others


class _InterruptedError(StorageError):
    """The server went away meanwhile."""


def open_postgresql(url: str, *, clock: Callable[[], datetime] | None = None) -> PostgreSQLStorage:
    """Open, after migrating forward. StorageError where there is no such database, or this desk cannot work with it. A
    server that goes away in the middle of it, as one that is started again, is waited for.
    """
    for left in reversed(range(ATTEMPTS)):
        try:
            return _opened(url, clock)
        except _InterruptedError as error:
            if not left:
                raise
            log.warning("%s; again", error)
            _wait_for(url)
    raise AssertionError  # the last attempt gives a storage or raises


def _wait_for(url: str) -> None:
    """Until the server takes connections again, for some seconds: what the next attempt says counts."""
    for _ in range(WAITED_FOR):
        with suppress(StorageError), connected(engine_for(url)) as connection:
            connection.invalidate()
            return
        time.sleep(1)


def _opened(url: str, clock: Callable[[], datetime] | None) -> PostgreSQLStorage:
    with _alone(url) as (connection, address):
        driver = driver_of(connection)
        if driver.info.server_version < OLDEST:
            raise StorageError(f"{address}: PostgreSQL {OLDEST // 10_000} or newer is needed")
        if (found := driver.info.parameter_status("server_encoding")) != ENCODING:
            raise StorageError(
                f"{address}: its encoding is {found}, and {ENCODING} is needed; "
                "make it with: CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0"
            )
        version = _version(driver)
        if to_bring_forward(version, lambda: _setting(driver, SINCE_OF), address):
            log.info("%s: from schema %s to %s", address, version, HEAD)
            upgrade(connection)
        salt = _tidy(driver, clock() if clock else datetime.now(UTC))
    return PostgreSQLStorage(url, salt, clock=clock)


def join_postgresql(url: str, *, clock: Callable[[], datetime] | None = None) -> PostgreSQLStorage:
    """As `storage.opening.join_storage`."""
    with _alone(url) as (connection, address):
        driver = driver_of(connection)
        must_be_ready(_version(driver), address)
        salt = _setting(driver, "SELECT value FROM settings WHERE name = 'salt'") or ""
    return PostgreSQLStorage(url, salt, clock=clock)


def migrate_postgresql(url: str, upto: str) -> None:
    with _alone(url) as (connection, _):
        upgrade(connection, upto)


@contextmanager
def _alone(url: str) -> Iterator[tuple[Connection, str]]:
    """A transaction in which nobody else writes, and the address without its password."""
    engine = engine_for(url)
    address = shown(engine)
    with connected(engine) as connection:
        driver = driver_of(connection)
        try:
            driver.execute(f"BEGIN; SET LOCAL idle_in_transaction_session_timeout = {UPGRADE}; "
                           f"SELECT pg_advisory_xact_lock({WRITING})")  # fmt: skip
            yield connection, address
            driver.execute("COMMIT")
        except (psycopg.Error, SQLAlchemyError) as error:
            said = " ".join(str(getattr(error, "orig", None) or error).split())
            kind = _InterruptedError if driver.closed else StorageError
            raise kind(f"{address}: cannot be made ready: {said}") from error
        finally:
            driver.close()  # what was not committed is rolled back
            connection.invalidate()


def _version(driver: psycopg.Connection[Any]) -> str | None:
    known = driver.execute("SELECT to_regclass('alembic_version')").fetchone()
    if known is None or known[0] is None:
        return None
    return _setting(driver, "SELECT version_num FROM alembic_version")


def _setting(driver: psycopg.Connection[Any], query: str) -> str | None:
    row = driver.execute(query).fetchone()
    return str(row[0]) if row else None


def _tidy(driver: psycopg.Connection[Any], now: datetime) -> str:
    """Give this desk its salt, forget old receipts. Leases may be other instances': those of the dead run out."""
    salt = secrets.token_hex(SALT_LENGTH // 2)
    driver.execute("INSERT INTO settings VALUES ('salt', %s) ON CONFLICT DO NOTHING", (salt,))
    driver.execute("DELETE FROM receipts WHERE at < %s", ((now - RECEIPTS_KEPT - EPOCH) // MICROSECOND,))
    return _setting(driver, "SELECT value FROM settings WHERE name = 'salt'") or salt
