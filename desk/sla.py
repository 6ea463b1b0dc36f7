"""Service levels: how soon a client shall have a first answer, the next one, and an end, in business time.

A clock runs while the desk is waited for: it stands still while the ticket is on hold for the client or closed. What is
due is reckoned anew from the whole life, so a change of priority, department or calendar counts for all of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from desk.calendar import Running

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime, timedelta

    from desk.calendar import Calendar
    from desk.life import Life, Stretch

WARNED_AT = 0.75  # of the time that a target gives


class Promise(StrEnum):
    """What is promised."""

    FIRST_RESPONSE = "first_response"
    NEXT_RESPONSE = "next_response"
    RESOLUTION = "resolution"


@dataclass(frozen=True, slots=True)
class Targets:
    """Business time within which each promise is to be kept; None: nothing is promised."""

    first_response: timedelta | None = None
    next_response: timedelta | None = None
    resolution: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Level:
    """Targets for one department and priority; "" stands for every one that has no level of its own."""

    department: str
    priority: str
    targets: Targets
    tell: tuple[str, ...] = ()  # places ("slack:C1") that hear of a breach besides the agent and the department


@dataclass(frozen=True, slots=True)
class Policy:
    """All levels. The closest one counts: department and priority, then the department, then the priority, then all."""

    levels: tuple[Level, ...] = ()

    def level(self, department: str, priority: str) -> Level:
        """The level of tickets of this department and priority; one that promises nothing where there is none."""
        for wanted in ((department, priority), (department, ""), ("", priority), ("", "")):
            for level in self.levels:
                if (level.department, level.priority) == wanted:
                    return level
        return Level(department, priority, Targets())

    def targets(self, department: str, priority: str) -> Targets:
        """What is promised to them."""
        return self.level(department, priority).targets


@dataclass(frozen=True, slots=True)
class Clock:
    """One promise about one ticket. `started_at` tells the clocks of several next responses apart.

    `due_at` is when the time is or was up (None while it stands still, or where it ended in time), `warn_at` when
    three quarters of it are gone. `ended_at` is when the promise was fulfilled, or fell away with the close.
    """

    promise: Promise
    started_at: datetime
    target: timedelta
    due_at: datetime | None
    warn_at: datetime | None
    ended_at: datetime | None

    @property
    def missed(self) -> bool:
        """Whether it ended after its time was up."""
        return self.ended_at is not None and self.due_at is not None and self.ended_at > self.due_at

    @property
    def kept(self) -> bool:
        """Whether it ended in time."""
        return self.ended_at is not None and not self.missed

    def breached(self, now: datetime) -> bool:
        """Whether its time is up without an end, or was before its end."""
        return self.missed or (self.ended_at is None and self.due_at is not None and self.due_at <= now)


def clocks(life: Life, targets: Targets, calendar: Calendar) -> tuple[Clock, ...]:
    """Every clock that this life started: at most one first response and one resolution, and a next response for each
    time that the client spoke after the first answer.
    """
    if life.merged_at is not None:
        return ()
    found: list[Clock] = []
    first_end = life.first_reply_at or life.closed_at
    if targets.first_response is not None:
        found.append(_clock(Promise.FIRST_RESPONSE, life.opened_at, first_end, targets.first_response, life, calendar))
    if targets.next_response is not None:
        found += [
            _clock(Promise.NEXT_RESPONSE, asked.start, asked.end, targets.next_response, life, calendar)
            for asked in life.asked
            if life.first_reply_at is not None and asked.start >= life.first_reply_at
        ]
    if targets.resolution is not None:
        found.append(_clock(Promise.RESOLUTION, life.opened_at, life.closed_at, targets.resolution, life, calendar))
    return tuple(found)


def next_due(found: Iterable[Clock]) -> Clock | None:
    """The clock that runs out first among those that run."""
    running = [clock for clock in found if clock.ended_at is None and clock.due_at is not None]
    return min(running, key=lambda clock: (clock.due_at, clock.promise), default=None)


def business_time(life: Life, start: datetime, end: datetime, calendar: Calendar) -> timedelta:
    """Business time between two moments of a life in which the desk was waited for."""
    return _running(start, end, life.held).passed(calendar, end)


def _clock(
    promise: Promise, start: datetime, end: datetime | None, target: timedelta, life: Life, calendar: Calendar
) -> Clock:
    running = _running(start, end, life.held)
    warn = running.reaches(calendar, target * WARNED_AT)
    return Clock(promise, start, target, running.reaches(calendar, target), warn, end)


def _running(start: datetime, end: datetime | None, held: Sequence[Stretch]) -> Running:
    """The stretches between start and end that no hold covers."""
    spans: list[tuple[datetime, datetime | None]] = []
    begins = start
    for pause in held:
        if end is not None and pause.start >= end:
            break
        if pause.end is not None and pause.end <= begins:
            continue
        if pause.start > begins:
            spans.append((begins, pause.start))
        if pause.end is None:
            return Running(tuple(spans))
        begins = pause.end
    if end is None or end > begins:
        spans.append((begins, end))
    return Running(tuple(spans))
