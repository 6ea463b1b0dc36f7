"""What each figure means: which tickets stand behind it, and what it reckons from each of them.

The one place of definitions. Storage asks the same in SQL, and a test holds the two equal. Each figure's sentence for
people stands in the locales below `figure.NAME`.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from desk.access import must_be_agent
from desk.calendar import ALWAYS, Calendar
from desk.events import DueReckoned
from desk.life import EPOCH, MICROSECOND
from desk.sla import Clock, Policy, Promise, business_time, clocks, next_due

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from desk.access import Sight
    from desk.events import TicketChanged
    from desk.life import Life
    from desk.model import Role

EXACT_FOR = timedelta(days=93)  # a quarter; longer periods are summed up, their times exact to 1 %
AGES = (timedelta(days=1), timedelta(days=3), timedelta(days=7), timedelta(days=30))
"""The borders of "open by age"."""


class Figure(StrEnum):
    """One number of /stats."""

    OPENED = "opened"
    CLOSED = "closed"
    REOPENED = "reopened"
    BACKLOG = "backlog"
    AWAITING = "awaiting"
    UNASSIGNED = "unassigned"
    FIRST_RESPONSE = "first_response"
    RESOLUTION = "resolution"
    REPLIES = "replies"
    RATING = "rating"
    FIRST_KEPT = "first_kept"
    NEXT_KEPT = "next_kept"
    RESOLUTION_KEPT = "resolution_kept"


class Dimension(StrEnum):
    """What figures can be told apart by, and narrowed to."""

    DEPARTMENT = "department"
    PRODUCT = "product"
    PRIORITY = "priority"
    CHANNEL = "channel"
    AGENT = "agent"
    CLIENT = "client"
    TAG = "tag"


CLIENTS_OWN = (Dimension.DEPARTMENT, Dimension.PRODUCT, Dimension.PRIORITY, Dimension.CHANNEL, Dimension.AGENT)
"""By what clients tell their own tickets apart: not by what agents keep among themselves."""


@dataclass(frozen=True, slots=True)
class Period:
    """From `start` up to and without `end`, aware."""

    start: datetime
    end: datetime

    def before(self) -> Period:
        """The period of the same length that ends where this one starts."""
        return Period(self.start - (self.end - self.start), self.start)

    def holds(self, moment: datetime | None) -> bool:
        return moment is not None and self.start <= moment < self.end


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose tickets are reckoned: what somebody may see, narrowed by dimensions (ids as text; "": those that have none,
    such as tickets of no agent).
    """

    sight: Sight
    narrowed: tuple[tuple[Dimension, str], ...] = ()


def scope_of(role: Role, sight: Sight, narrowed: tuple[tuple[Dimension, str], ...]) -> Scope:
    """What somebody in that role asks about. DeskError("agents_only") where clients narrow it by what is not theirs."""
    for by, _ in narrowed:
        must_tell_apart(role, by)
    return Scope(sight, narrowed)


def must_tell_apart(role: Role, by: Dimension) -> None:
    """DeskError("agents_only") where this is not for clients."""
    if by not in CLIENTS_OWN:
        must_be_agent(role)


@dataclass(frozen=True, slots=True)
class Measures:
    """What is reckoned from one life. Durations in business time and by the clock; None where there is none (yet)."""

    first_clock: timedelta | None = None
    first_business: timedelta | None = None
    resolution_clock: timedelta | None = None
    resolution_business: timedelta | None = None
    first_kept: bool | None = None
    next_kept: int = 0
    next_missed: int = 0
    resolution_kept: bool | None = None
    due: Clock | None = None  # what is due next


@dataclass(frozen=True, slots=True)
class Terms:
    """How figures are reckoned: the calendar of each department, what is promised, and the time zone of the house's
    days.
    """

    calendars: Mapping[str, Calendar]
    policy: Policy
    zone: str = "UTC"

    def calendar(self, department: str) -> Calendar:
        """The department's business time; clock time where it has named none."""
        return self.calendars.get(department, ALWAYS)

    def fingerprint(self) -> str:
        """The same text for the same terms, in every process."""
        days = [
            (name, calendar.zone, calendar.week, sorted(calendar.closed))
            for name, calendar in sorted(self.calendars.items())
        ]
        return hashlib.sha256(repr((days, self.policy, self.zone)).encode()).hexdigest()

    def clocks(self, life: Life) -> tuple[Clock, ...]:
        """Every clock of this life, by what is promised to it now."""
        return clocks(life, self.policy.targets(life.department, life.priority), self.calendar(life.department))


def due_reckoned(before: Life, after: Life, change: TicketChanged, terms: Terms) -> DueReckoned | None:
    """What a change of priority or department did to the time that the next promise runs out; None: nothing."""
    why = next((each.field for each in change.changes if each.field in ("department", "priority")), None)
    if why is None:
        return None
    # As if nothing else had changed with it: a close or a hold moves the time for reasons of its own.
    moved = replace(before, department=after.department, priority=after.priority)
    return due_moved(before.number, why, due_at(before, terms), due_at(moved, terms))


