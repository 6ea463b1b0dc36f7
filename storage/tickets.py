"""Rows of tickets, and the client's panel."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, case, func, insert, select, update

from desk.model import Audience, Panel, Status, Ticket
from storage.tables import tickets

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from storage.statement import Runner

_COLUMNS = (
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
)
_ADD = insert(tickets).returning(*_COLUMNS)
_TICKET = select(*_COLUMNS).where(tickets.c.number == bindparam("number_"))
_SAVE = (
    update(tickets)
    .where(tickets.c.number == bindparam("number_"))
    .values({column.name: bindparam(column.name) for column in _COLUMNS if column.name != "number"})
)
_COUNTS = select(
    func.count(), func.coalesce(func.sum(case((tickets.c.status == Status.CLOSED.value, 1), else_=0)), 0)
).where(tickets.c.client_id == bindparam("client"))
_OTHERS = (
    select(*_COLUMNS)
    .where(tickets.c.client_id == bindparam("client"), tickets.c.number != bindparam("beside"))
    .order_by(tickets.c.number.desc())
    .limit(bindparam("most"))
)


def _ticket(row: Sequence[Any]) -> Ticket:
    (number, subject, department, product, priority, status, client_id, agent_id, channel,
     opened_at, active_at, last_reply_by, last_reply_at, closed_at, rating, rating_words) = row  # fmt: skip
    return Ticket(
        number, subject, department, product, priority, Status(status), client_id, agent_id, channel,
        opened_at, active_at, Audience(last_reply_by) if last_reply_by else None, last_reply_at, closed_at,
        rating, rating_words,
    )  # fmt: skip


class TicketRows:
    """The tickets' part of `desk.ports.Transaction`."""

    _connection: Runner
    now: datetime

    def add_ticket(
        self, *, subject: str, department: str, product: str, priority: str, client_id: int, channel: str
    ) -> Ticket:
        values = {
            "subject": subject,
            "department": department,
            "product": product,
            "priority": priority,
            "status": Status.NEW.value,
            "client_id": client_id,
            "channel": channel,
            "opened_at": self.now,
            "active_at": self.now,
        }
        return _ticket(self._connection.execute(_ADD, values).one())

    def ticket(self, number: int) -> Ticket | None:
        row = self._connection.execute(_TICKET, {"number_": number}).first()
        return None if row is None else _ticket(row)

    def save_ticket(self, ticket: Ticket) -> None:
        values = {
            "number_": ticket.number,
            "subject": ticket.subject,
            "department": ticket.department,
            "product": ticket.product,
            "priority": ticket.priority,
            "status": ticket.status.value,
            "client_id": ticket.client_id,
            "agent_id": ticket.agent_id,
            "channel": ticket.channel,
            "opened_at": ticket.opened_at,
            "active_at": ticket.active_at,
            "last_reply_by": ticket.last_reply_by.value if ticket.last_reply_by else None,
            "last_reply_at": ticket.last_reply_at,
            "closed_at": ticket.closed_at,
            "rating": ticket.rating,
            "rating_words": ticket.rating_words,
        }
        if self._connection.execute(_SAVE, values).rowcount != 1:
            raise KeyError(ticket.number)

    def panel(self, client_id: int, *, beside: int, limit: int) -> Panel:
        total, closed = self._connection.execute(_COUNTS, {"client": client_id}).one()
        rows = self._connection.execute(_OTHERS, {"client": client_id, "beside": beside, "most": limit})
        return Panel(total, total - closed, closed, tuple(map(_ticket, rows)))
