"""The desk's own Markdown as a small tree: parsed by a CommonMark parser, written back, and cut at sensible places.

A newline is a line break, as in chat. Networks' dialects are turned into this tree and out of it by their adapters.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING

from markdown_it import MarkdownIt

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from markdown_it.token import Token


@dataclass(frozen=True, slots=True)
class Span:
    """Words in one style; with `url` a link. A line break is a span with a newline in it."""

    text: str
    bold: bool = False
    italic: bool = False
    strike: bool = False
    code: bool = False
    url: str = ""


Line = tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Words; newlines among them are line breaks."""

    spans: Line


@dataclass(frozen=True, slots=True)
class Quote:
    """Somebody's words."""

    spans: Line


@dataclass(frozen=True, slots=True)
class CodeBlock:
    """Text as it stands."""

    text: str
    language: str = ""


@dataclass(frozen=True, slots=True)
class Item:
    """One line of a list; `number` is None for a bullet, `indent` counts from 0."""

    spans: Line
    indent: int = 0
    number: int | None = None


Block = Paragraph | Quote | CodeBlock | Item
_SPECIAL = re.compile(r"([\\`*_{}\[\]<>~|&])")
_LINE_START = re.compile(r"^([ \t]*)([#>+=-])", re.MULTILINE)
_LINE_NUMBER = re.compile(r"^([ \t]*\d{1,9})([.)])", re.MULTILINE)
_ADDRESS = re.compile(r"(https?://[^\s<>\"]*[^\s<>\".,;:!?)\]'*_~])", re.IGNORECASE)
_SAFE_URL = re.compile(r"^(https?://|mailto:)", re.IGNORECASE)


@cache
def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False, "breaks": True}).enable("strikethrough")
    # Not of chat: a title by underlining, reference definitions, indented code, images, HTML.
    parser.disable(["lheading", "reference", "code", "image", "html_block", "html_inline", "hr", "heading"])
    parser.validateLink = lambda url: _SAFE_URL.match(url) is not None  # type: ignore[method-assign]
    return parser


def parse(markdown: str) -> tuple[Block, ...]:
    """The tree. Anything at all is a text: nothing raises."""
    blocks: list[Block] = []
    lists: list[int | None] = []
    quoted = 0
    for token in _parser().parse(markdown):
        match token.type:
            case "bullet_list_open":
                lists.append(None)
            case "ordered_list_open":
                lists.append(int(token.attrs.get("start", 1)))
            case "bullet_list_close" | "ordered_list_close":
                lists.pop()
            case "list_item_close" if lists and lists[-1] is not None:
                lists[-1] += 1
            case "blockquote_open":
                quoted += 1
            case "blockquote_close":
                quoted -= 1
            case "fence" | "code_block":
                blocks.append(CodeBlock(token.content.removesuffix("\n"), token.info.strip().split(" ")[0]))
            case "inline":
                spans = tuple(_spans(token.children or ()))
                if lists:
                    blocks.append(Item(spans, len(lists) - 1, lists[-1]))
                elif quoted and blocks and isinstance(blocks[-1], Quote):
                    blocks[-1] = Quote((*blocks[-1].spans, Span("\n"), *spans))
                else:
                    blocks.append(Quote(spans) if quoted else Paragraph(spans))
            case _:
                pass
    return tuple(blocks)


def _spans(tokens: Sequence[Token]) -> Iterator[Span]:
    style = Span("")
    for token in tokens:
        match token.type:
            case "text" | "text_special" if token.content:
                yield from _linked(replace(style, text=token.content))
            case "softbreak" | "hardbreak":
                yield Span("\n")
            case "code_inline":
                yield replace(style, text=token.content, code=True)
            case "link_open":
                style = replace(style, url=str(token.attrs.get("href", "")))
            case "link_close":
                style = replace(style, url="")
            case "strong_open" | "strong_close":
                style = replace(style, bold=token.nesting == 1)
            case "em_open" | "em_close":
                style = replace(style, italic=token.nesting == 1)
            case "s_open" | "s_close":
                style = replace(style, strike=token.nesting == 1)
            case _:
                pass


def _linked(span: Span) -> Iterator[Span]:
    """Addresses typed as plain words are links."""
    if span.url or "://" not in span.text:
        yield span
        return
    for number, text in enumerate(_ADDRESS.split(span.text)):
        if text:
            yield replace(span, text=text, url=text if number % 2 else "")


