"""Copies in a folder of this machine, or of one that is mounted: each written beside, synced, then renamed."""

from __future__ import annotations

import errno
import os
import shutil
from contextlib import contextmanager
from typing import TYPE_CHECKING

from backup.archive import pieces_of
from backup.port import NO_ROOM, DestinationError, Full, Missing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

_HALF = ".part"


class Folder:
    """`backup.port.Destination` over a folder, which is made where its parent is there: a mount that is gone is not
    mistaken for an empty place.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def names(self) -> Mapping[str, int]:
        with _told(self._path):
            self._path.mkdir(exist_ok=True)
            entries = [entry for entry in os.scandir(self._path) if entry.is_file()]
            return {entry.name: entry.stat().st_size for entry in entries if not entry.name.endswith(_HALF)}

    def put(self, file: Path, name: str, report: Callable[[int], None]) -> None:
        target = self._path / name
        half = target.with_name(f"{name}{_HALF}")
        with _told(self._path):
            try:
                try:
                    file.rename(half)  # the same disk: nothing is copied
                except OSError as error:
                    if error.errno != errno.EXDEV:
                        raise
                    _copy(file, half, report)
                half.replace(target)
                _sync_folder(self._path)
            except OSError:
                half.unlink(missing_ok=True)
                raise
            report(target.stat().st_size)

    def get(self, name: str, to: Path, report: Callable[[int], None]) -> None:
        with _told(self._path):
            _copy(self._path / name, to, report)

    def read(self, name: str, report: Callable[[int], None]) -> Iterator[bytes]:
        with _told(self._path):
            yield from pieces_of(self._path / name, report)

    def remove(self, name: str) -> None:
        with _told(self._path):
            (self._path / name).unlink(missing_ok=True)

    def tidy(self) -> None:
        with _told(self._path):
            for leftover in self._path.glob(f"*{_HALF}"):
                leftover.unlink(missing_ok=True)

    def close(self) -> None:
        """Nothing is held open."""


def _copy(source: Path, target: Path, report: Callable[[int], None]) -> None:
    with target.open("wb") as file:
        for piece in pieces_of(source, report):
            file.write(piece)
        file.flush()
        os.fsync(file.fileno())


def _sync_folder(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _told(path: Path) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError as error:
        if path.is_dir():
            raise Missing(f"{error.filename}: not there") from error
        raise DestinationError(f"{path}: the folder is not there") from error
    except OSError as error:
        if error.errno in NO_ROOM:
            free = shutil.disk_usage(path).free if path.exists() else 0
            raise Full(f"{path}: no room is left ({free} bytes free)") from error
        raise DestinationError(f"{path}: {error.strerror or error}") from error
