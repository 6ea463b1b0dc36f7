"""Which backups stay: so many of the last, and the newest of each of the last days, weeks, months and years."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Hashable, Sequence
    from datetime import datetime


@dataclass(frozen=True, slots=True)
class Keep:
    """How many of each. Days, weeks (Monday first), months and years without a backup do not count."""

    last: int = 7
    daily: int = 0
    weekly: int = 0
    monthly: int = 0
    yearly: int = 0


@dataclass(frozen=True, slots=True)
class Made:
    """A backup as retention sees it. `sequence` counts up from run to run, so that a clock which was moved confuses
    nobody about which is newer; `at` is the house's own time of day.
    """

    name: str
    sequence: int
    at: datetime


def kept(made: Collection[Made], keep: Keep, *, spared: Collection[str] = ()) -> frozenset[str]:
    """Names of those that stay; `spared` ones always do. The newest backup of all always stays."""
    newest_first = sorted(made, key=lambda one: (one.sequence, one.name), reverse=True)
    names = {one.name for one in newest_first[: max(1, keep.last)]}
    names |= {one.name for one in newest_first if one.name in spared}
    for count, period in (
        (keep.daily, lambda at: at.date()),
        (keep.weekly, lambda at: at.isocalendar()[:2]),
        (keep.monthly, lambda at: (at.year, at.month)),
        (keep.yearly, lambda at: at.year),
    ):
        names |= _newest_of_each(newest_first, count, period)
    return frozenset(names)


def _newest_of_each(newest_first: Sequence[Made], count: int, period: Callable[[datetime], Hashable]) -> frozenset[str]:
    found: dict[Hashable, str] = {}
    for one in newest_first:
        if len(found) == count:
            break
        found.setdefault(period(one.at), one.name)
    return frozenset(found.values())
