"""A storage for each test, on each database."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from storage import open_storage

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from desk.ports import Storage


@pytest.fixture
async def storage(where: Path | str) -> AsyncIterator[Storage]:
    made = open_storage(where)
    yield made
    await made.close()
