"""Slack's ways with text (mrkdwn and rich_text) to the desk's Markdown and back. Nothing that goes out can ping.

Outgoing words are `rich_text` blocks of literal text elements: Slack interprets no markup in them.
"""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import groupby
from typing import TYPE_CHECKING, Any, Protocol

from adapters.markdown import (
    Block,
    CodeBlock,
    Item,
    Line,
    Paragraph,
    Quote,
    Span,
    is_prose,
    merged,
    parse,
    parts,
    unmasked,
    write,
)
from adapters.slack.emoji import unicode_emoji

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence


_MARKS = "`*_~"


class Names(Protocol):
    """Readable names of what a text mentions."""

    def user(self, id: str) -> str: ...  # noqa: A002 - the word of the network

    def channel(self, id: str) -> str: ...  # noqa: A002 - the word of the network

    def group(self, id: str) -> str: ...  # noqa: A002 - the word of the network


_ENTITY = re.compile(r"<(?P<body>[^<>\n]+)>")
_MENTION = re.compile(r"<([@#]|!subteam\^)(\w+)")
_STYLED = re.compile(
    r"`(?P<code>[^`\n]+)`"
    r"|(?<![\w*])\*(?P<bold>[^\s*](?:[^*\n]*[^\s*])?)\*(?![\w*])"
    r"|(?<![\w_])_(?P<italic>[^\s_](?:[^_\n]*[^\s_])?)_(?![\w_])"
    r"|(?<![\w~])~(?P<strike>[^\s~](?:[^~\n]*[^\s~])?)~(?![\w~])"
    r"|:(?P<emoji>[a-z0-9_+'-]+):"
)


# --- from Slack -------------------------------------------------------------------------------------------------


def from_slack(text: str, blocks: Sequence[Mapping[str, Any]] | None, names: Names) -> str:
    """What somebody wrote, as the desk's Markdown: from the rich_text block where there is one, else from mrkdwn."""
    for block in blocks or ():
        if block.get("type") == "rich_text" and isinstance(block.get("elements"), list):
            return write(tuple(_from_rich(block["elements"], names)))
    return _from_mrkdwn(text, names)


def plainly(blocks: Any) -> str | None:
    """The words of blocks that hold one piece of prose and nothing else, as those of most messages do. None where there
    is more to them.
    """
    match blocks:
        case [{"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": [dict(leaf)]}]}]:
            said = leaf.get("text") if leaf.get("type") == "text" and not leaf.get("style") else None
            return said if isinstance(said, str) and is_prose(said) else None
        case _:
            return None


def mentioned(text: str, blocks: Sequence[Mapping[str, Any]] | None) -> set[str]:
    """Ids of the users, channels and groups that are named in it."""
    found = {match[2] for match in _MENTION.finditer(text or "")}
    stack: list[Any] = list(blocks or ())
    while stack:
        entry = stack.pop()
        if isinstance(entry, dict):
            found.update(
                entry[key] for key in ("user_id", "channel_id", "usergroup_id") if isinstance(entry.get(key), str)
            )
            stack += [value for value in entry.values() if isinstance(value, list)]
        elif isinstance(entry, list):
            stack += entry
    return found


def _from_rich(elements: Sequence[Any], names: Names) -> Iterator[Block]:
    for element in elements:
        if not isinstance(element, dict):
            continue
        leaves = element.get("elements")
        leaves = leaves if isinstance(leaves, list) else []
        match element.get("type"):
            case "rich_text_section":
                yield Paragraph(_leaves(leaves, names))
            case "rich_text_quote":
                yield Quote(_leaves(leaves, names))
            case "rich_text_preformatted":
                yield CodeBlock(
                    "".join(span.text for span in _leaves(leaves, names)), quoted=_whole(element.get("border")) > 0
                )
            case "rich_text_list":
                ordered = element.get("style") == "ordered"
                first = _whole(element.get("offset")) + 1
                indent = min(_whole(element.get("indent")), 8)
                for number, section in enumerate(leaves, first):
                    inner = section.get("elements") if isinstance(section, dict) else None
                    spans = _leaves(inner if isinstance(inner, list) else [], names)
                    yield Item(spans, indent, number if ordered else None, _whole(element.get("border")) > 0)
            case _:
                continue


def _whole(value: Any) -> int:
    return min(value, 999_999_999) if isinstance(value, int) and value > 0 else 0


def _fields(span: Span, text: str) -> dict[str, Any]:
    return {"text": text, "bold": span.bold, "italic": span.italic, "strike": span.strike, "code": span.code,
            "url": span.url}  # fmt: skip


