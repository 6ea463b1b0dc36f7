"""Several instances on one PostgreSQL: who lives, whose turn it is, what they tell each other, what the dead leave."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

import psycopg
import pytest

from storage import LifeOver, open_storage
from storage.postgresql import instances
from storage.postgresql.instances import LIFE
from storage.postgresql.writing import PostgreSQLStorage

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

    from desk.ports import Storage
    from tests.databases import Server

PATIENCE = 20.0  # seconds


@pytest.fixture(autouse=True)
def quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, seconds in {"BEAT": 0.1, "DEAD_AFTER": 0.3, "AGAIN": 0.05}.items():
        monkeypatch.setattr(instances, name, seconds)


@pytest.fixture
def url(postgresql: Server) -> Iterator[str]:
    with postgresql.database() as made:
        yield made


@pytest.fixture
async def two(url: str) -> AsyncIterator[tuple[Storage, Storage]]:
    first, second = open_storage(url), open_storage(url)
    yield first, second
    await first.close()
    await second.close()


async def until(found: Callable[[], object]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not found():  # noqa: ASYNC110 - another thread, or the database, does it
            await asyncio.sleep(0.02)


def sql(url: str, statement: str) -> list[tuple[object, ...]]:
    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as database:
        cursor = database.execute(statement.encode())
        return cursor.fetchall() if cursor.description else []


async def test_instances_know_each_other_and_hear_what_is_told(two: tuple[Storage, Storage]) -> None:
    first, second = two
    told: list[tuple[str, int]] = []
    second.when_told("news", lambda words, teller: told.append((words, teller)))
    first.when_told("news", lambda words, _teller: told.append((f"to itself: {words}", 0)))
    assert first.instance() is None
    async with first.life():
        assert first.others() == frozenset()
        async with second.life():
            await until(
                lambda: set(first.others()) == {second.instance()} and set(second.others()) == {first.instance()}
            )
            first.tell("news", "in French, « é »")
            await until(lambda: told)
            assert told == [("in French, « é »", first.instance())]
        await until(lambda: not first.others())  # who takes leave is gone at once


async def test_a_turn_is_one_instances_until_it_gives_it_back(two: tuple[Storage, Storage]) -> None:
    first, second = two
    had: list[str] = []

    async def take(storage: Storage, name: str) -> None:
        async with storage.turn("schedule"):
            had.append(name)

    async with first.life(), second.life():
        async with first.turn("schedule"):
            waiting = asyncio.create_task(take(second, "second"))
            async with second.turn("another"):
                pass
            assert had == []
        await asyncio.wait_for(waiting, PATIENCE)
        await asyncio.wait_for(take(first, "first"), PATIENCE)
    assert had == ["second", "first"]


async def test_a_session_that_breaks_costs_the_turns_and_not_the_life(url: str, two: tuple[Storage, Storage]) -> None:
    first, _ = two
    async with first.life() as life:
        mine = first.instance()
        lost: list[str] = []
        async with first.turn("schedule") as turn:
            turn.when_lost(lambda: lost.append("turn"))
            life.when_lost(lambda: lost.append("life"))
            sql(url, f"SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND classid = {LIFE}")
            await asyncio.wait_for(turn.lost(), PATIENCE)
        async with first.turn("schedule"):  # the next session has it
            assert (lost, first.instance()) == (["turn"], mine)
        assert await first.write(lambda tx: tx.first_hearing("still alive"))


async def test_what_a_life_that_was_noted_to_be_over_asks_for_is_refused(
    url: str, two: tuple[Storage, Storage]
) -> None:
    first, second = two
    async with AsyncExitStack() as living:
        await living.enter_async_context(first.life())
        await living.enter_async_context(second.life())
        sql(url, f"UPDATE instances SET ended_at = 1 WHERE id = {first.instance()}")
        with pytest.raises(LifeOver):
            await first.write(lambda tx: tx.first_hearing("too late"))
        assert await second.write(lambda tx: tx.first_hearing("too late"))  # nothing of it was left
    async with first.life():
        assert await first.write(lambda tx: tx.first_hearing("in another life"))


async def test_an_instance_that_is_out_of_touch_lets_go_of_all_at_once(two: tuple[Storage, Storage]) -> None:
    first, second = two
    assert isinstance(first, PostgreSQLStorage)
    lost: list[str] = []
    async with second.life():
        async with first.life() as life, first.turn("schedule") as turn:
            life.when_lost(lambda: lost.append("life"))
            turn.when_lost(lambda: lost.append("turn"))
            first._instances._out_of_touch()  # what its own clock does
            assert lost == ["life", "turn"]
            await life.lost()
            await turn.lost()
        async with asyncio.timeout(PATIENCE), second.turn("schedule"):
            await until(lambda: not second.others())


async def test_that_an_instance_has_gone_is_known_though_the_notice_of_it_is_lost(
    url: str, two: tuple[Storage, Storage]
) -> None:
    first, second = two
    gone: list[str] = []
    first.when_told("died", lambda words, _teller: gone.append(words))
    async with first.life(), second.life():
        await until(lambda: second.instance() in first.others())
        sql(url, f"UPDATE instances SET ended_at = 1 WHERE id = {second.instance()}")
        await until(lambda: gone == [str(second.instance())] and not first.others())


async def test_of_an_instance_that_is_dead_the_others_free_what_it_had_in_hand(
    url: str, two: tuple[Storage, Storage]
) -> None:
    first, _ = two
    died: list[str] = []
    first.when_told("died", lambda words, _teller: died.append(words))
    ((dead,),) = sql(url, "INSERT INTO instances (name, since) VALUES ('of old', 0) RETURNING id")
    async with first.life():
        await until(lambda: died == [str(dead)])
        assert sql(url, f"SELECT ended_at IS NOT NULL FROM instances WHERE id = {dead}") == [(True,)]
