"""How much the desk costs: the bare floor against the whole desk over the same stand-ins, in turns, in one run.

Floor: a socket message in, one row committed with synchronous=FULL, one post out (`benchmarks/floor.py`). Desk: the
same message through slack-bolt, the transaction, the outbox, the relay and discord.py, as a process of its own. Each is
measured in rounds, one after the other, so that a machine that slows down slows both.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from pathlib import Path
from statistics import median

from rich.console import Console
from rich.table import Table

from benchmarks.durable import raw, through_storage
from benchmarks.world import Figures, World

ROUNDS = 3
LOADS = ((1, 300), (100, 3000))  # in flight, messages a round
WRITES = 3000
GOAL_RATE = 0.5  # of the floor's
GOAL_WRITES = 1.0  # of raw sqlite3's


async def main() -> None:
    """Measure, and print the table with the goals beside it."""
    console = Console()
    with tempfile.TemporaryDirectory(prefix="helpthread-bench-") as name:
        folder = Path(name)
        table = Table("in flight", "who", "messages/s", "p50 ms", "p99 ms", "rate desk/floor", "goal")
        async with World(folder / "floor") as floor, World(folder / "desk") as desk:
            await floor.run_floor()
            await desk.run_desk()
            for in_flight, messages in LOADS:
                await _rows(table, floor, desk, in_flight, messages)
        console.print(table)
        await _writes(console, folder)


async def _rows(table: Table, floor: World, desk: World, in_flight: int, messages: int) -> None:
    for world in (floor, desk):
        await world.measure(in_flight=in_flight, messages=messages // 5)  # warm
    rounds: list[tuple[Figures, Figures]] = []
    for _ in range(ROUNDS):
        base = await floor.measure(in_flight=in_flight, messages=messages)
        rounds.append((base, await desk.measure(in_flight=in_flight, messages=messages)))
    ratio = median(desk.rate / floor.rate for floor, desk in rounds)
    for who, figures in (("floor", [a for a, _ in rounds]), ("desk", [b for _, b in rounds])):
        row = [str(in_flight), who, f"{median(f.rate for f in figures):.0f}"]
        row += [f"{1000 * median(f.p50 for f in figures):.1f}", f"{1000 * median(f.p99 for f in figures):.1f}"]
        shown = [f"{ratio:.2f}", _goal(ratio, GOAL_RATE)] if who == "desk" else ["", ""]
        table.add_row(*row, *shown)


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
