"""Forms as Discord's modals, and what is shown where a modal cannot be: one `match` over each closed union.

Sizes are Discord's: discord.com/developers/docs/components/reference.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, assert_never

from adapters.discord.components import BUTTON, ROW, SELECT, options
from adapters.discord.ids import SEVERAL, VALUE, custom_id
from adapters.discord.plain import cut, literal
from adapters.discord.render import (
    DESCRIPTION_LIMIT,
    EMBEDS,
    EMBEDS_TOTAL,
    EPHEMERAL,
    FACT_NAME_LIMIT,
    FACT_VALUE_LIMIT,
    NOBODY,
    TITLE_LIMIT,
    answer_text,
    weight,
)
from adapters.port import Rejected
from adapters.ui import ChoiceField, DateField, FilesField, FinderField, MultiChoiceField, PersonField, TextField

if TYPE_CHECKING:
    from adapters.ui import Field, Form, Invalid

Json = dict[str, Any]

WORDS = "words"  # the line of a finder's modal
AGAIN = "~again"  # the action of the button that opens a form again; no action of the desk's begins with ~

USER_SELECT = 5  # component types
_TEXT_INPUT, _LABEL, _FILE_UPLOAD = 4, 18, 19
_DATE_HINT, _DATE_LIMIT = "YYYY-MM-DD", 40  # the same in every language; there is no calendar to pick from
_FINDER_LIMIT = 100  # characters typed to search; also of what a label says under its name
_SHORT, _PARAGRAPH = 1, 2  # styles of a text input


def form(value: Form) -> Json:
    """A modal. Discord's has no label for its buttons, so `submit` and `cancel` are not shown."""
    return {
        "title": value.title,
        "custom_id": custom_id(value.form, VALUE, value.state),
        "components": [_label(entry) for entry in value.fields],
    }


def _label(entry: Field) -> Json:
    made: Json = {"type": _LABEL, "label": entry.label, "component": _input(entry)}
    if entry.hint:
        made["description"] = entry.hint
    return made


def _input(entry: Field) -> Json:
    match entry:
        case TextField():
            made: Json = {
                "type": _TEXT_INPUT,
                "custom_id": entry.name,
                "style": _PARAGRAPH if entry.multiline else _SHORT,
                "required": entry.required,
                "max_length": entry.limit,
            }
            if entry.value:
                made["value"] = entry.value[: entry.limit]
            return made
        case ChoiceField():
            return {
                "type": SELECT,
                "custom_id": entry.name,
                "options": options(entry.options, (entry.chosen,)),
                "required": entry.required,
                "min_values": 1 if entry.required else 0,
                "max_values": 1,
            }
        case MultiChoiceField():
            return {
                "type": SELECT,
                # What comes back does not say how many may be chosen: the name does.
                "custom_id": custom_id(entry.name, SEVERAL, ""),
                "options": options(entry.options, entry.chosen),
                "required": entry.required,
                "min_values": 1 if entry.required else 0,
                "max_values": len(entry.options),
            }
        case PersonField():
            made = {
                "type": USER_SELECT,
                "custom_id": entry.name,
                "required": entry.required,
                "min_values": 1 if entry.required else 0,
                "max_values": 1,
            }
            if entry.chosen:
                made["default_values"] = [{"id": entry.chosen, "type": "user"}]
            return made
        case DateField():
            made = {
                "type": _TEXT_INPUT,
                "custom_id": entry.name,
                "style": _SHORT,
                "required": entry.required,
                "max_length": _DATE_LIMIT,
                "placeholder": _DATE_HINT,
            }
            if entry.value:
                made["value"] = entry.value[:_DATE_LIMIT]
            return made
        case FilesField():
            return {
                "type": _FILE_UPLOAD,
                "custom_id": entry.name,
                "required": entry.required,
                "min_values": 1 if entry.required else 0,
                "max_values": entry.most,
            }
        case FinderField():
            raise Rejected(f"field {entry.name}: Discord's forms cannot search; see Traits.search_in_forms")
        case _:
            assert_never(entry)


def search(finder: str, label: str, hint: str) -> Json:
    """The line to type in that a finder's button opens; `finder` is its id, which the modal brings back."""
    line: Json = {
        "type": _TEXT_INPUT, "custom_id": WORDS, "style": _SHORT, "required": False, "max_length": _FINDER_LIMIT,
    }  # fmt: skip
    labelled: Json = {"type": _LABEL, "label": label, "description": hint[:_FINDER_LIMIT], "component": line}
    return {"title": label, "custom_id": finder, "components": [labelled]}


# --- sent back --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Page:
    """One ephemeral message that is being filled with embeds."""

    embeds: list[Json] = field(default_factory=list)

    def takes(self, embed: Json) -> bool:
        total = sum(map(weight, self.embeds)) + weight(embed)
        return len(self.embeds) < EMBEDS and total <= EMBEDS_TOTAL


def again(title: str, label: str, key: str) -> Json:
    """A line with a button that opens the form kept under that key."""
    made = answer_text(title)
    made["components"] = [{"type": ROW, "components": [_again_button(label, key)]}]
    return made


def invalid(value: Invalid, key: str) -> list[Json]:
    """Discord cannot show a modal again by itself: the remarks, what was typed, and a button that opens the form
    filled in. In as many messages as that takes; the button is on the first.
    """
    labels = {entry.name: entry.label for entry in value.form.fields}
    remarks = "\n".join(
        f"**{literal(labels.get(name, name), FACT_NAME_LIMIT)}**: {literal(remark, FACT_VALUE_LIMIT)}"
        for name, remark in value.remarks.items()
    )
    first: Json = {"title": literal(value.title, TITLE_LIMIT)}
    if remarks:
        first["description"] = cut(remarks, DESCRIPTION_LIMIT)
    pages = [_Page([first])]
    for embed in _typed(value.form):
        if not pages[-1].takes(embed):
            pages.append(_Page())
        pages[-1].embeds.append(embed)
    made: list[Json] = [{"embeds": page.embeds, "flags": EPHEMERAL, "allowed_mentions": NOBODY} for page in pages]
    made[0]["components"] = [{"type": ROW, "components": [_again_button(value.again, key)]}]
    return made


def _again_button(label: str, key: str) -> Json:
    return {"type": BUTTON, "style": 1, "label": label[:80], "custom_id": custom_id(AGAIN, VALUE, key)}


def _typed(value: Form) -> list[Json]:
    embeds: list[Json] = []
    for entry in value.fields:
        match entry:
            case TextField() | DateField() if entry.value.strip():
                title = literal(entry.label, TITLE_LIMIT)
                embeds += [{"title": title, "description": shown} for shown in _verbatim(entry.value)]
            case _:
                pass  # choices stay chosen in the form that is opened again
    return embeds


def _verbatim(text: str) -> list[str]:
    """In a code block, so that it can be copied as it was typed; in several where it is full of back-ticks."""
    shown = "```\n" + text.replace("```", "`\u200b`\u200b`") + "\n```"
    if len(shown) <= DESCRIPTION_LIMIT:
        return [shown]
    half = len(text) // 2
    return [*_verbatim(text[:half]), *_verbatim(text[half:])]
