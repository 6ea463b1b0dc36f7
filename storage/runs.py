"""The record of backups and proofs: `backup.port.Runs`, over connections of its own.

A backup may be made from the command line while the desk runs, so these rows do not wait in the desk's own writer.
"""

from __future__ import annotations

from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import and_, bindparam, delete, func, insert, or_, select, update
from sqlalchemy.exc import SQLAlchemyError

from desk.model import BackupRun
from storage.copies import said_of
from storage.errors import StorageError
from storage.sqlite.writing import engine_for
from storage.tables import backup_runs as runs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from sqlalchemy import Connection, Engine

KEPT = 1000  # runs of one destination
PROOFS_KEPT = 20_000  # runs from which what they say of a backup is kept: it may lie there for years
ERROR_LIMIT = 1000  # characters
BACKUP = 0x48740003  # the class of the lock of backups, beside those of `storage.postgresql.instances`

_INTERRUPTED = (
    update(runs)
    .where(runs.c.destination == bindparam("place"), runs.c.kind == bindparam("sort"), runs.c.ended_at.is_(None))
    .values(ended_at=bindparam("now"), error="interrupted")
)
# A proof that came to its end: it found the backup whole, or not.
_SAYS = and_(runs.c.kind != "backup", runs.c.stamp != "", runs.c.ended_at.is_not(None))


class BackupRuns:
    """Rows of one database, a file or an address, which must be there and migrated."""

    def __init__(self, where: Path | str, *, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._where = where
        self._engine = engine_for(where) if isinstance(where, Path) else _elsewhere(where)
        self._begin = "BEGIN IMMEDIATE" if isinstance(where, Path) else "BEGIN"
        self._clock = clock

    @contextmanager
    def turn(self) -> Iterator[bool]:
        """Whether no other instance of the desk, on whichever machine, is within. On SQLite there is one machine."""
        if isinstance(self._where, Path):
            yield True
            return
        from storage.postgresql.turning import taken  # a desk on SQLite does not load its driver

        with taken(self._engine, BACKUP) as ours:
            yield ours

    def begin(self, destination: str, kind: str) -> int:
        now = self._clock()
        with self._transaction() as connection:
            connection.execute(_INTERRUPTED, {"place": destination, "sort": kind, "now": now})
            values = {"destination": destination, "kind": kind, "began_at": now}
            run = int(connection.execute(insert(runs).returning(runs.c.id), values).scalar_one())
            old = or_(runs.c.id <= run - PROOFS_KEPT, and_(runs.c.id <= run - KEPT, ~_SAYS))
            connection.execute(delete(runs).where(runs.c.destination == destination, old))
        return run

    def end(self, run: int, *, stamp: str, size: int, error: str) -> None:
        values = {"ended_at": self._clock(), "stamp": stamp, "size": size, "error": error[:ERROR_LIMIT]}
        with self._transaction() as connection:
            connection.execute(update(runs).where(runs.c.id == run).values(values))

    def newest(self, destination: str, *, limit: int) -> Sequence[BackupRun]:
        query = select(runs).where(runs.c.destination == destination).order_by(runs.c.id.desc()).limit(limit)
        with self._told(), self._engine.connect() as connection:
            return [BackupRun(*row) for row in connection.execute(query)]

    def proofs(self, destination: str) -> Mapping[str, BackupRun]:
        newest = select(func.max(runs.c.id)).where(runs.c.destination == destination, _SAYS).group_by(runs.c.stamp)
        with self._told(), self._engine.connect() as connection:
            found = connection.execute(select(runs).where(runs.c.id.in_(newest)))
            return {run.stamp: run for run in (BackupRun(*row) for row in found)}

    def last(self, destination: str, kind: str) -> BackupRun | None:
        query = select(runs).where(runs.c.destination == destination, runs.c.kind == kind, runs.c.ended_at.is_not(None))
        with self._told(), self._engine.connect() as connection:
            row = connection.execute(query.order_by(runs.c.id.desc()).limit(1)).first()
        return None if row is None else BackupRun(*row)

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except SQLAlchemyError as error:
            said = said_of(error, self._where if isinstance(self._where, Path) else None)
            lacking = "no such table" in said or "does not exist" in said
            more = "; start the desk once, it brings the database forward" if lacking else ""
            raise StorageError(
                f"{self._engine.url.render_as_string()}: the record of backups is not to be had: {said}{more}"
            ) from error

    @contextmanager
    def _transaction(self) -> Iterator[Connection]:
        with self._told(), self._engine.connect() as connection:
            connection.exec_driver_sql(self._begin)
            yield connection
            connection.commit()


def _elsewhere(url: str) -> Engine:
    from storage.postgresql.connecting import engine_for as made_for  # as above

    return made_for(url)
