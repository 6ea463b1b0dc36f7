"""A verb that comes alone is committed in the loop's own thread: when it is, when not, and what holds either way."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from desk.access import Sight
from desk.errors import DeskError
from desk.listing import Bounds, Listing, Tab
from desk.model import AccountRef, Audience, Kind, MessageRef
from storage import grouping, open_storage
from storage.sqlite import hurry, owing, writing

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from desk.model import Message, Ticket
    from desk.ports import Storage, Transaction
    from storage.sqlite.writing import SQLiteStorage

ROOT = Path(__file__).parents[2]


class Clock:
    """What commits are timed by: each takes as long as the test says."""

    def __init__(self) -> None:
        self.now = 0.0
        self.took = 0.001

    def __call__(self) -> float:
        self.now += self.took
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def desk(tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[SQLiteStorage]:
    """Its disk is known to be quick, and crowds are forgotten at once."""
    monkeypatch.setattr(grouping, "CROWDED", 0.0)
    storage = open_storage(tmp_path / "desk.sqlite3")
    storage._hurry.clock = clock
    await storage.write(lambda _tx: None)  # the thread opens the file
    yield storage
    await storage.close()


def here(_tx: Transaction) -> bool:
    """Whether it is carried out in the loop's thread."""
    return threading.current_thread() is threading.main_thread()


def noting(name: str, noted: list[str]) -> Callable[[Transaction], bool]:
    def verb(tx: Transaction) -> bool:
        noted.append(name)
        tx.first_hearing(name)
        return here(tx)

    return verb


async def test_a_brief_verb_alone_spares_itself_the_thread(desk: SQLiteStorage) -> None:
    assert await desk.write(here, brief=True)
    assert not await desk.write(here)
    assert not await desk.write(here, patient=True)


async def test_what_raises_leaves_nothing_and_takes_nothing_with_it(desk: SQLiteStorage) -> None:
    tried: list[bool] = []

    def refused(tx: Transaction) -> None:
        tried.append(here(tx))
        tx.first_hearing("refused")
        raise DeskError("ticket_unknown", number=1)

    patient = asyncio.ensure_future(desk.write(lambda tx: tx.first_hearing("patient"), patient=True))
    await asyncio.sleep(0)
    with pytest.raises(DeskError, match="ticket_unknown"):
        await desk.write(refused, brief=True)
    assert await patient
    assert tried == [True, False]  # the thread knows whose fault it was
    assert await desk.read(lambda tx: (tx.heard("patient"), tx.heard("refused"))) == (True, False)


async def test_many_at_once_go_together_and_in_their_order(desk: SQLiteStorage) -> None:
    noted: list[str] = []
    names = [f"n{number}" for number in range(30)]
    found = await asyncio.gather(*(desk.write(noting(name, noted), brief=True) for name in names))
    assert noted == names
    assert found == [True] + [False] * 29  # the first could not know of the others
    assert await desk.write(here, brief=True)


