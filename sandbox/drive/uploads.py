"""Uploads in pieces: a session's address takes chunks in order, tells how far it got, and makes the file at its end.

developers.google.com/drive/api/guides/manage-uploads: chunks are multiples of 256 KiB but for the last; 308 with
`Range` until all is there; `Content-Range: bytes */N` asks; 404 once the session is gone.
"""

from __future__ import annotations

import re
import secrets
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sandbox.drive.files import Refused

if TYPE_CHECKING:
    from pathlib import Path

    from sandbox.drive.files import File, Files

STEP = 256 * 1024  # bytes
_RANGE = re.compile(r"bytes (?:(\d+)-(\d+)|\*)/(\d+)")


@dataclass(slots=True)
class Session:
    """One upload that was begun."""

    metadata: dict[str, Any]
    file_id: str | None  # of the file that is replaced
    total: int | None
    part: Path
    until: float
    done: File | None = None


class Uploads:
    """The sessions of one drive."""

    def __init__(self, files: Files, folder: Path, life: float) -> None:
        self._files = files
        self._folder = folder
        self._life = life
        self._sessions: dict[str, Session] = {}

    def begin(self, metadata: dict[str, Any], file_id: str | None, total: int | None) -> str:
        """The key of a new session. Refused where it cannot fit or what it replaces is not there."""
        old = self._files.get(file_id) if file_id else None
        for parent in metadata.get("parents") or ():
            self._files.get(str(parent["id"]))
        if total is not None:
            self._files.must_fit(total, old)
        key = secrets.token_urlsafe(16)
        part = self._folder / f"upload-{key}"
        part.touch()
        self._sessions[key] = Session(metadata, file_id, total, part, time.monotonic() + self._life)
        return key

    def forget(self) -> None:
        """All sessions at once, as after a week."""
        for session in self._sessions.values():
            session.part.unlink(missing_ok=True)
        self._sessions.clear()

    def session(self, key: str) -> Session:
        found = self._sessions.get(key)
        if found is None or found.until < time.monotonic():
            raise Refused(404, "notFound", "Upload session not found")
        return found

    def asked(self, session: Session, content_range: str) -> tuple[int, int, int] | None:
        """First and last byte and the whole, of a chunk's header; None where it only asks. Refused(400) otherwise."""
        match = _RANGE.fullmatch(content_range)
        if match is None:
            raise Refused(400, "badRequest", f"Failed to parse Content-Range header: {content_range!r}")
        total = int(match[3])
        if session.total is None:
            session.total = total
        if total != session.total:
            raise Refused(400, "badRequest", "The total is not the one that was announced")
        return None if match[1] is None else (int(match[1]), int(match[2]), total)

    def take(self, session: Session, first: int, last: int, content: bytes) -> None:
        """A chunk. Refused where it does not follow, or is of a size that Drive does not take."""
        assert session.total is not None  # `asked` has seen it
        if len(content) != last - first + 1 or last >= session.total:
            raise Refused(400, "badRequest", f"{len(content)} bytes for the range {first}-{last}")
        there = session.part.stat().st_size
        if first > there:
            raise Refused(400, "badRequest", "Invalid request. The chunk does not follow what is there.")
        if last + 1 < session.total and len(content) % STEP:
            raise Refused(400, "badRequest", "Invalid request. Chunks are multiples of 262144 bytes.")
        with session.part.open("ab") as file:
            file.write(content[there - first :])  # bytes that are there already are passed over

    def finished(self, session: Session) -> File | None:
        """The file, once all is there."""
        if session.done is None and session.part.exists() and session.part.stat().st_size == session.total:
            if session.file_id:
                session.done = self._files.update(session.file_id, session.metadata, session.part)
            else:
                session.done = self._files.create(session.metadata, session.part)
        return session.done
