"""Searches: tickets found by the index of words or, where few are meant, read. Each takes a `Sight`."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, func, select

from desk.listing import Hit, Page, Sort
from desk.model import Kind
from desk.search import matches, score, terms, words_of
from storage import paging
from storage.questions import Question
from storage.several import each_of
from storage.shapes import hits, looks, page, stop
from storage.tables import messages
from storage.tickets import COLUMNS, ticket_of
from storage.wording import WordingRows
from storage.words import BEYOND, NOTES, REPLIES, Index, entry

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from desk.access import Sight
    from desk.listing import Bounds, Cursor, Listing
    from desk.model import Ticket
    from desk.search import Term

OWN = 100  # of one's own tickets that are searched at once
LOOSE = 4  # times as many hits are looked at where the index finds too much
RANKED = 100  # hits that are ranked, the newest: what is older fits hardly better
RANKED_TEXTS = 5  # of each of them, its newest messages
TEXTS = 50  # of a ticket's newest messages that are looked at for the one that holds the words

_NUMBER, _SUBJECT, _DEPARTMENT = (
    [column.name for column in COLUMNS].index(name) for name in ("number", "subject", "department")
)
_each, _older = each_of("tickets"), messages.alias()
_FIRST_OF_NEWEST = (
    select(_older.c.id)
    .where(_older.c.ticket == _each.c.value, _older.c.deleted_at.is_(None))
    .order_by(_older.c.id.desc())
    .limit(1)
    .offset(bindparam("most") - 1)
    .scalar_subquery()
)
_NEWEST_TEXTS = (
    select(messages.c.ticket, messages.c.body, messages.c.kind)
    .join_from(_each, messages, messages.c.ticket == _each.c.value)
    .where(messages.c.deleted_at.is_(None), messages.c.id >= func.coalesce(_FIRST_OF_NEWEST, 0))
    .order_by(messages.c.ticket, messages.c.id.desc())
)


class SearchRows(WordingRows):
    """The searches' part of `desk.ports.Transaction`."""

    _index: Index

    def search(self, sight: Sight, listing: Listing, bounds: Bounds, *, cursor: Cursor | None, limit: int) -> Page:
        wanted = terms(listing.words)
        if not wanted:
            return Page(())
        question = Question(sight, listing, bounds, by="number")
        find = self._among if question.is_narrow() else self._through
        if listing.sorted_by() is Sort.BEST:
            tickets_found, further = find(question, wanted, None, RANKED - 1, down=True)
            made = self._ranked(sight, tickets_found, wanted, cursor, limit)
            made = replace(made, stopped=further is not None)
        else:
            after = int(cursor.key[-1]) if cursor else None
            down = not (cursor and cursor.back)
            tickets_found, further = find(question, wanted, after, limit, down=down)
            made = paging.paged(tickets_found, further, cursor, limit, lambda ticket: (ticket.number,), down=True)
        return replace(made, hits=self._shown(sight, [hit.ticket for hit in made.hits], wanted))

    def _among(
        self, question: Question, wanted: Sequence[Term], after: int | None, limit: int, *, down: bool
    ) -> tuple[list[Ticket], paging.Key | None]:
        """As `_some`, by number, where only a few tickets are meant: their words are read, without the index."""
        shape = replace(question.shape(), down=down, after=after is not None, cut=not self._connection.merges)
        given = question.given if after is None else {**question.given, "after_number": after}
        edge = self._connection.execute(stop(shape, OWN - 1), given).scalar()
        look = OWN if looks(shape) else 0
        if edge is not None and not look:
            shape, given = replace(shape, until=True), {**given, "until_number": edge}
        own = list(self._connection.execute(page(shape, OWN, look), given))
        found = list(islice(self._holding(question.sight, own, wanted), limit + 1))
        return found, None if edge is None or len(found) > limit else (edge,)

    def _holding(self, sight: Sight, rows: Sequence[Sequence[Any]], wanted: Sequence[Term]) -> Iterator[Ticket]:
        """Of these rows the tickets of whom one of the entries in the index holds the words, and may be read."""
        texts = self._wordings({row[_NUMBER]: row[_SUBJECT] for row in rows})
        for row in rows:
            replies, notes = texts[row[_NUMBER]]
            if matches(replies, wanted) or (notes and sight.inside(row[_DEPARTMENT]) and matches(notes, wanted)):
                yield ticket_of(row)

    def _through(
        self, question: Question, wanted: Sequence[Term], after: int | None, limit: int, *, down: bool
    ) -> tuple[list[Ticket], paging.Key | None]:
        """As `_some`, by number: the hits of the index are looked through."""
        shape = replace(question.flat(), down=down)
        loose = self._index.is_loose(wanted)
        most_rows = (LOOSE if loose else 2) * (limit + 1)
        start = BEYOND if down else 0
        if after is not None:
            start = entry(after, REPLIES if down else NOTES)
        found: dict[int, Ticket] = {}
        reached: int | None = None
        for most in paging.HITS if shape.tests else (most_rows,):
            entries, reached = self._entries(wanted, start, most, down=down)
            named = {**question.given, **_named(entries)}
            rows = list(self._connection.execute(hits(shape, most_rows), named))
            fit = self._holding(question.sight, rows, wanted) if loose else map(ticket_of, rows)
            found |= {ticket.number: ticket for ticket in islice(fit, limit + 1)}
            if len(rows) == most_rows:
                reached = rows[-1][_NUMBER]
            if len(found) > limit or reached is None or len(rows) == most_rows:
                break
            start = entry(reached, REPLIES if down else NOTES)
        tickets_found = list(found.values())[: limit + 1]
        return tickets_found, None if len(found) > limit or reached is None else (reached,)

    def _entries(
        self, wanted: Sequence[Term], start: int, most: int, *, down: bool
    ) -> tuple[Sequence[int], int | None]:
        """What the index finds behind an entry, and the number of the last ticket that was looked at, None where it was
        all of them. A ticket is looked at whole.
        """
        seen = self._index.find(self._connection, wanted, start=start, down=down, most=most)
        if seen.reached is None:
            return seen.entries, None
        torn = seen.reached // 2
        if seen.reached == entry(torn, REPLIES if down else NOTES):
            return seen.entries, torn
        return [each for each in seen.entries if each // 2 != torn], torn + 1 if down else torn - 1

    def _ranked(
        self, sight: Sight, found: Sequence[Ticket], wanted: Sequence[Term], cursor: Cursor | None, limit: int
    ) -> Page:
        texts = self._newest_texts(sight, found, RANKED_TEXTS)
        ranks = {
            ticket.number: (score(ticket.subject, texts[ticket.number], wanted), ticket.number) for ticket in found
        }
        ordered = sorted(found, key=lambda ticket: ranks[ticket.number], reverse=not (cursor and cursor.back))
        if cursor:
            here = (int(cursor.key[0]), int(cursor.key[1]))
            ordered = [
                ticket for ticket in ordered
                if (ranks[ticket.number] > here if cursor.back else ranks[ticket.number] < here)
            ]  # fmt: skip
        return paging.paged(ordered, None, cursor, limit, lambda ticket: ranks[ticket.number], down=True)

    def _shown(self, sight: Sight, found: Sequence[Ticket], wanted: Sequence[Term]) -> tuple[Hit, ...]:
        said = {ticket.number: ticket for ticket in found if not matches(f"{ticket.number} {ticket.subject}", wanted)}
        texts = self._newest_texts(sight, list(said.values()), TEXTS)
        return tuple(
            Hit(ticket, _telling(texts[ticket.number], wanted)) if ticket.number in said else Hit(ticket)
            for ticket in found
        )

    def _newest_texts(self, sight: Sight, found: Sequence[Ticket], most: int) -> Mapping[int, Sequence[str]]:
        """What was said in each of these tickets, the `most` newest as far as they may read it, the newest first."""
        texts: dict[int, list[str]] = {ticket.number: [] for ticket in found}
        inside = {ticket.number for ticket in found if sight.inside(ticket.department)}
        if texts:
            given, reply = {"tickets": list(texts), "most": most}, Kind.REPLY.value
            for number, body, kind in self._connection.execute(_NEWEST_TEXTS, given):
                if number in inside or kind == reply:
                    texts[number].append(body)
        return texts


def _named(entries: Sequence[int]) -> Mapping[str, Sequence[int]]:
    """The tickets of these entries, as `hits` wants them named."""
    by_reply = {each // 2 for each in entries if each % 2 == REPLIES}
    numbers = list(dict.fromkeys(each // 2 for each in entries))
    return {"numbers": numbers, "by_notes": [number for number in numbers if number not in by_reply]}


def _telling(texts: Sequence[str], wanted: Sequence[Term]) -> str:
    """The newest that holds all the words, or else one that holds any."""
    part = ""
    for text in texts:
        there = words_of(text)
        held = [term.stands_in(there) for term in wanted]
        if all(held):
            return text
        if any(held) and not part:
            part = text
    return part
