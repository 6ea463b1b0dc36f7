"""A lock of the database that one session has at a time: it goes with the session, however that ends."""

from __future__ import annotations

from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

import psycopg

from storage.errors import StorageError
from storage.postgresql.connecting import session, shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Engine


@contextmanager
def taken(engine: Engine, class_: int) -> Iterator[bool]:
    """Whether nobody else has it; if so, this block does. StorageError where the database does not answer."""
    try:
        connection = session(engine)
        with closing(connection):
            connection.execute("SET idle_session_timeout = 0")
            row = connection.execute("SELECT pg_try_advisory_lock(%s, 0)", (class_,)).fetchone()
            yield bool(row and row[0])
    except psycopg.Error as error:
        raise StorageError(f"{shown(engine)}: {' '.join(str(error).split())}") from error