def _leaves(leaves: Sequence[Any], names: Names) -> Line:
    spans: list[Span] = []
    for leaf in leaves:
        if not isinstance(leaf, dict):
            continue
        style = leaf.get("style") if isinstance(leaf.get("style"), dict) else {}
        assert isinstance(style, dict)
        url = str(leaf.get("url", "")) if leaf.get("type") == "link" else ""
        spans.append(
            Span(
                _leaf_text(leaf, names),
                bold=bool(style.get("bold")),
                italic=bool(style.get("italic")),
                strike=bool(style.get("strike")),
                code=bool(style.get("code")),
                url=url,
            )
        )
    return merged(spans)


def _leaf_text(leaf: dict[str, Any], names: Names) -> str:
    match leaf.get("type"):
        case "text":
            return str(leaf.get("text", ""))
        case "link":
            return str(leaf.get("text") or leaf.get("url", ""))
        case "emoji":
            return unicode_emoji(str(leaf.get("name", "")))
        case "user":
            return "@" + names.user(str(leaf.get("user_id", "")))
        case "usergroup":
            return "@" + names.group(str(leaf.get("usergroup_id", "")))
        case "channel":
            return "#" + names.channel(str(leaf.get("channel_id", "")))
        case "broadcast":
            return "@" + str(leaf.get("range", "here"))
        case "color":
            return str(leaf.get("value", ""))
        case "date":
            return str(leaf.get("fallback", ""))
        case _:
            return ""


def _from_mrkdwn(text: str, names: Names) -> str:
    blocks: list[Block] = []
    for number, part in enumerate(re.split(r"```", text)):
        if number % 2:
            blocks.append(CodeBlock(_plain(_ENTITY.sub(lambda m: _entity(m["body"], names)[0], part)).strip("\n")))
            continue
        for quoted, lines in groupby(part.strip("\n").split("\n"), key=lambda line: line.startswith(("&gt;", ">"))):
            body = "\n".join(re.sub(r"^(&gt;|>) ?", "", line) if quoted else line for line in lines)
            spans = merged(tuple(_mrkdwn_spans(body, names, Span(""))))
            if spans:
                blocks.append(Quote(spans) if quoted else Paragraph(spans))
    return write(blocks)


def _mrkdwn_spans(text: str, names: Names, style: Span) -> Iterator[Span]:
    at = 0
    for match in _ENTITY.finditer(text):
        yield from _styled(text[at : match.start()], style)
        words, url = _entity(match["body"], names)
        yield Span(**(_fields(style, words) | {"url": url}))
        at = match.end()
    yield from _styled(text[at:], style)


def _styled(text: str, style: Span) -> Iterator[Span]:
    at = 0
    for match in _STYLED.finditer(text):
        yield Span(**_fields(style, _plain(text[at : match.start()])))
        at = match.end()
        kind = str(match.lastgroup)
        if kind == "emoji":
            yield Span(**_fields(style, unicode_emoji(match["emoji"])))
        elif kind == "code":
            yield Span(**(_fields(style, _plain(match["code"])) | {"code": True}))
        else:
            yield from _styled(match[kind], Span(**(_fields(style, "") | {kind: True})))
    yield Span(**_fields(style, _plain(text[at:])))


def _entity(body: str, names: Names) -> tuple[str, str]:
    """The readable words of <…>, and the address where it is a link."""
    target, _, label = body.partition("|")
    match target[:1], target:
        case "@", _:
            return "@" + (names.user(target[1:]) or label), ""
        case "#", _:
            return "#" + (label or names.channel(target[1:])), ""
        case "!", _ if target.startswith("!subteam^"):
            return "@" + (label.removeprefix("@") or names.group(target.removeprefix("!subteam^"))), ""
        case "!", _:
            return (label or "@" + target[1:].partition("^")[0]), ""
        case _:
            return _plain(label or target), _plain(target)


def _plain(text: str) -> str:
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


# --- to Slack ---------------------------------------------------------------------------------------------------


def to_rich_text(markdown: str, limit: int) -> list[list[dict[str, Any]]]:
    """The words as the elements of rich_text blocks, one list for each message of at most `limit` characters."""
    blocks = [
        block
        if isinstance(block, CodeBlock) or not any(span.url for span in block.spans)
        else replace(block, spans=unmasked(block.spans))
        for block in parse(markdown)
    ]
    return [list(_to_elements(piece)) for piece in parts(blocks, limit)]


