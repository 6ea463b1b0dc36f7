"""A storage for each test, on real SQLite; a second database joins here."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from storage import SQLiteStorage, open_storage

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path


@pytest.fixture
async def storage(tmp_path: Path) -> AsyncIterator[SQLiteStorage]:
    made = open_storage(tmp_path / "desk.sqlite3")
    yield made
    await made.close()
