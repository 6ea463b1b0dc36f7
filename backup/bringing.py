"""Archives brought here and opened, several at once where the machine has nothing better to do.

Whatever lies in a folder of this machine is read where it lies; all else is fetched one after the other, each while
those before it are being opened.
"""

from __future__ import annotations

import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from backup.archive import Syncing, unseal
from backup.port import Damaged
from backup.tar import Untar
from desk.errors import Trouble

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from backup.port import Heard
    from backup.vault import Manifest, Pack, Part, Vault


@dataclass(frozen=True, slots=True)
class Errand:
    """One archive, and what brings it: told whom to tell how much of it was read."""

    part: Part
    act: Callable[[Heard], None]


def run(
    errands: Sequence[Errand], report: Heard, *, at_once: int, all_of_them: bool = False
) -> list[tuple[Part, Trouble]]:
    """Do them, so many at a time. `report` hears how many bytes were read in all, from one thread at a time. What it
    raises, and every error, ends those that are under way and comes out here; where `all_of_them` are wanted, Trouble
    does not: it is given, with its part, in the order of the errands.
    """
    together = _Together(report, all_of_them=all_of_them)
    with ThreadPoolExecutor(at_once, thread_name_prefix="bringing") as threads:
        found = list(threads.map(together.done, errands))
    if together.error is not None:
        raise together.error
    return [(errand.part, trouble) for errand, trouble in zip(errands, found, strict=True) if trouble is not None]


class _Ended(BaseException):
    """Another errand has failed: this one need not go on."""


class _Together:
    """What the errands of one run share: a count, and the first error."""

    def __init__(self, report: Heard, *, all_of_them: bool) -> None:
        self.error: BaseException | None = None
        self._report = report
        self._all = all_of_them
        self._lock = Lock()
        self._total = 0

    def done(self, errand: Errand) -> Trouble | None:
        try:
            if self.error is None:
                errand.act(self._counting())
        except _Ended:
            pass
        except BaseException as error:  # noqa: BLE001 - it comes out where all of them end
            if self._all and isinstance(error, Trouble):
                return error
            self.error = self.error or error
        return None

    def _counting(self) -> Heard:
        seen = 0

        def heard(done: int) -> None:
            nonlocal seen
            with self._lock:
                if self.error is not None:
                    raise _Ended
                self._total += done - seen
                seen = done
                self._report(self._total)

        return heard


def bring_database(vault: Vault, manifest: Manifest, to: Path, report: Heard) -> None:
    """The database archive, fetched and opened."""
    part = manifest.database
    with vault.at_hand(part, report) as pieces, to.open("wb") as target:
        unseal(pieces, part.name, part.sealed, Syncing(target), vault.keys.identities)


def bring_files(
    vault: Vault, pack: Pack, found: Callable[[str, Path], None], report: Heard, *, proving: bool = False
) -> None:
    """The files of a pack, one after the other: `found` may move each away. Damaged where one is not what its index
    says, or is not there. `proving`: also where the index that lies there, or the archive itself, is not byte for byte
    what the manifest says.
    """
    listed = dict(vault.listed(pack, fresh=proving))

    def checked(sha256: str, path: Path) -> None:
        if listed.pop(sha256, None) != path.stat().st_size:
            raise Damaged(f"{pack.files.name} is damaged: it holds a file {sha256[:12]}… that it should not")
        found(sha256, path)

    with (
        vault.at_hand(pack.files, report) as pieces,
        tempfile.TemporaryDirectory(dir=vault.scratch, prefix="opened-") as opened,
        Untar(pack.files.name, Path(opened), checked, syncing=not proving) as untar,
    ):
        # Every file in it is held against its own SHA-256 as it comes out.
        unseal(pieces, pack.files.name, pack.files.sealed, untar, vault.keys.identities, hashed=proving)
        untar.end()
    if listed:
        raise Damaged(f"{pack.files.name} is damaged: {len(listed)} of its files are not in it")
