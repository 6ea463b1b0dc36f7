"""The Drive destination through the real client, over sockets, against the stand-in."""

from __future__ import annotations

import asyncio
import json
import os
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import httplib2  # type: ignore[import-untyped]
import pytest

from backup import drive as drives
from backup.drive import Drive
from backup.job import Place, back_up
from backup.port import BackupError, DestinationError, Full, Missing, silent
from backup.proof import Proof, examined
from backup.retention import Keep
from sandbox.drive import DriveSandbox, DriveSetup

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.backup.conftest import House


class There:
    """A stand-in in a thread of its own, as the destination is synchronous."""

    def __init__(self, setup: DriveSetup) -> None:
        self._loop = asyncio.new_event_loop()
        self.drive = DriveSandbox(setup)
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._do(self.drive.__aenter__())

    def _do(self, work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(10)

    def fault(self, **rule: Any) -> None:
        self.drive.faults.add(**rule)

    def titles(self) -> list[str]:
        return sorted(file.title for file in self.drive.files.all() if file.id != self.drive.setup.folder)

    def close(self) -> None:
        self._do(self.drive.__aexit__())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


@contextmanager
def there_is(setup: DriveSetup | None = None) -> Iterator[There]:
    there = There(setup or DriveSetup())
    try:
        yield there
    finally:
        there.close()


@pytest.fixture
def there() -> Iterator[There]:
    with there_is() as made:
        yield made


@pytest.fixture
def open_drive(there: There) -> Iterator[Callable[..., Drive]]:
    made: list[Drive] = []

    def opened(credentials: dict[str, str] | None = None, *, folder: str = "", endpoint: str = "") -> Drive:
        key = credentials or there.drive.tokens.service_account(f"{there.drive.url}token")
        folder = folder or there.drive.setup.folder
        made.append(Drive(folder, json.dumps(key), endpoint=endpoint or there.drive.url, sleep=lambda _: None))
        return made[-1]

    yield opened
    for drive in made:
        drive.close()


@pytest.fixture
def drive(open_drive: Callable[..., Drive]) -> Drive:
    return open_drive()


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drives, "CHUNK", 256 * 1024)


def a_file(folder: Path, size: int = 600_000) -> Path:
    path = folder / "content"
    path.write_bytes(os.urandom(size))
    return path


def round_trip(drive: Drive, tmp_path: Path, name: str = "a.age", size: int = 600_000) -> None:
    content = a_file(tmp_path, size)
    seen: list[int] = []
    drive.put(content, name, seen.append)
    assert seen == sorted(seen)
    assert seen[-1] == size
    drive.get(name, tmp_path / "back", lambda _: None)
    assert (tmp_path / "back").read_bytes() == content.read_bytes()


def test_there_and_back_in_chunks(drive: Drive, there: There, tmp_path: Path) -> None:
    assert drive.names() == {}
    round_trip(drive, tmp_path)
    assert drive.names() == {"a.age": 600_000}
    assert sum(call.startswith("PUT /upload") for call in there.drive.calls) == 3


@pytest.mark.parametrize("size", (1, 256 * 1024, 256 * 1024 + 1))
def test_any_size(drive: Drive, tmp_path: Path, size: int) -> None:
    round_trip(drive, tmp_path, size=size)


def test_a_user_who_agreed(open_drive: Callable[..., Drive], there: There, tmp_path: Path) -> None:
    round_trip(open_drive(there.drive.tokens.authorized_user(f"{there.drive.url}token")), tmp_path)


FAULTS = (
    {"kind": "server_error", "match": "PUT /upload/*", "times": 3},
    {"kind": "server_error", "match": "*", "times": 5, "status": 500},
    {"kind": "rate_limited", "match": "*", "times": 5},
    {"kind": "server_error", "match": "PUT /upload/*", "times": 2, "status": 429},
    {"kind": "lost_answer", "match": "PUT /upload/*", "times": 3},
    {"kind": "lost_answer", "match": "POST /upload/*", "times": 2},
    {"kind": "server_error", "match": "GET /drive/v2/files/*", "times": 3},
    {"kind": "lost_answer", "match": "*", "chance": 0.3},
    {"kind": "server_error", "match": "*", "chance": 0.3},
)


@pytest.mark.parametrize(
    "fault", FAULTS, ids=lambda fault: f"{fault['kind']} {fault['match']} {fault.get('status', '')}"
)
def test_trouble_on_the_way_is_overcome_and_leaves_one_file(
    drive: Drive, there: There, tmp_path: Path, fault: dict[str, Any]
) -> None:
    there.fault(**fault)
    for _ in range(3):
        round_trip(drive, tmp_path)
    assert there.drive.faults.happened
    assert there.titles() == ["a.age"]


def test_a_token_that_expires_on_the_way(drive: Drive, there: There, tmp_path: Path) -> None:
    content = a_file(tmp_path)
    drive.put(content, "a.age", lambda _: there.drive.tokens.expire())
    drive.get("a.age", tmp_path / "back", lambda _: there.drive.tokens.expire())
    assert (tmp_path / "back").read_bytes() == content.read_bytes()


def test_a_session_that_is_lost_begins_again(drive: Drive, there: There, tmp_path: Path) -> None:
    content = a_file(tmp_path)
    lost = iter((True,))

    def lose(_: int) -> None:
        if next(lost, False):
            there.drive.uploads.forget()

    drive.put(content, "a.age", lose)
    assert there.titles() == ["a.age"]
    assert drive.names() == {"a.age": 600_000}


