"""Words taken apart, found whatever their accents, and shown with nothing else having an effect."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from bot.cards import literal
from desk.search import Term, fold, marked, matches, score, terms, widened


def test_accents_capitals_and_signs_make_no_difference() -> None:
    assert terms("L'IMPRIMANTE,  réseau_lent*") == (
        Term("l"),
        Term("imprimante"),
        Term("reseau"),
        Term("lent", prefix=True),
    )
    assert matches("Le RÉSEAU est très LENT aujourd'hui: l'imprimante aussi", terms("imprimante reseau lent"))
    assert not matches("réseaux", terms("reseau"))
    assert matches("réseaux", terms("reseau*"))
    assert matches("re\u0301seau", terms("réseau"))
    assert terms(" -- \"' * ") == ()
    assert widened("a réseau lent*") == "a reseau* lent*"
    assert len(terms(" ".join(f"w{n}" for n in range(50)))) == 8


def test_a_subject_says_more_than_a_message_and_a_short_text_more_than_a_long_one() -> None:
    wanted = terms("printer")
    assert score("Printer jams", ["hello"], wanted) > score("Hello", ["the printer and the printer"], wanted)
    assert score("x", ["printer"], wanted) > score("x", ["printer" + " word" * 2000], wanted)
    assert score("x", ["printer printer"], wanted) > score("x", ["printer"], wanted)


def test_a_hit_is_bold_in_its_surroundings() -> None:
    text = "Since Monday nothing moves at all on the second floor, where the printer is; *please* help <!here> soon"
    shown = marked(text, terms("PRINTER"), 80, literal)
    assert "**printer**" in shown
    assert shown.startswith("…")
    assert "\\*please\\*" in shown
    assert len(shown) <= 80


@given(st.text(max_size=300), st.text(max_size=20), st.integers(5, 150))
def test_whatever_is_marked_fits_and_is_otherwise_inert(text: str, typed: str, limit: int) -> None:
    wanted = terms(typed)
    shown = marked(text, wanted, limit, lambda part: "·" * len(part))
    assert len(shown) <= limit
    assert all(any(term.holds(fold(word)) for term in wanted) for word in re.findall(r"[^\W_]+", shown))
