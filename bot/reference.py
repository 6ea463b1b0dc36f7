"""The docs that are written by the code: docs/config.md from the config classes and config.toml's comments,
docs/command-line.md from the parser, docs/decisions.md from the records. `python -m bot.reference` (or `make docs`)
writes them; a test holds them to what the code says.
"""

from __future__ import annotations

import argparse
import re
import types
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel

from bot.__main__ import parser
from bot.config import Config

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydantic.fields import FieldInfo

ROOT = Path(__file__).parents[1]
MADE = "<!-- Made by `make docs` from the code: change what it is made from, not this file. -->"
WHERE = (
    "Where the desk looks: `config.toml` in the folder in which it is started, or the file that `--config` names. A "
    "mistake is one line that names the file's line, the key and the fix. Secrets never stand in it: they come from "
    "the environment, or from the `.env` beside it, by the names that the `…_env` keys give."
)
_TABLE = re.compile(r"^(?:# )?(\[\[?)([\w.]+)\]\]?")
_KEY = re.compile(r"^(?:# )?([a-z_]+) = ")
# Where config.toml does not say it again: keys that mean the same in every table.
EVERYWHERE = {
    "id": "short and lasting: tickets name it",
    "name": "what people read; one text, or one for each language",
    "text": "one text, or one for each language",
    "emoji": "shown before its name",
    "colour": "of its cards' edge",
    "required": "whether the form insists on it",
    "choices": "what there is to choose, where `kind` is a choice",
    "keep": "how many copies of each age stay",
    "agents": "ids of accounts, user groups or roles, by network",
    "admins": "the same; they may do all that agents may",
    "gateway_url": "another address only for a stand-in",
    "cdn_url": "another address only for a stand-in",
    **dict.fromkeys(("mon", "tue", "wed", "thu", "fri", "sat", "sun"), "spans of work, as for `mon`"),
}
KINDS = {str: "text", int: "whole number", float: "number", bool: "true or false", Path: "path"}


@dataclass(slots=True)
class Comments:
    """What config.toml says of itself: of each table, and of each key by its table's name."""

    tables: dict[str, str] = field(default_factory=dict)
    keys: dict[tuple[str, str], str] = field(default_factory=dict)


def comments(text: str) -> Comments:
    """Read from the sample, the tables that are commented out among them."""
    found = Comments()
    table, key = "", ""
    above: list[str] = []
    for line in text.splitlines():
        if (match := _TABLE.match(line)) is not None:
            table, key = match[2], ""
            found.tables.setdefault(table, " ".join(above))
            above = []
        elif (match := _KEY.match(line)) is not None:
            key, above = match[1], []
            found.keys.setdefault((table, key), _remark(line.removeprefix("# ")))
        elif key and (match := re.match(r"^#?\s{8,}#\s*(.*)$", line)) is not None:
            found.keys[table, key] += f" {match[1]}"  # the remark goes on below its key
        elif line.startswith("#"):
            above.append(line.removeprefix("#").strip())
        else:
            above = []
    return found


def _remark(line: str) -> str:
    """What stands behind the first # outside quotes."""
    quote = ""
    for at, character in enumerate(line):
        if quote:
            quote = "" if character == quote else quote
        elif character in "\"'":
            quote = character
        elif character == "#":
            return line[at + 1 :].strip()
    return ""


def config_page(said: Comments) -> str:
    """docs/config.md."""
    parts = [
        "# config.toml, key by key",
        MADE,
        WHERE,
        *_tables(Config, "", "", said),
    ]
    return "\n\n".join(parts) + "\n"


def _tables(model: type[BaseModel], name: str, mark: str, said: Comments) -> Iterator[str]:
    rows, inner = [], []
    for key, entry in model.model_fields.items():
        table = inner_model(entry.annotation)
        path = f"{name}.{key}" if name else key
        if table is None or _inline(path, said):
            rows.append(_row(name, key, entry, said))
        else:
            many = get_origin(_bare(entry.annotation)) is list
            inner.append((table, path, "[[{}]]" if many else "[{}]"))
    if name:
        yield f"## `{mark.format(name)}`"
        if intro := said.tables.get(name):
            yield intro
    if rows:
        yield "\n".join(["| key | what it is for | kind | without it |", "| --- | --- | --- | --- |", *rows])
    order = list(said.tables)
    for table, path, shape in sorted(
        inner, key=lambda entry: order.index(entry[1]) if entry[1] in order else len(order)
    ):
        yield from _tables(table, path, shape, said)


