"""Instances that hear one thread: what was said first is on record first, and who does not answer leaves a doubt."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

import pytest

from adapters.memory import TRAITS
from adapters.port import Said
from bot import elsewhere
from bot.catchup import Held
from bot.elsewhere import Elsewhere
from bot.router import NotRecorded, Router
from desk.model import AccountRef, MessageRef, ThreadRef

if TYPE_CHECKING:
    from collections.abc import Callable

    from adapters.port import Channel
    from bot.catchup import Catchup
    from bot.house import House
    from desk.ports import Storage

THREAD, OTHER = ThreadRef("slack", "C1:1.0"), ThreadRef("slack", "C1:2.0")
NOW = datetime(2026, 11, 26, tzinfo=UTC)
SECOND = timedelta(seconds=1)


class Network:
    """What it has sent comes when `arrived` is set; how often it was asked of that."""

    traits = replace(TRAITS, anywhere=True)

    def __init__(self) -> None:
        self.arrived = asyncio.Event()
        self.arrived.set()
        self.is_whole = True
        self.asked = 0
        self.looked = asyncio.Event()

    async def is_up_to_date(self) -> bool:
        self.asked += 1
        self.looked.set()
        await self.arrived.wait()
        return self.is_whole


class Wire:
    """What instances' storage does for their talk: each hears what the others say, in order."""

    def __init__(self) -> None:
        self.ends: dict[int, End] = {}

    def end(self, network: Network | None = None) -> Elsewhere:
        number = len(self.ends) + 1
        end = self.ends[number] = End(self, number)
        channels = {"slack": cast("Channel", network or Network())}
        made = Elsewhere(cast("Storage", end), channels)  # no more than this is asked of them
        made.listen()
        return made


