"""The instances of a desk on one PostgreSQL: who lives, whose turn it is, and what they tell each other.

Each has one session beside those that read and write, with advisory locks: one says that it lives, others are turns.
PostgreSQL ends a session that is silent for `IDLE` seconds, so an instance that is frozen, or cut off, loses its locks
like one that died. The instance itself holds nothing for its own any more `FENCE` seconds after the last word that
PostgreSQL surely had of it, by its own clock: a little before anybody else can have it.

Of an instance whose lock is gone for `DEAD_AFTER` seconds the others note that it has ended: its leases are void from
then on, and what it writes later is refused (`alive` is asked in each of its transactions).
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import select
import socket
import threading
import time
import zlib
from collections import deque
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any

import psycopg

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence

log = logging.getLogger(__name__)

BEAT = 1.5  # seconds between two words to PostgreSQL
FENCE = 6.0  # seconds
IDLE = 8.0  # seconds
DEAD_AFTER = 3.0  # seconds, in which what a dead instance has asked a network arrives there or does not
AGAIN = 0.25  # seconds between two attempts to reach PostgreSQL
OLDEST = 140_000  # version of PostgreSQL, the first that ends idle sessions

# Classes of advisory locks, "Ht" and a number: a desk runs; one instance lives; a turn.
DESK, LIFE, TURN = 0x48740000, 0x48740001, 0x48740002
TOLD = "helpthread_told"  # the channel by which instances talk
BEGUN, ENDED, DIED = "begun", "ended", "died"  # what is told of lives

_BEGIN = """INSERT INTO instances (name, since) VALUES (%s, (extract(epoch FROM clock_timestamp()) * 1000000)::bigint)
 RETURNING id"""
_END = """UPDATE instances SET ended_at = (extract(epoch FROM clock_timestamp()) * 1000000)::bigint
 WHERE id = %s AND ended_at IS NULL"""
_LET_GO = "UPDATE deliveries SET leased_until = NULL, leased_by = NULL WHERE leased_by = %s AND state = 'owed'"
_LIVING = "SELECT id FROM instances WHERE ended_at IS NULL"
_LOCKED = """SELECT objid::bigint FROM pg_locks WHERE locktype = 'advisory' AND granted AND objsubid = 2
 AND classid = %s AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"""
_FORGET = """DELETE FROM instances
 WHERE ended_at < (extract(epoch FROM clock_timestamp() - interval '30 days') * 1000000)::bigint"""
LIVING = "SELECT name FROM instances WHERE ended_at IS NULL ORDER BY id"  # for who looks from outside
ALIVE = "SELECT ended_at IS NULL FROM instances WHERE id = %s"


class _Turn:
    """`desk.ports.Turn`, and a life is one too."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.gained = asyncio.Event()
        self.gone = asyncio.Event()
        self._then: list[Callable[[], object]] = []
        self.id: int | None = None  # of a life

    def when_lost(self, then: Callable[[], object]) -> None:
        self._then.append(then)

    async def lost(self) -> None:
        await self.gone.wait()

    def lose(self) -> None:
        if self.gained.is_set() and not self.gone.is_set():
            self.gone.set()
            for then in self._then:
                then()


