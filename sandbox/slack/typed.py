"""What a Slack client makes of typed mrkdwn: the `rich_text` block that it sends beside the text."""

from __future__ import annotations

import re
from typing import Any

_INLINE = re.compile(
    r"(?P<code>`[^`\n]+`)|(?P<bold>\*[^*\n]+\*)|(?P<italic>(?<!\w)_[^_\n]+_(?!\w))|(?P<strike>~[^~\n]+~)"
    r"|<@(?P<user>[UW]\w+)(?:\|[^>]*)?>|<#(?P<channel>C\w+)(?:\|[^>]*)?>|<!subteam\^(?P<usergroup>S\w+)(?:\|[^>]*)?>"
    r"|<!(?P<broadcast>here|channel|everyone)>|<(?P<link>https?://[^|>]+)(?:\|(?P<label>[^>]+))?>"
    r"|:(?P<emoji>[a-z0-9_+-]+):"
)
_MARKS = {"&lt;": "<", "&gt;": ">", "&amp;": "&"}
_ITEM = re.compile(r"^(?:[-•*]|(\d+)\.) (.*)$")


def rich_text(text: str) -> dict[str, Any] | None:
    """The block, or None where nothing was typed."""
    elements: list[dict[str, Any]] = []
    for number, part in enumerate(re.split(r"```\n?(.*?)\n?```\n?", text, flags=re.DOTALL)):
        if number % 2:
            elements.append({"type": "rich_text_preformatted", "elements": [{"type": "text", "text": _plain(part)}]})
        else:
            elements += _lines(part.removesuffix("\n") if number == 0 else part)
    return {"type": "rich_text", "elements": elements} if elements else None


def _lines(text: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for line in text.split("\n") if text else ():
        if (item := _ITEM.match(line)) is not None:
            style = "ordered" if item[1] else "bullet"
            section = {"type": "rich_text_section", "elements": inline(item[2])}
            if found and found[-1].get("style") == style:
                found[-1]["elements"].append(section)
            else:
                found.append({"type": "rich_text_list", "style": style, "indent": 0, "elements": [section]})
            continue
        quoted = re.match(r"^(?:>|&gt;) ?", line)
        kind = "rich_text_quote" if quoted else "rich_text_section"
        content = inline(line[quoted.end() :] if quoted else line)
        if found and found[-1]["type"] == kind:
            found[-1]["elements"] += [{"type": "text", "text": "\n"}, *content]
        elif content:
            found.append({"type": kind, "elements": content})
    return found


def inline(text: str, style: dict[str, bool] | None = None) -> list[dict[str, Any]]:
    """One line's leaves, with the style they stand in."""
    found: list[dict[str, Any]] = []
    styled = {"style": style} if style else {}
    at = 0
    for match in _INLINE.finditer(text):
        if match.start() > at:
            found.append({"type": "text", "text": _plain(text[at : match.start()]), **styled})
        at = match.end()
        kind = str(match.lastgroup if match.lastgroup != "label" else "link")
        value = match[kind]
        match kind:
            case "bold" | "italic" | "strike":
                found += inline(value[1:-1], {**(style or {}), kind: True})
            case "code":
                found.append({"type": "text", "text": _plain(value[1:-1]), "style": {**(style or {}), "code": True}})
            case "link":
                label = {"text": _plain(match["label"])} if match["label"] else {}
                found.append({"type": "link", "url": _plain(value), **label, **styled})
            case "emoji":
                found.append({"type": "emoji", "name": value})
            case "broadcast":
                found.append({"type": "broadcast", "range": value})
            case _:
                found.append({"type": kind, f"{kind}_id": value, **styled})
    if at < len(text):
        found.append({"type": "text", "text": _plain(text[at:]), **styled})
    return found


def _plain(text: str) -> str:
    for mark, character in _MARKS.items():
        text = text.replace(mark, character)
    return text
