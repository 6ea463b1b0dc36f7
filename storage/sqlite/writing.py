"""SQLite for a desk: one writer thread that commits many verbs at once, and a few readers beside it.

SQLite has one writer anyway. Verbs that wait for the disk together share its one sync (journal_mode=WAL,
synchronous=FULL). One that comes alone is committed in the loop's own thread, while the disk is quick (`Hurry`).
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import IO, TYPE_CHECKING, Any, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.pool import NullPool

from storage import scrubbing
from storage.errors import StorageError
from storage.grouping import Grouping
from storage.sqlite.hurry import Hurry
from storage.sqlite.owing import Owing
from storage.statement import Runner
from storage.transaction import Rows
from storage.turns import OwnTurns

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence
    from contextlib import AbstractAsyncContextManager
    from pathlib import Path

    from desk.ports import Courier, Expecting, Transaction, Turn
    from storage.grouping import Job
    from storage.words import Wording

T = TypeVar("T")

READERS = 3
BUSY = 10_000  # milliseconds that SQLite waits for a lock (a backup, say)
WORDS_WITHIN = 1.0  # seconds that who reads waits for the newest words to be in the index: people wait for three
CHECKPOINT = 1_000  # pages of SQLite's log after which it is written back into the file: SQLite's own habit


def engine_for(path: Path, *, readonly: bool = False) -> Engine:
    """An engine whose connections leave BEGIN and COMMIT to us, as the driver's own habits break savepoints.
    Its errors do not quote what people wrote. Any thread may use a connection, one at a time: SQLAlchemy asks the
    driver for that where the database is a file.
    """
    engine = create_engine(f"sqlite:///{path}", poolclass=NullPool, hide_parameters=True)

    @event.listens_for(engine, "connect")
    def set_up(connection: Any, _record: Any) -> None:
        connection.isolation_level = None
        for pragma in (
            f"busy_timeout={BUSY}",
            "journal_mode=WAL",
            "synchronous=FULL",
            "secure_delete=ON",  # what is deleted is overwritten: words that were erased leave no trace
            "foreign_keys=ON",
            "cache_size=-32000",
            "temp_store=MEMORY",
            *(["query_only=ON"] if readonly else []),
        ):
            connection.execute(f"PRAGMA {pragma}")

    return engine


class SQLiteStorage:
    """`desk.ports.Storage` over one file, which this process alone writes (StorageError where another does), unless it
    is not `alone`: then it writes in between, and leaves what the other does to the other.
    """

    def __init__(
        self,
        path: Path,
        salt: str,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        alone: bool = True,
    ) -> None:
        self.path = path
        self._salt = salt
        self._clock = clock
        self._lock = _locked(path) if alone else None
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="reader")
        self._read_engine = engine_for(path, readonly=True)
        self._local = threading.local()
        self._opened: list[Connection] = []
        self._turns = OwnTurns()
        self._written: Connection | None = None
        self._owing = Owing()
        self._hurried = False  # how `_written` is set
        self._writing = threading.Lock()  # held by the thread that is at `_written`
        self._hurry = Hurry(self._commit_at_once)
        self._grouping = Grouping(self._commit, self._end, "writer", self._hurry)

    def hand_over_to(self, courier: Courier | None) -> None:
        """Who takes what can be delivered at once."""
        self._grouping.hand_over_to(courier)

    async def write(
        self,
        verb: Callable[[Transaction], T],
        *,
        patient: bool = False,
        brief: bool = False,
        expecting: Expecting | None = None,
    ) -> T:
        """Run the verb in a transaction; durable when it returns. Where it raises, nothing of it is left."""
        return await self._grouping.write(verb, patient=patient, brief=brief, expecting=expecting)

    async def read(self, query: Callable[[Transaction], T]) -> T:
        """Run the query over one snapshot of what is committed."""
        if self._owing.is_there and self._lock is not None:
            # What can be read is read, whatever cannot be written, or is being written for long.
            with contextlib.suppress(sqlite3.Error, StorageError, TimeoutError):
                async with asyncio.timeout(WORDS_WITHIN):
                    await self.write(lambda _tx: None)  # by the thread, which tells the index of words what was said
        found: T = await asyncio.get_running_loop().run_in_executor(self._readers, self._read, query)
        return found

    def when_owed(self, wake: Callable[[], None] | None) -> None:
        """There is no other instance: what is owed is owed by this one, which knows."""

    def life(self) -> AbstractAsyncContextManager[Turn]:
        """For as long as this process lives."""
        return self._turns.life()

    def instance(self) -> int | None:
        return None

    def others(self) -> Collection[int]:
        return ()

    def tell(self, topic: str, words: str = "") -> None:
        """There is nobody to tell."""

    def when_told(self, topic: str, then: Callable[[str, int], None]) -> None:
        """There is nobody who could."""

    def turn(self, name: str) -> AbstractAsyncContextManager[Turn]:
        """Only within this process: no other has this database."""
        return self._turns.turn(name)

    async def scrub(self) -> None:
        """In a thread and on a connection of its own."""
        await asyncio.to_thread(scrubbing.scrub, self.path)

    async def close(self) -> None:
        """Finish what was asked for, then let go of the file."""
        if not await self._grouping.close():
            return
        await asyncio.to_thread(self._readers.shutdown)
        for connection in self._opened:
            connection.close()
        if self._lock is not None:
            self._lock.close()

    # --- in a reader's thread -------------------------------------------------------------------------------

    def _read(self, query: Callable[[Transaction], T]) -> T:
        connection: Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = self._local.connection = self._read_engine.connect()
            self._opened.append(connection)
        driver: Any = connection.connection.driver_connection
        driver.execute("BEGIN")
        try:
            return query(Rows(Runner(connection), self._clock(), self._salt))
        finally:
            driver.execute("COMMIT")

    # --- in the writer's thread, or in the loop's ------------------------------------------------------------

    def _commit(self, batch: Sequence[Job[Any]], courier: Courier | None) -> None:
        with self._writing:
            if self._written is None:
                self._written = engine_for(self.path).connect()
            driver: Any = self._written.connection.driver_connection
            self._wait(driver, hurried=False)
            try:
                driver.execute("BEGIN IMMEDIATE")
            except Exception as error:  # noqa: BLE001 - each caller must know
                for job in batch:
                    job.error = error
                return
            self._carefully(Runner(self._written), driver, batch, courier)
            if self._lock is None:
                self._owing.forget()  # the other desk goes on writing
            self._hurry.went_by_the_thread()

    def _commit_at_once(self, batch: Sequence[Job[Any]], courier: Courier | None) -> bool:
        """False where somebody else is at the database, or something raises: nothing is done then."""
        if not self._writing.acquire(blocking=False):
            return False
        try:
            if self._written is None or self._lock is None:
                return False
            driver: Any = self._written.connection.driver_connection
            self._wait(driver, hurried=True)
            try:
                driver.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError:
                return False  # the thread has the time to wait, or else the words for what is wrong
            return self._swiftly(Runner(self._written), driver, batch, courier)
        finally:
            self._writing.release()

    def _swiftly(self, runner: Runner, driver: Any, batch: Sequence[Job[Any]], courier: Courier | None) -> bool:
        """In the transaction that has begun, without savepoints: where anything raises, nothing is done, and the thread
        finds out whose fault it was.
        """
        try:
            self._owing.begin(runner, hurried=True)
            worded: list[Wording] = []
            for job in batch:
                rows = Rows(runner, self._clock(), self._salt, courier)
                job.run(rows, courier)
                worded += rows.worded
            self._owing.end(runner, worded)
            driver.execute("COMMIT")
            self._owing.committed()
        except Exception:  # noqa: BLE001 - it is raised again in the thread, and goes to its caller from there
            return False
        finally:
            if driver.in_transaction:
                driver.execute("ROLLBACK")
        return True

    def _wait(self, driver: Any, *, hurried: bool) -> None:
        """Whoever is hurried neither waits for another process's lock, nor writes SQLite's log back into its file."""
        if self._hurried is not hurried:
            driver.execute(f"PRAGMA busy_timeout={0 if hurried else BUSY}")
            driver.execute(f"PRAGMA wal_autocheckpoint={0 if hurried else CHECKPOINT}")
            self._hurried = hurried

    def _carefully(self, runner: Runner, driver: Any, batch: Sequence[Job[Any]], courier: Courier | None) -> None:
        """In the transaction that has begun, a savepoint each: of those with an error nothing is left."""
        worded: list[Wording] = []
        try:
            self._owing.begin(runner, hurried=False)
            for job in batch:
                driver.execute("SAVEPOINT verb")
                try:
                    rows = Rows(runner, self._clock(), self._salt, courier)
                    job.run(rows, courier)
                    worded += rows.worded
                except Exception as error:  # noqa: BLE001 - it is its caller's, who gets it from the job
                    job.error = error
                    driver.execute("ROLLBACK TO verb")
                driver.execute("RELEASE verb")
            self._owing.end(runner, worded)
            driver.execute("COMMIT")
            self._owing.committed()
        except Exception as error:  # noqa: BLE001 - nothing of the batch is durable, and each caller must know
            for job in batch:
                job.error = job.error or error
        finally:
            if driver.in_transaction:
                driver.execute("ROLLBACK")

    def _end(self) -> None:
        if self._written is not None:
            self._written.close()


def _locked(path: Path) -> IO[str]:
    lock = path.with_name(path.name + ".lock").open("w", encoding="utf-8")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        lock.close()
        raise StorageError(f"{path}: another desk is using it; stop that one first") from error
    return lock
