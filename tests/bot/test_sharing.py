"""Shards among instances: each is heard by one of them, they spread, and those of one that goes are taken over."""

from __future__ import annotations

import asyncio
import itertools
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, TypeVar, cast

import pytest

from bot import sharing
from bot.reach import LOST, Reach
from bot.sharing import Sharing
from bot.turns import Turns
from storage.turns import OwnTurns

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Collection

    from desk.ports import Storage, Transaction, Turn

T = TypeVar("T")
LIVES = itertools.count(1)


@pytest.fixture(autouse=True)
def quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sharing, "LOOK_EVERY", 0.01)


class House:
    """What the instances of one desk have in common."""

    def __init__(self, shards: int) -> None:
        self.shards = shards
        self.turns = OwnTurns()
        self.living: list[Instance] = []
        self.changed = asyncio.Event()
        self.said: dict[str, str] = {}

    def agreed(self, name: str) -> str | None:
        return self.said.get(name)

    def agree(self, name: str, words: str) -> None:
        self.said[name] = words

    async def until(self, found: Callable[[], bool]) -> None:
        async with asyncio.timeout(10):
            while not found():
                self.changed.clear()
                await self.changed.wait()

    def heard(self) -> list[int]:
        """Each shard as often as it is heard."""
        return sorted(shard for instance in self.living for shard in instance.hears)


class Instance:
    """One instance's storage and its network in one."""

    name = host = "discord"

    def __init__(self, house: House) -> None:
        self._house = house
        self.hears: frozenset[int] = frozenset()
        self.pace = self.of = 0
        self.life = next(LIVES)
        house.living.append(self)
        self.then: dict[str, Callable[[str, int], None]] = {}
        self.reach = Reach(cast("Storage", self), {})
        self.reach.listen()
        share = Sharing(cast("Storage", self), Turns(cast("Storage", self), self.reach), self, self.reach)
        self.running = asyncio.create_task(share.run())

    def others(self) -> list[int]:
        return [each.life for each in self._house.living if each is not self]

    def when_told(self, topic: str, then: Callable[[str, int], None]) -> None:
        self.then[topic] = then

    def tell(self, topic: str, words: str = "") -> None:
        for each in self._house.living:
            if each is not self:
                each.then[topic](words, self.life)

    @asynccontextmanager
    async def turn(self, name: str) -> AsyncIterator[Turn]:
        async with self._house.turns.turn(name) as turn:
            yield turn

    def instance(self) -> int:
        return self.life

    async def write(self, verb: Callable[[Transaction], T]) -> T:
        return verb(cast("Transaction", self._house))

    read = write

    async def shards(self) -> int:
        return self._house.shards

    def divide(self, shards: int) -> None:
        assert not self.hears
        self.of = shards
        self._house.changed.set()

    async def hear(self, shards: Collection[int]) -> None:
        self.hears = frozenset(shards)
        twice = [shard for shard in self._house.heard() if self._house.heard().count(shard) > 1]
        assert not twice, f"{twice} are heard by two"
        self._house.changed.set()

    def among(self, instances: int) -> None:
        self.pace = instances
        self._house.changed.set()

    async def end(self) -> None:
        self._house.living.remove(self)
        self.running.cancel()
        await asyncio.gather(self.running, return_exceptions=True)


async def test_shards_spread_over_the_instances_and_are_taken_over() -> None:
    house = House(5)
    first = Instance(house)
    await house.until(lambda: first.hears == {0, 1, 2, 3, 4})
    second, third = Instance(house), Instance(house)
    await house.until(lambda: house.heard() == [0, 1, 2, 3, 4] and all(len(one.hears) <= 2 for one in house.living))
    await house.until(lambda: {one.pace for one in house.living} == {3})
    await first.end()
    await house.until(lambda: house.heard() == [0, 1, 2, 3, 4] and all(len(one.hears) <= 3 for one in house.living))
    await second.end()
    await house.until(lambda: third.hears == {0, 1, 2, 3, 4})
    await third.end()


async def test_one_shard_has_one_owner() -> None:
    house = House(1)
    instances = [Instance(house) for _ in range(3)]
    await house.until(lambda: house.heard() == [0])
    (owner,) = (one for one in instances if one.hears)
    await owner.end()
    await house.until(lambda: house.heard() == [0])
    for one in house.living[:]:
        await one.end()


async def test_who_does_not_reach_the_network_leaves_its_shards_to_others() -> None:
    house = House(2)
    first = Instance(house)
    await house.until(lambda: first.hears == {0, 1})
    second = Instance(house)
    await house.until(lambda: house.heard() == [0, 1] and len(first.hears) == 1)
    first.reach._lose("discord")
    first.tell(LOST, "discord")
    await house.until(lambda: second.hears == {0, 1} and not first.hears)
    first.reach._found("discord")
    await house.until(lambda: house.heard() == [0, 1] and len(first.hears) == 1)
    for one in (first, second):
        await one.end()


async def test_all_instances_hear_one_of_as_many_shards_whatever_the_network_advises_later() -> None:
    house = House(2)
    first = Instance(house)
    await house.until(lambda: first.hears == {0, 1})
    house.shards = 3  # it has grown
    second = Instance(house)
    await house.until(lambda: house.heard() == [0, 1] and second.of == 2 and len(second.hears) == 1)
    await first.end()  # what it said, the next goes on saying
    third = Instance(house)
    await house.until(lambda: house.heard() == [0, 1] and third.of == 2 and len(third.hears) == 1)
    await second.end()
    await third.end()
    fourth, fifth = Instance(house), Instance(house)  # both at once: the oldest says how many there are now
    await house.until(lambda: house.heard() == [0, 1, 2] and fourth.of == fifth.of == 3)
    house.said["shards:discord"] = f"4 {fourth.life}"  # two had said different things, and this one last
    await house.until(lambda: house.heard() == [0, 1, 2, 3] and fourth.of == fifth.of == 4)
    await fourth.end()
    await fifth.end()
