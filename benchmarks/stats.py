"""How long the figures of a million tickets take: /stats as it asks storage, against a plain scan of the same rows.

`python -m benchmarks.stats [TICKETS] [DATABASE]`: made lives over three years in a scratch database (or in that file,
which is kept, and taken as it is where it is there already). Every figure by every dimension, over a month, a quarter,
a year, the year before it and all three years, of the whole desk and of two departments; narrowed to one value; all
figures, pictures, lists. Each question is asked some times, warm, and beside it a scan that no index helps.
"""

from __future__ import annotations

import asyncio
import json
import random
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

from bot.stats import pictures, question
from desk.access import Sight
from desk.figures import Dimension, Figure, Period, Scope, Terms
from desk.life import Life, Stretch, to_json
from desk.model import Status
from desk.sla import Policy
from storage import open_storage
from storage.tables import EPOCH, MICROSECOND

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from desk.ports import Transaction
    from storage import SQLiteStorage

TICKETS = 1_000_000
ROUNDS = 3
BATCH = 2000  # tickets in one transaction
ZONE = "UTC"
GOAL = 300.0  # milliseconds for each figure and picture
NOW = datetime(2026, 11, 26, tzinfo=UTC)
YEARS = timedelta(days=3 * 365)
TAGS = tuple(f"t{number}" for number in range(30))
DEPARTMENTS, PRODUCTS, PRIORITIES = 8, 12, ("low", "normal", "urgent")


def lives(count: int) -> Iterator[Life]:
    """Lives as they would stand after so many tickets: oldest first, most of them closed."""
    chance = random.Random(11)  # noqa: S311 - made data
    start, step = NOW - YEARS, YEARS / count
    for number in range(1, count + 1):
        opened = start + number * step
        answered = opened + timedelta(hours=chance.expovariate(1 / 3))
        closed = answered + timedelta(hours=chance.expovariate(1 / 40))
        first, ended = (moment if moment < NOW else None for moment in (answered, closed))
        rated = ended is not None and chance.random() < 0.3
        yield Life(
            number,
            chance.randrange(1, 20_000),
            chance.choice(("slack", "discord")),
            opened,
            f"d{chance.randrange(DEPARTMENTS)}",
            f"p{chance.randrange(PRODUCTS)}",
            chance.choice(PRIORITIES),
            tags=tuple(sorted(chance.sample(TAGS, k=chance.choice((0, 0, 1, 2))))),
            agent_id=chance.randrange(1, 60) if chance.random() < 0.97 else None,
            status=Status.CLOSED if ended else Status.IN_PROGRESS,
            asked=(Stretch(opened, first),),
            first_reply_at=first,
            client_replies=chance.randrange(5),
            agent_replies=chance.randrange(1, 5),
            closed_at=ended,
            reopened_at=ended if ended and chance.random() < 0.05 else None,
            rating=chance.randrange(1, 6) if rated else None,
            rated_at=ended if rated else None,
        )


def fill(path: Path, count: int) -> None:
    """Straight into the table, as yet unmeasured: the log behind the lives is not what is measured."""
    with sqlite3.connect(path) as database:
        database.execute("PRAGMA synchronous=OFF")
        database.executemany(
            "INSERT INTO lives (ticket, data, client_id, department, product, priority, channel, merged, opened_at,"
            " replies, next_kept, next_missed) VALUES (?, ?, 0, '', '', '', '', 0, 0, 0, 0, 0)",
            ((life.number, json.dumps(to_json(life))) for life in lives(count)),
        )
    database.close()


async def measured_again(storage: SQLiteStorage) -> None:
    """What a change of service levels costs, and what makes the tallies."""
    terms = Terms({}, Policy(), ZONE)

    def more(after: int) -> Callable[[Transaction], int]:
        return lambda tx: tx.measure_again(terms, after=after, most=BATCH)

    after = 0
    while after := await storage.write(more(after)):
        pass


EVERYTHING, SOME = Scope(Sight(None, None)), Scope(Sight(None, frozenset({"d0", "d1"})))
PERIODS = {
    "month": Period(NOW - timedelta(days=30), NOW),
    "quarter": Period(NOW - timedelta(days=91), NOW),
    "year": Period(NOW - timedelta(days=365), NOW),
    "before": Period(NOW - timedelta(days=730), NOW - timedelta(days=365)),
    "all": Period(NOW - YEARS, NOW),
}
COLUMNS = {Dimension.AGENT: "agent_id", Dimension.CLIENT: "client_id", Dimension.TAG: "tags"}
VALUES = {
    Dimension.DEPARTMENT: "d0", Dimension.PRODUCT: "p0", Dimension.PRIORITY: "urgent", Dimension.CHANNEL: "slack",
    Dimension.AGENT: "7", Dimension.CLIENT: "77", Dimension.TAG: "t7",
}  # fmt: skip
Query = Callable[["Transaction"], object]


