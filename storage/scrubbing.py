"""What was erased wiped out of the database's files as well: out of free pages, the log, and the index of words.

Connections of the desk overwrite what they delete (`secure_delete`), so three things are left: the index of words,
which only notes what it lost until its pieces are merged; the log; and pages that an older desk freed as they were.
"""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from typing import TYPE_CHECKING

from desk.errors import Trouble

if TYPE_CHECKING:
    from pathlib import Path

BUSY = 60.0  # seconds that a step waits for a lock
STEP = 200  # pages of index in one step: some milliseconds, in which the desk's writer waits
PAUSE = 0.005  # seconds between two steps, for the writer
TRIES = 100  # of emptying the log, which somebody may be reading
WHOLE = 300_000_000  # bytes of a database that is rewritten beside a desk that works; a larger one at its next start
ERASED = "erased"  # the setting that says: somebody was forgotten here (`desk.verbs.ERASED`)
_WIPED = "wiped"  # the setting that says: no older desk's free pages are left


def scrub(path: Path) -> None:
    """Wipe it, in small steps beside a desk that works. Trouble where the database cannot be had."""
    try:
        with closing(sqlite3.connect(path, timeout=BUSY, isolation_level=None)) as database:
            database.execute("PRAGMA secure_delete=ON")
            _merge(database)
            if path.stat().st_size <= WHOLE:
                wipe_free_pages(database)
            _empty_log(database)
    except sqlite3.DatabaseError as error:
        raise Trouble(f"{path}: what was erased could not be wiped yet: {error}") from error


def _merge(database: sqlite3.Connection) -> None:
    """All pieces of the index become one, in which nothing is that was taken out of it."""
    pages = -STEP  # the first time: all pieces, whatever their sizes
    while True:
        before = database.total_changes
        database.execute("INSERT INTO ticket_words (ticket_words, rank) VALUES ('merge', ?)", (pages,))
        if database.total_changes - before < 2:  # noqa: PLR2004 - as FTS5 says that nothing was left to do
            return
        pages = STEP
        time.sleep(PAUSE)


def wipe_free_pages(database: sqlite3.Connection) -> None:
    """Once in a database's life: it is written anew, without what older desks had deleted and not overwritten."""
    if database.execute("SELECT 1 FROM settings WHERE name = ?", (_WIPED,)).fetchone():
        return
    database.execute("VACUUM")
    database.execute("INSERT OR IGNORE INTO settings VALUES (?, '1')", (_WIPED,))


def wipe_at_start(path: Path) -> None:
    """What `scrub` left for now, as nobody waits for the database yet."""
    with closing(sqlite3.connect(path, timeout=BUSY, isolation_level=None)) as database:
        if database.execute("SELECT 1 FROM settings WHERE name = ?", (ERASED,)).fetchone():
            wipe_free_pages(database)


def _empty_log(database: sqlite3.Connection) -> None:
    for _ in range(TRIES):
        (busy, _, _) = database.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        if not busy:
            return
        time.sleep(PAUSE)
    raise sqlite3.OperationalError("the log is being read")
