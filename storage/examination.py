"""The database looked at without changing it: whether it is there, which schema it has, whether it is sound."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

from desk.ports import Installation
from storage.health import INSTALLED, Health

if TYPE_CHECKING:
    from pathlib import Path


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
            known = database.execute("SELECT 1 FROM sqlite_master WHERE name = 'installations'").fetchone()
            installed = database.execute(INSTALLED).fetchall() if known else ()
    except sqlite3.DatabaseError as error:
        return Health(there=True, fault=str(error))
    return Health(
        there=True,
        schema=schema,
        fault="" if fault == "ok" else str(fault),
        tickets=tickets,
        installed=tuple(Installation(*row) for row in installed),
    )
