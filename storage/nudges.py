"""Rows of tickets that may want a nudge, and the numbers of a department's morning digest."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import BigInteger, String, bindparam, cast, exists, literal, select, type_coerce

from desk.model import Status
from desk.nudging import Nudge
from storage.tables import lives, tickets, told

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import ColumnElement, Select

    from storage.statement import Runner


def _untold(nudge: Nudge, number: ColumnElement[Any], since: ColumnElement[Any]) -> ColumnElement[bool]:
    """Whether this very nudge was not given yet: `nudge_key` in SQL."""
    parts = (cast(number, String), literal(":"), cast(type_coerce(since, BigInteger), String))
    key: ColumnElement[Any] = literal(f"nudge:{nudge}:")
    for part in parts:
        key = key + part
    return ~exists().where(told.c.key == key)


def _wanted(nudge: Nudge, since: ColumnElement[Any], *which: ColumnElement[bool]) -> Select[Any]:
    number = tickets.c.number if nudge is Nudge.OLD else lives.c.ticket
    return (
        select(number, since)
        .where(since <= bindparam("before"), *which, _untold(nudge, number, since))
        .order_by(since)
        .limit(bindparam("most"))
    )


_CANDIDATES: Mapping[Nudge, Select[Any]] = {
    Nudge.AWAITING: _wanted(Nudge.AWAITING, lives.c.awaiting_since, lives.c.merged == 0),
    Nudge.UNASSIGNED: _wanted(
        Nudge.UNASSIGNED,
        lives.c.opened_at,
        lives.c.closed_at.is_(None),
        lives.c.agent_id.is_(None),
        lives.c.merged == 0,
    ),
    Nudge.OLD: _wanted(Nudge.OLD, tickets.c.active_at, tickets.c.status != Status.CLOSED.value),
}
_WAITING_LONGEST = (
    select(lives.c.ticket, lives.c.awaiting_since)
    .where(lives.c.department == bindparam("department_"), lives.c.awaiting_since.is_not(None), lives.c.merged == 0)
    .order_by(lives.c.awaiting_since)
    .limit(bindparam("most"))
)


class NudgeRows:
    """The nudges' part of `desk.ports.Transaction`."""

    _connection: Runner
    now: datetime

    def nudge_candidates(self, nudge: Nudge, before: datetime, *, most: int) -> Sequence[tuple[int, datetime]]:
        """Open tickets that have been so since before that moment and were not nudged for it yet: number, since."""
        return list(self._connection.execute(_CANDIDATES[nudge], {"before": before, "most": most}))

    def waiting_longest(self, department: str, *, most: int) -> Sequence[tuple[int, datetime]]:
        """The department's tickets whose clients have waited longest for a word: number, since."""
        return list(self._connection.execute(_WAITING_LONGEST, {"department_": department, "most": most}))
