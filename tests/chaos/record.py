"""What the desk has on record, looked at from outside it: on SQLite or on PostgreSQL."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Record:
    """`where`: a file, or an address."""

    where: Path | str

    def rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        """What stands there now; question marks stand for the values."""
        if isinstance(self.where, str):
            import psycopg  # a run on SQLite needs none

            with psycopg.connect(self.where.replace("+psycopg", ""), autocommit=True) as database:
                return database.execute(query.replace("?", "%s").encode(), values).fetchall()
        with closing(sqlite3.connect(self.where)) as database:
            return database.execute(query, values).fetchall()

    def change(self, *statements: str) -> None:
        """On PostgreSQL, behind the desk's back."""
        import psycopg  # as above

        assert isinstance(self.where, str)
        with psycopg.connect(self.where.replace("+psycopg", ""), autocommit=True) as database:
            for statement in statements:
                database.execute(statement.encode())

    def unsent(self) -> list[str]:
        """The deliveries that are owed or given up, one a line."""
        found = self.rows(
            "SELECT deliveries.state, events.kind, events.data, deliveries.attempts, deliveries.error FROM deliveries "
            "JOIN events ON events.id = deliveries.event_id WHERE deliveries.state <> 'sent'"
        )
        return [f"{state} after {attempts}: {kind} {data} ({error})" for state, kind, data, attempts, error in found]
