"""The way back: the database, the files, or one ticket, from any backup; all or nothing."""

from __future__ import annotations

import hashlib
import json
import os
import zipfile
from functools import partial
from threading import Lock
from typing import TYPE_CHECKING

from backup import bringing
from backup.bringing import Errand, bring_database, bring_files
from backup.port import KINDS, BackupError, Damaged, Progress, unheard

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path
    from typing import Any

    from backup.job import Work
    from backup.port import Files, Heard, Report
    from backup.vault import Manifest, Pack, Vault


def bring_copy(work: Work, vault: Vault, manifest: Manifest, report: Report) -> Path:
    """The backup's database, checked, in the scratch folder. BackupError where this desk cannot use it."""
    return bring_all(work, vault, manifest, None, report)


def bring_all(work: Work, vault: Vault, manifest: Manifest, files: Files | None, report: Report) -> Path:
    """The same, and the backup's files into `files`, at once."""
    _must_be_usable(work, manifest)
    copy = vault.scratch / "restored.sqlite3"

    def act(heard: Heard) -> None:
        bring_database(vault, manifest, copy, heard)
        work.database.check(copy, thorough=False)  # they are the very bytes whose indexes the proof has looked at
        if work.database.facts(copy) != (manifest.versions["schema"], manifest.counts):
            raise Damaged(f"{manifest.database.name} is damaged: its rows are not those that the manifest counts")

    placing = [] if files is None else _Placing(vault, files).errands(manifest)
    _run(work, [Errand(manifest.database, act), *placing], report)
    return copy


def put_files(work: Work, vault: Vault, manifest: Manifest, files: Files, report: Report) -> int:
    """Every file of the backup into `files`, where it is not there yet whole; gives how many came. Files that are
    there stay: bringing some, and then failing, has changed nothing that anybody could miss.
    """
    placing = _Placing(vault, files)
    _run(work, placing.errands(manifest), report)
    return placing.came


def _must_be_usable(work: Work, manifest: Manifest) -> None:
    schema = manifest.versions["schema"]
    if manifest.kind not in KINDS:
        raise BackupError(f"{manifest.stamp} is a copy of another kind ({manifest.kind}); upgrade the desk")
    if schema > work.database.newest_schema:
        raise BackupError(
            f"{manifest.stamp} was made by a newer desk (schema {schema}, this one knows "
            f"{work.database.newest_schema}); upgrade the desk"
        )


def _run(work: Work, errands: Sequence[Errand], report: Report) -> None:
    total = sum(errand.part.size for errand in errands)
    bringing.run(errands, lambda read: report(Progress("fetch", read, total)), at_once=work.at_once)
    os.sync()


class _Placing:
    """Files on their way into their folder."""

    def __init__(self, vault: Vault, files: Files) -> None:
        self.came = 0
        self._whole: set[str] = set()  # of those that were there before
        self._vault = vault
        self._files = files
        self._lock = Lock()

    def errands(self, manifest: Manifest) -> list[Errand]:
        """One for each pack in which anything is that is not there."""
        return [
            Errand(pack.files, partial(bring_files, self._vault, pack, self._found))
            for pack in manifest.packs
            if self._lacks(pack)
        ]

    def _found(self, sha256: str, path: Path) -> None:
        if sha256 not in self._whole:
            self._files.place(path, sha256, synced=False)
            with self._lock:
                self.came += 1

    def _lacks(self, pack: Pack) -> bool:
        """Whether a file of it is not there, byte for byte: a disk that has lost one may have spoiled another."""
        listed = self._vault.listed(pack).keys()
        self._whole |= {sha256 for sha256 in listed if self._is_whole(sha256)}
        return not listed <= self._whole

    def _is_whole(self, sha256: str) -> bool:
        try:
            with self._files.path(sha256).open("rb") as file:
                return hashlib.file_digest(file, "sha256").hexdigest() == sha256
        except OSError:
            return False


def replace_database(work: Work, copy: Path, safe: Path) -> None:
    """Keep the desk's database as it is at `safe`, then put the copy in its place in one step. Trouble, and the desk
    is as it was, where anything fails.
    """
    with work.database.alone():
        if work.database.there:
            safe.parent.mkdir(parents=True, exist_ok=True)
            half = safe.with_name(f"{safe.name}.part")
            try:
                work.database.snapshot(half)
                half.replace(safe)
            finally:
                half.unlink(missing_ok=True)
        work.database.replace(copy)


def write_ticket(work: Work, vault: Vault, manifest: Manifest, number: int, to: Path, report: Report) -> None:
    """One ticket with its files as a zip: `ticket.json` (its rows by table, as they were) and `files/`."""
    copy = bring_copy(work, vault, manifest, report)
    rows = work.database.ticket(copy, number)
    names = _file_names(rows)
    half = to.with_name(f"{to.name}.part")
    try:
        with zipfile.ZipFile(half, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("ticket.json", json.dumps(rows, indent=1, ensure_ascii=False))

            def found(sha256: str, path: Path) -> None:
                if sha256 in names:
                    archive.write(path, f"files/{names[sha256]}")

            for pack in manifest.packs:
                if names.keys() & vault.listed(pack).keys():
                    bring_files(vault, pack, found, unheard)
        half.replace(to)
    finally:
        half.unlink(missing_ok=True)
        copy.unlink(missing_ok=True)


def _file_names(rows: Mapping[str, Sequence[Mapping[str, Any]]]) -> dict[str, str]:
    """SHA-256 → a name that no other file of the ticket has."""
    found: dict[str, str] = {}
    for table in rows.values():
        for row in table:
            if row.get("sha256") and row["sha256"] not in found:
                name = str(row.get("name") or row["sha256"]).replace("/", "_")
                found[row["sha256"]] = name if name not in found.values() else f"{row['sha256'][:8]}-{name}"
    return found
