"""Discord's Markdown to the desk's and back. Nothing that goes out can ping, preview or mask where a link leads."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from adapters.discord.text_reading import Names, read
from adapters.markdown import (
    NOTHING,
    Block,
    CodeBlock,
    Item,
    Line,
    Paragraph,
    Quote,
    Span,
    is_prose,
    marked,
    merged,
    parse,
    parts,
    unmasked,
    write,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["NOTHING", "Names", "from_discord", "plain", "to_discord"]

_SPECIAL = re.compile(r"([\\*_~`|\[\]])")
_START = re.compile(r"^([ \t]*)(>|#|-|\+|\d+(?=[.)]))", re.MULTILINE)
_PING = re.compile(r"@(?=everyone|here|[!&]?\d)", re.IGNORECASE)
_ANGLE = re.compile(r"<(?=[@#:/a]|t:|id:)")
_EMOJI = re.compile(r":(?=\w+:)")
_LEAST = 8  # visible characters of a piece, below which cutting smaller is of no use


def from_discord(content: str, names: Names) -> str:
    """What somebody wrote, as the desk's Markdown."""
    return content if is_prose(content) else write(tuple(read(content, names)))


def to_discord(markdown: str, limit: int) -> list[str]:
    """The words in messages of at most `limit` characters (code points, as Discord counts), marks whole in each."""
    if is_prose(markdown) and len(words := plain(markdown)) <= limit:
        return [words]  # what most people say: one piece, nothing to be cut
    return _fitting([_shown(block, limit // 4) for block in parse(markdown)], limit, limit)


def _shown(block: Block, longest: int) -> Block:
    """With the links as Discord shows them: it has no mailto, and an address as long as a message is only words."""
    if isinstance(block, CodeBlock) or not any(span.url for span in block.spans):
        return block
    spans: list[Span] = []
    for span in unmasked(block.spans):
        url = span.url
        if not url or (url.lower().startswith("http") and len(url) <= longest):
            spans.append(span)
        else:
            spans.append(replace(span, url=""))
            if span.text not in (url, url.removeprefix("mailto:")):
                spans.append(Span(f" ({url.removeprefix('mailto:')})"))
    return replace(block, spans=merged(spans))


def _fitting(blocks: Sequence[Block], limit: int, size: int) -> list[str]:
    """Cut into pieces of `size` visible characters; smaller where escapes make a piece too long."""
    found: list[str] = []
    for piece in parts(blocks, size):
        text = "".join(_block(block, piece[number - 1] if number else None) for number, block in enumerate(piece))
        if len(text) <= limit or size <= _LEAST:
            found.append(text[:limit])
        else:
            found += _fitting(piece, limit, max(min(size * 3 // 4, size * limit // len(text)), _LEAST))
    return found


def _block(block: Block, before: Block | None) -> str:
    sign = "> " if isinstance(block, Quote) or (isinstance(block, CodeBlock | Item) and block.quoted) else ""
    text = "\n".join(f"{sign}{line}" for line in _written(block).split("\n"))
    if before is None:
        return text
    was_quoted = isinstance(before, Quote) or (isinstance(before, CodeBlock | Item) and before.quoted)
    # Words right after a list would be words of its last item.
    free = isinstance(block, Paragraph) and isinstance(before, Paragraph | Item) and not was_quoted
    free = free or (isinstance(block, Quote) and isinstance(before, Item) and was_quoted)
    return f"\n{sign}\n{text}" if free else f"\n{text}"


def _written(block: Block) -> str:
    match block:
        case CodeBlock():
            return f"```{block.language}\n{block.text.replace('``', f'`{NOTHING}`')}\n```"
        case Item():
            mark = "-" if block.number is None else f"{block.number}."
            indent = "  " * block.indent
            return f"{indent}{mark} " + _line(block.spans).replace("\n", f"\n{indent}  ")
        case Quote() | Paragraph():
            return _line(block.spans)


def _line(spans: Line) -> str:
    return marked(spans, _span)


def _span(span: Span) -> str:
    if span.code:
        text = _code(span.text)
    elif span.url and span.url == span.text:
        return f"<{span.url}>"
    else:
        text = plain(span.text)
    if not span.url:
        return text
    # Discord shows no link where the label is an address or code.
    return f"{text} (<{span.url}>)" if span.code else f"[{text}](<{span.url}>)"


def _code(text: str) -> str:
    if "`" not in text:
        return f"`{text}`"
    text = text.replace("``", f"`{NOTHING}`")
    text = text.replace("``", f"`{NOTHING}`")  # runs of an odd length
    return f"``{' ' if text.startswith('`') else ''}{text}{' ' if text.endswith('`') else ''}``"


def plain(text: str) -> str:
    """Plain words for Discord: nothing in them is interpreted, nobody is pinged, nothing is previewed."""
    text = _PING.sub(f"@{NOTHING}", _SPECIAL.sub(r"\\\1", text))
    text = _ANGLE.sub(f"<{NOTHING}", _EMOJI.sub(r"\\:", text))
    return _START.sub(lambda m: f"{m[1]}{m[2]}\\" if m[2].isdigit() else f"{m[1]}\\{m[2]}", text)
