"""The marks that a ticket earns by itself: derived from who spoke last and when, never kept by hand."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from desk.model import Audience, Status

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from desk.model import Ticket


class Badge(StrEnum):
    """`AWAITING`: the client had the last word. `OLD`: nothing has happened for longer than the house wants."""

    AWAITING = "awaiting"
    OLD = "old"


def badges(ticket: Ticket, now: datetime, old_after: timedelta) -> tuple[Badge, ...]:
    """A ticket's badges, the most pressing first. A closed ticket has none."""
    if ticket.status is Status.CLOSED:
        return ()
    found = [Badge.AWAITING] if ticket.last_reply_by is Audience.CLIENT else []
    if now - ticket.active_at >= old_after:
        found.append(Badge.OLD)
    return tuple(found)
