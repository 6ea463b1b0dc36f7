"""Periods of the house's days by name, in the house's time zone."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from desk.figures import Period


def period_named(name: str, now: datetime, zone: str) -> Period | None:
    """The day, week, month, quarter or year (by these names) that `now` is in, up to its end, in that time zone; or one
    date, or two with ".." between them ("2026-01-01..2026-03-31"), both included. None where it is none of these.
    """
    here = ZoneInfo(zone)
    today = now.astimezone(here).date()
    match name:
        case "day":
            return _days(today, today + timedelta(days=1), here)
        case "week":
            monday = today - timedelta(days=today.weekday())
            return _days(monday, monday + timedelta(days=7), here)
        case "month":
            return _days(today.replace(day=1), _month_after(today, 1), here)
        case "quarter":
            first = today.replace(month=today.month - (today.month - 1) % 3, day=1)
            return _days(first, _month_after(first, 3), here)
        case "year":
            return _days(date(today.year, 1, 1), date(today.year + 1, 1, 1), here)
        case _:
            first_text, _, last_text = name.partition("..")
            try:
                first, last = date.fromisoformat(first_text), date.fromisoformat(last_text or first_text)
                return _days(first, last + timedelta(days=1), here) if first <= last else None
            except (ValueError, OverflowError):
                return None


def period_before(name: str, period: Period, zone: str) -> Period:
    """The one before it of its kind: the month before a month, else the same length before it."""
    here = ZoneInfo(zone)
    last = (period.start - timedelta(seconds=1)).astimezone(here)
    named = period_named(name, last, zone) if name in ("day", "week", "month", "quarter", "year") else None
    return named or period.before()


def _days(first: date, after: date, zone: ZoneInfo) -> Period:
    return Period(datetime.combine(first, time(), zone), datetime.combine(after, time(), zone))


def _month_after(day: date, months: int) -> date:
    number = day.year * 12 + day.month - 1 + months
    return date(number // 12, number % 12 + 1, 1)
