"""Markdown read into the tree, by a CommonMark parser."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

from markdown_it import MarkdownIt

from adapters.markdown.links import safe_url
from adapters.markdown.normal import normal
from adapters.markdown.tree import NOTHING, CodeBlock, Item, Paragraph, Quote, Span, is_prose

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from markdown_it.token import Token

    from adapters.markdown.tree import Block

# More marks in a row, or deeper in a line, than any writing has: a recursive parser must not be led down there.
_TOO_DEEP = re.compile(r"^((?:[ \t]*(?:[-+*>]|\d{1,9}[.)])){12}[ \t]*)(?=[-+*>\d])", re.MULTILINE)
_TOO_FAR = re.compile(r"^([ \t]{60,})(?=[-+*>\d])", re.MULTILINE)
_STYLES = {"strong": "bold", "em": "italic", "s": "strike"}
_NESTING = 60  # of blocks; what `_TOO_DEEP` and `_TOO_FAR` let through is less


@cache
def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False, "breaks": True, "maxNesting": _NESTING}).enable("strikethrough")
    # Not of chat: a title by underlining, reference definitions, indented code, images, HTML.
    parser.disable(["lheading", "reference", "code", "image", "html_block", "html_inline", "hr", "heading"])
    parser.validateLink = lambda url: bool(safe_url(url))  # type: ignore[method-assign]
    parser.normalizeLink = safe_url  # type: ignore[method-assign]
    parser.normalizeLinkText = lambda link: link  # type: ignore[method-assign]
    return parser


def parse(markdown: str) -> tuple[Block, ...]:
    """The tree. Anything at all is a text: nothing raises."""
    if is_prose(markdown):
        return (Paragraph((Span(markdown),)),)
    markdown = _TOO_DEEP.sub(rf"\1{NOTHING}", _TOO_FAR.sub(rf"\1{NOTHING}", markdown))
    return normal(_blocks(_parser().parse(markdown)))


def _blocks(tokens: Sequence[Token]) -> Iterator[Block]:
    lists: list[int | None] = []  # the number of the next item of each open list, None for bullets
    quoted = 0
    item: Item | None = None  # the open item, to which further paragraphs belong
    for token in tokens:
        match token.type:
            case "bullet_list_open":
                lists.append(None)
            case "ordered_list_open":
                start = token.attrs.get("start", 1)
                lists.append(int(start))
            case "bullet_list_close" | "ordered_list_close":
                lists.pop()
            case "list_item_close":
                number = lists[-1]
                lists[-1] = None if number is None else number + 1
            case "blockquote_open":
                quoted += 1
            case "blockquote_close":
                quoted -= 1
            case "fence" | "code_block":
                if item:
                    yield item
                    item = None
                yield CodeBlock(token.content, token.info.strip().split(" ")[0], bool(quoted))
                continue
            case "inline":
                spans = tuple(_spans(token.children or ()))
                if item:
                    item = replace(item, spans=(*item.spans, Span("\n"), *spans))
                elif lists:
                    item = Item(spans, len(lists) - 1, lists[-1], bool(quoted))
                else:
                    yield Quote(spans) if quoted else Paragraph(spans)
                continue
            case _:
                continue
        if item:
            yield item
            item = None
    if item:
        yield item


def _spans(tokens: Sequence[Token]) -> Iterator[Span]:
    depth: Counter[str] = Counter()
    style = Span("")
    for token in tokens:
        match token.type:
            case "text" | "text_special":
                yield style.worded(token.content)
            case "softbreak" | "hardbreak":
                yield style.worded("\n")
            case "code_inline":
                yield replace(style, text=token.content, code=True)
            case "link_open":
                style = replace(style, url=str(token.attrs.get("href", "")))
            case "link_close":
                style = replace(style, url="")
            case _:
                field = _STYLES.get(token.tag)
                if field:
                    depth[field] += token.nesting
                    style = replace(style, **{field: depth[field] > 0})  # type: ignore[arg-type]