def due_moved(ticket: int, why: str, was: datetime | None, due: datetime | None) -> DueReckoned | None:
    """The event of that, where the time is another."""
    if was == due:
        return None
    before, after = (None if at is None else (at - EPOCH) // MICROSECOND for at in (was, due))
    return DueReckoned(ticket, why, before, after)


def due_at(life: Life, terms: Terms) -> datetime | None:
    """When its next promise is or was due."""
    clock = next_due(terms.clocks(life))
    return clock.due_at if clock else None


def measured(life: Life, terms: Terms) -> Measures:
    """What a life comes to. A merged ticket comes to nothing: the one that it went into does."""
    if life.merged_at is not None:
        return Measures()
    calendar, found = terms.calendar(life.department), terms.clocks(life)
    first, closed = life.first_reply_at, life.closed_at
    following = [clock for clock in found if clock.promise is Promise.NEXT_RESPONSE]
    return Measures(
        first_clock=first - life.opened_at if first else None,
        first_business=business_time(life, life.opened_at, first, calendar) if first else None,
        resolution_clock=closed - life.opened_at if closed else None,
        resolution_business=business_time(life, life.opened_at, closed, calendar) if closed else None,
        first_kept=_kept(found, Promise.FIRST_RESPONSE) if first else None,
        next_kept=sum(clock.kept for clock in following),
        next_missed=sum(clock.missed for clock in following),
        resolution_kept=_kept(found, Promise.RESOLUTION),
        due=next_due(found),
    )


def _kept(found: Sequence[Clock], promise: Promise) -> bool | None:
    for clock in found:
        if clock.promise is promise and clock.ended_at is not None:
            return clock.kept
    return None


def values(life: Life) -> Mapping[Dimension, tuple[str, ...]]:
    """Under which values of each dimension a life is counted, as ids ("" = none): of tags, under each of its own."""
    return {
        Dimension.DEPARTMENT: (life.department,),
        Dimension.PRODUCT: (life.product,),
        Dimension.PRIORITY: (life.priority,),
        Dimension.CHANNEL: (life.channel,),
        Dimension.AGENT: ("" if life.agent_id is None else str(life.agent_id),),
        Dimension.CLIENT: (str(life.client_id),),
        Dimension.TAG: life.tags or ("",),
    }


def stands_behind(figure: Figure, life: Life, measures: Measures, period: Period) -> bool:
    """Whether this ticket is one of those that the figure counts. Merged ones never are."""
    if life.merged_at is not None:
        return False
    match figure:
        case Figure.OPENED:
            return period.holds(life.opened_at)
        case Figure.CLOSED | Figure.RESOLUTION | Figure.REPLIES:
            return period.holds(life.closed_at)
        case Figure.REOPENED:
            return period.holds(life.reopened_at)
        case Figure.BACKLOG:
            return life.opened_at < period.end and (life.closed_at is None or life.closed_at >= period.end)
        case Figure.AWAITING:
            return life.awaiting_since is not None and life.awaiting_since < period.end
        case Figure.UNASSIGNED:
            return life.closed_at is None and life.agent_id is None and life.opened_at < period.end
        case Figure.FIRST_RESPONSE:
            return period.holds(life.first_reply_at)
        case Figure.RATING:
            return period.holds(life.rated_at)
        case Figure.FIRST_KEPT:
            return period.holds(life.first_reply_at) and measures.first_kept is not None
        case Figure.NEXT_KEPT:
            return period.holds(life.closed_at) and measures.next_kept + measures.next_missed > 0
        case Figure.RESOLUTION_KEPT:
            return period.holds(life.closed_at) and measures.resolution_kept is not None


@dataclass(frozen=True, slots=True)
class Spread:
    """Durations: how many, their median and 90th percentile, in business time and by the clock."""

    count: int = 0
    median_business: timedelta | None = None
    ninth_business: timedelta | None = None
    median_clock: timedelta | None = None
    ninth_clock: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Share:
    """So many of so many."""

    kept: int = 0
    of: int = 0


@dataclass(frozen=True, slots=True)
class Totals:
    """Figures of one scope and period, or of one value of a dimension in it. What was not asked for is left as here."""

    opened: int = 0
    closed: int = 0
    reopened: int = 0
    backlog: int = 0
    backlog_by_age: tuple[int, ...] = ()  # up to each of AGES, and beyond
    awaiting: int = 0
    unassigned: int = 0
    first_response: Spread = Spread()
    resolution: Spread = Spread()
    replies: float | None = None  # for each ticket that was closed
    rating: float | None = None  # mean of the stars
    ratings: int = 0
    first_kept: Share = Share()
    next_kept: Share = Share()
    resolution_kept: Share = Share()

    def behind(self, figure: Figure) -> int:
        """How many tickets (for `NEXT_KEPT`: answers) the figure is reckoned from."""
        match figure:
            case Figure.RESOLUTION | Figure.FIRST_RESPONSE:
                return int(getattr(self, figure.value).count)
            case Figure.FIRST_KEPT | Figure.NEXT_KEPT | Figure.RESOLUTION_KEPT:
                return int(getattr(self, figure.value).of)
            case Figure.REPLIES:
                return self.closed
            case Figure.RATING:
                return self.ratings
            case _:
                return int(getattr(self, figure.value))


@dataclass(frozen=True, slots=True)
class Ever:
    """A scope's tickets of all time. One that was merged counts with the one that it went into."""

    total: int
    closed: int
    ratings: int
    stars: int  # of all ratings together

    @property
    def rating(self) -> float | None:
        """Mean of the stars; None where nobody rated."""
        return self.stars / self.ratings if self.ratings else None
