"""How much the desk costs: the bare floor against the whole desk over the same stand-ins, in turns, in one run.

Floor: a socket message in, one row committed with synchronous=FULL, one post out (`benchmarks/floor.py`). SDKs: the
same message through slack-bolt and discord.py as their guides show them, kept nowhere (`benchmarks/sdks.py`): what the
two libraries cost by themselves. Desk: through slack-bolt, the transaction, the outbox, the relay and discord.py. Each
is a process of its own, measured in rounds, one after the other, so that a machine that slows down slows all.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

from benchmarks.durable import raw, through_storage
from benchmarks.world import Figures, World

if TYPE_CHECKING:
    from collections.abc import Mapping

ROUNDS = 5
LOADS = ((1, 300), (100, 3000))  # in flight, messages a round
WRITES = 3000
GOAL_RATE = 0.5  # of the floor's
GOAL_WRITES = 1.0  # of raw sqlite3's


async def main() -> None:
    """Measure, and print the table with the goals beside it."""
    console = Console()
    with tempfile.TemporaryDirectory(prefix="helpthread-bench-") as name:
        folder = Path(name)
        table = Table("at once", "who", "rate/s", "p50 ms", "p99 ms", "cpu µs", "of floor", "goal")
        async with World(folder / "floor") as floor, World(folder / "sdks") as sdks, World(folder / "desk") as desk:
            await floor.run_floor()
            await sdks.run_sdks()
            await desk.run_desk()
            for in_flight, messages in LOADS:
                await _rows(table, {"floor": floor, "SDKs": sdks, "desk": desk}, in_flight, messages)
        console.print(table)
        await _writes(console, folder)


async def _rows(table: Table, worlds: Mapping[str, World], in_flight: int, messages: int) -> None:
    rounds: dict[str, list[Figures]] = {name: [] for name in worlds}
    for number in range(ROUNDS + 1):
        for name, world in worlds.items():
            figures = await world.measure(in_flight=in_flight, messages=messages if number else messages // 5)
            if number:  # the first round only warms
                rounds[name].append(figures)
    for name, found in rounds.items():
        ratio = median(ours.rate / base.rate for ours, base in zip(found, rounds["floor"], strict=True))
        row = [str(in_flight), name, f"{median(f.rate for f in found):.0f}"]
        row += [f"{1000 * median(f.p50 for f in found):.1f}", f"{1000 * median(f.p99 for f in found):.1f}"]
        row += [f"{1e6 * median(f.cpu for f in found):.0f}", f"{ratio:.2f}"]
        table.add_row(*row, _goal(ratio, GOAL_RATE) if name == "desk" else "")


async def _writes(console: Console, folder: Path) -> None:
    pairs = []
    for number in range(ROUNDS):
        path = folder / f"storage{number}.sqlite3"
        ours = await through_storage(path, writes=WRITES, in_flight=100)
        pairs.append((ours, raw(folder / f"raw{number}.sqlite3", path, writes=WRITES)))
    ratio = median(ours / bare for ours, bare in pairs)
    table = Table("durable writes", "per second", "ratio", "goal")
    table.add_row("raw sqlite3, one by one", f"{median(bare for _, bare in pairs):.0f}", "", "")
    table.add_row("Storage.write, 100 in flight", f"{median(ours for ours, _ in pairs):.0f}", f"{ratio:.2f}",
                  _goal(ratio, GOAL_WRITES))  # fmt: skip
    console.print(table)


def _goal(ratio: float, goal: float) -> str:
    return f"≥ {goal:.1f} {'reached' if ratio >= goal else 'MISSED'}"


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
