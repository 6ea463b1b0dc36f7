"""The desk's backups put together from config: what both the command line and the running desk work with."""

from __future__ import annotations

from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from backup.job import Work
from backup.places import keys, place
from backup.port import BackupError
from bot.config import ConfigError
from storage import BackupRuns, FolderBlobs, migrate, snapshots_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from backup.job import Place
    from bot.config import Config


def work(config: Config, environ: Mapping[str, str], *, encrypted: bool = True) -> Work:
    """All but the destinations. ConfigError where nobody but this machine could open what is `encrypted`."""
    where = config.stored_at(environ)
    try:
        return Work(
            desk=config.desk.name,
            version=version(),
            database=snapshots_of(where),
            files=FolderBlobs(config.desk.data / "files", shared=True),
            keys=keys(config.backup, environ, config.desk.data / "backup.key", needed=encrypted),
            runs=BackupRuns(where),
            folder=config.desk.data / "backup",
            zone=ZoneInfo(config.desk.timezone),
        )
    except BackupError as error:
        raise ConfigError(f"[backup]: {error}") from error


def migrate_if_new(config: Config, environ: Mapping[str, str]) -> None:
    """A desk that never ran has no database to copy; one that an older desk left is brought forward when it runs."""
    where = config.stored_at(environ)
    if not snapshots_of(where).there:
        if isinstance(where, Path):
            where.parent.mkdir(parents=True, exist_ok=True)
        migrate(where)


def places(config: Config, environ: Mapping[str, str]) -> Mapping[str, Place]:
    """The destinations by their ids, not yet spoken to. ConfigError where one lacks a secret."""
    try:
        return {entry.id: place(entry, environ, root=config.desk.data) for entry in config.backup.destinations}
    except BackupError as error:
        raise ConfigError(f"[[backup.destinations]]: {error}") from error


def version() -> str:
    """Of Helpthread, as it is installed; "checkout" where it is not."""
    try:
        return metadata.version("helpthread")
    except metadata.PackageNotFoundError:
        return "checkout"
