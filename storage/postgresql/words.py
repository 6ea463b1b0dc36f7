"""The index of words on PostgreSQL: lists of entries in an ordinary table, one for each word in a stretch of tickets.

PostgreSQL's own index of words (GIN) has no order: of a word that half of all tickets hold it must gather every hit to
give the newest ten. So the tickets are taken in stretches of 2,048, and a search goes from the newest stretch back
until it has enough: of each word it reads one short list there. A list names entries by their place in the stretch, two
bytes for each, or, where that were longer, is a bit for each place of the stretch; its length says which.

A word said costs one list, rewritten; whoever writes is alone (`storage.postgresql`), so lists are read, changed, and
written back, once a commit for all its verbs.
"""

from __future__ import annotations

import math
import struct
from functools import lru_cache, reduce
from itertools import groupby
from operator import and_
from typing import TYPE_CHECKING, Any

from desk.search import words_of
from storage.words import BEYOND, Found

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from desk.search import Term
    from storage.statement import Runner
    from storage.words import Wording

STRETCH = 4096  # entries, of 2,048 tickets
BITS = STRETCH // 8  # bytes of a list that is a bit for each place, and never of another
FIRST, MOST = 4, 256  # stretches that are looked through at once: a few for common words, many for rare ones
SPARE = 1.25  # times as many as would hold what is wanted if words stood everywhere as often
REACH = 1024  # stretches that one search looks through: the newest two million tickets
LISTS = 8_000  # of words with one beginning that are read at once

_NEWEST = "SELECT max(stretch) FROM ticket_words"
_KNOWN = (
    "SELECT asked.stretch, asked.word, found.entries FROM unnest($1::int[], $2::text[]) AS asked (stretch, word)"
    " CROSS JOIN LATERAL (SELECT entries FROM ticket_words"
    ' WHERE stretch = asked.stretch AND word = asked.word COLLATE "C" LIMIT 1) AS found'
)
_PUT = (
    "INSERT INTO ticket_words (stretch, word, entries) SELECT * FROM unnest($1::int[], $2::text[], $3::bytea[])"
    " ON CONFLICT (stretch, word) DO UPDATE SET entries = excluded.entries"
)
_DROP = (
    "DELETE FROM ticket_words USING unnest($1::int[], $2::text[]) AS gone (stretch, word)"
    ' WHERE ticket_words.stretch = gone.stretch AND ticket_words.word = gone.word COLLATE "C"'
)
_WORD = "(SELECT entries FROM ticket_words WHERE stretch = s.n AND word = ${} LIMIT 1)"
_BEGINNING = (
    "(SELECT array_agg(entries) AS entries FROM ticket_words WHERE stretch = s.n AND word >= ${0}"
    " AND word < ${0} || chr(1114111) HAVING count(*) > 0)"  # the last of all letters: no word begins with it
)

Key = tuple[int, str]


