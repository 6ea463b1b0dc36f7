"""An address becomes a destination, with its secret from the environment."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from backup.config import BackupConfig, DestinationSection
from backup.drive import Drive
from backup.folder import Folder
from backup.places import place
from backup.port import BackupError
from backup.remote import Remote
from backup.schedule import every

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("address", "kind"),
    (
        ("file:///srv/copies", Folder),
        ("drive://0Bfolder", Drive),
        ("sftp://desk@vault/copies", Remote),
        ("ftp://desk@vault/copies", Remote),
        ("s3://bucket/copies", Remote),
    ),
)
def test_each_kind(tmp_path: Path, address: str, kind: type) -> None:
    section = DestinationSection(id="x", address=address, credentials_env="SECRET")
    made = place(section, {"SECRET": "a:b"}, root=tmp_path)
    assert isinstance(made.destination, kind)
    with pytest.raises(BackupError, match="SECRET is not set"):
        place(section, {}, root=tmp_path)


def test_a_relative_folder_begins_at_the_data(tmp_path: Path) -> None:
    made = place(DestinationSection(id="x", address="file:copies"), {}, root=tmp_path)
    assert made.destination.names() == {}
    assert (tmp_path / "copies").is_dir()


@pytest.mark.parametrize(
    ("schedule", "seconds"),
    (("every 6h", 21600), ("every 90m", 5400), ("every 1d", 86400), ("30 3 * * *", None), ("every 0h", None)),
)
def test_intervals(schedule: str, seconds: int | None) -> None:
    assert every(schedule) == seconds


def test_ids_are_each_once() -> None:
    with pytest.raises(ValueError, match="stands twice"):
        BackupConfig(
            destinations=[DestinationSection(id="x", address="file:a"), DestinationSection(id="x", address="file:b")]
        )
