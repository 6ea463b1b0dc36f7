"""A backup: what it holds, what a second one sends, what is proven, what goes."""

from __future__ import annotations

import asyncio
import hashlib
import json
import shutil
import sqlite3
import subprocess
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING

import pyrage  # type: ignore[import-untyped]
import pytest
import zstandard

from backup.folder import Folder
from backup.job import Busy, Place, back_up, prove_again, prune
from backup.keys import Keys
from backup.port import BackupError, Damaged, DestinationError, Full, Progress, silent
from backup.proof import Proof, examined, newest_proven, prove
from desk.errors import Trouble
from desk.model import AccountRef
from storage import open_storage
from tests.backup.spoiling import spoil

if TYPE_CHECKING:
    from pathlib import Path

    from tests.backup.conftest import House


def archives(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.suffix == ".age")


def sizes(folder: Path) -> dict[str, int]:
    return {path.name: path.stat().st_size for path in folder.iterdir()}


def faults(house: House, stamp: str) -> list[str]:
    with house.work.alone(house.place) as vault:
        return list(examined(Proof(house.work.database, vault), stamp, silent)[1])


def test_a_backup_holds_the_rows_and_the_files_and_says_what_it_is(house: House) -> None:
    house.ticket("Intranet", ("a.txt", b"first"), ("b.txt", b"second"))
    seen: list[Progress] = []
    manifest = back_up(house.work, house.place, seen.append)
    written = json.loads((house.copies / f"{manifest.stamp}.manifest.json").read_text(encoding="utf-8"))
    assert written["counts"] | {"tickets": 1, "messages": 1, "attachments": 2, "people": 1} == written["counts"]
    assert (written["files"], written["files_size"], written["missing"]) == (2, 11, [])
    for part in (written["database"], written["packs"][0]["files"], written["packs"][0]["index"]):
        content = (house.copies / part["name"]).read_bytes()
        assert (len(content), hashlib.sha256(content).hexdigest()) == (part["size"], part["sha256"])
    stages = [progress.stage for progress in seen]
    assert list(dict.fromkeys(stages)) == [
        "look", "snapshot", "files", "upload", "database", "manifest", "prune", "proof",
    ]  # fmt: skip
    assert list(house.work.runs.proofs("local")) == [manifest.stamp]
    assert not (house.work.folder / "scratch").exists()


def test_it_can_be_opened_with_common_tools(house: House, tmp_path: Path) -> None:
    house.ticket("Intranet", ("a.txt", b"first"))
    manifest = back_up(house.work, house.place, silent)
    identity = pyrage.x25519.Identity.from_str((house.data / "backup.key").read_text(encoding="ascii").strip())
    tar = tmp_path / "files.tar"
    opened = pyrage.decrypt((house.copies / manifest.packs[0].files.name).read_bytes(), [identity])
    tar.write_bytes(zstandard.ZstdDecompressor().decompressobj().decompress(opened))
    sha256 = hashlib.sha256(b"first").hexdigest()
    got = subprocess.run(["tar", "xOf", tar, f"{sha256[:2]}/{sha256[2:4]}/{sha256}"], capture_output=True, check=True)
    assert got.stdout == b"first"
    opened = pyrage.decrypt((house.copies / manifest.database.name).read_bytes(), [identity])
    (tmp_path / "db").write_bytes(zstandard.ZstdDecompressor().decompressobj().decompress(opened))
    with closing(sqlite3.connect(tmp_path / "db")) as database:
        assert database.execute("SELECT subject FROM tickets").fetchall() == [("Intranet",)]


def test_a_second_backup_sends_only_files_that_are_new(house: House) -> None:
    house.ticket("Intranet", ("a.bin", bytes(range(256)) * 4000))
    first = back_up(house.work, house.place, silent)
    house.ticket("VPN", ("b.txt", b"new"))
    second = back_up(house.work, house.place, silent)
    assert set(first.packs) < set(second.packs)
    assert len(second.packs) == 2
    third = back_up(house.work, house.place, silent)
    assert set(third.packs) == set(second.packs)


def test_each_backup_stands_alone_when_the_others_are_gone(house: House) -> None:
    house.ticket("Intranet", ("a.txt", b"first"))
    back_up(house.work, house.place, silent)
    house.ticket("VPN", ("b.txt", b"second"))
    second = back_up(house.work, house.place, silent)
    one = Place("local", house.place.destination, type(house.place.keep)(last=1))
    gone = prune(house.work, one, silent)
    assert len(gone) == 1
    assert faults(house, second.stamp) == []
    assert {part.name for part in second.parts} | {f"{second.stamp}.manifest.json"} == set(sizes(house.copies))


