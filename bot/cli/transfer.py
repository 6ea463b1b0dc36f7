"""`helpthread export FILE` and `helpthread import FILE`: the move to a fresh machine."""

from __future__ import annotations

import os
import re
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from rich.console import Console

from backup.config import DestinationSection
from backup.export import export
from backup.places import place
from backup.port import BackupError
from backup.transfer import AGE, checked, import_, opened
from bot import keeping
from bot.cli import taking
from bot.cli.backup import FAILED
from bot.cli.watching import watched
from bot.config import ConfigError, load
from bot.words import Library
from desk.errors import Trouble

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Mapping

    from backup.job import Place, Work
    from backup.keys import Keys
    from backup.transfer import Head
    from bot.config import Config
    from bot.words import Words

SECRET = re.compile(r"xox[a-z]-[\w-]+|xapp-[\w-]+|AGE-SECRET-KEY-\w+|[\w-]{23,28}\.[\w-]{6,7}\.[\w-]{27,}")
CREDENTIALS = "environment variable of an address's secret"
CATALOGUE = ("department", "product", "priority")


class Out:
    """`helpthread export`"""

    @staticmethod
    def add(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
        """The verb and its words."""
        text = "write the whole desk to one file (encrypted where its name ends with .age)"
        examples = (
            "examples:  helpthread export desk.tar.zst.age  |  helpthread export sftp://me@vault/desk.tar.zst.age"
        )
        verb = verbs.add_parser("export", help=text, description=text, epilog=examples)
        verb.add_argument("file", help="a file, or an address such as sftp://me@vault/desk.tar.zst.age")
        verb.add_argument("--credentials-env", default="", metavar="NAME", help=CREDENTIALS)

    @staticmethod
    def run(options: argparse.Namespace) -> int:
        """Write it; gives the exit status."""
        desk = _Desk(load(options.config))
        return desk.said(lambda: desk.export(options.config, options.file, options.credentials_env))


class In:
    """`helpthread import`"""

    @staticmethod
    def add(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
        """The verb and its words."""
        text = "take over a desk from an export, on a fresh installation; or tickets of another desk"
        examples = (
            "examples:  helpthread import desk.tar.zst.age  |  "
            "helpthread import old.csv --from csv --map words.toml --dry-run"
        )
        verb = verbs.add_parser("import", help=text, description=text, epilog=examples)
        verb.add_argument("file", help="an export, or its address; with --from, the other desk's file")
        verb.add_argument("--from", dest="source", choices=taking.SOURCES, help="tickets of another desk")
        verb.add_argument("--map", type=Path, metavar="FILE", help="with --from: a TOML file from their words to ours")
        verb.add_argument(
            "--uploads", type=Path, metavar="DIR", help="with --from wordpress: a copy of wp-content/uploads"
        )
        verb.add_argument("--dry-run", action="store_true", help="say what would come and what cannot; change nothing")
        verb.add_argument("--credentials-env", default="", metavar="NAME", help=CREDENTIALS)

    @staticmethod
    def run(options: argparse.Namespace) -> int:
        """Take it over; gives the exit status."""
        if options.source:
            return taking.run(options)
        desk = _Desk(load(options.config))
        return desk.said(lambda: desk.import_(options.file, options.credentials_env, dry=options.dry_run))


class _Desk:
    def __init__(self, config: Config) -> None:
        self._config = config
        self._environ = dict(os.environ)
        self._work = keeping.work(config, self._environ, encrypted=False)
        self._words: Words = Library(config.desk.language, config.desk.timezone).of(os.environ.get("LANG", ""))
        self._console = Console(highlight=False)
        self._nul = 0  # texts with a character that PostgreSQL refuses

    def said(self, act: Any) -> int:
        """Do it, and say what failed in one line."""
        try:
            act()
        except Trouble as error:
            self._console.print(str(error), style="red")
            return FAILED
        return 0

    # --- out ------------------------------------------------------------------------------------------------

    def export(self, config: Path, target: str, credentials: str) -> None:
        keeping.migrate_if_new(self._config, self._environ)
        text = SECRET.sub("…", config.read_text(encoding="utf-8"))
        with ExitStack() as stack:
            report = stack.enter_context(watched(self._console, self._words, target))
            away = _away(target, credentials, self._environ)
            if away is None:
                head = export(self._work_for(target), Path(target), text, report)
            else:
                there, name = away
                stack.callback(there.destination.close)
                file = self._work.folder / name
                file.parent.mkdir(parents=True, exist_ok=True)
                stack.callback(file.unlink, missing_ok=True)
                head = export(self._work_for(name), file, text, report)
                there.destination.names()
                there.destination.put(file, name, lambda _: None)
        self._tell(head)
        self._console.print(self._words("transfer.written", path=target), style="green")

    def _work_for(self, name: str) -> Work:
        if name.endswith(AGE):
            return keeping.work(self._config, self._environ)  # says what is missing where there is no key
        return self._work

    # --- in -------------------------------------------------------------------------------------------------

    def import_(self, source: str, credentials: str, *, dry: bool) -> None:
        self._must_be_fresh()
        with ExitStack() as stack:
            report = stack.enter_context(watched(self._console, self._words, source))
            path = self._here(source, credentials, stack)
            scratch = self._work.folder / "scratch"
            keys = self._keys(path)
            unknown: dict[str, set[str]] = {}
            with opened(path, keys, scratch) as found:
                head, config = found.head, found.config
                _must_be_known(head, self._work.database.newest_schema)
                checked(found, lambda table, row: self._look(table, row, unknown), report)
            if not dry:
                self._take(path, keys, scratch, report)
        self._tell(head)
        for name, ids in unknown.items():
            self._console.print(self._words(f"transfer.unknown_{name}", ids=", ".join(sorted(ids))), style="yellow")
        if head.missing:
            self._console.print(self._words("transfer.missing", count=len(head.missing)), style="yellow")
        if self._nul:
            self._console.print(self._words("transfer.nul", count=self._nul), style="yellow")
        if dry:
            self._console.print(self._words("transfer.dry"))
            return
        beside = self._config.desk.data / "config.imported.toml"
        beside.write_text(config, encoding="utf-8")
        self._console.print(self._words("transfer.taken", path=beside), style="green")

    def _must_be_fresh(self) -> None:
        if self._work.database.used:
            raise BackupError("this desk has tickets or people already; import into a fresh one")

    def _here(self, source: str, credentials: str, stack: ExitStack) -> Path:
        away = _away(source, credentials, self._environ)
        if away is None:
            return Path(source)
        there, name = away
        stack.callback(there.destination.close)
        file = self._work.folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        stack.callback(file.unlink, missing_ok=True)
        there.destination.get(name, file, lambda _: None)
        return file

    def _keys(self, path: Path) -> Keys | None:
        return keeping.work(self._config, self._environ).keys if path.name.endswith(AGE) else None

    def _take(self, path: Path, keys: Keys | None, scratch: Path, report: Any) -> None:
        database = self._work.database
        where = self._config.stored_at(self._environ)
        made = (where if isinstance(where, Path) else scratch / "made").with_name("import.sqlite3")
        with database.alone(), opened(path, keys, scratch) as found:
            import_(database, self._work.files, found, made, report)
            database.replace(made)

    def _look(self, table: str, row: Mapping[str, Any], unknown: dict[str, set[str]]) -> None:
        if self._work.database.kind == "rows":  # PostgreSQL has no place for it
            self._nul += sum("\0" in value for value in row.values() if isinstance(value, str))
        if table != "tickets":
            return
        catalogue = self._config.catalogue()
        for name in CATALOGUE:
            value = str(row.get(name) or "")
            if value and getattr(catalogue, name)(value) is None:
                unknown.setdefault(name, set()).add(value)

    def _tell(self, head: Head) -> None:
        counts = {name: head.counts.get(name, 0) for name in ("tickets", "messages", "people")}
        size = self._words.size(head.files_size)
        self._console.print(self._words("transfer.holds", desk=head.desk, files=head.files, size=size, **counts))


def _must_be_known(head: Head, newest: str) -> None:
    if head.schema > newest:
        raise BackupError(f"made by a newer desk (schema {head.schema}, this one knows {newest}); upgrade the desk")


def _away(target: str, credentials: str, environ: Mapping[str, str]) -> tuple[Place, str] | None:
    """The destination and the name there; None for a file of this machine."""
    if not urlsplit(target).scheme:
        return None
    folder, _, name = target.rpartition("/")
    try:
        section = DestinationSection(id="transfer", address=folder, credentials_env=credentials)
    except ValueError as error:
        raise ConfigError(f"{target}: {_first(error)}") from error
    return place(section, environ, root=Path()), name


def _first(error: ValueError) -> str:
    return next(iter(_lines(error)))


def _lines(error: ValueError) -> Iterator[str]:
    for mistake in getattr(error, "errors", lambda: [{"msg": str(error)}])():
        yield str(mistake["msg"]).removeprefix("Value error, ")
