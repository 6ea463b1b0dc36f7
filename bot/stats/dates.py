"""The form of any two dates for /stats."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from adapters.ui import DateField, Form
from bot.lists.forms import day
from desk.errors import DeskError, FormError

if TYPE_CHECKING:
    from datetime import date

    from adapters.port import Submitted
    from bot.words import Words
    from desk.figures import Period

DATES = "stats.dates"
_FIRST, _LAST = "first", "last"


def form(period: Period, carried: str, words: Words) -> Form:
    """Filled in with the period as it is."""
    days = (period.start.date(), (period.end - timedelta(microseconds=1)).date())
    fields = tuple(
        DateField(name, words(f"form.dates.{name}"), words("form.dates.day"), required=True, value=each.isoformat())
        for name, each in zip((_FIRST, _LAST), days, strict=True)
    )
    return Form(DATES, words("form.dates.title"), words("form.dates.submit"), fields, carried, words("form.cancel"))


def period_of(heard: Submitted) -> str:
    """The period's name. FormError for what is no day, or two that come the wrong way round."""
    days: dict[str, date] = {}
    remarks: list[DeskError] = []
    for name in (_FIRST, _LAST):
        try:
            found = day(heard.values.get(name, ""))
        except ValueError:
            found = None
        if found is None:
            remarks.append(DeskError("date_unknown", field=name))
        else:
            days[name] = found
    if not remarks and days[_LAST] < days[_FIRST]:
        remarks.append(DeskError("dates_backwards", field=_LAST))
    if remarks:
        raise FormError(tuple(remarks))
    return f"{days[_FIRST]}..{days[_LAST]}"
