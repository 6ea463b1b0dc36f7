"""Rows by which the desk finds what is due by itself, and the files that no row needs any more."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import bindparam, delete, exists, select, union_all, update

from desk.model import Audience, Status
from storage.phrases import upsert
from storage.schema import RECEIPTS_KEPT
from storage.tables import (
    EPOCH,
    MICROSECOND,
    attachments,
    draft_files,
    drafts,
    link_codes,
    link_guesses,
    messages,
    receipts,
    settings,
    silences,
    tickets,
    transcripts,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime

    from sqlalchemy import BindParameter

    from storage.statement import Runner

_GUESSES_KEPT = timedelta(days=1)
EVERY = 2**31  # rows: more than there are

_SILENT = (
    select(tickets.c.number)
    .where(
        tickets.c.house_status.in_(bindparam("statuses", expanding=True)),
        tickets.c.closed_at.is_(None),
        tickets.c.last_reply_by == Audience.AGENTS.value,
        tickets.c.last_reply_at <= bindparam("since"),
    )
    .order_by(tickets.c.number)
    .limit(bindparam("most"))
)
_WARNED = exists().where(silences.c.ticket == tickets.c.number, silences.c.warned_at >= tickets.c.last_reply_at)
_UNWARNED = _SILENT.where(~_WARNED)
_LONG_WARNED = _SILENT.where(_WARNED.where(silences.c.warned_at <= bindparam("warned_before")))
_BADGES = select(tickets.c.badges_shown).where(tickets.c.number == bindparam("number_"))
_SHOW_BADGES = update(tickets).where(tickets.c.number == bindparam("number_")).values(badges_shown=bindparam("badges"))
_WARNED_AT = select(silences.c.warned_at).where(silences.c.ticket == bindparam("ticket_"))
_MARK_WARNED = (
    upsert(silences)
    .values(ticket=bindparam("ticket"), warned_at=bindparam("warned_at"))
    .on_conflict_do_update(index_elements=["ticket"], set_={"warned_at": bindparam("warned_at")})
)
_CLOSED = (
    select(tickets.c.number, tickets.c.closed_at)
    .where(tickets.c.closed_at > bindparam("after"), tickets.c.closed_at <= bindparam("before"))
    .order_by(tickets.c.closed_at, tickets.c.number)
    .limit(bindparam("most"))
)
_GROWN_OLD = (
    select(tickets.c.number, tickets.c.active_at)
    .where(
        tickets.c.status.in_([status.value for status in Status if status is not Status.CLOSED]),
        tickets.c.active_at > bindparam("after"),
        tickets.c.active_at <= bindparam("before"),
    )
    .order_by(tickets.c.active_at, tickets.c.number)
    .limit(bindparam("most"))
)
_DROP = (
    update(attachments)
    .where(
        attachments.c.message_id.in_(select(messages.c.id).where(messages.c.ticket == bindparam("ticket_"))),
        attachments.c.sha256.is_not(None),
        attachments.c.dropped_at.is_(None),
    )
    .values(dropped_at=bindparam("at"))
)
_MARK = select(settings.c.value).where(settings.c.name == bindparam("name_"))
_KEEP_MARK = (
    upsert(settings)
    .values(name=bindparam("name"), value=bindparam("value"))
    .on_conflict_do_update(index_elements=["name"], set_={"value": bindparam("value")})
)
_WANTED: BindParameter[str] = bindparam("hashes", expanding=True)
_REFERENCED = union_all(
    select(attachments.c.sha256).where(attachments.c.sha256.in_(_WANTED), attachments.c.dropped_at.is_(None)),
    select(transcripts.c.sha256).where(transcripts.c.sha256.in_(_WANTED)),
    select(draft_files.c.sha256).where(draft_files.c.sha256.in_(_WANTED)),
)
_OLD_DRAFTS = select(drafts.c.id).where(drafts.c.at < bindparam("before_"))
_FORGET_FILES = delete(draft_files).where(draft_files.c.draft_id.in_(_OLD_DRAFTS))
_FORGET_DRAFTS = delete(drafts).where(drafts.c.at < bindparam("before_"))
_FORGET_RECEIPTS = delete(receipts).where(receipts.c.at < bindparam("before_"))
_FORGET_CODES = delete(link_codes).where(link_codes.c.until < bindparam("now_"))
_FORGET_GUESSES = delete(link_guesses).where(link_guesses.c.at < bindparam("before_"))


class TendingRows:
    """What is due by itself: its part of `desk.ports.Transaction`."""

    _connection: Runner
    now: datetime

    def silent_tickets(
        self, *, since: datetime, warned_before: datetime | None, statuses: Collection[str], limit: int
    ) -> Sequence[int]:
        given: dict[str, object] = {"since": since, "statuses": list(statuses), "most": limit}
        if warned_before is None:
            return [row[0] for row in self._connection.execute(_UNWARNED, given)]
        rows = self._connection.execute(_LONG_WARNED, given | {"warned_before": warned_before})
        return [row[0] for row in rows]

    def warned_at(self, number: int) -> datetime | None:
        found: datetime | None = self._connection.execute(_WARNED_AT, {"ticket_": number}).scalar()
        return found

    def mark_warned(self, number: int) -> None:
        self._connection.execute(_MARK_WARNED, {"ticket": number, "warned_at": self.now})

    def closed_between(self, after: datetime, before: datetime, *, limit: int) -> Sequence[tuple[int, datetime]]:
        rows = self._connection.execute(_CLOSED, {"after": after, "before": before, "most": limit})
        return [(row[0], row[1]) for row in rows]

    def grown_old(self, after: datetime, before: datetime, *, limit: int) -> Sequence[tuple[int, datetime]]:
        given = {"after": after, "before": before, "most": limit}
        rows = self._connection.execute(_GROWN_OLD, given).all()
        if len(rows) == limit:  # all of the last moment, in which many may have been changed together
            rows = self._connection.execute(_GROWN_OLD, given | {"before": rows[-1][1], "most": EVERY}).all()
        return [(row[0], row[1]) for row in rows]

    def drop_attachments(self, number: int) -> int:
        return int(self._connection.execute(_DROP, {"ticket_": number, "at": self.now}).rowcount)

    def badges_shown(self, number: int) -> str | None:
        shown: str | None = self._connection.execute(_BADGES, {"number_": number}).scalar()
        return shown

    def show_badges(self, number: int, badges: str) -> None:
        self._connection.execute(_SHOW_BADGES, {"number_": number, "badges": badges})

    def mark(self, name: str) -> datetime | None:
        found = self._connection.execute(_MARK, {"name_": name}).scalar()
        return None if found is None else EPOCH + int(found) * MICROSECOND

    def keep_mark(self, name: str, at: datetime) -> None:
        self._connection.execute(_KEEP_MARK, {"name": name, "value": str((at - EPOCH) // MICROSECOND)})

    def agreed(self, name: str) -> str | None:
        found: str | None = self._connection.execute(_MARK, {"name_": name}).scalar()
        return found

    def agree(self, name: str, words: str) -> None:
        self._connection.execute(_KEEP_MARK, {"name": name, "value": words})

    def referenced(self, hashes: Collection[str]) -> Collection[str]:
        return {row[0] for row in self._connection.execute(_REFERENCED, {"hashes": list(hashes)})}

    def forget_old(self, *, drafts_before: datetime) -> None:
        for statement in (_FORGET_FILES, _FORGET_DRAFTS):
            self._connection.execute(statement, {"before_": drafts_before})
        self._connection.execute(_FORGET_CODES, {"now_": self.now})
        self._connection.execute(_FORGET_GUESSES, {"before_": self.now - _GUESSES_KEPT})
        self._connection.execute(_FORGET_RECEIPTS, {"before_": self.now - RECEIPTS_KEPT})
