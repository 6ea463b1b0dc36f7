"""A database on PostgreSQL looked at without changing it: whether it answers, which schema it has, what it has left."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import psycopg

from desk.ports import Installation
from storage.errors import StorageError
from storage.health import INSTALLED, Health, Server
from storage.postgresql.connecting import engine_for, session, shown
from storage.postgresql.instances import LIVING
from storage.postgresql.opening import ENCODING, OLDEST
from storage.schema import HEAD, SINCE_OF

if TYPE_CHECKING:
    from collections.abc import Sequence

_THERE = "SELECT to_regclass('alembic_version') IS NOT NULL"
_LEFT = """SELECT current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int
 - (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend')"""


def examined_postgresql(url: str) -> Health:
    """Beside running instances too; nothing is read that grows, but the count of tickets."""
    try:
        engine = engine_for(url)
    except StorageError as error:
        return Health(there=True, fault=str(error))
    try:
        with session(engine) as driver:
            return _looked(driver, shown(engine))
    except psycopg.Error as error:
        return Health(there=True, fault=" ".join(str(error).split()), server=Server(shown(engine), answers=False))


def _looked(driver: psycopg.Connection[Any], address: str) -> Health:
    off = abs(_one(driver, "SELECT clock_timestamp()") - datetime.now(UTC))
    there = bool(_one(driver, _THERE))
    schema = str(_one(driver, "SELECT version_num FROM alembic_version")) if there else ""
    ours = there and schema >= "0017"  # instances are on record since then
    encoding = driver.info.parameter_status("server_encoding") or "?"
    server = Server(
        address,
        version=str(_one(driver, "SHOW server_version")),
        old=driver.info.server_version < OLDEST,
        misread="" if encoding == ENCODING else encoding,
        clock_off=off if isinstance(off, timedelta) else timedelta(),
        connections_left=int(_one(driver, _LEFT)),
        instances=tuple(str(name) for (name,) in driver.execute(LIVING).fetchall()) if ours else (),
    )
    if not there:
        return Health(there=False, server=server)
    since = _one(driver, SINCE_OF) if schema > HEAD else None
    tickets = int(_one(driver, "SELECT count(*) FROM tickets"))
    known = _one(driver, "SELECT to_regclass('installations') IS NOT NULL")
    installed = tuple(Installation(*row) for row in driver.execute(INSTALLED).fetchall()) if known else ()
    served = schema > HEAD and since is not None and str(since) <= HEAD
    return Health(there=True, schema=HEAD if served else schema, tickets=tickets, installed=installed, server=server)


def _one(driver: psycopg.Connection[Any], query: str) -> Any:
    row: Sequence[Any] | None = driver.execute(query).fetchone()
    return row[0] if row else None