def _to_elements(blocks: Sequence[Block]) -> Iterator[dict[str, Any]]:
    for number, group in groupby(_numbered(blocks), key=lambda entry: entry[0]):
        found = [one for _, one in group]
        match found[0]:
            case Item() as first:
                offset = {"offset": first.number - 1} if first.number is not None and first.number > 1 else {}
                yield {
                    "type": "rich_text_list",
                    "style": "bullet" if first.number is None else "ordered",
                    "indent": first.indent,
                    **offset,
                    **({"border": 1} if first.quoted else {}),
                    "elements": [
                        {"type": "rich_text_section", "elements": _to_leaves(item.spans)}
                        for item in found
                        if isinstance(item, Item)
                    ],
                }
            case CodeBlock() as code:
                border = {"border": 1} if code.quoted else {}
                yield {"type": "rich_text_preformatted", **border, "elements": [_literal(code.text)]}
            case Quote() as quote:
                yield {"type": "rich_text_quote", "elements": _to_leaves(quote.spans)}
            case Paragraph():
                # As somebody would have typed them: one section, an empty line between paragraphs.
                spans: list[Span] = []
                for paragraph in found:
                    assert isinstance(paragraph, Paragraph)
                    spans += [*([Span("\n\n")] if spans else []), *paragraph.spans]
                gap = [_literal("\n")] if number > 1 else []
                yield {"type": "rich_text_section", "elements": [*gap, *_to_leaves(tuple(spans))]}


def _numbered(blocks: Sequence[Block]) -> Iterator[tuple[int, Block]]:
    """Each block with the number of the element that it is part of."""
    number = 0
    before: Block | None = None
    for block in blocks:
        match before, block:
            case Paragraph(), Paragraph():
                pass
            case Item(), Item() if (before.indent, before.quoted) == (block.indent, block.quoted) and (
                block.number == (None if before.number is None else before.number + 1)
            ):
                pass
            case _:
                number += 1
        yield number, block
        before = block


def _literal(text: str) -> dict[str, Any]:
    return {"type": "text", "text": text}


def _to_leaves(spans: Line) -> list[dict[str, Any]]:
    leaves: list[dict[str, Any]] = []
    for span in merged(spans):
        style = {name: True for name in ("bold", "italic", "strike", "code") if getattr(span, name)}
        styled = {"style": style} if style else {}
        if span.url:
            leaves.append({"type": "link", "url": span.url, "text": span.text, **styled})
        else:
            leaves.append({**_literal(span.text), **styled})
    return leaves


def escaped(text: str) -> str:
    """Plain words for a mrkdwn or fallback text: Slack interprets no entity in them."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def to_plain(markdown: str) -> str:
    """The words alone, for notifications."""
    lines = (
        "".join(span.text for span in b.spans) if not isinstance(b, CodeBlock) else b.text for b in parse(markdown)
    )
    return escaped("\n".join(lines))


def to_mrkdwn(markdown: str) -> str:
    """The words as mrkdwn, for cards: entities escaped, links shown with their address."""
    return "\n".join(_mrkdwn_block(block) for block in parse(markdown))


def _mrkdwn_block(block: Block) -> str:
    match block:
        case CodeBlock():
            return f"```\n{escaped(block.text)}\n```"
        case Quote():
            return "\n".join(f"&gt; {line}" for line in _mrkdwn_line(block.spans).split("\n")).replace("&gt; ", ">")
        case Item():
            mark = "•" if block.number is None else f"{block.number}."
            return f"{'    ' * block.indent}{mark} {_mrkdwn_line(block.spans)}"
        case Paragraph():
            return _mrkdwn_line(block.spans)


def _mrkdwn_line(spans: Line) -> str:
    line = merged(spans)
    found = []
    for index, span in enumerate(line):
        text = escaped(span.text)
        before = line[index - 1].text[-1] if index else " "
        after = line[index + 1].text[0] if index + 1 < len(line) else " "
        # Within a word, over a line break or against white space the marks would be shown as they are.
        meant = not (before.isalnum() or after.isalnum() or "\n" in text) and text == text.strip()
        for on, mark in ((span.code, "`"), (span.bold, "*"), (span.italic, "_"), (span.strike, "~")):
            if on and meant and mark not in text.strip(_MARKS):
                text = f"{mark}{text}{mark}"
        if span.url and span.url != span.text:
            text = f"{text} ({escaped(span.url)})"
        found.append(text)
    return "".join(found)
