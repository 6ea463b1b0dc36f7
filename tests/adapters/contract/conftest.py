"""Every test of the contract runs on every network."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.adapters.contract.worlds import WORLDS

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.adapters.contract.worlds import World


@pytest.fixture(params=sorted(WORLDS))
async def quiet(request: pytest.FixtureRequest) -> AsyncIterator[World]:
    """A network to which no desk listens yet."""
    async with WORLDS[request.param]() as world:
        yield world


@pytest.fixture
async def world(quiet: World) -> AsyncIterator[World]:
    """A network with a channel that listens."""
    async with quiet.listening():
        yield quiet
