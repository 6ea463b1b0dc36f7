"""Words that still stand as bytes in the files of a database, whatever no query looks at any more."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest


def files_of(where: Path | str) -> list[Path]:
    """The files in which the database's rows and indexes are."""
    if isinstance(where, Path):
        return list(where.parent.glob(f"{where.name}*"))
    with psycopg.connect(where.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute("CHECKPOINT")
        row = connection.execute(
            "SELECT current_setting('data_directory'), oid FROM pg_database WHERE datname = current_database()"
        ).fetchone()
    assert row is not None
    folder = Path(row[0]) / "base" / str(row[1])
    if not folder.is_dir():
        pytest.skip("the server's files are on another machine")
    return [path for path in folder.iterdir() if path.is_file()]


def traces(where: Path | str, word: str) -> list[str]:
    """The files that have it."""
    found = [path for path in files_of(where) if word.encode() in path.read_bytes().lower()]
    return sorted(path.name for path in found)
