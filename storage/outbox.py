"""Rows of the event log and of the outbox: what is owed to which thread, claimed under a lease, settled once."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import bindparam, func, insert, or_, select, update

from desk.events import Recorded, from_json, to_json
from desk.ports import Delivery
from storage.tables import BURIED, OWED, SENT, deliveries, events, threads
from storage.threads import COLUMNS, ThreadRows, thread_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from desk.events import Event
    from desk.model import Copy, MessageRef, Thread

_RECORD = insert(events).returning(events.c.id)
_ENQUEUE = insert(deliveries)
_TIMELINE = (
    select(events.c.id, events.c.kind, events.c.data, events.c.actor_id, events.c.at)
    .where(events.c.ticket == bindparam("ticket_"))
    .order_by(events.c.id)
)
_HEADS = select(func.min(deliveries.c.id)).where(deliveries.c.state == OWED).group_by(deliveries.c.thread_id)
_CLAIMABLE = (
    select(
        deliveries.c.id,
        deliveries.c.attempts,
        events.c.id,
        events.c.kind,
        events.c.data,
        events.c.actor_id,
        events.c.at,
        *COLUMNS,
    )
    .join_from(deliveries, events)
    .join(threads, deliveries.c.thread_id == threads.c.id)
    .where(
        deliveries.c.id.in_(_HEADS),
        deliveries.c.channel.in_(bindparam("channels", expanding=True)),
        deliveries.c.due_at <= bindparam("now"),
        or_(deliveries.c.leased_until.is_(None), deliveries.c.leased_until <= bindparam("now")),
    )
    .order_by(deliveries.c.due_at, deliveries.c.id)
    .limit(bindparam("most"))
)
_LEASE = (
    update(deliveries)
    .where(deliveries.c.id == bindparam("id_"))
    .values(leased_until=bindparam("until"), attempts=deliveries.c.attempts + 1)
)
_END = (
    update(deliveries)
    .where(deliveries.c.id == bindparam("id_"), deliveries.c.state == OWED)
    .values(state=bindparam("state"), error=bindparam("error"), leased_until=None)
)
_POSTPONE = (
    update(deliveries)
    .where(deliveries.c.id == bindparam("id_"), deliveries.c.state == OWED)
    .values(due_at=bindparam("due"), error=bindparam("error"), leased_until=None)
)
_EXHUME = (
    update(deliveries)
    .where(deliveries.c.id == bindparam("id_"), deliveries.c.state == BURIED)
    .values(state=OWED, due_at=bindparam("due"), leased_until=None)
)
_NEXT_DUE = select(
    func.min(func.max(deliveries.c.due_at, func.coalesce(deliveries.c.leased_until, deliveries.c.due_at)))
).where(deliveries.c.id.in_(_HEADS), deliveries.c.channel.in_(bindparam("channels", expanding=True)))


class OutboxRows(ThreadRows):
    """The events' and the outbox's part of `desk.ports.Transaction`."""

    _salt: str  # of this installation: its keys are no other's

    def record(self, event: Event, *, actor_id: int | None, to: Iterable[Thread]) -> Recorded:
        data = json.dumps(to_json(event), ensure_ascii=False, separators=(",", ":"))
        values = {"ticket": event.ticket, "kind": type(event).__name__, "data": data, "actor_id": actor_id}
        event_id = self._connection.execute(_RECORD, values | {"at": self.now}).scalar_one()
        owed = [
            {
                "event_id": event_id,
                "thread_id": thread.id,
                "channel": thread.channel,
                "state": OWED,
                "due_at": self.now,
                "attempts": 0,
            }
            for thread in to
        ]
        if owed:
            self._connection.execute(_ENQUEUE, owed)
        return Recorded(event_id, event, actor_id, self.now)

    def timeline(self, ticket: int) -> Sequence[Recorded]:
        rows = self._connection.execute(_TIMELINE, {"ticket_": ticket})
        return [
            Recorded(id_, from_json(kind, json.loads(data)), actor_id, at) for id_, kind, data, actor_id, at in rows
        ]

    def claim(self, *, limit: int, lease_seconds: float, channels: Sequence[str]) -> Sequence[Delivery]:
        wanted = {"channels": list(channels), "now": self.now, "most": limit}
        found = []
        for row in self._connection.execute(_CLAIMABLE, wanted):
            id_, attempts, event_id, kind, data, actor_id, at = row[:7]
            recorded = Recorded(event_id, from_json(kind, json.loads(data)), actor_id, at)
            found.append(Delivery(id_, f"{self._salt}{id_:x}", recorded, thread_of(row[7:]), attempts + 1))
        if found:
            until = self.now + timedelta(seconds=lease_seconds)
            self._connection.execute(_LEASE, [{"id_": delivery.id, "until": until} for delivery in found])
        return found

    def settle(self, delivery: Delivery, *, copies: Sequence[Copy] = (), newest: MessageRef | None = None) -> None:
        self._connection.execute(_END, {"id_": delivery.id, "state": SENT, "error": None})
        if copies:
            self._keep_copies(copies)
        if newest is not None:
            self._newest(delivery.thread.id, newest)

    def postpone(self, delivery: Delivery, *, seconds: float, error: str) -> None:
        due = self.now + timedelta(seconds=seconds)
        self._connection.execute(_POSTPONE, {"id_": delivery.id, "due": due, "error": error})

    def bury(self, delivery: Delivery, *, error: str) -> None:
        self._connection.execute(_END, {"id_": delivery.id, "state": BURIED, "error": error})

    def exhume(self, delivery_id: int) -> bool:
        return bool(self._connection.execute(_EXHUME, {"id_": delivery_id, "due": self.now}).rowcount == 1)

    def next_due(self, channels: Sequence[str]) -> float | None:
        due = self._connection.execute(_NEXT_DUE, {"channels": list(channels)}).scalar()
        return None if due is None else max(0.0, (due - self.now).total_seconds())
