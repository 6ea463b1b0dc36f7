"""The move: out of one desk, into a fresh one, row for row; and what is refused."""

from __future__ import annotations

import io
import json
import sqlite3
import tarfile
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
import zstandard
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backup.export import export
from backup.keys import Keys
from backup.port import BackupError, Damaged, silent
from backup.transfer import checked, import_, opened
from desk.errors import Trouble
from storage.opening import migrate

if TYPE_CHECKING:
    from pathlib import Path

    from tests.backup.conftest import House


def filled(house: House) -> None:
    house.ticket("Intranet", ("a.txt", b"first"), ("ü.txt", b"second"))
    house.ticket("VPN \u2028 \U0001f512 \x00 \"quoted\" 'so'")


def out(house: House, name: str = "desk.tar.zst") -> Path:
    path = house.root / name
    export(house.work, path, '[desk]\nname = "Northwind"\n', silent)
    return path


def into(house: House, path: Path) -> None:
    made = house.database.with_name("import.sqlite3")
    with house.work.database.alone(), opened(path, house.work.keys, house.work.folder / "scratch") as found:
        import_(house.work.database, house.blobs, found, made, silent)
        house.work.database.replace(made)


def everything(path: Path) -> dict[str, list[Any]]:
    """All rows of all ordinary tables, and what the index of words answers."""
    with closing(sqlite3.connect(path)) as database:
        names = [
            row[1]
            for row in database.execute("PRAGMA main.table_list")
            if row[2] == "table" and row[1] != "sqlite_schema"
        ]
        found = {name: sorted(database.execute(f'SELECT * FROM "{name}"').fetchall(), key=repr) for name in names}
        hits = database.execute("SELECT rowid FROM ticket_words WHERE ticket_words MATCH 'intranet'").fetchall()
    return found | {"hits": hits}


def test_row_for_row_and_file_for_file(house: House, tmp_path: Path, make_house: type[House]) -> None:
    filled(house)
    with closing(sqlite3.connect(house.database)) as database, database:
        database.execute(
            "UPDATE sqlite_sequence SET seq = 40 WHERE name = 'tickets'"
        )  # number 40 was given and is gone
    fresh = make_house(tmp_path / "fresh")
    into(fresh, out(house))
    assert everything(fresh.database) == everything(house.database)
    assert fresh.has(b"first")
    assert fresh.ticket("the next") == 41
    again = make_house(tmp_path / "again")
    into(again, out(fresh))
    assert everything(again.database) == everything(fresh.database)


def test_an_older_desks_export_is_brought_forward(house: House, tmp_path: Path) -> None:
    house.database.unlink()
    migrate(house.database, "0001")
    with closing(sqlite3.connect(house.database)) as database, database:
        database.execute("INSERT INTO settings VALUES ('salt', 'aaaa')")
        database.execute("INSERT INTO people VALUES (1, 'Marc', 'fr', 0)")
        database.execute(
            "INSERT INTO tickets (number, subject, department, product, priority, status, client_id, channel,"
            " opened_at, active_at) VALUES (7, 'Intranet', 'it', 'p', 'low', 'new', 1, 'slack', 1, 2)"
        )
    path = out(house)
    into(house, path)
    assert house.lines() == ["Intranet"]
    assert everything(house.database)["hits"]


def test_encrypted_where_its_name_says_so(house: House, tmp_path: Path, make_house: type[House]) -> None:
    filled(house)
    path = out(house, "desk.tar.zst.age")
    assert path.read_bytes().startswith(b"age-encryption.org")
    fresh = make_house(tmp_path / "fresh")
    with pytest.raises(BackupError, match="other keys"):
        into(fresh, path)
    fresh.work = replace(fresh.work, keys=house.work.keys)
    into(fresh, path)
    assert everything(fresh.database) == everything(house.database)


def test_common_tools_open_it(house: House) -> None:
    filled(house)
    content = zstandard.ZstdDecompressor().decompressobj().decompress(out(house).read_bytes())
    with tarfile.open(fileobj=io.BytesIO(content)) as tar:
        names = tar.getnames()
        head = json.load(tar.extractfile("export.json"))  # type: ignore[arg-type]
    assert names[:2] == ["export.json", "config.toml"]
    assert names[-1] == "end.json"
    assert head["counts"]["tickets"] == 2
    assert list(head["counts"]).index("people") < list(head["counts"]).index("tickets")


