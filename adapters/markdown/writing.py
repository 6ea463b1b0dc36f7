"""The tree written as Markdown, such that it is read as the same tree again.

Marks that stand against each other, or between a letter and a sign, are kept apart by a zero-width space, which
reading drops: CommonMark would take them for something else.
"""

from __future__ import annotations

import re
from string import punctuation
from typing import TYPE_CHECKING

from adapters.markdown.normal import normal
from adapters.markdown.tree import NOTHING, CodeBlock, Item, Paragraph, Quote, Span, is_prose

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from adapters.markdown.tree import Block

_SPECIAL = re.compile(
    r"([\\`*\[\]<]"
    r"|(?<![^\W_])_|_(?![^\W_])"  # within a word it means nothing
    r"|(?<=~)~|~(?=~)|^~|~$"
    r"|&(?=\#?\w+;))"
)
_LINE_START = re.compile(r"^([ \t]*)(?=>|\#{1,6}(?:[ \t]|$)|[+-](?:[ \t]|$)|[-=]+[ \t]*$)", re.MULTILINE)
_LINE_NUMBER = re.compile(r"^([ \t]*\d{1,9})(?=[.)](?:[ \t]|$))", re.MULTILINE)
_INDENT = re.compile(r"\n([ \t])")
_RUNS = re.compile(r"`+")
_MARKS = {"bold italic": "***", "bold": "**", "italic": "*", "strike": "~~"}


def escape(text: str) -> str:
    """Plain words as Markdown: nothing in them means anything."""
    text = _LINE_START.sub(r"\1\\", _SPECIAL.sub(r"\\\1", text))
    text = _LINE_NUMBER.sub(r"\1\\", text)
    return _INDENT.sub(lambda found: f"\n&#{ord(found[1])};", text)


def write(blocks: Sequence[Block]) -> str:
    """The tree as Markdown."""
    match blocks:
        case [Paragraph(spans=(Span() as span,))] if not span.is_styled and is_prose(span.text):
            return span.text
    lines: list[str] = []
    before: Block | None = None
    lists = _Lists()
    for block in normal(blocks):
        quote = "> " if isinstance(block, Quote) or (isinstance(block, CodeBlock | Item) and block.quoted) else ""
        was_quoted = isinstance(before, Quote) or (isinstance(before, CodeBlock | Item) and before.quoted)
        follows = isinstance(block, Item) and isinstance(before, Item) and block.quoted == before.quoted
        if not follows:
            lists = _Lists()
            if before is not None:
                lines.append(">" if quote and was_quoted else "")
        written = list(_block(block, lists, follows=follows))
        lines += (f"{quote}{line}".rstrip(" ") if quote and not line else f"{quote}{line}" for line in written)
        before = block
    return "\n".join(lines)


class _Lists:
    """The lists that are open where an item is written: how wide their marks are, and what comes next in each."""

    def __init__(self) -> None:
        self._open: list[tuple[str, int | None]] = []  # the mark as written, the number

    def mark(self, item: Item) -> tuple[str, str, bool]:
        """The indent, the mark, and whether a line must be free before it."""
        before = self._open[item.indent] if item.indent < len(self._open) else None
        del self._open[item.indent :]
        free = False
        if item.number is None:
            mark = "- "
        else:
            sign = "."
            # A list that does not go on from the one before is another: the sign after its numbers changes.
            same = before is not None and before[1] is not None and before[1] + 1 == item.number
            if before is not None and before[1] is not None:
                sign = before[0][-2] if same else ("." if before[0][-2] == ")" else ")")
            # Else "3." would be words of the line before.
            free = not same and item.number != 1
            mark = f"{item.number}{sign} "
        indent = " " * sum(len(mark) for mark, _ in self._open)
        self._open.append((mark, item.number))
        return indent, mark, free


