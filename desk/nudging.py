"""When agents are reminded of tickets: what waits for too long, and the hours in which nobody is disturbed."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from desk.calendar import Calendar


class Nudge(StrEnum):
    """Why: the client waits for a word, nobody looks after it, or nothing has happened for long."""

    AWAITING = "awaiting"
    UNASSIGNED = "unassigned"
    OLD = "old"


@dataclass(frozen=True, slots=True)
class Nudges:
    """After how long each nudge is given: in business time, but `old` by the clock; None: never. `quiet` are minutes
    of the department's day; where it ends before it starts, it goes on over midnight.
    """

    awaiting_after: timedelta | None = None
    unassigned_after: timedelta | None = None
    old_after: timedelta | None = None
    quiet: tuple[int, int] | None = None
    digest: str = ""  # the time of day, "08:30"; "" = none
    digest_days: str = "mon-fri"

    def after(self, nudge: Nudge) -> timedelta | None:
        """How long something may be before the nudge is given."""
        match nudge:
            case Nudge.AWAITING:
                return self.awaiting_after
            case Nudge.UNASSIGNED:
                return self.unassigned_after
            case Nudge.OLD:
                return self.old_after

    def due(self, nudge: Nudge, since: datetime, now: datetime, calendar: Calendar) -> bool:
        """Whether it is time for it, and not a quiet hour where the department works."""
        wanted = self.after(nudge)
        if wanted is None or self.is_quiet(now, calendar.zone):
            return False
        return (now - since if nudge is Nudge.OLD else calendar.between(since, now)) >= wanted

    def is_quiet(self, now: datetime, zone: str) -> bool:
        """Whether nobody is to be disturbed there now."""
        if self.quiet is None:
            return False
        local = now.astimezone(ZoneInfo(zone))
        minute, (start, end) = local.hour * 60 + local.minute, self.quiet
        return start <= minute < end if start < end else minute >= start or minute < end