def merged(spans: Sequence[Span]) -> Line:
    """The same words in as few spans as there are styles."""
    found: list[Span] = []
    for span in spans:
        if found and span.text and replace(found[-1], text="") == replace(span, text=""):
            found[-1] = replace(span, text=found[-1].text + span.text)
        elif span.text:
            found.append(span)
    return tuple(found)


# --- writing ----------------------------------------------------------------------------------------------------


def escape(text: str) -> str:
    """Plain words as Markdown: nothing in them means anything."""
    text = _LINE_START.sub(r"\1\\\2", _SPECIAL.sub(r"\\\1", text))
    return _LINE_NUMBER.sub(r"\1\\\2", text)


def write(blocks: Sequence[Block]) -> str:
    """The tree as Markdown again."""
    lines: list[str] = []
    before: Block | None = None
    for block in blocks:
        if before is not None and not (isinstance(before, Item) and isinstance(block, Item)):
            lines.append("")
        match block:
            case Paragraph():
                lines.append(_inline(block.spans))
            case Quote():
                lines += (f"> {line}" for line in _inline(block.spans).split("\n"))
            case CodeBlock():
                fence = "`" * max(3, 1 + max((len(run) for run in re.findall(r"`+", block.text)), default=0))
                lines += (f"{fence}{block.language}", block.text, fence)
            case Item():
                mark = "-" if block.number is None else f"{block.number}."
                lines.append(f"{'   ' * block.indent}{mark} {_inline(block.spans)}")
        before = block
    return "\n".join(lines)


def _inline(spans: Sequence[Span]) -> str:
    return "".join(_one(span) for span in merged(spans))


def _one(span: Span) -> str:
    if span.code:
        run = "`" * (1 + max((len(found) for found in re.findall(r"`+", span.text)), default=0))
        pad = " " if span.text.startswith("`") or span.text.endswith("`") else ""
        text = f"{run}{pad}{span.text}{pad}{run}"
    else:
        text = escape(span.text)
    if span.url:
        text = f"[{text}](<{span.url}>)"
    # Marks stand against the words: white space goes outside them.
    inner = text.strip()
    if not inner:
        return text
    before, after = text[: len(text) - len(text.lstrip())], text[len(text.rstrip()) :]
    for on, mark in ((span.italic, "*"), (span.bold, "**"), (span.strike, "~~")):
        if on:
            inner = f"{mark}{inner}{mark}"
    return before + inner + after


# --- cutting ----------------------------------------------------------------------------------------------------


def visible(block: Block) -> int:
    """About how many characters a block takes."""
    return len(block.text) + 8 if isinstance(block, CodeBlock) else sum(len(span.text) for span in block.spans) + 4


def parts(blocks: Sequence[Block], limit: int) -> list[tuple[Block, ...]]:
    """The tree in pieces of at most `limit` visible characters: cut between blocks, else lines, words, characters."""
    found: list[tuple[Block, ...]] = []
    piece: list[Block] = []
    room = limit
    for whole in blocks:
        for block in _cut(whole, limit):
            if visible(block) > room and piece:
                found.append(tuple(piece))
                piece, room = [], limit
            piece.append(block)
            room -= visible(block) + 2
    return [*found, tuple(piece)] if piece else found


def _cut(block: Block, limit: int) -> Iterator[Block]:
    room = max(limit - 10, 1)
    if isinstance(block, CodeBlock):
        for text in _cut_text(block.text, room):
            yield replace(block, text=text)
        return
    spans: list[Span] = []
    left = room
    for span in block.spans:
        for number, text in enumerate(_cut_text(span.text, room)):
            if (number or len(text) > left) and spans:
                yield replace(block, spans=tuple(spans))
                spans, left = [], room
            spans.append(replace(span, text=text))
            left -= len(text)
    yield replace(block, spans=tuple(spans))


def _cut_text(text: str, limit: int) -> Iterator[str]:
    while len(text) > limit:
        at = max(text.rfind("\n", 0, limit) + 1, 0) or max(text.rfind(" ", 0, limit) + 1, 0)
        at = at if at > limit // 2 else limit
        yield text[:at]
        text = text[at:]
    yield text
