"""The whole desk written as one file: `docs/export.md` is its description, `backup.transfer` reads it."""

from __future__ import annotations

import hashlib
import json
import tarfile
from datetime import UTC
from typing import TYPE_CHECKING, Any

import zstandard

from backup.archive import LEVEL, THREADS, pieces_of, seal
from backup.port import Damaged, Progress, told
from backup.tar import BLOCK
from backup.transfer import AGE, CONFIG, END, FILES, HEAD, ROWS, Head

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from backup.job import Work
    from backup.port import Report

PIECE = 4_000_000  # bytes of rows in one member, about


def export(work: Work, to: Path, config: str, report: Report) -> Head:
    """Write the desk as it is now to a file, whole or not at all. `config` is its config.toml."""
    scratch = work.folder / "scratch"
    scratch.mkdir(parents=True, exist_ok=True)
    copy = scratch / "export.sqlite3"
    half = to.with_name(f"{to.name}.part")
    try:
        with told(to.parent):
            report(Progress("snapshot"))
            work.database.snapshot(copy)
            head, files = _head(work, copy)
            pieces = _Written(head, config).pieces(work, copy, files, report)
            if to.name.endswith(AGE):
                seal(pieces, half, work.keys.recipients)
            else:
                _compress(pieces, half)
            half.replace(to)
        return head
    finally:
        copy.unlink(missing_ok=True)
        half.unlink(missing_ok=True)


def _head(work: Work, copy: Path) -> tuple[Head, Mapping[str, int]]:
    work.database.check(copy, thorough=True)
    schema, _ = work.database.facts(copy)
    files, missing = dict[str, int](), list[str]()
    for sha256, _ in work.database.files(copy):
        try:
            files[sha256] = work.files.path(sha256).stat().st_size
        except FileNotFoundError:
            missing.append(sha256)
    head = Head(
        desk=work.desk,
        made_at=work.clock().astimezone(UTC).isoformat(timespec="seconds"),
        version=work.version,
        schema=schema,
        counts=dict(work.database.tables(copy)),
        numbers=work.database.numbers(copy),
        files=len(files),
        files_size=sum(files.values()),
        missing=tuple(missing),
    )
    return head, files


class _Written:
    """The members of the tar as they are made, each hashed."""

    def __init__(self, head: Head, config: str) -> None:
        self._head = head
        self._config = config
        self._hashes: dict[str, str] = {}

    def pieces(self, work: Work, copy: Path, files: Mapping[str, int], report: Report) -> Iterator[bytes]:
        yield from self._member(HEAD, self._head.as_bytes())
        yield from self._member(CONFIG, self._config.encode())
        for table in self._head.counts:
            for number, content in enumerate(_rows(work.database.rows(copy, table)), start=1):
                yield from self._member(f"{ROWS}{table}/{number:06d}.jsonl", content)
        done = 0
        for sha256, size in files.items():
            yield from self._file(f"{FILES}{sha256}", work.files.path(sha256), size)
            done += size
            report(Progress("files", done, self._head.files_size))
        yield from self._member(END, json.dumps(self._hashes, indent=1).encode())
        yield b"\0" * (2 * BLOCK)

    def _member(self, name: str, content: bytes) -> Iterator[bytes]:
        self._hashes[name] = hashlib.sha256(content).hexdigest()
        yield _entry(name, len(content))
        yield content
        yield b"\0" * (-len(content) % BLOCK)

    def _file(self, name: str, path: Path, size: int) -> Iterator[bytes]:
        yield _entry(name, size)
        digest = hashlib.sha256()
        for piece in pieces_of(path):
            digest.update(piece)
            yield piece
        if name != f"{FILES}{digest.hexdigest()}":
            raise Damaged(f"the desk's file {name.removeprefix(FILES)[:12]}… is damaged")
        self._hashes[name] = digest.hexdigest()
        yield b"\0" * (-size % BLOCK)


def _entry(name: str, size: int) -> bytes:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = size, 0o600
    return entry.tobuf(tarfile.USTAR_FORMAT)


def _rows(rows: Iterable[Mapping[str, Any]]) -> Iterator[bytes]:
    lines: list[str] = []
    size = 0
    for row in rows:
        lines.append(json.dumps(row, ensure_ascii=False, separators=(",", ":")) + "\n")
        size += len(lines[-1])
        if size >= PIECE:
            yield "".join(lines).encode()
            lines, size = [], 0
    if lines:
        yield "".join(lines).encode()


def _compress(pieces: Iterable[bytes], to: Path) -> None:
    compressor = zstandard.ZstdCompressor(level=LEVEL, threads=THREADS, write_checksum=True)
    with to.open("wb") as file, compressor.stream_writer(file, closefd=False) as writer:
        for piece in pieces:
            writer.write(piece)
