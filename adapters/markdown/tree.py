"""The tree that the desk's Markdown is read into: a flat row of blocks, each a row of spans.

It holds what both networks can show and no more: a quote may hold words, lists and code, but not another quote.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
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

    @property
    def is_styled(self) -> bool:
        """Whether it is more than words."""
        return self.bold or self.italic or self.strike or self.code or bool(self.url)

    def worded(self, text: str) -> Span:
        """Other words in the same style: `replace`, at a quarter of its time."""
        if text == self.text:
            return self
        return Span(text, self.bold, self.italic, self.strike, self.code, self.url)

    def is_like(self, other: Span) -> bool:
        """Whether the two differ in their words at most."""
        return (
            self.bold == other.bold
            and self.italic == other.italic
            and self.strike == other.strike
            and self.code == other.code
            and self.url == other.url
        )


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
    found: list[Span] = []
    run: list[Span] = []  # spans of one style
    for span in spans:
        if not span.text:
            continue
        if run and not run[0].is_like(span):
            found.append(_joined(run))
            run = []
        run.append(span)
    if run:
        found.append(_joined(run))
    return tuple(found)


def _joined(run: list[Span]) -> Span:
    return run[0] if len(run) == 1 else run[0].worded("".join(span.text for span in run))


# Sentences and nothing else: each line begins with a letter and ends with a sign, and nothing in it has a meaning in
# Markdown, wherever it stands.
_SIGN = r"[^\W_]|[,.;:?!'\"()%€/@’«»…–-]|[\U0001f300-\U0001f64f]"
_LINE = rf"[^\W\d_](?:(?:{_SIGN}| )*(?:{_SIGN}))?"
_PROSE = re.compile(rf"{_LINE}(?:\n{_LINE})*\Z")


def is_prose(text: str) -> bool:
    """Whether this is read as one paragraph of just these words, and written the same: most of what people say is, and
    needs no parser. False where in doubt.
    """
    return _PROSE.match(text) is not None and "://" not in text
