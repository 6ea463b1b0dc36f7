"""Rows of tickets with their tags, followers and children, and the client's panel."""

from __future__ import annotations

import json
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, case, delete, func, insert, select, update

from desk.model import Audience, Kind, Panel, Person, Status, Ticket
from storage.phrases import upsert
from storage.tables import NEVER, followers, people, ticket_counts, ticket_tags, tickets
from storage.wording import WordingRows

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from collections.abc import Set as AbstractSet
    from datetime import datetime

COLUMNS = (
    tickets.c.number,
    tickets.c.subject,
    tickets.c.department,
    tickets.c.product,
    tickets.c.priority,
    tickets.c.status,
    tickets.c.client_id,
    tickets.c.agent_id,
    tickets.c.channel,
    tickets.c.opened_at,
    tickets.c.active_at,
    tickets.c.last_reply_by,
    tickets.c.last_reply_at,
    tickets.c.closed_at,
    tickets.c.rating,
    tickets.c.rating_words,
    tickets.c.house_status,
    tickets.c.tags,
    tickets.c.fields,
    tickets.c.parent,
    tickets.c.merged_into,
    tickets.c.close_reason,
    tickets.c.drop_files,
    tickets.c.due_at,
)
_ADD = insert(tickets).returning(*COLUMNS)
_TICKET = select(*COLUMNS).where(tickets.c.number == bindparam("number_"))
_SAVE = update(tickets).where(tickets.c.number == bindparam("number_"))
_SAVE = _SAVE.execution_options(about=("ticket", "number_"))
_COUNT = upsert(ticket_counts)
_COUNT = _COUNT.on_conflict_do_update(
    index_elements=list(ticket_counts.primary_key), set_={"tickets": ticket_counts.c.tickets + bindparam("by")}
)
_COUNTS = select(
    func.count(), func.coalesce(func.sum(case((tickets.c.status == Status.CLOSED.value, 1), else_=0)), 0)
).where(tickets.c.client_id == bindparam("client"))
_OTHERS = (
    select(*COLUMNS)
    .where(tickets.c.client_id == bindparam("client"), tickets.c.number != bindparam("beside"))
    .order_by(tickets.c.number.desc())
    .limit(bindparam("most"))
)
_NOT_HIDDEN = tickets.c.department.not_in(bindparam("hidden", expanding=True))
_OPEN_COUNTS, _OPEN_OTHERS = _COUNTS.where(_NOT_HIDDEN), _OTHERS.where(_NOT_HIDDEN)
_CHILDREN = select(*COLUMNS).where(tickets.c.parent == bindparam("number_")).order_by(tickets.c.number)
_UNTAG = delete(ticket_tags).where(ticket_tags.c.ticket == bindparam("number_"))
_TAG = insert(ticket_tags)
_FOLLOW = upsert(followers).on_conflict_do_nothing()
_OF_FOLLOWER = (followers.c.ticket == bindparam("number_"), followers.c.person_id == bindparam("person"))
_UNFOLLOW = delete(followers).where(*_OF_FOLLOWER)
_FOLLOWS = select(followers.c.ticket).where(*_OF_FOLLOWER)
_FOLLOWERS = (
    select(people.c.id, people.c.name, people.c.locale)
    .join_from(followers, people)
    .where(followers.c.ticket == bindparam("number_"))
    .order_by(followers.c.since, people.c.id)
)


def ticket_of(row: Sequence[Any]) -> Ticket:
    (number, subject, department, product, priority, status, client_id, agent_id, channel,
     opened_at, active_at, last_reply_by, last_reply_at, closed_at, rating, rating_words,
     house_status, tags, fields, parent, merged_into, close_reason, drop_files, due_at) = row  # fmt: skip
    return Ticket(
        number, subject, department, product, priority, Status(status), client_id, agent_id, channel,
        opened_at, active_at, Audience(last_reply_by) if last_reply_by else None, last_reply_at, closed_at,
        rating, rating_words, house_status, tuple(tags.split()), _fields(fields), parent, merged_into, close_reason,
        drop_files, None if due_at == NEVER else due_at,
    )  # fmt: skip


def _fields(text: str) -> dict[str, tuple[str, ...]]:
    return {name: tuple(values) for name, values in json.loads(text).items()} if text else {}


# What may change of a ticket, as it is named in both; and what its row has in another form.
_KEPT = tuple(column.name for column in COLUMNS if column.name != "number")
_ALL_KEPT = attrgetter(*_KEPT)
_AS_KEPT: dict[str, Callable[[Ticket], Any]] = {
    "status": lambda ticket: ticket.status.value,
    "last_reply_by": lambda ticket: ticket.last_reply_by.value if ticket.last_reply_by else None,
    "tags": lambda ticket: " ".join(ticket.tags),
    "fields": lambda ticket: json.dumps(ticket.fields, ensure_ascii=False) if ticket.fields else "",
    "due_at": lambda ticket: ticket.due_at or NEVER,
}
_COUNTED = {"department", "status", "agent_id", "last_reply_by"}


