"""How long the figures of a million tickets take: /stats as it asks storage, against a plain scan of the same rows.

`python -m benchmarks.stats [TICKETS]`: made lives over three years in a scratch database; each question is asked some
times, warm, and beside it a scan that no index helps, in the same run.
"""

from __future__ import annotations

import asyncio
import json
import random
import sqlite3
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

from bot.stats import pictures
from desk.access import Sight
from desk.figures import Dimension, Figure, Period, Scope, Terms
from desk.life import Life, Stretch, to_json
from desk.model import Status
from desk.sla import Policy
from storage import open_storage
from storage.tables import EPOCH, MICROSECOND

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from desk.ports import Transaction
    from storage import SQLiteStorage

TICKETS = 1_000_000
ROUNDS = 5
BATCH = 2000  # tickets in one transaction
ZONE = "UTC"
GOAL = 300.0  # milliseconds for each figure and picture
NOW = datetime(2026, 11, 26, tzinfo=UTC)
YEARS = timedelta(days=3 * 365)
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
            agent_id=chance.randrange(1, 60),
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


def scan(path: Path, period: Period) -> float:
    """Milliseconds that a scan of all lives takes for one count over a period."""
    with sqlite3.connect(path) as database:
        limits = [(moment - EPOCH) // MICROSECOND for moment in (period.start, period.end)]
        began = time.perf_counter()
        database.execute(
            "SELECT count(*), sum(rating) FROM lives NOT INDEXED WHERE merged = 0 AND opened_at >= ? AND opened_at < ?",
            limits,
        ).fetchall()
        took = time.perf_counter() - began
    database.close()
    return 1000 * took


def asked(scope: Scope, period: Period) -> Iterator[tuple[str, Callable[[Transaction], object]]]:
    """What /stats asks."""
    yield "all figures", lambda tx: tx.totals(scope, period, ZONE)
    yield "opened by product", lambda tx: tx.breakdown(Figure.OPENED, Dimension.PRODUCT, scope, period, ZONE)
    yield "tickets behind closed", lambda tx: tx.behind(Figure.CLOSED, scope, period, most=11)
    yield "pictures' numbers", lambda tx: pictures.gathered(tx, scope, period, ZONE)


async def main(count: int) -> bool:
    """Measure and print; gives whether every goal was reached."""
    console = Console()
    everything = Scope(Sight(None, None))
    some = Scope(Sight(None, frozenset({"d0", "d1"})))
    month, year = (Period(NOW - timedelta(days=days), NOW) for days in (30, 365))
    questions: list[tuple[str, Period, Callable[[Transaction], object]]] = []
    for name, scope in (("all", everything), ("two departments", some)):
        for length, period in (("month", month), ("year", year)):
            questions += [(f"{what}, {name}, a {length}", period, ask) for what, ask in asked(scope, period)]
    table = Table("question", "ms (median)", "scan ms", "ratio", f"goal ≤ {GOAL:.0f} ms")
    reached = True
    with tempfile.TemporaryDirectory(prefix="helpthread-bench-") as folder:
        path = Path(folder) / "desk.sqlite3"
        await open_storage(path).close()
        began = time.perf_counter()
        fill(path, count)
        console.print(f"{count:,} lives made in {time.perf_counter() - began:.0f} s")
        storage = open_storage(path, clock=lambda: NOW)
        began = time.perf_counter()
        await measured_again(storage)
        console.print(f"measured and summed up again in {time.perf_counter() - began:.0f} s")
        for name, period, query in questions:
            await storage.read(query)
            took, scans = [], []
            for _ in range(ROUNDS):
                began = time.perf_counter()
                await storage.read(query)
                took.append(1000 * (time.perf_counter() - began))
                scans.append(scan(path, period))
            mine, plain = median(took), median(scans)
            met = mine <= GOAL
            reached = reached and met
            table.add_row(name, f"{mine:.1f}", f"{plain:.1f}", f"{mine / plain:.2f}", "reached" if met else "MISSED")
        await storage.close()
    console.print(table)
    return reached


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else TICKETS))
