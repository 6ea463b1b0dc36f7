"""What people type, made fit to be kept: one line where one line is meant, no invisible tricks."""

from __future__ import annotations

import unicodedata

# Controls that turn the direction of what follows: a name or subject with one can pose as another.
_BIDI = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c")


def one_line(text: str) -> str:
    """All white space folded to single spaces, control characters and text-direction overrides left out."""
    kept = (
        " " if character.isspace() else character
        for character in text
        if character not in _BIDI and (character.isspace() or unicodedata.category(character) != "Cc")
    )
    return " ".join("".join(kept).split())


def is_blank(text: str) -> bool:
    """Nothing that a reader would see: white space, controls and zero-width characters only."""
    return all(character.isspace() or unicodedata.category(character) in {"Cc", "Cf"} for character in text)


def cut(text: str, limit: int) -> str:
    """At most `limit` characters, the last an ellipsis where something was left out."""
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"
