"""Rows of lives: what the event log comes to, kept up event by event, and what is due next."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from sqlalchemy import bindparam, delete, func, select, update

from desk import life as lives_
from desk.events import DueReckoned, Recorded, TicketChanged, from_json
from desk.figures import Measures, due_at, due_moved, due_reckoned, measured
from storage.outbox import OutboxRows
from storage.phrases import upsert
from storage.sums import Changes, SumRows
from storage.tables import MICROSECOND, events, lives, settings
from storage.tickets import TicketRows

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime, timedelta

    from desk.figures import Terms
    from desk.life import Life
    from storage.statement import Runner

_TALLIED = "lives_tallied"  # the setting that holds up to which ticket the tallies are made anew, or:
_EVERY = "all"
_UPTO = "lives_upto"  # the setting that holds the newest event that the lives know of
_SLICED = "lives_sliced"  # the setting that holds the newest event that the slices know of
_AGAIN = "lives_again"  # the setting that holds up to which event the log is only read again
_TERMS = "lives_terms"  # the setting that holds by which terms they are measured
_SETTING = select(settings.c.value).where(settings.c.name == bindparam("name_"))
_SET = (
    upsert(settings)
    .values(name=bindparam("name_"), value=bindparam("value_"))
    .on_conflict_do_update(index_elements=["name"], set_={"value": bindparam("value_")})
)
_NEWS = (
    select(events.c.id, events.c.ticket, events.c.kind, events.c.data, events.c.actor_id, events.c.at)
    .where(events.c.id > bindparam("after"))
    .order_by(events.c.id)
    .limit(bindparam("most"))
)
_NEWEST = select(func.max(events.c.id))
_LIFE = select(lives.c.data).where(lives.c.ticket == bindparam("ticket_"))
_DUE = select(lives.c.due_at).where(lives.c.ticket == bindparam("ticket_"))
_MEASURED = (
    lives.c.first_clock,
    lives.c.first_business,
    lives.c.resolution_clock,
    lives.c.resolution_business,
    lives.c.first_kept,
    lives.c.next_kept,
    lives.c.next_missed,
    lives.c.resolution_kept,
)
_KEPT = select(lives.c.data, *_MEASURED).where(lives.c.ticket == bindparam("ticket_"))
_ALL = (
    select(lives.c.ticket, lives.c.data, lives.c.due_at)
    .where(lives.c.ticket > bindparam("after"))
    .order_by(lives.c.ticket)
    .limit(bindparam("most"))
)
_COLUMNS = [column.name for column in lives.columns]
_KEEP = (
    upsert(lives)
    .values({name: bindparam(name) for name in _COLUMNS})
    .on_conflict_do_update(
        index_elements=["ticket"], set_={name: bindparam(name) for name in _COLUMNS if name != "ticket"}
    )
)
_FORGET = delete(lives)
_PRESSING = (
    select(lives.c.ticket, lives.c.promise, lives.c.promised_at, lives.c.warn_at, lives.c.due_at)
    .where(lives.c.warn_at <= bindparam("now"))
    .order_by(lives.c.warn_at)
    .limit(bindparam("most"))
)
_QUIET = update(lives).where(lives.c.ticket == bindparam("ticket_")).values(warn_at=bindparam("warn"))


class LifeRows(SumRows, OutboxRows, TicketRows):
    """The lives' part of `desk.ports.Transaction`."""

    _connection: Runner
    now: datetime

    def keep_up(self, terms: Terms, *, most: int, tickets: int = 0) -> int:
        """Bring the lives forward by at most so many events, of at most so many `tickets` (0: of any number); gives how
        many there were (0: nothing is left).
        """
        again = int(self._setting(_AGAIN) or 0)
        upto = int(self._setting(_UPTO) or 0)
        news: dict[int, list[Recorded]] = {}
        count = 0
        found = list(self._connection.execute(_NEWS, {"after": upto, "most": most}))
        for id_, ticket, kind, data, actor_id, at in found:
            if tickets and ticket not in news and len(news) >= tickets:
                break
            recorded = Recorded(id_, from_json(kind, json.loads(data)), actor_id, at)
            news.setdefault(ticket, []).append(recorded)
            upto, count = id_, count + 1
        # Where other terms hold than those of the last measuring, what they move is told before what the news move.
        known = not news or self._setting(_TERMS) == terms.fingerprint()
        changes = Changes(ZoneInfo(terms.zone))
        tallied = self._setting(_TALLIED) or _EVERY
        for ticket, log in news.items():
            before = self._kept(ticket)
            life = before[0] if before else None
            if life is not None and not known:
                self._tell_due(due_moved(ticket, "terms", self._due(ticket), due_at(life, terms)))
            for recorded in log:
                was, life = life, lives_.applied(life, recorded)
                if was and life and isinstance(recorded.event, TicketChanged) and recorded.id > again:
                    self._tell_due(due_reckoned(was, life, recorded.event, terms))
            if life is None:
                continue
            measures = measured(life, terms)
            self._keep(life, measures)
            if tallied == _EVERY or ticket <= int(tallied):
                changes.replaced(before, (life, measures))
        self._sum_up(changes)
        if count:
            for name in (_UPTO, _SLICED):
                self._connection.execute(_SET, {"name_": name, "value_": str(upto)})
        return count

    def left_behind(self) -> bool:
        """Whether an instance of an older desk, which keeps no slices, brought the lives forward: they are to be made
        anew.
        """
        return self._setting(_UPTO) != self._setting(_SLICED)

    def events_left(self) -> int:
        """At least as many events as `keep_up` has still to come to."""
        newest: int = self._connection.execute(_NEWEST, {}).scalar() or 0
        return newest - int(self._setting(_UPTO) or 0)

    def life(self, ticket: int) -> Life | None:
        """As far as `keep_up` has come."""
        data = self._connection.execute(_LIFE, {"ticket_": ticket}).scalar()
        return None if data is None else lives_.from_json(json.loads(data))

    def measure_again(self, terms: Terms, *, after: int, most: int) -> int:
        """Reckon the measures of so many tickets behind that number on these terms; gives the last one's (0: done).
        From 0 on, all tallies are made anew with them.
        """
        if after == 0:
            self._clear_sums()
        changes = Changes(ZoneInfo(terms.zone))
        last = 0
        for number, data, was in list(self._connection.execute(_ALL, {"after": after, "most": most})):
            life, last = lives_.from_json(json.loads(data)), number
            measures = measured(life, terms)
            self._tell_due(due_moved(number, "terms", was, measures.due.due_at if measures.due else None))
            self._keep(life, measures)
            changes.replaced(None, (life, measures))
        self._sum_up(changes)
        self._connection.execute(_SET, {"name_": _TALLIED, "value_": str(last or _EVERY)})
        return last

    def terms_known(self) -> str | None:
        """The terms by which all lives were last measured, as `know_terms` was told."""
        return self._setting(_TERMS)

    def know_terms(self, fingerprint: str) -> None:
        """All lives have been measured by these."""
        self._connection.execute(_SET, {"name_": _TERMS, "value_": fingerprint})

    def forget_lives(self) -> None:
        """Make them all anew, from the first event on, with the next `keep_up`."""
        self._connection.execute(_FORGET, {})
        self._clear_sums()
        newest = self._connection.execute(_NEWEST, {}).scalar() or 0
        self._connection.execute(_SET, {"name_": _AGAIN, "value_": str(newest)})
        self._connection.execute(_SET, {"name_": _UPTO, "value_": "0"})
        self._connection.execute(_SET, {"name_": _SLICED, "value_": "0"})
        self._connection.execute(_SET, {"name_": _TALLIED, "value_": _EVERY})

    def pressing(self, *, most: int) -> Sequence[tuple[int, str, datetime, datetime, datetime]]:
        """Tickets with a promise whose warning time has come: number, promise, since when, warn and due time."""
        return list(self._connection.execute(_PRESSING, {"now": self.now, "most": most}))

    def warn_later(self, ticket: int, at: datetime | None) -> None:
        """Ask again then (None: not before the ticket's next event)."""
        self._connection.execute(_QUIET, {"ticket_": ticket, "warn": at})

    def _due(self, ticket: int) -> datetime | None:
        at: datetime | None = self._connection.execute(_DUE, {"ticket_": ticket}).scalar()
        return at

    def _tell_due(self, event: DueReckoned | None) -> None:
        """It stands in the ticket's history, and is owed to nobody."""
        if event is not None:
            self.record(event, actor_id=None, to=())

    def _setting(self, name: str) -> str | None:
        value = self._connection.execute(_SETTING, {"name_": name}).scalar()
        return None if value is None else str(value)

    def _kept(self, ticket: int) -> tuple[Life, Measures] | None:
        row = self._connection.execute(_KEPT, {"ticket_": ticket}).first()
        if row is None:
            return None
        data, first_clock, first_business, resolution_clock, resolution_business = row[:5]
        first_kept, next_kept, next_missed, resolution_kept = row[5:]
        measures = Measures(
            _length(first_clock),
            _length(first_business),
            _length(resolution_clock),
            _length(resolution_business),
            first_kept=None if first_kept is None else bool(first_kept),
            next_kept=next_kept,
            next_missed=next_missed,
            resolution_kept=None if resolution_kept is None else bool(resolution_kept),
        )
        return lives_.from_json(json.loads(data)), measures

    def _keep(self, life: Life, measures: Measures) -> None:
        due = measures.due
        values: dict[str, Any] = {
            "ticket": life.number,
            "data": json.dumps(lives_.to_json(life), separators=(",", ":")),
            "client_id": life.client_id,
            "agent_id": life.agent_id,
            "department": life.department,
            "product": life.product,
            "priority": life.priority,
            "channel": life.channel,
            "tags": " ".join(life.tags),
            "merged": int(life.merged_at is not None),
            "opened_at": life.opened_at,
            "closed_at": life.closed_at,
            "reopened_at": life.reopened_at,
            "rated_at": life.rated_at,
            "awaiting_since": life.awaiting_since,
            "first_reply_at": life.first_reply_at,
            "first_clock": _count(measures.first_clock),
            "first_business": _count(measures.first_business),
            "resolution_clock": _count(measures.resolution_clock),
            "resolution_business": _count(measures.resolution_business),
            "replies": life.client_replies + life.agent_replies,
            "rating": life.rating,
            "first_kept": measures.first_kept,
            "next_kept": measures.next_kept,
            "next_missed": measures.next_missed,
            "resolution_kept": measures.resolution_kept,
            "promise": due.promise.value if due else None,
            "promised_at": due.started_at if due else None,
            "warn_at": due.warn_at if due else None,
            "due_at": due.due_at if due else None,
        }
        self._connection.execute(_KEEP, values)
        ticket = self.ticket(life.number)
        if ticket is not None:
            self.save_ticket(replace(ticket, due_at=values["due_at"]))


def _length(count: int | None) -> timedelta | None:
    return None if count is None else count * MICROSECOND


def _count(length: timedelta | None) -> int | None:
    return None if length is None else length // MICROSECOND
