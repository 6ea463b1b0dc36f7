"""The `.env` beside config.toml: secrets for the desk's environment, which only its owner may read."""

from __future__ import annotations

import os
import re
import shlex
from typing import TYPE_CHECKING

from bot.config.reading import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping, MutableMapping
    from pathlib import Path

NAME = ".env"
_OTHERS = 0o077  # the rights of everybody but the owner
_LINE = re.compile(r"(?:export\s+)?([A-Za-z_]\w*)=(.*)")


def take(config: Path, environ: MutableMapping[str, str]) -> None:
    """Add what the file says to the environment; what is set there already wins. ConfigError where others can read it,
    or a line is none. Nothing happens where there is no such file.
    """
    path = config.parent / NAME
    if not path.is_file():
        return
    if os.name == "posix" and path.stat().st_mode & _OTHERS:
        raise ConfigError(f"{path}: others can read the desk's secrets; run: chmod 600 {shlex.quote(str(path))}")
    for name, value in read(path).items():
        environ.setdefault(name, value)


def read(path: Path) -> Mapping[str, str]:
    """NAME=value by the line; quotes around a value, empty lines and those that begin with # are left out."""
    found: dict[str, str] = {}
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        match = _LINE.fullmatch(line.strip())
        if match is None:
            raise ConfigError(f"{path}, line {number}: a line is NAME=value")
        value = match[2].strip()
        quoted = len(value) > 1 and value[0] == value[-1] and value[0] in "\"'"
        found[match[1]] = value[1:-1] if quoted else value
    return found


def write(path: Path, values: Mapping[str, str]) -> None:
    """A file that only its owner can read, from its first byte on; what stood there for other names stays."""
    kept = dict(read(path)) if path.is_file() else {}
    text = "# Secrets of the desk: never commit this file.\n"
    text += "".join(f"{name}={value}\n" for name, value in (kept | dict(values)).items())
    fresh = path.with_name(f"{path.name}.new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
    fresh.replace(path)
