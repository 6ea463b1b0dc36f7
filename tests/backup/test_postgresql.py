"""A desk on PostgreSQL: copied of one moment while it works, proven, brought back all or nothing, and moved."""

from __future__ import annotations

import asyncio
import os
import sqlite3
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from backup.export import export
from backup.folder import Folder
from backup.job import Busy, Place, Work, back_up
from backup.keys import Keys
from backup.port import silent
from backup.proof import Proof, examined
from backup.restore import bring_all, replace_database, write_ticket
from backup.retention import Keep
from backup.transfer import import_, opened
from desk.errors import Trouble
from desk.model import AccountRef
from storage import BackupRuns, FolderBlobs, migrate, open_storage, snapshots_of
from storage.tables import metadata
from tests.backup.everything import fill, rows_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from desk.ports import Transaction
    from tests.backup.conftest import House
    from tests.databases import Server


@pytest.fixture
def url(postgresql: Server) -> Iterator[str]:
    with postgresql.database() as made:
        yield made


def asked(url: str, query: str, *values: Any) -> list[Any]:
    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as connection:
        cursor = connection.execute(query.encode(), values or None)
        return cursor.fetchall() if cursor.description else []


def rows_there(url: str) -> dict[str, list[Any]]:
    """All rows of all tables, as SQLite has such values."""
    found = {}
    for table in [*metadata.tables, "alembic_version"]:
        rows = asked(url, f'SELECT * FROM "{table}"')
        found[table] = sorted((tuple(int(v) if type(v) is bool else v for v in row) for row in rows), key=repr)
    return found


def work_of(url: str, root: Path) -> Work:
    return Work(
        desk="Northwind", version="0.1.0", database=snapshots_of(url), files=FolderBlobs(root / "var" / "files"),
        keys=Keys(root / "var" / "backup.key"), runs=BackupRuns(url), folder=root / "var" / "backup", at_once=2,
    )  # fmt: skip


def moved(work: Work, file: Path, made: Path) -> None:
    with work.database.alone(), opened(file, None, work.folder / "scratch") as found:
        import_(work.database, work.files, found, made, silent)
        work.database.replace(made)


def written(url: str, verb: Any) -> Any:
    async def done() -> Any:
        storage = open_storage(url)
        try:
            return await storage.write(verb)
        finally:
            await storage.close()

    return asyncio.run(done())


def open_ticket(subject: str) -> Any:
    def verb(tx: Transaction) -> int:
        account = AccountRef("slack", "U1")
        person = tx.person_of(account) or tx.add_person(account, name="Marc", locale="fr")
        return tx.add_ticket(
            subject=subject, department="it", product="p", priority="low", client_id=person.id, channel="slack"
        ).number

    return verb


def subjects(url: str) -> list[str]:
    return [row[0] for row in asked(url, "SELECT subject FROM tickets ORDER BY number")]


def test_everything_there_and_back_is_equal_row_for_row(house: House, url: str, tmp_path: Path) -> None:
    fill(house.database)
    with closing(sqlite3.connect(house.database)) as database, database:
        database.execute("UPDATE sqlite_sequence SET seq = 40 WHERE name = 'tickets'")  # given, and gone
    house.keep(b"a file")
    first = tmp_path / "first.tar.zst"
    export(house.work, first, "", silent)
    there = work_of(url, tmp_path / "there")
    assert not there.database.used
    moved(there, first, tmp_path / "made.sqlite3")
    before = rows_of(house.database)
    found = rows_there(url)
    assert found == {name: before[name] for name in found}
    assert there.database.used
    second = tmp_path / "second.tar.zst"
    export(there, second, "", silent)
    back = work_of(url, tmp_path / "there")
    fresh = type(house)(tmp_path / "fresh")
    moved(fresh.work, second, fresh.database.with_name("import.sqlite3"))
    assert rows_of(fresh.database) == before
    assert set(before) - {"sqlite_sequence", "alembic_version"} == set(metadata.tables)
    assert all(before[table] for table in metadata.tables)
    assert back.database.used
    assert written(url, open_ticket("the next")) == 41
    assert written(url, lambda tx: tx.add_person(AccountRef("slack", "U7"), name="n", locale="").id) == 6


def test_nul_is_shown_where_it_cannot_be_kept(house: House, url: str, tmp_path: Path) -> None:
    house.ticket("a \0 b")
    file = tmp_path / "desk.tar.zst"
    export(house.work, file, "", silent)
    moved(work_of(url, tmp_path / "there"), file, tmp_path / "made.sqlite3")
    assert subjects(url) == ["a ␀ b"]


