"""A list's pages, the figures on its tabs, and searches: each takes a `Sight` and gives nothing beyond it."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, exists, func, select

from desk.listing import STILL_OPEN, Cursor, Hit, Page, Sort, Tab
from desk.model import Audience, Kind, Status
from desk.search import matches, score, terms, words_of
from storage.questions import Question
from storage.shapes import Test, hits, page, stop
from storage.tables import EPOCH, MICROSECOND, followers, messages, ticket_counts, tickets
from storage.tickets import ticket_of
from storage.wording import WordingRows
from storage.words import NOTES, REPLIES, asked, entry, is_loose, nth

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import datetime

    from desk.access import Sight
    from desk.listing import Bounds, Listing
    from desk.model import Ticket
    from desk.search import Term
    from storage.shapes import Shape

LOOKS = (250, 2_500)  # rows that a page looks through where not all fit: first a few, then as many as 20 ms allow
OWN = 100  # of one's own tickets that are searched at once
LOOSE = 4  # times as many hits are looked at where the index finds too much
RANKED = 100  # hits that are ranked, the newest: what is older fits hardly better
RANKED_TEXTS = 5  # of each of them, its newest messages
TEXTS = 50  # of a ticket's newest messages that are looked at for the one that holds the words
BEYOND = 2**62  # an entry that is newer than all

Key = tuple[str | int, ...]

_COUNTS = select(
    ticket_counts.c.department, ticket_counts.c.status, ticket_counts.c.assigned, ticket_counts.c.awaiting,
    ticket_counts.c.tickets,
)  # fmt: skip
_KINDS = (tickets.c.department, tickets.c.status, tickets.c.agent_id.is_not(None), tickets.c.last_reply_by)
_OWN = select(*_KINDS, func.count()).where(tickets.c.client_id == bindparam("me")).group_by(*_KINDS)
_FOLLOWED = (
    select(*_KINDS, func.count())
    .join_from(followers, tickets)
    .where(followers.c.person_id == bindparam("me"), tickets.c.client_id != bindparam("me"))
    .group_by(*_KINDS)
)
_IS_FOLLOWED = exists().where(followers.c.ticket == tickets.c.number, followers.c.person_id == bindparam("me"))
_MINE = (
    select(tickets.c.department, tickets.c.client_id, _IS_FOLLOWED, func.count())
    .where(tickets.c.agent_id == bindparam("me"), tickets.c.status == bindparam("status_"))
    .group_by(tickets.c.department, tickets.c.client_id, _IS_FOLLOWED)
)
_TEXTS = (
    select(messages.c.body, messages.c.kind)
    .where(messages.c.ticket == bindparam("ticket_"), messages.c.deleted_at.is_(None))
    .order_by(messages.c.id.desc())
    .limit(bindparam("most"))
)
_KEYS: Mapping[Sort, tuple[tuple[str, ...], bool]] = {
    Sort.ACTIVE: (("active_at", "number"), True),
    Sort.QUIET: (("active_at", "number"), False),
    Sort.NEWEST: (("opened_at", "number"), True),
    Sort.OLDEST: (("opened_at", "number"), False),
    Sort.PRESSING: (("active_at", "number"), True),
}


class ListingRows(WordingRows):
    """The lists' part of `desk.ports.Transaction`."""

    now: datetime

    def tab_counts(self, sight: Sight) -> Mapping[Tab, int]:
        found: Counter[Tab] = Counter(dict.fromkeys(Tab, 0))
        if sight.departments is None or sight.departments:
            for department, status, assigned, awaiting, count in self._connection.execute(_COUNTS, {}):
                if sight.inside(department):
                    _tally(found, Status(status), count, assigned=bool(assigned), awaiting=bool(awaiting))
        me = {"me": sight.person_id}
        if sight.departments is not None or sight.hidden:
            for department, status, assigned, last, count in self._own(sight):
                if not sight.inside(department):
                    awaiting = last == Audience.CLIENT.value
                    _tally(found, Status(status), count, assigned=bool(assigned), awaiting=awaiting)
        for open_status in STILL_OPEN:
            for department, client, followed, count in self._connection.execute(
                _MINE, me | {"status_": open_status.value}
            ):
                if sight.inside(department) or followed or client == sight.person_id:
                    found[Tab.MINE] += count
        return found

    def _own(self, sight: Sight) -> Iterable[Any]:
        me = {"me": sight.person_id}
        yield from self._connection.execute(_OWN, me)
        yield from self._connection.execute(_FOLLOWED, me)

    def tickets_page(
        self, sight: Sight, listing: Listing, bounds: Bounds, *, priorities: Sequence[str], cursor: Cursor | None,
        limit: int,
    ) -> Page:  # fmt: skip
        sort = listing.sorted_by()
        key, down = _KEYS[sort]
        back = cursor is not None and cursor.back
        question = Question(sight, listing, bounds, by_activity=key[0] == "active_at")
        shape = replace(question.shape(), key=key, down=down is not back)
        if sort is not Sort.PRESSING:
            rows, further = self._some(shape, question.given, cursor.key if cursor else None, limit)
            return _paged(rows, further, cursor, limit, lambda ticket: _key(ticket, key), down=down)
        return self._pressing(shape, question.given, priorities, cursor, limit)

    def _pressing(
        self, shape: Shape, given: Mapping[str, Any], priorities: Sequence[str], cursor: Cursor | None, limit: int
    ) -> Page:
        """One priority after the other, the most pressing first."""
        order = list(priorities)[::-1] if cursor and cursor.back else list(priorities)
        if cursor and cursor.key[0] in order:
            order = order[order.index(str(cursor.key[0])) :]
        rows: list[Ticket] = []
        further: Key | None = None
        shape = replace(shape, tests=(*shape.tests, Test("in", "priority", name="rank_")))
        for priority in order:
            here = cursor.key[1:] if cursor and cursor.key[0] == priority else None
            some, edge = self._some(shape, {**given, "rank_priority_0": priority}, here, limit - len(rows))
            rows += some
            if edge is not None:
                further = (priority, *edge)
            if edge is not None or len(rows) > limit:
                break
        return _paged(
            rows, further, cursor, limit, lambda ticket: (ticket.priority, *_key(ticket, shape.key)), down=True
        )

    def _some(
        self, shape: Shape, given: Mapping[str, Any], after: Sequence[Any] | None, limit: int
    ) -> tuple[list[Ticket], Key | None]:
        """One more than `limit` of the tickets behind a key; or fewer, and the key up to which was looked (None: up to
        the end).
        """
        if after is not None:
            shape = replace(shape, after=True)
            given = {**given, **_named("after_", shape.key, after)}
        for most in LOOKS if shape.tests else ():
            row = self._connection.execute(stop(shape), {**given, "skip": most}).first()
            if row is None:
                break  # fewer than that are left
            here = {**given, **dict(zip((f"until_{name}" for name in shape.key), row, strict=True)), "most": limit + 1}
            rows = list(map(ticket_of, self._connection.execute(page(replace(shape, until=True)), here)))
            if len(rows) > limit:
                return rows, None
            if most == LOOKS[-1]:
                return rows, tuple(map(_number, row))
        found = self._connection.execute(page(shape), {**given, "most": limit + 1})
        return list(map(ticket_of, found)), None

    # --- searches -------------------------------------------------------------------------------------------

    def search(self, sight: Sight, listing: Listing, bounds: Bounds, *, cursor: Cursor | None, limit: int) -> Page:
        wanted = terms(listing.words)
        if not wanted:
            return Page(())
        question = Question(sight, listing, bounds, by_activity=False)
        find = self._among if question.is_narrow() else self._through
        if listing.sorted_by() is Sort.BEST:
            tickets_found, further = find(question, wanted, None, RANKED - 1, down=True)
            made = self._ranked(sight, tickets_found, wanted, cursor, limit)
            made = replace(made, stopped=further is not None)
        else:
            after = int(cursor.key[-1]) if cursor else None
            down = not (cursor and cursor.back)
            tickets_found, further = find(question, wanted, after, limit, down=down)
            made = _paged(tickets_found, further, cursor, limit, lambda ticket: (ticket.number,), down=True)
        return replace(made, hits=tuple(self._hit(sight, hit.ticket, wanted) for hit in made.hits))

    def _among(
        self, question: Question, wanted: Sequence[Term], after: int | None, limit: int, *, down: bool
    ) -> tuple[list[Ticket], Key | None]:
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
    ) -> tuple[list[Ticket], Key | None]:
        """As `_some`, by number: the hits of the index are looked through."""
        shape = replace(question.flat(), down=down, after=after is not None)
        most_rows = (LOOSE if is_loose(wanted) else 2) * (limit + 1)
        given = {**question.given, "asked": asked(wanted), "most": most_rows}
        start = BEYOND if down else 0
        if after is not None:
            start = given["after"] = entry(after, REPLIES if down else NOTES)
        for most in LOOKS if shape.tests else ():
            ask = {"asked": given["asked"], "from_": start, "skip": most}
            until = self._connection.execute(nth(down=down), ask).scalar()
            if until is None:
                break
            until = entry(until // 2, REPLIES if down else NOTES)  # a ticket is looked at whole
            found, further = self._hits(question.sight, replace(shape, until=True), {**given, "until": until}, wanted)
            if len(found) > limit or further is not None:
                return found[: limit + 1], None if len(found) > limit else further
            if most == LOOKS[-1]:
                return found, (until // 2,)
        found, further = self._hits(question.sight, shape, given, wanted)
        return found[: limit + 1], None if len(found) > limit else further

    def _hits(
        self, sight: Sight, shape: Shape, given: Mapping[str, Any], wanted: Sequence[Term]
    ) -> tuple[list[Ticket], Key | None]:
        """What the index finds, without what it finds too much; and the last that was looked at, if more may come."""
        rows = list(map(ticket_of, self._connection.execute(hits(shape), given)))
        found = list({ticket.number: ticket for ticket in rows}.values())
        if not is_loose(wanted):
            return found, None
        further = (rows[-1].number,) if len(rows) == given["most"] else None
        return [ticket for ticket in found if self._holds(sight, ticket, wanted)], further

    def _ranked(
        self, sight: Sight, found: Iterable[Ticket], wanted: Sequence[Term], cursor: Cursor | None, limit: int
    ) -> Page:
        ranks = {
            ticket.number: (score(ticket.subject, self._texts(sight, ticket, RANKED_TEXTS), wanted), ticket.number)
            for ticket in found
        }
        ordered = sorted(found, key=lambda ticket: ranks[ticket.number], reverse=not (cursor and cursor.back))
        if cursor:
            here = (int(cursor.key[0]), int(cursor.key[1]))
            ordered = [
                ticket for ticket in ordered
                if (ranks[ticket.number] > here if cursor.back else ranks[ticket.number] < here)
            ]  # fmt: skip
        return _paged(ordered, None, cursor, limit, lambda ticket: ranks[ticket.number], down=True)

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


def _tally(found: Counter[Tab], status: Status, count: int, *, assigned: bool, awaiting: bool) -> None:
    found[Tab.ALL] += count
    found[Tab(status.value)] += count
    if status in STILL_OPEN:
        found[Tab.OPEN] += count
        found[Tab.UNASSIGNED] += 0 if assigned else count
        found[Tab.AWAITING] += count if awaiting else 0


def _named(prefix: str, names: Sequence[str], key: Sequence[Any]) -> dict[str, Any]:
    """A cursor's key as parameters: moments are whole microseconds there."""
    return {
        f"{prefix}{name}": EPOCH + int(value) * MICROSECOND if name.endswith("_at") else value
        for name, value in zip(names, key, strict=True)
    }


def _number(value: Any) -> int:
    return value if isinstance(value, int) else (value - EPOCH) // MICROSECOND


def _key(ticket: Ticket, names: Sequence[str]) -> Key:
    return tuple(_number(getattr(ticket, name)) for name in names)


def _paged(
    rows: Sequence[Ticket], further: Key | None, cursor: Cursor | None, limit: int, key: Callable[[Ticket], Key],
    *, down: bool,
) -> Page:  # fmt: skip
    """A page of what was found in the direction that was gone: one more than `limit` shows that there is more. An empty
    page's neighbours begin with the row that it began behind.
    """
    shown = list(rows[:limit])
    more = key(shown[-1]) if len(rows) > limit else further
    stopped = len(rows) <= limit and further is not None
    back = cursor is not None and cursor.back
    start = None
    if cursor is not None:
        start = key(shown[0]) if shown else _shifted(cursor.key, 1 if back is down else -1)
    gone = Cursor(start, back=not back) if start is not None else None
    ahead = Cursor(more, back=back) if more is not None else None
    if back:
        shown.reverse()
    before, after = (ahead, gone) if back else (gone, ahead)
    return Page(tuple(map(Hit, shown)), before, after, stopped)


def _shifted(key: Key, by: int) -> Key:
    """The same key with a number that is one further: what is beyond it includes the key's own row."""
    return (*key[:-1], int(key[-1]) + by)
