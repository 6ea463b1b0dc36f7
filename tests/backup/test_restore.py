"""The way back: all of it, the rows alone, the files alone, one ticket; refused where it cannot be."""

from __future__ import annotations

import hashlib
import json
import shutil
import sqlite3
import zipfile
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from backup.job import back_up
from backup.port import BackupError, silent
from backup.restore import bring_copy, put_files, replace_database, write_ticket
from desk.errors import Trouble
from storage import FolderBlobs, open_storage

if TYPE_CHECKING:
    from pathlib import Path

    from tests.backup.conftest import House


def restore(house: House, stamp: str = "latest") -> None:
    with house.work.alone(house.place) as vault:
        manifest = vault.manifest(vault.entry(stamp).stamp)
        copy = bring_copy(house.work, vault, manifest, silent)
        put_files(house.work, vault, manifest, house.blobs, silent)
        replace_database(house.work, copy, house.data / "before-restore" / "safe.sqlite3")


def test_all_of_it_comes_back_and_the_desk_as_it_was_is_kept(house: House) -> None:
    house.ticket("Intranet", ("a.txt", b"first"))
    back_up(house.work, house.place, silent)
    house.ticket("VPN")
    shutil.rmtree(house.data / "files")
    restore(house)
    assert house.lines() == ["Intranet"]
    assert house.has(b"first")
    house.database = house.data / "before-restore" / "safe.sqlite3"
    assert house.lines() == ["Intranet", "VPN"]


def test_on_a_machine_that_has_nothing(house: House, tmp_path: Path, make_house: type[House]) -> None:
    house.ticket("Intranet", ("a.txt", b"first"))
    back_up(house.work, house.place, silent)
    fresh = make_house(tmp_path / "fresh")
    fresh.database.unlink()
    shutil.copy(house.data / "backup.key", fresh.data / "backup.key")
    fresh.work = replace(fresh.work, keys=house.work.keys)
    fresh.place = house.place
    restore(fresh)
    assert fresh.lines() == ["Intranet"]
    assert fresh.has(b"first")


def test_a_running_desk_is_not_touched(house: House) -> None:
    import asyncio

    back_up(house.work, house.place, silent)

    async def tried() -> None:
        storage = open_storage(house.database)
        try:
            with pytest.raises(Trouble, match="running"):
                restore(house)
        finally:
            await storage.close()

    asyncio.run(tried())


def test_a_log_that_was_left_behind_does_not_spoil_the_restored_database(house: House) -> None:
    house.ticket("Intranet")
    back_up(house.work, house.place, silent)
    with closing(sqlite3.connect(house.database)) as reader:  # keeps the log from being taken in
        reader.execute("SELECT 1 FROM tickets").fetchall()
        house.ticket("VPN")
        assert house.database.with_name("desk.sqlite3-wal").stat().st_size > 0
    restore(house)
    assert house.lines() == ["Intranet"]
    house.rows()


def test_what_was_owed_is_looked_up_before_it_is_said_again(house: House) -> None:
    house.ticket("Intranet")
    with closing(sqlite3.connect(house.database)) as database, database:
        database.execute("INSERT INTO threads (ticket, audience, channel, locale) VALUES (1, 'client', 'slack', '')")
        columns = {row[1] for row in database.execute("PRAGMA table_info(events)")}
        database.execute("INSERT INTO events (ticket, kind, data, at) VALUES (1, 'TicketOpened', '{}', 0)")
        assert columns >= {"ticket", "kind", "data", "at"}
        database.execute(
            "INSERT INTO deliveries (event_id, thread_id, channel, state, due_at, leased_until, attempts)"
            " VALUES (1, 1, 'slack', 'owed', 0, 99, 0)"
        )
    back_up(house.work, house.place, silent)
    restore(house)
    with closing(sqlite3.connect(house.database)) as database:
        assert database.execute("SELECT leased_until, attempts FROM deliveries").fetchall() == [(None, 1)]


def test_a_copy_of_a_newer_desk_is_refused_and_nothing_is_changed(house: House) -> None:
    house.ticket("Intranet")
    back_up(house.work, house.place, silent)
    house.ticket("VPN")

    class Older(type(house.work.database)):
        newest_schema = "0000"

    house.work = replace(house.work, database=Older(house.database))
    with pytest.raises(BackupError, match="newer desk"):
        restore(house)
    assert house.lines() == ["Intranet", "VPN"]


def test_only_what_is_not_there_is_placed(house: House) -> None:
    house.ticket("Intranet", ("a.txt", b"first"), ("b.txt", b"second"))
    manifest = back_up(house.work, house.place, silent)
    house.blobs.path(hash_of(b"first")).unlink()
    with house.work.alone(house.place) as vault:
        assert put_files(house.work, vault, manifest, house.blobs, silent) == 1
        assert put_files(house.work, vault, manifest, house.blobs, silent) == 0
    assert house.has(b"first")


def hash_of(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def test_a_file_that_was_spoiled_where_it_lies_is_replaced(house: House) -> None:
    house.ticket("Intranet", ("a.txt", b"first"), ("b.txt", b"second"))
    back_up(house.work, house.place, silent)
    house.blobs.path(hash_of(b"first")).write_bytes(b"worst")
    with house.work.alone(house.place) as vault:
        assert put_files(house.work, vault, vault.manifest(vault.entry("latest").stamp), house.blobs, silent) == 1
    assert house.has(b"first")
    assert house.has(b"second")


def test_to_a_folder_to_look_at(house: House, tmp_path: Path) -> None:
    house.ticket("Intranet", ("a.txt", b"first"))
    manifest = back_up(house.work, house.place, silent)
    there = FolderBlobs(tmp_path / "look" / "files")
    with house.work.alone(house.place) as vault:
        assert put_files(house.work, vault, manifest, there, silent) == 1
    assert there.path(hash_of(b"first")).read_bytes() == b"first"


def test_one_ticket_with_its_files_and_no_word_of_another(house: House, tmp_path: Path) -> None:
    house.ticket("Intranet", ("a.txt", b"first"), ("a.txt", b"another of that name"))
    number = house.ticket("VPN", ("b.txt", b"second"))
    back_up(house.work, house.place, silent)
    with house.work.alone(house.place) as vault:
        manifest = vault.manifest(vault.entry("latest").stamp)
        write_ticket(house.work, vault, manifest, 1, tmp_path / "one.zip", silent)
        with pytest.raises(Trouble, match="no ticket #99"):
            write_ticket(house.work, vault, manifest, 99, tmp_path / "none.zip", silent)
    assert not (tmp_path / "none.zip").exists()
    with zipfile.ZipFile(tmp_path / "one.zip") as archive:
        rows = json.loads(archive.read("ticket.json"))
        files = {name: archive.read(name) for name in archive.namelist() if name.startswith("files/")}
    assert [row["subject"] for row in rows["tickets"]] == ["Intranet"]
    assert [row["body"] for row in rows["messages"]] == ["about Intranet"]
    assert [row["name"] for row in rows["people"]] == ["Marc"]
    assert sorted(files.values()) == [b"another of that name", b"first"]
    assert "VPN" not in json.dumps(rows)
    assert number == 2
