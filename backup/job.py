"""A backup from beginning to end: a snapshot, the database archive, the files that are new, the manifest, retention.

One run at a time, whoever starts it, on this machine and among all instances of the desk. A run that is killed leaves
the older backups as they were, and what it had sent already is used by the next.
"""

from __future__ import annotations

import fcntl
import logging
import shutil
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from typing import TYPE_CHECKING

from backup.archive import pieces_of, seal
from backup.port import BackupError, Damaged, Progress, Stopped, told
from backup.proof import Proof, newest_proven, prove
from backup.retention import Keep, Made, kept
from backup.tar import tar_pieces
from backup.vault import Manifest, Part, Vault
from desk.errors import Trouble

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from backup.keys import Keys
    from backup.port import Database, Destination, Files, Report, Runs
    from backup.vault import Pack

log = logging.getLogger(__name__)

PACK = 64_000_000  # bytes of files in one pack, unless one file alone is larger
SMALL = PACK // 8  # bytes of an archive below which it is better packed together with others
FEW = 30  # small packs that are left as they are


@dataclass(frozen=True, slots=True)
class Place:
    """One destination of config.toml, put together."""

    id: str
    destination: Destination
    keep: Keep = field(default_factory=Keep)


@dataclass(frozen=True, slots=True)
class Work:
    """What every backup, proof and restore of this desk works with. `folder` holds the lock, the scratch and caches."""

    desk: str  # its name
    version: str  # of Helpthread
    database: Database
    files: Files
    keys: Keys
    runs: Runs
    folder: Path
    zone: tzinfo = UTC
    at_once: int = 1  # archives that are opened at the same time: more takes more of the machine
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)

    @contextmanager
    def alone(self, place: Place) -> Iterator[Vault]:
        """The place's vault, with an empty scratch, in a run that has no other beside it. Busy where one runs."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / "lock").open("w", encoding="utf-8") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                raise Busy("another backup, proof or restore is running; wait for its end") from error
            shutil.rmtree(self.folder / "scratch", ignore_errors=True)
            try:
                with told(self.folder), self.runs.turn() as ours:
                    if not ours:
                        raise Busy("another instance of the desk makes or proves a backup; wait for its end")
                    yield self.vault(place)
            finally:
                shutil.rmtree(self.folder / "scratch", ignore_errors=True)

    def vault(self, place: Place) -> Vault:
        """To look only: whoever changes something needs `alone`."""
        cache = self.folder / "cache" / place.id
        return Vault(place.destination, self.keys, scratch=self.folder / "scratch", cache=cache)


class Busy(BackupError):  # noqa: N818 - named for the state
    """Another run is at work; it is not this one's fault, and need not be told to anybody."""


@contextmanager
def recorded(work: Work, place: Place, kind: str) -> Iterator[dict[str, str | int]]:
    """A run on record, whatever becomes of it; without a record, where there is no desk yet. The block fills in "stamp"
    and "size". A run that did not come to its end, for any reason but damage, says nothing of the backup: it is on
    record without its stamp.
    """
    result: dict[str, str | int] = {"stamp": "", "size": 0}
    if not work.database.there:
        yield result
        return
    run = work.runs.begin(place.id, kind)
    error = ""
    try:
        with told(work.folder):
            yield result
    except Trouble as failed:
        error = str(failed)
        if not isinstance(failed, Damaged):
            result["stamp"] = ""
        log.error("%s at %s failed: %s", kind, place.id, error)
        raise
    except BaseException as failed:
        error = "stopped: the desk was closed" if isinstance(failed, Stopped) else repr(failed)
        result["stamp"] = ""
        raise
    finally:
        work.runs.end(run, stamp=str(result["stamp"]), size=int(result["size"]), error=error)


def back_up(work: Work, place: Place, report: Report) -> Manifest:
    """Make one, prune by the place's retention, and prove it. Trouble says what failed; older backups stay."""
    with work.alone(place) as vault:
        manifest = make(work, place, vault, report)
        with recorded(work, place, "proof") as result:
            result["stamp"] = manifest.stamp
            result["size"] = prove(Proof(work.database, vault, work.at_once), manifest.stamp, report)
    return manifest


def make(work: Work, place: Place, vault: Vault, report: Report) -> Manifest:
    """One backup, not yet proven, and what retention does not keep taken away."""
    with recorded(work, place, "backup") as result:
        manifest, sent = _made(work, vault, report)
        result |= {"stamp": manifest.stamp, "size": sent}
        _prune(work, place, vault, report)
    return manifest


def prove_again(work: Work, place: Place, report: Report, stamp: str = "") -> str:
    """Prove a backup that lies there: this one, "latest", or the oldest; gives its stamp. Damaged names what is
    damaged, and all of it in its `faults`.
    """
    with work.alone(place) as vault:
        entries = vault.entries()
        if not entries:
            raise BackupError("there is no backup yet")
        found = vault.entry(stamp).stamp if stamp else entries[-1].stamp
        kind = "proof" if stamp and found == entries[0].stamp else "again"
        with recorded(work, place, kind) as result:
            result["stamp"] = found
            result["size"] = prove(Proof(work.database, vault, work.at_once), found, report)
    return found


