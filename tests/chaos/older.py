"""The desk of an earlier commit, from this repository's own history: for a rolling upgrade that is real."""

from __future__ import annotations

import subprocess
import tarfile
from io import BytesIO
from pathlib import Path

ROOT = Path(__file__).parents[2]
# The last commit of schema 0022, since which desks can go on beside the newest one (`storage.opening.SINCE`).
OLDER = "06bca4c4cf1a925bc773368b709a378770ff5200"
TOO_OLD = "fd18c06"  # schema 0021, on PostgreSQL


class NotThere(Exception):  # noqa: N818 - it reads as what happened
    """The history that is here does not go back so far."""


def unpacked(commit: str, folder: Path) -> Path:
    """That commit's files, in the folder. NotThere where there is no such commit, or no git."""
    try:
        found = subprocess.run(["git", "archive", commit], cwd=ROOT, capture_output=True, check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise NotThere(f"{commit} is not in the history that is here") from error
    folder.mkdir(parents=True, exist_ok=True)
    with tarfile.open(fileobj=BytesIO(found.stdout)) as archive:
        archive.extractall(folder, filter="data")
    return folder
