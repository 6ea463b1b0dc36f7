"""What a list of tickets shows: a tab, filters, words to search for, an order, and pages by the key of their last row.

A `Listing` is a plain value that can be kept as JSON and returned to; who looks at it is never part of it.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from desk.model import Status

if TYPE_CHECKING:
    from collections.abc import Mapping

    from desk.model import Ticket

ROWS = 10  # of one page: as many as a card has
WORDS_LIMIT = 200  # characters of a search
NOBODY = 0  # among a listing's agents: tickets without one


class Tab(StrEnum):
    """The sheets of a list. `MINE` are the reader's as agent, `AWAITING` those where the client had the last word."""

    OPEN = "open"
    NEW = "new"
    IN_PROGRESS = "in_progress"
    ON_HOLD = "on_hold"
    CLOSED = "closed"
    ALL = "all"
    MINE = "mine"
    UNASSIGNED = "unassigned"
    AWAITING = "awaiting"


STILL_OPEN = (Status.NEW, Status.IN_PROGRESS, Status.ON_HOLD)
SHOWN_IN: Mapping[Tab, tuple[Status, ...]] = {
    Tab.OPEN: STILL_OPEN,
    Tab.NEW: (Status.NEW,),
    Tab.IN_PROGRESS: (Status.IN_PROGRESS,),
    Tab.ON_HOLD: (Status.ON_HOLD,),
    Tab.CLOSED: (Status.CLOSED,),
    Tab.ALL: tuple(Status),
    Tab.MINE: STILL_OPEN,
    Tab.UNASSIGNED: STILL_OPEN,
    Tab.AWAITING: STILL_OPEN,
}


class Sort(StrEnum):
    """The orders of a list. `BEST` is for searches only, where it ranks the newest few hundred hits."""

    ACTIVE = "active"  # what happened last, first
    QUIET = "quiet"  # what has waited longest, first
    NEWEST = "newest"  # by number
    OLDEST = "oldest"
    PRESSING = "pressing"  # by priority, then as ACTIVE
    DUE = "due"  # what is or was due first, first; last, what nothing is promised about
    BEST = "best"


class Activity(StrEnum):
    """When something last happened, seen from now: so that a kept list means the same tomorrow."""

    ANY = ""
    DAY = "day"  # within the last 24 hours
    WEEK = "week"
    MONTH = "month"
    QUIET_DAY = "quiet_day"  # nothing for 24 hours
    QUIET_WEEK = "quiet_week"
    QUIET_MONTH = "quiet_month"

    def span(self) -> timedelta:
        days = {"day": 1, "week": 7, "month": 30}
        return timedelta(days=days[self.value.removeprefix("quiet_")]) if self else timedelta()


class Due(StrEnum):
    """When the next promise about a ticket is due, seen from now. Only open tickets have one."""

    ANY = ""
    LATE = "late"  # its time is up
    DAY = "day"  # within the next 24 hours


@dataclass(frozen=True, slots=True)
class Filters:
    """What tickets must have to be listed: of each kind any one of those given (none given: all)."""

    statuses: tuple[str, ...] = ()  # the four, or the house's own
    priorities: tuple[str, ...] = ()
    departments: tuple[str, ...] = ()
    products: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    agents: tuple[int, ...] = ()  # people's ids, or NOBODY
    clients: tuple[int, ...] = ()
    opened_from: date | None = None  # both days included, in the house's time zone
    opened_until: date | None = None
    activity: Activity = Activity.ANY
    due: Due = Due.ANY  # of tickets that the reader is an agent of

    def given(self) -> tuple[str, ...]:
        """The names of those that are set."""
        return tuple(each.name for each in fields(self) if getattr(self, each.name))

    def without(self, name: str) -> Filters:
        """The same, but this one open again."""
        blank: dict[str, Any] = {each.name: each.default for each in fields(self) if each.name == name}
        return replace(self, **blank)


