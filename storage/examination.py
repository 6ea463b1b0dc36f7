"""The database looked at without changing it: whether it is there, which schema it has, whether it is sound."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

from storage import opening

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Health:
    """`fault` is "" where SQLite finds none."""

    there: bool
    schema: str = ""
    newest: str = opening.HEAD
    fault: str = ""
    tickets: int = 0


def examined(path: Path) -> Health:
    """Read-only, beside a running desk too. The check reads the whole file: about a second for each gigabyte."""
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