def _block(block: Block, lists: _Lists, *, follows: bool) -> Iterator[str]:
    match block:
        case Paragraph() | Quote():
            yield from _inline(block.spans).split("\n")
        case CodeBlock():
            fence = "`" * max(3, 1 + max((len(run) for run in _RUNS.findall(block.text)), default=0))
            yield from (f"{fence}{block.language}", *block.text.split("\n"), fence)
        case Item():
            indent, mark, free = lists.mark(block)
            if free and follows:
                yield ""
            first, *rest = _inline(block.spans).split("\n")
            yield f"{indent}{mark}{first}"
            yield from (f"{indent}{' ' * len(mark)}{line}" for line in rest)


def _inline(spans: Sequence[Span]) -> str:
    return marked(spans, _one)


def _one(span: Span) -> str:
    if span.url and span.url == span.text and not span.code:
        return f"<{span.url}>"
    text = code_span(span.text) if span.code else escape(span.text)
    return f"[{text}](<{re.sub(r'&(?=#?[0-9A-Za-z]+;)', r'&amp;', span.url)}>)" if span.url else text


def code_span(text: str) -> str:
    """Inline code, between as many backticks as it takes."""
    runs = {len(run) for run in _RUNS.findall(text)}
    run = "`" * next(length for length in range(1, len(runs) + 2) if length not in runs)
    spaced = text.startswith(" ") and text.endswith(" ") and bool(text.strip(" "))
    pad = " " if spaced or text.startswith("`") or text.endswith("`") else ""
    return f"{run}{pad}{text}{pad}{run}"


# --- marks ------------------------------------------------------------------------------------------------------


def marked(spans: Sequence[Span], body: Callable[[Span], str]) -> str:
    """The spans' bodies between the marks of their styles, properly nested, each mark such that it is read as one."""
    if not any(span.bold or span.italic or span.strike for span in spans):
        return "".join(map(body, spans))
    tokens = list(_tokens(spans, body))
    out: list[str] = []
    for index, (kind, text) in enumerate(tokens):
        last = out[-1][-1] if out else " "
        following = tokens[index + 1] if index + 1 < len(tokens) else ("text", " ")
        if kind == "text":
            out.append(text)
            continue
        if kind == "close" and not _like_a_letter(last) and (following[0] != "text" or not _apart(following[1][0])):
            out.append(NOTHING)
            last = NOTHING
        if last == text[0]:  # else the two would be one longer mark
            out.append(NOTHING)
            last = NOTHING
        out.append(text)
        if kind == "open" and not _like_a_letter(following[1][0]) and not _apart(last):
            out.append(NOTHING)
    return "".join(out)


def _like_a_letter(char: str) -> bool:
    return char.isalnum() or char == NOTHING


def _apart(char: str) -> bool:
    return char.isspace() or char in punctuation


def _tokens(spans: Sequence[Span], body: Callable[[Span], str]) -> Iterator[tuple[str, str]]:
    stack: list[str] = []
    ends = _ends(spans)
    for index, span in enumerate(spans):
        keep = 0
        while keep < len(stack) and all(getattr(span, style) for style in stack[keep].split()):
            keep += 1
        for style in reversed(stack[keep:]):
            yield "close", _MARKS[style]
        del stack[keep:]
        already = {style for pair in stack for style in pair.split()}
        wanted = [style for style in ("bold", "italic", "strike") if getattr(span, style) and style not in already]
        last = {style: ends[style][index] for style in wanted}
        if "bold" in last and last.get("italic") == last["bold"]:
            last["bold italic"] = last["bold"]
            del last["bold"], last["italic"]
        for style in sorted(last, key=lambda one: -last[one]):  # the longest is the outermost
            yield "open", _MARKS[style]
            stack.append(style)
        text = body(span)
        if text:
            yield "text", text
    for style in reversed(stack):
        yield "close", _MARKS[style]


def _ends(spans: Sequence[Span]) -> dict[str, list[int]]:
    """For each style and span: the index at which the run of that style ends."""
    found: dict[str, list[int]] = {}
    for style in ("bold", "italic", "strike"):
        ends = [0] * len(spans)
        end = len(spans)
        for index in range(len(spans) - 1, -1, -1):
            if not getattr(spans[index], style) or "\n\n" in spans[index].text:
                end = index
            ends[index] = end
        found[style] = ends
    return found
