"""What a backup needs from the world: the desk's rows, its files, a place to keep copies, and a record of runs.

Storage implements the first two and the last; the destinations (`folder`, `drive`, `remote`) the third.
All of it is synchronous and runs in a thread of its own.
"""

from __future__ import annotations

import errno
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from desk.errors import Trouble

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    from desk.model import BackupRun


class BackupError(Trouble):
    """A backup, a proof or a restore that did not come about: one line that says why, for an admin."""


class Stopped(BaseException):
    """Whoever watches wants it to end now, as the desk is being closed: no error that anything should handle."""


class Damaged(BackupError):  # noqa: N818 - named for the state
    """A part is not what the manifest says it is: the message names it. `faults`: all that was found."""

    def __init__(self, message: str, faults: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.faults = tuple(faults) or (message,)


class DestinationError(BackupError):
    """A destination that failed: not there, not allowed, or without an answer after several tries."""


class Full(DestinationError):  # noqa: N818 - named for the state
    """No room is left there."""


class Missing(DestinationError):  # noqa: N818 - named for the state
    """There is nothing of that name there."""


KINDS = ("sqlite", "rows")  # of copies that a desk can read
NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


@contextmanager
def told(folder: Path) -> Iterator[None]:
    """What fails on this machine's own disk, in a line."""
    try:
        yield
    except OSError as error:
        where = error.filename or folder
        if error.errno in NO_ROOM:
            raise Full(f"{where}: no room is left on this machine") from error
        raise BackupError(f"{where}: {error.strerror or error}") from error


@dataclass(frozen=True, slots=True)
class Progress:
    """How far it is: `stage` names a sentence of the locales, `done` of `total` bytes (0: not known)."""

    stage: str
    done: int = 0
    total: int = 0


Report = Callable[[Progress], None]
Heard = Callable[[int], None]  # how many bytes are done


def silent(progress: Progress) -> None:
    """Nobody watches."""


def unheard(done: int) -> None:
    """Nobody counts."""


class Database(Protocol):
    """The desk's rows as one consistent copy, and back. Trouble wherever it does not work."""

    @property
    def kind(self) -> str:
        """Of its copies: "sqlite", the database itself, or "rows", the rows of another database in one."""

    @property
    def newest_schema(self) -> str:
        """The newest version that this desk knows."""

    @property
    def there(self) -> bool:
        """Whether there is a database at all: a fresh machine has none yet."""

    @property
    def used(self) -> bool:
        """Whether anybody or anything is in it yet."""

    def snapshot(self, to: Path) -> None:
        """A consistent copy of all rows as they are now, without what was deleted; the desk goes on working."""

    def facts(self, copy: Path) -> tuple[str, Mapping[str, int]]:
        """The schema's version, and how many rows each table has."""

    def check(self, copy: Path, *, thorough: bool) -> None:
        """Trouble where the copy is not whole: its pages, its rows, and what these point to. `thorough`: also that
        every index has exactly its rows, which takes twice as long.
        """

    def files(self, copy: Path) -> Iterator[tuple[str, int]]:
        """SHA-256 and size of every file that the rows name, each once, in the order of their hashes."""

    def alone(self) -> AbstractContextManager[None]:
        """Nobody else uses the database in this block. Trouble where the desk is running."""

    def replace(self, copy: Path) -> None:
        """Put this copy, of either kind, in the database's place, all or nothing; `copy` is used up. Inside `alone`
        only.
        """

    def tables(self, copy: Path) -> Sequence[tuple[str, int]]:
        """Every table with how many rows it has, each after those that its rows point to."""

    def rows(self, copy: Path, table: str) -> Iterator[Mapping[str, Any]]:
        """A table's rows in the order of its key, as plain values."""

    def numbers(self, copy: Path) -> Mapping[str, int]:
        """The highest number that was ever given, by table."""

    def build(
        self,
        to: Path,
        schema: str,
        given: Iterable[tuple[str, Iterable[Mapping[str, Any]]]],
        numbers: Mapping[str, int],
    ) -> None:
        """A new database of these rows of that version, brought forward to ours. Trouble, and nothing is left, where
        they do not make one.
        """

    def ticket(self, copy: Path, number: int) -> Mapping[str, Sequence[Mapping[str, Any]]]:
        """By table, the rows that belong to one ticket. Trouble where there is none of that number."""


class Files(Protocol):
    """The desk's files, each under the SHA-256 of its bytes."""

    def path(self, sha256: str) -> Path:
        """FileNotFoundError where it is not there."""

    def place(self, file: Path, sha256: str, *, synced: bool = True) -> None:
        """Move a finished file in under its hash, instead of what is there. Not `synced`: whoever moves many syncs
        them all at their end.
        """


class Destination(Protocol):
    """Somewhere to keep copies. Names have no folders. DestinationError wherever it does not work."""

    def names(self) -> Mapping[str, int]:
        """All that is there whole, with its size in bytes."""

    def put(self, file: Path, name: str, report: Callable[[int], None]) -> None:
        """Keep the file under that name, whole or not at all, instead of an older one. The file may be used up.
        `report` hears how many bytes are there.
        """

    def get(self, name: str, to: Path, report: Callable[[int], None]) -> None:
        """Bring it here. Missing where it is not there."""

    def read(self, name: str, report: Callable[[int], None]) -> Iterator[bytes] | None:
        """Its bytes as they are asked for, by several at once if need be; None where it must be brought by `get`.
        Missing, when it is begun, where it is not there.
        """

    def remove(self, name: str) -> None:
        """For good. Nothing happens where it is gone already."""

    def tidy(self) -> None:
        """Take away what an interrupted `put` left behind."""

    def close(self) -> None:
        """Let go of connections."""


class Runs(Protocol):
    """The record of runs."""

    def turn(self) -> AbstractContextManager[bool]:
        """Whether no other instance of the desk is within."""

    def begin(self, destination: str, kind: str) -> int:
        """Begun now; gives its id. Runs of this destination that never ended are marked as interrupted."""

    def end(self, run: int, *, stamp: str, size: int, error: str) -> None:
        """Ended now."""

    def newest(self, destination: str, *, limit: int) -> Sequence[BackupRun]:
        """The newest first."""

    def last(self, destination: str, kind: str) -> BackupRun | None:
        """The newest of this kind that ended, well or not."""

    def proofs(self, destination: str) -> Mapping[str, BackupRun]:
        """What became of the newest proof of each backup there that was proven to its end, by stamp."""
