"""`helpthread backup now|list|verify|prune|restore`."""

from __future__ import annotations

import os
import shutil
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

from backup.job import back_up, prove_again, prune
from backup.port import BackupError, Damaged
from backup.restore import bring_all, bring_copy, put_files, replace_database, write_ticket
from bot import keeping
from bot.cli.watching import watched
from bot.config import ConfigError, load
from bot.words import Library
from desk.errors import Trouble
from storage import FolderBlobs

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping

    from backup import port
    from backup.job import Place, Work
    from backup.vault import Manifest, Vault
    from bot.config import Config
    from bot.words import Words

SAFE = ".sqlite3"  # how a copy ends that a restore keeps of the desk as it was
FAILED = 1  # exit status: it did not work, and nothing was changed


def add(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """The verb and its words."""
    backup = verbs.add_parser(
        "backup",
        help="copies of the desk: now, list, verify, prune, restore",
        epilog="examples:  helpthread backup now  |  helpthread backup list --at drive  |  "
        "helpthread backup restore --ticket 42 --to ticket-42.zip",
    )
    acts = backup.add_subparsers(dest="act", metavar="ACT", required=True)
    for name, text in (
        ("now", "make one at each destination, and prove it"),
        ("list", "what there is, and what is proven"),
        ("verify", "read a copy from end to end, and name what is damaged"),
        ("prune", "take away what `keep` does not keep"),
        ("restore", "bring the desk back from a copy"),
    ):
        act = acts.add_parser(name, help=text, description=text)
        act.add_argument("--at", metavar="ID", help="this destination only (else all; restore: the first)")
        if name in {"verify", "restore"}:
            or_file = "; or FILE.sqlite3 that an earlier one kept" if name == "restore" else ""
            which = f"which, or a beginning of it (%(default)s){or_file}"
            act.add_argument("stamp", nargs="?", default="latest", help=which)
        if name == "restore":
            act.add_argument("--only", choices=("database", "files"), help="the rows alone, or the attachments alone")
            act.add_argument("--ticket", type=int, metavar="N", help="this ticket alone, as a zip, to the file --to")
            act.add_argument("--to", type=Path, metavar="DIR", help="there, to look at; the desk is not touched")
            act.add_argument("--yes", action="store_true", help="do not ask (for scripts)")


def run(options: argparse.Namespace) -> int:
    """Do it; gives the exit status. ConfigError where config is wrong."""
    config = load(options.config)
    environ = dict(os.environ)
    places = _chosen(keeping.places(config, environ), options.at)
    work = replace(keeping.work(config, environ), at_once=os.cpu_count() or 1)
    desk = _Desk(config, work, Library(config.desk.language, config.desk.timezone).of(os.environ.get("LANG", "")))
    try:
        if options.act == "restore":
            return desk.restore(next(iter(places.values())), options)
        act = {"now": desk.now, "list": desk.list, "verify": desk.verify, "prune": desk.prune}[options.act]
        return max([act(place, options) for place in places.values()])
    finally:
        for place in places.values():
            place.destination.close()


def _chosen(places: Mapping[str, Place], wanted: str | None) -> Mapping[str, Place]:
    if not places:
        raise ConfigError("there is no destination: add a [[backup.destinations]] table to config.toml")
    if wanted is None:
        return places
    if wanted not in places:
        raise ConfigError(f"no destination {wanted!r}; known: {', '.join(places)}")
    return {wanted: places[wanted]}


class _Desk:
    """Each act at one destination; gives the exit status and says what happened."""

    def __init__(self, config: Config, work: Work, words: Words) -> None:
        self._config = config
        self._work = work
        self._words = words
        self._console = Console(highlight=False)

    def now(self, place: Place, _options: argparse.Namespace) -> int:
        keeping.migrate_if_new(self._config, os.environ)
        try:
            with watched(self._console, self._words, place.id) as report:
                manifest = back_up(self._work, place, report)
        except Trouble as error:
            return self._failed(place, error)
        size = self._words.size(sum(part.size for part in manifest.parts))
        self._console.print(self._words("backup.made", stamp=manifest.stamp, place=place.id, size=size))
        return 0

    def list(self, place: Place, _options: argparse.Namespace) -> int:
        try:
            vault = self._work.vault(place)
            table = self._table(place, vault)
        except Trouble as error:
            return self._failed(place, error)
        self._console.print(table)
        return 0

    def _table(self, place: Place, vault: Vault) -> Table:
        words = self._words
        proofs = self._work.runs.proofs(place.id) if self._work.database.there else {}
        table = Table(title=place.id, title_justify="left")
        for key in ("stamp", "made", "tickets", "messages", "files", "size", "proven"):
            table.add_column(words(f"backup.column.{key}"), no_wrap=key == "stamp")
        for entry in vault.entries():
            try:
                manifest = vault.manifest(entry.stamp)
            except Trouble as error:
                table.add_row(entry.stamp, words.moment(entry.at), str(error), style="red")
                continue
            size = words.size(sum(part.size for part in manifest.parts))
            counts = (str(manifest.counts.get(name, 0)) for name in ("tickets", "messages"))
            proof = proofs.get(entry.stamp)
            mark = "✗" if proof and proof.error else words.moment(proof.ended_at) if proof and proof.ended_at else ""
            table.add_row(entry.stamp, words.moment(entry.at), *counts, str(manifest.files), size, mark)
        return table

    def verify(self, place: Place, options: argparse.Namespace) -> int:
        try:
            with watched(self._console, self._words, place.id) as report:
                stamp = prove_again(self._work, place, report, options.stamp)
        except Damaged as error:
            for fault in error.faults:
                self._console.print(f"{place.id}: {fault}", style="red")
            return FAILED
        except Trouble as error:
            return self._failed(place, error)
        self._console.print(self._words("backup.whole", stamp=stamp, place=place.id), style="green")
        return 0

    def prune(self, place: Place, _options: argparse.Namespace) -> int:
        try:
            gone = prune(self._work, place, lambda _: None)
        except Trouble as error:
            return self._failed(place, error)
        self._console.print(self._words("backup.pruned", count=len(gone), place=place.id))
        return 0

    # --- the way back ---------------------------------------------------------------------------------------

    def restore(self, place: Place, options: argparse.Namespace) -> int:
        if options.ticket is not None and options.to is None:
            raise ConfigError("--ticket needs --to FILE.zip")
        try:
            with self._work.alone(place) as vault:
                if options.stamp.endswith(SAFE):
                    return self._put_back(vault, Path(options.stamp), options)
                for closed in vault.take_keys(vault.destination.names(), own=False):
                    self._console.print(f"{place.id}: {closed}", style="yellow")
                manifest = vault.manifest(vault.entry(options.stamp).stamp, fresh=True)
                made, number = datetime.fromisoformat(manifest.made_at), manifest.stamp.partition("-")[0].lstrip("0")
                tickets = manifest.counts.get("tickets", 0)
                if options.to is None and not options.yes and not self._sure(made, tickets, options.only, number):
                    self._console.print(self._words("backup.not_restored"))
                    return FAILED
                with watched(self._console, self._words, place.id) as report:
                    said = self._restored(vault, manifest, options, report)
        except Trouble as error:
            return self._failed(place, error)
        self._console.print(said, style="green")
        return 0

    def _restored(self, vault: Vault, manifest: Manifest, options: argparse.Namespace, report: port.Report) -> str:
        work, words, to = self._work, self._words, options.to
        if options.ticket is not None:
            write_ticket(work, vault, manifest, options.ticket, to, report)
            return words("backup.ticket_written", number=options.ticket, path=to)
        copy = self._brought(vault, manifest, options, report)
        if to is not None:
            if copy is not None:
                to.mkdir(parents=True, exist_ok=True)
                shutil.move(copy, to / "desk.sqlite3")  # perhaps on another disk
            return words("backup.restored_to", stamp=manifest.stamp, path=to)
        if copy is None:
            return words("backup.restored_files", stamp=manifest.stamp)
        return self._replaced(copy, manifest.stamp)

    def _replaced(self, copy: Path, name: str) -> str:
        safe = self._config.before_restore / f"{self._work.clock():%Y%m%dT%H%M%SZ}{SAFE}"
        replace_database(self._work, copy, safe)
        if safe.exists():
            return self._words("backup.restored", stamp=name, path=safe)
        return self._words("backup.restored_fresh", stamp=name)

    def _put_back(self, vault: Vault, file: Path, options: argparse.Namespace) -> int:
        """A copy of the database that lies here: what an earlier restore kept of the desk."""
        if options.ticket is not None or options.only or options.to:
            raise ConfigError("a file is put back whole: without --ticket, --only and --to")
        copy = vault.scratch / "restored.sqlite3"
        shutil.copyfile(file, copy)
        database = self._work.database
        database.check(copy, thorough=True)
        schema, counts = database.facts(copy)
        if schema > database.newest_schema:
            raise BackupError(f"{file} was made by a newer desk (schema {schema}); upgrade the desk")
        tickets = counts.get("tickets", 0)
        made = datetime.fromtimestamp(file.stat().st_mtime, UTC)
        if not options.yes and not self._sure(made, tickets, None, str(tickets)):
            self._console.print(self._words("backup.not_restored"))
            return FAILED
        self._console.print(self._replaced(copy, file.name), style="green")
        return 0

    def _brought(
        self, vault: Vault, manifest: Manifest, options: argparse.Namespace, report: port.Report
    ) -> Path | None:
        """What was asked for; gives where the rows are, if they were."""
        if options.only == "database":
            return bring_copy(self._work, vault, manifest, report)
        files = self._work.files if options.to is None else FolderBlobs(options.to / "files")
        if options.only == "files":
            put_files(self._work, vault, manifest, files, report)
            return None
        return bring_all(self._work, vault, manifest, files, report)

    def _sure(self, made: datetime, tickets: int, only: str | None, number: str) -> bool:
        """Asked twice: the second time for the backup's own number (of a file: how many tickets), which nobody types by
        accident.
        """
        words = self._words
        self._console.print(words("backup.ask", made=words.moment(made), tickets=tickets))
        if only != "files":
            self._console.print(words("backup.ask_newer"), style="yellow")
        if _typed(words("backup.ask_first")).lower() not in {"y", "yes", "o", "oui"}:
            return False
        return _typed(words("backup.ask_second", number=number)) == number

    # --- what is shown --------------------------------------------------------------------------------------

    def _failed(self, place: Place, error: Trouble) -> int:
        self._console.print(f"{place.id}: {error}", style="red")
        return FAILED


def _typed(question: str) -> str:
    try:
        return input(f"{question} ").strip()
    except EOFError:
        print(file=sys.stderr)  # noqa: T201 - ends the question's line
        return ""
