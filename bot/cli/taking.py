"""`helpthread import --from wordpress|csv FILE`: tickets of another desk, with their numbers, into this one."""

from __future__ import annotations

import asyncio
import os
import tomllib
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console

from bot import keeping
from bot.cli.backup import FAILED
from bot.config import ConfigError, load
from bot.importing import spreadsheet, wordpress
from bot.importing.found import Glossary, ImportRefused
from bot.words import Library
from desk.errors import DeskError, Trouble
from desk.model import Status
from desk.verbs import know, take_in
from storage import FolderBlobs, open_storage

if TYPE_CHECKING:
    import argparse
    from collections.abc import AsyncIterator

    from bot.config import Config
    from bot.importing.found import Found
    from bot.words import Words
    from desk.ports import Transaction

SOURCES = ("wordpress", "csv")
PEOPLE_SHOWN = 50
CHUNK = 1 << 20  # bytes read at once


class _Dry(Exception):  # noqa: N818 - no error: it ends the transaction without a trace
    def __init__(self, new: int) -> None:
        super().__init__()
        self.new = new


def run(options: argparse.Namespace) -> int:
    """Take the tickets in; gives the exit status. Twice is as good as once."""
    config = load(options.config)
    words = Library(config.desk.language, config.desk.timezone).of(os.environ.get("LANG", ""))
    console = Console(highlight=False)
    glossary = Glossary(config.catalogue(), **_mapped(options.map))
    try:
        keeping.migrate_if_new(config, os.environ)
        found = _read(config, options, glossary)
        _tell(found, console, words)
        glossary.must_know_all()
        new = asyncio.run(_taken(config, found, dry=options.dry_run))
    except DeskError as error:
        console.print(words.error(error), style="red")
        return FAILED
    except (ImportRefused, Trouble) as error:
        console.print(str(error), style="red")
        return FAILED
    key = "taking.would" if options.dry_run else "taking.new"
    console.print(words(key, new=new, known=len(found.tickets) - new), style="green")
    return 0


def _read(config: Config, options: argparse.Namespace, glossary: Glossary) -> Found:
    if options.source == "csv":
        return spreadsheet.read(Path(options.file), glossary)
    blobs = FolderBlobs(config.desk.data / "files", shared=True)

    def keep(path: Path) -> tuple[str, int]:
        return asyncio.run(blobs.keep(_chunks(path), limit=config.desk.file_limit))

    kept = None if options.dry_run else keep
    return wordpress.read(Path(options.file), glossary, uploads=options.uploads, keep=kept)


async def _chunks(path: Path) -> AsyncIterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            yield chunk


async def _taken(config: Config, found: Found, *, dry: bool) -> int:
    """How many were new. All of them in one transaction: a number that is another's, and nothing has come."""
    catalogue = config.catalogue()

    def verb(tx: Transaction) -> int:
        know(tx, found.source)
        new = sum(take_in(tx, catalogue, found.source, ticket) for ticket in found.tickets)
        if dry:
            raise _Dry(new)
        return new

    storage = open_storage(config.stored_at(os.environ))
    try:
        return await storage.write(verb)
    except _Dry as would:
        return would.new
    finally:
        await storage.close()


def _tell(found: Found, console: Console, words: Words) -> None:
    messages = [message for ticket in found.tickets for message in ticket.messages]
    counts = {
        "tickets": len(found.tickets),
        "messages": len(messages),
        "files": sum(len(message.attachments) for message in messages),
        "people": len({message.author for message in messages} | {ticket.client for ticket in found.tickets}),
    }
    console.print(words("taking.holds", **counts))
    for what, count in found.lost.items():
        if count:
            console.print(words("taking.lost", what=what, count=count), style="yellow")
    waiting = Counter(
        ticket.client
        for ticket in found.tickets
        if ticket.status is not Status.CLOSED and ticket.client not in found.source.accounts
    )
    if waiting:
        console.print(words("taking.unknown", count=len(waiting)), style="yellow")
    for account, count in waiting.most_common(PEOPLE_SHOWN):
        name, email = found.source.names.get(account, account), found.emails.get(account, "")
        console.print(f'  {account} = "slack:…"  # {name}{f" <{email}>" if email else ""} ({count})', markup=False)


def _mapped(path: Path | None) -> dict[str, Any]:
    """The mapping file's tables: [columns], [people], and [values.KIND]."""
    if path is None:
        return {}
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: {error}") from error
    if unknown := set(table) - {"columns", "people", "values"}:
        raise ConfigError(f"{path}: unknown table {min(unknown)!r}; known: columns, people, values")
    return table
