"""One archive: a stream compressed with zstd and encrypted with age, hashed on its way to the disk, and back.

Everything streams: memory does not grow with the data. The formats are the common tools' own, so that a copy can be
opened without this desk: `age -d -i KEY ….database.zst.age | zstd -d > desk.sqlite3`, and with `| tar x` for files.
"""

from __future__ import annotations

import hashlib
import io
import os
import tarfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Protocol

import pyrage  # type: ignore[import-untyped]
import zstandard

from backup.port import BackupError, Damaged

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

LEVEL = 3  # of zstd: above it, time grows faster than what it saves
THREADS = 2
CHUNK = 1 << 20  # bytes read at once
BLOCK = 512  # bytes of a tar block


@dataclass(frozen=True, slots=True)
class Sealed:
    """A finished archive, as it lies on the disk."""

    size: int
    sha256: str


class Sink(Protocol):
    """What an archive is opened into."""

    def write(self, data: Any, /) -> Any: ...

    def flush(self) -> Any: ...


class _Hashing:
    """A file to write to that hashes what goes through it. `error` is what the file itself raised: age tells only
    that something failed.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.digest = hashlib.sha256()
        self.size = 0
        self.error: BaseException | None = None

    def write(self, data: Any) -> int:
        try:
            self._file.write(data)
        except OSError as error:
            self.error = error  # age only tells that something failed
            raise
        self.digest.update(data)
        self.size += len(data)
        return len(data)

    def flush(self) -> None:
        self._file.flush()


class _Guarded:
    """Passes on what is written, and remembers what went wrong there."""

    def __init__(self, sink: Any) -> None:
        self._sink = sink
        self.error: BaseException | None = None

    def write(self, data: Any) -> int:
        try:
            self._sink.write(data)
        except BaseException as error:  # age only tells that something failed
            self.error = error
            raise
        return len(data)

    def flush(self) -> None:
        self._sink.flush()


class _Pulled(io.RawIOBase):
    """A file to read from, out of pieces that are made as they are asked for; hashed, if asked to."""

    def __init__(self, pieces: Iterable[bytes], *, hashed: bool = False) -> None:
        self._pieces = iter(pieces)
        self._rest = memoryview(b"")
        self._hashed = hashed
        self.digest = hashlib.sha256()
        self.size = 0
        self.error: BaseException | None = None

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._rest:
            try:
                piece = next(self._pieces, None)
            except BaseException as error:  # age only tells that something failed
                self.error = error
                raise
            if piece is None:
                return 0
            self._rest = memoryview(piece)
            self.size += len(piece)
            if self._hashed:
                self.digest.update(piece)
        count = min(len(buffer), len(self._rest))
        buffer[:count] = self._rest[:count]
        self._rest = self._rest[count:]
        return count


def pieces_of(path: Path, report: Callable[[int], None] = lambda _: None) -> Iterator[bytes]:
    """A file's bytes; `report` hears how many were read."""
    done = 0
    with path.open("rb") as file:
        while piece := file.read(CHUNK):
            yield piece
            done += len(piece)
            report(done)


def seal(pieces: Iterable[bytes], to: Path, recipients: Sequence[Any]) -> Sealed:
    """Compress and encrypt the pieces to a file, which is on the disk when this returns."""
    compressor = zstandard.ZstdCompressor(level=LEVEL, threads=THREADS, write_checksum=True)
    pulled = _Pulled(_compressed(compressor.compressobj(), pieces))
    with to.open("wb") as file:
        hashing = _Hashing(file)
        try:
            pyrage.encrypt_io(io.BufferedReader(pulled, CHUNK), hashing, list(recipients))
        except (pyrage.EncryptError, OSError) as error:
            raise (pulled.error or hashing.error or error) from error
        file.flush()
        os.fsync(file.fileno())
    return Sealed(hashing.size, hashing.digest.hexdigest())


def _compressed(compressor: Any, pieces: Iterable[bytes]) -> Iterator[bytes]:
    for piece in pieces:
        if out := compressor.compress(piece):
            yield out
    yield compressor.flush()


