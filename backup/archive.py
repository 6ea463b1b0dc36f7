"""One archive: a stream compressed with zstd and encrypted with age, hashed on its way to the disk, and back.

Everything streams: memory does not grow with the data. The formats are the common tools' own, so that a copy can be
opened without this desk: `age -d -i KEY ….database.zst.age | zstd -d > desk.sqlite3`, and with `| tar x` for files.

Compressing, hashing and the disk leave Python's lock alone, age does not: what age hands over in pieces of 8 KB is
gathered, so that the lock is taken a hundred times less often, and several archives can be opened at once.
"""

from __future__ import annotations

import hashlib
import io
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO, Protocol

import pyrage  # type: ignore[import-untyped]
import zstandard

from backup.port import BackupError, Damaged

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

LEVEL = 3  # of zstd: above it, time grows faster than what it saves
THREADS = 2
CHUNK = 1 << 20  # bytes read at once
SYNCED = 16 << 20  # bytes after which the disk begins with them


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
            if self.size // SYNCED != (self.size + len(data)) // SYNCED:
                begin_syncing(self._file, self.size // SYNCED * SYNCED, SYNCED)
        except OSError as error:
            self.error = error  # age only tells that something failed
            raise
        self.digest.update(data)
        self.size += len(data)
        return len(data)

    def flush(self) -> None:
        self._file.flush()


class _Guarded(io.RawIOBase):
    """Passes on what is written, and remembers what went wrong there: from then on it takes all and passes on nothing,
    as whoever gathers for it tries once more at its own end.
    """

    def __init__(self, sink: Any) -> None:
        self._sink = sink
        self.error: BaseException | None = None

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        if self.error is None:
            try:
                self._sink.write(data)
            except BaseException as error:  # age only tells that something failed
                self.error = error
                raise
        return len(data)


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


def begin_syncing(file: BinaryIO, start: int, length: int) -> None:
    """Let the disk begin with these bytes, just written, while more are made: whoever syncs at the end waits less. What
    it has written already would be dropped from memory, so nothing is asked for twice.
    """
    if hasattr(os, "posix_fadvise"):  # not on macOS
        file.flush()
        os.posix_fadvise(file.fileno(), start, length, os.POSIX_FADV_DONTNEED)


class Syncing:
    """A file whose bytes go to the disk as they come."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._size = self._synced = 0

    def write(self, data: Any) -> int:
        self._file.write(data)
        self._size += len(data)
        if self._size - self._synced >= SYNCED:
            begin_syncing(self._file, self._synced, self._size - self._synced)
            self._synced = self._size
        return len(data)

    def flush(self) -> None:
        self._file.flush()


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


def unseal(
    pieces: Iterable[bytes], name: str, expected: Sealed, to: Sink, identities: Sequence[Any], *, hashed: bool = True
) -> None:
    """Decrypt and decompress an archive into `to`. Damaged, with its name, where it is not what was sealed: only when
    this returns is what `to` was given to be trusted. Not `hashed`: by its size and by what age vouches for, where `to`
    itself holds all that comes against other hashes.
    """
    if not identities:
        raise BackupError(f"{name} cannot be opened: no key is at hand")
    pulled = _Pulled(pieces, hashed=hashed)
    guarded = _Guarded(zstandard.ZstdDecompressor().stream_writer(to, write_size=CHUNK))  # type: ignore[arg-type] # it only writes
    try:
        gathered = io.BufferedWriter(guarded, CHUNK)
        pyrage.decrypt_io(io.BufferedReader(pulled, CHUNK), gathered, list(identities))
        gathered.flush()
    except (pyrage.DecryptError, zstandard.ZstdError, OSError) as error:
        cause = pulled.error or guarded.error
        if "no matching" in str(error).lower():
            raise BackupError(f"{name} cannot be opened: it was made for other keys than those at hand") from error
        if cause is None or isinstance(cause, zstandard.ZstdError):
            raise Damaged(f"{name} is damaged: {cause or error}") from error
        raise cause from error
    for _ in iter(lambda: pulled.read(CHUNK), b""):
        pass  # age has read to its own end; the file may have more
    found = (pulled.size, pulled.digest.hexdigest() if hashed else expected.sha256)
    if found != (expected.size, expected.sha256):
        raise Damaged(f"{name} is damaged: {pulled.size} bytes, {expected.size} were made, or other ones")
