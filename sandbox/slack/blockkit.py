"""Block Kit's rules as Slack enforces them (docs.slack.dev/reference/block-kit): what it would refuse, in words."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

MESSAGE_BLOCKS, VIEW_BLOCKS = 50, 100
SECTION_TEXT, FIELD_TEXT, FIELDS = 3000, 2000, 10
HEADER_TEXT, BUTTON_TEXT, LABEL_TEXT, HINT_TEXT, PLACEHOLDER = 150, 75, 2000, 2000, 150
OPTION_TEXT, OPTION_VALUE, OPTIONS = 75, 150, 100
ID, BUTTON_VALUE, URL = 255, 2000, 3000
ACTIONS, CONTEXT = 25, 10
VIEW_TITLE, PRIVATE_METADATA = 24, 3000
INPUT_TEXT, FILES = 3000, 10

SURFACES = {
    "message": {
        "section",
        "divider",
        "header",
        "context",
        "actions",
        "image",
        "rich_text",
        "markdown",
        "input",
        "video",
    },
    "modal": {"section", "divider", "header", "context", "actions", "image", "rich_text", "input", "alert"},
    "home": {"section", "divider", "header", "context", "actions", "image", "rich_text", "input"},
}
SELECTS = {
    "static_select", "external_select", "users_select", "conversations_select", "channels_select",
    "multi_static_select", "multi_external_select", "multi_users_select", "multi_conversations_select",
}  # fmt: skip
IN_ACTIONS = SELECTS | {"button", "overflow", "datepicker", "timepicker", "radio_buttons", "checkboxes"}
IN_INPUT = (SELECTS | {
    "plain_text_input", "file_input", "datepicker", "timepicker", "radio_buttons", "checkboxes", "rich_text_input",
    "email_text_input", "number_input", "url_text_input",
})  # fmt: skip
BLOCK_KEYS = {
    "section": {"text", "fields", "accessory", "expand"},
    "divider": set(),
    "header": {"text"},
    "context": {"elements"},
    "actions": {"elements"},
    "image": {"image_url", "slack_file", "alt_text", "title"},
    "rich_text": {"elements"},
    "markdown": {"text"},
    "input": {"label", "element", "hint", "optional", "dispatch_action"},
}
_CHOICE = {"placeholder", "options", "option_groups", "initial_option"}
_CHOICES = {"placeholder", "options", "option_groups", "initial_options", "max_selected_items"}
ELEMENT_KEYS = {
    "button": {"text", "url", "value", "style", "accessibility_label"},
    "static_select": _CHOICE,
    "multi_static_select": _CHOICES,
    "external_select": {"placeholder", "initial_option", "min_query_length"},
    "multi_external_select": {"placeholder", "initial_options", "min_query_length", "max_selected_items"},
    "users_select": {"placeholder", "initial_user"},
    "multi_users_select": {"placeholder", "initial_users", "max_selected_items"},
    "datepicker": {"placeholder", "initial_date"},
    "plain_text_input": {
        "placeholder", "initial_value", "multiline", "min_length", "max_length", "dispatch_action_config",
    },
    "file_input": {"filetypes", "max_files"},
}  # fmt: skip
DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
USER = re.compile(r"[UW]\w+")
RICH_TEXT = {"text", "link", "emoji", "user", "usergroup", "channel", "broadcast", "color", "date"}


def problems(blocks: Any, surface: str) -> list[str]:
    """What Slack would refuse of these blocks on a message, modal or home; empty where it would take them."""
    if not isinstance(blocks, list):
        return ["must be an array"]
    most = MESSAGE_BLOCKS if surface == "message" else VIEW_BLOCKS
    found = [f"no more than {most} items allowed [{len(blocks)}]"] if len(blocks) > most else []
    seen: set[str] = set()
    actions: set[str] = set()
    for number, block in enumerate(blocks):
        at = f"/blocks/{number}"
        if not isinstance(block, dict):
            found.append(f"must be an object [{at}]")
            continue
        found += (f"{text} [{at}]" for text in _block(block, surface, actions))
        block_id = block.get("block_id")
        if block_id is not None:
            if block_id in seen:
                found.append(f"block_id already exists [{at}]")
            seen.add(block_id)
    return found


def view_problems(view: Any, kind: str) -> list[str]:
    """What Slack would refuse of a "modal" or "home" view."""
    if not isinstance(view, dict):
        return ["view must be an object"]
    if view.get("type") != kind:
        return [f"unsupported view type, {kind} expected [/view/type]"]
    found = problems(view.get("blocks"), kind)
    if kind == "modal":
        found += _text(view.get("title"), VIEW_TITLE, "title", plain=True)
        for name in ("submit", "close"):
            if name in view:
                found += _text(view[name], VIEW_TITLE, name, plain=True)
        inputs = any(block.get("type") == "input" for block in view.get("blocks") or [] if isinstance(block, dict))
        if inputs and "submit" not in view:
            found.append("a view with input blocks needs `submit` [/view/submit]")
    found += _length(view.get("private_metadata", ""), PRIVATE_METADATA, "private_metadata")
    if kind == "home" and (wrong := {"title", "submit", "close"} & set(view)):
        found.append(f"invalid additional property: {min(wrong)} [/view]")
    found += _length(view.get("callback_id", ""), ID, "callback_id")
    known = {
        "type", "title", "submit", "close", "blocks", "private_metadata", "callback_id", "clear_on_close",
        "notify_on_close", "external_id", "submit_disabled",
    }  # fmt: skip
    return found + [f"invalid additional property: {name} [/view]" for name in sorted(set(view) - known)]


def suggestion_problems(answer: Any) -> list[str]:
    """What Slack would refuse of an answer to block_suggestion; no options at all are allowed there."""
    if not isinstance(answer, dict) or not ({"options", "option_groups"} & set(answer)):
        return ["missing options"]
    groups = answer.get("option_groups")
    options = [o for group in groups for o in group["options"]] if groups else answer.get("options", [])
    if not isinstance(options, list) or len(options) > OPTIONS:
        return [f"no more than {OPTIONS} options"]
    return list(_each_option(options))


def _block(block: dict[str, Any], surface: str, actions: set[str]) -> Iterator[str]:
    kind = block.get("type")
    if kind not in SURFACES[surface]:
        yield f"unsupported type: {kind}"
        return
    yield from _length(block.get("block_id", ""), ID, "block_id")
    for name in sorted(set(block) - {"type", "block_id"} - BLOCK_KEYS.get(str(kind), set(block))):
        yield f"invalid additional property: {name}"
    match kind:
        case "section":
            if not block.get("text") and not block.get("fields"):
                yield "missing text or fields"
            if "text" in block:
                yield from _text(block["text"], SECTION_TEXT, "text")
            fields = block.get("fields", [])
            if len(fields) > FIELDS:
                yield f"no more than {FIELDS} fields"
            for entry in fields:
                yield from _text(entry, FIELD_TEXT, "fields")
            if "accessory" in block:
                yield from _element(block["accessory"], IN_ACTIONS | {"image"}, actions)
        case "header":
            yield from _text(block.get("text"), HEADER_TEXT, "text", plain=True)
        case "context":
            yield from _elements(block, CONTEXT)
            for entry in block.get("elements", []):
                if entry.get("type") != "image":
                    yield from _text(entry, SECTION_TEXT, "elements")
        case "actions":
            yield from _elements(block, ACTIONS)
            for entry in block.get("elements", []):
                yield from _element(entry, IN_ACTIONS, actions)
        case "input":
            yield from _text(block.get("label"), LABEL_TEXT, "label", plain=True)
            if "hint" in block:
                yield from _text(block["hint"], HINT_TEXT, "hint", plain=True)
            allowed = IN_INPUT if surface == "modal" else IN_INPUT - {"file_input"}
            yield from _element(block.get("element"), allowed, actions)
        case "rich_text":
            yield from _rich(block.get("elements"))
        case _:
            return


def _elements(block: dict[str, Any], most: int) -> Iterator[str]:
    if not 1 <= len(block.get("elements", [])) <= most:
        yield f"1 to {most} elements allowed"


def _element(element: Any, allowed: set[str], actions: set[str]) -> Iterator[str]:
    if not isinstance(element, dict) or element.get("type") not in allowed:
        yield f"unsupported element: {element.get('type') if isinstance(element, dict) else element}"
        return
    known = ELEMENT_KEYS.get(element["type"])
    if known is not None and (unknown := set(element) - known - {"type", "action_id", "confirm", "focus_on_load"}):
        yield f"{element['type']}: invalid additional property: {min(unknown)}"
    action_id = element.get("action_id", "")
    yield from _length(action_id, ID, "action_id")
    if action_id:
        if action_id in actions:
            yield f"action_id {action_id!r} already exists"
        actions.add(action_id)
    if "placeholder" in element:
        yield from _text(element["placeholder"], PLACEHOLDER, "placeholder", plain=True)
    match element["type"]:
        case "button":
            yield from _text(element.get("text"), BUTTON_TEXT, "text", plain=True)
            yield from _length(element.get("value", ""), BUTTON_VALUE, "value")
            yield from _length(element.get("url", ""), URL, "url")
            if element.get("style", "primary") not in {"primary", "danger"}:
                yield "button style must be primary or danger"
        case "external_select" | "multi_external_select":
            if element.get("min_query_length", 3) not in range(256):
                yield "min_query_length must be a number"
            started = [element["initial_option"]] if "initial_option" in element else []
            yield from _each_option([*started, *element.get("initial_options", ())])
        case "datepicker":
            if not DAY.fullmatch(element.get("initial_date", "2000-01-01")):
                yield "initial_date must be YYYY-MM-DD"
        case "users_select":
            if not USER.fullmatch(element.get("initial_user", "U1")):
                yield "initial_user is no user"
        case "static_select" | "multi_static_select" | "radio_buttons" | "checkboxes" | "overflow":
            groups = element.get("option_groups")
            options = [o for group in groups for o in group["options"]] if groups else element.get("options", [])
            yield from _options(element, options)
        case "plain_text_input":
            limit = element.get("max_length", INPUT_TEXT)
            if not 1 <= limit <= INPUT_TEXT:
                yield "max_length must be 1 to 3000"
            if len(element.get("initial_value", "")) > limit:
                yield "initial_value is longer than max_length"
        case "file_input":
            if not 1 <= element.get("max_files", FILES) <= FILES:
                yield "max_files must be 1 to 10"
        case _:
            return


def _options(element: dict[str, Any], options: Sequence[dict[str, Any]]) -> Iterator[str]:
    if not 1 <= len(options) <= OPTIONS:
        yield f"1 to {OPTIONS} options allowed [{len(options)}]"
    yield from _each_option(options)
    started = [element["initial_option"]] if "initial_option" in element else element.get("initial_options", ())
    if "initial_options" in element and not started:
        yield "initial_options must have 1 option or more"
    if any(option not in options for option in started):
        yield "initial_option is not among the options"
    if len(started) > element.get("max_selected_items", len(started)):
        yield "more initial_options than max_selected_items"
    values = [str(option.get("value")) for option in options]
    if len(set(values)) != len(values):
        yield "option values must be unique"


def _each_option(options: Sequence[dict[str, Any]]) -> Iterator[str]:
    for option in options:
        yield from _text(option.get("text"), OPTION_TEXT, "option text")
        yield from _length(option.get("value", ""), OPTION_VALUE, "option value")
        if "description" in option:
            yield from _text(option["description"], OPTION_TEXT, "option description")
        if unknown := set(option) - {"text", "value", "description", "url"}:
            yield f"option: invalid additional property: {min(unknown)}"


def _rich(elements: Any) -> Iterator[str]:
    if not isinstance(elements, list) or not elements:
        yield "rich_text needs elements"
        return
    for element in elements:
        match element.get("type"):
            case "rich_text_section" | "rich_text_quote" | "rich_text_preformatted":
                for leaf in element.get("elements", []):
                    if leaf.get("type") not in RICH_TEXT:
                        yield f"unsupported rich text element: {leaf.get('type')}"
                    if leaf.get("type") == "text" and not leaf.get("text"):
                        yield "rich text: text must be more than 0 characters"
                    if leaf.get("type") == "link" and not leaf.get("url"):
                        yield "rich text: a link needs its url"
            case "rich_text_list":
                if element.get("style") not in {"bullet", "ordered"}:
                    yield "rich_text_list needs a style"
                if any(item.get("type") != "rich_text_section" for item in element.get("elements", [])):
                    yield "rich_text_list holds sections only"
            case other:
                yield f"unsupported rich text element: {other}"


def _text(text: Any, limit: int, what: str, *, plain: bool = False) -> Iterator[str]:
    if not isinstance(text, dict) or text.get("type") not in ({"plain_text"} if plain else {"plain_text", "mrkdwn"}):
        yield f"{what}: must be a {'plain_text' if plain else 'text'} object"
        return
    if not isinstance(text.get("text"), str) or not 1 <= len(text["text"]) <= limit:
        yield f"{what}: must be 1 to {limit} characters [{len(text.get('text') or '')}]"
    if unknown := set(text) - {"type", "text", "emoji", "verbatim"}:
        yield f"{what}: invalid additional property: {min(unknown)}"


def _length(value: Any, limit: int, what: str) -> Iterator[str]:
    if not isinstance(value, str) or len(value) > limit:
        yield f"{what}: at most {limit} characters"
