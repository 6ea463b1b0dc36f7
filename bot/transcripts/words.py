"""What people typed as HTML: the desk's Markdown with every character escaped, and no link that leads anywhere.

An address is shown as words, and a link's label with its address beside it, so that neither can hide the other.
"""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, assert_never

from markupsafe import Markup, escape

from adapters.markdown import CodeBlock, Item, Paragraph, Quote, parse

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from adapters.markdown import Block, Line, Span

_STYLES = (("bold", "b"), ("italic", "i"), ("strike", "s"), ("code", "code"))


def html_of(body: str) -> Markup:
    """Markdown as HTML that is safe whatever it holds."""
    found: list[Markup] = []
    for quoted, blocks in groupby(parse(body), key=_is_quoted):
        inner = Markup("").join(_blocks(blocks))
        found.append(_tag("blockquote", inner) if quoted else inner)
    return Markup("\n").join(found)


def _is_quoted(block: Block) -> bool:
    return isinstance(block, Quote) or (isinstance(block, CodeBlock | Item) and block.quoted)


def _blocks(blocks: Iterable[Block]) -> Iterator[Markup]:
    for is_list, group in groupby(blocks, key=lambda block: isinstance(block, Item)):
        if is_list:
            yield _tag("div", Markup("").join(_item(item) for item in group if isinstance(item, Item)), "list")
        else:
            yield from map(_block, group)


def _block(block: Block) -> Markup:
    match block:
        case Paragraph() | Quote():
            return _tag("p", _spans(block.spans))
        case CodeBlock():
            return _tag("pre", _tag("code", escape(block.text)))
        case Item():
            return _item(block)
        case _:
            assert_never(block)


def _item(item: Item) -> Markup:
    mark = escape("•" if item.number is None else f"{item.number}.")
    return _tag("div", _tag("span", mark, "mark") + _tag("span", _spans(item.spans)), f"item deep{item.indent}")


def _spans(spans: Line) -> Markup:
    return Markup("").join(_span(span) for span in spans)


def _span(span: Span) -> Markup:
    text = Markup("<br>").join(escape(line) for line in span.text.split("\n"))
    for style, tag in _STYLES:
        if getattr(span, style):
            text = _tag(tag, text)
    if span.url and span.url != span.text:
        return text + " " + _tag("span", escape(f"({span.url})"), "address")
    return _tag("span", text, "address") if span.url else text


def _tag(name: str, inner: Markup, classes: str = "") -> Markup:
    """`name` and `classes` are our own words; `inner` is escaped already."""
    attribute = f' class="{classes}"' if classes else ""
    return Markup(f"<{name}{attribute}>") + inner + Markup(f"</{name}>")  # noqa: S704 - only our own words
