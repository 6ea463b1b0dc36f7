"""The figures as a table, for those who want the data: CSV, or XLSX with a sheet for each dimension."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from desk.figures import Figure

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from bot.words import Words
    from desk.figures import Dimension, Period, Totals

Cell = str | int | float
FORMULA = ("=", "+", "-", "@", "\t", "\r")  # what makes a table program run a cell


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table with its heading."""

    name: str
    rows: Sequence[Sequence[Cell]]


def summary(now: Totals, then: Totals, period: Period, before: Period, about: str, words: Words) -> Sheet:
    """All figures, of the period and of the one before it. Durations in minutes. `about`: to what it is narrowed."""
    head = [words("stats.sheet.figure"), _days(period), _days(before)]
    rows: list[list[Cell]] = [[*head, words("stats.sheet.formula")]]
    if about:
        rows.append([about])
    for figure in Figure:
        for label, value, earlier in zip(
            _labels(figure, words), _values(figure, now), _values(figure, then), strict=True
        ):
            rows.append([label, value, earlier, words(f"figure.{figure}.formula")])
    return Sheet(words("stats.sheet.summary"), rows)


def _days(period: Period) -> str:
    """Its first and last day."""
    first, last = period.start.date(), (period.end - timedelta(microseconds=1)).date()
    return first.isoformat() if first == last else f"{first} – {last}"


def by_dimension(by: Dimension, found: Mapping[str, Totals], named: Mapping[str, str], words: Words) -> Sheet:
    """All figures of each value of a dimension, the largest first."""
    head = [words(f"stats.by.{by}"), *(label for figure in Figure for label in _labels(figure, words))]
    ordered = sorted(found, key=lambda key: (-found[key].opened, named[key].casefold(), key))
    rows = [[named[key], *(cell for figure in Figure for cell in _values(figure, found[key]))] for key in ordered]
    return Sheet(words(f"stats.by.{by}"), [head, *rows])


def _labels(figure: Figure, words: Words) -> Sequence[str]:
    name = words(f"figure.{figure}.name")
    match figure:
        case Figure.FIRST_RESPONSE | Figure.RESOLUTION:
            return [
                f"{name} · {words(f'stats.sheet.{kind}')}"
                for kind in ("median", "ninth", "median_clock", "ninth_clock")
            ]
        case Figure.RATING:
            return [name, f"{name} · {words('stats.sheet.answers')}"]
        case Figure.FIRST_KEPT | Figure.NEXT_KEPT | Figure.RESOLUTION_KEPT:
            return [name, f"{name} · {words('stats.sheet.of')}"]
        case _:
            return [name]


def _values(figure: Figure, totals: Totals) -> Sequence[Cell]:
    match figure:
        case Figure.FIRST_RESPONSE | Figure.RESOLUTION:
            spread = getattr(totals, figure.value)
            lengths = (spread.median_business, spread.ninth_business, spread.median_clock, spread.ninth_clock)
            return ["" if length is None else round(length.total_seconds() / 60, 1) for length in lengths]
        case Figure.RATING:
            return ["" if totals.rating is None else round(totals.rating, 2), totals.ratings]
        case Figure.FIRST_KEPT | Figure.NEXT_KEPT | Figure.RESOLUTION_KEPT:
            share = getattr(totals, figure.value)
            return [share.kept, share.of]
        case Figure.REPLIES:
            return ["" if totals.replies is None else round(totals.replies, 2)]
        case _:
            return [getattr(totals, figure.value)]


def to_csv(sheets: Sequence[Sheet], path: Path) -> None:
    """All sheets below each other, in UTF-8 with the mark that table programs look for."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    for number, sheet in enumerate(sheets):
        writer.writerows([[]] if number else [])
        writer.writerow([_safe(sheet.name)])
        writer.writerows([[_safe(cell) for cell in row] for row in sheet.rows])
    path.write_bytes(b"\xef\xbb\xbf" + text.getvalue().encode())


def to_xlsx(sheets: Sequence[Sheet], path: Path) -> None:
    """A sheet each."""
    import xlsxwriter  # type: ignore[import-untyped] # has no types; only loaded by those who want it

    with xlsxwriter.Workbook(str(path), {"strings_to_formulas": False, "strings_to_urls": False}) as book:
        bold = book.add_format({"bold": True})
        for sheet in sheets:
            page = book.add_worksheet("".join(c for c in sheet.name if c not in "[]:*?/\\")[:31])
            for number, row in enumerate(sheet.rows):
                page.write_row(number, 0, row, bold if number == 0 else None)
            page.freeze_panes(1, 0)
            page.autofit()


def _safe(cell: Cell) -> Cell:
    """A name that begins like a formula is told to be text."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(FORMULA) else cell
