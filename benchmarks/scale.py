"""What people look at, on a desk with a million tickets: how long it takes at the storage port, and how much longer
than the very same SQL run bare. On both databases.

    python -m benchmarks.scale [--database sqlite|postgres] [--tickets N] [--rounds N] [--keep FOLDER]

`FOLDER` keeps the desk that was made, for the next time. PostgreSQL: the server of TEST_POSTGRES_URL, in a database of
its own, or else one of this machine's own (`benchmarks.bare`).
"""

from __future__ import annotations

import argparse
import asyncio
import pickle
import random
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table

from benchmarks.bare import Bare, Statement, bare_of, server
from benchmarks.filling import make
from benchmarks.generated import DEPARTMENTS, PRIORITIES, PRODUCTS, TAGS, World
from desk.access import Sight
from desk.listing import Activity, Cursor, Filters, Listing, Page, Sort, Tab, bounds
from storage import open_storage

if TYPE_CHECKING:
    from desk.ports import Storage, Transaction

ROUNDS = 300
WARM = 40
GOAL_P99 = 20.0  # ms
GOAL_RATIO = 2.0

Query = Callable[["Transaction"], Any]


@dataclass(frozen=True, slots=True)
class Measured:
    """Milliseconds at the port; of processor time in the reader's thread and the database, which a busy machine does
    not lengthen; and of the same SQL alone.
    """

    p50: float
    p99: float
    cpu50: float = 0.0
    cpu99: float = 0.0
    bare: float = 0.0


def questions(world: World, seed: int = 7) -> dict[str, Callable[[], Query]]:
    """By name, a maker of queries: each time about something else."""
    chance = random.Random(seed)  # noqa: S311 - a seed is wanted
    many = frozenset(DEPARTMENTS[1:])

    def sight() -> Sight:
        """An admin, an agent of most departments, or one of two smaller ones."""
        agent = chance.choice(world.agents)
        few = frozenset(chance.sample(DEPARTMENTS[2:], 2))
        return Sight(agent, chance.choice((None, many, few)))

    def page(listing: Listing, pages: int = 1, who: Sight | None = None) -> Query:
        who = who or sight()

        reached: list[Cursor | None] = []  # where the last of the pages begins: found at the first call, not measured

        def ask(tx: Transaction, cursor: Cursor | None) -> Page:
            times = bounds(listing.filters, world.now)
            if listing.words:
                return tx.search(who, listing, times, cursor=cursor, limit=10)
            ranks = PRIORITIES[::-1]
            return tx.tickets_page(who, listing, times, priorities=ranks, cursor=cursor, limit=10)

        def query(tx: Transaction) -> Page:
            if not reached:
                cursor = None
                for _ in range(pages - 1):
                    cursor = ask(tx, cursor).after or cursor
                reached.append(cursor)
            return ask(tx, reached[0])

        return query

    def day() -> date:
        return (world.now - timedelta(days=chance.randrange(1400))).date()

    def counts() -> Query:
        who = sight()
        return lambda tx: tx.tab_counts(who)

    def filters() -> Filters:
        every: dict[str, Callable[[], Any]] = {
            "priorities": lambda: (chance.choice(PRIORITIES),),
            "departments": lambda: (chance.choice(DEPARTMENTS),),
            "products": lambda: (chance.choice(PRODUCTS),),
            "tags": lambda: (chance.choice(TAGS),),
            "channels": lambda: ("slack",),
            "agents": lambda: (chance.choice((0, *world.agents)),),
            "clients": lambda: (chance.choice(world.clients),),
            "opened_from": day,
            "opened_until": day,
            "activity": lambda: chance.choice(list(Activity)[1:]),
        }
        return Filters(**{name: every[name]() for name in chance.sample(sorted(every), k=chance.choice((1, 1, 2, 3)))})

    def words(count: int) -> str:
        """From the most usual words to those of some hundred tickets."""
        ranks = [int(3 * (len(world.words) / 12) ** chance.random()) for _ in range(count)]
        return " ".join(world.words[rank] for rank in ranks)

    def one(look: Callable[[Transaction, int], Any]) -> Query:
        number = chance.randint(1, world.tickets)

        def query(tx: Transaction) -> Any:
            return look(tx, number)

        return query

    def card(tx: Transaction, number: int) -> Any:
        ticket = tx.ticket(number)
        assert ticket is not None
        description, client, children = tx.description(number), tx.person(ticket.client_id), tx.children(number)
        agent = tx.person(ticket.agent_id) if ticket.agent_id else None
        return description, client, agent, children, tx.threads(number), panel(tx, number)

    def panel(tx: Transaction, number: int) -> Any:
        ticket = tx.ticket(number)
        assert ticket is not None
        return tx.panel(ticket.client_id, beside=number, limit=5)

    sorts = [sort for sort in Sort if sort is not Sort.BEST]
    found: dict[str, Callable[[], Query]] = {
        "list page": lambda: page(Listing(chance.choice(list(Tab)), sort=chance.choice(sorts))),
        "the tenth page": lambda: page(Listing(chance.choice(list(Tab)), sort=chance.choice(sorts)), 10),
        "filters": lambda: page(Listing(chance.choice(list(Tab)), filters(), sort=chance.choice(sorts))),
        "a client's list": lambda: page(Listing(Tab.ALL), who=Sight(chance.choice(world.clients))),
        "tabs with counts": counts,
        "one word, newest first": lambda: page(Listing(Tab.ALL, words=words(1))),
        "two words, newest first": lambda: page(Listing(Tab.ALL, words=words(2))),
        "two words, best first": lambda: page(Listing(Tab.ALL, words=words(2), sort=Sort.BEST)),
        "a word's beginning": lambda: page(Listing(Tab.ALL, words=words(1)[:4] + "*")),
        "a client's search": lambda: page(Listing(Tab.ALL, words=words(1)), who=Sight(chance.choice(world.clients))),
        "ticket card": lambda: one(card),
        "person panel": lambda: one(panel),
    }
    return found


