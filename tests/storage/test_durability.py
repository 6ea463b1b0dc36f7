"""Group commit, crashes, migrations and files: what is on disk when `write` returns, and what is not."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from desk.access import Sight
from desk.errors import DeskError
from desk.listing import Bounds, Listing, Tab
from desk.model import AccountRef
from storage import FolderBlobs, StorageError, open_storage
from storage.opening import migrate
from storage.schema import HEAD
from storage.sqlite.writing import engine_for
from storage.tables import metadata

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from desk.ports import Storage, Transaction

ROOT = Path(__file__).parents[2]
# The index of words and its parts are FTS5's own, made by the migration.
OURS = {"include_name": lambda name, kind, _parents: kind != "table" or not name.startswith("ticket_words")}


@pytest.mark.both
async def test_a_verb_that_raises_leaves_nothing_and_its_neighbours_stay(storage: Storage) -> None:
    def verb(number: int) -> Callable[[Transaction], None]:
        def write(tx: Transaction) -> None:
            tx.first_hearing(f"k{number}")
            if number % 3 == 0:
                raise DeskError("ticket_unknown", number=number)

        return write

    done = await asyncio.gather(*(storage.write(verb(n)) for n in range(90)), return_exceptions=True)
    assert [isinstance(found, DeskError) for found in done] == [n % 3 == 0 for n in range(90)]
    heard = [await storage.write(lambda tx, n=n: tx.first_hearing(f"k{n}")) for n in range(6)]
    assert heard == [True, False, False, True, False, False]


@pytest.mark.both
async def test_a_verb_that_fails_at_its_end_fails_alone(storage: Storage) -> None:
    account = AccountRef("slack", "U1")

    def verb(number: int) -> Callable[[Transaction], object]:
        def write(tx: Transaction) -> None:
            tx.untold("nothing")  # whose answer nobody looks at, as of what follows
            tx.add_person(account if number % 3 == 0 else AccountRef("slack", f"V{number}"), name="", locale="")

        return write

    def raise_(tx: Transaction) -> None:
        tx.add_person(account, name="", locale="")
        raise DeskError("ticket_unknown", number=1)

    await storage.write(lambda tx: tx.add_person(account, name="Marc", locale=""))
    asked = [verb(n) for n in range(60)]
    asked[31:31] = [raise_, raise_]
    done = await asyncio.gather(*(storage.write(each) for each in asked), return_exceptions=True)
    refused = [isinstance(found, Exception) for found in done]
    assert refused[31:33] == [True, True]
    assert [*refused[:31], *refused[33:]] == [n % 3 == 0 for n in range(60)]
    for number in range(60):
        there = await storage.read(lambda tx, n=number: tx.person_of(AccountRef("slack", f"V{n}")))
        assert (there is None) is (number % 3 == 0)


@pytest.mark.both
async def test_readers_see_only_what_is_committed(storage: Storage) -> None:
    account = AccountRef("slack", "U1")
    writing = [storage.write(lambda tx: tx.add_person(account, name="Marc", locale=""))]
    seen = await storage.read(lambda tx: tx.person_of(account))
    person = (await asyncio.gather(*writing))[0]
    assert seen in (None, person)
    assert await storage.read(lambda tx: tx.person_of(account)) == person


@pytest.mark.both
async def test_a_read_cannot_write(storage: Storage) -> None:
    with pytest.raises(Exception, match=r"read-?only"):
        await storage.read(lambda tx: tx.first_hearing("k"))


@pytest.mark.both
async def test_closing_finishes_what_was_asked_for(where: Path | str) -> None:
    storage = open_storage(where)
    asked = [asyncio.ensure_future(storage.write(lambda tx, n=n: tx.first_hearing(f"k{n}"))) for n in range(200)]
    await asyncio.sleep(0)
    await storage.close()
    assert all(await asyncio.gather(*asked))
    with pytest.raises(StorageError):
        await storage.write(lambda tx: tx.first_hearing("late"))


@pytest.mark.both
async def test_a_caller_that_gives_up_harms_nobody(storage: Storage) -> None:
    asked = [asyncio.ensure_future(storage.write(lambda tx, n=n: tx.first_hearing(f"k{n}"))) for n in range(50)]
    await asyncio.sleep(0)
    for task in asked[::2]:
        task.cancel()
    done = await asyncio.gather(*asked, return_exceptions=True)
    assert all(found is True for found in done[1::2])


async def test_a_second_desk_on_the_same_file_is_refused(tmp_path: Path) -> None:
    storage = open_storage(tmp_path / "desk.sqlite3")
    with pytest.raises(StorageError, match="another desk is using it"):
        open_storage(tmp_path / "desk.sqlite3")
    await storage.close()


WRITER = """
import asyncio, sys
from pathlib import Path
from storage import open_storage

async def main():
    storage = open_storage(Path(sys.argv[1]))
    async def forever(lane):
        number = 0
        while True:
            await storage.write(lambda tx: tx.first_hearing(f"{lane}-{number}"))
            print(f"{lane}-{number}", flush=True)
            number += 1
    await asyncio.gather(*(forever(lane) for lane in range(20)))

