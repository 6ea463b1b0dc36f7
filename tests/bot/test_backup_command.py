"""`helpthread backup …` as an admin types it."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import psycopg
import pyrage  # type: ignore[import-untyped]
import pytest

from bot.__main__ import main
from desk.model import AccountRef
from storage import open_storage

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.databases import Server

CONFIG = """
[desk]
data = "var"
[slack]
[backup]
recipients = ["{recipient}"]
[[backup.destinations]]
id = "disk"
address = "file:../copies"
keep = {{ last = 2 }}
[[products]]
id = "p"
name = "P"
[[departments]]
id = "it"
name = "IT"
places = ["slack:C1"]
[[priorities]]
id = "low"
name = "Low"
"""


@pytest.fixture
def identity() -> str:
    return str(pyrage.x25519.Identity.generate())


@pytest.fixture
def helpthread(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], identity: str
) -> Callable[..., tuple[int, str]]:
    """`helpthread("backup", "now")` gives the exit status and what was written; `typed` is what the admin types."""
    config = tmp_path / "config.toml"
    recipient = pyrage.x25519.Identity.from_str(identity).to_public()
    config.write_text(CONFIG.format(recipient=recipient), encoding="utf-8")
    monkeypatch.setenv("LANG", "en_GB.UTF-8")
    monkeypatch.setenv("COLUMNS", "200")

    def call(*words: str, typed: tuple[str, ...] = ()) -> tuple[int, str]:
        answers = iter(typed)
        monkeypatch.setattr("builtins.input", lambda _question: next(answers, ""))
        status = main(["--config", str(config), *words])
        said = capsys.readouterr()
        return status, said.out + said.err

    return call


def add_person(path: Path | str, name: str) -> None:
    async def added() -> None:
        storage = open_storage(path)
        await storage.write(lambda tx: tx.add_person(AccountRef("slack", name), name=name, locale=""))
        await storage.close()

    asyncio.run(added())


def people(path: Path) -> list[str]:
    with closing(sqlite3.connect(path)) as database:
        return [name for (name,) in database.execute("SELECT name FROM people ORDER BY id")]


def test_now_list_verify_prune(tmp_path: Path, helpthread: Callable[..., tuple[int, str]]) -> None:
    for _ in range(3):
        status, said = helpthread("backup", "now")
        assert status == 0
        assert "proven" in said
    status, said = helpthread("backup", "list")
    assert status == 0
    assert said.count("-2") >= 2
    assert "000003-" in said
    assert "000001-" not in said
    assert helpthread("backup", "verify")[0] == 0
    assert helpthread("backup", "prune") == (0, "0 backups taken away at disk.\n")
    database = next((tmp_path / "copies").glob("000003-*.database.zst.age"))
    database.write_bytes(database.read_bytes()[:-5])
    status, said = helpthread("backup", "verify", "000003")
    assert status == 1
    assert database.name in said.replace("\n", "")


def test_restore_asks_twice_and_changes_nothing_without_both(
    tmp_path: Path, helpthread: Callable[..., tuple[int, str]]
) -> None:
    path = tmp_path / "var" / "desk.sqlite3"
    helpthread("backup", "now")
    add_person(path, "Nora")
    for typed in ((), ("n",), ("y",), ("y", "2"), ("", "1")):
        status, said = helpthread("backup", "restore", typed=typed)
        assert status == 1
        assert "Nothing was changed." in said
        assert people(path) == ["Nora"]
    status, said = helpthread("backup", "restore", typed=("y", "1"))
    assert status == 0
    assert people(path) == []
    (safe,) = (tmp_path / "var" / "before-restore").glob("*.sqlite3")
    assert people(safe) == ["Nora"]
    assert helpthread("backup", "restore", str(safe), typed=("y", "1"))[0] == 1
    assert people(path) == []
    assert helpthread("backup", "restore", str(safe), typed=("y", "0"))[0] == 0  # it has no tickets
    assert people(path) == ["Nora"]
    status, said = helpthread("backup", "restore", str(tmp_path / "none.sqlite3"), "--yes")
    assert (status, "No such file" in said.replace("\n", " ")) == (1, True)


def test_restore_to_a_folder_touches_nothing(tmp_path: Path, helpthread: Callable[..., tuple[int, str]]) -> None:
    path = tmp_path / "var" / "desk.sqlite3"
    helpthread("backup", "now")
    add_person(path, "Nora")
    assert helpthread("backup", "restore", "--to", str(tmp_path / "look"))[0] == 0
    assert people(tmp_path / "look" / "desk.sqlite3") == []
    assert people(path) == ["Nora"]


def test_on_another_machine_the_recipients_key_opens_it(
    tmp_path: Path, helpthread: Callable[..., tuple[int, str]], monkeypatch: pytest.MonkeyPatch, identity: str
) -> None:
    path = tmp_path / "var" / "desk.sqlite3"
    helpthread("backup", "now")
    add_person(path, "Nora")
    helpthread("backup", "now")
    (tmp_path / "var").rename(tmp_path / "lost")
    status, said = helpthread("backup", "restore", "--yes")
    assert status == 1
    assert "other keys" in said
    monkeypatch.setenv("HELPTHREAD_BACKUP_IDENTITY", identity)
    status, said = helpthread("backup", "restore", "--yes")
    assert status == 0
    assert "no desk here before" in said
    assert people(path) == ["Nora"]


def test_the_move_to_a_fresh_machine(tmp_path: Path, helpthread: Callable[..., tuple[int, str]]) -> None:
    path, file = tmp_path / "var" / "desk.sqlite3", str(tmp_path / "desk.tar.zst")
    helpthread("backup", "now")
    add_person(path, "Nora")
    config = tmp_path / "config.toml"
    config.write_text(config.read_text(encoding="utf-8") + "\n# xoxb-1234-secret\n", encoding="utf-8")
    status, said = helpthread("export", file)
    assert status == 0
    assert "1 people" in said
    status, said = helpthread("import", file)
    assert status == 1
    assert "has tickets or people already" in said.replace("\n", " ")
    (tmp_path / "var").rename(tmp_path / "old")
    status, said = helpthread("import", file, "--dry-run")
    assert status == 0
    assert "dry run" in said
    assert not path.exists()
    assert helpthread("import", file)[0] == 0
    assert people(path) == ["Nora"]
    imported = (tmp_path / "var" / "config.imported.toml").read_text(encoding="utf-8")
    assert 'id = "disk"' in imported
    assert "secret" not in imported


def test_an_export_to_another_place_and_back(tmp_path: Path, helpthread: Callable[..., tuple[int, str]]) -> None:
    path, address = tmp_path / "var" / "desk.sqlite3", f"file://{tmp_path}/away/desk.tar.zst.age"
    helpthread("backup", "now")
    add_person(path, "Nora")
    assert helpthread("export", address)[0] == 0
    assert (tmp_path / "away" / "desk.tar.zst.age").read_bytes().startswith(b"age-encryption.org")
    path.unlink()
    assert helpthread("import", address)[0] == 0
    assert people(path) == ["Nora"]
    assert not list((tmp_path / "var" / "backup").glob("desk.tar*"))


@pytest.mark.parametrize(
    ("change", "words"),
    (
        (("recipients = [", "# ["), "backups would be lost with this machine: set HELPTHREAD_BACKUP_PASSPHRASE"),
        (('recipients = ["age1', 'recipients = ["bge1'), "is not a recipient of age"),
        (('address = "file:../copies"', 'address = "gopher://x"'), "an address begins with file://"),
        (('address = "file:../copies"', 'address = "file://me:pw@x/"'), "a password does not stand in an address"),
        (("keep = { last = 2 }", 'schedule = "daily"'), "five fields as of cron"),
        (("keep = { last = 2 }", "kepe = 1"), "did you mean 'keep'?"),
    ),
)
def test_a_mistake_is_one_line(
    tmp_path: Path, helpthread: Callable[..., tuple[int, str]], change: tuple[str, str], words: str
) -> None:
    config = tmp_path / "config.toml"
    config.write_text(config.read_text(encoding="utf-8").replace(*change), encoding="utf-8")
    status, said = helpthread("backup", "now")
    assert status == 2
    assert words in said
    assert said.count("\n") == 1


def test_a_desk_on_postgresql_is_kept_and_moved_with_the_same_words(
    tmp_path: Path, helpthread: Callable[..., tuple[int, str]], postgresql: Server
) -> None:
    config, path = tmp_path / "config.toml", tmp_path / "var" / "desk.sqlite3"
    lite = config.read_text(encoding="utf-8")
    with postgresql.database(migrated=False) as url:
        there = lite.replace("[slack]\n", f'[storage]\nurl = "{url}"\n[slack]\n', 1)
        assert helpthread("backup", "now")[0] == 0
        add_person(path, "Nora\0")
        assert helpthread("export", str(tmp_path / "desk.tar.zst"))[0] == 0
        config.write_text(there, encoding="utf-8")
        status, said = helpthread("import", str(tmp_path / "desk.tar.zst"), "--dry-run")
        assert (status, "2 texts have the character NUL" in said) == (0, True), said
        assert helpthread("import", str(tmp_path / "desk.tar.zst"))[0] == 0
        status, said = helpthread("import", str(tmp_path / "desk.tar.zst"))
        assert (status, "has tickets or people already" in said) == (1, True)
        assert names_at(url) == ["Nora␀"]
        for words in (("backup", "now"), ("backup", "list"), ("backup", "verify"), ("backup", "prune")):
            status, said = helpthread(*words)
            assert status == 0, said
        add_person(url, "Marc")
        assert helpthread("backup", "restore", "--yes")[0] == 0
        assert names_at(url) == ["Nora␀"]
        (safe,) = (tmp_path / "var" / "before-restore").glob("*.sqlite3")
        assert people(safe) == ["Nora␀", "Marc"]
        assert helpthread("export", str(tmp_path / "back.tar.zst"))[0] == 0
    config.write_text(lite, encoding="utf-8")
    path.unlink()
    assert helpthread("import", str(tmp_path / "back.tar.zst"))[0] == 0
    assert people(path) == ["Nora␀"]
    assert helpthread("backup", "restore", "--yes", "000002")[0] == 0  # PostgreSQL's
    assert people(path) == ["Nora␀"]


def names_at(url: str) -> list[str]:
    with psycopg.connect(url.replace("+psycopg", "")) as connection:
        return [name for (name,) in connection.execute("SELECT name FROM people ORDER BY id")]
