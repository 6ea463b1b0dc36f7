"""Plain text where Discord would read Markdown: escaped, and cut without breaking an escape."""

from __future__ import annotations

import re

# What starts formatting, a list, a quote, a mention, an emoji, a time stamp or a masked link somewhere in a line.
_MEANT = re.compile(r"[\\`*_~|<>\[\]()#@:-]")
_NUMBERED = re.compile(r"^(\s*\d+)\.(?=\s)", re.MULTILINE)
_ELLIPSIS = "…"


def literal(text: str, limit: int) -> str:
    """The text as it is, whatever is in it, in at most `limit` characters of Discord's Markdown."""
    # An address keeps its colon: escaped it would no longer be a link, and it pings nobody.
    escaped = _MEANT.sub(lambda found: found[0] if _in_address(text, found.start()) else f"\\{found[0]}", text)
    return cut(_NUMBERED.sub(r"\1\\.", escaped), limit)


def cut(text: str, limit: int) -> str:
    """At most `limit` characters of Discord's Markdown, the last an ellipsis where something was left out."""
    if len(text) <= limit:
        return text
    kept = text[: limit - 1]
    backslashes = len(kept) - len(kept.rstrip("\\"))
    return (kept[:-1] if backslashes % 2 else kept).rstrip() + _ELLIPSIS


def _in_address(text: str, at: int) -> bool:
    start = max(text.rfind(" ", 0, at), text.rfind("\n", 0, at)) + 1
    return re.match(r"https?:[\w/.:-]*$", text[start : at + 1]) is not None
