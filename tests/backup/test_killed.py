"""Killed at any moment of a backup or a restore: what was there stays whole, and the next run does it."""

from __future__ import annotations

import os
import resource
import shutil
import signal
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from backup.export import export
from backup.folder import Folder
from backup.job import Place, back_up, prove_again, prune
from backup.port import BackupError, DestinationError, Full, silent
from backup.proof import Proof, examined
from backup.restore import bring_all, bring_copy, put_files, replace_database
from backup.transfer import checked, import_, opened

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from backup.port import Progress
    from tests.backup.conftest import House


class Steps:
    """Counts what is done, and dies at one of them: no farewell, nothing finished."""

    def __init__(self, dies_at: int) -> None:
        self._left = dies_at

    def step(self, _: Progress | None = None) -> None:
        self._left -= 1
        if self._left < 0:
            os.kill(os.getpid(), signal.SIGKILL)

    def of(self, thing: Any) -> Any:
        """The thing, with a step before and after each of its doings."""
        return _Mortal(thing, self)


class _Mortal:
    def __init__(self, thing: Any, steps: Steps) -> None:
        self._thing = thing
        self._steps = steps

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._thing, name)
        if not callable(found) or name == "alone":
            return found

        def stepped(*args: Any, **kwargs: Any) -> Any:
            self._steps.step()
            result = found(*args, **kwargs)
            self._steps.step()
            return result

        return stepped


def survived(act: Callable[[Steps], None], dies_at: int) -> bool:
    """Do it in a process of its own, which dies at that step. True where it came to its end before."""
    child = os.fork()
    if child == 0:
        try:
            act(Steps(dies_at))
        except BaseException:  # noqa: BLE001 - the child ends here, whatever happened
            os._exit(1)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0, "it failed and was not killed"
    return not os.WIFSIGNALED(status)


class HalfFolder(Folder):
    """A folder whose disk is another, so that everything is copied and a copy can be cut off in the middle."""

    def __init__(self, folder: Folder, steps: Steps) -> None:
        super().__init__(folder._path)
        self._steps = steps

    def put(self, file: Any, name: str, report: Any) -> None:
        half = self._path / f"{name}.part"
        half.write_bytes(file.read_bytes()[:100])
        self._steps.step()
        super().put(file, name, report)


def whole(house: House) -> list[str]:
    """Stamps of all backups there, each read from end to end."""
    with house.work.alone(house.place) as vault:
        stamps = [entry.stamp for entry in vault.entries()]
        for stamp in stamps:
            assert examined(Proof(house.work.database, vault), stamp, silent)[1] == []
    return stamps


def test_a_backup_killed_anywhere_leaves_the_others_whole_and_nothing_behind(house: House) -> None:
    house.ticket("Intranet", ("a.bin", bytes(range(256)) * 40))
    house.place = Place("local", Folder(house.copies), replace(house.place.keep, last=2))
    first = back_up(house.work, house.place, silent)

    def act(steps: Steps) -> None:
        place = replace(house.place, destination=steps.of(HalfFolder(Folder(house.copies), steps)))
        back_up(replace(house.work, database=steps.of(house.work.database)), place, steps.step)

    house.ticket("VPN", ("b.txt", b"new" * 50))
    before = house.root / "before"
    shutil.copytree(house.copies, before)
    dies_at = 0
    while not survived(act, dies_at):
        stamps = whole(house)
        assert first.stamp in stamps or len(stamps) == 2
        if dies_at % 7 == 0:  # what the dead run left is used or taken away by the next
            last = back_up(house.work, house.place, silent)
            assert last.stamp in whole(house)
            assert {path.name for path in house.copies.iterdir()} == needed(house)
        shutil.rmtree(house.copies)
        shutil.copytree(before, house.copies)
        dies_at += 3  # odd: now before a doing, now after one
    assert dies_at > 30
    assert any(run.error == "interrupted" for run in house.work.runs.newest("local", limit=500))


