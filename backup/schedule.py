"""When backups are made: cron's fields or an interval for each destination, missed times caught up with once."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from apscheduler.schedulers.asyncio import AsyncIOScheduler  # type: ignore[import-untyped]
from apscheduler.triggers.cron import CronTrigger  # type: ignore[import-untyped]
from apscheduler.triggers.interval import IntervalTrigger  # type: ignore[import-untyped]

from backup.retention import Made, kept

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence
    from datetime import tzinfo

    from backup.retention import Keep

PLAYED = 20_000  # runs: years of them
JITTER = 120  # seconds: many desks that copy "at three" do not all come at three
_EVERY = re.compile(r"(\d+)\s*(m|h|d)")
_SECONDS = {"m": 60, "h": 3600, "d": 86_400}
DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")  # cron's 0 to 6


@dataclass(frozen=True, slots=True)
class Timed:
    """Something to be done again and again: by cron's fields, or an interval (in words, or as it is). `last` is when it
    was last begun, None where it never was.
    """

    name: str
    schedule: str | timedelta
    last: datetime | None


def trigger(
    schedule: str | timedelta, zone: tzinfo, *, start: datetime | None = None, jitter: int | None = None
) -> Any:
    """APScheduler's idea of it. ValueError where it is none. Intervals count from `start`."""
    if (seconds := _seconds(schedule)) is not None:
        return IntervalTrigger(seconds=seconds, start_date=start, timezone=zone, jitter=jitter)
    assert isinstance(schedule, str)  # the others are intervals
    minute, hour, day, month, weekday = schedule.split()
    return CronTrigger(
        minute=minute, hour=hour, day=day, month=month, day_of_week=_weekdays(weekday), timezone=zone, jitter=jitter
    )


def _seconds(schedule: str | timedelta) -> float | None:
    """Of an interval; None where it is none."""
    return schedule.total_seconds() if isinstance(schedule, timedelta) else every(schedule)


def every(schedule: str) -> int | None:
    """Seconds of an interval such as "every 6h"; None where it is none."""
    match = _EVERY.fullmatch(schedule.removeprefix("every").strip()) if schedule.startswith("every") else None
    return int(match[1]) * _SECONDS[match[2]] if match and int(match[1]) else None


def _weekdays(field: str) -> str:
    """Cron counts the days of a week from Sunday, APScheduler from Monday: names are the same to both."""
    if field == "*":
        return field
    found: list[str] = []
    for part in field.lower().split(","):
        span, _, step = part.partition("/")
        first, _, last = span.partition("-")
        if span == "*":
            first, last = "0", "6"
        begin, end = _day(first), _day(last or first)
        end += 7 if end < begin else 0
        found += [DAYS[day % 7] for day in range(begin, end + 1, int(step or 1))]
    return ",".join(dict.fromkeys(found))


def _day(name: str) -> int:
    return DAYS.index(name[:3]) if name[:1].isalpha() else int(name)


def next_time(timed: Timed, zone: tzinfo, now: datetime) -> datetime:
    """When it is next due: now, where a time was missed; an interval that never ran begins at once. A clock that was
    moved back does not put it off.
    """
    interval = _seconds(timed.schedule) is not None
    if timed.last is None:
        return now if interval else _following(timed, zone, now)
    last = min(timed.last, now)
    return max(now, _following(timed, zone, last))


def _following(timed: Timed, zone: tzinfo, after: datetime) -> datetime:
    seconds = _seconds(timed.schedule)
    if seconds is not None:
        return after + timedelta(seconds=seconds)
    found: datetime | None = trigger(timed.schedule, zone).get_next_fire_time(None, after + timedelta(microseconds=1))
    if found is None:
        raise ValueError(f"{timed.schedule!r} never comes")
    return found


def gone_by(schedule: str, keep: Keep, zone: tzinfo, now: datetime) -> datetime:
    """When every backup made up to now will have been taken away, if each run succeeds: retention played through, from
    as long ago as it reaches.
    """
    reaches = max(keep.daily, 7 * keep.weekly, 31 * keep.monthly, 366 * keep.yearly, 1)
    moment = now - timedelta(days=reaches)
    made: list[Made] = []
    for number in range(PLAYED):
        moment = _following(Timed("", schedule, moment), zone, moment)
        made.append(Made(str(number), number, moment.astimezone(zone)))
        stays = kept(made, keep)
        made = [one for one in made if one.name in stays]
        if moment > now and all(one.at > now for one in made):
            break
    return moment


async def run(
    entries: Sequence[Timed], zone: tzinfo, act: Callable[[str], Awaitable[None]], *, jitter: int = JITTER
) -> None:
    """Call `act` with each name at its times, until cancelled. A name never runs beside itself, and times that pass
    meanwhile come to one.
    """
    scheduler = AsyncIOScheduler(timezone=zone)
    now = datetime.now(UTC)
    for timed in entries:
        first = next_time(timed, zone, now)
        scheduler.add_job(
            act, trigger(timed.schedule, zone, start=first, jitter=jitter or None), args=[timed.name], id=timed.name,
            next_run_time=first, coalesce=True, misfire_grace_time=None, max_instances=1,
        )  # fmt: skip
    scheduler.start()
    try:
        await asyncio.Event().wait()
    finally:
        scheduler.shutdown(wait=False)
