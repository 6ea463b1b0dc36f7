"""The index of words on SQLite: FTS5, told sets of words.

It holds which words stand where and nothing else (contentless, detail=none): a third of the size of an index with texts
and places. That is why words are added to an entry as they are said, and why an entry that loses words is told all its
old ones. The texts are taken apart before: FTS5's own idea of words and accents is another than the desk's.
"""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from desk.search import words_of
from storage.words import Found

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from desk.search import Term
    from storage.statement import Runner
    from storage.words import Wording

PREFIXES = (5, 3)  # letters of the beginnings that have an index of their own, as the migration made it

_ADD = "INSERT INTO ticket_words (rowid, text) VALUES (?, ?)"
_TAKE = "INSERT INTO ticket_words (ticket_words, rowid, text) VALUES ('delete', ?, ?)"
_FIND = "SELECT rowid FROM ticket_words WHERE ticket_words MATCH ? AND rowid {} ? ORDER BY rowid {} LIMIT ?"
_DOWN, _UP = _FIND.format("<", "DESC"), _FIND.format(">", "ASC")


class FullText:
    """`storage.words.Index` on FTS5."""

    def keep(self, runner: Runner, wordings: Sequence[Wording]) -> None:
        """FTS5 writes a piece of index whenever it is left off at (a savepoint, an entry with a smaller rowid than the
        last): in order, then.
        """
        for rowid, changes in groupby(sorted(wordings, key=lambda wording: wording.entry), lambda each: each.entry):
            gained: list[str] = []
            took = False
            for change in changes:
                if change.old is not None:
                    _tell(runner, _ADD, rowid, gained, always=took)
                    _tell(runner, _TAKE, rowid, [change.old], always=True)
                    gained, took = [], True
                gained.append(change.new)
            _tell(runner, _ADD, rowid, gained, always=took)

    def fill(self, runner: Runner, told: Iterable[tuple[int, str]]) -> None:
        for rowid, text in told:
            _tell(runner, _ADD, rowid, [text])

    def find(self, runner: Runner, wanted: Sequence[Term], *, start: int, down: bool, most: int) -> Found:
        rows = runner.raw(_DOWN if down else _UP, (_asked(wanted), start, most))
        entries = [rowid for (rowid,) in rows]
        return Found(entries, entries[-1] if len(entries) == most else None)

    def is_loose(self, wanted: Iterable[Term]) -> bool:
        return any(term.prefix and _known(term) != term.word for term in wanted)

    def clear(self, runner: Runner) -> None:
        runner.raw("INSERT INTO ticket_words (ticket_words) VALUES ('delete-all')", ())


def _tell(runner: Runner, sql: str, rowid: int, texts: Iterable[str], *, always: bool = False) -> None:
    """`always`: whatever is taken away is followed by something added, be it nothing: FTS5 counts both, and takes
    itself for broken where more went than came.
    """
    there = words_of("\n".join(texts))
    if there or always:
        runner.raw(sql, (rowid, " ".join(sorted(there))))


def _asked(wanted: Iterable[Term]) -> str:
    """The search in FTS5's own language: each word quoted, so that no sign of people's means anything. A word's
    beginning is looked up by as many of its letters as have an index: any other takes FTS5 a tenth of a second and more
    over a million tickets. What that finds too much, `is_loose` tells of.
    """
    return " AND ".join(f'"{_known(term)}"*' if term.prefix else f'"{term.word}"' for term in wanted)


def _known(term: Term) -> str:
    return next((term.word[:length] for length in PREFIXES if len(term.word) >= length), term.word)
