"""The attachments of a pack as a tar: written as it is read, and made into files again as it comes out."""

from __future__ import annotations

import hashlib
import tarfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Self

from backup.archive import begin_syncing, pieces_of
from backup.port import BackupError, Damaged

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

BLOCK = 512  # bytes of a tar block


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
    afterwards unless it was moved. `syncing`: where they are to stay.
    """

    def __init__(self, name: str, folder: Path, found: Callable[[str, Path], None], *, syncing: bool = False) -> None:
        self._name = name
        self._syncing = syncing
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

    def end(self) -> None:
        """Damaged where the tar stopped in the middle of a file."""
        if self._file is not None:
            raise Damaged(f"{self._name} is damaged: it ends too early")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        if self._file is not None:
            self._file.close()

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
            if self._syncing:
                begin_syncing(self._file, 0, 0)
            self._file.close()
            path = Path(self._file.name)
            self._file = None
            self._found(self._digest.hexdigest(), path)
            path.unlink(missing_ok=True)
        return rest
