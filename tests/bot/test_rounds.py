"""Who looks again and again."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from bot.clockwork.rounds import Rounds

if TYPE_CHECKING:
    import pytest


async def test_looks_begin_when_woken_and_go_on_where_one_fails(caplog: pytest.LogCaptureFixture) -> None:
    looks = 0
    again = asyncio.Event()

    async def look() -> None:
        nonlocal looks
        looks += 1
        if looks == 1:
            rounds.wake()
            raise ConnectionError("the database is away")
        again.set()

    rounds = Rounds(look, every=3600.0)
    running = asyncio.create_task(rounds.run())
    await asyncio.sleep(0)
    assert (looks, rounds.woken) == (0, False)
    rounds.wake()
    async with asyncio.timeout(10):
        await again.wait()
    assert looks == 2
    assert "the database is away" in caplog.text
    running.cancel()