def prune(work: Work, place: Place, report: Report) -> Sequence[str]:
    """Take away what retention does not keep; gives the stamps of the backups that went."""
    with work.alone(place) as vault:
        return _prune(work, place, vault, report)


def _made(work: Work, vault: Vault, report: Report) -> tuple[Manifest, int]:
    now = work.clock()
    report(Progress("look"))
    vault.destination.tidy()
    names = vault.destination.names()
    vault.put_key(names)
    vault.take_keys(names, own=False)
    stamp = vault.next_stamp(names, now)
    report(Progress("snapshot"))
    copy = vault.scratch / "desk.sqlite3"
    work.database.snapshot(copy)
    schema, counts = work.database.facts(copy)
    packs, files, missing, sent = _files(work, vault, names, copy, report)
    database = _database(vault, stamp, copy, report)
    report(Progress("manifest"))
    manifest = Manifest(
        stamp=stamp,
        desk=work.desk,
        made_at=now.astimezone(UTC).isoformat(timespec="seconds"),
        versions={"helpthread": work.version, "schema": schema},
        kind=work.database.kind,
        database=database,
        counts=counts,
        packs=tuple(packs),
        files=len(files),
        files_size=sum(files.values()),
        missing=tuple(missing),
    )
    vault.put_manifest(manifest)
    return manifest, sent + database.size


def _database(vault: Vault, stamp: str, copy: Path, report: Report) -> Part:
    total = copy.stat().st_size
    name = f"{stamp}.database.zst.age"
    file = vault.scratch / name
    pieces = pieces_of(copy, lambda done: report(Progress("database", done, total)))
    sealed = seal(pieces, file, vault.keys.recipients)
    copy.unlink()
    vault.destination.put(file, name, lambda done: report(Progress("upload", done, sealed.size)))
    file.unlink(missing_ok=True)
    return Part(name, sealed.size, sealed.sha256)


def _files(
    work: Work, vault: Vault, names: Mapping[str, int], copy: Path, report: Report
) -> tuple[list[Pack], dict[str, int], list[str], int]:
    """Packs that hold every file of the copy, those files with their sizes, those that are not to be had, bytes sent.

    A pack that lies there is used again only if every file in it is still wanted: what was erased from the desk is in
    no new backup.
    """
    wanted, missing = dict[str, int](), list[str]()
    for sha256, _ in work.database.files(copy):
        try:
            wanted[sha256] = work.files.path(sha256).stat().st_size
        except FileNotFoundError:
            missing.append(sha256)
    packs: list[Pack] = []
    there: set[str] = set()
    known = vault.packs(names)
    if sum(pack.files.size < SMALL for pack, _ in known) > FEW:
        known = [(pack, files) for pack, files in known if pack.files.size >= SMALL]  # these are packed together anew
    for pack, files in known:
        if files.keys() <= wanted.keys() and not files.keys() <= there:
            packs.append(pack)
            there |= files.keys()
    new = {sha256: size for sha256, size in wanted.items() if sha256 not in there}
    total, sent, done = sum(new.values()), 0, 0
    for batch in _batches(new.items()):
        file = vault.scratch / "pack"
        members = ((f"{name[:2]}/{name[2:4]}/{name}", work.files.path(name), size) for name, size in batch.items())
        before = done
        pieces = tar_pieces(members, lambda read, before=before: report(Progress("files", before + read, total)))  # type: ignore[misc]
        sealed = seal(pieces, file, vault.keys.recipients)
        packs.append(
            vault.put_pack(sealed, file, batch, lambda there, of=sealed.size: report(Progress("upload", there, of)))  # type: ignore[misc]
        )
        file.unlink(missing_ok=True)
        done += sum(batch.values())
        sent += sealed.size
    return packs, wanted, missing, sent


def _batches(files: Iterable[tuple[str, int]]) -> Iterator[dict[str, int]]:
    batch: dict[str, int] = {}
    size = 0
    for name, length in files:
        if batch and size + length > PACK:
            yield batch
            batch, size = {}, 0
        batch[name] = length
        size += length
    if batch:
        yield batch


def _prune(work: Work, place: Place, vault: Vault, report: Report) -> Sequence[str]:
    report(Progress("prune"))
    entries = vault.entries()
    made = [Made(entry.stamp, entry.sequence, entry.at.astimezone(work.zone)) for entry in entries]
    proven = newest_proven(work.runs.proofs(place.id))
    stays = kept(made, place.keep, spared=[proven.stamp] if proven else [])
    gone = [entry.stamp for entry in entries if entry.stamp not in stays]
    vault.forget(gone)
    return gone