def unseal(path: Path, name: str, expected: Sealed, to: Sink, identities: Sequence[Any]) -> None:
    """Decrypt and decompress a file into `to`. Damaged, with its name, where it is not what was sealed: only when this
    returns is what `to` was given to be trusted.
    """
    if not identities:
        raise BackupError(f"{name} cannot be opened: no key is at hand")
    pulled = _Pulled(pieces_of(path), hashed=True)
    guarded = _Guarded(zstandard.ZstdDecompressor().stream_writer(to))  # type: ignore[arg-type] # it only writes
    try:
        pyrage.decrypt_io(io.BufferedReader(pulled, CHUNK), guarded, list(identities))
    except (pyrage.DecryptError, OSError) as error:
        cause = pulled.error or guarded.error
        if "no matching" in str(error).lower():
            raise BackupError(f"{name} cannot be opened: it was made for other keys than those at hand") from error
        if cause is None or isinstance(cause, zstandard.ZstdError):
            raise Damaged(f"{name} is damaged: {cause or error}") from error
        raise cause from error
    for _ in iter(lambda: pulled.read(CHUNK), b""):
        pass  # age has read to its own end; the file may have more
    if (pulled.size, pulled.digest.hexdigest()) != (expected.size, expected.sha256):
        raise Damaged(f"{name} is damaged: {pulled.size} bytes, {expected.size} were made, or other ones")


# --- files, as a tar --------------------------------------------------------------------------------------------


def tar_pieces(
    files: Iterable[tuple[str, Path, int]], report: Callable[[int], None] = lambda _: None
) -> Iterator[bytes]:
    """A tar of (name, path, size) as it is made, with nothing of the machine in it; `report` hears the bytes read."""
    total = 0
    for name, path, size in files:
        entry = tarfile.TarInfo(name)
        entry.size = size
        entry.mode = 0o600
        yield entry.tobuf(tarfile.PAX_FORMAT)
        seen = 0
        for piece in pieces_of(path):
            seen += len(piece)
            total += len(piece)
            if seen > size:
                break
            yield piece
            report(total)
        if seen != size:
            raise BackupError(f"file {name.rsplit('/', 1)[-1]} has {seen} bytes and not {size}")
        yield b"\0" * (-size % BLOCK)
    yield b"\0" * (2 * BLOCK)


class Untar:
    """A tar written to it becomes files: `found` is told each one's SHA-256 as it is, and the file, which is gone
    afterwards unless it was moved.
    """

    def __init__(self, name: str, folder: Path, found: Callable[[str, Path], None]) -> None:
        self._name = name
        self._folder = folder
        self._found = found
        self._held = bytearray()
        self._left = self._padding = 0
        self._number = 0
        self._file: BinaryIO | None = None
        self._digest = hashlib.sha256()
        folder.mkdir(parents=True, exist_ok=True)

    def write(self, data: Any) -> int:
        view = memoryview(data)
        while view:
            if self._file is not None:
                view = self._member(view)
            elif self._padding:
                count = min(self._padding, len(view))
                self._padding -= count
                view = view[count:]
            else:
                count = BLOCK - len(self._held)
                self._held += view[:count]
                view = view[count:]
                if len(self._held) == BLOCK:
                    self._header(bytes(self._held))
                    self._held.clear()
        return len(data)

    def flush(self) -> None:
        """Whole files are told of as they end."""

    def close(self) -> None:
        """Damaged where the tar stopped in the middle of a file."""
        if self._file is not None:
            self._file.close()
            raise Damaged(f"{self._name} is damaged: it ends too early")

    def _header(self, block: bytes) -> None:
        if not block.strip(b"\0"):
            return  # the end
        try:
            entry = tarfile.TarInfo.frombuf(block, "utf-8", "strict")
        except tarfile.TarError as error:
            raise Damaged(f"{self._name} is damaged: {error}") from error
        self._number += 1
        self._left, self._padding = entry.size, -entry.size % BLOCK
        self._digest = hashlib.sha256()
        self._file = (self._folder / str(self._number)).open("wb")
        if not self._left:
            self._member(memoryview(b""))

    def _member(self, view: memoryview) -> memoryview:
        assert self._file is not None  # a header came before
        piece, rest = view[: self._left], view[self._left :]
        self._file.write(piece)
        self._digest.update(piece)
        self._left -= len(piece)
        if not self._left:
            self._file.close()
            path = Path(self._file.name)
            self._file = None
            self._found(self._digest.hexdigest(), path)
            path.unlink(missing_ok=True)
        return rest
