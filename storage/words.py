"""The index of words over tickets, on SQLite's FTS5: the one file that knows how this database searches texts.

Each ticket has two entries: what both sides may read (number, subject, replies) and, apart, its notes. An entry's
rowid grows with the ticket's number, so the newest hits come first without sorting. It holds which words stand where
and nothing else (contentless, detail=none): a third of the size of an index with texts and places. That is why words
are added to an entry as they are said, and why an entry that loses words is told all its old ones.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, column, literal_column, select, table

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sqlalchemy import ColumnElement, Select

    from desk.search import Term

words = table("ticket_words", column("rowid"))

REPLIES, NOTES = 0, 1
PREFIXES = (5, 3)  # letters of the beginnings that have an index of their own, as the migration made it


def entry(number: int, part: int) -> int:
    """The rowid of a ticket's entry."""
    return 2 * number + part


@dataclass(frozen=True, slots=True)
class Wording:
    """An entry gains words; where `old` is given, it had these and now has `new` instead."""

    entry: int
    new: str
    old: str | None = None


def keep(driver: Any, wordings: Sequence[Wording]) -> None:
    """Bring the index up to date, once for all verbs of a commit: FTS5 writes a piece of index whenever it is left off
    at (a savepoint, an entry with a smaller rowid than the last).
    """
    for rowid, changes in groupby(sorted(wordings, key=lambda wording: wording.entry), lambda wording: wording.entry):
        gained: list[str] = []
        for change in changes:
            if change.old is not None:
                _add(driver, rowid, gained)
                gained = []
                driver.execute("INSERT INTO ticket_words (ticket_words, rowid, text) VALUES ('delete', ?, ?)",
                               (rowid, change.old))  # fmt: skip
            gained.append(change.new)
        _add(driver, rowid, gained)


def _add(driver: Any, rowid: int, texts: Iterable[str]) -> None:
    text = "\n".join(filter(None, texts))
    if text:
        driver.execute("INSERT INTO ticket_words (rowid, text) VALUES (?, ?)", (rowid, text))


def asked(wanted: Iterable[Term]) -> str:
    """The search in the index's own language: each word quoted, so that no sign of people's means anything. A word's
    beginning is looked up by as many of its letters as have an index: any other takes FTS5 a tenth of a second and more
    over a million tickets. What that finds too much, `is_loose` tells of.
    """
    return " AND ".join(f'"{_known(term)}"*' if term.prefix else f'"{term.word}"' for term in wanted)


def is_loose(wanted: Iterable[Term]) -> bool:
    """Whether `asked` finds more than is wanted."""
    return any(term.prefix and _known(term) != term.word for term in wanted)


def _known(term: Term) -> str:
    return next((term.word[:length] for length in PREFIXES if len(term.word) >= length), term.word)


def holds() -> ColumnElement[bool]:
    """Entries that hold the words of the parameter `asked`."""
    return literal_column("ticket_words").op("MATCH")(bindparam("asked"))


def nth(*, down: bool) -> Select[Any]:
    """The entry that is `skip` hits further on from the entry `from_`, the newest first or the oldest."""
    reached = words.c.rowid < bindparam("from_") if down else words.c.rowid > bindparam("from_")
    order = words.c.rowid.desc() if down else words.c.rowid
    return select(words.c.rowid).where(holds(), reached).order_by(order).limit(1).offset(bindparam("skip"))
