"""What setup asks of the desk itself: what it looks after, when it is open, where its rows and its copies lie.

Each answer is held against config's own classes at once, so that a mistake is asked about again and not found at the
end. Enter always takes something that works.
"""

from __future__ import annotations

import json
import os
import re
import unicodedata
from pathlib import Path
from secrets import choice
from typing import TYPE_CHECKING
from zoneinfo import available_timezones

from pydantic import ValidationError

from backup.config import BackupConfig, DestinationSection
from bot.config import StorageSection
from bot.config.first import Backups, Department
from bot.config.hours import WEEK, HoursSection

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, MutableMapping, Sequence

    from bot.cli.questions import Questions

DATABASE = "HELPTHREAD_DATABASE_URL"  # the environment's suggestion: a compose file knows where its PostgreSQL is
SCHEDULE = "30 3 * * *"
ID = 40  # characters
# Weekdays as they are typed in the languages that we speak; the first two letters count where they are unlike.
_DAYS = {"lun": "mon", "mar": "tue", "mer": "wed", "jeu": "thu", "ven": "fri", "sam": "sat", "dim": "sun"}
_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"  # none that is mistaken for another
GROUPS, LENGTH = 5, 5  # of a passphrase that is made: 124 bits


def timezone(questions: Questions) -> str:
    """A known one; the machine's own on Enter."""
    while True:
        given = questions.ask("timezone", _zone())
        if given in available_timezones():
            return given
        questions.say("timezone_again", zone=given)


def _zone() -> str:
    if zone := os.environ.get("TZ"):
        return zone
    link = Path("/etc/localtime")
    if link.is_symlink() and "zoneinfo/" in (target := str(link.readlink())):
        return target.rpartition("zoneinfo/")[2]
    return "UTC"


# --- what it looks after ------------------------------------------------------------------------------------------


def departments(questions: Questions) -> list[Department]:
    """One or more, by their names."""
    return [Department(id_, name) for id_, name in named(questions.ask("departments", "Support"))]


def products(questions: Questions, language: str) -> list[tuple[str, str]]:
    """Ids and names."""
    return named(questions.ask("products", "Général" if language == "fr" else "General"))


def named(typed: str) -> list[tuple[str, str]]:
    """Each name that was typed, with an id of its own made from it."""
    found: dict[str, str] = {}
    for name in (part.strip() for part in typed.split(",")):
        if name:
            plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
            id_ = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:ID] or f"n{len(found) + 1}"
            found.setdefault(id_ if id_ not in found else f"{id_[: ID - 3]}-{len(found) + 1}", name[:60])
    return list(found.items())


# --- when it is open ----------------------------------------------------------------------------------------------


def hours(questions: Questions) -> tuple[Mapping[str, Sequence[str]], str]:
    """Spans by weekday, none for a desk that never closes; and whose public holidays it keeps."""
    while given := questions.ask("hours", ""):
        try:
            week = spans(given)
            HoursSection.model_validate(week)
        except ValueError:
            questions.say("hours_again", hours=given)
        else:
            return week, _holidays(questions)
    return {}, ""


def spans(typed: str) -> dict[str, list[str]]:
    """Such as "mon-thu 9:00-12:30 13:30-17:00 fri 9:00-12:30", in English or in French. ValueError where it is not."""
    week: dict[str, list[str]] = {}
    days: list[str] = []
    fresh = True
    for word in re.split(r"[\s,]+", typed.strip().lower()):
        if word[:1].isdigit():
            if not days:
                raise ValueError("hours of no day")
            for day in days:
                week.setdefault(day, []).append(word.replace("h", ":"))
            fresh = True
        else:
            days = [*([] if fresh else days), *_days(word)]
            fresh = False
    if not fresh:
        raise ValueError("a day of no hours")
    return week


def _days(word: str) -> Iterator[str]:
    first, _, last = word.partition("-")
    start, end = _day(first), _day(last or first)
    if end < start:
        raise ValueError(f"{word}: it ends before it begins")
    yield from WEEK[start : end + 1]


def _day(word: str) -> int:
    known = word.strip(".")[:3]
    return WEEK.index(_DAYS.get(known, known))


def _holidays(questions: Questions) -> str:
    while given := questions.ask("holidays", "").upper():
        try:
            HoursSection.model_validate({"mon": ["09:00-17:00"], "holidays": given})
        except ValidationError as error:
            questions.say("wrong", error=_plain(error))
        else:
            return given
    return ""


# --- where its rows lie -------------------------------------------------------------------------------------------


def database(questions: Questions, kept: MutableMapping[str, str]) -> str:
    """`[storage] url`; "" for the SQLite file. PostgreSQL's password goes to the secrets."""
    while (given := questions.ask("database", os.environ.get(DATABASE, "sqlite"))) != "sqlite":
        url = re.sub(r"^postgres(ql)?://", "postgresql+psycopg://", given)
        try:
            section = StorageSection(url=url)
        except ValidationError as error:
            questions.say("wrong", error=_plain(error))
        else:
            if password := questions.secret(section.password_env):
                kept[section.password_env] = password
            return url
    return ""


# --- where its copies lie -----------------------------------------------------------------------------------------


def backups(questions: Questions, kept: MutableMapping[str, str]) -> Backups | None:
    """A destination with its schedule; the key and what the destination asks for go to the secrets."""
    while given := questions.ask("backups", ""):
        address = f"file://{given}" if given.startswith("/") else given
        try:
            DestinationSection(id="first", address=address)
        except ValidationError as error:
            questions.say("wrong", error=_plain(error))
            continue
        made = Backups(address, _schedule(questions))
        made.credentials_env = _credentials(questions, address, kept)
        _passphrase(questions, kept)
        return made
    questions.say("no_backups")
    return None


def _schedule(questions: Questions) -> str:
    while True:
        given = questions.ask("schedule", SCHEDULE)
        try:
            DestinationSection(id="first", address="file:///x", schedule=given)
        except ValidationError as error:
            questions.say("wrong", error=_plain(error))
        else:
            return given


def _credentials(questions: Questions, address: str, kept: MutableMapping[str, str]) -> str:
    """The variable of what that kind of destination asks for; "" where it asks for nothing."""
    kind = address.partition(":")[0]
    if kind == "file":
        return ""
    name = f"HELPTHREAD_BACKUP_{kind.upper()}"
    questions.say(f"credentials_{kind}")
    while given := questions.secret(name):
        try:
            kept[name] = json.dumps(json.loads(Path(given).read_text(encoding="utf-8"))) if kind == "drive" else given
        except (OSError, ValueError) as error:
            questions.say("wrong", error=str(error))
        else:
            return name
    return ""


def _passphrase(questions: Questions, kept: MutableMapping[str, str]) -> None:
    """Asked for, or made and shown this once."""
    name = BackupConfig().passphrase_env
    questions.say("passphrase")
    given = questions.secret(name)
    if not given:
        given = "-".join("".join(choice(_ALPHABET) for _ in range(LENGTH)) for _ in range(GROUPS))
        questions.say("passphrase_made", passphrase=given)
    kept[name] = given


def _plain(error: ValidationError) -> str:
    return str(error.errors(include_url=False)[0]["msg"]).removeprefix("Value error, ")
