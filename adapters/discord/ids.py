"""Custom ids: what a button, a choice or a form brings back, in the one text of 100 characters that Discord gives it.

All that is needed to understand a press stands in its own id: those of messages from before a restart work like new.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from adapters.port import Rejected

VALUE = "|"  # a button with its value, a choice or a form with what it carries
SEVERAL = "*"  # a choice of several
FINDER = "?"  # a finder: its button, and the line to type in that the button opens
LIMIT = 100  # characters; discord.com/developers/docs/components/reference#anatomy-of-a-component

_PARTS = re.compile(r"([^|*?]*)([|*?]?)(.*)", re.DOTALL)
_SIGNS = re.compile(r"[|*?]")


@dataclass(frozen=True, slots=True)
class Meant:
    """A custom id, taken apart. `sign` is "" where nothing is carried."""

    name: str
    sign: str
    carried: str


def custom_id(name: str, sign: str, carried: str) -> str:
    """The id for a name and what is carried. Rejected where the name holds a sign that parts them."""
    if _SIGNS.search(name):
        raise Rejected(f"{name!r} holds a sign which parts names from what they carry")
    return f"{name}{sign}{carried}"


def meant(text: str) -> Meant:
    """What a custom id says."""
    found = _PARTS.fullmatch(text)
    assert found is not None  # the pattern takes every text
    return Meant(found[1], found[2], found[3])
