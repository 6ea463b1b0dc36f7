"""PostgreSQL for a desk: each instance writes in one thread, and instances write one after the other.

The verbs were written for that: ids grow in the order of commits, and whoever writes sees all that was written before.
So a commit of up to `BATCH` verbs begins by waiting for the desk's lock, which ends with its transaction
(docs/adr/0010). Readers go their own ways, each over one snapshot.

Where the server goes away, what was not durable is done again when it is back: for `PATIENCE`, in which no caller has
been told anything, nothing is lost and nothing is done twice.
"""

from __future__ import annotations

import asyncio
import json
import logging
import secrets
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypeVar

import psycopg
from psycopg import errors

from storage.errors import LifeOver, StorageError
from storage.grouping import Grouping
from storage.postgresql import scrubbing
from storage.postgresql.batch import AstrayError, carefully, swiftly
from storage.postgresql.connecting import connected, driver_of, engine_for, session, shown
from storage.postgresql.instances import ALIVE, TOLD, Instances
from storage.postgresql.line import Line
from storage.postgresql.running import PipedRunner
from storage.tables import EPOCH
from storage.transaction import Rows

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence
    from contextlib import AbstractAsyncContextManager
    from datetime import datetime

    from sqlalchemy import Connection

    from desk.ports import Courier, Expecting, Transaction, Turn
    from storage.grouping import Job

log = logging.getLogger(__name__)

T = TypeVar("T")

READERS = 4
PATIENCE = 300.0  # seconds that a verb or a query waits for a server that has gone away
PAUSES = (0.05, 2.0)  # seconds between two attempts, at first and at most
LAST_WORD = 3.0  # seconds of patience that are left when the desk closes
WRITING = 7_401_100_001  # the lock of all writing; any number that nobody else in this database locks
_NOW = "SELECT CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000000 AS BIGINT)"
_WRITING = f"SELECT pg_advisory_xact_lock({WRITING})"
_BEGIN_WRITING = f"BEGIN; {_WRITING}; {_NOW}"
_ALIVE = ALIVE.replace("%s", "$1")  # as the line has it
_OWED = "owed"  # the topic on which instances tell each other that there is something to deliver
_BEGIN_READING = f"BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; {_NOW}"

# What a server says that ends the connection: it stops, starts, or was not spoken to for too long.
_FAREWELLS = (
    errors.AdminShutdown,
    errors.CrashShutdown,
    errors.CannotConnectNow,
    errors.IdleInTransactionSessionTimeout,
)


class _GoneError(Exception):
    """The server went away, and what was under way with it."""


