"""What lies at one destination: backups by their manifests, databases, and packs of files that backups share.

A backup exists when its manifest does, which is put last and removed first: whatever is interrupted leaves nothing
but parts that no manifest names, for the next run to use or to take away.

    000042-20261126T103000Z-1f3a.manifest.json       what, when, versions, counts, and SHA-256 of every part
    000042-20261126T103000Z-1f3a.database.zst.age    the rows, whole
    files-9c1e….tar.zst.age                          some files; any number of backups name it
    files-9c1e….index.zst.age                        which files those are
    key-5ab0….age                                    the desk's key under the passphrase, where there is one
"""

from __future__ import annotations

import hashlib
import io
import json
import re
import secrets
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from threading import Lock
from typing import TYPE_CHECKING, Any

from backup.archive import Sealed, pieces_of, seal, unseal
from backup.port import BackupError, Damaged, Missing, unheard

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
    from pathlib import Path

    from backup.keys import Keys
    from backup.port import Destination, Heard

FORMAT = 1  # of the manifest
_STAMP = r"(\d{6,})-(\d{8}T\d{6}Z)-[0-9a-f]{4}"
_MANIFEST = re.compile(rf"({_STAMP})\.manifest\.json")
_OURS = re.compile(rf"{_STAMP}\.(manifest\.json|database\.zst\.age)|files-[0-9a-f]{{16}}\.(tar|index)\.zst\.age")


@dataclass(frozen=True, slots=True)
class Part:
    """One archive of a backup."""

    name: str
    size: int
    sha256: str

    @property
    def sealed(self) -> Sealed:
        return Sealed(self.size, self.sha256)


@dataclass(frozen=True, slots=True)
class Pack:
    """Some files in one archive, and the archive that lists them."""

    files: Part
    index: Part


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup is, in plain JSON: readable without a key, and with nothing in it that is anybody's secret."""

    stamp: str
    desk: str
    made_at: str  # ISO 8601, UTC
    versions: Mapping[str, str]  # of the desk, the schema, the database
    kind: str  # of the database's copy
    database: Part
    counts: Mapping[str, int]  # rows by table
    packs: tuple[Pack, ...]
    files: int  # how many, in all packs
    files_size: int  # bytes
    missing: tuple[str, ...]  # files that rows name and the desk did not have

    @property
    def parts(self) -> tuple[Part, ...]:
        return (self.database, *(part for pack in self.packs for part in (pack.files, pack.index)))

    def as_bytes(self) -> bytes:
        """With a seal over all of it."""
        body = asdict(self) | {"format": FORMAT}
        return json.dumps(body | {"seal": _seal(body)}, indent=1, sort_keys=True).encode()

    @classmethod
    def of(cls, name: str, content: bytes) -> Manifest:
        """Damaged where it is not as it was written; BackupError where a newer desk wrote it."""
        try:
            body = json.loads(content)
            seal_, format_ = body.pop("seal"), body.pop("format")
        except (ValueError, KeyError, AttributeError) as error:
            raise Damaged(f"{name} is damaged: {error!r}") from error
        if seal_ != _seal(body | {"format": format_}):
            raise Damaged(f"{name} is damaged: its seal does not fit")
        if format_ > FORMAT:
            raise BackupError(f"{name} was made by a newer desk (format {format_}, this one knows {FORMAT})")
        packs = tuple(Pack(Part(**pack["files"]), Part(**pack["index"])) for pack in body.pop("packs"))
        return cls(**body | {"database": Part(**body["database"]), "packs": packs, "missing": tuple(body["missing"])})


