"""What a drive starts with: its folder, its quota, and who may come in."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(slots=True)
class DriveSetup:
    """One account's drive, with one folder that was shared with the service account."""

    client_email: str = "desk@sandbox.iam.gserviceaccount.com"
    client_id: str = "sandbox-client"
    client_secret: str = "sandbox-secret"
    refresh_token: str = "1//sandbox-refresh"
    folder: str = "0Bsandbox"  # the folder's id
    folder_title: str = "Backups"
    quota: int = 15_000_000_000  # bytes, trash included
    token_life: float = 3600.0  # seconds
    session_life: float = 604_800.0  # seconds of an upload's address

    @classmethod
    def load(cls, path: Path) -> DriveSetup:
        """From a JSON file with these keys."""
        return cls(**json.loads(path.read_text(encoding="utf-8")))
