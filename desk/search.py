"""Words that people type to find tickets: taken apart as the index takes texts apart, matched, ranked and marked.

Accents and capitals make no difference. What storage finds by its index is shown and ranked by the functions here,
so that every database gives the same answer.
"""

from __future__ import annotations

import math
import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING

from desk.text import cut, one_line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from collections.abc import Set as AbstractSet

MOST_TERMS = 8  # of one search: more find nothing that fewer would not
PREFIX_LEAST = 3  # letters before a "*": fewer begin too many words
SUBJECT_WEIGHT = 4  # a word in the subject says more than one in the conversation
BEFORE = 40  # characters shown before the first hit in a text

LONGEST = 200  # letters of a word: longer ones are several, or no index of a database would take them

_WORD = re.compile(rf"[^\W_]{{1,{LONGEST}}}")
_TYPED = re.compile(r"([^\W_]+)(\*?)")


@dataclass(frozen=True, slots=True)
class Term:
    """A word to be found, folded; with `prefix`, also the words that begin with it."""

    word: str
    prefix: bool = False

    def holds(self, folded: str) -> bool:
        return folded.startswith(self.word) if self.prefix else folded == self.word

    def stands_in(self, there: AbstractSet[str]) -> bool:
        return any(word.startswith(self.word) for word in there) if self.prefix else self.word in there


def fold(text: str) -> str:
    """Without accents and capitals."""
    if text.isascii():
        return text.lower()
    parts = unicodedata.normalize("NFD", text)
    return "".join(part for part in parts if not unicodedata.combining(part)).lower()


def terms(typed: str) -> tuple[Term, ...]:
    """What was typed, as words that must all be there: signs part words, and a "*" at a word's end leaves it open."""
    found: dict[Term, None] = {}
    for word, star in _TYPED.findall(unicodedata.normalize("NFC", typed)):
        pieces = _WORD.findall(fold(word))
        for piece in pieces:
            is_open = bool(star) and piece is pieces[-1]
            found[Term(piece, prefix=is_open and len(piece) >= PREFIX_LEAST)] = None
    return tuple(found)[:MOST_TERMS]


def widened(typed: str) -> str:
    """The same words, each also as the beginning of a longer one."""
    return " ".join(f"{term.word}*" if len(term.word) >= PREFIX_LEAST else term.word for term in terms(typed))


def words_of(text: str) -> frozenset[str]:
    """All words of a text, folded."""
    return frozenset(_WORD.findall(fold(text)))


def words_among(texts: Iterable[str], wanted: AbstractSet[str]) -> AbstractSet[str]:
    """Those of these words that stand in any of the texts; no further text is read than that takes."""
    left = set(wanted)
    for text in texts:
        folded = fold(text)
        if any(word in folded for word in left):
            left -= set(_WORD.findall(folded))
        if not left:
            break
    return wanted - left


def matches(text: str, wanted: Sequence[Term]) -> bool:
    """Whether all these words stand in the text."""
    folded = fold(text)
    if not all(term.word in folded for term in wanted):
        return False  # most texts end here, and need not be taken apart
    there = frozenset(_WORD.findall(folded))
    return all(term.stands_in(there) for term in wanted)


def score(subject: str, texts: Iterable[str], wanted: Sequence[Term]) -> int:
    """How well a ticket fits, the higher the better: each word counts more the oftener it stands there, with less and
    less to gain; more in the subject; less in a long conversation.
    """
    said = "\n".join(texts)  # no word reaches over a line's end
    head, body = _counts(subject, wanted), _counts(said, wanted)
    damp = 1 + len(said) / 2000
    gained = sum(
        SUBJECT_WEIGHT * min(in_head, 2) + in_body * 2 / (in_body + damp)
        for in_head, in_body in zip(head, body, strict=True)
    )
    return math.floor(1000 * gained)


def _counts(text: str, wanted: Sequence[Term]) -> list[int]:
    """How often each word begins in the text: roughly (inside longer words too), since it is asked for hundreds."""
    folded = fold(text)
    return [folded.count(term.word) for term in wanted]


def marked(text: str, wanted: Sequence[Term], limit: int, inert: Callable[[str], str]) -> str:
    """A piece of the text around the first hit, as Markdown with the hits in bold. Everything else is made `inert`:
    what people wrote has no effect in a list. At most `limit` characters, "" where even one hit would not fit.
    """
    line = one_line(unicodedata.normalize("NFC", text))
    spots = [found.span() for found in _WORD.finditer(line) if any(term.holds(fold(found.group())) for term in wanted)]
    start = max(0, spots[0][0] - BEFORE) if spots else 0
    if start:
        start = line.find(" ", start, spots[0][0]) + 1 or start
    room = limit
    while room > 0:
        piece = _piece(line, start, room, spots, inert)
        if len(piece) <= limit:
            return piece
        room -= max(1, len(piece) - limit)
    return ""


def _piece(line: str, start: int, room: int, spots: Sequence[tuple[int, int]], inert: Callable[[str], str]) -> str:
    shown = cut(line[start:], room)
    end = start + len(shown)
    parts, at = ["…"] if start else [], start
    for begin, stop in spots:
        if begin < start or stop > end:
            continue
        parts += [inert(shown[at - start : begin - start]), f"**{line[begin:stop]}**"]
        at = stop
    return "".join([*parts, inert(shown[at - start :])])