class End:
    def __init__(self, wire: Wire, number: int) -> None:
        self._wire = wire
        self._number = number
        self.then: dict[str, Callable[[str, int], None]] = {}

    def instance(self) -> int:
        return self._number

    def others(self) -> set[int]:
        return set(self._wire.ends) - {self._number}

    def when_told(self, topic: str, then: Callable[[str, int], None]) -> None:
        self.then[topic] = then

    def tell(self, topic: str, words: str = "") -> None:
        for number in self.others():
            asyncio.get_running_loop().call_soon(self._wire.ends[number].then[topic], words, self._number)


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where everybody answers, a busy machine has the time for it."""
    monkeypatch.setattr(elsewhere, "PATIENCE", 60.0)


async def test_an_instance_that_is_alone_waits_for_nobody() -> None:
    assert await Wire().end().settled(THREAD, NOW)


async def test_a_word_waits_for_an_older_one_that_another_instance_has_in_hand(patient: None) -> None:
    wire = Wire()
    first, second, third = wire.end(), wire.end(), wire.end()
    recorded: list[str] = []
    fetched = asyncio.Event()

    async def with_a_file() -> None:
        with first.hearing(THREAD, NOW):
            assert await first.settled(THREAD, NOW)
            await fetched.wait()
            recorded.append("older")

    async def quick(instance: Elsewhere, name: str, at: datetime) -> None:
        with instance.hearing(THREAD, at):
            assert await instance.settled(THREAD, at)
            recorded.append(name)

    slow = asyncio.create_task(with_a_file())
    await asyncio.sleep(0)
    newer = asyncio.create_task(quick(second, "newer", NOW + SECOND))
    newest = asyncio.create_task(quick(third, "newest", NOW + 2 * SECOND))
    assert await second.settled(OTHER, NOW + SECOND)  # another thread does not wait
    assert recorded == []
    fetched.set()
    await asyncio.gather(slow, newer, newest)
    assert recorded == ["older", "newer", "newest"]


async def test_many_words_at_once_are_asked_for_in_few_questions_and_none_is_forgotten(patient: None) -> None:
    wire = Wire()
    first, second = wire.end(), wire.end()
    threads = [ThreadRef("slack", f"C1:{number}.0") for number in range(600)]
    with first.hearing(threads[599], NOW):
        asked = [asyncio.create_task(second.settled(thread, NOW + SECOND)) for thread in threads]
        assert all(await asyncio.gather(*asked[:599]))
        assert not asked[599].done()
    assert await asked[599]


async def test_who_does_not_answer_leaves_a_doubt() -> None:
    wire = Wire()
    first, second = wire.end(), wire.end()
    first.fall_silent()
    assert not await second.settled(THREAD, NOW)
    first.listen()
    assert await second.settled(THREAD, NOW)


async def test_a_word_waits_until_all_that_the_network_has_sent_to_others_is_there() -> None:
    wire, network = Wire(), Network()
    first, second = wire.end(network), wire.end()
    network.arrived.clear()
    asked = [asyncio.create_task(second.settled(ref, NOW + SECOND)) for ref in (THREAD, OTHER)]
    await network.looked.wait()
    # What was under way to the first comes now: an older word than that which the second has heard.
    with first.hearing(THREAD, NOW):
        network.arrived.set()
        assert await asked[1]
        assert not asked[0].done()
    assert await asked[0]
    assert network.asked == 1
    network.is_whole = False  # the line may be cut
    assert not await second.settled(THREAD, NOW)


async def test_a_word_waits_for_all_older_ones_that_are_put_on_record_one_after_the_other(patient: None) -> None:
    wire = Wire()
    first, second = wire.end(), wire.end()
    lane, recorded = asyncio.Lock(), list[int]()
    doors = [asyncio.Event(), asyncio.Event()]

    async def hear(number: int) -> None:
        """As the networks' lanes do: the next is in hand when the one before has ended."""
        async with lane:
            with first.hearing(THREAD, NOW + number * SECOND):
                await doors[number].wait()
                recorded.append(number)

    older = [asyncio.create_task(hear(number)) for number in range(2)]
    await asyncio.sleep(0)
    newest = asyncio.create_task(second.settled(THREAD, NOW + 2 * SECOND))
    for _ in range(20):
        await asyncio.sleep(0)
    doors[0].set()
    for _ in range(20):
        await asyncio.sleep(0)
    assert (recorded, newest.done()) == ([0], False)
    doors[1].set()
    assert await newest
    assert recorded == [0, 1]
    await asyncio.gather(*older)


class Reading:
    """A catch-up that still reads the thread's history."""

    def __init__(self) -> None:
        self.held: list[Held] = []
        self.holding = asyncio.Event()

    async def before(self, _ref: ThreadRef) -> bool:
        return False

    def hold(self, _ref: ThreadRef, said: Said) -> Held:
        self.held.append(Held(said))
        self.holding.set()
        return self.held[-1]


@pytest.mark.parametrize("recorded", (True, False))
async def test_a_word_that_waits_for_a_history_is_in_hand_until_it_is_on_record(
    patient: None, *, recorded: bool
) -> None:
    wire, reading = Wire(), Reading()
    first, second = wire.end(), wire.end()
    house = SimpleNamespace(storage=wire.ends[1], channels={"slack": Network()})
    router = Router(cast("House", house), cast("Catchup", reading), first)
    router._ours.add(THREAD)
    marc, at = AccountRef("slack", "U0MARC"), MessageRef("slack", "C1:2.0")
    hearing = asyncio.create_task(router.hear(Said(marc, THREAD, at, "Older", NOW)))
    await asyncio.wait_for(reading.holding.wait(), 10)
    newer = asyncio.create_task(second.settled(THREAD, NOW + SECOND))
    for _ in range(20):
        await asyncio.sleep(0)
    assert (hearing.done(), newer.done()) == (False, False)
    (held,) = reading.held
    held.recorded = recorded
    held.ended.set()
    assert await newer
    if recorded:
        await hearing
    else:  # the network is to deliver it again
        with pytest.raises(NotRecorded):
            await hearing
