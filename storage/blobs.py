"""Attachments in a folder, each under the SHA-256 of its bytes: written whole, synced, then renamed into place."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
import tempfile
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from desk.errors import DeskError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence
    from datetime import datetime

_HALF = ".part"
ABANDONED = 3600.0  # seconds without a byte


class FolderBlobs:
    """`desk.ports.Blobs` over a folder. Half-written files of a crash are swept when it is opened: all of them, or
    where the folder is `shared` with a desk that may be running, those into which nobody has written for long.
    """

    def __init__(self, folder: Path, *, shared: bool = False) -> None:
        self._folder = folder
        self._placing = threading.Lock()
        folder.mkdir(parents=True, exist_ok=True)
        before = time.time() - ABANDONED if shared else float("inf")
        for leftover in folder.glob(f"*{_HALF}"):
            with contextlib.suppress(FileNotFoundError):  # finished, or swept by another
                if leftover.stat().st_mtime < before:
                    leftover.unlink()

    async def keep(self, chunks: AsyncIterator[bytes], *, limit: int) -> tuple[str, int]:
        """Store the bytes; gives the SHA-256 in hex and the size. DeskError("file_too_large") past `limit` bytes,
        and nothing is left behind.
        """
        descriptor, name = tempfile.mkstemp(suffix=_HALF, dir=self._folder)
        half, size, digest = Path(name), 0, hashlib.sha256()
        try:
            with os.fdopen(descriptor, "wb") as file:
                async for chunk in chunks:
                    size += len(chunk)
                    if size > limit:
                        raise DeskError("file_too_large", name="", limit=limit)
                    digest.update(chunk)
                    await asyncio.to_thread(file.write, chunk)
                await asyncio.to_thread(_sync, file)
            sha256 = digest.hexdigest()
            await asyncio.to_thread(self.place, half, sha256)
        finally:
            await asyncio.to_thread(half.unlink, missing_ok=True)
        return sha256, size

    def path(self, sha256: str) -> Path:
        """Where the bytes are, to be read and not changed. FileNotFoundError where they are not."""
        path = self._at(sha256)
        if not path.is_file():
            raise FileNotFoundError(path)
        return path

    def _at(self, sha256: str) -> Path:
        return self._folder / sha256[:2] / sha256[2:4] / sha256

    async def kept_before(self, before: datetime) -> Sequence[str]:
        """The hashes of all files that were last stored before then."""
        return await asyncio.to_thread(self._kept_before, before.timestamp())

    def _kept_before(self, before: float) -> list[str]:
        found = self._folder.glob("??/??/*")
        return [path.name for path in found if path.is_file() and path.stat().st_mtime < before]

    async def drop(self, sha256: str, *, kept_before: datetime) -> bool:
        """Delete the bytes, unless they were stored (again) since then. False where nothing was deleted."""
        return await asyncio.to_thread(self._drop, self._at(sha256), kept_before.timestamp())

    def _drop(self, path: Path, before: float) -> bool:
        with self._placing:  # nobody stores the same bytes between the look and the deletion
            if not path.is_file() or path.stat().st_mtime >= before:
                return False
            path.unlink()
            return True

    def place(self, file: Path, sha256: str, *, synced: bool = True) -> None:
        """Move a finished file of this disk in under its hash, instead of what is there. Not `synced`: whoever moves
        many syncs them all at their end.
        """
        path = self._at(sha256)
        path.parent.mkdir(parents=True, exist_ok=True)
        with self._placing:
            os.utime(file)  # stored now, also where the very same bytes were stored long ago
            file.replace(path)
        if not synced:
            return
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _sync(file: BinaryIO) -> None:
    file.flush()
    os.fsync(file.fileno())
