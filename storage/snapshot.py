"""The desk's SQLite database as a backup sees it: copied whole while the desk works, and put back."""

from __future__ import annotations

import fcntl
import os
import sqlite3
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

from storage.copies import Copies, said_of
from storage.errors import StorageError
from storage.opening import migrate
from storage.schema import HEAD
from storage.sqlite.filling import as_one_file, build, has_index, index

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from storage.postgresql.snapshot import PostgreSQLSnapshots

BUSY = 60.0  # seconds that a copy waits for a lock


class SQLiteSnapshots(Copies):
    """`backup.port.Database` over one database file."""

    kind = "sqlite"
    newest_schema = HEAD
    build = staticmethod(build)

    def __init__(self, path: Path) -> None:
        self._path = path

    @property
    def there(self) -> bool:
        return self._path.is_file()

    def snapshot(self, to: Path) -> None:
        """`VACUUM INTO` reads one state of the database beside its writer, and writes only what is alive: words that
        were deleted do not linger in free pages. StorageError where there is no database.
        """
        if not self.there:
            raise StorageError(f"{self._path}: there is no database of the desk yet")
        to.unlink(missing_ok=True)
        with closing(sqlite3.connect(self._path, timeout=BUSY, isolation_level=None)) as database:
            try:
                database.execute("PRAGMA synchronous=OFF")  # of the copy: who keeps it syncs it
                database.execute("VACUUM INTO ?", (str(to),))
            except sqlite3.DatabaseError as error:
                raise StorageError(f"{self._path}: it could not be copied: {said_of(error, to)}") from error

    @property
    def used(self) -> bool:
        counts = self.facts(self._path)[1] if self.there else {}
        return any(counts.get(name) for name in ("tickets", "people"))

    @contextmanager
    def alone(self) -> Iterator[None]:
        """The lock that a running desk holds. StorageError where one does."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.with_name(f"{self._path.name}.lock").open("w", encoding="utf-8") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                raise StorageError(f"{self._path}: the desk is running; stop it first") from error
            yield

    def replace(self, copy: Path) -> None:
        """The old database ends whole in its one file, then the new one takes its name in one step. What was owed in
        the copy may have been delivered since: it is marked so that the relay looks before it speaks.
        """
        if not has_index(copy):  # it is of a desk on another database
            migrate(copy)
            index(copy)
            as_one_file(copy)
        with closing(sqlite3.connect(copy)) as database, database:
            database.execute(
                "UPDATE deliveries SET leased_until = NULL, attempts = max(attempts, 1) WHERE state = 'owed'"
            )
        if self._path.exists():
            with closing(sqlite3.connect(self._path, isolation_level=None)) as database:
                database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
                database.execute("PRAGMA journal_mode=DELETE")
        for suffix in ("-wal", "-shm"):  # no log is left that could be taken for the new one's
            self._path.with_name(self._path.name + suffix).unlink(missing_ok=True)
        descriptor = os.open(copy, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        copy.replace(self._path)


def snapshots_of(where: Path | str) -> SQLiteSnapshots | PostgreSQLSnapshots:
    """Those of what `open_storage` takes."""
    if isinstance(where, str):
        from storage.postgresql.snapshot import PostgreSQLSnapshots  # a desk on SQLite does not load its driver

        return PostgreSQLSnapshots(where)
    return SQLiteSnapshots(where)