def test_a_backup_is_proven_and_restored_on_either_database(
    house: House, url: str, postgresql: Server, tmp_path: Path
) -> None:
    fill(house.database)
    there = work_of(url, tmp_path / "there")
    file = tmp_path / "desk.tar.zst"
    export(house.work, file, "", silent)
    moved(there, file, tmp_path / "made.sqlite3")
    written(url, open_ticket("Zebra"))
    place = Place("local", Folder(tmp_path / "copies"), Keep(last=3))
    manifest = back_up(there, place, silent)
    manifest_stamp = manifest.stamp
    assert manifest.counts["tickets"] == 5
    assert list(there.runs.proofs("local")) == [manifest.stamp]
    written(url, open_ticket("after"))
    before = rows_there(url)
    restored(there, place, manifest_stamp, tmp_path)
    after = rows_there(url)
    assert "after" not in subjects(url)
    assert "Zebra" in subjects(url)
    changing = {"tickets", "ticket_counts", "people", "identities", "deliveries", "backup_runs", "settings", "receipts"}
    assert {name: rows for name, rows in after.items() if name not in changing} == {
        name: rows for name, rows in before.items() if name not in changing
    }
    fresh = type(house)(tmp_path / "fresh")
    fresh.work = replace(fresh.work, keys=there.keys)
    restored(fresh.work, place, manifest_stamp, tmp_path)
    found = fresh.write(lambda tx: tx.ticket(5).subject)
    assert found == "Zebra"
    with closing(sqlite3.connect(fresh.database)) as database:
        assert database.execute("SELECT rowid FROM ticket_words WHERE ticket_words MATCH 'zebra'").fetchall() == [(10,)]
    with postgresql.database(migrated=False) as bare:
        restored(replace(work_of(bare, tmp_path / "bare"), keys=there.keys), place, manifest_stamp, tmp_path)
        assert "Zebra" in subjects(bare)


def restored(work: Work, place: Place, stamp: str, root: Path) -> None:
    with work.alone(place) as vault:
        manifest = vault.manifest(stamp, fresh=True)
        copy = bring_all(work, vault, manifest, work.files, silent)
        replace_database(work, copy, root / "safe" / "safe.sqlite3")


def test_an_error_half_way_leaves_the_old_desk(url: str, tmp_path: Path) -> None:
    there = work_of(url, tmp_path)
    place = Place("local", Folder(tmp_path / "copies"))
    written(url, open_ticket("old"))
    stamp = back_up(there, place, silent).stamp
    written(url, open_ticket("newer"))
    before = rows_there(url)
    with there.alone(place) as vault:
        copy = bring_all(there, vault, vault.manifest(stamp), there.files, silent)
        with closing(sqlite3.connect(copy)) as database, database:
            database.execute("UPDATE tickets SET client_id = 99")  # points nowhere: PostgreSQL refuses it at the end
        with there.database.alone(), pytest.raises(Trouble, match="is as it was"):
            there.database.replace(copy)
    assert rows_there(url) == before | {"backup_runs": rows_there(url)["backup_runs"]}
    assert written(url, open_ticket("goes on")) == 3


def test_a_running_desk_is_not_touched(url: str, tmp_path: Path) -> None:
    there = work_of(url, tmp_path)

    async def tried() -> None:
        storage = open_storage(url)
        try:
            async with storage.life():
                with pytest.raises(Trouble, match="desk is running"), there.database.alone():
                    pass
        finally:
            await storage.close()

    asyncio.run(tried())
    with there.database.alone():
        pass


def test_one_run_at_a_time_over_all_instances(url: str, tmp_path: Path) -> None:
    one, other = work_of(url, tmp_path / "one"), work_of(url, tmp_path / "other")
    place = Place("local", Folder(tmp_path / "copies"))
    with one.alone(place), pytest.raises(Busy, match="another instance"):
        back_up(other, place, silent)
    back_up(other, place, silent)


