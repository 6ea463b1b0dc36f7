"""The tables of config.toml about time: when departments work, and what is promised to clients."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Annotated, Any
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field, model_validator

from bot.config.keys import Id, PlaceId, Section
from desk.calendar import ALWAYS, DAY_MINUTES, Calendar, Span
from desk.nudging import Nudges
from desk.sla import Level, Policy, Targets

if TYPE_CHECKING:
    from collections.abc import Mapping

WEEK = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
PAST_YEARS, COMING_YEARS = 10, 3  # whose public holidays are reckoned
_SPAN = re.compile(r"(\d{1,2}):(\d{2})-(\d{1,2}):(\d{2})")
_DAY = "(mon|tue|wed|thu|fri|sat|sun)"
_LENGTH = re.compile(r"(?:(\d+)h)?\s*(?:(\d+)m)?")


def known_zone(value: str) -> str:
    """An IANA time zone. ValueError with the fix otherwise."""
    try:
        ZoneInfo(value)
    except (KeyError, ValueError) as error:
        raise ValueError(f"no such time zone: {value!r}; write one like Europe/Paris") from error
    return value


def _span(value: str) -> str:
    spanned(value)
    return value


def spanned(value: str) -> Span:
    """Such as "9:00-12:30", as minutes after midnight. ValueError with the fix where it is none."""
    found = _SPAN.fullmatch(value)
    if found is None or int(found[2]) > 59 or int(found[4]) > 59:  # noqa: PLR2004 - minutes of an hour
        raise ValueError(f'{value!r}: write hours like "09:00-12:30"')
    start, end = int(found[1]) * 60 + int(found[2]), int(found[3]) * 60 + int(found[4])
    if not start < end <= DAY_MINUTES:
        raise ValueError(f"{value!r}: it must end after it begins, at 24:00 at the latest")
    return Span(start, end)


def _length(value: str) -> str:
    length(value)
    return value


def length(value: str) -> timedelta:
    """Such as "90m", "4h" or "1h30m". ValueError with the fix otherwise."""
    found = _LENGTH.fullmatch(value.strip())
    if found is None or not any(found.groups()):
        raise ValueError(f'{value!r}: write a time like "90m", "4h" or "1h30m" (hours in which the department works)')
    wanted = timedelta(hours=int(found[1] or 0), minutes=int(found[2] or 0))
    if not wanted:
        raise ValueError(f"{value!r}: nothing can be promised within no time")
    return wanted


def quiet_hours(value: str) -> tuple[int, int]:
    """Such as "20:00-07:00", as minutes after midnight. ValueError with the fix where it is none."""
    found = _SPAN.fullmatch(value)
    minutes = [int(part) for part in found.groups()] if found else []
    if not minutes or max(minutes[0], minutes[2]) > 24 or max(minutes[1], minutes[3]) > 59:  # noqa: PLR2004 - of a day
        raise ValueError(f'{value!r}: write quiet hours like "20:00-07:00"')
    return minutes[0] * 60 + minutes[1], minutes[2] * 60 + minutes[3]


def _quiet(value: str) -> str:
    if value:
        quiet_hours(value)
    return value


def _country(value: str) -> str:
    if not value:
        return value
    import holidays  # a desk without public holidays does not load them

    code = value.partition("-")[0]
    known = holidays.list_supported_countries()
    if code not in known:
        raise ValueError(f'no such country: {value!r}; write its ISO code, like "FR", or "DE-BY" with a subdivision')
    if (part := value.partition("-")[2]) and part not in known[code]:
        raise ValueError(f"{value!r}: {code} has no such subdivision; it has {', '.join(known[code]) or 'none'}")
    return value


Hours = list[Annotated[str, AfterValidator(_span)]]
Length = Annotated[str, AfterValidator(_length)]


class HoursSection(Section):
    """[hours], and [departments.hours] of one department."""

    timezone: Annotated[str, AfterValidator(known_zone)] | None = None
    mon: Hours = Field(default_factory=list)
    tue: Hours = Field(default_factory=list)
    wed: Hours = Field(default_factory=list)
    thu: Hours = Field(default_factory=list)
    fri: Hours = Field(default_factory=list)
    sat: Hours = Field(default_factory=list)
    sun: Hours = Field(default_factory=list)
    holidays: Annotated[str, AfterValidator(_country)] = ""
    days_off: list[date] = Field(default_factory=list)

    @model_validator(mode="after")
    def _fits(self) -> HoursSection:
        for name in WEEK:
            spans = sorted((spanned(text) for text in getattr(self, name)), key=lambda span: span.start)
            for before, after in pairwise(spans):
                if after.start < before.end:
                    raise ValueError(f"{name}: two spans overlap")
        if not any(getattr(self, name) for name in WEEK):
            raise ValueError("no hours on any day: leave the table out for a department that never closes")
        return self

    def calendar(self, zone: str, now: datetime | None = None) -> Calendar:
        """The calendar; in that time zone where the table names none."""
        year = (now or datetime.now(UTC)).year
        off = set(self.days_off)
        if self.holidays:
            import holidays  # only here

            country, _, part = self.holidays.partition("-")
            years = range(year - PAST_YEARS, year + COMING_YEARS + 1)
            off |= set(holidays.country_holidays(country, subdiv=part or None, years=years))
        week = tuple(
            tuple(sorted((spanned(text) for text in getattr(self, name)), key=lambda span: span.start)) for name in WEEK
        )
        return Calendar(self.timezone or zone, week, frozenset(off))


class ServiceLevelSection(Section):
    """[[service_levels]]"""

    department: Id | None = None
    priority: Id | None = None
    first_response: Length | None = None
    next_response: Length | None = None
    resolution: Length | None = None
    tell: list[PlaceId] = Field(default_factory=list)

    def level(self) -> Level:
        """The same as a value."""

        def wanted(text: str | None) -> timedelta | None:
            return length(text) if text else None

        targets = Targets(wanted(self.first_response), wanted(self.next_response), wanted(self.resolution))
        return Level(self.department or "", self.priority or "", targets, tuple(self.tell))


class NudgesSection(Section):
    """[nudges]"""

    awaiting_after: Length | None = None
    unassigned_after: Length | None = None
    old_after: Length | None = None
    quiet: Annotated[str, AfterValidator(_quiet)] = ""
    digest: Annotated[str, Field(pattern=r"^(([01]\d|2[0-3]):[0-5]\d)?$")] = ""
    digest_days: Annotated[str, Field(pattern=rf"^{_DAY}([,-]{_DAY})*$")] = "mon-fri"

    def made(self) -> Nudges:
        """The same as a value."""

        def after(text: str | None) -> timedelta | None:
            return length(text) if text else None

        return Nudges(
            after(self.awaiting_after),
            after(self.unassigned_after),
            after(self.old_after),
            quiet_hours(self.quiet) if self.quiet else None,
            self.digest,
            self.digest_days,
        )


def policy(sections: list[ServiceLevelSection]) -> Policy:
    """What is promised."""
    return Policy(tuple(section.level() for section in sections))


def calendars(house: HoursSection | None, own: Mapping[str, HoursSection | None], zone: str) -> dict[str, Calendar]:
    """Each department's calendar: its own, else the house's, else one that never closes."""
    usual = house.calendar(zone) if house else ALWAYS
    return {department: hours.calendar(zone) if hours else usual for department, hours in own.items()}


def misplaced(
    sections: list[ServiceLevelSection], departments: set[str], priorities: set[str]
) -> tuple[str, Any] | None:
    """The first mistake between service levels and the rest: what is wrong, and the path of its key."""
    seen: set[tuple[str | None, str | None]] = set()
    for place, section in enumerate(sections):
        for kind, known in (("department", departments), ("priority", priorities)):
            named = getattr(section, kind)
            if named is not None and named not in known:
                return f"service_levels: no {kind} {named!r}", ("service_levels", place, kind)
        if (section.department, section.priority) in seen:
            return "service_levels: two for the same department and priority", ("service_levels", place)
        seen.add((section.department, section.priority))
    return None
