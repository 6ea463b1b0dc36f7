"""What the desk says, in each person's language: one TOML file a language below `locales/`.

A sentence is a string with {placeholders}, or a table of plural forms (CLDR: one, other, …) chosen by `count`.
A test holds every language to the same keys and placeholders.
"""

from __future__ import annotations

import tomllib
from datetime import date as Day  # noqa: N812 - `Words.date` shows one
from datetime import datetime, time, timedelta
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_skeleton, format_time, format_timedelta
from babel.lists import format_list
from babel.numbers import format_decimal
from babel.units import format_unit

if TYPE_CHECKING:
    from collections.abc import Mapping

    from desk.errors import DeskError

FOLDER = resources.files("bot").joinpath("locales")
Sentence = str | dict[str, str]
REMEMBERED = 500  # locales whose words are kept at hand
_KILO = 1000
_MINUTE = timedelta(minutes=1)


class Words:
    """The sentences of one language, with its dates and numbers: those of a region, where one is given ("en-GB")."""

    def __init__(
        self,
        language: str,
        sentences: Mapping[str, Sentence],
        timezone: str = "UTC",
        region: str = "",
        networks: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self.language = language
        self._sentences = sentences
        self._locale = Locale.parse(region or language, sep="-")
        self._zone = ZoneInfo(timezone)
        self._networks = networks

    def __call__(self, key: str, /, **facts: Any) -> str:
        """The sentence with its placeholders filled in. KeyError where there is none of that key."""
        sentence = self._sentences[key]
        if isinstance(sentence, dict):
            form = self._locale.plural_form(facts["count"])
            sentence = sentence.get(form) or sentence["other"]
        return sentence.format(**facts) if facts else sentence

    def error(self, error: DeskError) -> str:
        """A refusal in this language."""
        return self(f"error.{error.key}", **error.facts)

    def network(self, name: str) -> str:
        """What people call a network: "Slack", and of several of a kind "Slack (Acme)"."""
        kind, _, id_ = name.partition("-")
        called = self._networks.get(name) or id_
        return f"{kind.capitalize()} ({called})" if called else kind.capitalize()

    def moment(self, at: datetime) -> str:
        """Date and time as people here write them, in the house's time zone."""
        local = at.astimezone(self._zone)
        return f"{format_date(local, 'medium', self._locale)}, {format_time(local, 'short', locale=self._locale)}"

    def date(self, at: datetime) -> str:
        """The day in full, in the house's time zone: "24 November 2026", "24 novembre 2026"."""
        return format_date(at.astimezone(self._zone), "long", self._locale)

    def time(self, at: datetime) -> str:
        """The time of day, in the house's time zone."""
        return format_time(at.astimezone(self._zone), "short", locale=self._locale)

    def ago(self, at: datetime, now: datetime) -> str:
        """How long ago, roughly: "2 hours ago", "il y a 2 heures"; also "in 3 days" for what is to come."""
        return format_timedelta(at - now, add_direction=True, locale=self._locale)

    def duration(self, length: timedelta) -> str:
        """How long, in its two largest units: "1 day, 4 hours", "1 jour et 4 heures"; never less than a minute."""
        minutes = max(1, round(length / _MINUTE))
        parts: list[tuple[int, str]] = []
        for unit, each in (("day", 1440), ("hour", 60), ("minute", 1)):
            count, minutes = divmod(minutes, each)
            parts.append((count, unit))
        while not parts[0][0]:
            parts.pop(0)
        shown = [
            format_unit(count, f"duration-{unit}", "long", locale=self._locale) for count, unit in parts[:2] if count
        ]
        return format_list(shown, "unit", locale=self._locale)

    def name(self, language: str = "") -> str:
        """What a language (this one, if none is given) is called in this language: "French", "français"."""
        found = Locale.parse(language or self.language).get_display_name(self._locale) or language
        return found if language else found[:1].upper() + found[1:]

    @property
    def direction(self) -> str:
        """Which way it is written: "ltr" or "rtl"."""
        return self._locale.text_direction

    def size(self, count: int) -> str:
        """Bytes in the unit a person would choose (1 kB = 1,000 bytes)."""
        amount, unit = float(count), "unit.byte"
        for larger in ("unit.kilobyte", "unit.megabyte", "unit.gigabyte"):
            if amount < _KILO:
                break
            amount, unit = amount / _KILO, larger
        return f"{format_decimal(amount, format='#,##0.#', locale=self._locale)} {self(unit)}"

    def number(self, value: float) -> str:
        """With one decimal, as people here write it."""
        return format_decimal(value, format="#,##0.0", locale=self._locale)

    def brief(self, length: timedelta) -> str:
        """How long, in its two largest units, short enough for a column: "1 day 4 hr", "3 h 5 min"; "< 1 min" below."""
        least = format_unit(1, "duration-minute", "short", locale=self._locale)
        if length < timedelta(seconds=30):
            return f"< {least}"
        left = round(length / timedelta(minutes=1))
        found: list[str] = []
        for unit, minutes in (("day", 24 * 60), ("hour", 60), ("minute", 1)):
            count, left = divmod(left, minutes)
            if count or (unit == "minute" and not found):
                found.append(format_unit(count, f"duration-{unit}", "short", locale=self._locale))
        return " ".join(found[:2])

    def iso_day(self, text: str) -> str:
        """A day that is kept as ISO 8601, in full; anything else as it is."""
        try:
            return self.day(Day.fromisoformat(text))
        except ValueError:
            return text

    def day(self, day: Day) -> str:
        """A day of the calendar in full."""
        return format_date(day, "long", self._locale)

    def short_day(self, day: Day) -> str:
        """A day without its year, for an axis."""
        return format_skeleton("MMMd", datetime.combine(day, time()), locale=self._locale)

    def weekday(self, number: int) -> str:
        """Monday is 0; abbreviated."""
        return str(self._locale.days["format"]["abbreviated"][number])


class Library:
    """All languages of the house. `language` is the one for people whose own is not here."""

    def __init__(
        self, language: str, timezone: str = "UTC", networks: Mapping[str, str] = MappingProxyType({})
    ) -> None:
        """`networks`: what config calls them, by their names."""
        self.language = language
        self.timezone = timezone  # of the house
        self._networks = networks
        self._words = {name: Words(name, sentences(name), timezone, "", networks) for name in languages()}

    def of(self, locale: str) -> Words:
        """In this language, else in its parent ("fr-CA" → "fr") with the region's dates, else in the house's."""
        known = self._words.get(locale)
        if known is None:
            known = self._words[locale] = self._regional(locale.replace("_", "-"))
            if len(self._words) > REMEMBERED:  # only networks name locales, but who knows
                self._words = {name: self._words[name] for name in self.languages}
        return known

    def _regional(self, locale: str) -> Words:
        parent = locale.split("-", maxsplit=1)[0].lower()
        if parent not in self.languages:
            return self._words[self.language]
        try:
            return Words(parent, sentences(parent), self.timezone, locale, self._networks)
        except (UnknownLocaleError, ValueError):  # a region that nobody knows
            return self._words[parent]

    @property
    def languages(self) -> tuple[str, ...]:
        """All that there are, in alphabetical order."""
        return languages()

    def all(self, key: str) -> dict[str, str]:
        """One plain sentence in every language, for what networks want in all of them at once."""
        return {name: self._words[name](key) for name in self.languages}

    def any(self, key: str) -> dict[str, str]:
        """The same; nothing where there is none of that key."""
        return self.all(key) if key in sentences(self.language) else {}


@cache
def languages() -> tuple[str, ...]:
    """The languages there is a file for, in alphabetical order."""
    files = FOLDER.iterdir()
    return tuple(sorted(file.name.removesuffix(".toml") for file in files if file.name.endswith(".toml")))


@cache
def sentences(language: str) -> Mapping[str, Sentence]:
    """All sentences of a language by dotted key, as they stand in its file."""
    text = FOLDER.joinpath(f"{language}.toml").read_text(encoding="utf-8")
    return dict(_flat("", tomllib.loads(text)))


def _flat(prefix: str, table: Mapping[str, Any]) -> list[tuple[str, Sentence]]:
    found: list[tuple[str, Sentence]] = []
    for name, value in table.items():
        if isinstance(value, str) or "other" in value:
            found.append((prefix + name, value))
        else:
            found += _flat(f"{prefix}{name}.", value)
    return found
