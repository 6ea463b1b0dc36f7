"""Rows of the event log and of the outbox: what is owed to which thread, claimed under a lease, settled once."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, func, insert, literal_column, or_, select, update

from desk.events import MessageSaid, Recorded, from_json, to_json
from desk.ports import Backlog, Delivery, Stranded
from storage.phrases import later
from storage.tables import BURIED, DROPPED, OWED, SENT, deliveries, events, threads
from storage.threads import COLUMNS, ThreadRows, thread_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from desk.events import Event
    from desk.model import Copy, MessageRef, Thread
    from desk.ports import Courier

_ENCODE = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode  # made once, not with each event
# Written out: of a parameter SQLite would have to see the value before it knows that the index of what is owed serves.
_IS_OWED = deliveries.c.state == literal_column(f"'{OWED}'")
_RECORD = insert(events).returning(events.c.id)
_ENQUEUE = insert(deliveries).execution_options(about=("thread", "thread_id"))
_TAKE = _ENQUEUE.returning(deliveries.c.id)
_IS_BUSY = select(deliveries.c.id).where(_IS_OWED, deliveries.c.thread_id == bindparam("thread")).limit(1)
_OWED = select(deliveries.c.id).where(_IS_OWED, deliveries.c.thread_id == threads.c.id)
_THREADS_BUSY = (
    select(*COLUMNS, _OWED.exists().label("is_busy"))
    .where(threads.c.ticket == bindparam("ticket_"), threads.c.ended_at.is_(None))
    .order_by(threads.c.id)
)
_TIMELINE = (
    select(events.c.id, events.c.kind, events.c.data, events.c.actor_id, events.c.at)
    .where(events.c.ticket == bindparam("ticket_"))
    .order_by(events.c.id)
)
_HEADS = select(func.min(deliveries.c.id)).where(_IS_OWED).group_by(deliveries.c.thread_id)
_OUTBOX = (
    select(
        deliveries.c.id,
        deliveries.c.attempts,
        events.c.id,
        events.c.kind,
        events.c.data,
        events.c.actor_id,
        events.c.at,
        *COLUMNS,
        deliveries.c.due_at,
        deliveries.c.leased_until,
    )
    .join_from(deliveries, events)
    .join(threads, deliveries.c.thread_id == threads.c.id)
)
_NEXT = _OUTBOX.where(_IS_OWED, deliveries.c.thread_id == bindparam("thread")).order_by(deliveries.c.id).limit(1)
_CLAIMABLE = (
    _OUTBOX.where(
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
    .values(leased_until=bindparam("until"), leased_by=bindparam("by"), attempts=deliveries.c.attempts + 1)
    .execution_options(about=())
)
_OF_THREAD = deliveries.c.thread_id == bindparam("thread_")  # which it is anyway; said, so that it is known
_END = (
    update(deliveries)
    .where(deliveries.c.id == bindparam("id_"), _OF_THREAD, _IS_OWED)
    .values(state=bindparam("state"), error=bindparam("error"), leased_until=None)
    .execution_options(about=("thread", "thread_"))
)
# Who comes too late, as it was frozen, must not change what is another's by now: the attempts count the claims.
_IS_MINE = deliveries.c.attempts == bindparam("claimed")
_BURY = (
    update(deliveries)
    .where(deliveries.c.id == bindparam("id_"), _OF_THREAD, _IS_OWED, _IS_MINE)
    .values(state=BURIED, error=bindparam("error"), leased_until=None)
    .execution_options(about=("thread", "thread_"))
)
_POSTPONE = (
    update(deliveries)
    .where(deliveries.c.id == bindparam("id_"), _IS_OWED, _IS_MINE)
    .values(due_at=bindparam("due"), error=bindparam("error"), leased_until=None)
    .execution_options(about=())
)
_EXHUME = (
    update(deliveries)
    .where(deliveries.c.id == bindparam("id_"), deliveries.c.state == BURIED)
    .values(state=OWED, due_at=bindparam("due"), leased_until=None)
)
_BURIED_OF = (
    select(events.c.ticket, events.c.actor_id)
    .join_from(deliveries, events)
    .where(deliveries.c.id == bindparam("id_"), deliveries.c.state == BURIED)
)
_BACKLOG = select(func.count(), func.min(deliveries.c.event_id)).where(_IS_OWED)
_RECORDED_AT = select(events.c.at).where(events.c.id == bindparam("event"))
# Written out for the same reason as `_IS_OWED`. Those of threads that have ended were let go on purpose.
_IS_BURIED = deliveries.c.state == literal_column(f"'{BURIED}'")
_STRANDED = (
    select(
        deliveries.c.id,
        events.c.ticket,
        events.c.kind,
        deliveries.c.channel,
        threads.c.audience,
        deliveries.c.attempts,
        func.coalesce(deliveries.c.error, ""),
        events.c.at,
    )
    .join_from(deliveries, events)
    .join(threads, deliveries.c.thread_id == threads.c.id)
    .where(_IS_BURIED, threads.c.ended_at.is_(None))
    .order_by(deliveries.c.id.desc())
    .limit(bindparam("most"))
)
_COUNT_STRANDED = (
    select(func.count())
    .select_from(deliveries)
    .join(threads, deliveries.c.thread_id == threads.c.id)
    .where(_IS_BURIED, threads.c.ended_at.is_(None))
)
_DROP = update(deliveries).where(deliveries.c.id == bindparam("id_"), _IS_BURIED).values(state=DROPPED)
_NEXT_DUE = select(
    func.min(later(deliveries.c.due_at, func.coalesce(deliveries.c.leased_until, deliveries.c.due_at)))
).where(deliveries.c.id.in_(_HEADS), deliveries.c.channel.in_(bindparam("channels", expanding=True)))


_WAS_OWED = select(deliveries.c.id).where(
    deliveries.c.event_id == bindparam("event_"), deliveries.c.thread_id == bindparam("thread_")
)


class OutboxRows(ThreadRows):
    """The events' and the outbox's part of `desk.ports.Transaction`."""

    _salt: str  # of this installation: its keys are no other's
    _courier: Courier | None
    _instance: int | None  # of the desk, where it may have several: whose the leases are
    fresh: list[Delivery]  # leased to the courier by this transaction
    owes: bool  # whether it leaves something for whoever comes first: no courier took it, and no lane is at it
    _busy: dict[int, bool]  # threads of which it has just been read whether something is owed to them

    def threads(self, ticket: int) -> Sequence[Thread]:
        known = self._expected.talk(ticket)
        if known is not None:
            if self._courier is not None:
                self._busy |= {thread.id: is_busy for thread, is_busy in known}
            return [thread for thread, _ in known]
        if self._courier is None:
            return super().threads(ticket)
        found: list[Thread] = []
        for row in self._connection.execute(_THREADS_BUSY, {"ticket_": ticket}):
            thread = thread_of(row)
            self._busy[thread.id] = bool(row[-1])
            found.append(thread)
        return found

    def record(self, event: Event, *, actor_id: int | None, to: Iterable[Thread]) -> Recorded:
        data = _ENCODE(to_json(event))
        values = {"ticket": event.ticket, "kind": type(event).__name__, "data": data, "actor_id": actor_id}
        event_id = self._connection.add(_RECORD, values | {"at": self.now})
        recorded = Recorded(event_id, event, actor_id, self.now)
        for thread in to:
            self.owe(recorded, thread)
        return recorded

    def was_owed(self, recorded: Recorded, thread: Thread) -> bool:
        found = self._connection.execute(_WAS_OWED, {"event_": recorded.id, "thread_": thread.id}).first()
        return found is not None

    def owe(self, recorded: Recorded, thread: Thread) -> None:
        courier = self._courier
        busy = courier is not None and self._is_busy(thread)
        taken = courier is not None and not busy and courier.takes(thread)
        self.owes = self.owes or not (busy or taken)
        values = {
            "event_id": recorded.id,
            "thread_id": thread.id,
            "channel": thread.channel,
            "state": OWED,
            "due_at": self.now,
            "leased_until": self.now + timedelta(seconds=courier.lease_seconds) if taken and courier else None,
            "leased_by": self._instance if taken else None,
            "attempts": int(taken),
        }
        self._busy[thread.id] = True
        if not taken:
            numbered = self._connection.numbered(deliveries) if courier is not None else {}
            self._connection.execute(_ENQUEUE, {**numbered, **values})  # nobody waits for its number
        else:
            id_ = self._connection.add(_TAKE, values)
            self.fresh.append(Delivery(id_, self._key(id_), recorded, thread, 1))

    def _is_busy(self, thread: Thread) -> bool:
        if thread.id in self._busy:
            return self._busy.pop(thread.id)
        return self._connection.execute(_IS_BUSY, {"thread": thread.id}).scalar() is not None

    def _key(self, id_: int) -> str:
        return f"{self._salt}{id_:x}"

    def timeline(self, ticket: int) -> Sequence[Recorded]:
        rows = self._connection.execute(_TIMELINE, {"ticket_": ticket})
        return [
            Recorded(id_, from_json(kind, json.loads(data)), actor_id, at) for id_, kind, data, actor_id, at in rows
        ]

    def claim(self, *, limit: int, lease_seconds: float, channels: Sequence[str]) -> Sequence[Delivery]:
        wanted = {"channels": list(channels), "now": self.now, "most": limit}
        found = [self._delivery(row) for row in self._connection.execute(_CLAIMABLE, wanted)]
        if found:
            lease = {"until": self.now + timedelta(seconds=lease_seconds), "by": self._instance}
            self._connection.execute(_LEASE, [{"id_": delivery.id, **lease} for delivery in found])
        return found

    def claim_next(self, thread_id: int, *, lease_seconds: float) -> Delivery | None:
        row = self._connection.execute(_NEXT, {"thread": thread_id}).first()
        if row is None:
            return None
        due, leased = row[-2:]
        if due > self.now or (leased is not None and leased > self.now):
            return None
        until = self.now + timedelta(seconds=lease_seconds)
        self._connection.execute(_LEASE, {"id_": row[0], "until": until, "by": self._instance})
        return self._delivery(row)

    def _delivery(self, row: Sequence[Any]) -> Delivery:
        id_, attempts, event_id, kind, data, actor_id, at = row[:7]
        recorded = Recorded(event_id, from_json(kind, json.loads(data)), actor_id, at)
        return Delivery(id_, self._key(id_), recorded, thread_of(row[7:]), attempts + 1)

    def settle(self, delivery: Delivery, *, copies: Sequence[Copy] = (), newest: MessageRef | None = None) -> None:
        self._busy.clear()
        ended = {"id_": delivery.id, "thread_": delivery.thread.id, "state": SENT, "error": None}
        self._connection.execute(_END, ended)
        if copies:
            # What is said for the first time has no copies yet that would have to go.
            is_first = delivery.attempts == 1 and isinstance(delivery.recorded.event, MessageSaid)
            self._keep_copies(copies, instead=not is_first)
        if newest is not None:
            self._newest(delivery.thread.id, newest)

    def postpone(self, delivery: Delivery, *, seconds: float, error: str) -> None:
        due = self.now + timedelta(seconds=seconds)
        values = {"id_": delivery.id, "claimed": delivery.attempts, "due": due, "error": error}
        self._connection.execute(_POSTPONE, values)

    def bury(self, delivery: Delivery, *, error: str) -> None:
        self._busy.clear()
        values = {"id_": delivery.id, "thread_": delivery.thread.id, "claimed": delivery.attempts, "error": error}
        self._connection.execute(_BURY, values)

    def exhume(self, delivery_id: int) -> bool:
        self.owes = True
        self._busy.clear()
        return bool(self._connection.execute(_EXHUME, {"id_": delivery_id, "due": self.now}).rowcount == 1)

    def buried_of(self, delivery_id: int) -> tuple[int, int | None] | None:
        row = self._connection.execute(_BURIED_OF, {"id_": delivery_id}).first()
        return (row[0], row[1]) if row else None

    def backlog(self) -> Backlog:
        owed, oldest = self._connection.execute(_BACKLOG, {}).one()
        if not owed:
            return Backlog(0)
        since = self._connection.execute(_RECORDED_AT, {"event": oldest}).scalar_one()
        return Backlog(owed, max(0.0, (self.now - since).total_seconds()))

    def stranded(self, *, limit: int) -> tuple[int, Sequence[Stranded]]:
        count = self._connection.execute(_COUNT_STRANDED, {}).scalar_one()
        return count, [Stranded(*row) for row in self._connection.execute(_STRANDED, {"most": limit})]

    def drop(self, delivery_id: int) -> bool:
        return bool(self._connection.execute(_DROP, {"id_": delivery_id}).rowcount == 1)

    def next_due(self, channels: Sequence[str]) -> float | None:
        due = self._connection.execute(_NEXT_DUE, {"channels": list(channels)}).scalar()
        return None if due is None else max(0.0, (due - self.now).total_seconds())
