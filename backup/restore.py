"""The way back: the database, the files, or one ticket, from any backup; all or nothing."""

from __future__ import annotations

import json
import os
import zipfile
from typing import TYPE_CHECKING

from backup.port import BackupError, Progress
from backup.proof import bring_database, bring_files

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path
    from typing import Any

    from backup.job import Work
    from backup.port import Files, Report
    from backup.vault import Manifest, Vault


def bring_copy(work: Work, vault: Vault, manifest: Manifest, report: Report) -> Path:
    """The backup's database, checked, in the scratch folder. BackupError where this desk cannot use it."""
    schema = manifest.versions["schema"]
    if manifest.kind != work.database.kind:
        raise BackupError(f"{manifest.stamp} is a copy of {manifest.kind}, this desk keeps {work.database.kind}")
    if schema > work.database.newest_schema:
        raise BackupError(
            f"{manifest.stamp} was made by a newer desk (schema {schema}, this one knows "
            f"{work.database.newest_schema}); upgrade the desk"
        )
    copy = vault.scratch / "restored.sqlite3"
    size = manifest.database.size
    bring_database(vault, manifest, copy, lambda done: report(Progress("fetch", done, size)))
    found = work.database.facts(copy, thorough=True)
    if found != (schema, manifest.counts):
        raise BackupError(f"{manifest.database.name} is damaged: its rows are not those that the manifest counts")
    return copy


def put_files(vault: Vault, manifest: Manifest, files: Files, report: Report) -> int:
    """Every file of the backup into `files`, where it is not there yet whole; gives how many came. Files that are
    there stay: bringing some, and then failing, has changed nothing that anybody could miss.
    """
    total = sum(pack.files.size for pack in manifest.packs)
    done = came = 0
    for pack in manifest.packs:
        base = done

        def found(sha256: str, path: Path) -> None:
            nonlocal came
            try:
                there = files.path(sha256).stat().st_size == path.stat().st_size
            except FileNotFoundError:
                there = False
            if not there:
                files.place(path, sha256, synced=False)
                came += 1

        listed = vault.listed(pack)
        if all(_is_there(files, sha256, size) for sha256, size in listed.items()):
            done += pack.files.size
            continue
        bring_files(vault, pack, found, lambda got, base=base: report(Progress("fetch", base + got, total)))  # type: ignore[misc]
        done += pack.files.size
    os.sync()
    return came


def _is_there(files: Files, sha256: str, size: int) -> bool:
    try:
        return files.path(sha256).stat().st_size == size
    except FileNotFoundError:
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
                    bring_files(vault, pack, found, lambda _: None)
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
