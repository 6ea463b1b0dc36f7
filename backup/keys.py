"""Who can open a backup: age recipients of config, and the desk's own key, so that the desk can prove its copies.

With a passphrase, the desk's key lies beside the copies, itself encrypted by that passphrase: `age -d` asks for it,
and whoever knows it can restore on a machine that has nothing else.
"""

from __future__ import annotations

import hashlib
import os
from typing import TYPE_CHECKING, Any

import pyrage  # type: ignore[import-untyped]
from pyrage import passphrase as age_passphrase
from pyrage import ssh, x25519

from backup.port import BackupError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


class Keys:
    """The recipients of new archives, and the identities that can open old ones."""

    def __init__(
        self, own: Path, *, recipients: Sequence[str] = (), passphrase: str = "", identities: Sequence[str] = ()
    ) -> None:
        """`own` is the file of the desk's own key; it is made where there is none."""
        self.passphrase = passphrase
        self._own = _own_key(own)
        self.recipients: list[Any] = [self._own.to_public(), *map(_recipient, recipients)]
        self.identities: list[Any] = [self._own, *map(_identity, identities)]

    @property
    def own_name(self) -> str:
        """Under which name the desk's key lies beside the copies, where there is a passphrase."""
        return f"key-{hashlib.sha256(str(self._own.to_public()).encode()).hexdigest()[:12]}.age"

    def locked(self) -> bytes:
        """The desk's key, encrypted by the passphrase. Takes a second or more: age makes guessing slow."""
        return bytes(age_passphrase.encrypt(f"{self._own}\n".encode(), self.passphrase))

    def unlock(self, name: str, content: bytes) -> None:
        """Take up a key that lies beside copies. BackupError where the passphrase does not open it."""
        try:
            text = age_passphrase.decrypt(content, self.passphrase).decode()
        except pyrage.DecryptError as error:
            raise BackupError(f"{name}: the passphrase does not open it") from error
        self.identities.append(_identity(text.strip()))


def _own_key(path: Path) -> Any:
    try:
        return x25519.Identity.from_str(path.read_text(encoding="ascii").strip())
    except FileNotFoundError:
        pass
    except (ValueError, pyrage.IdentityError) as error:
        raise BackupError(f"{path} is not a key of age") from error
    made = x25519.Identity.generate()
    path.parent.mkdir(parents=True, exist_ok=True)
    half = path.with_name(f"{path.name}.{os.getpid()}")
    descriptor = os.open(half, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(f"{made}\n")
        file.flush()
        os.fsync(file.fileno())
    half.replace(path)
    return made


def _recipient(text: str) -> Any:
    kind = ssh if text.startswith("ssh-") else x25519
    try:
        return kind.Recipient.from_str(text)
    except (ValueError, pyrage.RecipientError) as error:
        raise BackupError(f"{text[:20]}… is not a recipient of age (age1… or ssh-…)") from error


def _identity(text: str) -> Any:
    if "PRIVATE KEY-----" in text:
        kind: Any = ssh.Identity.from_buffer
        value: Any = text.encode()
    else:
        lines = [line for line in text.splitlines() if line and not line.startswith("#")]
        kind, value = x25519.Identity.from_str, lines[0] if lines else ""
    try:
        return kind(value)
    except (ValueError, pyrage.IdentityError) as error:
        raise BackupError("the identity at hand is not a key of age (AGE-SECRET-KEY-1…)") from error
