"""Proof that a backup can be restored: everything is brought back to a scratch place, opened, counted and hashed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from backup import bringing
from backup.bringing import Errand, bring_database, bring_files
from backup.port import BackupError, Damaged, DestinationError, Progress

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from backup.port import Database, Heard, Report
    from backup.vault import Manifest, Pack, Part, Vault
    from desk.errors import Trouble
    from desk.model import BackupRun


@dataclass(frozen=True, slots=True)
class Proof:
    """What is needed to look into a backup, `at_once` so many archives."""

    database: Database
    vault: Vault
    at_once: int = 1


def prove(proof: Proof, stamp: str, report: Report) -> int:
    """Bytes that were read and found right. Damaged, with the first fault, where any part is wrong. BackupError as
    `examined`.
    """
    read, faults = examined(proof, stamp, report)
    if faults:
        more = f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
        raise Damaged(faults[0] + more, faults)
    return read


def newest_proven(proofs: Mapping[str, BackupRun]) -> BackupRun | None:
    """The proof of the newest backup that was whole when it was last looked at; None where there is none."""
    whole = [stamp for stamp, run in proofs.items() if not run.error]
    return proofs[max(whole, key=lambda stamp: (int(stamp.partition("-")[0]), stamp))] if whole else None


def examined(proof: Proof, stamp: str, report: Report) -> tuple[int, Sequence[str]]:
    """Read all of a backup; gives how many bytes it has, and every fault that was found, with the part's name.
    BackupError where it could not be read and so nothing can be said of it.
    """
    vault = proof.vault
    closed = vault.take_keys(vault.destination.names(), own=True)
    try:
        manifest = vault.manifest(stamp, fresh=True)
    except Damaged as error:
        return 0, [str(error)]
    total = sum(part.size for part in manifest.parts)
    seen = _Seen(proof, manifest)
    troubles = bringing.run(
        seen.errands(), lambda read: report(Progress("proof", read, total)), at_once=proof.at_once, all_of_them=True
    )
    if troubles and all(isinstance(error, DestinationError) for _, error in troubles):
        raise BackupError(_named(*troubles[0])) from troubles[0][1]
    faults = [_named(part, error) for part, error in troubles]
    if not faults and (lost := seen.wanted - seen.found - set(manifest.missing)):
        faults.append(f"{stamp}: {len(lost)} files of its rows are in none of its packs, such as {min(lost)[:12]}…")
    report(Progress("proof", total, total))
    return total, [*closed, *faults] if faults else []


class _Seen:
    """What came out of the archives."""

    def __init__(self, proof: Proof, manifest: Manifest) -> None:
        self.wanted: set[str] = set()  # files that the rows name
        self.found: set[str] = set()
        self._proof = proof
        self._manifest = manifest

    def errands(self) -> list[Errand]:
        return [Errand(self._manifest.database, self._rows), *map(self._pack, self._manifest.packs)]

    def _rows(self, report: Heard) -> None:
        manifest, database = self._manifest, self._proof.database
        copy = self._proof.vault.scratch / "proof.sqlite3"
        try:
            bring_database(self._proof.vault, manifest, copy, report)
            database.check(copy, thorough=True)
            if database.facts(copy) != (manifest.versions["schema"], manifest.counts):
                raise Damaged(f"{manifest.database.name} is damaged: its rows are not those that the manifest counts")
            self.wanted |= {sha256 for sha256, _ in database.files(copy)}
        finally:
            copy.unlink(missing_ok=True)

    def _pack(self, pack: Pack) -> Errand:
        def act(report: Heard) -> None:
            vault = self._proof.vault
            try:
                bring_files(vault, pack, lambda sha256, _: self.found.add(sha256), report, proving=True)
            except Damaged:
                vault.distrust(pack)
                raise

        return Errand(pack.files, act)


def _named(part: Part, error: Trouble) -> str:
    """A part of a pack is told of by the archive's or the index's own name."""
    text = str(error)
    stem = part.name.partition(".")[0]
    return text if stem in text else f"{part.name}: {text}"
