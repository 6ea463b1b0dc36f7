"""Discord's limits on messages, modals and commands, beyond what its OpenAPI document says.

Sources: discord.com/developers/docs/resources/message, …/components/reference, …/interactions/application-commands.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

CONTENT, NONCE, EMBEDS, EMBED_TOTAL = 2000, 25, 10, 6000
EMBED_TEXTS = {"title": 256, "description": 4096}
FIELDS, FIELD_NAME, FIELD_VALUE, FOOTER, AUTHOR = 25, 256, 1024, 2048, 256
ROWS, ROW, COMPONENTS_V2, CUSTOM_ID = 5, 5, 40, 100
BUTTON_LABEL, OPTIONS, OPTION_LABEL, PLACEHOLDER = 80, 25, 100, 150
MODAL_TITLE, MODAL_COMPONENTS, LABEL, LABEL_HINT, INPUT = 45, 5, 45, 100, 4000
FILES, FILE_INPUTS = 10, 10
THREAD_NAME = 100
IS_COMPONENTS_V2 = 1 << 15
COMMAND_NAME = re.compile(r"^[-_'\w]{1,32}$")

ACTION_ROW, BUTTON, STRING_SELECT, TEXT_INPUT = 1, 2, 3, 4
SELECTS = {3, 5, 6, 7, 8}
LABEL_BOX, FILE_UPLOAD = 18, 19
AUTO_SELECT = {
    "type", "id", "custom_id", "placeholder", "default_values", "min_values", "max_values", "disabled", "required",
}  # fmt: skip
KEYS = {
    BUTTON: {"type", "id", "style", "label", "emoji", "custom_id", "sku_id", "url", "disabled"},
    STRING_SELECT: {
        "type", "id", "custom_id", "options", "placeholder", "min_values", "max_values", "disabled", "required",
    },
    **dict.fromkeys((5, 6, 7), AUTO_SELECT),
    8: AUTO_SELECT | {"channel_types"},
    TEXT_INPUT: {
        "type", "id", "custom_id", "style", "label", "min_length", "max_length", "required", "value", "placeholder",
    },
    LABEL_BOX: {"type", "id", "label", "description", "component"},
    FILE_UPLOAD: {"type", "id", "custom_id", "min_values", "max_values", "required"},
}  # fmt: skip
EMBED_KEYS = {
    "title", "type", "description", "url", "timestamp", "color", "footer", "image", "thumbnail", "author", "fields",
    "video", "provider", "flags",
}  # fmt: skip

Finding = tuple[str, str]


def message(body: dict[str, Any], files: int) -> Iterator[Finding]:
    """What Discord would refuse of a message."""
    content = body.get("content") or ""
    if len(content) > CONTENT:
        yield "content", f"Must be {CONTENT} or fewer in length."
    if len(str(body.get("nonce") or "")) > NONCE:
        yield "nonce", f"Must be {NONCE} or fewer in length."
    if files > FILES:
        yield "attachments", f"At most {FILES} files."
    embeds = body.get("embeds") or []
    if len(embeds) > EMBEDS:
        yield "embeds", f"Must be {EMBEDS} or fewer in length."
    for number, embed in enumerate(embeds):
        yield from ((f"embeds.{number}.{path}", text) for path, text in _embed(embed))
    if sum(map(_embed_size, embeds)) > EMBED_TOTAL:
        yield "embeds", f"Embed size exceeds maximum size of {EMBED_TOTAL}"
    yield from _rows(body.get("components") or [], v2=bool((body.get("flags") or 0) & IS_COMPONENTS_V2))


def modal(data: dict[str, Any]) -> Iterator[Finding]:
    """What Discord would refuse of a modal."""
    yield from _length("title", data.get("title"), MODAL_TITLE)
    yield from _length("custom_id", data.get("custom_id"), CUSTOM_ID)
    components = data.get("components") or []
    if not 1 <= len(components) <= MODAL_COMPONENTS:
        yield "components", f"Must be between 1 and {MODAL_COMPONENTS} in length."
    seen: set[str] = set()
    for number, box in enumerate(components):
        at = f"components.{number}"
        if box.get("type") == LABEL_BOX:
            yield from _length(f"{at}.label", box.get("label"), LABEL)
            if box.get("description"):
                yield from _length(f"{at}.description", box["description"], LABEL_HINT)
            yield from _component(f"{at}.component", box.get("component") or {}, seen, modal=True)
        elif box.get("type") == ACTION_ROW:
            for entry in box.get("components") or []:
                yield from _component(at, entry, seen, modal=True)
        elif box.get("type") != 10:  # text display
            yield at, f"Component type {box.get('type')} cannot stand here."


def commands(body: list[dict[str, Any]]) -> Iterator[Finding]:
    """What Discord would refuse of application commands."""
    seen: set[Any] = set()
    for kind, most in ((1, 100), (2, 15), (3, 15)):
        if sum(command.get("type", 1) == kind for command in body) > most:
            yield "commands", f"Maximum number of application commands reached ({most})."
    for number, command in enumerate(body):
        names = [command.get("name", ""), *(command.get("name_localizations") or {}).values()]
        if (command.get("type", 1), command.get("name")) in seen:
            yield f"{number}.name", "Application command names must be unique"
        seen.add((command.get("type", 1), command.get("name")))
        if command.get("type", 1) == 1:
            if any(not COMMAND_NAME.match(name) or name != name.lower() for name in names):
                yield f"{number}.name", "Command name is invalid"
            yield from _length(f"{number}.description", command.get("description"), 100)
        else:
            for name in names:
                yield from _length(f"{number}.name", name, 32)
            if command.get("description") or command.get("options"):
                yield f"{number}.description", "An entry in a menu has neither description nor options."
        options = command.get("options") or []
        if len(options) > OPTIONS:
            yield f"{number}.options", f"Must be {OPTIONS} or fewer in length."
        for option in options:
            names = [option.get("name", ""), *(option.get("name_localizations") or {}).values()]
            if any(not COMMAND_NAME.match(name) or name != name.lower() for name in names):
                yield f"{number}.options", "Option name is invalid"
            yield from _length(f"{number}.options", option.get("description"), 100)
            if len(option.get("choices") or []) > OPTIONS:
                yield f"{number}.options", "Too many choices"
            if option.get("choices") and option.get("autocomplete"):
                yield f"{number}.options", "Choices and autocomplete exclude each other"


def choices(found: list[dict[str, Any]]) -> Iterator[Finding]:
    """What Discord would refuse of the choices offered while somebody types."""
    if len(found) > OPTIONS:
        yield "data.choices", f"Must be {OPTIONS} or fewer in length."
    for number, choice in enumerate(found):
        yield from _length(f"data.choices.{number}.name", choice.get("name"), OPTION_LABEL)
        if isinstance(choice.get("value"), str):
            yield from _length(f"data.choices.{number}.value", choice["value"], OPTION_LABEL)


def _length(path: str, value: Any, most: int, least: int = 1) -> Iterator[Finding]:
    if not isinstance(value, str) or not least <= len(value) <= most:
        yield path, f"Must be between {least} and {most} in length."


def _embed(embed: dict[str, Any]) -> Iterator[Finding]:
    for name, most in EMBED_TEXTS.items():
        if embed.get(name) and len(embed[name]) > most:
            yield name, f"Must be {most} or fewer in length."
    fields = embed.get("fields") or []
    if len(fields) > FIELDS:
        yield "fields", f"Must be {FIELDS} or fewer in length."
    for number, entry in enumerate(fields):
        yield from _length(f"fields.{number}.name", entry.get("name"), FIELD_NAME)
        yield from _length(f"fields.{number}.value", entry.get("value"), FIELD_VALUE)
    if len((embed.get("footer") or {}).get("text", "")) > FOOTER:
        yield "footer.text", f"Must be {FOOTER} or fewer in length."
    if len((embed.get("author") or {}).get("name", "")) > AUTHOR:
        yield "author.name", f"Must be {AUTHOR} or fewer in length."
    for name in set(embed) - EMBED_KEYS:
        yield name, "Unknown key."


def _embed_size(embed: dict[str, Any]) -> int:
    texts = [embed.get("title"), embed.get("description"), (embed.get("footer") or {}).get("text"),
             (embed.get("author") or {}).get("name")]  # fmt: skip
    fields = embed.get("fields") or []
    return sum(len(text or "") for text in texts) + sum(len(f.get("name", "") + f.get("value", "")) for f in fields)


def _rows(rows: list[dict[str, Any]], *, v2: bool) -> Iterator[Finding]:
    seen: set[str] = set()
    if v2:
        if sum(1 for _ in _walk(rows)) > COMPONENTS_V2:
            yield "components", f"At most {COMPONENTS_V2} components."
        for entry in _walk(rows):
            if entry.get("type") in KEYS:
                yield from _component("components", entry, seen)
        return
    if len(rows) > ROWS:
        yield "components", f"Must be {ROWS} or fewer in length."
    for number, row in enumerate(rows):
        entries = row.get("components") or []
        if row.get("type") != ACTION_ROW or not 1 <= len(entries) <= ROW:
            yield f"components.{number}", "The specified component type or count is invalid here."
        if any(entry.get("type") in SELECTS for entry in entries) and len(entries) > 1:
            yield f"components.{number}", "A select takes a row of its own."
        for entry in entries:
            yield from _component(f"components.{number}", entry, seen)


def _walk(components: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for entry in components:
        yield entry
        yield from _walk(entry.get("components") or [])
        if "accessory" in entry:
            yield entry["accessory"]


def _component(at: str, entry: dict[str, Any], seen: set[str], *, modal: bool = False) -> Iterator[Finding]:
    kind = entry.get("type")
    for name in set(entry) - KEYS.get(kind, set(entry)):  # type: ignore[arg-type] # an unknown kind has no keys
        yield f"{at}.{name}", "Unknown key."
    if kind == BUTTON and entry.get("style") == 5:
        if "custom_id" in entry or not entry.get("url"):
            yield at, "A link button needs a url and no custom_id."
        return
    custom_id = entry.get("custom_id")
    yield from _length(f"{at}.custom_id", custom_id, CUSTOM_ID)
    if custom_id in seen:
        yield f"{at}.custom_id", "Component custom id cannot be duplicated"
    seen.add(str(custom_id))
    match kind:
        case 2:
            if not entry.get("label") and not entry.get("emoji"):
                yield at, "A button needs a label or an emoji."
            if len(entry.get("label") or "") > BUTTON_LABEL:
                yield f"{at}.label", f"Must be {BUTTON_LABEL} or fewer in length."
        case 3:
            options = entry.get("options") or []
            if not 1 <= len(options) <= OPTIONS:
                yield f"{at}.options", f"Must be between 1 and {OPTIONS} in length."
            for option in options:
                yield from _length(f"{at}.options", option.get("label"), OPTION_LABEL)
                yield from _length(f"{at}.options", option.get("value"), OPTION_LABEL)
                if option.get("description"):
                    yield from _length(f"{at}.options", option["description"], OPTION_LABEL)
            if len({option.get("value") for option in options}) != len(options):
                yield f"{at}.options", "The specified option value is already used"
            if entry.get("max_values", 1) > max(len(options), 1):
                yield f"{at}.max_values", "More than there are options."
            yield from _select(at, entry, sum(bool(option.get("default")) for option in options), modal=modal)
        case 5 | 6 | 7 | 8:
            yield from _select(at, entry, len(entry.get("default_values") or ()), modal=modal)
        case 4 if modal:
            if not 0 <= (entry.get("max_length") or INPUT) <= INPUT:
                yield f"{at}.max_length", f"At most {INPUT}."
            if len(entry.get("value") or "") > (entry.get("max_length") or INPUT):
                yield f"{at}.value", "Longer than max_length."
            if len(entry.get("placeholder") or "") > LABEL_HINT:
                yield f"{at}.placeholder", f"Must be {LABEL_HINT} or fewer in length."
        case 19 if modal:
            if not 0 <= entry.get("max_values", 1) <= FILE_INPUTS:
                yield f"{at}.max_values", f"At most {FILE_INPUTS}."
        case 21 | 22 if modal:
            options = entry.get("options") or []
            if not (2 if kind == 21 else 1) <= len(options) <= 10:
                yield f"{at}.options", "2 to 10 radio buttons, 1 to 10 check boxes."
            for option in options:
                yield from _length(f"{at}.options", option.get("label"), OPTION_LABEL)
        case 23 if modal:
            return
        case _:
            yield at, f"Component type {kind} cannot stand here."


def _select(at: str, entry: dict[str, Any], chosen: int, *, modal: bool) -> Iterator[Finding]:
    """What holds for every select: how many may be chosen, and how many are."""
    least, most = entry.get("min_values", 1), entry.get("max_values", 1)
    if not 0 <= least <= OPTIONS or not 1 <= most <= OPTIONS or least > most:
        yield f"{at}.min_values", f"0 to {OPTIONS}, and not more than max_values."
    if chosen > most:
        yield f"{at}.default_values", "More are chosen than may be."
    if len(entry.get("placeholder") or "") > PLACEHOLDER:
        yield f"{at}.placeholder", f"Must be {PLACEHOLDER} or fewer in length."
    if modal and least == 0 and entry.get("required", True):
        yield f"{at}.min_values", "A required select has at least one."
    if modal and entry.get("disabled"):
        yield f"{at}.disabled", "Nothing is disabled in a modal."
    if not modal and "required" in entry:
        yield f"{at}.required", "Only in modals."
