"""The files of a drive. Titles need not be unique: two files of one name are two files, as on the real one."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    from sandbox.drive.setup import DriveSetup

FOLDER = "application/vnd.google-apps.folder"


class Refused(Exception):  # noqa: N818 - it reads as what happened
    """An answer with an error, in Drive's own words."""

    def __init__(self, status: int, reason: str, message: str, *, location: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.reason = reason
        self.location = location

    def as_json(self) -> dict[str, Any]:
        first: dict[str, str] = {"domain": "global", "reason": self.reason, "message": str(self)}
        if self.location:
            first |= {"locationType": "parameter", "location": self.location}
        return {"error": {"errors": [first], "code": self.status, "message": str(self)}}


@dataclass(slots=True)
class File:
    """A file or folder; its bytes lie on the disk under its id."""

    id: str
    title: str
    mime_type: str
    parents: list[str]
    created: datetime
    size: int = 0
    md5: str = ""
    trashed: bool = False
    modified: datetime = field(default_factory=lambda: datetime.now(UTC))

    def as_json(self) -> dict[str, Any]:
        found: dict[str, Any] = {
            "kind": "drive#file",
            "id": self.id,
            "title": self.title,
            "mimeType": self.mime_type,
            "labels": {"trashed": self.trashed, "starred": False, "hidden": False, "restricted": False},
            "createdDate": _written(self.created),
            "modifiedDate": _written(self.modified),
            "parents": [{"kind": "drive#parentReference", "id": parent} for parent in self.parents],
        }
        if self.mime_type != FOLDER:
            found |= {"fileSize": str(self.size), "md5Checksum": self.md5, "originalFilename": self.title}
        return found


class Files:
    """All files of one account."""

    def __init__(self, setup: DriveSetup, folder: Path) -> None:
        self._setup = setup
        self._folder = folder
        self.quota = setup.quota
        self._files: dict[str, File] = {}
        self._add(File(setup.folder, setup.folder_title, FOLDER, ["root"], datetime.now(UTC)))

    def all(self) -> list[File]:
        """The newest first."""
        return sorted(self._files.values(), key=lambda file: file.modified, reverse=True)

    def get(self, id_: str) -> File:
        if id_ not in self._files:
            raise Refused(404, "notFound", f"File not found: {id_}", location="fileId")
        return self._files[id_]

    def bytes_of(self, file: File) -> Path:
        return self._folder / file.id

    def used(self) -> int:
        return sum(file.size for file in self._files.values())

    def must_fit(self, size: int, instead_of: File | None = None) -> None:
        """Refused where the quota would be exceeded."""
        if self.used() - (instead_of.size if instead_of else 0) + size > self.quota:
            raise Refused(403, "storageQuotaExceeded", "The user's Drive storage quota has been exceeded.")

    def create(self, metadata: dict[str, Any], content: Path | None) -> File:
        """A new file, whatever else has that title."""
        parents = [str(parent["id"]) for parent in metadata.get("parents") or [{"id": "root"}]]
        for parent in parents:
            if parent != "root" and self.get(parent).mime_type != FOLDER:
                raise Refused(403, "parentNotAFolder", "The specified parent is not a folder.")
        title = str(metadata.get("title") or "Untitled")
        mime_type = str(metadata.get("mimeType") or "application/octet-stream")
        file = File(secrets.token_urlsafe(20), title, mime_type, parents, datetime.now(UTC))
        if content is not None:
            self._fill(file, content)
        self._add(file)
        return file

    def update(self, id_: str, metadata: dict[str, Any], content: Path | None) -> File:
        file = self.get(id_)
        file.title = str(metadata.get("title") or file.title)
        if content is not None:
            self._fill(file, content)
        file.modified = datetime.now(UTC)
        return file

    def trash(self, id_: str, *, trashed: bool) -> File:
        file = self.get(id_)
        file.trashed = trashed
        return file

    def delete(self, id_: str) -> None:
        """For good, past the trash."""
        file = self.get(id_)
        self.bytes_of(file).unlink(missing_ok=True)
        del self._files[id_]

    def empty_trash(self) -> None:
        for file in [file for file in self._files.values() if file.trashed]:
            self.delete(file.id)

    def _fill(self, file: File, content: Path) -> None:
        self.must_fit(content.stat().st_size, file)
        with content.open("rb") as opened:
            file.md5 = hashlib.file_digest(opened, "md5").hexdigest()
        file.size = content.stat().st_size
        content.replace(self.bytes_of(file))

    def _add(self, file: File) -> None:
        self._files[file.id] = file


def _written(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
