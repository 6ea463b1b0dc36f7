"""config.toml read and checked; secrets come from the environment only.

Every mistake is one line that names the file, the key and the fix.
"""

from __future__ import annotations

import difflib
import tomllib
from typing import TYPE_CHECKING, Any, get_args

from pydantic import BaseModel, ValidationError

from bot.config.keys import Misplaced
from bot.config.lines import line_of
from bot.config.whole import Config

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from pydantic_core import ErrorDetails

KeyPath = tuple[int | str, ...]  # of a key
_VARIANTS = frozenset({"str", "constrained-str", "dict[str,str]", "dict[str,constrained-str]"})  # pydantic's own words


class ConfigError(Exception):
    """config.toml or the environment is wrong: one line that names the key and the fix."""


def load(path: Path) -> Config:
    """Read config.toml. ConfigError with one line for the first mistake. `data` is relative to the file's folder."""
    try:
        text = path.read_text(encoding="utf-8")
        table = tomllib.loads(text)
    except FileNotFoundError as error:
        raise ConfigError(
            f"{path}: there is no such file; copy config.toml there, or name another with --config"
        ) from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: not TOML: {error}") from error
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from error
    try:
        config = Config.model_validate(table)
    except ValidationError as error:
        line, mistake = min(_mistakes(error, text), key=lambda found: found[0] or 0)
        raise ConfigError(f"{path}, line {line}: {mistake}" if line else f"{path}: {mistake}") from error
    desk = config.desk.model_copy(update={"data": path.parent / config.desk.data})
    return config.model_copy(update={"desk": desk})


def secret(environ: Mapping[str, str], name: str, needed_by: str, where: str) -> str:
    """A token from the environment. ConfigError where it is not there: the line says where to get it."""
    value = environ.get(name, "").strip()
    if not value:
        raise ConfigError(f"{name} is not set: {needed_by} needs it; {where}")
    return value


def _mistakes(error: ValidationError, text: str) -> Iterator[tuple[int | None, str]]:
    """Each with its line in the file's text, where there is one."""
    for mistake in error.errors(include_url=False):
        where, wrong = _worded(mistake)
        yield line_of(text, where), wrong


def _worded(mistake: ErrorDetails) -> tuple[KeyPath, str]:
    """Where it is, and what is wrong."""
    where = tuple(part for part in mistake["loc"] if part not in _VARIANTS)
    key = ".".join(map(str, where)) or "config"
    match mistake["type"]:
        case "extra_forbidden":
            return where, f"unknown key {key!r}{_meant(where)}"
        case "missing":
            return where, f"{key!r} is missing; add it"
        case "value_error":
            text = str(mistake["msg"]).removeprefix("Value error, ")
            wrong = mistake.get("ctx", {}).get("error")
            if isinstance(wrong, Misplaced):
                return wrong.at, text
            return where, f"{key!r}: {text}" if where else text
        case _:
            return where, f"{key!r}: {mistake['msg']} (it is {mistake['input']!r})"


def _meant(location: KeyPath) -> str:
    keys: set[str] = set(Config.model_fields)
    model: Any = Config
    for part in location[:-1]:
        if isinstance(part, str) and model is not None:
            model = _model_of(model, part)
            keys = set(model.model_fields) if model else set()
    close = difflib.get_close_matches(str(location[-1]), keys, n=1)
    if close:
        return f": did you mean {close[0]!r}?"
    return f"; known here: {', '.join(sorted(keys))}" if keys else "; remove it"


def _model_of(model: Any, key: str) -> type[BaseModel] | None:
    """The model of a key's table, or of an array's tables. None where it holds anything else."""
    field = model.model_fields.get(key)
    found = [field.annotation] if field else []
    while found:
        kind = found.pop()
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            return kind
        found += get_args(kind)
    return None