asyncio.run(main())
"""


def test_every_acknowledged_write_survives_a_kill(tmp_path: Path) -> None:
    path = tmp_path / "desk.sqlite3"
    with subprocess.Popen(
        [sys.executable, "-c", WRITER, str(path)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        acknowledged = [process.stdout.readline().strip() for _ in range(400)]
        os.kill(process.pid, signal.SIGKILL)
        acknowledged += [line.strip() for line in process.stdout if line.endswith("\n")]
    with contextlib.closing(sqlite3.connect(path)) as database:
        kept = {key for (key,) in database.execute("SELECT key FROM receipts")}
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert set(acknowledged) <= kept
    assert len(acknowledged) >= 400


def test_the_migrations_make_what_the_tables_say(tmp_path: Path) -> None:
    path = tmp_path / "desk.sqlite3"
    asyncio.run(open_storage(path).close())
    config = Config()
    config.set_main_option("script_location", str(ROOT / "storage" / "migrations"))
    assert ScriptDirectory.from_config(config).get_current_head() == HEAD
    with engine_for(path).connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection, opts=OURS), metadata) == []


async def test_an_older_desks_tickets_are_counted_and_found(tmp_path: Path) -> None:
    path = tmp_path / "desk.sqlite3"
    migrate(path, "0007")
    with contextlib.closing(sqlite3.connect(path)) as database, database:
        database.execute("INSERT INTO people (id, name, locale, created_at) VALUES (1, 'Marc', 'fr', 1)")
        for number, status in enumerate(("new", "closed", "new"), 1):
            database.execute(
                "INSERT INTO tickets (number, subject, department, product, priority, status, client_id, channel,"
                " opened_at, active_at) VALUES (?, 'Écran noir', 'it', 'p', 'low', ?, 1, 'slack', ?, ?)",
                (number, status, number, number),
            )
            said = [("reply", "rien ne s'allume", None), ("note", "encore lui", None), ("reply", "oups", 5)]
            database.executemany(
                "INSERT INTO messages (ticket, author_id, kind, body, at, by, version, deleted_at)"
                " VALUES (?, 1, ?, ?, 1, 'client', 1, ?)",
                [(number, *each) for each in said],
            )
    storage = open_storage(path)
    for sight, words, expected in (
        (Sight(1), "ecran allume", [3, 2, 1]),
        (Sight(1), "encore", []),
        (Sight(None, None), "encore", [3, 2, 1]),
        (Sight(1), "oups", []),
        (Sight(9), "ecran", []),
        (Sight(1), "2", [2]),
    ):
        asked = Listing(Tab.ALL, words=words)
        page = await storage.read(lambda tx, s=sight, a=asked: tx.search(s, a, Bounds(), cursor=None, limit=9))
        assert [hit.ticket.number for hit in page.hits] == expected
    counts = await storage.read(lambda tx: tx.tab_counts(Sight(None, None)))
    assert (counts[Tab.OPEN], counts[Tab.CLOSED], counts[Tab.UNASSIGNED]) == (2, 1, 2)
    await storage.close()


def test_a_newer_or_foreign_database_is_refused_with_a_word(tmp_path: Path) -> None:
    path = tmp_path / "desk.sqlite3"
    asyncio.run(open_storage(path).close())
    with contextlib.closing(sqlite3.connect(path)) as database, database:
        database.execute("UPDATE alembic_version SET version_num = '9999'")
        database.execute("UPDATE settings SET value = '9998' WHERE name = 'schema_since'")
    with pytest.raises(StorageError, match="made by a newer desk"):
        open_storage(path)
    other = tmp_path / "picture.png"
    other.write_bytes(b"\x89PNG not a database at all, but long enough to look like one" * 20)
    with pytest.raises(StorageError, match="not a database of the desk"):
        open_storage(other)


async def chunks(*parts: bytes) -> AsyncIterator[bytes]:
    for part in parts:
        yield part


async def test_files_are_kept_once_under_their_hash(tmp_path: Path) -> None:
    blobs = FolderBlobs(tmp_path / "files")
    first = await blobs.keep(chunks(b"hel", b"lo"), limit=100)
    assert first == ("2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824", 5)
    assert await blobs.keep(chunks(b"hello"), limit=100) == first
    assert blobs.path(first[0]).read_bytes() == b"hello"
    assert len([path for path in (tmp_path / "files").rglob("*") if path.is_file()]) == 1
    with pytest.raises(FileNotFoundError):
        blobs.path("00" * 32)


async def test_a_file_past_the_limit_or_cut_off_leaves_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "files"
    blobs = FolderBlobs(folder)
    with pytest.raises(DeskError, match="file_too_large"):
        await blobs.keep(chunks(b"x" * 60, b"x" * 60), limit=100)

    async def cut_off() -> AsyncIterator[bytes]:
        yield b"half"
        raise ConnectionError

    with pytest.raises(ConnectionError):
        await blobs.keep(cut_off(), limit=100)
    assert [path for path in folder.rglob("*") if path.is_file()] == []
    old, new = folder / "tmpabc.part", folder / "tmpdef.part"
    for half in (old, new):
        half.write_bytes(b"of a crash, or of another instance just now")
    os.utime(old, (0, 0))
    FolderBlobs(folder, shared=True)
    assert list(folder.glob("*.part")) == [new]
    FolderBlobs(folder)
    assert list(folder.glob("*.part")) == []
