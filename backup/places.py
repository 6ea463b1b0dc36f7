"""An address of config.toml made into the destination that it means."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from backup.folder import Folder
from backup.job import Place
from backup.keys import Keys
from backup.port import BackupError
from backup.retention import Keep

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from backup.config import BackupConfig, DestinationSection
    from backup.port import Destination


def place(section: DestinationSection, environ: Mapping[str, str], *, root: Path) -> Place:
    """The destination, not yet spoken to; relative folders begin at `root`. BackupError where it lacks a secret."""
    return Place(section.id, _destination(section, environ, root), Keep(**section.keep.model_dump()))


def _destination(section: DestinationSection, environ: Mapping[str, str], root: Path) -> Destination:
    parts = urlsplit(section.address)
    secret = environ.get(section.credentials_env, "") if section.credentials_env else ""
    if section.credentials_env and not secret:
        raise BackupError(f"{section.credentials_env} is not set: destination {section.id!r} needs it")
    match parts.scheme:
        case "file":
            return Folder(root / unquote(parts.netloc + parts.path))
        case "drive":
            from backup.drive import Drive  # a desk without it does not load Google's client

            if not secret:
                raise BackupError(f"destination {section.id!r} needs credentials_env: a service account's JSON key")
            return Drive(parts.netloc, secret, endpoint=section.endpoint)
        case _:
            from backup.remote import Remote  # nor fsspec

            return Remote(section.address, secret, endpoint=section.endpoint)


def keys(config: BackupConfig, environ: Mapping[str, str], own: Path, *, needed: bool = True) -> Keys:
    """Who can open the copies. BackupError where they are `needed` and nobody but this machine could."""
    passphrase = environ.get(config.passphrase_env, "") if config.passphrase_env else ""
    identity = environ.get(config.identity_env, "") if config.identity_env else ""
    if needed and not config.recipients and not passphrase:
        raise BackupError(
            f"backups would be lost with this machine: set {config.passphrase_env} to a passphrase, or list age "
            "recipients in [backup] recipients"
        )
    return Keys(own, recipients=config.recipients, passphrase=passphrase, identities=[identity] if identity else [])