class PostgreSQLStorage:
    """`desk.ports.Storage` over one database, which other instances of the desk may use at the same time. `now` of its
    transactions is the database's clock, or the `clock` that is given.
    """

    def __init__(self, url: str, salt: str, *, clock: Callable[[], datetime] | None = None) -> None:
        self._engine = engine_for(url)
        self._salt = salt
        self._clock = clock
        self._name = secrets.token_hex(8)  # of this instance, for as long as it runs
        self._batch = 0  # the moment of the newest, in microseconds: no two have the same
        self._written: Connection | None = None
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="reader")
        self._local = threading.local()
        self._opened: set[Connection] = set()
        self._closing = threading.Event()
        self._instances = Instances(lambda: session(self._engine), writing=_WRITING)
        self._grouping = Grouping(self._commit, self._end, "writer")

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
        """Run the verb in a transaction; durable when it returns. Where it raises, nothing of it is left. Where the
        server goes away, it is run again.
        """
        del brief  # a server is never so near that a loop could wait for it
        return await self._grouping.write(verb, patient=patient, expecting=expecting, life=self._instances.id)

    async def read(self, query: Callable[[Transaction], T]) -> T:
        """Run the query over one snapshot of what is committed; again, where the server goes away."""
        found: T = await asyncio.get_running_loop().run_in_executor(self._readers, self._read, query)
        return found

    def when_owed(self, wake: Callable[[], None] | None) -> None:
        """Woken by NOTIFY, in the very moment in which it is durable."""
        self._instances.when_told(_OWED, lambda _words, _teller: wake() if wake else None)

    def life(self) -> AbstractAsyncContextManager[Turn]:
        """As one of several; what it asks to be written when it is lost is refused."""
        return self._instances.life()

    def instance(self) -> int | None:
        return self._instances.id

    def others(self) -> Collection[int]:
        return self._instances.others

    def tell(self, topic: str, words: str = "") -> None:
        self._instances.tell(topic, words)

    def when_told(self, topic: str, then: Callable[[str, int], None]) -> None:
        self._instances.when_told(topic, then)

    def turn(self, name: str) -> AbstractAsyncContextManager[Turn]:
        """A lock of the database, held by a connection that does nothing else; within a life."""
        return self._instances.turn(name)

    async def scrub(self) -> None:
        """In a thread and on a connection of its own."""
        await asyncio.to_thread(scrubbing.scrub, self._engine)

    async def close(self) -> None:
        """Finish what was asked for, then let go of the database."""
        self._closing.set()
        if not await self._grouping.close():
            return
        await self._instances.close()
        await asyncio.to_thread(self._readers.shutdown)
        for connection in self._opened:
            _let_go(connection)

    # --- the server's absences ------------------------------------------------------------------------------

    def _persisting(self, attempt: Callable[[], T]) -> T:
        """What the attempt gives, as soon as the server is there for it."""
        pause, ends = PAUSES[0], None
        while True:
            try:
                found = attempt()
                if ends is not None:
                    log.warning("%s answers again", shown(self._engine))
                return found
            except (_GoneError, StorageError) as error:
                if ends is None:
                    ends = time.monotonic() + PATIENCE
                    log.warning("%s does not answer: %s; waiting for it", shown(self._engine), error)
                if time.monotonic() > ends:
                    raise StorageError(f"{shown(self._engine)} has not answered for {PATIENCE:.0f} seconds") from error
            if self._closing.wait(pause):
                ends = min(ends, time.monotonic() + LAST_WORD)
                time.sleep(pause)
            pause = min(2 * pause, PAUSES[1])

    # --- in a reader's thread -------------------------------------------------------------------------------

    def _read(self, query: Callable[[Transaction], T]) -> T:
        return self._persisting(lambda: self._read_once(query))

    def _read_once(self, query: Callable[[Transaction], T]) -> T:
        connection: Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = self._local.connection = connected(self._engine)
            self._opened.add(connection)
        driver, line = driver_of(connection), _line_of(connection)
        try:
            now = self._begin(driver, _BEGIN_READING)
            try:
                return query(Rows(PipedRunner(connection, line), now, self._salt))
            finally:
                try:
                    line.rest()
                finally:
                    driver.execute("COMMIT")  # at a ROLLBACK, psycopg would have the server forget what is prepared
        except Exception as error:
            if not _is_gone(driver, error):
                raise
            self._opened.discard(connection)
            self._local.connection = None
            _let_go(connection)
            raise _GoneError(_said(error)) from error

    # --- in the writer's thread -----------------------------------------------------------------------------

    def _commit(self, batch: Sequence[Job[Any]], courier: Courier | None) -> None:
        self._batch = max(self._batch + 1, time.time_ns() // 1000)
        try:
            self._persisting(lambda: self._commit_once(batch, courier))
        except Exception as error:  # noqa: BLE001 - nothing of the batch is durable, and each caller must know
            for job in batch:
                job.error = job.error or error

    def _commit_once(self, batch: Sequence[Job[Any]], courier: Courier | None) -> None:
        is_new = self._written is None
        connection = self._written = self._written or connected(self._engine)
        driver = driver_of(connection)
        try:
            now = self._begin(driver, _BEGIN_WRITING)
            if is_new and self._is_done(driver):
                driver.execute("ROLLBACK")
                return
            try:
                self._run(connection, driver, batch, courier, now, swiftly)
            except AstrayError:
                _line_of(connection).give_up()
                self._run(connection, driver, batch, courier, self._begin(driver, _BEGIN_WRITING), carefully)
        except Exception as error:
            self._written = None  # whatever it was, the next has a connection that nothing was done to
            _let_go(connection)
            if _is_fatal(driver, error):
                raise _GoneError(_said(error)) from error
            raise

    def _run(
        self,
        connection: Connection,
        driver: psycopg.Connection[Any],
        batch: Sequence[Job[Any]],
        courier: Courier | None,
        now: datetime,
        carry_out: Callable[..., bool],
    ) -> None:
        line = _line_of(connection)
        runner = PipedRunner(connection, line)
        lives = {job.life for job in batch if job.life is not None}
        alive = {life: line.ask(_ALIVE, (life,)) for life in lives}  # others may have declared one to be over

        def make(job: Job[Any]) -> Rows:
            if job.life is not None and not alive[job.life].scalar():
                raise LifeOver("this instance was taken for dead, and others go on with what it had in hand")
            return Rows(runner, now, self._salt, courier, job.life)

        is_owed = carry_out(runner, batch, courier, make, lambda error: _is_fatal(driver, error))
        driver.execute(f"{self._mark()}; {self._tidings() if is_owed else ''}COMMIT")

    def _tidings(self) -> str:
        notice = json.dumps([_OWED, "", self._instances.id or 0])
        return f"SELECT pg_notify('{TOLD}', '{notice}'); "

    def _begin(self, driver: psycopg.Connection[Any], sql: str) -> datetime:
        answer = driver.execute(sql)
        while answer.nextset():
            pass
        ((at,),) = answer.fetchall()
        return self._clock() if self._clock else EPOCH + timedelta(microseconds=at)

    # Whether a commit in which the server went away is durable, only the rows can tell: each leaves a mark there.

    def _mark(self) -> str:
        return (
            f"INSERT INTO receipts (key, at) VALUES ('batch:{self._name}', {self._batch})"  # noqa: S608 - our own words
            " ON CONFLICT (key) DO UPDATE SET at = excluded.at"
        )

    def _is_done(self, driver: psycopg.Connection[Any]) -> bool:
        """Whether this very batch was committed before; asked within the lock, when what was under way has ended."""
        row = driver.execute("SELECT at FROM receipts WHERE key = %s", (f"batch:{self._name}",)).fetchone()
        return row is not None and row[0] == self._batch

    def _end(self) -> None:
        if self._written is not None:
            _let_go(self._written)


def _line_of(connection: Connection) -> Line:
    found: Line = connection.info.get("line") or Line(driver_of(connection))
    connection.info["line"] = found
    return found


def _is_fatal(driver: psycopg.Connection[Any], error: Exception) -> bool:
    """Whether nothing more can be written over the connection: it is gone, or the server is a standby now."""
    return _is_gone(driver, error) or isinstance(getattr(error, "orig", error), errors.ReadOnlySqlTransaction)


def _is_gone(driver: psycopg.Connection[Any], error: Exception) -> bool:
    """Whether it is the connection that failed, and not what was asked of it."""
    return driver.closed or isinstance(getattr(error, "orig", error), _FAREWELLS)


def _said(error: Exception) -> str:
    return " ".join(str(getattr(error, "orig", None) or error).split())


def _let_go(connection: Connection) -> None:
    """Close it without a word: there may be nobody to hear it."""
    if not connection.invalidated:  # SQLAlchemy has seen it go by itself
        driver_of(connection).close()
        connection.invalidate()
    connection.close()
