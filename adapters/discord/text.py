"""Discord's Markdown to the desk's and back. Nothing that goes out can ping, preview or mask where a link leads.

Discord's dialect is nearly the desk's own. What differs: `__underline__` has no home here and becomes italics;
`||spoilers||` keep their words; headings become bold; mentions become readable names.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Protocol

from adapters.markdown import Block, CodeBlock, Item, Line, Paragraph, Quote, Span, merged, parse, parts, write

if TYPE_CHECKING:
    from collections.abc import Sequence


class Names(Protocol):
    """Readable names of what a text mentions."""

    def user(self, id: str) -> str: ...  # noqa: A002 - the word of the network

    def role(self, id: str) -> str: ...  # noqa: A002 - the word of the network

    def channel(self, id: str) -> str: ...  # noqa: A002 - the word of the network


_TOKEN = re.compile(
    r"<@!?(?P<user>\d{1,20})>|<@&(?P<role>\d{1,20})>|<#(?P<channel>\d{1,20})>"
    r"|<a?:(?P<emoji>\w{1,32}):\d{1,20}>|<t:(?P<time>-?\d{1,12})(?::\w)?>|</(?P<command>[^:<>\n]{1,100}):\d{1,20}>"
)
_CODE = re.compile(r"(```.*?```|`[^`\n]+`)", re.DOTALL)
_HEADING = re.compile(r"^#{1,3} +(.+?)\s*$", re.MULTILINE)
_SMALL = re.compile(r"^-# +", re.MULTILINE)
_LONG_QUOTE = re.compile(r"^>>> (.*)\Z", re.MULTILINE | re.DOTALL)
_UNDERLINE = re.compile(r"__(?=\S)(.+?)(?<=\S)__", re.DOTALL)
_SPOILER = re.compile(r"\|\|(.+?)\|\|", re.DOTALL)
_SPECIAL = re.compile(r"([\\*_~`|\[\]])")
_START = re.compile(r"^([ \t]*)(>|#|-|\+|\d+(?=[.)]))", re.MULTILINE)
_PING = re.compile(r"@(?=everyone|here)")
_ANGLE = re.compile(r"<(?=[@#:/a]|t:|id:)")
_EMOJI = re.compile(r":(?=\w+:)")
_LOOKS_LIKE_URL = re.compile(r"(https?://|www\.|\w\.\w{2,}(/|$))", re.IGNORECASE)
NOTHING = "\u200b"  # a zero-width space: parts a mention so that it stays words


# --- from Discord -----------------------------------------------------------------------------------------------


def from_discord(content: str, names: Names) -> str:
    """What somebody wrote, as the desk's Markdown."""
    pieces = [
        piece if number % 2 else _words(piece, names) for number, piece in enumerate(_CODE.split(_long_quote(content)))
    ]
    return write(parse("".join(pieces)))


def _long_quote(content: str) -> str:
    return _LONG_QUOTE.sub(lambda match: "> " + match[1].replace("\n", "\n> "), content)


def _words(text: str, names: Names) -> str:
    text = _SMALL.sub("", _HEADING.sub(r"**\1**", text))
    text = _SPOILER.sub(r"\1", _UNDERLINE.sub(r"*\1*", text))
    return _TOKEN.sub(lambda match: _literal(_readable(match, names)), text)


def _readable(match: re.Match[str], names: Names) -> str:
    kind = str(match.lastgroup)
    value = match[kind]
    match kind:
        case "user":
            return f"@{names.user(value)}"
        case "role":
            return f"@{names.role(value)}"
        case "channel":
            return f"#{names.channel(value)}"
        case "emoji":
            return f":{value}:"
        case "time":
            return _moment(int(value))
        case _:
            return f"/{value}"


def _moment(seconds: int) -> str:
    from datetime import UTC, datetime

    try:
        return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M} UTC"
    except (OverflowError, ValueError, OSError):
        return str(seconds)


def _literal(text: str) -> str:
    return _SPECIAL.sub(r"\\\1", text)


# --- to Discord -------------------------------------------------------------------------------------------------


def to_discord(markdown: str, limit: int) -> list[str]:
    """The words in messages of at most `limit` characters (code points, as Discord counts), marks whole in each."""
    return _fitting(parse(markdown), limit, limit)


def _fitting(blocks: Sequence[Block], limit: int, size: int) -> list[str]:
    """Cut into pieces of `size` visible characters; smaller where escapes make a piece too long."""
    found: list[str] = []
    for piece in parts(blocks, size):
        text = "\n".join(_block(block, piece[number - 1] if number else None) for number, block in enumerate(piece))
        if len(text) <= limit:
            found.append(text)
        else:
            found += _fitting(piece, limit, max(size // 2, 1))
    return found


def _block(block: Block, before: Block | None) -> str:
    gap = "\n" if isinstance(before, Paragraph) and isinstance(block, Paragraph) else ""
    match block:
        case CodeBlock():
            fenced = block.text.replace("```", f"``{NOTHING}`")
            return f"```{re.sub(r'[^A-Za-z0-9+#_-]', '', block.language)}\n{fenced}\n```"
        case Quote():
            # An empty line ends a quote on Discord, so one quote after another would flow together without it.
            return "\n".join(f"> {line}" for line in _line(block.spans).split("\n"))
        case Item():
            mark = "-" if block.number is None else f"{block.number}."
            return f"{'  ' * block.indent}{mark} {_line(block.spans)}"
        case Paragraph():
            return gap + _line(block.spans)


def _line(spans: Line) -> str:
    return "".join(_span(span) for span in merged(spans))


def _span(span: Span) -> str:
    text = span.text
    if span.code:
        text = f"`` {text} ``" if "`" in text else f"`{text}`"
        return f"{text} (<{span.url}>)" if span.url and span.url != span.text else text
    inner = text.strip()
    if not inner:
        return text
    before, after = text[: len(text) - len(text.lstrip())], text[len(text.rstrip()) :]
    inner = plain(inner) if not (span.url and span.url == span.text) else f"<{span.url}>"
    for on, mark in ((span.italic, "*"), (span.bold, "**"), (span.strike, "~~")):
        if on:
            inner = f"{mark}{inner}{mark}"
    if span.url and span.url != span.text:
        masked = not _LOOKS_LIKE_URL.search(span.text)
        inner = f"[{inner}](<{span.url}>)" if masked else f"{inner} (<{span.url}>)"
    return before + inner + after


def plain(text: str) -> str:
    """Plain words for Discord: nothing in them is interpreted, nobody is pinged, nothing is previewed."""
    text = _PING.sub(f"@{NOTHING}", _SPECIAL.sub(r"\\\1", text))
    text = _ANGLE.sub(f"<{NOTHING}", _EMOJI.sub(r"\\:", text))
    return _START.sub(lambda m: f"{m[1]}{m[2]}\\" if m[2].isdigit() else f"{m[1]}\\{m[2]}", text)
