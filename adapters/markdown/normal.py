"""The one form of each tree: what Markdown cannot say or nobody can see is left out, so that trees can be compared.

- white space between words of different styles has none of them; a style does not run over an empty line
- inline code has no line breaks
- a paragraph has no empty lines (it is several), a quote at most one between its paragraphs
- addresses are links; a link leads nowhere but to http, https and mailto
- a list begins at indent 0 and goes one deeper at a time
- control characters and zero-width spaces are gone
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from adapters.markdown.links import linked, safe_url, same_address
from adapters.markdown.tree import CodeBlock, Item, Line, Paragraph, Quote, Span, merged

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from adapters.markdown.tree import Block

_BREAKS = re.compile("\r\n?|[\x85\u2028\u2029\v\f]")
_INVISIBLE = re.compile("[\x00-\x08\x0e-\x1f\x7f\u200b\ufeff\ud800-\udfff]")
_BREAK_IN_SPACE = re.compile(r"[ \t]*\n")
_MANY_BREAKS = re.compile(r"\n{2,}")
_LANGUAGE = re.compile(r"[^A-Za-z0-9+#_.-]")
_STYLES = ("bold", "italic", "strike")
DEEPEST = 8  # Slack's deepest indent of a list
_LARGEST = 999_999_999  # nine digits, as CommonMark has it


def normal(blocks: Iterable[Block]) -> tuple[Block, ...]:
    """The tree's one form: see above."""
    found: list[Block] = []
    for block in blocks:
        for one in _normal(block):
            before = found[-1] if found else None
            match one, before:
                case Quote(), Quote():
                    found[-1] = Quote((*before.spans, Span("\n\n"), *one.spans))
                case Item(), _:
                    level = before.indent + 1 if isinstance(before, Item) and before.quoted == one.quoted else 0
                    found.append(replace(one, indent=min(one.indent, level, DEEPEST)))
                case _:
                    found.append(one)
    return tuple(Quote(merged(block.spans)) if isinstance(block, Quote) else block for block in found)


def clean(text: str) -> str:
    """Without what cannot be seen, all line breaks alike."""
    return _INVISIBLE.sub("", _BREAKS.sub("\n", text))


def _normal(block: Block) -> Iterator[Block]:
    match block:
        case CodeBlock():
            text = clean(block.text).strip("\n")
            if block.quoted:
                text = text.expandtabs(4)
            if text.strip():
                yield replace(block, text=text, language=_LANGUAGE.sub("", block.language)[:30])
        case Paragraph():
            yield from (Paragraph(spans) for spans in _paragraphs(block.spans))
        case Quote():
            spans: list[Span] = []
            for paragraph in _paragraphs(block.spans):
                spans += ([Span("\n\n")] if spans else []) + list(paragraph)
            if spans:
                yield Quote(merged(spans))
        case Item():
            # One entry is one paragraph: its empty lines are line breaks.
            whole = merged(span.worded(clean(span.text)) for span in block.spans)
            spans = [span for line in _paragraphs(_without_empty_lines(whole)) for span in line]
            number = None if block.number is None else min(max(block.number, 0), _LARGEST)
            if spans:
                yield replace(block, spans=merged(spans), indent=max(block.indent, 0), number=number)


def _paragraphs(spans: Sequence[Span]) -> Iterator[Line]:
    """The paragraphs of a line, each trimmed and with styles that stand against words."""
    cleaned = [span.worded(clean(span.text)) for span in spans]
    pieces: list[Span] = []  # a newline is never code
    for span in cleaned:
        if span.code and "\n" in span.text:
            for number, text in enumerate(span.text.split("\n")):
                pieces += ([Span("\n")] if number else []) + [span.worded(text)]
        else:
            pieces.append(span)
    for paragraph in _split(_without_trailing_space(pieces)):
        line = _trimmed(paragraph)
        line = merged(_spaced(merged(_link(line))))
        line = merged(one for span in line for one in linked(span))
        if any(span.text.strip() for span in line):
            yield line


def _without_trailing_space(spans: Iterable[Span]) -> Line:
    """Spaces before a line break are gone, also where they are of another style."""
    line = merged(spans)
    found: list[Span] = []
    starts_with_break = False
    for span in reversed(line):
        text = span.text
        if not span.code:
            text = _BREAK_IN_SPACE.sub("\n", text)
            if starts_with_break:
                text = text.rstrip(" \t")
        if text:
            starts_with_break = text.startswith("\n")
            found.append(span.worded(text))
    return merged(reversed(found))


def _without_empty_lines(spans: Line) -> Line:
    found: list[Span] = []
    for number, paragraph in enumerate(_split(_without_trailing_space(spans))):
        found += ([Span("\n")] if number else []) + list(paragraph)
    return merged(found)


def _split(spans: Line) -> Iterator[Line]:
    """At empty lines, also where their two newlines are of two styles."""
    whole = "".join(span.text for span in spans)
    at = 0
    for match in _MANY_BREAKS.finditer(whole):
        yield cut_spans(spans, at, match.start())
        at = match.end()
    yield cut_spans(spans, at, len(whole)) if at else spans


def cut_spans(spans: Line, start: int, end: int) -> Line:
    """The characters from `start` up to `end`."""
    found = []
    at = 0
    for span in spans:
        if at >= end:
            break
        text = span.text[max(start - at, 0) : end - at]
        at += len(span.text)
        if text:
            found.append(span.worded(text))
    return tuple(found)


def _trimmed(spans: Line) -> Line:
    """Without white space around the whole; inline code keeps its own."""
    found = list(spans)
    while found and not found[0].code and not found[0].text.lstrip():
        found.pop(0)
    while found and not found[-1].code and not found[-1].text.rstrip():
        found.pop()
    if found and not found[0].code:
        found[0] = found[0].worded(found[0].text.lstrip())
    if found and not found[-1].code:
        found[-1] = found[-1].worded(found[-1].text.rstrip())
    return tuple(found)


def _spaced(spans: Line) -> Iterator[Span]:
    """White space has the style of the words around it where both have the same, else none."""
    before: Span | None = None
    space: list[Span] = []
    for span in spans:
        core = span.text if span.code else span.text.strip()
        lead = span.text[: len(span.text) - len(span.text.lstrip())] if not span.code else ""
        if lead:
            space.append(span.worded(lead))
        if not core:
            continue
        same = before is not None and all(getattr(before, style) == getattr(span, style) for style in _STYLES)
        for one in space:
            alike = same and span.is_like(one)
            yield (
                one
                if alike
                else replace(one, bold=same and span.bold, italic=same and span.italic, strike=same and span.strike)
            )
        space = []
        yield span.worded(core)
        before = span
        trail = span.text[len(lead) + len(core) :]
        if trail:
            space.append(span.worded(trail))
    yield from space


def _link(spans: Line) -> Iterator[Span]:
    """Links with safe addresses, each within one line and standing against its words."""
    for span in spans:
        if not span.url:
            yield span
            continue
        url = safe_url(span.url)
        for number, text in enumerate(span.text.split("\n")):
            if number:
                yield replace(span, text="\n", url="")
            one = replace(span, text=text, url=url)
            if not url:
                yield one
            elif same_address(text, url) and not url.lower().startswith("mailto:"):
                yield one.worded(url)
            else:
                words = text if span.code else text.strip()
                at = text.find(words)
                yield replace(one, text=text[:at], url="")
                yield one.worded(words)
                yield replace(one, text=text[at + len(words) :], url="")
