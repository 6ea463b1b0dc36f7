"""Proof that a backup can be restored: everything is brought back to a scratch place, opened, counted and hashed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from backup.archive import Untar, unseal
from backup.port import Damaged, Progress
from desk.errors import Trouble

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from backup.port import Database, Report
    from backup.vault import Manifest, Pack, Vault


@dataclass(frozen=True, slots=True)
class Proof:
    """What is needed to look into a backup."""

    database: Database
    vault: Vault


def prove(proof: Proof, stamp: str, report: Report) -> int:
    """Bytes that were read and found right. Damaged, with the first fault, where any part is wrong."""
    read, faults = examined(proof, stamp, report)
    if faults:
        more = f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
        raise Damaged(faults[0] + more)
    return read


def examined(proof: Proof, stamp: str, report: Report) -> tuple[int, Sequence[str]]:
    """Read all of a backup; gives how many bytes it has, and every fault that was found, with the part's name."""
    faults: list[str] = []
    vault = proof.vault
    closed = vault.take_keys(vault.destination.names(), own=True)
    try:
        manifest = vault.manifest(stamp, fresh=True)
    except Damaged as error:
        return 0, [str(error)]
    total = sum(part.size for part in manifest.parts)
    done = 0
    copy = vault.scratch / "proof.sqlite3"
    wanted: set[str] = set()
    try:
        bring_database(vault, manifest, copy, lambda got: report(Progress("proof", got, total)))
        schema, counts = proof.database.facts(copy, thorough=True)
        if (schema, counts) != (manifest.versions["schema"], manifest.counts):
            faults.append(f"{manifest.database.name} is damaged: its rows are not those that the manifest counts")
        wanted = {sha256 for sha256, _ in proof.database.files(copy)}
    except Trouble as error:
        faults.append(_named(manifest.database.name, error))
    finally:
        copy.unlink(missing_ok=True)
    done += manifest.database.size
    found: set[str] = set()
    for pack in manifest.packs:
        base = done
        try:
            bring_files(
                vault, pack, lambda sha256, _: found.add(sha256),
                lambda got, base=base: report(Progress("proof", base + got, total)),  # type: ignore[misc]
            )  # fmt: skip
        except Damaged as error:
            vault.distrust(pack)
            faults.append(str(error))
        except Trouble as error:
            faults.append(str(error))
        done += pack.files.size + pack.index.size
    if not faults and (lost := wanted - found - set(manifest.missing)):
        faults.append(f"{stamp}: {len(lost)} files of its rows are in none of its packs, such as {min(lost)[:12]}…")
    report(Progress("proof", total, total))
    return total, [*closed, *faults] if faults else []


def bring_database(vault: Vault, manifest: Manifest, to: Path, report: Callable[[int], None]) -> None:
    """The database archive, fetched and opened."""
    file = vault.fetch(manifest.database, report)
    try:
        with to.open("wb") as target:
            unseal(file, manifest.database.name, manifest.database.sealed, target, vault.keys.identities)
    finally:
        file.unlink(missing_ok=True)


def bring_files(vault: Vault, pack: Pack, found: Callable[[str, Path], None], report: Callable[[int], None]) -> None:
    """The files of a pack, one after the other: `found` may move each away. Damaged where one is not what its index
    says, or is not there.
    """
    listed = dict(vault.listed(pack, fresh=True))

    def checked(sha256: str, path: Path) -> None:
        if listed.pop(sha256, None) != path.stat().st_size:
            raise Damaged(f"{pack.files.name} is damaged: it holds a file {sha256[:12]}… that it should not")
        found(sha256, path)

    file = vault.fetch(pack.files, report)
    try:
        untar = Untar(pack.files.name, vault.scratch / "opened", checked)
        unseal(file, pack.files.name, pack.files.sealed, untar, vault.keys.identities)
        untar.close()
    finally:
        file.unlink(missing_ok=True)
    if listed:
        raise Damaged(f"{pack.files.name} is damaged: {len(listed)} of its files are not in it")


def _named(name: str, error: Trouble) -> str:
    text = str(error)
    return text if name in text else f"{name}: {text}"
