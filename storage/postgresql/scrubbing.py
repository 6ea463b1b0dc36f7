"""What was erased wiped out of PostgreSQL's tables: a plain VACUUM only lets others write over it, some day.

So tables are written anew, one after the other, which stops whoever wants them for that long; one that is larger than
`WHOLE` is vacuumed only. The server's own log goes its way (`max_wal_size`, archives): that is its keeper's.
"""

from __future__ import annotations

import logging
from contextlib import closing
from typing import TYPE_CHECKING

import psycopg
from psycopg import sql

from storage.errors import StorageError
from storage.postgresql.connecting import session, shown

if TYPE_CHECKING:
    from sqlalchemy import Engine

log = logging.getLogger(__name__)

WHOLE = 1_000_000_000  # bytes of a table, with its indexes, that is written anew: some seconds
WAIT = "5s"  # for a table that somebody is using, while others wait behind us
TRIES = 5

_TABLES = """SELECT c.oid::regclass::text, pg_total_relation_size(c.oid) FROM pg_class c
WHERE c.relkind = 'r' AND c.relnamespace = current_schema()::regnamespace AND c.relname <> 'alembic_version'
ORDER BY pg_total_relation_size(c.oid)"""


def scrub(engine: Engine) -> None:
    """Do it, beside a desk that works. StorageError where a table cannot be had."""
    try:
        with closing(session(engine)) as connection:
            connection.execute(f"SET lock_timeout = '{WAIT}'".encode())
            for table, size in connection.execute(_TABLES).fetchall():
                full = size <= WHOLE
                if not full:
                    log.warning(
                        "table %s is too large to be written anew beside the desk: VACUUM FULL it some time", table
                    )
                _vacuum(connection, table, full=full)
    except psycopg.Error as error:
        raise StorageError(f"{shown(engine)}: what was erased could not be wiped yet: {error}") from error


def _vacuum(connection: psycopg.Connection[object], table: str, *, full: bool) -> None:
    how = sql.SQL("VACUUM (FULL, ANALYZE) {}" if full else "VACUUM (ANALYZE) {}").format(sql.SQL(table))
    for left in reversed(range(TRIES)):
        try:
            connection.execute(how)
        except psycopg.errors.LockNotAvailable:
            if not left:
                raise
        else:
            return
