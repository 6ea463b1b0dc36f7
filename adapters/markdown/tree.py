"""The tree that the desk's Markdown is read into: a flat row of blocks, each a row of spans.

It holds what both networks can show and no more: a quote may hold words, lists and code, but not another quote.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

NOTHING = "\u200b"  # a zero-width space: set between marks so that they are read as meant; never part of the words


@dataclass(frozen=True, slots=True)
class Span:
    """Words in one style; with `url` a link. A line break is a newline in the text."""

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
    """Somebody's words; an empty line among them stands between paragraphs."""

    spans: Line


@dataclass(frozen=True, slots=True)
class CodeBlock:
    """Text as it stands."""

    text: str
    language: str = ""
    quoted: bool = False


@dataclass(frozen=True, slots=True)
class Item:
    """One entry of a list; `number` is None for a bullet, `indent` counts from 0."""

    spans: Line
    indent: int = 0
    number: int | None = None
    quoted: bool = False


Block = Paragraph | Quote | CodeBlock | Item


def merged(spans: Iterable[Span]) -> Line:
    """The same words in as few spans as there are styles."""
    found: list[tuple[Span, list[str]]] = []
    for span in spans:
        if not span.text:
            continue
        style = replace(span, text="")
        if found and found[-1][0] == style:
            found[-1][1].append(span.text)
        else:
            found.append((style, [span.text]))
    return tuple(replace(style, text="".join(texts)) for style, texts in found)