class Instances:
    """What one process has to do with them. Everything is called in one loop; a thread of its own talks to PostgreSQL,
    so that a busy loop does not cost a life.
    """

    def __init__(self, connect: Callable[[], psycopg.Connection[Any]], *, writing: str) -> None:
        """`connect` gives a connection in autocommit; `writing` is the SQL that takes, for one transaction, the lock of
        whoever writes.
        """
        self._connect = connect
        self._writing = writing
        self.id: int | None = None  # of the newest life of this process: what it asks for after its end is refused
        self._loop: asyncio.AbstractEventLoop | None = None
        self._life: _Turn | None = None
        self._wanted: dict[str, _Turn] = {}  # turns asked for or held
        self._locks: dict[str, asyncio.Lock] = {}  # a session's advisory lock would be given to itself again
        self._asks: deque[tuple[str, tuple[Any, ...]]] = deque()
        self._others: frozenset[int] = frozenset()
        self._told: dict[str, Callable[[str, int], None]] = {}
        self._fence: asyncio.TimerHandle | None = None
        self._thread: threading.Thread | None = None
        self._begun: _Turn | None = None  # the newest life that is on record, the thread's own to know
        self._begun_as: int | None = None
        self._known: frozenset[int] = frozenset()  # the others, as they were last seen
        self._closing = False
        self._looking = False  # something is wanted that was not asked for yet
        self._reader, self._writer = socket.socketpair()
        self._writer.setblocking(False)
        self._reader.setblocking(False)

    # --- in the loop --------------------------------------------------------------------------------------------

    @property
    def others(self) -> frozenset[int]:
        """The ids of the other instances that live, or are not known to be dead yet."""
        return self._others

    @asynccontextmanager
    async def life(self) -> AsyncIterator[_Turn]:
        self._loop = asyncio.get_running_loop()
        life = self._life = _Turn("life")
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="instance", daemon=True)
            self._thread.start()
        self._look_now()
        try:
            await life.gained.wait()
            yield life
        finally:
            self._life = None
            if self._fence is not None:
                self._fence.cancel()
            if life.id is not None:
                self._ask(_END, (life.id,))
                self._ask(_LET_GO, (life.id,))
                self._ask("SELECT pg_advisory_unlock(%s, %s)", (LIFE, life.id))
                self._ask("SELECT pg_notify(%s, %s)", (TOLD, _notice(ENDED, "", life.id)))

    @asynccontextmanager
    async def turn(self, name: str) -> AsyncIterator[_Turn]:
        async with self._locks.setdefault(name, asyncio.Lock()):
            turn = self._wanted[name] = _Turn(name)
            self._look_now()
            try:
                await turn.gained.wait()
                yield turn
            finally:
                del self._wanted[name]
                # Where the session is another by now there is nothing to give back, and nobody else's is given.
                self._ask("SELECT pg_advisory_unlock(%s, %s)", (TURN, _key(name)))

    def tell(self, topic: str, words: str) -> None:
        """Nothing is said where this is no instance now."""
        if self.id is not None:
            self._ask("SELECT pg_notify(%s, %s)", (TOLD, _notice(topic, words, self.id)))

    def when_told(self, topic: str, then: Callable[[str, int], None]) -> None:
        self._told[topic] = then

    async def close(self) -> None:
        self._closing = True
        self._wake()
        if self._thread is not None:
            await asyncio.to_thread(self._thread.join)
        self._reader.close()
        self._writer.close()

    def _ask(self, sql: str, values: tuple[Any, ...]) -> None:
        self._asks.append((sql, values))
        self._wake()

    def _look_now(self) -> None:
        self._looking = True
        self._wake()

    def _wake(self) -> None:
        with suppress(BlockingIOError):  # full: it is awake
            self._writer.send(b"!")

    def _confirmed(self, since: float, others: frozenset[int]) -> None:
        """PostgreSQL has heard us, not before that moment."""
        assert self._loop is not None  # `life` set it
        self._others = others
        if self._fence is not None:
            self._fence.cancel()
        self._fence = self._loop.call_at(since + FENCE, self._out_of_touch)

    def _lives(self, life: _Turn, id_: int) -> None:
        life.id = id_
        if self._life is life:
            self.id = id_
            life.gained.set()
        else:  # it was given up meanwhile
            self._ask(_END, (id_,))
            self._ask("SELECT pg_advisory_unlock(%s, %s)", (LIFE, id_))

    def _gained(self, turn: _Turn) -> None:
        if self._wanted.get(turn.name) is turn:
            turn.gained.set()

    def _session_lost(self) -> None:
        """Turns are locks of the session. The life goes on, if the next session comes in time."""
        for turn in self._wanted.values():
            turn.lose()

    def _out_of_touch(self) -> None:
        """Others may take us for dead."""
        if self._life is not None:
            self._life.lose()
        self._session_lost()

    def _heard(self, topic: str, words: str, teller: int) -> None:
        if teller != self.id and (then := self._told.get(topic)) is not None:
            then(words, teller)

    # --- in the thread ------------------------------------------------------------------------------------------

    def _to_loop(self, call: Callable[..., None], *values: Any) -> None:
        assert self._loop is not None  # `life` set it before it began the thread
        with suppress(RuntimeError):  # the loop is closed: so are we
            self._loop.call_soon_threadsafe(call, *values)

    def _work(self) -> None:
        failures = 0
        while not self._closing:
            try:
                with self._connect() as connection:
                    failures = 0
                    self._set_up(connection)
                    self._attend(connection)
            except (psycopg.Error, OSError) as error:
                log.log(logging.WARNING if not failures else logging.DEBUG, "no session with PostgreSQL: %s", error)
                failures += 1
            except Exception:  # whatever it is, without this thread the instance is taken for dead
                log.exception("the session with PostgreSQL failed; another one")
            self._to_loop(self._session_lost)
            self._forget_talk()
            if not self._closing:
                time.sleep(AGAIN)

    def _forget_talk(self) -> None:
        """What was to be told or given back by the session that is gone."""
        for _ in range(len(self._asks)):
            ask = self._asks.popleft()
            if ask[0] in (_END, _LET_GO):
                self._asks.append(ask)

    def _set_up(self, connection: psycopg.Connection[Any]) -> None:
        connection.execute(f"SET idle_session_timeout = {int(IDLE * 1000)}")
        connection.execute("SET synchronous_commit = off")  # nothing of ours must outlive a crash of the database
        connection.execute("SET lock_timeout = 1000")
        connection.execute("SET statement_timeout = 4000")
        connection.add_notify_handler(self._notified)
        connection.execute(f"LISTEN {TOLD}")
        connection.execute("SELECT pg_advisory_lock_shared(%s, 0)", (DESK,))
        connection.execute(_FORGET)

    def _attend(self, connection: psycopg.Connection[Any]) -> None:
        held: set[_Turn] = set()
        absent: dict[int, float] = {}
        if self._begun is not None and self._begun is self._life and not self._resumed(connection):
            self._to_loop(self._out_of_touch)
        while not self._closing:
            began = time.monotonic()
            self._looking = False
            self._carry_out(connection)
            life = self._life
            if life is not None and life is not self._begun:
                self._begun_as = self._begin(connection)
                self._begun = life
                self._to_loop(self._lives, life, self._begun_as)
            wanted = list(self._wanted.values())
            held.intersection_update(wanted)
            for turn in wanted:
                if turn not in held and not turn.gone.is_set() and self._taken(connection, turn.name):
                    held.add(turn)
                    self._to_loop(self._gained, turn)
            self._to_loop(self._confirmed, began, self._look_round(connection, absent, began))
            self._wait(connection, began + BEAT)
        with suppress(psycopg.Error):
            self._carry_out(connection)

    def _resumed(self, connection: psycopg.Connection[Any]) -> bool:
        """Whether the life goes on in this session: nobody has taken us for dead."""
        if not _said(connection, "SELECT pg_try_advisory_lock(%s, %s)", (LIFE, self._begun_as)):
            return False
        return bool(_said(connection, ALIVE, (self._begun_as,)))

    def _begin(self, connection: psycopg.Connection[Any]) -> int:
        name = f"{socket.gethostname()}:{os.getpid()}"[:100]
        with connection.transaction():
            mine = int(_said(connection, _BEGIN, (name,)))
            # Before the row can be seen: nobody finds it without its lock.
            connection.execute("SELECT pg_advisory_lock(%s, %s)", (LIFE, mine))
        connection.execute("SELECT pg_notify(%s, %s)", (TOLD, _notice(BEGUN, "", mine)))
        return mine

    def _notified(self, notice: psycopg.Notify) -> None:
        topic, words, teller = json.loads(notice.payload)
        if topic in (BEGUN, ENDED, DIED):
            self._looking = True  # who the others are is known before anything else that is told now
        if topic not in (ENDED, DIED):  # who has gone is looked for: a notice may get lost with its session
            self._to_loop(self._heard, topic, words, teller)

    def _taken(self, connection: psycopg.Connection[Any], name: str) -> bool:
        return bool(_said(connection, "SELECT pg_try_advisory_lock(%s, %s)", (TURN, _key(name))))

    def _carry_out(self, connection: psycopg.Connection[Any]) -> None:
        while self._asks:
            sql, values = self._asks.popleft()
            connection.execute(sql, values)

    def _look_round(self, connection: psycopg.Connection[Any], absent: dict[int, float], now: float) -> frozenset[int]:
        """The others; of those whose lock has been gone for long enough it is noted that they have ended."""
        living = {row[0] for row in connection.execute(_LIVING)} - {self._begun_as}
        locked = {row[0] for row in connection.execute(_LOCKED, (LIFE,))} if living else set()
        for known in list(absent):
            if known not in living or known in locked:
                del absent[known]
        ended = [each for each in living - locked if now - absent.setdefault(each, now) >= DEAD_AFTER]
        for each in ended:
            if self._note_end(connection, each):
                living.discard(each)
        for each in self._known - living:
            self._to_loop(self._heard, DIED, str(each), 0)
        self._known = frozenset(living)
        return self._known

    def _note_end(self, connection: psycopg.Connection[Any], dead: int) -> bool:
        try:
            with connection.transaction():
                connection.execute(self._writing)  # no transaction of the dead one's is open
                ended = connection.execute(_END, (dead,)).rowcount
                freed = connection.execute(_LET_GO, (dead,)).rowcount
                connection.execute("SELECT pg_notify(%s, %s)", (TOLD, _notice(DIED, str(dead), self._begun_as or 0)))
        except (psycopg.errors.LockNotAvailable, psycopg.errors.QueryCanceled) as error:
            log.info("an instance that died is not noted yet: %s", error)
            return False
        if ended:
            log.warning("instance %d has died: %d deliveries that it had in hand are free", dead, freed)
        return True

    def _wait(self, connection: psycopg.Connection[Any], until: float) -> None:
        """Until then, or until something is asked of us; what others say is passed on meanwhile."""
        while (left := until - time.monotonic()) > 0 and not self._closing and not self._looking:
            ready, _, _ = select.select([connection.fileno(), self._reader.fileno()], [], [], left)
            if self._reader.fileno() in ready:
                with suppress(BlockingIOError):
                    self._reader.recv(4096)
                self._carry_out(connection)
            elif ready:
                connection.execute("SELECT 1")  # the notices that have come are read with the answer


def _said(connection: psycopg.Connection[Any], sql: str, values: Sequence[Any]) -> Any:
    row = connection.execute(sql, values).fetchone()
    return None if row is None else row[0]


def _notice(topic: str, words: str, teller: int) -> str:
    return json.dumps([topic, words, teller], separators=(",", ":"))


def _key(name: str) -> int:
    """A turn's number: equal in all instances and versions."""
    return zlib.crc32(name.encode()) - 2**31
