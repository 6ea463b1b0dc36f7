"""What an instance does not reach is left to the others, if there are any; and it is told when it is reached again."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, cast

import pytest

from adapters.memory import MemoryChannel
from bot import reach, turns
from bot.reach import Reach
from bot.turns import Turns
from storage.turns import OwnTurns

if TYPE_CHECKING:
    from collections.abc import Callable

    from desk.ports import Storage


class Instances:
    """As many of what a desk's storage says as is asked of it here."""

    def __init__(self) -> None:
        self._turns = OwnTurns()
        self.turn = self._turns.turn
        self.living: set[int] = set()

    def others(self) -> set[int]:
        return self.living

    def tell(self, topic: str, words: str = "") -> None:
        """Nobody listens."""


class Watched:
    """A reach that looks often, and what it tells."""

    def __init__(self) -> None:
        self.instances = Instances()
        self.channel = MemoryChannel("memory")
        self.channel.network.up.set()
        self.reach = Reach(cast("Storage", self.instances), {"memory": self.channel})
        self.told = asyncio.Event()
        self.reach.when_changed(self.told.set)

    async def until(self, *, reached: bool) -> None:
        async with asyncio.timeout(10):
            while self.reach.reaches_channel("memory") is not reached:
                self.told.clear()
                await self.told.wait()


@pytest.fixture
def watched(monkeypatch: pytest.MonkeyPatch) -> Watched:
    monkeypatch.setattr(reach, "LOOK_EVERY", 0.001)
    monkeypatch.setattr(reach, "SILENT", 0.01)
    monkeypatch.setattr(turns, "STEP_BACK", 0.0)
    return Watched()


async def looking(watched: Watched, then: Callable[[], None] = lambda: None) -> asyncio.Task[None]:
    running = asyncio.create_task(watched.reach.run())
    for _ in range(5):
        await asyncio.sleep(0.005)
    then()
    return running


async def an_attempt(watched: Watched) -> None:
    async with asyncio.timeout(30) as attempt:
        with watched.reach.limiting("memory", attempt):
            await asyncio.Event().wait()


async def test_an_instance_that_is_alone_reaches_everything(watched: Watched) -> None:
    running = await looking(watched, watched.channel.network.up.clear)
    await asyncio.sleep(0.05)
    assert watched.reach.reaches_channel("memory")
    watched.instances.living.add(2)
    await watched.until(reached=False)
    watched.instances.living.clear()
    await watched.until(reached=True)
    running.cancel()


async def test_an_attempt_ends_where_its_network_is_lost_and_a_turn_is_left_to_others(watched: Watched) -> None:
    watched.instances.living.add(2)
    running = await looking(watched)
    begun, again = asyncio.Event(), asyncio.Event()

    async def work() -> None:
        (again if begun.is_set() else begun).set()
        await asyncio.Event().wait()

    keeping = asyncio.create_task(Turns(cast("Storage", watched.instances), watched.reach).keep("schedule", work))
    await begun.wait()
    watched.channel.network.up.clear()
    with pytest.raises(TimeoutError):
        await an_attempt(watched)
    assert not watched.reach.reaches_channel("memory")
    async with asyncio.timeout(10):
        await again.wait()
    watched.channel.network.up.set()
    await watched.until(reached=True)
    for task in (keeping, running):
        task.cancel()
    await asyncio.gather(keeping, running, return_exceptions=True)
