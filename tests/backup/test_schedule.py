"""When a backup is due."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from backup import schedule
from backup.config import DestinationSection
from backup.retention import Keep
from backup.schedule import Timed, gone_by, next_time, trigger

PARIS = ZoneInfo("Europe/Paris")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("timing", "last", "now", "due"),
    (
        ("every 6h", None, "2026-11-24 09:00", "2026-11-24 09:00"),  # never ran: now
        ("every 6h", "2026-11-24 08:00", "2026-11-24 09:00", "2026-11-24 14:00"),
        ("every 6h", "2026-11-20 08:00", "2026-11-24 09:00", "2026-11-24 09:00"),  # missed: once, now
        ("30 3 * * *", None, "2026-11-24 09:00", "2026-11-25 02:30"),  # half past three in Paris
        ("30 3 * * *", "2026-11-24 02:31", "2026-11-24 09:00", "2026-11-25 02:30"),
        ("30 3 * * *", "2026-11-22 02:31", "2026-11-24 09:00", "2026-11-24 09:00"),  # two were missed: one run
        ("every 6h", "2036-01-01 00:00", "2026-11-24 09:00", "2026-11-24 15:00"),  # the clock was ahead
        ("0 0 29 2 *", None, "2026-11-24 09:00", "2028-02-28 23:00"),
    ),
)
def test_the_next_time(timing: str, last: str | None, now: str, due: str) -> None:
    timed = Timed("x", timing, at(last) if last else None)
    assert next_time(timed, PARIS, at(now)) == at(due)


@pytest.mark.parametrize(
    ("field", "days"),
    (
        ("0", {6}),
        ("7", {6}),
        ("1-5", {0, 1, 2, 3, 4}),
        ("5-1", {4, 5, 6, 0}),
        ("*/2", {6, 1, 3, 5}),
        ("mon,fri", {0, 4}),
        ("sat-sun", {5, 6}),
    ),
)
def test_days_of_the_week_are_crons(field: str, days: set[int]) -> None:
    made = trigger(f"0 3 * * {field}", UTC)
    found, moment = set(), at("2026-11-01 00:00")
    for _ in range(14):
        moment = made.get_next_fire_time(None, moment) + timedelta(seconds=1)
        found.add(moment.weekday())
    assert found == days


@pytest.mark.parametrize("wrong", ("daily", "every 0h", "99 3 * * *", "0 3 * * someday", "1 2 3", "0 0 31 2 *"))
def test_a_schedule_that_is_none_is_a_mistake(wrong: str) -> None:
    with pytest.raises(ValueError, match="schedule"):
        DestinationSection(id="x", address="file:x", schedule=wrong)


async def test_each_runs_at_its_time_and_never_beside_itself() -> None:
    running, most, done = 0, 0, asyncio.Event()
    ran: list[str] = []

    async def act(name: str) -> None:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0)
        running -= 1
        ran.append(name)
        if len(ran) == 2:
            done.set()

    old = datetime.now(UTC) - timedelta(days=3)
    entries = [Timed("often", "every 1m", None), Timed("missed", "0 0 * * *", old), Timed("later", "0 0 29 2 *", None)]
    running_ = asyncio.create_task(schedule.run(entries, UTC, act, jitter=0))
    async with asyncio.timeout(10):
        await done.wait()
    running_.cancel()
    await asyncio.gather(running_, return_exceptions=True)
    assert sorted(ran) == ["missed", "often"]


@pytest.mark.parametrize(
    ("timing", "keep", "days"),
    (
        ("0 3 * * *", Keep(last=2), 2),  # the second run from now takes the last of today's away
        ("0 3 * * *", Keep(last=1, daily=7), 7),
        ("0 3 * * *", Keep(last=1, weekly=4), 20),
        ("every 6h", Keep(last=4), 1),
    ),
)
def test_until_when_what_is_erased_today_is_in_older_copies(timing: str, keep: Keep, days: int) -> None:
    now = at("2026-11-24 09:00")
    assert (gone_by(timing, keep, UTC, now) - now).total_seconds() / 86_400 == pytest.approx(days, abs=1)
