"""SQLite for a desk: one writer thread that commits many verbs at once, and a few readers beside it.

SQLite has one writer anyway. Verbs that wait for the disk together share its one sync: up to `BATCH` of them run in
one transaction, each behind a savepoint of its own, and none of them returns before the commit is on disk
(journal_mode=WAL, synchronous=FULL).
"""

from __future__ import annotations

import asyncio
import fcntl
import queue
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import IO, TYPE_CHECKING, Any, Generic, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.pool import NullPool

from desk.errors import Trouble
from storage import scrubbing
from storage.statement import Runner
from storage.transaction import Rows
from storage.turns import OwnTurns
from storage.wording import index_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence
    from contextlib import AbstractAsyncContextManager
    from pathlib import Path

    from desk.ports import Courier, Transaction, Turn
    from storage.words import Wording

T = TypeVar("T")

BATCH = 64  # verbs in one commit
READERS = 3
LINGER = 0.005  # seconds that a patient verb waits for others, to be committed with them
BUSY = 10_000  # milliseconds that SQLite waits for a lock (a backup, say)


class StorageError(Trouble):
    """The database cannot be used: one line that says why and what to do."""


@dataclass(slots=True, eq=False)
class _Job(Generic[T]):
    verb: Callable[[Transaction], T]
    loop: asyncio.AbstractEventLoop
    future: asyncio.Future[T]
    value: T | None = None
    error: BaseException | None = None
    parcels: tuple[object, ...] = ()  # for the courier, when it is durable


def engine_for(path: Path, *, readonly: bool = False) -> Engine:
    """An engine whose connections leave BEGIN and COMMIT to us, as the driver's own habits break savepoints.
    Its errors do not quote what people wrote.
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
        self._jobs: queue.SimpleQueue[_Job[Any] | None] = queue.SimpleQueue()
        self._patient: list[_Job[Any]] = []
        self._linger: asyncio.TimerHandle | None = None
        self._courier: Courier | None = None
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="reader")
        self._read_engine = engine_for(path, readonly=True)
        self._local = threading.local()
        self._opened: list[Connection] = []
        self._turns = OwnTurns()
        self._closed = False
        self._writer = threading.Thread(target=self._work, name="writer", daemon=True)
        self._writer.start()

    def hand_over_to(self, courier: Courier | None) -> None:
        """Who takes what can be delivered at once."""
        self._courier = courier

    async def write(self, verb: Callable[[Transaction], T], *, patient: bool = False) -> T:
        """Run the verb in a transaction; durable when it returns. Where it raises, nothing of it is left. `patient`:
        at the latest with `LINGER`'s end, and before that with the next who writes.
        """
        if self._closed:
            raise StorageError("the desk is closing")
        loop = asyncio.get_running_loop()
        job = _Job(verb, loop, loop.create_future())
        if patient:
            self._patient.append(job)
            if self._linger is None:
                self._linger = loop.call_later(LINGER, self._put_patient)
        else:
            self._put_patient()
            self._jobs.put(job)
        done: T = await job.future
        return done

    def _put_patient(self) -> None:
        if self._linger is not None:
            self._linger.cancel()
            self._linger = None
        for job in self._patient:
            self._jobs.put(job)
        self._patient.clear()

    async def read(self, query: Callable[[Transaction], T]) -> T:
        """Run the query over one snapshot of what is committed."""
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
        if self._closed:
            return
        self._closed = True
        self._put_patient()
        self._jobs.put(None)
        await asyncio.to_thread(self._writer.join)
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

    # --- in the writer's thread -----------------------------------------------------------------------------

    def _work(self) -> None:
        connection = engine_for(self.path).connect()
        try:
            while (jobs := self._next_jobs())[0] is not None:
                batch = [job for job in jobs if job is not None]
                courier = self._courier
                self._commit(connection, batch, courier)
                _answer(batch, courier)
                if jobs[-1] is None:
                    break
        finally:
            connection.close()

    def _next_jobs(self) -> Sequence[_Job[Any] | None]:
        jobs = [self._jobs.get()]
        while jobs[-1] is not None and len(jobs) < BATCH:
            try:
                jobs.append(self._jobs.get_nowait())
            except queue.Empty:
                break
        return jobs

    def _commit(self, connection: Connection, batch: Sequence[_Job[Any]], courier: Courier | None) -> None:
        driver: Any = connection.connection.driver_connection
        runner = Runner(connection)
        worded: list[Wording] = []
        try:
            driver.execute("BEGIN IMMEDIATE")
            for job in batch:
                driver.execute("SAVEPOINT verb")
                try:
                    rows = Rows(runner, self._clock(), self._salt, courier)
                    job.value = job.verb(rows)
                    if courier is not None:
                        job.parcels = tuple(courier.pack(rows, delivery) for delivery in rows.fresh)
                    worded += rows.worded
                except Exception as error:  # noqa: BLE001 - it is its caller's, who gets it below
                    job.error = error
                    driver.execute("ROLLBACK TO verb")
                driver.execute("RELEASE verb")
            index_of(runner).keep(runner, worded)
            driver.execute("COMMIT")
        except Exception as error:  # noqa: BLE001 - nothing of the batch is durable, and each caller must know
            if driver.in_transaction:
                driver.execute("ROLLBACK")
            for job in batch:
                job.error = job.error or error


def _locked(path: Path) -> IO[str]:
    lock = path.with_name(path.name + ".lock").open("w", encoding="utf-8")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        lock.close()
        raise StorageError(f"{path}: another desk is using it; stop that one first") from error
    return lock


def _answer(batch: Sequence[_Job[Any]], courier: Courier | None) -> None:
    """Wake each loop once for all its callers."""
    loops: dict[asyncio.AbstractEventLoop, list[_Job[Any]]] = {}
    for job in batch:
        loops.setdefault(job.loop, []).append(job)
    for loop, jobs in loops.items():
        if not loop.is_closed():
            loop.call_soon_threadsafe(_resolve, jobs, courier)


def _resolve(jobs: Sequence[_Job[Any]], courier: Courier | None) -> None:
    for job in jobs:
        if courier is not None and job.error is None:
            for parcel in job.parcels:
                courier.deliver(parcel)
        if job.future.done():  # its caller was cancelled; what it wrote stays written
            continue
        if job.error is not None:
            job.future.set_exception(job.error)
        else:
            job.future.set_result(job.value)
