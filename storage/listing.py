"""A list's pages and the figures on its tabs: each takes a `Sight` and gives nothing beyond it."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, exists, func, select

from desk.listing import STILL_OPEN, Sort, Tab
from desk.model import Audience, Status
from storage import paging
from storage.questions import Question
from storage.shapes import Test, looks, page, stop
from storage.tables import followers, ticket_counts, tickets
from storage.tickets import ticket_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from desk.access import Sight
    from desk.listing import Bounds, Cursor, Listing, Page
    from desk.model import Ticket
    from storage.shapes import Shape
    from storage.statement import Runner

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
_KEYS: Mapping[Sort, tuple[tuple[str, ...], bool]] = {
    Sort.ACTIVE: (("active_at", "number"), True),
    Sort.QUIET: (("active_at", "number"), False),
    Sort.NEWEST: (("opened_at", "number"), True),
    Sort.OLDEST: (("opened_at", "number"), False),
    Sort.PRESSING: (("active_at", "number"), True),
    Sort.DUE: (("due_at", "number"), False),
}


class ListingRows:
    """The lists' part of `desk.ports.Transaction`."""

    _connection: Runner
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
        question = Question(sight, listing, bounds, by=key[0])
        shape = replace(question.shape(), key=key, down=down is not back, cut=not self._connection.merges)
        if sort is not Sort.PRESSING:
            rows, further = self._some(shape, question.given, cursor.key if cursor else None, limit)
            return paging.paged(rows, further, cursor, limit, lambda ticket: paging.key_of(ticket, key), down=down)
        return self._pressing(shape, question.given, priorities, cursor, limit)

    def _pressing(
        self, shape: Shape, given: Mapping[str, Any], priorities: Sequence[str], cursor: Cursor | None, limit: int
    ) -> Page:
        """One priority after the other, the most pressing first; last, as "", those that config no longer has."""
        order = [*priorities, ""]
        if cursor and cursor.back:
            order.reverse()
        if cursor and cursor.key[0] in order:
            order = order[order.index(str(cursor.key[0])) :]
        rows: list[Ticket] = []
        further: paging.Key | None = None
        known = {f"rank_priority_{place}": priority for place, priority in enumerate(priorities)}
        for priority in order:
            here = cursor.key[1:] if cursor and cursor.key[0] == priority else None
            test = Test("in", "priority", name="rank_")
            if not priority:
                test = Test("not in", "priority", len(priorities), "rank_")
            ranked = replace(shape, tests=(*shape.tests, test))
            asked_for = {"rank_priority_0": priority} if priority else known
            some, edge = self._some(ranked, {**given, **asked_for}, here, limit - len(rows))
            rows += some
            if edge is not None:
                further = (priority, *edge)
            if edge is not None or len(rows) > limit:
                break

        def key(ticket: Ticket) -> paging.Key:
            rank = ticket.priority if ticket.priority in priorities else ""
            return (rank, *paging.key_of(ticket, shape.key))

        return paging.paged(rows, further, cursor, limit, key, down=True)

    def _some(
        self, shape: Shape, given: Mapping[str, Any], after: Sequence[Any] | None, limit: int
    ) -> tuple[list[Ticket], paging.Key | None]:
        """One more than `limit` of the tickets behind a key; or fewer, and the key up to which was looked (None: up to
        the end).
        """
        if after is not None:
            shape = replace(shape, after=True)
            given = {**given, **paging.named("after_", shape.key, after)}
        for most in paging.LOOKS if shape.tests else ():
            row = self._connection.execute(stop(shape, most), given).first()
            if row is None:
                break  # fewer than that are left
            rows = self._seen(shape, given, row, most, limit)
            if len(rows) > limit:
                return rows, None
            if most == paging.LOOKS[-1]:
                return rows, tuple(map(paging.number_of, row))
        look = paging.LOOKS[-1] if looks(shape) else 0
        found = self._connection.execute(page(shape, limit + 1, look), given)
        return list(map(ticket_of, found)), None

    def _seen(self, shape: Shape, given: Mapping[str, Any], row: Sequence[Any], most: int, limit: int) -> list[Ticket]:
        """Those that pass of the rows up to that one, which is `most` rows on."""
        if looks(shape):
            return list(map(ticket_of, self._connection.execute(page(shape, limit + 1, most + 1), given)))
        here = {**given, **dict(zip((f"until_{name}" for name in shape.key), row, strict=True))}
        return list(map(ticket_of, self._connection.execute(page(replace(shape, until=True), limit + 1), here)))


def _tally(found: Counter[Tab], status: Status, count: int, *, assigned: bool, awaiting: bool) -> None:
    found[Tab.ALL] += count
    found[Tab(status.value)] += count
    if status in STILL_OPEN:
        found[Tab.OPEN] += count
        found[Tab.UNASSIGNED] += 0 if assigned else count
        found[Tab.AWAITING] += count if awaiting else 0
