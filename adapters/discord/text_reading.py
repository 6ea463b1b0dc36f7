"""Discord's dialect of Markdown read into the desk's tree, as Discord's own clients read it.

What has no home here: `__underline__` becomes italics, `||spoilers||` keep their words, headings become bold lines,
small type becomes plain words. No entities, no reference links: Discord has none.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Protocol

from adapters.markdown import NOTHING, CodeBlock, Item, Paragraph, Quote, Span, merged

if TYPE_CHECKING:
    from collections.abc import Iterator

    from adapters.markdown import Block


class Names(Protocol):
    """Readable names of what a text mentions."""

    def user(self, id: str) -> str: ...  # noqa: A002 - the word of the network

    def role(self, id: str) -> str: ...  # noqa: A002 - the word of the network

    def channel(self, id: str) -> str: ...  # noqa: A002 - the word of the network


_FENCE = re.compile(r"(?<!\\)```")
_LANGUAGE = re.compile(r"([A-Za-z0-9_+.#-]*)\n")
_ITEM = re.compile(r"([ ]*)(?:[-*]|(\d{1,9})\.)[ ]+(?=\S)(.*)")
_HEADING = re.compile(r"#{1,3}[ ]+(\S.*?)[ ]*$")
_SMALL = re.compile(r"-#[ ]+(?=\S)")
_TOKEN = re.compile(
    r"\\(?P<escaped>[^0-9A-Za-z\s])"
    r"|(?P<ticks>`+)"
    r"|<@!?(?P<user>\d{1,20})>|<@&(?P<role>\d{1,20})>|<#(?P<channel>\d{1,20})>"
    r"|<a?:(?P<emoji>\w{1,32}):\d{1,20}>|<t:(?P<time>-?\d{1,12})(?::\w)?>|</(?P<command>[^:<>\n]{1,100}):\d{1,20}>"
    r"|<(?P<address>https?://[^\s<>]+)>"
    r"|(?P<bare>https?://[^\s<>]+)"
    r"|\[(?P<label>(?:\\.|[^\[\]\\\n])+)\]"
    r"\((?:<(?P<angled>[^<>\s]+)>|(?P<target>[^\s()<>]*(?:\([^\s()<>]*\)[^\s()<>]*)*))(?:[ ]+\"[^\"\n]*\")?\)"
    r"|(?P<mark>\*+|_+|~~|\|\|)"
)
_UNITS = {"*": ("**", "*"), "_": ("__", "_"), "~": ("~~",), "|": ("||",)}
_STYLE = {"**": "bold", "*": "italic", "_": "italic", "__": "italic", "~~": "strike", "||": ""}


def read(content: str, names: Names) -> Iterator[Block]:
    """The blocks of a message."""
    content = content.replace("\r\n", "\n")
    for text, quoted in _quotes(content):
        for block in _Reader(names).blocks(text):
            match block:
                case Paragraph() if quoted:
                    yield Quote(block.spans)
                case CodeBlock() | Item() if quoted:
                    yield replace(block, quoted=True)
                case _:
                    yield block


def _quotes(content: str) -> Iterator[tuple[str, bool]]:
    """The text in stretches that are quoted or not. A quote's sign within a code block is code."""
    lines = content.split("\n")
    held: list[str] = []
    was_quoted = fenced = False
    for number, line in enumerate(lines):
        if line.startswith(">>> ") and not (fenced and not was_quoted):
            yield "\n".join(held), was_quoted
            yield "\n".join([line[4:], *lines[number + 1 :]]), True
            return
        quoted = (line.startswith("> ") or (line == ">" and was_quoted)) and not (fenced and not was_quoted)
        if quoted != was_quoted:
            yield "\n".join(held), was_quoted
            held, fenced = [], False
        held.append(line[2:] if quoted else line)
        fences = len(_FENCE.findall(line))
        # Without its end a fence is three backticks.
        if fences % 2:
            fenced = False if fenced else any(_FENCE.search(later) for later in lines[number + 1 :])
        was_quoted = quoted
    yield "\n".join(held), was_quoted


