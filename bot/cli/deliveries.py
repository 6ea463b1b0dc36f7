"""`helpthread deliveries list|retry|drop`: what a network refused for good; beside a desk that runs, too."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

from bot.config import load
from bot.words import Library
from desk import verbs
from desk.model import Person, Role
from storage import join_storage

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from bot.config import Config
    from desk.ports import Storage

SHOWN = 200  # the newest
NONE = 1  # exit status: nothing was buried under these numbers


def add(verbs_: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """The verb and its words."""
    text = "what a network refused for good: look at it, try it once more, or let it go"
    examples = (
        "examples:  helpthread deliveries list  |  helpthread deliveries retry all  |  helpthread deliveries drop 7 9"
    )
    verb = verbs_.add_parser("deliveries", help=text, description=text, epilog=examples)
    acts = verb.add_subparsers(dest="act", metavar="ACT", required=True)
    acts.add_parser("list", help="the newest of them, with the reason of each")
    for name, help_ in (("retry", "owe them once more"), ("drop", "let them go for good")):
        act = acts.add_parser(name, help=help_, description=help_)
        act.add_argument("ids", nargs="+", metavar="ID", help="their numbers in the list, or `all`")


def run(options: argparse.Namespace) -> int:
    """Do it; 0 where there was something to be done (list: always)."""
    return asyncio.run(_run(load(options.config), options.act, getattr(options, "ids", ())))


async def _run(config: Config, act: str, ids: Sequence[str]) -> int:
    storage = join_storage(config.stored_at(os.environ))
    try:
        if act == "list":
            await _list(storage, config)
            return 0
        return await _act(storage, act, ids)
    finally:
        await storage.close()


async def _list(storage: Storage, config: Config) -> None:
    words = Library(config.desk.language, config.desk.timezone, config.called).of(config.desk.language)
    count, found = await storage.read(lambda tx: tx.stranded(limit=SHOWN))
    table = Table("ID", "#", "", "", "", title=words("deliveries.title", count=count))
    for entry in found:
        where = words(f"deliveries.audience.{entry.audience}", network=words.network(entry.channel))
        table.add_row(str(entry.id), str(entry.ticket), words.moment(entry.at), where, f"{entry.kind}: {entry.error}")
    Console().print(table)


async def _act(storage: Storage, act: str, ids: Sequence[str]) -> int:
    console = Console()
    if "all" not in ids and not all(one.isascii() and one.isdigit() for one in ids):
        console.print("the numbers of `helpthread deliveries list`, or all")
        return NONE
    wanted = None if "all" in ids else [int(one) for one in ids]
    verb = verbs.retry_deliveries if act == "retry" else verbs.drop_deliveries
    keeper = verbs.Actor(Person(0, "", ""), Role.ADMIN)  # whoever may read the file may do this
    count = await storage.write(lambda tx: verb(tx, keeper, wanted))
    console.print(f"{count} {'owed again: a desk that runs makes them in a moment' if act == 'retry' else 'let go'}")
    return 0 if count else NONE