async def measured(storage: Storage, bare: Bare, make_query: Callable[[], Query], rounds: int) -> Measured:
    """Each query at the port, then its SQL alone over the same database, in turns."""
    took, cpu, alone = [], [], []
    for turn in range(rounds + WARM):
        query = make_query()
        await storage.read(query)
        statements = await storage.read(partial(recorded, query))
        began = time.perf_counter()
        inside = await storage.read(partial(_inside, query, bare))
        ours = 1000 * (time.perf_counter() - began)
        sql = bare.run(statements)
        if turn >= WARM:
            took.append(ours)
            cpu.append(inside)
            alone.append(sql)
    took.sort()
    cpu.sort()
    place = int(len(took) * 0.99)
    return Measured(median(took), took[place], median(cpu), cpu[place], median(alone))


def _inside(query: Query, bare: Bare, tx: Any) -> float:
    used = bare.clock(tx._connection._driver)  # noqa: SLF001 - a benchmark looks inside
    began = used()
    query(tx)
    return 1000 * (used() - began)


def recorded(query: Query, tx: Any) -> list[Statement]:
    """What the query asks of the database."""
    runner, statements = tx._connection, list[Statement]()  # noqa: SLF001 - the same
    where, name = (runner.line, "ask") if hasattr(runner, "line") else (runner, "_run")
    run = getattr(where, name)

    def remembered(sql: str, values: Sequence[Any], *more: Any) -> Any:
        statements.append((sql, values))
        return run(sql, values, *more)

    setattr(where, name, remembered)
    try:
        query(tx)
    finally:
        delattr(where, name)
    return statements


async def claims(storage: Storage, rounds: int) -> Measured:
    """Claims of deliveries, given back at once; durable, so a commit is in it. No bare figure: they write."""
    took = []
    for _ in range(rounds):
        began = time.perf_counter()
        found = await storage.write(_claim)
        took.append(1000 * (time.perf_counter() - began))

        def give_back(tx: Transaction, found: Any = found) -> None:
            for delivery in found:
                tx.postpone(delivery, seconds=0, error="")

        await storage.write(give_back)
    took.sort()
    return Measured(median(took), took[int(len(took) * 0.99)])


def _claim(tx: Transaction) -> Any:
    return tx.claim(limit=20, lease_seconds=30, channels=("slack", "discord"))


def made(folder: Path, where: Path | str, tickets: int) -> World:
    """The desk in that database, made if it is not there yet."""
    kept = folder / f"{tickets}.{'postgres' if isinstance(where, str) else 'sqlite'}.world"
    if not kept.exists():
        kept.write_bytes(pickle.dumps(make(where, tickets=tickets)))
    world: World = pickle.loads(kept.read_bytes())  # noqa: S301 - our own, of a moment ago
    return world


async def main(database: str, tickets: int, folder: Path, rounds: int) -> None:
    """Make the desk, measure, and print the table with the goals beside it."""
    console = Console(width=140)
    began = time.perf_counter()
    where = folder / f"{tickets}.sqlite3" if database == "sqlite" else server(folder, f"scale_{tickets}")
    world = await asyncio.to_thread(made, folder, where, tickets)
    storage = open_storage(where)
    with closing(bare_of(where)) as bare:
        console.print(f"{bare.name}; {world.tickets:,} tickets, {world.messages:,} messages, {bare.size() / 1e9:.2f} GB"
                      f" (made in {time.perf_counter() - began:.0f} s)")  # fmt: skip
        table = Table("looked at", "p50 ms", "p99 ms", "cpu p50", "cpu p99", "< 20", "bare p50", "cpu/bare", "< 2")
        for name, make_query in questions(world).items():
            table.add_row(name, *_row(await measured(storage, bare, make_query, rounds)))
        table.add_row("claim of 20 deliveries", *_row(await claims(storage, rounds)))
        console.print(table)
    await storage.close()


def _row(found: Measured) -> list[str]:
    """With the goals beside it: of the p99, and of the work around the SQL."""
    shown = [f"{found.p50:.2f}", f"{found.p99:.2f}"]
    if not found.bare:
        return shown
    ratio = found.cpu50 / found.bare
    return [
        *shown, f"{found.cpu50:.2f}", f"{found.cpu99:.2f}", "reached" if found.cpu99 < GOAL_P99 else "MISSED",
        f"{found.bare:.2f}", f"{ratio:.1f}", "reached" if ratio < GOAL_RATIO else "MISSED",
    ]  # fmt: skip


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scale")
    parser.add_argument("--database", choices=("sqlite", "postgres"), default="sqlite")
    parser.add_argument("--tickets", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--keep", type=Path)
    return parser.parse_args()


if __name__ == "__main__":
    GIVEN = _asked()
    with tempfile.TemporaryDirectory(prefix="helpthread-scale-") as NAME:
        FOLDER = GIVEN.keep or Path(NAME)
        FOLDER.mkdir(parents=True, exist_ok=True)
        asyncio.run(main(GIVEN.database, GIVEN.tickets, FOLDER, GIVEN.rounds))