def _seal(body: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()


def time_of(stamp: str) -> datetime:
    """When a backup was made, by its name. ValueError where it is none."""
    return datetime.strptime(stamp.split("-")[1], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Entry:
    """A backup by its name alone."""

    stamp: str
    sequence: int
    at: datetime


class Vault:
    """One destination, with the keys to what lies there. `cache` remembers what never changes; `scratch` is emptied
    by whoever runs.
    """

    def __init__(self, destination: Destination, keys: Keys, *, scratch: Path, cache: Path) -> None:
        self.destination = destination
        self.keys = keys
        self.scratch = scratch
        self._cache = cache
        self._fetching = Lock()  # a destination has one connection
        for folder in (scratch, cache):
            folder.mkdir(parents=True, exist_ok=True)

    def entries(self, names: Mapping[str, int] | None = None) -> Sequence[Entry]:
        """All backups, the newest first."""
        found = [
            Entry(match[1], int(match[2]), time_of(match[1]))
            for name in (self.destination.names() if names is None else names)
            if (match := _MANIFEST.fullmatch(name))
        ]
        return sorted(found, key=lambda entry: (entry.sequence, entry.stamp), reverse=True)

    def entry(self, stamp: str) -> Entry:
        """By its name, a beginning of it or "latest". BackupError where there is none, or more than one."""
        entries = self.entries()
        found = entries[:1] if stamp == "latest" else [entry for entry in entries if entry.stamp.startswith(stamp)]
        if len(found) != 1:
            raise BackupError(f"{len(found) or 'no'} backups are named {stamp!r} there; `backup list` shows them")
        return found[0]

    def next_stamp(self, names: Mapping[str, int], now: datetime) -> str:
        """The name of a backup that is made now. Counts up whatever the clock says."""
        entries = self.entries(names)
        sequence = entries[0].sequence + 1 if entries else 1
        return f"{sequence:06d}-{now.astimezone(UTC):%Y%m%dT%H%M%SZ}-{secrets.token_hex(2)}"

    def manifest(self, stamp: str, *, fresh: bool = False) -> Manifest:
        """From the cache unless `fresh`."""
        name = f"{stamp}.manifest.json"
        try:
            return Manifest.of(name, self._small(name, fresh=fresh))
        except BackupError:
            (self._cache / name).unlink(missing_ok=True)
            raise

    def put_manifest(self, manifest: Manifest) -> None:
        """The backup exists from now on."""
        file = self.scratch / "manifest"
        file.write_bytes(manifest.as_bytes())
        self.destination.put(file, f"{manifest.stamp}.manifest.json", unheard)

    def put_key(self, names: Collection[str]) -> None:
        """With a passphrase, see to it that the desk's key lies there."""
        if self.keys.passphrase and self.keys.own_name not in names:
            file = self.scratch / "key"
            file.write_bytes(self.keys.locked())
            self.destination.put(file, self.keys.own_name, unheard)

    def take_keys(self, names: Collection[str], *, own: bool) -> Sequence[str]:
        """With a passphrase, take up the keys that lie there; gives a line for each that it does not open. The desk's
        `own`, where asked for, is opened too, to prove that it can be had, and locked anew under a passphrase that is
        another since.
        """
        closed: list[str] = []
        for name in sorted(names) if self.keys.passphrase else ():
            if not (name.startswith("key-") and name.endswith(".age")) or (name == self.keys.own_name and not own):
                continue
            try:
                self.keys.unlock(name, self._small(name, fresh=True))
            except BackupError as error:
                if name != self.keys.own_name:
                    closed.append(str(error))
                    continue
                self.put_key(())
                self.keys.unlock(name, self._small(name, fresh=True))
        return closed

    # --- packs ----------------------------------------------------------------------------------------------

    def packs(self, names: Mapping[str, int]) -> Sequence[tuple[Pack, Mapping[str, int]]]:
        """Every whole pack that lies there and that our keys can list, with its files and their sizes. A pack is put
        before its index: one without is not whole.
        """
        found = []
        for name in sorted(names):
            if name.startswith("files-") and name.endswith(".index.zst.age") and not self._distrusted(name).exists():
                try:
                    pack, files = self._listed(name)
                except BackupError:
                    (self._cache / name).unlink(missing_ok=True)
                    continue  # of no use to a new backup, which brings its files again
                if names.get(pack.files.name) == pack.files.size:
                    found.append((pack, files))
        return found

    def _listed(self, name: str) -> tuple[Pack, Mapping[str, int]]:
        content = self._small(name)
        part = Part(name, len(content), hashlib.sha256(content).hexdigest())
        body = json.loads(self._opened(part, content))
        return Pack(Part(**body["pack"]), part), dict(body["files"])

    def distrust(self, pack: Pack) -> None:
        """It was found damaged: no new backup builds on it. What is whole in it stays for those that name it."""
        self._distrusted(pack.index.name).touch()

    def _distrusted(self, name: str) -> Path:
        return self._cache / f"{name}.damaged"

    def listed(self, pack: Pack, *, fresh: bool = False) -> Mapping[str, int]:
        """The files of a pack. Damaged where its index is not what the manifest says."""
        content = self._small(pack.index.name, fresh=fresh)
        body = json.loads(self._opened(pack.index, content))
        return dict(body["files"])

    def _opened(self, part: Part, content: bytes) -> bytes:
        opened = io.BytesIO()
        unseal([content], part.name, part.sealed, opened, self.keys.identities)
        return opened.getvalue()

    def put_pack(self, sealed: Sealed, file: Path, files: Mapping[str, int], report: Callable[[int], None]) -> Pack:
        """A pack, then its index. The name comes from what is in it."""
        digest = hashlib.sha256("".join(files).encode() + sealed.sha256.encode()).hexdigest()[:16]
        part = Part(f"files-{digest}.tar.zst.age", sealed.size, sealed.sha256)
        self.destination.put(file, part.name, report)
        body = json.dumps({"pack": asdict(part), "files": list(files.items())}).encode()
        index = self.scratch / "index"
        made = seal([body], index, self.keys.recipients)
        name = f"files-{digest}.index.zst.age"
        self._remember(name, index.read_bytes())
        self.destination.put(index, name, unheard)
        return Pack(part, Part(name, made.size, made.sha256))

    @contextmanager
    def at_hand(self, part: Part, report: Heard) -> Iterator[Iterator[bytes]]:
        """An archive's bytes: from where it lies, or after it was brought here. Damaged where it is gone."""
        to = self.scratch / part.name
        try:
            there = self.destination.read(part.name, report)
            if there is None:
                with self._fetching:
                    self.destination.get(part.name, to, report)
                there = pieces_of(to)
            yield there
        except Missing as error:
            raise Damaged(f"{part.name} is gone from its place") from error
        finally:
            to.unlink(missing_ok=True)

    # --- what can go ----------------------------------------------------------------------------------------

    def forget(self, gone: Sequence[str]) -> int:
        """Take backups away, then every part of ours that no backup names any more; gives how many parts went."""
        for stamp in gone:
            self.destination.remove(f"{stamp}.manifest.json")
        names = self.destination.names()
        needed = {part.name for entry in self.entries(names) for part in self.manifest(entry.stamp).parts}
        unneeded = [
            name for name in names
            if _OURS.fullmatch(name) and name not in needed and not _MANIFEST.fullmatch(name)
        ]  # fmt: skip
        for name in unneeded:
            self.destination.remove(name)
            (self._cache / name).unlink(missing_ok=True)
        return len(unneeded)

    # --- small things, remembered ---------------------------------------------------------------------------

    def _small(self, name: str, *, fresh: bool = False) -> bytes:
        cached = self._cache / name
        if cached.is_file() and not fresh:
            return cached.read_bytes()
        to = self.scratch / f"{name}.got"
        with self._fetching:
            self.destination.get(name, to, unheard)
            content = to.read_bytes()
            to.unlink()
        if not fresh and not name.startswith("key-"):
            self._remember(name, content)
        return content

    def _remember(self, name: str, content: bytes) -> None:
        half = self._cache / f"{name}.part"
        half.write_bytes(content)
        half.replace(self._cache / name)