async def test_after_a_crowd_all_go_by_the_thread_for_a_while(
    desk: SQLiteStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(grouping, "CROWDED", 3600.0)
    await asyncio.gather(*(desk.write(here, brief=True) for _ in range(2)))
    assert not await desk.write(here, brief=True)


async def test_nobody_overtakes_what_the_thread_is_at(desk: SQLiteStorage) -> None:
    noted: list[str] = []
    begun, go_on = threading.Event(), threading.Event()

    def long(_tx: Transaction) -> None:
        begun.set()
        assert go_on.wait(60)
        noted.append("long")

    first = asyncio.ensure_future(desk.write(long))
    await asyncio.to_thread(begun.wait)
    second = asyncio.ensure_future(desk.write(noting("second", noted), brief=True))
    await asyncio.sleep(0)
    go_on.set()
    assert not await second
    await first
    assert noted == ["long", "second"]


async def test_a_slow_commit_gives_the_loop_a_rest_from_the_disk(desk: SQLiteStorage, clock: Clock) -> None:
    clock.took = 2 * hurry.SLOW
    assert await desk.write(here, brief=True)
    clock.took = 0.0
    assert [await desk.write(here, brief=True) for _ in range(3)] == [False] * 3
    clock.now += hurry.FIRST_REST
    assert await desk.write(here, brief=True)


async def test_a_disk_that_is_never_quick_is_tried_once_a_minute(desk: SQLiteStorage, clock: Clock) -> None:
    tried = []
    for second in range(1000):
        clock.took = 2 * hurry.SLOW
        if await desk.write(here, brief=True):
            tried.append(second)
        clock.took = 0.0
        clock.now = float(second)
    assert tried[-1] - tried[-2] in range(60, 63)
    assert len(tried) < 25


async def test_a_disk_that_is_slow_now_and_then_is_trusted_again_soon(desk: SQLiteStorage, clock: Clock) -> None:
    for _ in range(3):
        clock.took = 2 * hurry.SLOW
        assert await desk.write(here, brief=True)
        clock.took = 0.0
        clock.now += hurry.FIRST_REST
        assert [await desk.write(here, brief=True) for _ in range(300)].count(True) > hurry.QUICK_AGAIN


async def test_the_loop_does_not_wait_for_another_process(desk: SQLiteStorage) -> None:
    assert await desk.write(here, brief=True)
    with contextlib.closing(sqlite3.connect(desk.path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        asked = asyncio.ensure_future(desk.write(here, brief=True))
        for _ in range(100):  # turns of the loop, which would not come while it waits
            await asyncio.sleep(0)
        assert not asked.done()
        other.execute("COMMIT")
    assert not await asked
    assert await desk.write(here, brief=True)


async def test_who_gives_up_while_others_have_their_turn_has_written(desk: SQLiteStorage) -> None:
    asked = asyncio.ensure_future(desk.write(lambda tx: tx.first_hearing("k"), brief=True))
    await asyncio.sleep(0)
    asked.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asked
    assert await desk.read(lambda tx: tx.heard("k"))
    assert await desk.write(here, brief=True)


async def test_the_log_is_written_back_by_the_thread(desk: SQLiteStorage) -> None:
    log = desk.path.with_name(desk.path.name + "-wal")
    found = []
    for number in range(1200):

        def verb(tx: Transaction, number: int = number) -> bool:
            tx.keep_mark(f"mark-{number}", tx.now)
            return here(tx)

        found.append(await desk.write(verb, brief=True))
    assert found.count(False) == len(found) // (hurry.AT_ONCE + 1)
    assert log.stat().st_size < 2000 * 4120  # bytes of so many pages: a log that is never written back has more


WRITER = """
import asyncio, sys, threading
from pathlib import Path
from storage import open_storage
from storage.sqlite import hurry

hurry.SLOW = 3600.0  # whatever the disk

async def main():
    storage = open_storage(Path(sys.argv[1]))
    number = 0
    while True:
        def verb(tx):
            tx.first_hearing(str(number))
            return threading.current_thread() is threading.main_thread()
        here = await storage.write(verb, brief=True)
        print(number, here, flush=True)
        number += 1

asyncio.run(main())
"""


def test_what_was_hurried_survives_a_kill(tmp_path: Path) -> None:
    path = tmp_path / "desk.sqlite3"
    with subprocess.Popen(
        [sys.executable, "-c", WRITER, str(path)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        said = [process.stdout.readline().split() for _ in range(400)]
        os.kill(process.pid, signal.SIGKILL)
        said += [line.split() for line in process.stdout if line.endswith("\n")]
    with contextlib.closing(sqlite3.connect(path)) as database:
        kept = {key for (key,) in database.execute("SELECT key FROM receipts")}
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert {number for number, _ in said} <= kept
    assert sum(here == "True" for _, here in said) > 300


# --- words that are owed to the index -----------------------------------------------------------------------------


def told(tx: Transaction) -> Ticket:
    person = tx.add_person(AccountRef("slack", "U1"), name="Marc", locale="")
    return tx.add_ticket(
        subject="Screen", department="it", product="x", priority="low", client_id=person.id, channel="slack"
    )


def says(text: str, key: str = "1") -> Callable[[Transaction], Message]:
    def verb(tx: Transaction) -> Message:
        assert here(tx)
        origin = MessageRef("slack", key)
        said = tx.add_message(
            ticket=1, author_id=1, kind=Kind.REPLY, body=text, by=Audience.CLIENT, thread_id=None,
            origin=origin, attachments=(),
        )  # fmt: skip
        assert said is not None
        return said

    return verb


async def found(desk: Storage, words: str) -> bool:
    asked = Listing(Tab.ALL, words=words)
    page = await desk.read(lambda tx: tx.search(Sight(None, None), asked, Bounds(), cursor=None, limit=9))
    return bool(page.hits)


def in_the_index(desk: SQLiteStorage, word: str) -> bool:
    with contextlib.closing(sqlite3.connect(desk.path)) as database:
        rows = database.execute("SELECT rowid FROM ticket_words WHERE ticket_words MATCH ?", (f'"{word}"',)).fetchall()
    return bool(rows)


async def test_words_left_out_are_found_by_whoever_searches(desk: SQLiteStorage) -> None:
    await desk.write(told)
    await desk.write(says("the printer smokes"), brief=True)
    assert not in_the_index(desk, "smokes")
    assert await found(desk, "printer smokes")
    assert in_the_index(desk, "smokes")


async def test_a_verb_of_the_thread_finds_them_too(desk: SQLiteStorage) -> None:
    await desk.write(told)
    await desk.write(says("the printer smokes"), brief=True)
    asked = Listing(Tab.ALL, words="smokes")
    page = await desk.write(lambda tx: tx.search(Sight(None, None), asked, Bounds(), cursor=None, limit=9))
    assert len(page.hits) == 1


async def test_what_is_changed_before_its_words_were_told_is_found_as_it_is(desk: SQLiteStorage) -> None:
    await desk.write(told)
    first = await desk.write(says("the printer smokes", "1"), brief=True)
    second = await desk.write(says("the scanner hums", "2"), brief=True)
    await desk.write(lambda tx: tx.add_version(first, body="the printer sings"), brief=True)
    await desk.write(lambda tx: tx.mark_deleted(second))
    expected = {"smokes": False, "sings": True, "printer": True, "scanner": False, "hums": False, "screen": True}
    assert {word: await found(desk, word) for word in expected} == expected


async def test_there_are_never_more_than_a_start_looks_for(desk: SQLiteStorage) -> None:
    await desk.write(told)
    for number in range(owing.MOST + 1):
        desk._hurry._in_a_row = 0  # as if the thread had failed each time
        await desk.write(says(f"word{number}", str(number)), brief=True)
    assert in_the_index(desk, "word0")
    assert in_the_index(desk, f"word{owing.MOST}")


async def test_what_was_left_out_by_who_was_killed_is_found(desk: SQLiteStorage, tmp_path: Path) -> None:
    await desk.write(told)
    for number in range(owing.MOST):
        await desk.write(says(f"word{number}", str(number)), brief=True)
    assert not in_the_index(desk, "word0")
    left = tmp_path / "left" / desk.path.name  # as it stands on the disk in that moment
    left.parent.mkdir()
    for file in (desk.path, desk.path.with_name(desk.path.name + "-wal")):
        shutil.copy(file, left.parent)
    again = open_storage(left)
    assert [await found(again, f"word{number}") for number in range(owing.MOST)] == [True] * owing.MOST
    await again.close()


async def test_what_is_owed_stays_owed_where_the_thread_cannot_commit(desk: SQLiteStorage) -> None:
    await desk.write(told)
    await desk.write(says("the printer smokes"), brief=True)

    def fails(*_: object) -> None:
        raise sqlite3.OperationalError("disk full")

    with pytest.MonkeyPatch.context() as broken:
        broken.setattr(desk._owing, "end", fails)
        with pytest.raises(sqlite3.OperationalError):
            await desk.write(lambda tx: tx.first_hearing("k"))
    assert await found(desk, "smokes")


async def test_who_reads_does_not_wait_for_long_work(desk: SQLiteStorage, monkeypatch: pytest.MonkeyPatch) -> None:
    await desk.write(told)
    begun, go_on = threading.Event(), threading.Event()

    def long(_tx: Transaction) -> None:
        begun.set()
        assert go_on.wait(60)

    await desk.write(says("the printer smokes"), brief=True)
    working = asyncio.ensure_future(desk.write(long))
    await asyncio.to_thread(begun.wait)
    monkeypatch.setattr(writing, "WORDS_WITHIN", 0.0)
    assert await desk.read(lambda tx: tx.ticket(1)) is not None
    go_on.set()
    await working
    assert await found(desk, "smokes")
