"""Cards and posts as Block Kit: one `match` over each closed union.

People's words are given as `rich_text`, which is data and not a language: nothing in it can ping, link or escape.
Sizes are Slack's: docs.slack.dev/reference/block-kit.
"""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar, assert_never

from adapters.slack.text import escaped, to_mrkdwn, to_plain, to_rich_text
from adapters.ui import Button, Finder, MultiSelect, Select, lines
from desk.text import cut

if TYPE_CHECKING:
    from collections.abc import Sequence

    from adapters.ui import Action, Author, Card, Fact, Invalid, Option, Post, Row

Block = dict[str, Any]
T = TypeVar("T")

MESSAGE_TEXT = 3000  # visible characters of one message; Slack's own limit, 12,000 of JSON, is never near
FIELDS_PER_SECTION = 10
FIELD_TEXT = 2000  # one field of a section, one element of a context
NOTIFICATION_TEXT = 1000  # what a notification shows; blocks hold the whole
ACTION_SEPARATOR = ":"  # "2:claim": action ids must differ within a message, the desk's need not
CARRIED_SEPARATOR = "|"  # "2:claim|42": what a choice carries beside its option's value
CARD = "helpthread.card"  # the callback_id of a modal that shows a card
VIEW_TITLE = 24


@dataclass(frozen=True, slots=True)
class Part:
    """One message of a post. `text` is what notifications and screen readers get."""

    blocks: list[Block]
    text: str


# --- posts ------------------------------------------------------------------------------------------------------


def parts(post: Post) -> list[Part]:
    """The messages that say it: its card, then its words. None where it is files alone, without an author."""
    said = []
    if post.card is not None:
        said.append(Part(card(post.card), card_text(post.card)))
    if post.body:
        said += _notice(post) if post.quiet else _words(post)
    elif post.author is not None and post.card is None:
        said.append(_rich(post, []))
    return said


def title(text: str) -> Part:
    """The root of a thread that is opened with files alone."""
    line = {"type": "rich_text_section", "elements": [{"type": "text", "text": text, "style": {"bold": True}}]}
    return Part([_rich_text([line])], shown(text))


def _words(post: Post) -> list[Part]:
    first, *rest = to_rich_text(post.body, MESSAGE_TEXT) or [[]]
    return [_rich(post, first), *(Part([_rich_text(elements)], shown(_plain(elements))) for elements in rest)]


def _rich(post: Post, elements: Sequence[Block]) -> Part:
    whose = _byline(post.author, post.mark)
    lines = [*([_line(whose)] if whose else []), *elements]
    heading = "".join(element["text"] for element in whose)
    text = f"{heading}: {_plain(elements)}" if heading and elements else heading or _plain(elements)
    return Part([_rich_text(lines)], shown(text))


def _notice(post: Post) -> list[Part]:
    whose = " · ".join(
        [f"**{_literal(post.author.name)}**", *([_literal(post.author.side)] if post.author.side else [])]
        if post.author
        else []
    )
    mark = [_literal(post.mark)] if post.mark else []
    heading = " · ".join([*([whose] if whose else []), *mark])
    markdown = f"{heading} — {post.body}" if heading else post.body
    small = to_mrkdwn(markdown)
    if len(small) > FIELD_TEXT:
        return _words(post)  # too long for small type
    return [Part([_context(_mrkdwn(small))], to_plain(markdown))]


def _byline(author: Author | None, mark: str) -> list[Block]:
    words: list[Block] = []
    if author is not None:
        words.append({"type": "text", "text": author.name, "style": {"bold": True}})
        if author.side:
            words.append({"type": "text", "text": f" · {author.side}"})
    if mark:
        words.append({"type": "text", "text": f" · {mark}" if words else mark})
    return words


def _line(words: Sequence[Block]) -> Block:
    return {"type": "rich_text_section", "elements": [*words, {"type": "text", "text": "\n"}]}


# --- cards ------------------------------------------------------------------------------------------------------


def card(panel: Card) -> list[Block]:
    """The card's blocks: at most 28 of the 50 that a message may have."""
    blocks: list[Block] = [{"type": "header", "text": plain_text(panel.title)}]
    blocks += [
        {"type": "section", "fields": [_fact(fact) for fact in few]} for few in _by(panel.facts, FIELDS_PER_SECTION)
    ]
    if panel.body:
        blocks.append(_rich_text(_elements(panel.body)))
    for section in panel.sections:
        title = {"type": "text", "text": section.title, "style": {"bold": True}}
        blocks += [{"type": "divider"}, _rich_text([_line([title]), *_elements(section.body)])]
    blocks += [_rich_text([_row_title(row), *_elements(row.detail)]) for row in panel.rows]
    number = itertools.count()
    blocks += [
        {"type": "actions", "elements": [_action(next(number), action) for action in line]}
        for line in lines(panel.actions)
    ]
    if panel.footer:
        blocks.append(_context(plain_text(panel.footer)))
    return blocks


def home(panel: Card) -> Block:
    """The card as somebody's home page."""
    return {"type": "home", "blocks": card(panel)}


def modal(panel: Card) -> Block:
    """The card as a modal, for those who asked where no message can be shown to them."""
    title = plain_text(cut(panel.title, VIEW_TITLE))
    return {"type": "modal", "callback_id": CARD, "title": title, "blocks": card(panel)}