def test_files_erased_from_the_desk_are_in_no_new_backup(house: House) -> None:
    house.ticket("Intranet", ("a.txt", b"to be forgotten"), ("b.txt", b"to stay"))
    back_up(house.work, house.place, silent)
    sha256 = hashlib.sha256(b"to be forgotten").hexdigest()
    with closing(sqlite3.connect(house.database)) as database, database:
        database.execute("DELETE FROM attachments WHERE sha256 = ?", (sha256,))
    house.blobs.path(sha256).unlink()
    manifest = back_up(house.work, house.place, silent)
    with house.work.alone(house.place) as vault:
        listed = [name for pack in manifest.packs for name in vault.listed(pack)]
    assert listed == [hashlib.sha256(b"to stay").hexdigest()]


def test_deleted_words_are_not_in_the_copy(house: House, tmp_path: Path) -> None:
    number = house.ticket("x" * 50 + "SECRETWORDS" + "y" * 150)
    with closing(sqlite3.connect(house.database)) as database, database:
        database.execute("UPDATE tickets SET subject = 'z' WHERE number = ?", (number,))
        database.execute("UPDATE messages SET body = 'z'")
    house.work.database.snapshot(tmp_path / "copy")
    assert b"SECRETWORDS" not in (tmp_path / "copy").read_bytes()


def test_a_file_that_the_desk_lost_is_named_and_holds_nothing_up(house: House) -> None:
    house.ticket("Intranet", ("a.txt", b"lost"), ("b.txt", b"here"))
    sha256 = hashlib.sha256(b"lost").hexdigest()
    house.blobs.path(sha256).unlink()
    manifest = back_up(house.work, house.place, silent)
    assert manifest.missing == (sha256,)
    assert faults(house, manifest.stamp) == []


