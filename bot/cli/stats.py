"""`helpthread stats rebuild`: the figures made anew from the event log, and whether they were what it tells."""

from __future__ import annotations

import asyncio
import os
from dataclasses import fields
from datetime import datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from rich.console import Console

from bot.config import load
from desk.access import Sight
from desk.figures import Dimension, Figure, Period, Scope
from desk.life import EPOCH
from storage import open_storage

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

    from bot.config import Config
    from desk.ports import Storage, Transaction

BATCH = 2000  # events in one transaction
SHOWN = 20  # names of what was mended
DIFFERENT = 1  # exit status: the figures were not what the log tells


def add(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """The verb and its words."""
    text = "the figures of /stats, made anew from the event log (with the desk stopped)"
    verb = verbs.add_parser("stats", help=text, description=text, epilog="example:  helpthread stats rebuild")
    verb.add_argument("what", choices=("rebuild",), help="forget what was reckoned, reckon it again, and compare")


def run(options: argparse.Namespace) -> int:
    """Do it; 0 where the figures were right, 1 where they were not (they are now)."""
    return asyncio.run(_rebuilt(load(options.config)))


async def _rebuilt(config: Config) -> int:
    terms, console = config.terms(), Console()
    storage = open_storage(config.stored_at(os.environ))
    keep_up: Callable[[Transaction], int] = lambda tx: tx.keep_up(terms, most=BATCH)  # noqa: E731 - it is used twice
    try:
        while await storage.write(keep_up):
            pass
        before = await _figures(storage, terms.zone)
        await storage.write(lambda tx: tx.forget_lives())
        done = 0
        with console.status("…") as status:
            while more := await storage.write(keep_up):
                done += more
                status.update(f"{done:,}")
        await storage.write(lambda tx: tx.know_terms(terms.fingerprint()))
        after = await _figures(storage, terms.zone)
    finally:
        await storage.close()
    wrong = [name for name in {**before, **after} if before.get(name) != after.get(name)]
    if wrong:
        others = f" and {len(wrong) - SHOWN} more" if len(wrong) > SHOWN else ""
        console.print(f"{done:,} events reckoned anew. Mended: {', '.join(wrong[:SHOWN])}{others}.")
        return DIFFERENT
    console.print(f"{done:,} events reckoned anew: every figure was what the log tells.")
    return 0


async def _figures(storage: Storage, zone: str) -> dict[str, object]:
    """By what they are called: over all time, out of what is summed up, also by every dimension."""
    everything, here = Scope(Sight(None, None)), ZoneInfo(zone)

    def query(tx: Transaction) -> dict[str, object]:
        year = tx.now.astimezone(here).year
        period = Period(EPOCH, datetime(year + 1, 1, 1, tzinfo=here))  # whole months, out of what is summed up
        totals = tx.totals(everything, period, zone)
        found: dict[str, object] = {each.name: getattr(totals, each.name) for each in fields(totals)}
        for by in Dimension:
            for value, apart in tx.apart(by, tuple(Figure), everything, period, zone).items():
                for each in fields(apart):
                    found[f"{each.name} by {by} {value}"] = getattr(apart, each.name)
        return found

    return await storage.read(query)