def test_an_import_killed_anywhere_leaves_no_desk_or_a_whole_one(
    house: House, tmp_path: Path, make_house: type[House]
) -> None:
    house.ticket("Intranet", ("a.txt", b"first"))
    file = tmp_path / "desk.tar.zst"
    export(house.work, file, "", silent)
    fresh = make_house(tmp_path / "fresh")
    made = fresh.database.with_name("import.sqlite3")

    def act(steps: Steps) -> None:
        database, files = steps.of(fresh.work.database), steps.of(fresh.work.files)
        with fresh.work.database.alone(), opened(file, None, fresh.work.folder / "scratch") as found:
            import_(database, files, found, made, steps.step)
            database.replace(made)

    dies_at = 0
    while not survived(act, dies_at):
        assert fresh.lines() in ([], ["Intranet"])
        fresh.rows()
        dies_at += 1
    assert dies_at > 5
    assert fresh.lines() == ["Intranet"]
    assert fresh.has(b"first")


def test_no_room_on_the_machine_is_said_and_older_backups_stay(house: House) -> None:
    house.ticket("Intranet", ("a.txt", b"first"))
    first = back_up(house.work, house.place, silent)
    house.ticket("VPN", ("b.bin", os.urandom(600_000)))

    def act(_: Steps) -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (500_000, 500_000))  # as a quota refuses it
        with pytest.raises(Full, match="no room is left"):
            back_up(house.work, house.place, silent)

    assert survived(act, 0)
    assert whole(house) == [first.stamp]
    assert "no room" in house.work.runs.newest("local", limit=1)[0].error
    assert back_up(house.work, house.place, silent).stamp in whole(house)


def test_a_place_that_vanishes_half_way_is_said_and_comes_back_whole(house: House) -> None:
    house.ticket("Intranet", ("a.txt", b"first"))
    first = back_up(house.work, house.place, silent)
    house.ticket("VPN", ("b.txt", b"second"))
    gone = house.root / "gone"

    class Vanishing(Folder):
        def put(self, file: Any, name: str, report: Any) -> None:
            if "database" in name:
                house.copies.rename(gone)  # the files are there already, the database is not
            super().put(file, name, report)

    with pytest.raises(DestinationError, match="not there"):
        back_up(house.work, replace(house.place, destination=Vanishing(house.copies)), silent)
    gone.rename(house.copies)
    assert whole(house) == [first.stamp]
    assert back_up(house.work, house.place, silent).stamp in whole(house)
    assert {path.name for path in house.copies.iterdir()} == needed(house)


def needed(house: House) -> set[str]:
    """The names of all that the backups there are made of."""
    with house.work.alone(house.place) as vault:
        kept = [vault.manifest(entry.stamp) for entry in vault.entries()]
    return {part.name for manifest in kept for part in manifest.parts} | {f"{m.stamp}.manifest.json" for m in kept}


def test_a_restore_killed_anywhere_leaves_the_old_desk_or_the_new_one(house: House) -> None:
    house.ticket("old", ("old.txt", b"old file"))
    manifest = back_up(house.work, house.place, silent)
    house.ticket("newer", ("new.txt", b"newer file"))
    safe = house.data / "before-restore" / "safe.sqlite3"

    def act(steps: Steps) -> None:
        work = replace(house.work, database=steps.of(house.work.database), files=steps.of(house.work.files))
        place = replace(house.place, destination=steps.of(house.place.destination))
        with work.alone(place) as vault:
            copy = bring_copy(work, vault, manifest, steps.step)
            put_files(work, vault, manifest, work.files, steps.step)
            replace_database(work, copy, safe)

    house.blobs.path(next(iter(house.work.database.files(house.database)))[0])
    dies_at = 0
    restored = 0
    while not survived(act, dies_at):
        lines = house.lines()
        assert lines in (["old", "newer"], ["old"])
        house.rows()
        assert house.has(b"old file")
        assert house.has(b"newer file")
        if lines == ["old"]:
            restored += 1
            house.ticket("newer", ("new.txt", b"newer file"))
        dies_at += 1
    assert dies_at > 10
    assert restored
    assert house.lines() == ["old"]


