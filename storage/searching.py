"""Searches: tickets found by the index of words or, where few are meant, read. Each takes a `Sight`."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from sqlalchemy import bindparam, func, select

from desk.listing import Hit, Page, Sort
from desk.model import Kind
from desk.search import matches, score, terms, words_of
from storage import paging
from storage.questions import Question
from storage.several import each_of
from storage.shapes import hits, page, stop
from storage.tables import messages
from storage.tickets import ticket_of
from storage.wording import WordingRows
from storage.words import BEYOND, NOTES, REPLIES, Index, entry

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from desk.access import Sight
    from desk.listing import Bounds, Cursor, Listing
    from desk.model import Ticket
    from desk.search import Term

OWN = 100  # of one's own tickets that are searched at once
LOOSE = 4  # times as many hits are looked at where the index finds too much
RANKED = 100  # hits that are ranked, the newest: what is older fits hardly better
RANKED_TEXTS = 5  # of each of them, its newest messages
TEXTS = 50  # of a ticket's newest messages that are looked at for the one that holds the words

_TEXTS = (
    select(messages.c.body, messages.c.kind)
    .where(messages.c.ticket == bindparam("ticket_"), messages.c.deleted_at.is_(None))
    .order_by(messages.c.id.desc())
    .limit(bindparam("most"))
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
        return replace(made, hits=tuple(self._hit(sight, hit.ticket, wanted) for hit in made.hits))

    def _among(
        self, question: Question, wanted: Sequence[Term], after: int | None, limit: int, *, down: bool
    ) -> tuple[list[Ticket], paging.Key | None]:
        """As `_some`, by number, where only a few tickets are meant: their words are read, without the index."""
        shape = replace(question.shape(), down=down, after=after is not None)
        given = question.given if after is None else {**question.given, "after_number": after}
        edge = self._connection.execute(stop(shape), {**given, "skip": OWN - 1}).scalar()
        if edge is not None:
            shape, given = replace(shape, until=True), {**given, "until_number": edge}
        found: list[Ticket] = []
        for ticket in map(ticket_of, self._connection.execute(page(shape), {**given, "most": OWN})):
            if self._holds(question.sight, ticket, wanted):
                found.append(ticket)
            if len(found) > limit:
                return found, None
        return found, None if edge is None else (edge,)

    def _holds(self, sight: Sight, ticket: Ticket, wanted: Sequence[Term]) -> bool:
        """Whether one of the ticket's entries in the index holds the words, and may be read."""
        replies, notes = self._wording(ticket.number)
        return matches(replies, wanted) or (sight.inside(ticket.department) and matches(notes, wanted))

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
        for most in paging.LOOKS if shape.tests else (most_rows,):
            entries, reached = self._entries(wanted, start, most, down=down)
            given = {**question.given, "entries": entries, "most": most_rows}
            rows = list(map(ticket_of, self._connection.execute(hits(shape), given)))
            found |= {
                ticket.number: ticket for ticket in rows if not loose or self._holds(question.sight, ticket, wanted)
            }
            if len(rows) == most_rows:
                reached = rows[-1].number
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
        texts = self._newest_texts(sight, found)
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

    def _hit(self, sight: Sight, ticket: Ticket, wanted: Sequence[Term]) -> Hit:
        """With the newest message that holds all the words, or else one that holds any."""
        if matches(f"{ticket.number} {ticket.subject}", wanted):
            return Hit(ticket)
        part = ""
        for text in self._texts(sight, ticket, TEXTS):
            there = words_of(text)
            held = [term.stands_in(there) for term in wanted]
            if all(held):
                return Hit(ticket, text)
            if any(held) and not part:
                part = text
        return Hit(ticket, part)

    def _texts(self, sight: Sight, ticket: Ticket, most: int) -> list[str]:
        """What was said in a ticket, as far as they may read it, the newest first."""
        inside = sight.inside(ticket.department)
        rows = self._connection.execute(_TEXTS, {"ticket_": ticket.number, "most": most})
        return [body for body, kind in rows if inside or kind == Kind.REPLY.value]

    def _newest_texts(self, sight: Sight, found: Sequence[Ticket]) -> Mapping[int, Sequence[str]]:
        """As `_texts`, `RANKED_TEXTS` of each of these tickets."""
        texts: dict[int, list[str]] = {ticket.number: [] for ticket in found}
        inside = {ticket.number for ticket in found if sight.inside(ticket.department)}
        given = {"tickets": list(texts), "most": RANKED_TEXTS}
        for number, body, kind in self._connection.execute(_NEWEST_TEXTS, given):
            if number in inside or kind == Kind.REPLY.value:
                texts[number].append(body)
        return texts
