"""Days and moments as people type them: "2026-11-26", "26/11", "tomorrow", "vendredi 14h", "in 3 days"."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from bot.words import languages

if TYPE_CHECKING:
    from datetime import date, datetime

LONGEST = 60  # characters: nobody needs more for a moment
_UNTIL = re.compile(r"^(?:until|till|to|jusqu['’ ]?(?:à|au|a|en)?)(?:\s+|$)", re.IGNORECASE)
_HOUR = re.compile(r"\b(\d{1,2})\s?h\b", re.IGNORECASE)
_MONTH_FIRST = frozenset({"en-us", "en-ca", "en-ph"})


def day_typed(text: str, locale: str, zone: str, now: datetime) -> date | None:
    """The day that was meant. None where it cannot be understood."""
    found = _typed(text, locale, zone, now, future=False)
    return found[0].date() if found else None


def moment_typed(text: str, locale: str, zone: str, now: datetime) -> datetime | None:
    """The moment to come that was meant; a day without a time is meant until its end. None where it cannot be
    understood.
    """
    found = _typed(text, locale, zone, now, future=True)
    if found is None:
        return None
    moment, has_time = found
    return moment if has_time else moment.replace(hour=23, minute=59, second=0, microsecond=0)


def _typed(text: str, locale: str, zone: str, now: datetime, *, future: bool) -> tuple[datetime, bool] | None:
    """In the house's zone, and whether a time was typed too."""
    text = _HOUR.sub(r"\1:00", _UNTIL.sub("", text.strip()))
    if not text or len(text) > LONGEST:
        return None
    from dateparser.date import DateDataParser  # slow to load, and seldom needed

    here, language = ZoneInfo(zone), locale.lower().split("-", maxsplit=1)[0]
    known = [each for each in (language, *languages()) if each in languages()]
    settings = {
        "RELATIVE_BASE": now.astimezone(here).replace(tzinfo=None),
        "RETURN_TIME_AS_PERIOD": True,
        "PREFER_DATES_FROM": "future" if future else "current_period",
        "PREFER_LOCALE_DATE_ORDER": False,
        "DATE_ORDER": "MDY" if locale.lower() in _MONTH_FIRST else "DMY",
    }
    parser = DateDataParser(languages=list(dict.fromkeys(known)), use_given_order=True, settings=settings)
    found = parser.get_date_data(text)
    if found.date_obj is None or found.period in {"year", "month"}:
        return None
    return found.date_obj.replace(tzinfo=here), found.period == "time"
