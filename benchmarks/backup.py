"""Backups: the desk's beside restic's and borg's, where they are installed, and beside the bare floor, in one run.

    python -m benchmarks.backup [--scale 1.0]

The same made data for all: a database of the desk with 300 MB of ticket text, and 500 MB of attachments, half of them
incompressible. The floor is `sqlite3 .backup` and `tar | zstd -3`; for restoring, copying. Each step is a process of
its own, whose peak of memory is told beside that of a desk which only loads its code (and never below what this
process itself had when it started them).
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import os
import random
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from backup.archive import unseal
from backup.folder import Folder
from backup.job import Place, Work, make
from backup.keys import Keys
from backup.port import silent, unheard
from backup.proof import Proof, prove
from backup.restore import bring_all
from storage import BackupRuns, FolderBlobs, SQLiteSnapshots, migrate, open_storage

if TYPE_CHECKING:
    from collections.abc import Callable

    from backup.vault import Manifest, Part, Vault

TEXT, FILES = 300_000_000, 500_000_000  # bytes
FILE = 1_000_000  # bytes of one attachment
CHANGED = 0.01
WORDS = 5000
MEGA = 1_000_000
ENVIRONMENT = {**os.environ, "RESTIC_PASSWORD": "x", "BORG_PASSPHRASE": "x"}


@dataclass
class Measured:
    """One step of one contender."""

    seconds: float
    processor: float  # seconds of it, of all cores: what others on the machine do changes it little
    peak: float  # MB of memory


def run(*command: str | Path, cwd: Path) -> Measured:
    """A process to its end, with its own peak."""
    began = time.perf_counter()
    process = subprocess.Popen(  # noqa: S603 - our own words
        command, cwd=cwd, env=ENVIRONMENT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    assert process.stderr is not None
    said = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    process.stderr.close()
    if process.returncode:
        sys.exit(f"{' '.join(map(str, command))}: {said.decode()[-2000:]}")
    return Measured(time.perf_counter() - began, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1000)


def shell(line: str, cwd: Path) -> Measured:
    return run("bash", "-ceo", "pipefail", line, cwd=cwd)


# --- the data ---------------------------------------------------------------------------------------------------


def fill(data: Path, scale: float, chance: random.Random) -> None:
    """A desk with so much in it."""
    words = ["".join(chance.choices("abcdefghijklmnopqrstuvwxyz", k=chance.randint(2, 9))) for _ in range(WORDS)]
    database = data / "desk.sqlite3"
    data.mkdir(parents=True)
    migrate(database)
    with closing(sqlite3.connect(database)) as rows, rows:
        rows.execute("INSERT INTO people (id, name, locale, created_at) VALUES (1, 'Marc', 'fr', 0)")
        size, number = 0, 0
        while size < TEXT * scale:
            number += 1
            rows.execute(
                "INSERT INTO tickets (number, subject, department, product, priority, status, client_id, channel,"
                " opened_at, active_at) VALUES (?, ?, 'it', 'p', 'low', 'new', 1, 'slack', ?, ?)",
                (number, " ".join(chance.choices(words, k=6)), number, number),
            )
            for _ in range(5):
                body = " ".join(chance.choices(words, k=120))
                size += len(body)
                rows.execute(
                    'INSERT INTO messages (ticket, author_id, kind, body, at, "by", version)'
                    " VALUES (?, 1, 'reply', ?, ?, 'client', 1)",
                    (number, body, number),
                )
    add_files(data, round(FILES * scale / FILE), words, chance)


def add_files(data: Path, count: int, words: list[str], chance: random.Random) -> None:
    blobs = FolderBlobs(data / "files")
    with closing(sqlite3.connect(data / "desk.sqlite3")) as rows, rows:
        for number in range(count):
            content = chance.randbytes(FILE) if number % 2 else " ".join(chance.choices(words, k=FILE // 6)).encode()
            half = data / "half"
            half.write_bytes(content)
            sha256 = hashlib.sha256(content).hexdigest()
            blobs.place(half, sha256)
            rows.execute(
                "INSERT INTO attachments (message_id, name, media_type, size, sha256) VALUES (1, 'f', 'x/y', ?, ?)",
                (len(content), sha256),
            )


def change(data: Path, chance: random.Random) -> None:
    """One in a hundred messages is another, and so many files are new."""
    words = ["".join(chance.choices("abcdefghij", k=6)) for _ in range(WORDS)]
    with closing(sqlite3.connect(data / "desk.sqlite3")) as rows, rows:
        (most,) = rows.execute("SELECT max(id) FROM messages").fetchone()
        for number in chance.sample(range(1, most + 1), round(most * CHANGED)):
            rows.execute("UPDATE messages SET body = ? WHERE id = ?", (" ".join(chance.choices(words, k=120)), number))
        (files,) = rows.execute("SELECT count(*) FROM attachments").fetchone()
    add_files(data, max(1, round(files * CHANGED)), words, chance)
    with closing(sqlite3.connect(data / "desk.sqlite3")) as rows:
        rows.execute("PRAGMA wal_checkpoint(TRUNCATE)")


# --- the contenders ---------------------------------------------------------------------------------------------


def desk(act: str, root: Path) -> Measured:
    return run(
        sys.executable, "-m", "benchmarks.backup", "--desk", act, "--root", str(root), cwd=Path(__file__).parents[1]
    )


def floor(root: Path, name: str) -> Measured:
    (root / "floor").mkdir(exist_ok=True)
    line = (
        f"sqlite3 var/desk.sqlite3 '.backup floor/{name}.sqlite3' && zstd -q -3 --rm floor/{name}.sqlite3"
        f" && tar c -C var files | zstd -q -3 > floor/{name}.tar.zst"
    )
    return shell(line, root)


def restic(root: Path) -> Measured:
    return shell("restic -q -r restic backup var/desk.sqlite3 var/files", root)


def borg(root: Path) -> Measured:
    return shell("borg create --compression zstd,3 borg::{now:%s%f} var/desk.sqlite3 var/files", root)


def stored(*folders: Path) -> float:
    return sum(file.stat().st_size for folder in folders for file in folder.rglob("*") if file.is_file()) / MEGA


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--scale", type=float, default=1.0, help="of the data (%(default)s)")
    parser.add_argument("--desk", help=argparse.SUPPRESS)
    parser.add_argument("--root", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.desk:
        act(options.desk, options.root)
        return
    chance = random.Random(1)  # noqa: S311 - the same data each time
    with tempfile.TemporaryDirectory(prefix="benchmark-", dir="/var/tmp") as name:
        root = Path(name)
        print(f"making {(TEXT + FILES) * options.scale / MEGA:.0f} MB …", flush=True)
        fill(root / "var", options.scale, chance)
        asyncio.run(open_storage(root / "var" / "desk.sqlite3").close())
        compare(root, chance)


def compare(root: Path, chance: random.Random) -> None:
    started = desk("idle", root)
    idle = started.peak
    print(
        f"a process of the desk starts in {started.seconds:.2f} s (processor {started.processor:.2f} s), in each step"
    )
    others: dict[str, Callable[[], Measured]] = {}
    if shutil.which("restic"):
        shell("restic -q -r restic init", root)
        others["restic"] = lambda: restic(root)
    if shutil.which("borg"):
        shell("borg init -e repokey-blake2 borg", root)
        others["borg"] = lambda: borg(root)
    shell("cat var/desk.sqlite3 $(find var/files -type f) > /dev/null", root)  # all begin with what memory can hold
    first = {"floor": floor(root, "first"), "desk": desk("make", root)} | {
        name: call() for name, call in others.items()
    }
    sizes = {"floor": stored(root / "floor"), "desk": stored(root / "copies")}
    sizes |= {name: stored(root / name) for name in others}
    show("first run", first, sizes, idle)
    change(root / "var", chance)
    second = {"floor": floor(root, "second"), "desk": desk("make", root)}
    second |= {name: call() for name, call in others.items()}
    grown = {"floor": stored(root / "floor"), "desk": stored(root / "copies")}
    grown |= {name: stored(root / name) for name in others}
    show("second run, 1 % changed", second, {name: grown[name] - sizes[name] for name in grown}, idle)
    proof = {"desk": desk("prove", root)}
    show("proof of it (restored, counted, hashed)", proof, {}, idle)
    back = {"floor": shell("mkdir copy && cp var/desk.sqlite3 copy && cp -r var/files copy && sync -f copy", root)}
    back["age+zstd"] = desk("open", root)
    back["desk"] = desk("restore", root)
    if "restic" in others:
        back["restic"] = shell("restic -q -r restic restore latest --target back-restic", root)
    if "borg" in others:
        back["borg"] = shell(
            "mkdir back-borg && cd back-borg && borg extract ../borg::$(borg list --short --last 1 ../borg)", root
        )
    show("restore (the floor copies; age+zstd: the desk's archives opened and thrown away)", back, {}, idle)


def show(title: str, found: dict[str, Measured], sizes: dict[str, float], idle: float) -> None:
    print(f"\n{title}")
    least = found.get("floor")
    for name, measured in found.items():
        ratio = f"{measured.seconds / least.seconds:5.2f} ×  " if least else ""
        ratio += f"processor {measured.processor:6.2f} s"
        ratio += f" {measured.processor / least.processor:5.2f} ×" if least else ""
        above = f", {measured.peak - idle:+.0f} MB above an idle desk" if name == "desk" else ""
        size = f"  {sizes[name]:7.1f} MB stored" if name in sizes else ""
        print(f"  {name:8}{measured.seconds:8.2f} s  {ratio}  peak {measured.peak:6.0f} MB{above}{size}", flush=True)


# --- the desk's side, in a process of its own --------------------------------------------------------------------


def act(name: str, root: Path) -> None:
    data = root / "var"
    work = Work(
        desk="benchmark", version="0", database=SQLiteSnapshots(data / "desk.sqlite3"),
        files=FolderBlobs(data / "files", shared=True), keys=Keys(data / "backup.key"),
        runs=BackupRuns(data / "desk.sqlite3"), folder=data / "backup",
        at_once=os.cpu_count() or 1,
    )  # fmt: skip
    place = Place("copies", Folder(root / "copies"))
    if name == "idle":
        return
    with work.alone(place) as vault:
        if name == "make":
            make(work, place, vault, silent)
            return
        stamp = vault.entry("latest").stamp
        if name == "prove":
            prove(Proof(work.database, vault, work.at_once), stamp, silent)
            return
        manifest = vault.manifest(stamp)
        if name == "open":
            open_all(work, vault, manifest)
            return
        copy = bring_all(work, vault, manifest, FolderBlobs(root / "back" / "files"), silent)
        copy.replace(root / "back" / "desk.sqlite3")


def open_all(work: Work, vault: Vault, manifest: Manifest) -> None:
    """The least that an encrypted copy costs: pyrage decrypts (it holds Python's lock), zstd decompresses."""

    def opened(part: Part) -> None:
        with vault.at_hand(part, unheard) as pieces:
            unseal(pieces, part.name, part.sealed, Nowhere(), vault.keys.identities, hashed=False)

    with ThreadPoolExecutor(work.at_once) as threads:
        for _ in threads.map(opened, [manifest.database, *(pack.files for pack in manifest.packs)]):
            pass


class Nowhere:
    """Takes all and keeps nothing."""

    def write(self, data: bytes) -> int:
        return len(data)

    def flush(self) -> None:
        """Nothing is held."""


if __name__ == "__main__":
    main()
