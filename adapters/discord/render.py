"""Cards, forms and posts as Discord's JSON: one `match` over each closed union.

Sizes are Discord's: discord.com/developers/docs/resources/message#embed-object-embed-limits and
discord.com/developers/docs/components/reference.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, assert_never

from adapters.discord.plain import cut, literal
from adapters.discord.text import to_discord
from adapters.ui import Button, ChoiceField, FilesField, Select, TextField

if TYPE_CHECKING:
    from collections.abc import Sequence

    from adapters.ui import Author, Card, Field, FileOut, Form, Invalid, Option, Post

Json = dict[str, Any]

TEXT_LIMIT = 2000  # characters of a message
FILES_PER_MESSAGE = 10
BYTES_PER_MESSAGE = 24 * 1024 * 1024  # of files; a request may have 25 MiB, with its form around them
TITLE_LIMIT = 256
DESCRIPTION_LIMIT = 4096
FACT_NAME_LIMIT = 256
FACT_VALUE_LIMIT = 1024
FOOTER_LIMIT = 2048
EMBEDS_TOTAL = 6000  # characters in all embeds of a message together
EMBEDS = 10
BUTTONS_IN_ROW = 5
THREAD_NAME_LIMIT = 100
QUIET_LIMIT = 500  # characters of a notice's message: at worst each is a line, which takes four with "-# "

SUPPRESS_EMBEDS = 1 << 2  # flags of a message
EPHEMERAL = 1 << 6
NOBODY: Json = {"parse": [], "replied_user": False}  # allowed_mentions: nothing relayed ever pings

SEPARATOR = "|"  # between action and value, form and state
AGAIN = "~again"  # the action of the button that opens a form again; no action of the desk's begins with ~

_ROW, _BUTTON, _SELECT, _TEXT_INPUT, _LABEL, _FILE_UPLOAD = 1, 2, 3, 4, 18, 19
_STYLES = {"plain": 2, "primary": 1, "danger": 4}
_SHORT, _PARAGRAPH = 1, 2
_LEAST_KEPT = 100  # characters that a text in a card keeps when the whole is too long


@dataclass(frozen=True, slots=True)
class Part:
    """One message of a post. `payload` lacks only the nonce and the list of attachments."""

    payload: Json
    files: tuple[FileOut, ...] = ()


# --- posts ------------------------------------------------------------------------------------------------------


def post(value: Post) -> list[Part]:
    """A post as the messages that it takes, in order: the card with the first, files from the last text on."""
    texts = _texts(value)
    groups = list(_groups(value.files))
    parts: list[Part] = []
    for index, text in enumerate(texts or [""]):
        payload: Json = {"content": text, "allowed_mentions": NOBODY}
        if value.card is not None and index == 0:
            payload |= card(value.card)
        else:
            # Addresses in relayed words are not previewed: the preview would come from a third party, in our name.
            payload["flags"] = SUPPRESS_EMBEDS
        last = index == max(len(texts) - 1, 0)
        parts.append(Part(payload, groups.pop(0) if groups and last else ()))
    parts += [Part({"content": "", "allowed_mentions": NOBODY, "flags": SUPPRESS_EMBEDS}, group) for group in groups]
    return parts


def _texts(value: Post) -> list[str]:
    if value.quiet:
        return [_small(text) for text in to_discord(value.body, QUIET_LIMIT)]
    head = _head(value.author, value.mark)
    if not head:
        return to_discord(value.body, TEXT_LIMIT) if value.body else []
    if not value.body:
        return [head]
    # Every part has the same limit, so that editing a text changes as few parts as can be.
    first, *rest = to_discord(value.body, TEXT_LIMIT - len(head) - 1) or [""]
    return [f"{head}\n{first}".rstrip(), *rest]


def _head(author: Author | None, mark: str) -> str:
    words = []
    if author is not None:
        words = [f"**{literal(author.name, 200)}**", literal(author.side, 60)]
    return " · ".join(word for word in (*words, literal(mark, 120)) if word)


def _small(text: str) -> str:
    return "\n".join(f"-# {line}" if line.strip() else line for line in text.split("\n"))


def _groups(files: Sequence[FileOut]) -> Sequence[tuple[FileOut, ...]]:
    groups: list[tuple[FileOut, ...]] = []
    current: tuple[FileOut, ...] = ()
    for file in files:
        size = sum(entry.size for entry in current) + file.size
        if current and (len(current) == FILES_PER_MESSAGE or size > BYTES_PER_MESSAGE):
            groups.append(current)
            current = ()
        current = (*current, file)
    return [*groups, current] if current else groups


# --- cards ------------------------------------------------------------------------------------------------------


def card(value: Card) -> Json:
    """`embeds` and `components` of the message that shows it."""
    embed: Json = {"title": literal(value.title, TITLE_LIMIT)}
    if value.body:
        embed["description"] = _markdown(value.body, DESCRIPTION_LIMIT)
    if value.colour is not None:
        embed["color"] = value.colour
    fields = [
        {
            "name": literal(fact.label, FACT_NAME_LIMIT),
            "value": literal(fact.value, FACT_VALUE_LIMIT),
            "inline": True,
        }
        for fact in value.facts
    ]
    fields += [
        {
            "name": literal(section.title, FACT_NAME_LIMIT),
            "value": _markdown(section.body, FACT_VALUE_LIMIT),
            "inline": False,
        }
        for section in value.sections
    ]
    if fields:
        embed["fields"] = fields
    if value.footer:
        embed["footer"] = {"text": value.footer}  # Discord reads no Markdown there
    _shorten(embed)
    return {"embeds": [embed], "components": _rows(value.actions)}


def _markdown(text: str, limit: int) -> str:
    """In one piece: what would make a second one is left out, and an ellipsis says so."""
    first, *rest = to_discord(text, limit - 2) or [""]
    return cut(f"{first} …", limit) if rest else first or "\u200b"


def _shorten(embed: Json) -> None:
    """Cut the longest texts until the whole fits the limit over all of an embed's texts."""
    while (excess := weight(embed) - EMBEDS_TOTAL) > 0:
        texts: list[tuple[Json, str]] = [(entry, "value") for entry in embed.get("fields", ())]
        if "description" in embed:
            texts.append((embed, "description"))
        if "footer" in embed:
            texts.append((embed["footer"], "text"))
        holder, key = max(texts, key=lambda text: len(text[0][text[1]]))
        # At most half at a time, so that one long text does not pay for all.
        length = len(holder[key])
        holder[key] = cut(holder[key], max(length - excess, length // 2, min(length - 1, _LEAST_KEPT)))


def weight(embed: Json) -> int:
    """Characters that count against the limit over all embeds of a message."""
    total = len(embed.get("title", "")) + len(embed.get("description", ""))
    total += len(embed.get("footer", {}).get("text", ""))
    return total + sum(len(entry["name"]) + len(entry["value"]) for entry in embed.get("fields", ()))


def _rows(actions: Sequence[Button | Select]) -> list[Json]:
    rows: list[Json] = []
    for action in actions:
        match action:
            case Button():
                if (
                    not rows
                    or rows[-1]["components"][0]["type"] != _BUTTON
                    or len(rows[-1]["components"]) == BUTTONS_IN_ROW
                ):
                    rows.append({"type": _ROW, "components": []})
                rows[-1]["components"].append(_button(action))
            case Select():
                select = {
                    "type": _SELECT,
                    "custom_id": action.action,
                    "options": _options(action.options, action.chosen),
                }
                if action.placeholder:
                    select["placeholder"] = action.placeholder
                rows.append({"type": _ROW, "components": [select]})
            case _:
                assert_never(action)
    return rows


def _button(button: Button) -> Json:
    made: Json = {
        "type": _BUTTON,
        "style": _STYLES[button.style],
        "label": button.label,
        "custom_id": f"{button.action}{SEPARATOR}{button.value}",
    }
    if button.emoji:
        made["emoji"] = {"name": button.emoji}
    return made


def _options(options: Sequence[Option], chosen: str) -> list[Json]:
    made: list[Json] = []
    for option in options:
        entry: Json = {"value": option.value, "label": option.label}
        if option.hint:
            entry["description"] = option.hint
        if option.value == chosen:
            entry["default"] = True
        made.append(entry)
    return made


# --- forms ------------------------------------------------------------------------------------------------------


def form(value: Form) -> Json:
    """A modal. Discord's has no label for its buttons, so `submit` and `cancel` are not shown."""
    return {
        "title": value.title,
        "custom_id": f"{value.form}{SEPARATOR}{value.state}",
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
                "type": _SELECT,
                "custom_id": entry.name,
                "options": _options(entry.options, entry.chosen),
                "required": entry.required,
                "min_values": 1 if entry.required else 0,
                "max_values": 1,
            }
        case FilesField():
            return {
                "type": _FILE_UPLOAD,
                "custom_id": entry.name,
                "required": entry.required,
                "min_values": 1 if entry.required else 0,
                "max_values": entry.most,
            }
        case _:
            assert_never(entry)


# --- answers to the asker alone ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Page:
    """One ephemeral message that is being filled with embeds."""

    embeds: list[Json] = field(default_factory=list)

    def takes(self, embed: Json) -> bool:
        total = sum(map(weight, self.embeds)) + weight(embed)
        return len(self.embeds) < EMBEDS and total <= EMBEDS_TOTAL


def answer(value: Card) -> Json:
    """A card that only the asker sees."""
    return {**card(value), "flags": EPHEMERAL, "allowed_mentions": NOBODY}


def again(title: str, label: str, key: str) -> Json:
    """A line with a button that opens the form kept under that key."""
    made = answer_text(title)
    made["components"] = [{"type": _ROW, "components": [_again_button(label, key)]}]
    return made


def answer_text(text: str) -> Json:
    """A plain line that only the asker sees."""
    return {"content": literal(text, TEXT_LIMIT), "flags": EPHEMERAL, "allowed_mentions": NOBODY}


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
    made[0]["components"] = [{"type": _ROW, "components": [_again_button(value.again, key)]}]
    return made


def _again_button(label: str, key: str) -> Json:
    return {"type": _BUTTON, "style": 1, "label": label[:80], "custom_id": f"{AGAIN}{SEPARATOR}{key}"}


def _typed(value: Form) -> list[Json]:
    embeds: list[Json] = []
    for entry in value.fields:
        match entry:
            case TextField() if entry.value.strip():
                embeds.append({"title": literal(entry.label, TITLE_LIMIT), "description": _verbatim(entry.value)})
            case TextField() | ChoiceField() | FilesField():
                pass  # choices stay chosen in the form that is opened again
            case _:
                assert_never(entry)
    return embeds


def _verbatim(text: str) -> str:
    """In a code block, so that it can be copied as it was typed."""
    return "```\n" + text.replace("```", "`\u200b`\u200b`") + "\n```"