def scan(path: Path, period: Period, by: Dimension | None) -> float:
    """Milliseconds that a scan of all lives takes for one count over a period, told apart."""
    column = "1" if by is None else COLUMNS.get(by, by.value)
    with sqlite3.connect(path) as database:
        limits = [(moment - EPOCH) // MICROSECOND for moment in (period.start, period.end)]
        began = time.thread_time()
        database.execute(
            f"SELECT {column}, count(*), sum(rating) FROM lives NOT INDEXED"  # noqa: S608 - our own columns
            " WHERE merged = 0 AND opened_at >= ? AND opened_at < ? GROUP BY 1",
            limits,
        ).fetchall()
        took = time.thread_time() - began
    database.close()
    return 1000 * took


def told_apart(figure: Figure, by: Dimension, scope: Scope, period: Period) -> Query:
    """As the card of /stats asks."""
    return lambda tx: tx.apart(by, [figure], scope, period, ZONE, most=question.MOST)


def whole(scope: Scope, period: Period) -> Mapping[str, Query]:
    """What /stats asks besides."""
    return {
        "all figures": lambda tx: tx.totals(scope, period, ZONE),
        "tickets behind closed": lambda tx: tx.behind(Figure.CLOSED, scope, period, most=11),
        "pictures' numbers": lambda tx: pictures.gathered(tx, scope, period, ZONE),
    }


def rows(scope: Scope) -> Iterator[tuple[str, Dimension | None, Mapping[str, Query]]]:
    """A question, by which dimension its scan is told apart, and how it is asked of each period."""
    for name in whole(scope, PERIODS["month"]):
        yield name, None, {length: whole(scope, period)[name] for length, period in PERIODS.items()}
    for by in Dimension:
        for figure in Figure:
            asked = {length: told_apart(figure, by, scope, period) for length, period in PERIODS.items()}
            yield f"{figure} by {by}", by, asked


def narrow(scope: Scope) -> Iterator[tuple[str, Dimension | None, Mapping[str, Query]]]:
    """All figures of one value, and the dearest kind of figure of it told apart by another dimension."""
    for by, value in VALUES.items():
        there, other = replace(scope, narrowed=((by, value),)), NEXT[by]
        yield f"all figures of one {by}", by, {
            length: whole(there, period)["all figures"] for length, period in PERIODS.items()
        }  # fmt: skip
        yield f"resolution of one {by} by {other}", other, {
            length: told_apart(Figure.RESOLUTION, other, there, period) for length, period in PERIODS.items()
        }  # fmt: skip


NEXT = dict(zip(Dimension, [*list(Dimension)[1:], Dimension.DEPARTMENT], strict=True))


async def timed(storage: SQLiteStorage, query: Query) -> float:
    """Milliseconds of processor time at the median, warm: what it takes on a machine that has a core for it."""

    def measured(tx: Transaction) -> float:
        began = time.thread_time()
        query(tx)
        return 1000 * (time.thread_time() - began)

    await storage.read(measured)
    return median([await storage.read(measured) for _ in range(ROUNDS)])


async def measured(storage: SQLiteStorage, path: Path, console: Console) -> bool:
    """Measure and print; gives whether every goal was reached."""
    scans = {
        (by, length): median(scan(path, period, by) for _ in range(ROUNDS))
        for by in (None, *Dimension)
        for length, period in PERIODS.items()
    }
    reached = True
    for name, questions in (
        ("the whole desk", rows(EVERYTHING)), ("two departments", rows(SOME)), ("narrowed", narrow(EVERYTHING)),
    ):  # fmt: skip
        title = f"{name}: processor milliseconds, and to the scan; goal ≤ {GOAL:.0f} ms"
        table = Table("figures", *PERIODS, "slowest", title=title)
        for what, by, asked in questions:
            took = {length: await timed(storage, query) for length, query in asked.items()}
            met = max(took.values()) <= GOAL
            reached = reached and met
            shown = [f"{mine:.0f} ({mine / scans[by, length]:.2f})" for length, mine in took.items()]
            table.add_row(what, *shown, "reached" if met else "MISSED")
        console.print(table)
    return reached


async def main(count: int, kept: str = "") -> bool:
    """Make what is not there, measure and print."""
    console = Console(width=120)
    with tempfile.TemporaryDirectory(prefix="helpthread-bench-") as folder:
        path = Path(kept) if kept else Path(folder) / "desk.sqlite3"
        if not path.exists():
            await open_storage(path).close()
            began = time.perf_counter()
            fill(path, count)
            console.print(f"{count:,} lives made in {time.perf_counter() - began:.0f} s")
            storage = open_storage(path, clock=lambda: NOW)
            began = time.perf_counter()
            await measured_again(storage)
            console.print(f"measured and summed up again in {time.perf_counter() - began:.0f} s")
        else:
            storage = open_storage(path, clock=lambda: NOW)
        try:
            return await measured(storage, path, console)
        finally:
            await storage.close()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else TICKETS, *sys.argv[2:3]))