class Lists:
    """`storage.words.Index` on PostgreSQL."""

    def keep(self, runner: Runner, wordings: Sequence[Wording]) -> None:
        changes = _changes(wordings)
        if not changes:
            return
        keys = sorted(changes)
        known = {(stretch, word): entries for stretch, word, entries in runner.raw(_KNOWN, _columns(keys))}
        put: list[tuple[int, str, bytes]] = []
        empty: list[Key] = []
        for key in keys:
            before = known.get(key, b"")
            after = _changed(before, changes[key])
            if after and after != before:
                put.append((*key, after))
            elif before and not after:
                empty.append(key)
        if put:
            runner.raw(_PUT, _columns(put))
        if empty:
            runner.raw(_DROP, _columns(empty))

    def fill(self, runner: Runner, told: Iterable[tuple[int, str]]) -> None:
        for stretch, entries in groupby(told, lambda each: each[0] // STRETCH):
            lists: dict[str, list[int]] = {}
            for entry, text in entries:
                for word in words_of(text):
                    lists.setdefault(word, []).append(entry % STRETCH)
            runner.raw(_PUT, _columns([(stretch, word, packed(lists[word])) for word in sorted(lists)]))

    def find(self, runner: Runner, wanted: Sequence[Term], *, start: int, down: bool, most: int) -> Found:
        newest = start // STRETCH
        if not down or start == BEYOND:
            newest = runner.raw(_NEWEST, []).fetchone()[0]
            if newest is None:
                return Found((), None)
        # Words first: where one is not, no beginning is looked for.
        terms = sorted(wanted, key=lambda term: term.prefix)
        sql = _finding(sum(not term.prefix for term in terms), sum(term.prefix for term in terms), down)
        words = [term.word for term in terms]
        at, end, step = (newest, 0, -1) if down else (start // STRETCH, newest, 1)
        found: list[int] = []
        span, left = max(FIRST, most // 16), REACH
        while (end - at) * step >= 0:
            upto = (max if down else min)(end, at + step * (span - 1))
            heaviest = 1
            for stretch, *lists in runner.raw(sql, [at, upto, *words]):
                if terms[-1].prefix:
                    heaviest = max(heaviest, *(len(each) for each in lists if isinstance(each, list)))
                for entry in _entries(stretch, lists, down=down):
                    if (entry < start) if down else (entry > start):
                        found.append(entry)
                        if len(found) == most:
                            return Found(found, entry)
            left -= abs(upto - at) + 1
            at = upto + step
            if left <= 0 and at != end + step:
                return Found(found, (at + 1) * STRETCH if down else at * STRETCH - 1)
            span = max(1, min(4 * span, MOST, left, LISTS // heaviest))
            if found:  # what lies beyond the last that is wanted would be read in vain
                span = min(span, math.ceil(SPARE * (most - len(found)) * (REACH - left) / len(found)))
        return Found(found, None)

    def is_loose(self, wanted: Iterable[Term]) -> bool:
        del wanted
        return False

    def clear(self, runner: Runner) -> None:
        runner.raw("TRUNCATE ticket_words", [])


@lru_cache
def _finding(words: int, beginnings: int, down: bool) -> str:  # noqa: FBT001 - a key of what is kept
    """The lists of each word, stretch by stretch from $1 to $2, where no word has none."""
    joins = [_WORD.format(3 + place) for place in range(words)]
    joins += [_BEGINNING.format(3 + words + place) for place in range(beginnings)]
    laterals = "".join(f" CROSS JOIN LATERAL {join} AS w{place}" for place, join in enumerate(joins))
    entries = ", ".join(f"w{place}.entries" for place in range(len(joins)))
    return (
        f"SELECT s.n, {entries} FROM generate_series($1::int, $2::int, {-1 if down else 1}) AS s (n){laterals}"  # noqa: S608 - only our words
        f" ORDER BY s.n {'DESC' if down else 'ASC'}"
    )


def _columns(rows: Sequence[Sequence[Any]]) -> list[list[Any]]:
    return [list(column) for column in zip(*rows, strict=True)]


def _changes(wordings: Sequence[Wording]) -> Mapping[Key, Mapping[int, bool]]:
    """By list, which places it shall have and which not."""
    changes: dict[Key, dict[int, bool]] = {}
    for wording in wordings:
        stretch, place = divmod(wording.entry, STRETCH)
        has = words_of(wording.new)
        had = words_of(wording.old) if wording.old is not None else frozenset()
        for word in has | had:
            changes.setdefault((stretch, word), {})[place] = word in has
    return changes


# --- lists as bytes -----------------------------------------------------------------------------------------


def packed(places: Sequence[int]) -> bytes:
    """Places in ascending order as a list, the shortest."""
    if 2 * len(places) < BITS:
        return struct.pack(f"<{len(places)}H", *places)
    return _bits_of(places).to_bytes(BITS, "little")


def _changed(before: bytes, change: Mapping[int, bool]) -> bytes:
    if len(before) == BITS:
        bits = int.from_bytes(before, "little")
        for place, is_there in change.items():
            bits = bits | 1 << place if is_there else bits & ~(1 << place)
        return bits.to_bytes(BITS, "little") if 2 * bits.bit_count() >= BITS else packed(list(_places(bits))[::-1])
    held = frozenset(_listed(before))
    gone = {place for place, is_there in change.items() if not is_there}
    holds = (held | change.keys()) - gone
    return before if holds == held else packed(sorted(holds))


def _bits_of(places: Iterable[int]) -> int:
    bits = 0
    for place in places:
        bits |= 1 << place
    return bits


def _listed(entries: bytes) -> tuple[int, ...]:
    return struct.unpack(f"<{len(entries) // 2}H", entries)


def _entries(stretch: int, lists: Sequence[bytes | list[bytes]], *, down: bool) -> Iterator[int]:
    """The entries that all these lists name: a word's, or those of all words with one beginning."""
    held = [_united(each) if isinstance(each, list) else _held(each) for each in lists]
    masks = [each for each in held if isinstance(each, int)]
    short = sorted((each for each in held if not isinstance(each, int)), key=len)
    places: Iterable[int]
    if short:
        found = set(short[0]).intersection(*short[1:])  # only of the shortest a set is made
        for mask in masks:
            found = {place for place in found if mask >> place & 1}
        places = sorted(found, reverse=down)
    else:
        places = _places(reduce(and_, masks))
        places = places if down else reversed(list(places))
    return (stretch * STRETCH + place for place in places)


def _held(entries: bytes) -> Collection[int] | int:
    """A list's places, or its bits."""
    return int.from_bytes(entries, "little") if len(entries) == BITS else _listed(entries)


def _united(lists: Sequence[bytes]) -> Collection[int] | int:
    short: set[int] = set()
    mask = 0
    for each in map(_held, lists):
        if isinstance(each, int):
            mask |= each
        else:
            short.update(each)
    return mask | _bits_of(short) if mask else short


def _places(bits: int) -> Iterator[int]:
    """Of bits that are set, the highest first."""
    while bits:
        place = bits.bit_length() - 1
        yield place
        bits ^= 1 << place