def card_text(panel: Card) -> str:
    """The card in a notification."""
    return "\n".join([escaped(panel.title), *([to_plain(panel.body)] if panel.body else [])])


def remarks(answer: Invalid) -> list[Block]:
    """The remarks on a form that is closed already, with their fields' labels."""
    labels = {field.name: field.label for field in answer.form.fields}
    told = [f"{labels.get(name, name)}: {remark}" for name, remark in answer.remarks.items()]
    elements = [{"type": "text", "text": "\n".join(told)}]
    title = {"type": "text", "text": answer.title, "style": {"bold": True}}
    return [_rich_text([_line([title]), {"type": "rich_text_section", "elements": elements}])]


def _fact(fact: Fact) -> Block:
    both = to_mrkdwn(f"**{_literal(fact.label)}**\n{_literal(fact.value)}")
    if len(both) <= FIELD_TEXT:
        return _mrkdwn(both)
    return plain_text(cut(f"{fact.label}\n{fact.value}", FIELD_TEXT))  # only escapes can make it so long


def _row_title(row: Row) -> Block:
    leaf: Block = {"type": "text", "text": row.title, "style": {"bold": True}}
    if row.url:
        leaf |= {"type": "link", "url": row.url}
    return _line([leaf]) if row.detail else {"type": "rich_text_section", "elements": [leaf]}


def _action(number: int, action: Action) -> Block:
    action_id = f"{number}{ACTION_SEPARATOR}{action.action}"
    if not isinstance(action, Button) and action.carries:
        action_id = f"{action_id}{CARRIED_SEPARATOR}{action.carries}"
    match action:
        case Button():
            button: Block = {
                "type": "button",
                "action_id": action_id,
                "text": plain_text(f"{action.emoji} {action.label}".strip()),
            }
            if action.value:
                button["value"] = action.value
            if action.style != "plain":
                button["style"] = action.style
            return button
        case Select():
            return _headed(select(action_id, action.options, action.chosen), action.placeholder)
        case MultiSelect():
            return _headed(several(action_id, action.options, action.chosen), action.placeholder)
        case Finder():
            finder = {"type": "external_select", "action_id": action_id, "min_query_length": 0}
            return _headed(finder, action.placeholder)
        case _:
            assert_never(action)


def _headed(element: Block, placeholder: str) -> Block:
    return element | ({"placeholder": plain_text(placeholder)} if placeholder else {})


# --- pieces -----------------------------------------------------------------------------------------------------


def shown(text: str) -> str:
    """Plain words as a message's `text`, cut to what a notification shows."""
    return escaped(cut(text, NOTIFICATION_TEXT))


def select(action_id: str, options: Sequence[Option], chosen: str) -> Block:
    """A choice by its options; `chosen` is the value of one of them, or ""."""
    shown = [choice(option) for option in options]
    menu: Block = {"type": "static_select", "action_id": action_id, "options": shown}
    for option in shown:
        if chosen and option["value"] == chosen:
            menu["initial_option"] = option
    return menu


def several(action_id: str, options: Sequence[Option], chosen: Sequence[str]) -> Block:
    """A choice of several by its options; `chosen` are the values of some of them."""
    shown = [choice(option) for option in options]
    menu: Block = {"type": "multi_static_select", "action_id": action_id, "options": shown}
    if started := [option for option in shown if option["value"] in chosen]:
        menu["initial_options"] = started
    return menu


def choice(option: Option) -> Block:
    """One option of a menu."""
    shown: Block = {"text": plain_text(option.label), "value": option.value}
    if option.hint:
        shown["description"] = plain_text(option.hint)
    return shown


def _elements(markdown: str) -> list[Block]:
    return [element for part in to_rich_text(markdown, MESSAGE_TEXT) for element in part]


def _rich_text(elements: Sequence[Block]) -> Block:
    # Slack refuses an empty one: words of which nothing is to be seen are shown as a space.
    blank = {"type": "rich_text_section", "elements": [{"type": "text", "text": " "}]}
    return {"type": "rich_text", "elements": list(elements) or [blank]}


def _context(element: Block) -> Block:
    return {"type": "context", "elements": [element]}


def plain_text(text: str) -> Block:
    return {"type": "plain_text", "text": text, "emoji": True}


def _mrkdwn(text: str) -> Block:
    # Verbatim: bare names of channels and addresses stay what they are.
    return {"type": "mrkdwn", "text": text, "verbatim": True}


def _literal(text: str) -> str:
    """Plain text as Markdown that says the same."""
    return re.sub(r"([\\`*_{}\[\]<>()#+.!|~&-])", r"\\\1", text)


def _plain(elements: Sequence[Block]) -> str:
    """What rich text says, for the notification."""
    words = []
    for element in elements:
        match element.get("type"):
            case "text":
                words.append(element.get("text", ""))
            case "link":
                words.append(element.get("text") or element.get("url", ""))
            case "emoji":
                words.append(f":{element.get('name', '')}:")
            case "rich_text_list":
                words += [f"• {_plain([entry])}\n" for entry in element.get("elements", [])]
            case _:
                words.append(f"{_plain(element.get('elements', []))}\n")
    return "".join(words).strip("\n")


def _by(entries: Sequence[T], width: int) -> list[Sequence[T]]:
    return [entries[start : start + width] for start in range(0, len(entries), width)]