@dataclass(frozen=True, slots=True)
class Listing:
    """One list as somebody looks at it; `at` is the code of its page's cursor, `chosen` some tickets of that page."""

    tab: Tab = Tab.OPEN
    filters: Filters = field(default_factory=Filters)
    words: str = ""  # "" = no search
    sort: Sort = Sort.ACTIVE
    at: str = ""  # "" = the first page
    chosen: tuple[int, ...] = ()

    def turned(self, **changes: Any) -> Listing:
        """The same with something else about it: from its first page, with nothing chosen."""
        fresh: dict[str, Any] = {"at": "", "chosen": ()}
        return replace(self, **fresh | changes)

    def sorted_by(self) -> Sort:
        """The order that holds: a search knows newest and best only, and only a search knows best."""
        if self.words:
            return Sort.BEST if self.sort is Sort.BEST else Sort.NEWEST
        return Sort.ACTIVE if self.sort is Sort.BEST else self.sort

    def to_json(self) -> dict[str, Any]:
        """Plain values, without what is as always."""
        kept: dict[str, Any] = {}
        for name in self.filters.given():
            value = getattr(self.filters, name)
            kept[name] = value.isoformat() if isinstance(value, date) else value
        if self.tab is not Tab.OPEN:
            kept["tab"] = self.tab.value
        if self.words:
            kept["words"] = self.words
        if self.sort is not Sort.ACTIVE:
            kept["sort"] = self.sort.value
        if self.at:
            kept["at"] = self.at
        if self.chosen:
            kept["chosen"] = list(self.chosen)
        return kept

    @staticmethod
    def from_json(kept: Mapping[str, Any]) -> Listing:
        """The listing again. ValueError or TypeError for what no listing says."""
        chosen: dict[str, Any] = {}
        for each in fields(Filters):
            value = kept.get(each.name)
            if value:
                chosen[each.name] = _typed(each.name, value)
        return Listing(
            tab=Tab(kept.get("tab", Tab.OPEN)),
            filters=Filters(**chosen),
            words=str(kept.get("words", ""))[:WORDS_LIMIT],
            sort=Sort(kept.get("sort", Sort.ACTIVE)),
            at=str(kept.get("at", "")),
            chosen=tuple(map(int, kept.get("chosen", ()))),
        )


def _typed(name: str, value: Any) -> Any:
    if name.startswith("opened_"):
        return date.fromisoformat(value)
    if name == "activity":
        return Activity(value)
    if name == "due":
        return Due(value)
    kind = int if name in {"agents", "clients"} else str
    return tuple(kind(each) for each in value)


@dataclass(frozen=True, slots=True)
class Bounds:
    """A listing's times as moments: from (included) and before (not included); None = open."""

    opened_from: datetime | None = None
    opened_before: datetime | None = None
    active_from: datetime | None = None
    active_before: datetime | None = None
    due_from: datetime | None = None
    due_before: datetime | None = None


def bounds(filters: Filters, now: datetime, zone: tzinfo = UTC) -> Bounds:
    """The filters' days and spans as moments, seen from now."""
    edge = now - filters.activity.span()
    quiet = filters.activity.startswith("quiet_")
    return Bounds(
        opened_from=_midnight(filters.opened_from, zone),
        opened_before=_midnight(filters.opened_until, zone, days=1),
        active_from=edge if filters.activity and not quiet else None,
        active_before=edge if quiet else None,
        due_from=now if filters.due is Due.DAY else None,
        due_before={Due.LATE: now, Due.DAY: now + timedelta(days=1)}.get(filters.due),
    )


def _midnight(day: date | None, zone: tzinfo, *, days: int = 0) -> datetime | None:
    if day is None:
        return None
    return datetime.combine(min(day, date.max - timedelta(days=2)) + timedelta(days=days), time(), zone).astimezone(UTC)


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a page begins: behind the row with this key in the list's order, or (`back`) before it. A key is what the
    list is sorted by, the ticket's number last: pages stay whole whatever is changed between them.
    """

    key: tuple[str | int, ...]
    back: bool = False

    def code(self) -> str:
        """In few characters, for a button to carry."""
        return ":".join(["p" if self.back else "n", *map(str, self.key)])

    @staticmethod
    def of(code: str) -> Cursor:
        """The cursor again. ValueError for what is none."""
        way, *key = code.split(":")
        if way not in {"p", "n"} or not key:
            raise ValueError(code)
        return Cursor(tuple(int(part) if part.removeprefix("-").isdecimal() else part for part in key), way == "p")


@dataclass(frozen=True, slots=True)
class Hit:
    """A ticket of a list; where it was searched for, the message that holds the words ("" = its subject does)."""

    ticket: Ticket
    text: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """Some rows of a list, and where the pages before and after begin (None: there is none).

    `stopped`: the storage looked through as many tickets as it may at once and there may be more further on; `after`
    goes on from there.
    """

    hits: tuple[Hit, ...]
    before: Cursor | None = None
    after: Cursor | None = None
    stopped: bool = False


@dataclass(frozen=True, slots=True)
class View:
    """A list that an agent has named, for all agents to return to. Only its owner or an admin changes it."""

    name: str
    listing: Listing
    owner_id: int
    owner: str