def _inline(path: str, said: Comments) -> bool:
    """Whether a table is written in one line of its parent's."""
    table, _, key = path.rpartition(".")
    return path not in said.tables and (table, key) in said.keys


def _row(table: str, key: str, entry: FieldInfo, said: Comments) -> str:
    remark = said.keys.get((table, key)) or said.keys.get((table.rpartition(".")[2], key)) or EVERYWHERE.get(key, "")
    remark = remark.replace("|", "\\|")
    return f"| `{key}` | {remark} | {kind(entry.annotation)} | {_default(entry)} |"


def _default(entry: FieldInfo) -> str:
    if entry.is_required():
        return "*needed*"
    value = entry.get_default(call_default_factory=True)
    if isinstance(value, BaseModel):
        return "as below"
    if value is None or value in ("", [], {}):
        return "–"
    return f"`{str(value).lower() if isinstance(value, bool) else getattr(value, 'value', value)}`"


def kind(annotation: Any) -> str:
    """What may stand there, in words."""
    bare = _bare(annotation)
    origin = get_origin(bare)
    if origin is Literal:
        return ", ".join(f"`{choice}`" for choice in get_args(bare))
    if origin in (Union, types.UnionType):
        return " or ".join(dict.fromkeys(kind(part) for part in get_args(bare) if part is not type(None)))
    if origin is list:
        return f"list of {kind(get_args(bare)[0])}"
    if origin is dict:
        return f"table of {kind(get_args(bare)[1])}"
    if isinstance(bare, type) and issubclass(bare, Enum):
        return ", ".join(f"`{choice.value}`" for choice in bare)
    if isinstance(bare, type) and issubclass(bare, BaseModel):
        return "table: " + ", ".join(f"`{name}`" for name in bare.model_fields)
    return KINDS.get(bare, getattr(bare, "__name__", str(bare)))


def _bare(annotation: Any) -> Any:
    """Without what only checks it, and without None."""
    if get_origin(annotation) is Annotated:
        return _bare(get_args(annotation)[0])
    if get_origin(annotation) in (Union, types.UnionType):
        parts = [part for part in get_args(annotation) if part is not type(None)]
        return _bare(parts[0]) if len(parts) == 1 else annotation
    return annotation


def inner_model(annotation: Any) -> type[BaseModel] | None:
    """The model of a table, or of an array's tables. None where anything else stands there."""
    bare = _bare(annotation)
    if get_origin(bare) is list:
        bare = _bare(get_args(bare)[0])
    return bare if isinstance(bare, type) and issubclass(bare, BaseModel) else None


# --- the command line ---------------------------------------------------------------------------------------------


def command_page() -> str:
    """docs/command-line.md: what --help says, verb by verb."""
    top = parser()
    parts = ["# The command line", MADE, "From a checkout, `helpthread` is `.venv/bin/python -m bot`."]
    parts += [f"```text\n{_help(top)}```"]
    for action in top._actions:  # noqa: SLF001 - argparse has no other way to ask for its verbs
        if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001 - the same
            for name, verb in action.choices.items():
                parts += [f"## `helpthread {name}`", f"```text\n{_help(verb)}```"]
    return "\n\n".join(parts) + "\n"


def _help(verb: argparse.ArgumentParser) -> str:
    verb.formatter_class = lambda prog: argparse.RawDescriptionHelpFormatter(prog, width=100)
    return verb.format_help()


def decisions_page() -> str:
    """docs/decisions.md: the records of docs/adr by number."""
    parts = ["# Decisions", MADE, "Where the desk differs from its first plan, and why. One page each."]
    records = sorted((ROOT / "docs" / "adr").glob("*.md"))
    titles = (record.read_text(encoding="utf-8").partition("\n")[0].removeprefix("# ") for record in records)
    lines = (f"- [{title}](adr/{record.name})" for title, record in zip(titles, records, strict=True))
    return "\n\n".join([*parts, "\n".join(lines)]) + "\n"


def pages() -> dict[str, str]:
    """Path below the root → what must stand there."""
    said = comments((ROOT / "config.toml").read_text(encoding="utf-8"))
    return {
        "docs/config.md": config_page(said),
        "docs/command-line.md": command_page(),
        "docs/decisions.md": decisions_page(),
    }


if __name__ == "__main__":
    for path, text in pages().items():
        (ROOT / path).write_text(text, encoding="utf-8")
