"""Every language says everything, with the same placeholders; dates, sizes and plurals are each language's own."""

from __future__ import annotations

import ast
import re
import string
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.words import Library, languages, sentences
from desk.errors import DeskError

ROOT = Path(__file__).parents[2]


def placeholders(sentence: str | dict[str, str]) -> set[str]:
    texts = [sentence] if isinstance(sentence, str) else list(sentence.values())
    return {name for text in texts for _, name, _, _ in string.Formatter().parse(text) if name}


@pytest.mark.parametrize("language", languages())
def test_each_language_has_every_key_with_the_same_placeholders(language: str) -> None:
    english, other = sentences("en"), sentences(language)
    assert set(other) == set(english)
    for key in english:
        assert placeholders(other[key]) == placeholders(english[key]), key


def keys_in_the_code() -> set[str]:
    found: set[str] = set()
    for path in [*(ROOT / "bot").rglob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name | ast.Attribute):
                name = node.func.id if isinstance(node.func, ast.Name) else node.func.attr
                if name in {"words", "all"} and node.args:
                    found |= {a.value for a in node.args if isinstance(a, ast.Constant) and isinstance(a.value, str)}
    return found


def errors_in_the_code() -> set[str]:
    found: set[str] = set()
    for folder in ("bot", "desk", "storage"):
        for path in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "DeskError":
                    found |= {a.value for a in node.args if isinstance(a, ast.Constant)}
    return found


def test_every_key_that_the_code_says_is_there() -> None:
    assert keys_in_the_code() - set(sentences("en")) == set()
    assert {f"error.{key}" for key in errors_in_the_code()} - set(sentences("en")) == set()


def test_every_error_that_is_worded_is_raised_somewhere() -> None:
    worded = {key.removeprefix("error.") for key in sentences("en") if key.startswith("error.")}
    assert worded - errors_in_the_code() - {"form"} == set()  # FormError names itself


def test_plurals_dates_and_sizes_are_each_languages_own() -> None:
    library = Library("en", "Europe/Paris")
    at = datetime(2026, 11, 24, 9, 5, tzinfo=UTC)
    english, french = library.of("en-GB"), library.of("fr_CA")
    assert english("card.panel_counts", count=1, open=1, closed=0) == "1 ticket: 1 open, 0 closed"
    assert english("card.panel_counts", count=0, open=0, closed=0) == "0 tickets: 0 open, 0 closed"
    assert french("card.panel_counts", count=0, open=0, closed=0) == "0 ticket : 0 ouvert, 0 clos"
    assert french("card.panel_counts", count=2, open=1, closed=1) == "2 tickets : 1 ouverts, 1 clos"
    assert library.of("fr-FR").moment(at) == "24 nov. 2026, 10:05"
    assert english.moment(at) == "24 Nov 2026, 10:05"
    assert library.of("en-US").moment(at).replace("\u202f", " ") == "Nov 24, 2026, 10:05 AM"
    assert library.of("en-XX").moment(at) == library.of("en").moment(at)  # a region that nobody knows
    assert library.of("fr-CA").moment(at).replace("\u202f", " ") == "24 nov. 2026, 10 h 05"
    assert (english.size(999), english.size(1500), french.size(2_500_000)) == ("999 B", "1.5 kB", "2,5 Mo")


def test_french_is_set_as_french_is() -> None:
    """A space before : ; ? and !, and no typewriter's quotation marks."""
    for key, sentence in sentences("fr").items():
        for text in [sentence] if isinstance(sentence, str) else sentence.values():
            plain = re.sub(r"`[^`]*`|https?://\S+|\{[^}]*\}|\d:\d|:\w+:", "X", text)
            assert not re.search(r"[^\s\u00a0\u202f][?!;:](?=\s|$)", plain), key
            assert not set("'\"") & set(plain), key


def test_a_language_that_nobody_wrote_is_the_houses() -> None:
    assert Library("fr").of("tlh").language == "fr"
    assert Library("en").of("").language == "en"


def test_a_refusal_is_worded_with_its_facts() -> None:
    error = DeskError("too_long", field="subject", limit=120, length=200)
    assert Library("en").of("en").error(error) == "200 characters are too many here: at most 120."