@dataclass(frozen=True, slots=True)
class _Reader:
    names: Names

    def blocks(self, text: str) -> Iterator[Block]:
        """The blocks of a stretch that is quoted as a whole or not at all."""
        marks = [found.start() for found in _FENCE.finditer(text)]
        at = 0
        for start, end in zip(marks[::2], marks[1::2], strict=False):
            inner = text[start + 3 : end]
            if not inner.strip():
                continue
            yield from self._lines(text[at:start])
            language = _LANGUAGE.match(inner)
            code = inner[language.end() :] if language else inner
            yield CodeBlock(code.replace(f"`{NOTHING}", "`"), language[1] if language else "")
            at = end + 3
        yield from self._lines(text[at:])

    def _lines(self, text: str) -> Iterator[Block]:
        words: list[str] = []  # lines of the open paragraph
        item: tuple[int, int | None, list[str]] | None = None
        column = -1  # how far the last item was indented
        level = 0
        number = 0
        for line in [*text.split("\n"), ""]:
            match = _ITEM.match(line)
            if item is not None and match is None and line.strip() and line.startswith("  "):
                cut = min(len(line) - len(line.lstrip(" ")), 2 * (item[0] + 1))
                item[2].append(line[cut:])
                continue
            if item:
                yield Item(self.spans("\n".join(item[2])), item[0], item[1])
                item = None
            if match:
                if words:
                    yield Paragraph(self.spans("\n".join(words)))
                    words = []
                level = min(len(match[1]) // 2, level + 1) if column >= 0 else 0
                column = len(match[1])
                number = int(match[2]) if match[2] else 0
                item = (level, number if match[2] else None, [match[3]])
            elif heading := _HEADING.match(line):
                if words:
                    yield Paragraph(self.spans("\n".join(words)))
                    words = []
                column, level = -1, 0
                yield Paragraph(tuple(replace(span, bold=True) for span in self.spans(heading[1])))
            else:
                if line.strip():
                    column, level = -1, 0
                words.append(_SMALL.sub("", line, count=1) if line.startswith("-#") else line)
        if words:
            yield Paragraph(self.spans("\n".join(words)))

    # --- inline -------------------------------------------------------------------------------------------------

    def spans(self, text: str) -> tuple[Span, ...]:
        """The words with their styles. Marks without a partner are words."""
        pieces = list(self._pieces(text))
        paired = _paired(pieces)
        on = {"bold": 0, "italic": 0, "strike": 0}
        found: list[Span] = []
        for index, piece in enumerate(pieces):
            if index in paired:
                style = _STYLE[str(piece)]
                if style:
                    on[style] += paired[index]
                continue
            span = Span(piece.text) if isinstance(piece, _Mark) else piece
            found.append(
                replace(
                    span,
                    bold=span.bold or on["bold"] > 0,
                    italic=span.italic or on["italic"] > 0,
                    strike=span.strike or on["strike"] > 0,
                )
            )
        return merged(found)

    def _pieces(self, text: str) -> Iterator[Span | _Mark]:
        at = 0
        closing = _code_ends(text)
        triples = 0
        while match := _TOKEN.search(text, at):
            if at < match.start():
                yield Span(text[at : match.start()])
            at = match.end()
            kind = str(match.lastgroup)
            value = match[0]
            if match["escaped"]:
                yield Span(match["escaped"])
            elif match["ticks"]:
                end = closing.get(match.start())
                if end is None:
                    yield Span(value)
                else:
                    yield Span(_unpadded(text[at:end]), code=True)
                    at = end + len(value)
            elif match["mark"]:
                yield from _marks(match, text, reverse=triples % 2 == 1)
                triples += len(value) > 2 and len(value) % 2  # noqa: PLR2004 - bold and italic together
            elif match["bare"] or match["address"]:
                url = match["bare"] or match["address"]
                # A bare address may have the sentence's marks at its end: what is a link is found later.
                yield Span(url, url="" if match["bare"] else url)
            elif match["label"]:
                url = match["angled"] or match["target"] or ""
                label = self.spans(match["label"])
                if re.match(r"https?://\S", url, re.IGNORECASE):
                    yield from (replace(span, url=url) for span in label)
                else:
                    yield from (Span("["), *label, Span(f"]({url})"))
            else:
                yield Span(self._readable(kind, match[kind]))
        yield Span(text[at:])

    def _readable(self, kind: str, value: str) -> str:
        match kind:
            case "user":
                return f"@{self.names.user(value)}"
            case "role":
                return f"@{self.names.role(value)}"
            case "channel":
                return f"#{self.names.channel(value)}"
            case "emoji":
                return f":{value}:"
            case "time":
                return _moment(int(value))
            case _:
                return f"/{value}"


@dataclass(frozen=True, slots=True)
class _Mark:
    text: str
    opens: bool
    closes: bool

    def __str__(self) -> str:
        return self.text


def _marks(match: re.Match[str], text: str, *, reverse: bool) -> Iterator[_Mark]:
    run = match[0]
    before = text[match.start() - 1] if match.start() else " "
    after = text[match.end()] if match.end() < len(text) else " "
    opens, closes = not after.isspace(), not before.isspace()
    if run[0] == "_" and len(run) == 1:  # within a word it means nothing
        opens, closes = opens and not before.isalnum(), closes and not after.isalnum()
    double = _UNITS[run[0]][0]
    # "***" opens as "**" and "*" and closes the other way round: every second one closes.
    pairs, single = divmod(len(run), 2)
    units = [double] * pairs + ([run[0]] if single else [])
    if reverse:
        units.reverse()
    yield from (_Mark(unit, opens or len(unit) > 1, closes or len(unit) > 1) for unit in units)


def _paired(pieces: list[Span | _Mark]) -> dict[int, int]:
    """Which marks have a partner: +1 where it opens, -1 where it closes. Marks left open within are words."""
    found: dict[int, int] = {}
    stack: list[int] = []
    open_: dict[str, int] = {}
    for index, piece in enumerate(pieces):
        if not isinstance(piece, _Mark):
            continue
        if piece.closes and open_.get(piece.text):
            while True:
                start = stack.pop()
                text = str(pieces[start])
                open_[text] -= 1
                if text == piece.text:
                    break
            if index - start > 1:
                found[start], found[index] = 1, -1
        elif piece.opens:
            stack.append(index)
            open_[piece.text] = open_.get(piece.text, 0) + 1
    return found


def _code_ends(text: str) -> dict[int, int]:
    """Where the inline code ends that each run of backticks begins."""
    runs = [(found.start(), len(found[0])) for found in re.finditer(r"`+", text)]
    ends: dict[int, int] = {}
    latest: dict[int, int] = {}
    for start, length in reversed(runs):
        if length in latest:
            ends[start] = latest[length]
        latest[length] = start
    return ends


def _unpadded(code: str) -> str:
    code = code.replace(f"`{NOTHING}", "`")
    if code.startswith(" ") and code.lstrip(" ").startswith("`"):
        code = code[1:]
    if code.endswith(" ") and code.rstrip(" ").endswith("`"):
        code = code[:-1]
    return code


def _moment(seconds: int) -> str:
    try:
        return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M} UTC"
    except (OverflowError, ValueError, OSError):
        return str(seconds)
