"""The pictures of /stats: what they show, reckoned here, and drawn by a process of its own."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import bot
from desk.figures import Figure, Period

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date, datetime

    from bot.words import Words
    from desk.figures import Scope
    from desk.ports import Transaction

WITHIN = 60.0  # seconds that drawing may take
MOST_STEPS = 95  # in a picture: a quarter day by day
_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)
_BORDERS = tuple(timedelta(minutes=count) for count in (15, 60, 240, 480, 1440, 2880))


class NotDrawn(RuntimeError):  # noqa: N818 - it names what happened
    """The process that draws failed: a bug, or a library that is not there."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """What the pictures are made of. `days`: the first of each step, a day of the house's time zone, or a week or month
    in long periods, over the period so far; `opened` and `closed` within each step, `backlog` at its end; `load` by
    weekday (Monday 0) and hour.
    """

    days: tuple[date, ...]
    opened: tuple[int, ...]
    closed: tuple[int, ...]
    backlog: tuple[int, ...]
    responses: tuple[int, ...]  # up to each of the borders, and beyond
    load: tuple[tuple[int, ...], ...]
    step: str = "day"  # or "week" or "month"


def gathered(tx: Transaction, scope: Scope, period: Period, zone: str) -> Drawn:
    """Reckon them in one transaction."""
    here, until = ZoneInfo(zone), min(tx.now, period.end - timedelta(microseconds=1))
    first, last = period.start.astimezone(here).date(), until.astimezone(here).date()
    days = tuple(first + number * _DAY for number in range(max((last - first).days, 0) + 1))
    opened, closed, load, spread = _summed_up(tx, scope, period, zone) or _counted(tx, scope, period, here)
    # What was open when the period began, and from then on what came and went.
    standing = tx.count_behind(Figure.BACKLOG, scope, Period(period.start, period.start), zone)
    backlog = []
    for day in days:
        standing += opened.get(day, 0) - closed.get(day, 0)
        backlog.append(standing)
    step = _step(days)
    steps = _steps(days, step)
    return Drawn(
        tuple(days[step.start] for step in steps),
        tuple(sum(opened.get(day, 0) for day in days[step]) for step in steps),
        tuple(sum(closed.get(day, 0) for day in days[step]) for step in steps),
        tuple(backlog[step][-1] for step in steps),
        tuple(spread),
        tuple(map(tuple, load)),
        step,
    )


_Parts = tuple[dict["date", int], dict["date", int], list[list[int]], list[int]]


def _summed_up(tx: Transaction, scope: Scope, period: Period, zone: str) -> _Parts | None:
    """From the tallies, where they can tell."""
    days, sums = tx.days(scope, period, zone), tx.summed(scope, period, zone)
    if days is None or sums is None:
        return None
    spread = [0] * (len(_BORDERS) + 1)
    for length, count in sums.lengths("first_business"):
        spread[sum(length > border for border in _BORDERS)] += count
    opened, closed = ({day: counts[which] for day, counts in days.items()} for which in (0, 1))
    return opened, closed, sums.load(), spread


def _counted(tx: Transaction, scope: Scope, period: Period, here: ZoneInfo) -> _Parts:
    """Life by life."""
    opened_by_hour = tx.by_hour("opened", scope, period)
    load = [[0] * 24 for _ in range(7)]
    for hour, count in opened_by_hour.items():
        local = hour.astimezone(here)
        load[local.weekday()][local.hour] += count
    spread = [0] * (len(_BORDERS) + 1)
    for length in tx.durations(Figure.FIRST_RESPONSE, scope, period):
        spread[sum(length > border for border in _BORDERS)] += 1
    return _by_day(opened_by_hour, here), _by_day(tx.by_hour("closed", scope, period), here), load, spread


def _step(days: Sequence[date]) -> str:
    """Days one by one, or by weeks or months where that would be too many to see."""
    return "day" if len(days) <= MOST_STEPS else "week" if len(days) <= 7 * MOST_STEPS else "month"


def _steps(days: Sequence[date], step: str) -> Sequence[slice]:
    if step == "day":
        return [slice(place, place + 1) for place in range(len(days))]
    begins = {
        (day.isocalendar()[:2] if step == "week" else (day.year, day.month)): place
        for place, day in reversed(list(enumerate(days)))
    }
    places = sorted(begins.values())
    return [slice(start, end) for start, end in zip(places, [*places[1:], len(days)], strict=True)]


def _by_day(hours: Mapping[datetime, int], zone: ZoneInfo) -> dict[date, int]:
    found: dict[date, int] = {}
    for hour, count in hours.items():
        day = hour.astimezone(zone).date()
        found[day] = found.get(day, 0) + count
    return found


def described(seen: Drawn, words: Words) -> Sequence[dict[str, Any]]:
    """The pictures as `bot.stats.drawing` takes them."""
    days = [words.short_day(day) for day in seen.days]
    borders = [words.brief(border) for border in _BORDERS]
    ranges = [f"≤ {border}" for border in borders] + [f"> {borders[-1]}"]
    opened, closed = words("stats.picture.opened"), words("stats.picture.closed")
    step = words(f"stats.step.{seen.step}")
    return (
        {"name": "backlog", "kind": "lines", "title": words("stats.picture.backlog", step=step), "labels": days,
         "series": [{"name": "", "values": seen.backlog}]},
        {"name": "opened-closed", "kind": "bars", "title": words("stats.picture.opened_closed", step=step),
         "labels": days, "series": [{"name": opened, "values": seen.opened}, {"name": closed, "values": seen.closed}]},
        {"name": "first-response", "kind": "histogram", "title": words("stats.picture.responses"), "labels": ranges,
         "series": [{"name": "", "values": seen.responses}]},
        {"name": "load", "kind": "heat", "title": words("stats.picture.load"),
         "labels": [f"{hour:02}" for hour in range(24)],
         "rows": [{"name": words.weekday(number), "values": row} for number, row in enumerate(seen.load)]},
    )  # fmt: skip


def told(seen: Drawn, words: Words) -> str:
    """The same in words, for those who do not see the pictures. The desk's Markdown."""
    busiest = max(((count, day, hour) for day, row in enumerate(seen.load) for hour, count in enumerate(row)))
    lines = [
        words("stats.told.backlog", first=seen.backlog[0], last=seen.backlog[-1], most=max(seen.backlog)),
        words("stats.told.opened_closed", opened=sum(seen.opened), closed=sum(seen.closed)),
    ]
    if answered := sum(seen.responses):
        within = sum(seen.responses[:2])
        lines.append(words("stats.told.responses", percent=round(100 * within / answered), of=answered))
    if busiest[0]:
        lines.append(words("stats.told.load", weekday=words.weekday(busiest[1]), hour=busiest[2], opened=busiest[0]))
    return "\n".join(f"- {line}" for line in lines)


async def draw(pictures: Sequence[dict[str, Any]], theme: str, folder: Path) -> Sequence[Path]:
    """Have them drawn into that folder; gives the files in order. NotDrawn where that fails."""
    root = str(Path(bot.__file__).parents[1])
    environment = {**os.environ, "PYTHONPATH": root, "MPLCONFIGDIR": str(folder)}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot.stats.drawing", str(folder), env=environment,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    wanted = json.dumps({"theme": theme, "pictures": pictures}).encode()
    try:
        async with asyncio.timeout(WITHIN):
            _, told_wrong = await process.communicate(wanted)
    except TimeoutError as error:
        raise NotDrawn(f"not drawn within {WITHIN:.0f} s") from error
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode != 0:
        raise NotDrawn(told_wrong.decode(errors="replace")[-2000:])
    return [folder / f"{picture['name']}.png" for picture in pictures]
