"""Each person in their own language, also against their network's; and a new language is one file."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bot import words as speaking
from bot.commands import commands, menu
from bot.config import load
from bot.demo import stage as company
from bot.demo.side import wait_for, wait_line
from bot.words import Library

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.demo.side import Side
    from tests.bot.conftest import Stage

ROOT = Path(__file__).parents[2]
FORM = {"subject": "Payslip", "description": "Missing.", "department": "hr", "product": "payroll", "priority": "low"}
ENGLISH = {"slack": company.NORA, "discord": company.BEN}


@pytest.mark.parametrize("network", ("slack", "discord"))
async def test_somebody_chooses_their_language_and_it_stays_theirs(stage: Stage, network: str) -> None:
    side: Side = getattr(stage, network)
    me = ENGLISH[network]
    await side.call(me)
    assert (await side.fill(me, FORM)).ok
    theirs = await side.clients_thread(me, 1)
    assert "Which language" in await side.call(me, command="language")
    direct = await side.direct(me)
    await side.choose(me, direct, "Which language", "Français")

    async def answered() -> bool:
        return "Nouveau ticket" in await side.call(me)

    await side.people.until(answered, "the form in French")
    ours = await stage.slack.agents_thread(company.HR_DESK, 1)
    await stage.slack.press(company.TOM, ours, "Claim")
    await wait_line(side, theirs, "Tom Baker s’occupe de ce ticket")
    await wait_for(side, theirs, lambda line: "En cours" in line.text, "the card in French")
    await stage.stop()
    await stage.start()
    assert await answered()
    assert "We speak English to you" in await side.call(me, "english", command="language")
    assert "does not speak" in await side.call(me, "klingon", command="language")
    assert "New ticket" in await side.call(me)
    assert "We speak" in await side.call(me, f"As on {network}", command="language")


def test_durations_and_distances_in_time_are_each_languages_own() -> None:
    library = Library("en", "Europe/Paris")
    english, french = library.of("en"), library.of("fr")
    at = datetime(2026, 11, 24, 23, 30, tzinfo=UTC)
    for length, in_english, in_french in (
        (timedelta(seconds=5), "1 minute", "1 minute"),
        (timedelta(minutes=1), "1 minute", "1 minute"),
        (timedelta(minutes=90), "1 hour, 30 minutes", "1 heure et 30 minutes"),
        (timedelta(hours=24), "1 day", "1 jour"),
        (timedelta(days=2, hours=1, minutes=59), "2 days, 1 hour", "2 jours et 1 heure"),
        (timedelta(days=14), "14 days", "14 jours"),
    ):
        assert english.duration(length).replace("\xa0", " ") == in_english
        assert french.duration(length).replace("\xa0", " ") == in_french
    assert english.ago(at - timedelta(hours=2), at) == "2 hours ago"
    assert french.ago(at - timedelta(hours=2), at) == "il y a 2 heures"
    assert french.ago(at + timedelta(days=1), at) == "dans 1 jour"
    assert english.date(at) == "November 25, 2026"  # in Paris it is tomorrow already
    assert french.date(at) == "25 novembre 2026"
    assert (french.name(), french.name("en"), english.name("fr")) == ("Français", "anglais", "French")


@pytest.fixture
def german(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The locales with one more file: a language is added by nothing else."""
    folder = tmp_path / "locales"
    shutil.copytree(ROOT / "bot" / "locales", folder)
    text = (folder / "en.toml").read_text(encoding="utf-8")
    text = text.replace('new = "New"', 'new = "Neu"').replace('ticket = "Open a ticket"', 'ticket = "Ticket eröffnen"')
    (folder / "de.toml").write_text(text, encoding="utf-8")
    monkeypatch.setattr(speaking, "FOLDER", folder)
    for found in (speaking.languages, speaking.sentences):
        found.cache_clear()
    yield tmp_path
    for found in (speaking.languages, speaking.sentences):
        found.cache_clear()


def test_adding_a_language_is_one_file(german: Path) -> None:
    library = Library("en", "Europe/Berlin")
    words = library.of("de-AT")
    assert (words.language, words("status.new"), words.name()) == ("de", "Neu", "Deutsch")
    assert words.date(datetime(2026, 11, 24, 9, tzinfo=UTC)) == "24. November 2026"
    assert words.duration(timedelta(days=2)).replace("\xa0", " ") == "2 Tage"
    assert words("card.panel_counts", count=1, open=1, closed=0) == "1 ticket: 1 open, 0 closed"
    assert {entry.name: entry.label["de"] for entry in menu(library)}["ticket"] == "Ticket eröffnen"
    assert all("de" in command.description for command in commands(library))
    config = german / "config.toml"
    text = (ROOT / "config.toml").read_text(encoding="utf-8")
    config.write_text(text.replace('language = "en"            # for people', 'language = "de"  # for people'))
    assert load(config).desk.language == "de"