def test_a_flipped_bit_in_any_part_is_found_and_named(house: House) -> None:
    house.ticket("Intranet", ("a.bin", bytes(range(256)) * 40))
    stamp = back_up(house.work, house.place, silent).stamp
    for path in house.copies.iterdir():
        whole = path.read_bytes()
        for place in (0, len(whole) // 2, len(whole) - 1):
            damaged = bytearray(whole)
            damaged[place] ^= 4
            path.write_bytes(damaged)
            found = faults(house, stamp)
            assert found, f"bit flipped in {path.name} at {place}"
            assert path.name in found[0]
        path.write_bytes(whole[:-1])
        assert path.name in faults(house, stamp)[0]
        path.unlink()
        assert path.name in str(broken(house, stamp))
        path.write_bytes(whole)
    assert faults(house, stamp) == []


def broken(house: House, stamp: str) -> list[str] | Trouble:
    try:
        return faults(house, stamp)
    except Trouble as error:
        return error


def test_a_damaged_pack_is_not_trusted_by_the_next_backup_after_its_proof_fails(house: House) -> None:
    house.ticket("Intranet", ("a.bin", bytes(range(256)) * 40))
    pack = back_up(house.work, house.place, silent).packs[0]
    path = house.copies / pack.files.name
    spoil(path)
    with pytest.raises(Damaged, match=pack.files.name):
        back_up(house.work, house.place, silent)
    assert "damaged" in house.work.runs.newest("local", limit=1)[0].error
    healed = back_up(house.work, house.place, silent)
    assert pack not in healed.packs
    assert faults(house, healed.stamp) == []


def test_what_was_seen_last_of_a_copy_counts(house: House) -> None:
    old, new = (back_up(house.work, house.place, silent).stamp for _ in range(2))
    archive = house.copies / f"{new}.database.zst.age"
    spoil(archive)
    with pytest.raises(Damaged, match=archive.name):
        prove_again(house.work, house.place, silent, new)
    assert {stamp: bool(run.error) for stamp, run in house.work.runs.proofs("local").items()} == {old: False, new: True}
    proven = newest_proven(house.work.runs.proofs("local"))
    assert proven is not None
    assert proven.stamp == old


def test_the_record_keeps_proofs_for_longer_than_runs(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("storage.runs.KEPT", 2)
    stamps = [back_up(house.work, house.place, silent).stamp for _ in range(3)]
    assert sorted(house.work.runs.proofs("local")) == stamps
    assert sum(run.kind == "backup" for run in house.work.runs.newest("local", limit=99)) == 1


def test_one_run_at_a_time(house: House) -> None:
    with house.work.alone(house.place), pytest.raises(Busy):
        back_up(house.work, house.place, silent)
    back_up(house.work, house.place, silent)


def test_the_desk_works_on_while_it_is_copied(house: House) -> None:
    async def written() -> int:
        storage = open_storage(house.database)
        going = asyncio.create_task(asyncio.to_thread(back_up, house.work, house.place, silent))
        written = 0
        while not going.done():
            account = AccountRef("slack", f"U{written}")
            await storage.write(lambda tx, account=account: tx.add_person(account, name="n", locale=""))
            written += 1
        manifest = await going
        counts = await storage.read(lambda tx: tx.person(written).id)
        await storage.close()
        assert manifest.counts["people"] <= counts
        return written

    assert asyncio.run(written()) > 0


def test_the_desk_can_open_copies_with_a_passphrase_only(tmp_path: Path, make_house: type[House]) -> None:
    house = make_house(tmp_path, passphrase="correct horse")
    house.ticket("Intranet", ("a.txt", b"first"))
    stamp = back_up(house.work, house.place, silent).stamp
    shutil.rmtree(house.data / "backup")
    fresh = Keys(tmp_path / "elsewhere" / "backup.key", passphrase="correct horse")
    house.work = replace(house.work, keys=fresh)
    assert faults(house, stamp) == []
    wrong = Keys(tmp_path / "elsewhere" / "backup.key", passphrase="wrong")
    house.work = replace(house.work, keys=wrong)
    assert "passphrase" in faults(house, stamp)[0]


def test_a_passphrase_that_changed_opens_the_next_copies(
    tmp_path: Path, make_house: type[House], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("backup.keys.age_passphrase.encrypt", lambda content, word: word.encode() + content)
    monkeypatch.setattr("backup.keys.age_passphrase.decrypt", opened_by)
    house = make_house(tmp_path, passphrase="old")
    back_up(house.work, house.place, silent)
    house.work = replace(house.work, keys=Keys(house.data / "backup.key", passphrase="new"))
    stamp = back_up(house.work, house.place, silent).stamp
    fresh = Keys(tmp_path / "elsewhere" / "backup.key", passphrase="new")
    house.work = replace(house.work, keys=fresh)
    assert faults(house, stamp) == []


def opened_by(content: bytes, word: str) -> bytes:
    """What age does, without the time that it takes."""
    if not content.startswith(word.encode()):
        raise pyrage.DecryptError("wrong")
    return content.removeprefix(word.encode())


def test_other_keys_do_not_open_it(house: House, tmp_path: Path) -> None:
    house.ticket("Intranet")
    stamp = back_up(house.work, house.place, silent).stamp
    with house.work.alone(house.place) as vault:
        vault.keys = Keys(tmp_path / "other.key")
        with pytest.raises(Damaged, match="other keys"):
            prove(Proof(house.work.database, vault), stamp, silent)


def test_a_place_that_is_gone_is_said_and_on_record(house: House, tmp_path: Path) -> None:
    away = Place("away", Folder(tmp_path / "mount" / "copies"))
    with pytest.raises(DestinationError, match="not there"):
        back_up(house.work, away, silent)
    failed = house.work.runs.last("away", "backup")
    assert failed is not None
    assert "not there" in failed.error


def test_a_full_place_is_said_and_the_older_backup_stays(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    house.ticket("Intranet", ("a.txt", b"first"))
    stamp = back_up(house.work, house.place, silent).stamp
    house.ticket("VPN", ("b.txt", b"second"))
    nearly = Place("local", Small(house.copies, sum(sizes(house.copies).values()) + 500), house.place.keep)
    with pytest.raises(Full):
        back_up(house.work, nearly, silent)
    assert faults(house, stamp) == []
    assert faults(house, back_up(house.work, house.place, silent).stamp) == []


class Small(Folder):
    """A folder with a quota, as a file system refuses it."""

    def __init__(self, path: Path, quota: int) -> None:
        super().__init__(path)
        self._quota = quota

    def put(self, file: Path, name: str, report: object) -> None:
        if sum(self.names().values()) + file.stat().st_size > self._quota:
            raise Full("no room is left")
        super().put(file, name, lambda _: None)


def test_a_clock_that_was_moved_back_confuses_nobody(house: House) -> None:
    house.place = Place("local", house.place.destination, type(house.place.keep)(last=2))
    first = back_up(house.work, house.place, silent)
    house.clock.pass_(days=-400)
    second = back_up(house.work, house.place, silent)
    third = back_up(house.work, house.place, silent)
    with house.work.alone(house.place) as vault:
        assert [entry.stamp for entry in vault.entries()] == [third.stamp, second.stamp]
    assert first.stamp < second.stamp < third.stamp


def test_a_manifest_of_a_newer_desk_is_refused(house: House) -> None:
    from backup import vault as vaults

    manifest = back_up(house.work, house.place, silent)
    body = json.loads(manifest.as_bytes())
    body.pop("seal")
    body["format"] = 99
    (house.copies / f"{manifest.stamp}.manifest.json").write_text(
        json.dumps(body | {"seal": vaults._seal(body)}), encoding="utf-8"
    )
    with house.work.alone(house.place) as vault, pytest.raises(BackupError, match="newer desk"):
        vault.manifest(manifest.stamp, fresh=True)
