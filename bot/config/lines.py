"""In which line of a TOML file a key stands, so that a mistake can be found at once.

The file has been read by a real parser before: what is here only has to find again what is surely there.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

Path = tuple[str | int, ...]

_HEADER = re.compile(r"\s*(\[\[?)\s*([^\]]+?)\s*\]\]?\s*(#.*)?$")
_KEY = re.compile(r"\s*((?:[\w-]+|\"[^\"]*\"|'[^']*')(?:\s*\.\s*(?:[\w-]+|\"[^\"]*\"|'[^']*'))*)\s*=")
_QUOTES = re.compile(r'"""|\'\'\'')


def line_of(text: str, path: Sequence[str | int]) -> int | None:
    """The line (from 1) of the key at this path, or of the nearest table around it. None where nothing of it is there.

    An element of an array of tables is a number in the path: ("departments", 0, "places").
    """
    found: dict[Path, int] = {}
    for at, number in _keys(text):
        found.setdefault(at, number)
    for length in range(len(path), 0, -1):
        if (line := found.get(tuple(path[:length]))) is not None:
            return line
    return None


def _keys(text: str) -> Iterator[tuple[Path, int]]:
    table: Path = ()
    counts: dict[Path, int] = {}
    inside = ""  # the quotes of a text of several lines
    for number, line in enumerate(text.splitlines(), start=1):
        if not inside:
            if header := _HEADER.match(line):
                table = _table(_parts(header[2]), counts, of_array=header[1] == "[[")
                yield table, number
                continue
            if key := _KEY.match(line):
                yield (*table, *_parts(key[1])), number
        for quotes in _QUOTES.findall(line):
            if not inside:
                inside = quotes
            elif inside == quotes:
                inside = ""


def _table(parts: Sequence[str], counts: dict[Path, int], *, of_array: bool) -> Path:
    """The table's path with the number of each element of an array of tables that it is in."""
    path: Path = ()
    for place, part in enumerate(parts):
        path = (*path, part)
        last = place == len(parts) - 1
        if last and of_array:
            counts[path] = counts.get(path, -1) + 1
        if path in counts:
            path = (*path, counts[path])
    return path


def _parts(dotted: str) -> list[str]:
    return [part.strip().strip("\"'") for part in dotted.split(".")]