def test_a_copy_is_of_one_moment_while_the_desk_works_on(url: str, tmp_path: Path) -> None:
    there = work_of(url, tmp_path)
    place = Place("local", Folder(tmp_path / "copies"))

    async def going_on() -> None:
        storage = open_storage(url)
        going = asyncio.create_task(asyncio.to_thread(back_up, there, place, silent))
        number = 0
        while not going.done():
            account = AccountRef("slack", f"U{number}")
            await storage.write(lambda tx, account=account: tx.add_person(account, name="n", locale=""))
            number += 1
        manifest = await going
        await storage.close()
        assert manifest.counts["people"] == manifest.counts["identities"]  # written together, copied together
        assert number > 0

    asyncio.run(going_on())


def test_one_ticket_of_it(url: str, tmp_path: Path) -> None:
    there = work_of(url, tmp_path)
    place = Place("local", Folder(tmp_path / "copies"))
    written(url, open_ticket("Zebra"))
    back_up(there, place, silent)
    with there.alone(place) as vault:
        manifest = vault.manifest(vault.entry("latest").stamp)
        write_ticket(there, vault, manifest, 1, tmp_path / "one.zip", silent)
    assert (tmp_path / "one.zip").exists()


def test_killed_at_any_moment_of_the_way_back_it_is_the_old_desk_or_the_new_one(url: str, tmp_path: Path) -> None:
    there = work_of(url, tmp_path)
    place = Place("local", Folder(tmp_path / "copies"))
    written(url, open_ticket("old"))
    stamp = back_up(there, place, silent).stamp
    written(url, open_ticket("newer"))
    seen = set()
    for dies_at in range(0, 480, 60):
        child = os.fork()
        if child == 0:
            os._exit(_restored_until(url, tmp_path, stamp, dies_at))
        _, status = os.waitpid(child, 0)
        assert os.WEXITSTATUS(status) in {0, 9}
        found = tuple(subjects(url))
        assert found in {("old", "newer"), ("old",)}
        seen.add((os.WEXITSTATUS(status), found))
        if found == ("old",):
            written(url, open_ticket("newer"))
    assert (9, ("old", "newer")) in seen
    assert (0, ("old",)) in seen


def test_killed_at_any_moment_a_backup_leaves_the_others_whole(url: str, tmp_path: Path) -> None:
    there = work_of(url, tmp_path)
    place = Place("local", Folder(tmp_path / "copies"), Keep(last=2))
    written(url, open_ticket("old"))
    back_up(there, place, silent)
    seen = set()
    for dies_at in (0, 3, 20, 60, 100, 9999):
        child = os.fork()
        if child == 0:
            os._exit(_until(dies_at, lambda: back_up(work_of(url, tmp_path), place, silent)))
        _, status = os.waitpid(child, 0)
        seen.add(os.WEXITSTATUS(status))
        with there.alone(place) as vault:  # the dead one's turn has gone with it
            for entry in vault.entries():
                assert examined(Proof(there.database, vault), entry.stamp, silent)[1] == []
    assert seen == {0, 9}
    assert any(run.error == "interrupted" for run in there.runs.newest("local", limit=99))


def _restored_until(url: str, root: Path, stamp: str, dies_at: int) -> int:
    place = Place("local", Folder(root / "copies"))
    return _until(dies_at, lambda: restored(work_of(url, root), place, stamp, root))


def _until(dies_at: int, act: Callable[[], object]) -> int:
    """In a child: dies before that statement without a farewell; gives 0 where it came to its end."""
    left = dies_at
    execute = psycopg.Connection.execute

    def counted(self: Any, *args: Any, **more: Any) -> Any:
        nonlocal left
        left -= 1
        if left < 0:
            os._exit(9)
        return execute(self, *args, **more)

    psycopg.Connection.execute = counted  # type: ignore[method-assign]
    try:
        act()
    except BaseException:  # noqa: BLE001 - the child ends here, whatever happened
        return 1
    return 0


def test_a_place_where_nothing_is(postgresql: Server, tmp_path: Path) -> None:
    with postgresql.database(migrated=False) as bare:
        there = work_of(bare, tmp_path)
        assert not there.database.there
        assert not there.database.used
        with pytest.raises(Trouble, match="no database of the desk yet"):
            there.database.snapshot(tmp_path / "copy.sqlite3")
        migrate(bare)
        assert there.database.there
        there.database.snapshot(tmp_path / "copy.sqlite3")
        there.database.check(tmp_path / "copy.sqlite3", thorough=True)
    away = work_of("postgresql+psycopg://desk:secret@127.0.0.1:1/none", tmp_path)
    with pytest.raises(Trouble) as error:
        assert away.database.there
    assert "secret" not in str(error.value)
