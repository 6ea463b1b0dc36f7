"""What lives come to in a day or month, summed up: of a department, or of one value of a dimension in it.

Durations are counted in steps of 2 %, so a median or percentile out of tallies is exact to 1 %; all else is exact.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from desk.figures import Dimension, Figure, Measures, Share, Spread, values

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import datetime
    from zoneinfo import ZoneInfo

    from desk.life import Life

STEP = math.log(1.02)  # of the logarithm of seconds
LENGTHS = ("first_business", "first_clock", "resolution_business", "resolution_clock")
COUNTS = (
    "opened", "closed", "reopened", "replies", "ratings", "stars", "first_kept", "first_kept_of",
    "next_kept", "next_of", "resolution_kept", "resolution_kept_of",
)  # fmt: skip
SUMMED_BY = tuple(dimension for dimension in Dimension if dimension is not Dimension.CLIENT)
"""The dimensions that slices are kept of: clients have so few tickets a month that their lives are as quickly asked."""


def day_of(moment: datetime, zone: ZoneInfo) -> date:
    """The house's day in which a moment lies."""
    return moment.astimezone(zone).date()


@dataclass(slots=True)
class Tally:
    """Counts by name: figures as they are called, "opened@0:9" for a weekday (Monday 0) and an hour of the house,
    "first_business~310" for a step of durations. What comes to nothing is not kept.
    """

    counts: Counter[str] = field(default_factory=Counter)

    def add(self, other: Tally, times: int = 1) -> None:
        """Put another's counts on top, or (`times` -1) take them away."""
        for name, count in other.counts.items():
            self.counts[name] += times * count
            if not self.counts[name]:
                del self.counts[name]

    def spread(self, kind: str) -> Spread:
        """The durations of "first" or "resolution", exact to 1 %."""
        return spread(self.steps(f"{kind}_business"), self.steps(f"{kind}_clock"))

    def lengths(self, name: str) -> Iterator[tuple[timedelta, int]]:
        """Durations and how many have them, exact to 1 %."""
        for step, count in self.steps(name).items():
            yield _length(step), count

    def share(self, name: str, of: str) -> Share:
        return Share(self.counts[name], self.counts[of])

    def load(self) -> list[list[int]]:
        """How many were opened on each weekday (Monday 0) in each hour."""
        found, start = [[0] * 24 for _ in range(7)], f"{Figure.OPENED}@"
        for name, count in self.counts.items():
            if name.startswith(start):
                weekday, hour = map(int, name.removeprefix(start).split(":"))
                found[weekday][hour] += count
        return found

    def steps(self, name: str) -> dict[int, int]:
        """The durations of this name by step, and how many have each."""
        start = f"{name}~"
        return {int(step.removeprefix(start)): count for step, count in self.counts.items() if step.startswith(start)}


def counted(life: Life, measures: Measures) -> tuple[object, ...]:
    """All that `contributions` and `slices` look at: where it is the same, so are they."""
    closed = life.closed_at is not None
    replies = life.client_replies + life.agent_replies
    return (
        life.merged_at is None,
        life.opened_at, life.first_reply_at, life.reopened_at, life.closed_at, life.rated_at, life.rating,
        life.department, life.product, life.priority, life.channel, life.agent_id, life.tags,
        measures.first_business, measures.first_clock, measures.first_kept,
        (replies, measures.next_kept, measures.next_missed, measures.resolution_kept,
         measures.resolution_business, measures.resolution_clock) if closed else None,
    )  # fmt: skip


def contributions(life: Life, measures: Measures, zone: ZoneInfo) -> dict[date, Tally]:
    """What one life adds to the tallies of its department, by day."""
    found: dict[date, Tally] = {}
    if life.merged_at is not None:
        return found

    def count(moment: datetime | None, counted: Mapping[str, int]) -> None:
        if moment is not None:
            tally = found.setdefault(day_of(moment, zone), Tally())
            tally.counts.update({name: number for name, number in counted.items() if number})

    local = life.opened_at.astimezone(zone)
    opened = {Figure.OPENED.value: 1, f"{Figure.OPENED}@{local.weekday()}:{local.hour}": 1}
    count(life.opened_at, opened)
    count(life.first_reply_at, _durations("first", measures) | _kept(Figure.FIRST_KEPT, measures.first_kept))
    count(life.reopened_at, {Figure.REOPENED.value: 1})
    closed = {Figure.CLOSED.value: 1, "replies": life.client_replies + life.agent_replies}
    following = {"next_kept": measures.next_kept, "next_of": measures.next_kept + measures.next_missed}
    ended = _durations("resolution", measures) | _kept(Figure.RESOLUTION_KEPT, measures.resolution_kept)
    count(life.closed_at, closed | following | ended)
    count(life.rated_at, {"ratings": 1, "stars": life.rating or 0})
    return found


@dataclass(frozen=True, slots=True)
class Place:
    """Where a slice stands: the first day of its month, and one value of a dimension in one department."""

    start: date
    by: Dimension
    value: str
    department: str


def slices(life: Life, days: Mapping[date, Tally]) -> dict[Place, Tally]:
    """What a life adds to slices, given what it adds to days."""
    months: dict[date, Tally] = {}
    for day, tally in days.items():
        months.setdefault(day.replace(day=1), Tally()).add(tally)
    under = values(life)
    return {
        Place(month, by, value, life.department): tally
        for month, tally in months.items()
        for by in SUMMED_BY
        for value in under[by]
    }


def _durations(kind: str, measures: Measures) -> dict[str, int]:
    lengths = {name: getattr(measures, name) for name in LENGTHS if name.startswith(kind)}
    return {f"{name}~{step(length.total_seconds())}": 1 for name, length in lengths.items() if length is not None}


def _kept(figure: Figure, kept: bool | None) -> dict[str, int]:  # noqa: FBT001 - three states of one promise
    return {} if kept is None else {figure.value: int(kept), f"{figure}_of": 1}


def step(seconds: float) -> int:
    """The step of a duration."""
    return -1 if seconds < 1 else round(math.log(seconds) / STEP)


def _length(step: int) -> timedelta:
    return timedelta() if step < 0 else timedelta(seconds=math.exp(step * STEP))


def spread(business: Mapping[int, int], clock: Mapping[int, int]) -> Spread:
    """Of durations by steps, exact to 1 %."""
    shares = (_share_of(steps, share) for steps in (business, clock) for share in (0.5, 0.9))
    return Spread(sum(business.values()), *shares)


def _share_of(steps: Mapping[int, int], share: float) -> timedelta | None:
    wanted, seen = math.ceil(share * sum(steps.values())), 0
    for step in sorted(steps):
        seen += steps[step]
        if seen >= max(wanted, 1):
            return _length(step)
    return None


def summed(tallies: Iterable[Tally]) -> Tally:
    """All in one."""
    whole = Tally()
    for tally in tallies:
        whole.counts.update(tally.counts)
    return whole


FIRST = 0x101  # the character of step 0: two bytes in UTF-8, as are all up to some 10^15 seconds


def to_text(steps: Mapping[int, int]) -> str:
    """Steps as characters, one for each that has it: so both databases can join them, and they are counted quickly."""
    return "".join(chr(FIRST + step) * count for step, count in steps.items())


def from_text(text: str) -> dict[int, int]:
    """Steps and how many have them."""
    return {ord(character) - FIRST: count for character, count in Counter(text).items()}


def to_json(tally: Tally) -> dict[str, Any]:
    return dict(tally.counts)


def from_json(data: Mapping[str, int]) -> Tally:
    return Tally(Counter(data))
