"""Whether something grows: a straight line through a run's minutes, and how sure it is.

Neighbouring minutes are alike, so they are worth fewer than they are many: what is left over from one minute to the
next (first-order autocorrelation) is reckoned in, and the 95 % interval is no narrower than the data allow.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

T95 = 2.1  # Student's t for about twenty degrees of freedom
FEWEST = 4  # minutes


@dataclass(frozen=True, slots=True)
class Trend:
    """MiB an hour, with its 95 % interval, and the mean in MiB."""

    slope: float
    half: float
    mean: float

    def __str__(self) -> str:
        return f"{self.slope:+.2f} ± {self.half:.2f} MiB an hour at {self.mean:.1f} MiB"


def trend(points: Sequence[tuple[float, float]]) -> Trend:
    """Of (seconds, MiB): one point a minute, the median of its samples."""
    minutes: dict[int, list[float]] = {}
    for at, value in points:
        minutes.setdefault(int(at // 60), []).append(value)
    xs = [float(minute) / 60 for minute in minutes]  # hours
    ys = [median(values) for values in minutes.values()]
    count = len(xs)
    if count < FEWEST:
        raise ValueError(f"a trend needs {FEWEST} minutes")
    x_mean, y_mean = sum(xs) / count, sum(ys) / count
    spread = sum((x - x_mean) ** 2 for x in xs)
    slope = sum((x - x_mean) * (y - y_mean) for x, y in zip(xs, ys, strict=True)) / spread
    left = [y - y_mean - slope * (x - x_mean) for x, y in zip(xs, ys, strict=True)]
    total = sum(value * value for value in left)
    follow = sum(a * b for a, b in itertools.pairwise(left)) / total if total else 0.0
    follow = min(max(follow, 0.0), 0.95)
    independent = max(count * (1 - follow) / (1 + follow), 3.0)
    error = math.sqrt(total / max(independent - 2, 1.0) / spread) if total else 0.0
    return Trend(slope, T95 * error, y_mean)
