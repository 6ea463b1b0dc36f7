"""The tree in pieces that fit a message: cut between blocks, else at lines, words, and last between characters."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import replace
from typing import TYPE_CHECKING

from adapters.markdown.tree import CodeBlock, Item, Paragraph, Span, merged

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from adapters.markdown.tree import Block, Line

_BETWEEN = 2  # characters between two blocks: an empty line
_LONGEST_CLUSTER = 32  # code points of one character as people see it; longer ones are cut
_REGIONAL = re.compile("[\U0001f1e6-\U0001f1ff]*$")


def visible(block: Block) -> int:
    """How many characters a block takes at most, with its list's number and a quote's sign."""
    if isinstance(block, CodeBlock):
        return len(block.text)
    mark = len(f"{block.number or ''}. ") if isinstance(block, Item) else 0
    return sum(len(span.text) for span in block.spans) + mark


def parts(blocks: Sequence[Block], limit: int) -> list[tuple[Block, ...]]:
    """The tree in pieces of at most `limit` visible characters each; the white space at a cut is left out."""
    found: list[tuple[Block, ...]] = []
    piece: list[Block] = []
    room = limit
    for whole in blocks:
        for block in _cut(whole, limit):
            size = visible(block)
            if size > room and piece:
                found.append(tuple(piece))
                piece, room = [], limit
            piece.append(block)
            room -= size + _BETWEEN
    return [*found, tuple(piece)] if piece else found


def _cut(block: Block, limit: int) -> Iterator[Block]:
    if visible(block) <= limit:
        yield block
        return
    if isinstance(block, CodeBlock):
        for start, end in _cuts(block.text, limit):
            text = block.text[start:end].strip("\n")
            if text.strip():
                yield replace(block, text=text)
        return
    whole = "".join(span.text for span in block.spans)
    room = max(limit - (visible(block) - len(whole)), 1)
    for number, (start, end) in enumerate(_cuts(whole, room)):
        # White space at a cut is not shown, except what indents a line.
        before = whole[start:end]
        kept = before.rstrip()
        lead = len(before) - len(before.lstrip())
        if kept:
            spans = _slice(block.spans, start + lead, start + len(kept))
            # An item's number stands once: what does not fit goes on without it.
            yield Paragraph(spans) if number and isinstance(block, Item) else replace(block, spans=spans)


def _slice(spans: Line, start: int, end: int) -> Line:
    """Those characters; a piece of an address is no longer one."""
    found: list[Span] = []
    at = 0
    for span in spans:
        text = span.text[max(start - at, 0) : max(end - at, 0)]
        whole = len(text) == len(span.text)
        at += len(span.text)
        if text:
            found.append(replace(span, text=text, url=span.url if whole or span.url != span.text else ""))
    return merged(found)


def _cuts(text: str, limit: int) -> Iterator[tuple[int, int]]:
    start = 0
    while len(text) - start > limit:
        end = _end(text, start, start + limit)
        yield start, end
        start = end
    yield start, len(text)


def _end(text: str, start: int, furthest: int) -> int:
    """Where to cut at the latest at `furthest`: after a line or a word in the second half, else between characters."""
    half = start + (furthest - start) // 2
    for sign in ("\n\n", "\n", " "):
        at = text.rfind(sign, half, furthest + len(sign))
        if at > start:
            return min(at + len(sign), furthest)
    at = furthest
    while at > max(start + 1, furthest - _LONGEST_CLUSTER) and _joined(text, at):
        at -= 1
    return furthest if _joined(text, at) else at


def _joined(text: str, at: int) -> bool:
    """Whether what stands before and after `at` is one character to people."""
    after, before = text[at], text[at - 1]
    if unicodedata.category(after)[0] == "M" or "\u200d" in (after, before) or "\U0001f3fb" <= after <= "\U0001f3ff":
        return True
    if "\U0001f1e6" <= after <= "\U0001f1ff":  # a flag is two of them
        run = _REGIONAL.search(text[max(at - _LONGEST_CLUSTER, 0) : at])
        return run is not None and len(run[0]) % 2 == 1
    return "\U000e0020" <= after <= "\U000e007f"  # tags: flags of regions
