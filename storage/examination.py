"""The database looked at without changing it: whether it is there, which schema it has, whether it is sound."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from storage import opening

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Server:
    """PostgreSQL's own: its address without the password, and what it says of itself where it answers."""

    address: str
    answers: bool = True
    version: str = ""
    old: bool = False  # older than what the desk needs
    clock_off: timedelta = timedelta()  # from this machine's
    connections_left: int = 0
    instances: tuple[str, ...] = ()  # that live, by name


@dataclass(frozen=True, slots=True)
class Health:
    """`fault` is "" where none is found; `server` is None of a SQLite file."""

    there: bool
    schema: str = ""
    newest: str = opening.HEAD
    fault: str = ""
    tickets: int = 0
    server: Server | None = None


def examined(where: Path | str) -> Health:
    """Of a SQLite file or of PostgreSQL's address, beside a running desk too. A file is read whole: about a second for
    each gigabyte.
    """
    if isinstance(where, str):
        from storage.postgresql.examination import examined_postgresql  # its driver is loaded by whoever uses it

        return examined_postgresql(where)
    return _file(where)


def _file(path: Path) -> Health:
    if not path.exists():
        return Health(there=False)
    try:
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=5)) as database:
            (fault,) = database.execute("PRAGMA quick_check(1)").fetchone()
            (schema,) = database.execute("SELECT version_num FROM alembic_version").fetchone()
            (tickets,) = database.execute("SELECT count(*) FROM tickets").fetchone()
    except sqlite3.DatabaseError as error:
        return Health(there=True, fault=str(error))
    return Health(there=True, schema=schema, fault="" if fault == "ok" else str(fault), tickets=tickets)
