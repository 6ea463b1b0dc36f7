"""The whole desk as one file, opened and taken in: `docs/export.md` is its description, `backup.export` writes it.

A tar, compressed with zstd, and encrypted with age where its name says so. Its first member says what it is, the last
one has the SHA-256 of all others: a file that was cut off, changed or made by a newer desk is refused before anything
is done.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import tarfile
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO

import zstandard

from backup.archive import CHUNK, Sealed, pieces_of, unseal
from backup.port import BackupError, Damaged, Progress

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from backup.keys import Keys
    from backup.port import Database, Files, Report

FORMAT = 1
HEAD, CONFIG, END = "export.json", "config.toml", "end.json"
ROWS, FILES = "rows/", "files/"
AGE = ".age"


@dataclass(frozen=True, slots=True)
class Head:
    """What an export says of itself."""

    desk: str
    made_at: str  # ISO 8601, UTC
    version: str  # of Helpthread
    schema: str
    counts: Mapping[str, int]  # rows by table, in the order in which they come
    numbers: Mapping[str, int]  # the highest number ever given, by table
    files: int
    files_size: int  # bytes
    missing: tuple[str, ...]  # files that rows name and the desk did not have

    def as_bytes(self) -> bytes:
        known = {name: getattr(self, name) for name in self.__slots__}
        return json.dumps({"format": FORMAT} | known, indent=1).encode()

    @classmethod
    def of(cls, content: bytes) -> Head:
        """BackupError where it is none of ours, or a newer one."""
        try:
            body = json.loads(content)
            number = body.pop("format")
            if number > FORMAT:
                raise BackupError(f"made by a newer desk (format {number}, this one knows {FORMAT}); upgrade the desk")
            return cls(**body | {"missing": tuple(body["missing"])})
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise BackupError("this is no export of a desk") from error


class Export:
    """An export that was opened. Reading it to its end proves that it is whole."""

    def __init__(self, tar: tarfile.TarFile, source: BinaryIO) -> None:
        self._tar = tar
        self._source = source
        self.head = Head.of(self._content(self._next(HEAD)))
        self.config = self._content(self._next(CONFIG)).decode()

    def _next(self, name: str) -> tarfile.TarInfo:
        member = self._tar.next()
        if member is None or member.name != name:
            raise BackupError("this is no export of a desk")
        return member

    def _content(self, member: tarfile.TarInfo) -> bytes:
        file = self._tar.extractfile(member)
        assert file is not None  # every member is a file: `members` and `_next` have seen it
        return file.read()

    def members(self) -> Iterator[tuple[tarfile.TarInfo, BinaryIO]]:
        """Every other member, each to be read before the next, then the end, where all their hashes must fit."""
        hashes = {
            HEAD: hashlib.sha256(self.head.as_bytes()).hexdigest(),
            CONFIG: hashlib.sha256(self.config.encode()).hexdigest(),
        }
        while (member := self._tar.next()) is not None:
            if not member.isreg():
                raise Damaged(f"{member.name!r} is no file")
            file = self._tar.extractfile(member)
            assert file is not None  # it is regular
            if member.name == END:
                if json.loads(file.read()) != hashes:
                    raise Damaged("its parts are not those that it was made of")
                while self._source.read(CHUNK):
                    pass  # its own end has a checksum
                return
            hashed = _Hashed(file)
            yield member, io.BufferedReader(hashed, CHUNK)
            hashes[member.name] = hashed.digest.hexdigest()
        raise Damaged("it ends too early: copy the file again")


class _Unpacked(io.RawIOBase):
    """A zstd file as it was before; unlike the library's own reader, one that ends too early is an error."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._unpacking = zstandard.ZstdDecompressor().decompressobj()
        self._rest = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._rest and not self._unpacking.eof:
            packed = self._file.read(CHUNK // 8)
            if not packed:
                raise Damaged("it ends too early: copy the file again")
            self._rest = memoryview(self._unpacking.decompress(packed))
        count = min(len(buffer), len(self._rest))
        buffer[:count] = self._rest[:count]
        self._rest = self._rest[count:]
        return count


class _Hashed(io.RawIOBase):
    def __init__(self, file: Any) -> None:
        self._file = file
        self.digest = hashlib.sha256()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        content = self._file.read(len(buffer))
        self.digest.update(content)
        buffer[: len(content)] = content
        return len(content)


@contextmanager
def opened(path: Path, keys: Keys | None, scratch: Path) -> Iterator[Export]:
    """BackupError, with the reason, wherever the file is no whole export that this desk can read."""
    plain = path
    scratch.mkdir(parents=True, exist_ok=True)
    try:
        if path.name.endswith(AGE):
            plain = scratch / "export.tar"
            _decrypt(path, plain, keys)
        with plain.open("rb") as file:
            source: Any = io.BufferedReader(_Unpacked(file), CHUNK) if plain is path else file
            with tarfile.open(fileobj=source, mode="r|", bufsize=CHUNK) as tar:
                yield Export(tar, source)
    except OSError as error:
        raise BackupError(f"{path.name}: {error.strerror or error}") from error
    except (tarfile.TarError, zstandard.ZstdError, EOFError, ValueError) as error:
        raise Damaged(f"{path.name} is cut off or changed: {error}") from error
    except Damaged as error:
        raise Damaged(f"{path.name} is cut off or changed: {error}") from error
    finally:
        if plain is not path:
            plain.unlink(missing_ok=True)


def _decrypt(path: Path, to: Path, keys: Keys | None) -> None:
    if keys is None:
        raise BackupError(f"{path.name} is encrypted: set the passphrase or key of [backup]")
    size = path.stat().st_size  # what is in it has hashes of its own
    with to.open("wb") as target:
        unseal(pieces_of(path), path.name, Sealed(size, ""), target, keys.identities, hashed=False)


def checked(export_: Export, look: Callable[[str, Mapping[str, Any]], None], report: Report) -> None:
    """Read all of it: a dry run, in which `look` sees every row with its table. Damaged where it is not whole."""
    done = 0
    seen = dict.fromkeys(export_.head.counts, 0)
    for member, file in export_.members():
        for line in file if member.name.startswith(ROWS) else ():
            table = member.name.split("/")[1]
            look(table, json.loads(line))
            seen[table] = seen.get(table, 0) + 1
        while file.read(CHUNK):
            pass
        done += member.size
        report(Progress("fetch", done))
    if seen != export_.head.counts:
        raise Damaged("it has other rows than it says")


def import_(database: Database, files: Files, export_: Export, to: Path, report: Report) -> None:
    """A new database at `to` from the export's rows; its files into `files`. Damaged, and no database, where the export
    turns out not to be whole.
    """
    members = export_.members()
    pending = _Pending(members)
    database.build(to, export_.head.schema, pending.tables(export_.head.counts), export_.head.numbers)
    try:
        done = 0
        for member, file in pending.rest():
            sha256 = member.name.removeprefix(FILES)
            half = to.with_name("import.file")
            digest = hashlib.sha256()
            with half.open("wb") as target:
                while piece := file.read(CHUNK):
                    digest.update(piece)
                    target.write(piece)
            _must_be(sha256, digest.hexdigest())
            files.place(half, sha256, synced=False)
            done += member.size
            report(Progress("files", done, export_.head.files_size))
        os.sync()
    except BaseException:
        to.unlink(missing_ok=True)
        raise


def _must_be(sha256: str, found: str) -> None:
    if sha256 != found:
        raise Damaged(f"file {sha256[:12]}… is not what it was")


class _Pending:
    """The members as two runs: rows by table, then files."""

    def __init__(self, members: Iterator[tuple[tarfile.TarInfo, BinaryIO]]) -> None:
        self._members = members
        self._waiting: tuple[tarfile.TarInfo, BinaryIO] | None = next(members, None)

    def tables(self, counts: Mapping[str, int]) -> Iterator[tuple[str, Iterator[Mapping[str, Any]]]]:
        for table, count in counts.items():
            seen = [0]
            yield table, self._rows(table, seen)
            if seen[0] != count:
                raise Damaged(f"it has {seen[0]} rows of {table!r} and not {count}")

    def _rows(self, table: str, seen: list[int]) -> Iterator[Mapping[str, Any]]:
        while self._waiting is not None and self._waiting[0].name.startswith(f"{ROWS}{table}/"):
            for line in self._waiting[1]:
                seen[0] += 1
                yield json.loads(line)
            self._waiting = next(self._members, None)

    def rest(self) -> Iterator[tuple[tarfile.TarInfo, BinaryIO]]:
        while self._waiting is not None:
            yield self._waiting
            self._waiting = next(self._members, None)
