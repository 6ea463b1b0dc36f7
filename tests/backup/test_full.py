"""A disk with too little room, whatever is done on it: it is said, and what was there stays as it was."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

import pytest

from backup.export import export
from backup.folder import Folder
from backup.job import Place, back_up
from backup.port import silent
from backup.proof import Proof, examined
from backup.restore import bring_all, replace_database
from backup.transfer import import_, opened
from desk.errors import Trouble

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.backup.conftest import House

DISK = 6_000_000  # bytes
STEP = 300_000  # bytes less room each time


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A small disk of its own."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounting = ["mount", "-t", "tmpfs", "-o", f"size={DISK}", "tmpfs", str(folder)]
    done = subprocess.run(mounting, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"no small disk can be mounted here (that needs root): {done.stderr.strip()}")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def with_less_and_less_room(disk: Path, act: Callable[[], object]) -> int:
    """Do it with more and more room on the disk, until it works; gives how often it was refused. Each refusal says
    that there is no room.
    """
    refused = 0
    for free in range(0, DISK, STEP):
        ballast = disk / "ballast"
        there = os.statvfs(disk)
        with ballast.open("wb") as file:
            os.posix_fallocate(file.fileno(), 0, max(1, there.f_bavail * there.f_frsize - free))
        try:
            act()
        except Trouble as error:
            said = str(error)
            assert any(word in said for word in ("no room", "is full", "No space left")), said
            refused += 1
        else:
            return refused
        finally:
            ballast.unlink()
    raise AssertionError("it never worked")


def test_a_backup_to_a_full_disk(house: House, disk: Path) -> None:
    house.place = Place("local", Folder(disk / "copies"), house.place.keep)
    house.ticket("Intranet", ("a.bin", os.urandom(500_000)))
    first = back_up(house.work, house.place, silent)
    house.ticket("VPN", ("b.bin", os.urandom(900_000)))

    def act() -> None:
        try:
            back_up(house.work, house.place, silent)
        finally:
            assert whole(house, first.stamp)

    assert with_less_and_less_room(disk, act) > 2
    assert house.lines() == ["Intranet", "VPN"]


def whole(house: House, stamp: str) -> bool:
    with house.work.alone(house.place) as vault:
        return examined(Proof(house.work.database, vault), stamp, silent)[1] == []


def test_a_backup_of_a_desk_whose_own_disk_is_full(
    house: House, disk: Path, make_house: type[House], tmp_path: Path
) -> None:
    full = make_house(disk)
    full.place = Place("local", Folder(tmp_path / "copies"), full.place.keep)
    full.ticket("Intranet", ("a.bin", os.urandom(900_000)))
    assert with_less_and_less_room(disk, lambda: back_up(full.work, full.place, silent)) > 2
    assert full.lines() == ["Intranet"]
    full.rows()


def test_a_restore_on_a_full_disk_leaves_the_old_desk(disk: Path, make_house: type[House], tmp_path: Path) -> None:
    full = make_house(disk)
    full.place = Place("local", Folder(tmp_path / "copies"), full.place.keep)
    full.ticket("old", ("a.bin", os.urandom(900_000)))
    manifest = back_up(full.work, full.place, silent)
    full.ticket("newer")
    full.blobs.path(next(iter(full.work.database.files(full.database)))[0]).unlink()

    def act() -> None:
        try:
            with full.work.alone(full.place) as vault:
                copy = bring_all(full.work, vault, manifest, full.blobs, silent)
                replace_database(full.work, copy, full.data / "before-restore" / "safe.sqlite3")
        except Trouble:
            full.rows()
            raise

    before = len(list(full.data.glob("before-restore/*")))
    assert with_less_and_less_room(disk, act) > 3
    assert before == 0
    assert full.lines() == ["old"]
    assert [path.name for path in full.data.glob("before-restore/*")] == ["safe.sqlite3"]


def test_an_import_on_a_full_disk_leaves_the_fresh_desk(
    house: House, disk: Path, make_house: type[House], tmp_path: Path
) -> None:
    house.ticket("Intranet", ("a.bin", os.urandom(900_000)))
    file = tmp_path / "desk.tar.zst"
    export(house.work, file, "", silent)
    fresh = make_house(disk)
    made = fresh.database.with_name("import.sqlite3")

    def act() -> None:
        try:
            with fresh.work.database.alone(), opened(file, None, fresh.work.folder / "scratch") as found:
                import_(fresh.work.database, fresh.blobs, found, made, silent)
                fresh.work.database.replace(made)
        except Trouble:
            assert not made.exists()
            assert not fresh.work.database.used
            raise

    assert with_less_and_less_room(disk, act) > 3
    assert fresh.lines() == ["Intranet"]


def test_an_export_to_a_full_disk_leaves_the_older_one(house: House, disk: Path) -> None:
    house.ticket("Intranet", ("a.bin", os.urandom(500_000)))
    file = disk / "desk.tar.zst"
    export(house.work, file, "", silent)
    older = file.read_bytes()
    house.ticket("VPN", ("b.bin", os.urandom(900_000)))

    def act() -> None:
        try:
            export(house.work, file, "", silent)
        except Trouble:
            assert file.read_bytes() == older
            assert [path.name for path in disk.iterdir() if path.name != "ballast"] == ["desk.tar.zst"]
            raise

    assert with_less_and_less_room(disk, act) > 2
    assert file.read_bytes() != older
