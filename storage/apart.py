"""Questions to lives and slices: figures told apart by a dimension, from every life or out of what is summed up."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from desk.calendar import percentile
from desk.figures import EXACT_FOR, Dimension, Figure, Period, Share, Spread, Totals
from desk.tally import LENGTHS, SUMMED_BY, Tally, from_text, step
from storage import apart_sql as asks
from storage import figure_sql as sql
from storage.tables import EPOCH, MICROSECOND

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from desk.figures import Scope
    from storage.statement import Runner

KINDS = {Figure.FIRST_RESPONSE: "first", Figure.RESOLUTION: "resolution"}
SECOND = 1_000_000  # microseconds


@dataclass(slots=True)
class Exact:
    """What lives come to, counted one by one: named as in a `Tally`. Durations in microseconds, business and clock."""

    counts: Counter[str] = field(default_factory=Counter)
    lengths: dict[str, list[tuple[int, int]]] = field(default_factory=lambda: defaultdict(list))

    def spread(self, kind: str) -> Spread:
        """The durations of "first" or "resolution"."""
        found = self.lengths[kind]
        columns = [sorted(column) for column in zip(*found, strict=True)] if found else [[], []]
        shares = (percentile(column, share) for column in columns for share in (0.5, 0.9))
        return Spread(len(found), *(None if length is None else length * MICROSECOND for length in shares))

    def share(self, name: str, of: str) -> Share:
        return Share(self.counts[name], self.counts[of])

    def add_to(self, tally: Tally) -> None:
        """Count it there, durations in steps."""
        tally.counts.update(self.counts)
        for kind, found in self.lengths.items():
            for business, clock in found:
                tally.counts[f"{kind}_business~{step(business / SECOND)}"] += 1
                tally.counts[f"{kind}_clock~{step(clock / SECOND)}"] += 1


class ApartRows:
    """A part of `FigureRows`."""

    _connection: Runner
    now: datetime

    def apart(
        self, by: Dimension, figures: Collection[Figure], scope: Scope, period: Period, zone: str, *, most: int | None
    ) -> Mapping[str, Totals]:
        """These figures for each value of a dimension that has any tickets behind one of them ("" = none), by its id.
        Over more than a quarter medians and percentiles are exact to 1 % where the scope is not narrowed. Of clients
        only the `most` with the most tickets behind the first figure are told where the period is so long.
        """
        long = is_long(period)
        if by is Dimension.CLIENT and long and most is not None:
            counts = self._by_client(next(iter(figures)), scope, period)
            people = [client for client, _ in counts.most_common(most)]
            found: Mapping[str, Exact | Tally] = self._exact(by, figures, scope, period, among=people)
        else:
            found = (self._summed(by, figures, scope, period, zone) if long else None) or self._exact(
                by, figures, scope, period
            )
        told = {value: totals_of(sums, figures) for value, sums in found.items()}
        return {value: totals for value, totals in told.items() if any(totals.behind(figure) for figure in figures)}

    def _exact(
        self,
        by: Dimension | None,
        figures: Collection[Figure],
        scope: Scope,
        period: Period,
        *,
        among: Collection[int] | None = None,
    ) -> dict[str, Exact]:
        """Life by life. `by` None: all under ""; `among`: of these clients only."""
        found: dict[str, Exact] = {}
        shape, given = sql.shape(scope), sql.given(scope, period)
        if among is not None:
            given |= {"among": sorted(among)}

        def under(key: Any) -> Iterable[Exact]:
            names = key.split() or [""] if by is Dimension.TAG else ["" if key is None or by is None else str(key)]
            return [found.setdefault(name, Exact()) for name in names]

        for group in dict.fromkeys(group for figure in figures for group in asks.GROUPS_OF[figure]):
            statement, names = asks.counting(group, shape, by, among is not None)
            for key, *counts in self._connection.execute(statement, given):
                for each in under(key):
                    each.counts.update({name: count for name, count in zip(names, counts, strict=True) if count})
        for figure, kind in KINDS.items():
            if figure in figures:
                statement = asks.measuring(figure, shape, by, among is not None)
                for key, business, clock in self._connection.execute(statement, given):
                    for each in under(key):
                        each.lengths[kind].append((business, clock))
        return found

    def _by_client(self, figure: Figure, scope: Scope, period: Period) -> Counter[int]:
        rows = self._connection.execute(asks.by_client(figure, sql.shape(scope)), sql.given(scope, period))
        return Counter(dict(rows))

    def _summed(
        self, by: Dimension, figures: Collection[Figure], scope: Scope, period: Period, zone: str, value: str = ""
    ) -> dict[str, Tally] | None:
        """Out of slices, and life by life before its first whole month and after its last. `value`: of this one only.
        None where slices cannot tell.
        """
        narrowed = tuple(pair for pair in scope.narrowed if not value or pair != (by, value))
        months = _months(period, ZoneInfo(zone))
        if by not in SUMMED_BY or narrowed or not asks.tallied(scope.sight) or months is None:
            return None
        found: dict[str, Tally] = defaultdict(Tally)
        within, edges = months
        in_time = [figure for figure in figures if figure not in asks.STANDING]
        if in_time:
            self._from_slices(found, by, in_time, scope, within, value)
            for edge in edges:
                self._from_lives(found, by, in_time, scope, edge)
        if Figure.BACKLOG in figures:
            self._backlog(found, by, scope, period, zone, value)
        now = [figure for figure in figures if figure in (Figure.AWAITING, Figure.UNASSIGNED)]
        if now:
            self._from_lives(found, by, now, scope, period)
        return found

    def _from_slices(
        self, found: dict[str, Tally], by: Dimension, figures: Sequence[Figure], scope: Scope,
        within: tuple[date, date], value: str,
    ) -> None:  # fmt: skip
        how = sql.how_seen(scope.sight)
        given = sql.given(scope) | {"by_": by.value, "first": within[0].toordinal(), "after_": within[1].toordinal()}
        given |= {"value_": value} if value else {}
        for key, *counts in self._connection.execute(asks.slices_summed(how, bool(value)), given):
            found[key].counts.update({n: c for n, c in zip(asks.SLICE_COUNTS, counts, strict=True) if c})
        for figure in figures:
            if figure in KINDS:
                names = [name for name in LENGTHS if name.startswith(KINDS[figure])]
                texts: dict[str, list[Sequence[str]]] = defaultdict(list)
                for key, *text in self._connection.execute(asks.slices_measured(figure, how, bool(value)), given):
                    texts[key].append(text)
                for key, rows in texts.items():
                    for name, column in zip(names, zip(*rows, strict=True), strict=True):
                        steps = from_text("".join(column))
                        found[key].counts.update({f"{name}~{each}": count for each, count in steps.items()})

    def _from_lives(
        self, found: dict[str, Tally], by: Dimension, figures: Sequence[Figure], scope: Scope, period: Period
    ) -> None:
        for key, exact in self._exact(by, figures, scope, period).items():
            exact.add_to(found[key])

    def _backlog(
        self, found: dict[str, Tally], by: Dimension, scope: Scope, period: Period, zone: str, value: str
    ) -> None:
        """Those that stand open at its end: opened before, less those whose last close was before."""
        if period.end > self.now:
            self._from_lives(found, by, [Figure.BACKLOG], scope, period)
            return
        ever: dict[str, Tally] = defaultdict(Tally)
        months = _months(Period(EPOCH, period.end), ZoneInfo(zone))
        assert months is not None  # it is long
        within, edges = months
        self._from_slices(ever, by, (), scope, within, value)
        for edge in edges[1:]:
            self._from_lives(ever, by, [Figure.OPENED, Figure.CLOSED], scope, edge)
        for key, tally in ever.items():
            if count := tally.counts["opened"] - tally.counts["closed"]:
                found[key].counts["backlog"] = count


def totals_of(sums: Exact | Tally, figures: Collection[Figure]) -> Totals:
    """As people read them; of durations only those that are asked for."""
    counts = sums.counts
    closed, ratings = counts["closed"], counts["ratings"]
    return Totals(
        opened=counts["opened"],
        closed=closed,
        reopened=counts["reopened"],
        backlog=counts["backlog"],
        awaiting=counts["awaiting"],
        unassigned=counts["unassigned"],
        first_response=sums.spread("first") if Figure.FIRST_RESPONSE in figures else Spread(),
        resolution=sums.spread("resolution") if Figure.RESOLUTION in figures else Spread(),
        replies=counts["replies"] / closed if closed else None,
        rating=counts["stars"] / ratings if ratings else None,
        ratings=ratings,
        first_kept=sums.share("first_kept", "first_kept_of"),
        next_kept=sums.share("next_kept", "next_of"),
        resolution_kept=sums.share("resolution_kept", "resolution_kept_of"),
    )


def is_long(period: Period) -> bool:
    """Whether there is so much in it that what is summed up is asked instead of every life."""
    return period.end - period.start > EXACT_FOR


def _months(period: Period, here: ZoneInfo) -> tuple[tuple[date, date], Sequence[Period]] | None:
    """The whole months of the house within a period (the first, and the one after the last), and what is left of the
    period before and after them (perhaps empty). None where there is no whole month.
    """
    start, end = (moment.astimezone(here) for moment in (period.start, period.end))
    first = start.date() if start.day == 1 and start.time() == time() else _next_month(start.date())
    after = end.date().replace(day=1)
    if first >= after:
        return None
    begins, ends = (datetime.combine(day, time(), here) for day in (first, after))
    return (first, after), (Period(period.start, begins), Period(ends, period.end))


def _next_month(day: date) -> date:
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1)
