"""The part of Drive's search language that clients use to find files: terms joined by `and`.

developers.google.com/drive/api/guides/ref-search-terms (v2: `title`). A term that is not known here is refused, as
Drive does.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sandbox.drive.files import Refused

if TYPE_CHECKING:
    from collections.abc import Callable

    from sandbox.drive.files import File

_TEXT = r"'((?:[^'\\]|\\.)*)'"
_IN_PARENTS = re.compile(rf"{_TEXT}\s+in\s+parents")
_COMPARED = re.compile(rf"(title|mimeType)\s*(!=|=|contains)\s*{_TEXT}")
_TRASHED = re.compile(r"trashed\s*=\s*(true|false)")
_AND = re.compile(r"\s+and\s+", re.IGNORECASE)


def matcher(query: str) -> Callable[[File], bool]:
    """What the query asks of a file. Refused(400) where it is none."""
    terms = [_term(term.strip()) for term in _AND.split(query)] if query.strip() else []
    return lambda file: all(term(file) for term in terms)


def _term(term: str) -> Callable[[File], bool]:
    if match := _IN_PARENTS.fullmatch(term):
        parent = _plain(match[1])
        return lambda file: parent in file.parents
    if match := _TRASHED.fullmatch(term):
        trashed = match[1] == "true"
        return lambda file: file.trashed is trashed
    if match := _COMPARED.fullmatch(term):
        name, sign, value = match[1], match[2], _plain(match[3])
        return lambda file: _compared(file.title if name == "title" else file.mime_type, sign, value)
    raise Refused(400, "invalid", f"Invalid query: {term}", location="q")


def _compared(found: str, sign: str, value: str) -> bool:
    if sign == "contains":
        return any(word.startswith(value.lower()) for word in [found.lower(), *found.lower().split()])
    return (found == value) is (sign == "=")


def _plain(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text)