def test_what_the_desk_lost_is_said(house: House) -> None:
    filled(house)
    sha256 = next(iter(house.work.database.files(house.database)))[0]
    house.blobs.path(sha256).unlink()
    with opened(out(house), None, house.root / "scratch") as found:
        assert found.head.missing == (sha256,)
        checked(found, lambda *_: None, silent)


@pytest.fixture
def whole(house: House) -> bytes:
    filled(house)
    return out(house).read_bytes()


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.floats(0, 0.999999), cut=st.booleans(), bit=st.integers(0, 7))
def test_cut_off_or_changed_it_is_refused_and_nothing_is_done(
    house: House, whole: bytes, *, place: float, cut: bool, bit: int
) -> None:
    at = int(place * len(whole))
    spoilt = bytearray(whole[:at] if cut else whole)
    if not cut:
        spoilt[at] ^= 1 << bit
    path = house.root / "spoilt.tar.zst"
    path.write_bytes(spoilt)
    before = everything(house.database)
    made = house.database.with_name("import.sqlite3")
    with pytest.raises(BackupError), opened(path, None, house.root / "scratch") as found:
        import_(house.work.database, house.blobs, found, made, silent)
    assert not made.exists()
    assert everything(house.database) == before


def rewritten(house: House, change: Any) -> Path:
    """The export with one member changed, and packed again as a forger would."""
    content = zstandard.ZstdDecompressor().decompressobj().decompress(out(house).read_bytes())
    target = io.BytesIO()
    with tarfile.open(fileobj=io.BytesIO(content)) as tar, tarfile.open(fileobj=target, mode="w") as copy:
        for member in tar:
            body = change(member.name, tar.extractfile(member).read())  # type: ignore[union-attr]
            if body is not None:
                entry = tarfile.TarInfo(member.name)
                entry.size = len(body)
                copy.addfile(entry, io.BytesIO(body))
    path = house.root / "forged.tar.zst"
    path.write_bytes(zstandard.compress(target.getvalue()))
    return path


@pytest.mark.parametrize(
    ("change", "reason"),
    (
        (
            lambda name, body: body.replace(b'"format": 1', b'"format": 2') if name == "export.json" else body,
            "newer desk",
        ),
        (lambda name, body: body.replace(b"Intranet", b"Intranot"), "not those"),
        (lambda name, body: None if name.startswith("rows/messages") else body, "cut off or changed"),
        (lambda name, body: None if name == "end.json" else body, "ends too early"),
        (lambda name, body: None if name.startswith("files/") else body, "not those"),
        (lambda name, body: None if name == "export.json" else body, "no export"),
    ),
)
def test_forged_it_is_refused(house: House, change: Any, reason: str) -> None:
    filled(house)
    path = rewritten(house, change)
    made = house.database.with_name("import.sqlite3")
    with pytest.raises(Trouble, match=reason), opened(path, None, house.root / "scratch") as found:
        import_(house.work.database, house.blobs, found, made, silent)
    assert not made.exists()


def test_a_newer_schema_is_refused(house: House) -> None:
    filled(house)

    def change(name: str, body: bytes) -> bytes:
        if name != "export.json":
            return body
        return json.dumps(json.loads(body) | {"schema": "9999"}).encode()

    with pytest.raises(Trouble, match="newer desk"), opened(rewritten(house, change), None, house.root / "s") as found:
        import_(house.work.database, house.blobs, found, house.root / "made", silent)


def test_something_else_is_no_export(house: House) -> None:
    for content in (b"", b"hello", zstandard.compress(b"hello" * 1000)):
        path = house.root / "other.tar.zst"
        path.write_bytes(content)
        with pytest.raises(BackupError), opened(path, None, house.root / "s"):
            pass
    with pytest.raises(BackupError, match="No such file"), opened(house.root / "none", None, house.root / "s"):
        pass
    assert Keys(house.root / "k").passphrase == ""
    assert issubclass(Damaged, BackupError)
