"""Rows of tallies and slices: what lives come to by day and month, kept up with them in the same transaction."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from sqlalchemy import bindparam, delete, select, update

from desk.tally import COUNTS, LENGTHS, Tally, contributions, counted, from_json, from_text, slices, to_json, to_text
from storage.phrases import upsert
from storage.tables import slices as slice_rows
from storage.tables import tallies

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date
    from zoneinfo import ZoneInfo

    from desk.figures import Measures
    from desk.life import Life
    from desk.tally import Place
    from storage.statement import Runner

_CLEAR = (delete(tallies), delete(slice_rows))
_TALLY = select(tallies.c.data).where(
    tallies.c.grain == bindparam("grain_"),
    tallies.c.start == bindparam("start_"),
    tallies.c.department == bindparam("department_"),
)
_SUMS = ("opened", "closed", "data")
_KEEP_TALLY = (
    upsert(tallies)
    .values({name: bindparam(name) for name in ("grain", "start", "department", *_SUMS)})
    .on_conflict_do_update(
        index_elements=["grain", "start", "department"],
        set_={name: bindparam(name) for name in _SUMS},
    )
)
_PLACE = ("by", "start", "value", "department")
_ADD = (
    upsert(slice_rows)
    .values({name: bindparam(name) for name in (*_PLACE, *COUNTS, *LENGTHS)})
    .on_conflict_do_update(
        index_elements=list(_PLACE),
        set_={name: slice_rows.c[name] + bindparam(name) for name in COUNTS}
        | {name: slice_rows.c[name].concat(bindparam(name)) for name in LENGTHS},
    )
)
_THERE = [slice_rows.c[name] == bindparam(f"{name}_") for name in _PLACE]
_LENGTHS = select(*(slice_rows.c[name] for name in LENGTHS)).where(*_THERE)
_TRIM = update(slice_rows).where(*_THERE).values({name: bindparam(name) for name in LENGTHS})


class Changes:
    """What a transaction changes in tallies, by grain, first day and department, and in slices."""

    def __init__(self, zone: ZoneInfo) -> None:
        self._zone = zone
        self.tallies: dict[tuple[str, int, str], Tally] = {}
        self.slices: dict[Place, Tally] = {}

    def replaced(self, before: tuple[Life, Measures] | None, after: tuple[Life, Measures]) -> None:
        """A life is another now. Where that changes no figure, as with most words, nothing is written."""
        if before and counted(*before) == counted(*after):
            return
        for each, times in ((before, -1), (after, 1)):
            if each is None:
                continue
            days = contributions(*each, self._zone)
            self._count(each[0], days, times)
            for place, tally in slices(each[0], days).items():
                self.slices.setdefault(place, Tally()).add(tally, times)

    def _count(self, life: Life, days: Mapping[date, Tally], times: int) -> None:
        for day, tally in days.items():
            for grain, start in (("day", day), ("month", day.replace(day=1))):
                whole = self.tallies.setdefault((grain, start.toordinal(), life.department), Tally())
                whole.add(tally, times)


class SumRows:
    """A part of `LifeRows`."""

    _connection: Runner

    def _clear_sums(self) -> None:
        for clear in _CLEAR:
            self._connection.execute(clear, {})

    def _sum_up(self, changes: Changes) -> None:
        for (grain, start, department), change in changes.tallies.items():
            if change.counts:
                self._sum_up_whole(grain, start, department, change)
        for place, change in changes.slices.items():
            if change.counts:
                self._sum_up_slice(place, change)

    def _sum_up_whole(self, grain: str, start: int, department: str, change: Tally) -> None:
        place = {"grain_": grain, "start_": start, "department_": department}
        data = self._connection.execute(_TALLY, place).scalar()
        whole = Tally() if data is None else from_json(json.loads(data))
        whole.add(change)
        values = {"grain": grain, "start": start, "department": department}
        values |= {name: whole.counts[name] for name in ("opened", "closed")}
        kept = json.dumps(to_json(whole), separators=(",", ":"))
        self._connection.execute(_KEEP_TALLY, values | {"data": kept})

    def _sum_up_slice(self, place: Place, change: Tally) -> None:
        steps = {name: change.steps(name) for name in LENGTHS}
        more = {name: {step: count for step, count in found.items() if count > 0} for name, found in steps.items()}
        less = {name: {step: -count for step, count in found.items() if count < 0} for name, found in steps.items()}
        month = place.start.toordinal()
        at = {"by": place.by.value, "start": month, "value": place.value, "department": place.department}
        if any(less.values()):
            self._trim({f"{name}_": each for name, each in at.items()}, less)
        values = {name: change.counts[name] for name in COUNTS} | {name: to_text(more[name]) for name in LENGTHS}
        self._connection.execute(_ADD, at | values)

    def _trim(self, at: Mapping[str, object], less: Mapping[str, Mapping[int, int]]) -> None:
        row = self._connection.execute(_LENGTHS, dict(at)).one()
        kept = {}
        for name, text in zip(LENGTHS, row, strict=True):
            found = from_text(text)
            for step, count in less[name].items():
                found[step] -= count
            kept[name] = to_text(found)
        self._connection.execute(_TRIM, dict(at) | kept)
