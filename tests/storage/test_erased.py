"""Words of somebody who was forgotten are in no byte of the database's files, on either database."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from desk.model import AccountRef, Attachment, Audience, Kind
from desk.verbs import ERASED
from storage import open_storage, scrubbing
from tests.traces import traces

if TYPE_CHECKING:
    from pathlib import Path

    from desk.ports import Storage, Transaction

WORD = "zebrafinch"
ZOE, MARC = AccountRef("slack", "UZEBRAFINCH"), AccountRef("slack", "U1")
SAID = 40


def said(tx: Transaction, number: int) -> None:
    zoe = tx.person_of(ZOE) or tx.add_person(ZOE, name=f"{WORD} Zoe", locale="")
    marc = tx.person_of(MARC) or tx.add_person(MARC, name="Marc", locale="")
    whose = zoe if number % 2 else marc
    ticket = tx.add_ticket(
        subject=f"{WORD} {number}" if whose == zoe else f"other {number}", department="it", product="p", priority="low",
        client_id=whose.id, channel="slack",
    )  # fmt: skip
    file = Attachment(f"{WORD}.txt", "text/plain", 1, f"{number:064x}")
    message = tx.add_message(
        ticket=ticket.number, author_id=zoe.id, kind=Kind.REPLY, body=f"{WORD} says {number} " * 20, by=Audience.CLIENT,
        thread_id=None, origin=None, attachments=[file],
    )  # fmt: skip
    assert message is not None
    if number % 4 == 0:
        tx.add_version(message, body=f"{WORD} says otherwise")


async def forgotten(storage: Storage) -> None:
    def verb(tx: Transaction) -> None:
        person = tx.person_of(ZOE)
        assert person is not None
        for message_id in tx.standing(person.id):
            tx.mark_deleted(tx.message(message_id))
        tx.erase_person(person.id)

    await storage.write(verb)


@pytest.mark.both
async def test_nothing_is_left_in_the_files(where: Path | str) -> None:
    storage = open_storage(where)
    for number in range(SAID):
        await storage.write(lambda tx, number=number: said(tx, number))
    assert traces(where, WORD)
    await forgotten(storage)
    await storage.scrub()
    assert traces(where, WORD) == []
    ticket = await storage.read(lambda tx: tx.ticket(2))
    assert ticket is not None
    assert ticket.subject == "—"
    await storage.close()
    assert traces(where, WORD) == []


async def test_what_an_older_desk_left_in_free_pages_goes_as_well(tmp_path: Path) -> None:
    where = tmp_path / "desk.sqlite3"
    await open_storage(where).close()
    with closing(sqlite3.connect(where)) as older, older:
        older.execute("PRAGMA secure_delete=OFF")
        older.execute("INSERT INTO lists VALUES ('x', ?, 0)", (f"{WORD} " * 9000,))
        older.commit()
        older.execute("DELETE FROM lists")
    assert traces(where, WORD)
    storage = open_storage(where)
    await storage.scrub()
    assert traces(where, WORD) == []
    await storage.close()


async def test_a_large_database_is_written_anew_at_its_next_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scrubbing, "WHOLE", 0)
    where = tmp_path / "desk.sqlite3"
    await open_storage(where).close()
    with closing(sqlite3.connect(where)) as older, older:
        older.execute("PRAGMA secure_delete=OFF")
        older.execute("INSERT INTO lists VALUES ('x', ?, 0)", (f"{WORD} " * 9000,))
        older.commit()
        older.execute("DELETE FROM lists")
    storage = open_storage(where)
    await storage.write(lambda tx: tx.keep_mark(ERASED, tx.now))
    await storage.scrub()
    await storage.close()
    assert traces(where, WORD)
    await open_storage(where).close()
    assert traces(where, WORD) == []