def test_a_name_is_there_once(drive: Drive, open_drive: Callable[..., Drive], there: There, tmp_path: Path) -> None:
    round_trip(drive, tmp_path, size=10)
    round_trip(open_drive(), tmp_path, size=20)
    assert there.titles() == ["a.age"]
    assert open_drive().names() == {"a.age": 20}


def test_what_others_left_twice_and_the_trash_are_taken_away(drive: Drive, there: There, tmp_path: Path) -> None:
    folder = {"parents": [{"id": there.drive.setup.folder}]}
    for number in range(2):
        content = tmp_path / str(number)
        content.write_bytes(b"x" * (number + 1))
        there.drive.files.create({"title": "a.age"} | folder, content)
    trashed = there.drive.files.create({"title": "old"} | folder, a_file(tmp_path, 3))
    there.drive.files.trash(trashed.id, trashed=True)
    elsewhere = there.drive.files.create({"title": "mine"}, a_file(tmp_path, 3))
    there.drive.files.trash(elsewhere.id, trashed=True)
    drive.tidy()
    assert there.titles() == ["a.age", "mine"]
    assert drive.names() == {"a.age": 2}


def test_removing_twice_is_nothing(drive: Drive, tmp_path: Path) -> None:
    round_trip(drive, tmp_path, size=5)
    drive.remove("a.age")
    drive.remove("a.age")
    assert drive.names() == {}
    with pytest.raises(Missing):
        drive.get("a.age", tmp_path / "back", lambda _: None)


def test_many_files_come_in_pages(drive: Drive, there: There, tmp_path: Path) -> None:
    for number in range(1005):
        content = tmp_path / "one"
        content.write_bytes(b"x")
        there.drive.files.create({"title": f"{number}", "parents": [{"id": there.drive.setup.folder}]}, content)
    assert len(drive.names()) == 1005


def test_no_room(drive: Drive, there: There, tmp_path: Path) -> None:
    there.drive.files.quota = 100_000
    with pytest.raises(Full):
        drive.put(a_file(tmp_path), "a.age", lambda _: None)
    assert there.titles() == []


def test_a_drive_that_is_down_is_said_after_some_tries(drive: Drive, there: There) -> None:
    there.fault(kind="server_error")
    with pytest.raises(DestinationError, match="gives no answer: 503"):
        drive.names()


def test_nobody_listens(tmp_path: Path, open_drive: Callable[..., Drive]) -> None:
    away = open_drive(endpoint="http://127.0.0.1:9/")
    with pytest.raises(DestinationError, match="no answer"):
        away.put(a_file(tmp_path), "a", lambda _: None)


def test_a_folder_that_is_not_there(open_drive: Callable[..., Drive], tmp_path: Path) -> None:
    wrong = open_drive(folder="0Bnone")
    with pytest.raises(DestinationError):
        wrong.put(a_file(tmp_path), "a", lambda _: None)


def test_backups_there_while_a_tenth_of_all_goes_wrong(drive: Drive, there: There, house: House) -> None:
    for kind in ("server_error", "rate_limited", "lost_answer"):
        there.fault(kind=kind, chance=0.1)
    house.place = Place("drive", drive, Keep(last=2))
    newest = ""
    for number in range(4):
        house.ticket(f"ticket {number}", (f"{number}.bin", os.urandom(700_000)))
        newest = back_up(house.work, house.place, silent).stamp
    there.drive.faults.clear()
    titles = there.titles()
    assert len(titles) == len(set(titles))
    with house.work.alone(house.place) as vault:
        assert [entry.sequence for entry in vault.entries()] == [4, 3]
        assert examined(Proof(house.work.database, vault), newest, silent)[1] == []


@pytest.mark.parametrize("requests", (1, 4, 7, 10, 13))
def test_killed_while_it_sends_the_next_run_leaves_only_whole_backups(
    drive: Drive, open_drive: Callable[..., Drive], there: There, house: House, requests: int
) -> None:
    house.ticket("Intranet", ("a.bin", os.urandom(700_000)))
    first = back_up(house.work, Place("drive", drive, Keep(last=9)), silent).stamp
    house.ticket("VPN", ("b.bin", os.urandom(700_000)))
    dying = open_drive()
    child = os.fork()
    if child == 0:
        answered = httplib2.Http.request
        left = requests

        def request(self: Any, *args: Any, **more: Any) -> Any:
            nonlocal left
            left -= 1
            if left < 0:
                os._exit(9)
            return answered(self, *args, **more)

        httplib2.Http.request = request
        back_up(house.work, Place("drive", dying, Keep(last=9)), silent)
        os._exit(0)
    assert os.WEXITSTATUS(os.waitpid(child, 0)[1]) == 9
    place = Place("drive", open_drive(), Keep(last=9))
    last = back_up(house.work, place, silent).stamp
    with house.work.alone(place) as vault:
        stamps = [entry.stamp for entry in vault.entries()]
        assert {first, last} <= set(stamps)
        for stamp in stamps:
            assert examined(Proof(house.work.database, vault), stamp, silent)[1] == []
        kept = [vault.manifest(stamp) for stamp in stamps]
    named = {part.name for manifest in kept for part in manifest.parts} | {
        f"{made.stamp}.manifest.json" for made in kept
    }
    assert set(there.titles()) == named
    assert len(there.titles()) == len(named)


def test_credentials_that_are_none(there: There, open_drive: Callable[..., Drive]) -> None:
    with pytest.raises(BackupError, match="not the JSON key"):
        Drive("f", "nonsense").names()
    stranger = there.drive.tokens.authorized_user(f"{there.drive.url}token") | {"refresh_token": "revoked"}
    with pytest.raises(DestinationError, match="does not take the credentials"):
        open_drive(stranger).names()
