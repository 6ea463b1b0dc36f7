"""For all tests: a property is never judged by the time it takes; and the database in which a story is told.

Stories are told on SQLite, those marked `both` on PostgreSQL too; with TEST_DATABASES=postgresql all of them there.
"""

from __future__ import annotations

import itertools
import os
import shutil
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

from tests.databases import Server, empty, serving

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

settings.register_profile("desk", deadline=None)
settings.load_profile("desk")

NUMBERS = itertools.count()
BOTH = ("sqlite", "postgresql")
MEMORY = Path("/dev/shm")  # Linux's
ROOM = 2 << 30  # bytes: several times what a whole run holds at its height


def pytest_configure() -> None:
    """Files of tests lie in memory where there is room and nobody says otherwise: no test pulls the power cord, and of
    a process that is killed a disk and memory keep the same.
    """
    if "TMPDIR" not in os.environ and MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > ROOM:
        os.environ["TMPDIR"] = tempfile.tempdir = str(MEMORY)  # of processes that tests start, too


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test that asks for a database runs once on each that it is for."""
    if "where" in metafunc.fixturenames:
        asked = os.environ.get("TEST_DATABASES", "").split()
        both = metafunc.definition.get_closest_marker("both")
        metafunc.parametrize("where", asked or (BOTH if both else BOTH[:1]), indirect=True)


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Server]:
    """A server, from the first test on that needs one."""
    with serving() as server:
        yield server


@pytest.fixture
def another(where: Path | str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[], Path | str]]:
    """Gives one more database of the kind of `where`, each time that it is called."""
    with ExitStack() as made:

        def make() -> Path | str:
            if isinstance(where, str):
                server: Server = request.getfixturevalue("postgresql")
                return made.enter_context(server.database())
            return empty(tmp_path / f"{next(NUMBERS)}.sqlite3")

        yield make


@pytest.fixture
def where(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path | str]:
    """What `open_storage` takes: an empty desk's database, a file of SQLite or one on PostgreSQL."""
    if request.param == "sqlite":
        yield empty(tmp_path / "desk.sqlite3")
    else:
        server: Server = request.getfixturevalue("postgresql")
        with server.database() as url:
            yield url