def _counted(ticket: Ticket) -> dict[str, Any]:
    """Under what a ticket is counted."""
    return {
        "department": ticket.department,
        "status": ticket.status.value,
        "assigned": int(ticket.agent_id is not None),
        "awaiting": int(ticket.status is not Status.CLOSED and ticket.last_reply_by is Audience.CLIENT),
    }


_NTH_NEWEST = (
    select(tickets.c.opened_at)
    .where(tickets.c.client_id == bindparam("client"))
    .order_by(tickets.c.number.desc())
    .limit(1)
    .offset(bindparam("skipped"))
)


class TicketRows(WordingRows):
    """The tickets' part of `desk.ports.Transaction`. Only what was changed is written: every index that a column is in
    costs a reply its time.
    """

    now: datetime
    _tickets: dict[int, Ticket]  # read or written in this transaction

    def add_ticket(
        self,
        *,
        subject: str,
        department: str,
        product: str,
        priority: str,
        client_id: int,
        channel: str,
        number: int | None = None,
    ) -> Ticket:
        values = ({} if number is None else {"number": number}) | {
            "subject": subject,
            "department": department,
            "product": product,
            "priority": priority,
            "status": Status.NEW.value,
            "house_status": Status.NEW.value,
            "client_id": client_id,
            "channel": channel,
            "opened_at": self.now,
            "active_at": self.now,
        }
        made = ticket_of(self._connection.execute(_ADD, values).one())
        self._tickets[made.number] = made
        self._count(made, 1)
        self._said(made.number, Kind.REPLY, f"{made.number} {made.subject}")
        return made

    def nth_newest_opened(self, client_id: int, nth: int) -> datetime | None:
        at: datetime | None = self._connection.execute(_NTH_NEWEST, {"client": client_id, "skipped": nth - 1}).scalar()
        return at

    def ticket(self, number: int) -> Ticket | None:
        known = self._tickets.get(number)
        if known is not None:
            return known
        row = self._connection.execute(_TICKET, {"number_": number}).first()
        if row is None:
            return None
        found = self._tickets[number] = ticket_of(row)
        return found

    def save_ticket(self, ticket: Ticket) -> None:
        old = self.ticket(ticket.number)
        if old is None:
            raise KeyError(ticket.number)
        pairs = zip(_KEPT, _ALL_KEPT(old), _ALL_KEPT(ticket), strict=True)
        differing = [name for name, before, after in pairs if before is not after and before != after]
        if not differing:
            return
        changed = {name: _AS_KEPT[name](ticket) if name in _AS_KEPT else getattr(ticket, name) for name in differing}
        changed["number_"] = ticket.number
        if "subject" in changed:
            with self._rewording(ticket.number):
                self._connection.execute(_SAVE, changed)
        else:
            self._connection.execute(_SAVE, changed)
        if "tags" in changed:
            self._connection.execute(_UNTAG, {"number_": ticket.number})
            if ticket.tags:
                self._connection.execute(_TAG, [{"tag": tag, "ticket": ticket.number} for tag in ticket.tags])
        self._tickets[ticket.number] = ticket
        if not _COUNTED.isdisjoint(differing) and _counted(old) != _counted(ticket):
            self._count(old, -1)
            self._count(ticket, 1)

    def _count(self, ticket: Ticket, by: int) -> None:
        self._connection.execute(_COUNT, _counted(ticket) | {"tickets": by, "by": by})

    def children(self, number: int) -> Sequence[Ticket]:
        return [ticket_of(row) for row in self._connection.execute(_CHILDREN, {"number_": number})]

    def panel(self, client_id: int, *, beside: int, limit: int, hidden: AbstractSet[str] = frozenset()) -> Panel:
        client: dict[str, Any] = {"client": client_id}
        if hidden:
            client["hidden"] = sorted(hidden)
        counts, others = (_OPEN_COUNTS, _OPEN_OTHERS) if hidden else (_COUNTS, _OTHERS)
        total, closed = self._connection.execute(counts, client).one()
        rows = self._connection.execute(others, client | {"beside": beside, "most": limit})
        return Panel(total, total - closed, closed, tuple(map(ticket_of, rows)))

    def follow(self, number: int, person_id: int) -> bool:
        values = {"ticket": number, "person_id": person_id, "since": self.now}
        return bool(self._connection.execute(_FOLLOW, values).rowcount == 1)

    def unfollow(self, number: int, person_id: int) -> bool:
        return bool(self._connection.execute(_UNFOLLOW, {"number_": number, "person": person_id}).rowcount == 1)

    def follows(self, number: int, person_id: int) -> bool:
        return self._connection.execute(_FOLLOWS, {"number_": number, "person": person_id}).first() is not None

    def followers(self, number: int) -> Sequence[Person]:
        return [Person(*row) for row in self._connection.execute(_FOLLOWERS, {"number_": number})]
