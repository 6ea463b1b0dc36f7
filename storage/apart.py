"""Questions to lives and slices: figures told apart by a dimension, from every life or out of what is summed up."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from desk.calendar import percentile
from desk.figures import EXACT_FOR, Dimension, Figure, Period, Share, Spread, Totals
from desk.tally import LENGTHS, SUMMED_BY, from_text, spread, step
from storage import apart_sql as asks
from storage import figure_sql as sql
from storage.tables import EPOCH, MICROSECOND

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from desk.figures import Scope
    from desk.tally import Tally
    from storage.statement import Runner

COUNTED_FOR = timedelta(days=31)  # life by life; over longer periods counts are summed, as exactly
KINDS = {Figure.FIRST_RESPONSE: "first", Figure.RESOLUTION: "resolution"}
SECOND = 1_000_000  # microseconds


@dataclass(slots=True)
class Exact:
    """What lives come to, counted one by one: named as in a `Tally`. Durations in microseconds, business and clock."""

    counts: Counter[str] = field(default_factory=Counter)
    lengths: dict[str, tuple[list[int], list[int]]] = field(default_factory=dict)

    def spread(self, kind: str) -> Spread:
        """The durations of "first" or "resolution"."""
        columns = self.lengths.get(kind, ([], []))
        shares = (percentile(column, share) for column in map(sorted, columns) for share in (0.5, 0.9))
        return Spread(len(columns[0]), *(None if length is None else length * MICROSECOND for length in shares))

    def share(self, name: str, of: str) -> Share:
        return Share(self.counts[name], self.counts[of])


@dataclass(slots=True)
class Summed:
    """The same out of slices: durations in steps, by their names."""

    counts: Counter[str] = field(default_factory=Counter)
    steps: dict[str, Counter[int]] = field(default_factory=lambda: defaultdict(Counter))

    def spread(self, kind: str) -> Spread:
        """The durations of "first" or "resolution", exact to 1 %."""
        return spread(self.steps[f"{kind}_business"], self.steps[f"{kind}_clock"])

    def share(self, name: str, of: str) -> Share:
        return Share(self.counts[name], self.counts[of])

    def add(self, exact: Exact) -> None:
        """Count it here as well."""
        self.counts.update(exact.counts)
        for kind, columns in exact.lengths.items():
            for name, column in zip(("business", "clock"), columns, strict=True):
                self.steps[f"{kind}_{name}"].update(step(length / SECOND) for length in column)


class ApartRows:
    """A part of `FigureRows`."""

    _connection: Runner
    now: datetime

    def apart(
        self, by: Dimension, figures: Collection[Figure], scope: Scope, period: Period, zone: str, *,
        most: int | None = None, among: Collection[str] | None = None,
    ) -> Mapping[str, Totals]:  # fmt: skip
        """These figures for each value of a dimension that has any tickets behind one of them ("" = none), by its id.
        Over more than a quarter medians and percentiles are exact to 1 % where the scope is not narrowed. Of clients
        only the `most` with the most tickets behind the first figure are told, or those `among` these.
        """
        if by is Dimension.CLIENT:
            return self._clients(figures, scope, period, most, among)
        counted = [figure for figure in figures if figure not in KINDS]
        timed = [figure for figure in figures if figure in KINDS]
        counts = self._sums_of(by, counted, scope, period, zone, COUNTED_FOR) if counted else {}
        times = self._sums_of(by, timed, scope, period, zone, EXACT_FOR) if timed else {}
        found: dict[str, Totals] = {}
        for value in {**counts, **times}:
            totals = totals_of(counts[value], ()) if value in counts else Totals()
            if value in times:
                totals = replace(totals, **spreads_of(times[value], timed))
            if any(totals.behind(figure) for figure in figures):
                found[value] = totals
        return found

    def _sums_of(
        self, by: Dimension, figures: Sequence[Figure], scope: Scope, period: Period, zone: str, exact_for: timedelta
    ) -> Mapping[str, Exact | Summed]:
        summed = self._summed(by, figures, scope, period, zone) if period.end - period.start > exact_for else None
        return self._exact(by, figures, scope, period) if summed is None else summed

    def _clients(
        self, figures: Collection[Figure], scope: Scope, period: Period, most: int | None,
        among: Collection[str] | None,
    ) -> Mapping[str, Totals]:  # fmt: skip
        people = None if among is None else [int(value) for value in among]
        whole = all(dimension in asks.OF_CLIENTS for dimension, _ in scope.narrowed)
        if people is None and most is not None and whole:
            statement = asks.by_client(next(iter(figures)), sql.shape(scope))
            rows = self._connection.execute(statement, sql.given(scope, period))
            counts = Counter({client: count for client, count in rows})  # noqa: C416 - a result is no mapping
            people = [client for client, _ in counts.most_common(most)]
        found = self._exact(Dimension.CLIENT, figures, scope, period, among=people)
        told = {value: totals_of(sums, tuple(figures)) for value, sums in found.items()}
        first = next(iter(figures))
        ordered = sorted(told, key=lambda value: -told[value].behind(first))[:most]
        return {value: told[value] for value in ordered if any(map(told[value].behind, figures))}

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
        found: dict[str, Exact] = defaultdict(Exact)
        shape, given = sql.shape(scope), sql.given(scope, period)
        if among is not None:
            given |= {"among": sorted(among)}
        for group in dict.fromkeys(group for figure in figures for group in asks.GROUPS_OF[figure]):
            statement, names = asks.counting(group, shape, by, among is not None)
            for key, *counts in self._connection.execute(statement, given):
                for value in _values(by, key):
                    there = found[value].counts
                    for name, count in zip(names, counts, strict=True):
                        if count:
                            there[name] += count
        for figure, kind in KINDS.items():
            if figure not in figures:
                continue
            statement = asks.measuring(figure, shape, by, among is not None)
            by_key: dict[Any, tuple[list[int], list[int]]] = {}
            # No row is kept: so many tuples at once would have the garbage collector look through them again and again.
            for key, business, clock in self._connection.execute(statement, given):
                if (same := by_key.get(key)) is None:
                    same = by_key[key] = ([], [])
                same[0].append(business)
                same[1].append(clock)
            for key, same in by_key.items():
                for value in _values(by, key):
                    columns = found[value].lengths.setdefault(kind, ([], []))
                    columns[0].extend(same[0])
                    columns[1].extend(same[1])
        return found

    def _summed(
        self, by: Dimension, figures: Collection[Figure], scope: Scope, period: Period, zone: str,
        value: str | None = None,
    ) -> dict[str, Summed] | None:  # fmt: skip
        """Out of slices, and life by life before its first whole month and after its last. `value`: of this one only.
        None where slices cannot tell.
        """
        known = {Dimension.DEPARTMENT} if value is None else {by, Dimension.DEPARTMENT}
        narrowed = any(dimension not in known for dimension, _ in scope.narrowed)
        months = _months(period, ZoneInfo(zone))
        if by not in SUMMED_BY or narrowed or not asks.tallied(scope.sight) or months is None:
            return None
        found: dict[str, Summed] = defaultdict(Summed)
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
        self, found: dict[str, Summed], by: Dimension, figures: Sequence[Figure], scope: Scope,
        within: tuple[date, date], value: str | None,
    ) -> None:  # fmt: skip
        how, one = asks.sliced(scope), value is not None
        given = sql.given(scope) | {"by_": by.value, "first": within[0].toordinal(), "after_": within[1].toordinal()}
        given |= {"value_": value}
        for key, *counts in self._connection.execute(asks.slices_summed(how, one), given):
            there = found[key].counts
            for name, count in zip(asks.SLICE_COUNTS, counts, strict=True):
                if count:
                    there[name] += count
        for figure in figures:
            if figure in KINDS:
                names = [name for name in LENGTHS if name.startswith(KINDS[figure])]
                texts: dict[str, list[Sequence[str]]] = defaultdict(list)
                for key, *text in self._connection.execute(asks.slices_measured(figure, how, one), given):
                    texts[key].append(text)
                for key, rows in texts.items():
                    for name, column in zip(names, zip(*rows, strict=True), strict=True):
                        found[key].steps[name].update(from_text("".join(column)))

    def _from_lives(
        self, found: dict[str, Summed], by: Dimension, figures: Sequence[Figure], scope: Scope, period: Period
    ) -> None:
        if period.start < period.end:
            for value, exact in self._exact(by, figures, scope, period).items():
                found[value].add(exact)

    def _backlog(
        self, found: dict[str, Summed], by: Dimension, scope: Scope, period: Period, zone: str, value: str | None
    ) -> None:
        """Those that stand open at its end: opened before, less those whose last close was before."""
        if period.end > self.now:
            self._from_lives(found, by, [Figure.BACKLOG], scope, period)
            return
        ever: dict[str, Summed] = defaultdict(Summed)
        months = _months(Period(EPOCH, period.end), ZoneInfo(zone))
        assert months is not None  # it is long
        within, edges = months
        self._from_slices(ever, by, (), scope, within, value)
        for edge in edges[1:]:
            self._from_lives(ever, by, [Figure.OPENED, Figure.CLOSED], scope, edge)
        for key, sums in ever.items():
            if count := sums.counts["opened"] - sums.counts["closed"]:
                found[key].counts["backlog"] = count


def totals_of(sums: Exact | Summed | Tally, figures: Collection[Figure]) -> Totals:
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
        replies=counts["replies"] / closed if closed else None,
        rating=counts["stars"] / ratings if ratings else None,
        ratings=ratings,
        first_kept=sums.share("first_kept", "first_kept_of"),
        next_kept=sums.share("next_kept", "next_of"),
        resolution_kept=sums.share("resolution_kept", "resolution_kept_of"),
        **spreads_of(sums, figures),
    )


def spreads_of(sums: Exact | Summed | Tally, figures: Collection[Figure]) -> dict[str, Any]:
    """Those that are asked for, by the fields of `Totals`."""
    return {figure.value: sums.spread(kind) for figure, kind in KINDS.items() if figure in figures}


def _values(by: Dimension | None, key: Any) -> Sequence[str]:
    """Under which values a row with this key counts: of tags, under each that stands in it."""
    if by is Dimension.TAG:
        return key.split() or ("",)
    return ("",) if key is None or by is None else (str(key),)


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