def test_taking_away_killed_anywhere_leaves_what_stays_whole(house: House) -> None:
    house.place = Place("local", Folder(house.copies), replace(house.place.keep, last=9))
    newest = ""
    for number in range(3):
        house.ticket(f"ticket {number}", (f"{number}.bin", bytes([number]) * 9000))
        newest = back_up(house.work, house.place, silent).stamp
    before = house.root / "before"
    shutil.copytree(house.copies, before)

    def act(steps: Steps) -> None:
        one = Place("local", steps.of(Folder(house.copies)), replace(house.place.keep, last=1))
        prune(house.work, one, steps.step)

    dies_at = 0
    while not survived(act, dies_at):
        assert newest in whole(house)
        prune(house.work, replace(house.place, keep=replace(house.place.keep, last=1)), silent)
        assert whole(house) == [newest]
        assert {path.name for path in house.copies.iterdir()} == needed(house)
        shutil.rmtree(house.copies)
        shutil.copytree(before, house.copies)
        dies_at += 1
    assert dies_at > 8


def test_an_export_killed_anywhere_leaves_the_older_one(house: House, tmp_path: Path) -> None:
    file = tmp_path / "desk.tar.zst"
    house.ticket("Intranet", ("a.txt", b"first"))
    export(house.work, file, "", silent)
    older = file.read_bytes()
    house.ticket("VPN", ("b.txt", b"second"))

    def act(steps: Steps) -> None:
        work = replace(house.work, database=steps.of(house.work.database), files=steps.of(house.work.files))
        export(work, file, "", steps.step)

    dies_at = 0
    while not survived(act, dies_at):
        assert file.read_bytes() == older
        dies_at += 4
    assert dies_at > 10
    with opened(file, None, tmp_path / "scratch") as found:
        checked(found, lambda *_: None, silent)
        assert found.head.counts["tickets"] == 2


@pytest.mark.parametrize("after", (0, 1, 2))
def test_a_place_that_vanishes_under_a_restore_leaves_the_old_desk(house: House, after: int) -> None:
    house.ticket("old", ("old.bin", os.urandom(50_000)))
    manifest = back_up(house.work, house.place, silent)
    house.ticket("newer")
    house.blobs.path(manifest_files(house)[0]).unlink()
    place = replace(house.place, destination=Lossy(house.copies, after))
    with pytest.raises(DestinationError), house.work.alone(place) as vault:
        bring_all(house.work, vault, vault.manifest(manifest.stamp, fresh=True), house.blobs, silent)
    assert house.lines() == ["old", "newer"]
    assert not (house.work.folder / "scratch").exists()


@pytest.mark.parametrize("after", (0, 1, 2))
def test_a_place_that_vanishes_under_a_proof_proves_nothing(house: House, after: int) -> None:
    house.ticket("old", ("old.bin", os.urandom(50_000)))
    stamp = back_up(house.work, house.place, silent).stamp
    place = replace(house.place, destination=Lossy(house.copies, after))
    with pytest.raises(BackupError, match="the place is gone"):
        prove_again(house.work, place, silent)
    last = house.work.runs.last("local", "again")
    assert last is not None
    assert "the place is gone" in last.error
    assert not house.work.runs.proofs("local")[stamp].error  # of the copy itself it says nothing
    assert whole(house) == [stamp]


class Lossy(Folder):
    """A folder that is gone after so many files were read, in the middle of the next."""

    def __init__(self, path: Path, after: int) -> None:
        super().__init__(path)
        self._left = after

    def get(self, name: str, to: Path, report: Any) -> None:
        self._gone()
        super().get(name, to, report)

    def read(self, name: str, report: Any) -> Iterator[bytes]:
        for piece in super().read(name, report):
            yield piece[: len(piece) // 2]
            self._gone()
            yield piece[len(piece) // 2 :]

    def _gone(self) -> None:
        self._left -= 1
        if self._left < 0:
            raise DestinationError("the place is gone")


def manifest_files(house: House) -> list[str]:
    return [sha256 for sha256, _ in house.work.database.files(house.database)]
