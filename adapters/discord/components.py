"""The lines of buttons and choices below a message: one `match` over the closed union of actions.

Sizes are Discord's: discord.com/developers/docs/components/reference.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, assert_never

from adapters.discord.ids import FINDER, SEVERAL, VALUE, custom_id, meant
from adapters.ui import CARD_LINES, Button, Finder, MultiSelect, Select, lines

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from adapters.ui import Action, Option

Json = dict[str, Any]

ROW, BUTTON, SELECT = 1, 2, 3  # component types
SEARCH = "🔍"  # before a finder's words
_BUTTON_LABEL = 80
_PLACEHOLDER = 150
_STYLES = {"plain": 2, "primary": 1, "danger": 4}


def rows(actions: Sequence[Action]) -> list[Json]:
    """The actions, laid out as both networks lay them out."""
    return [{"type": ROW, "components": [_component(action) for action in line]} for line in lines(actions)]


def _component(action: Action) -> Json:
    match action:
        case Button():
            made: Json = {
                "type": BUTTON,
                "style": _STYLES[action.style],
                "label": action.label,
                "custom_id": custom_id(action.action, VALUE, action.value),
            }
            if action.emoji:
                made["emoji"] = {"name": action.emoji}
            return made
        case Select():
            shown = options(action.options, (action.chosen,))
            return _select(custom_id(action.action, VALUE, action.carries), action.placeholder, shown)
        case MultiSelect():
            shown = options(action.options, action.chosen)
            made = _select(custom_id(action.action, SEVERAL, action.carries), action.placeholder, shown)
            return made | {"min_values": 0, "max_values": len(shown)}
        case Finder():
            return _finder(custom_id(action.action, FINDER, action.carries), action.placeholder)
        case _:
            assert_never(action)


def _select(id_: str, placeholder: str, shown: list[Json]) -> Json:
    made: Json = {"type": SELECT, "custom_id": id_, "options": shown}
    if placeholder:
        made["placeholder"] = placeholder[:_PLACEHOLDER]
    return made


def _finder(id_: str, label: str) -> Json:
    return {"type": BUTTON, "style": 2, "label": label[:_BUTTON_LABEL], "custom_id": id_, "emoji": {"name": SEARCH}}


def options(entries: Sequence[Option], chosen: Collection[str]) -> list[Json]:
    made: list[Json] = []
    for option in entries:
        entry: Json = {"value": option.value, "label": option.label}
        if option.hint:
            entry["description"] = option.hint
        if option.value in chosen:
            entry["default"] = True
        made.append(entry)
    return made


# --- what a finder found ----------------------------------------------------------------------------------------


def matches(finder: str, label: str, found: Sequence[Option]) -> list[Json]:
    """What was found as a choice, where there is anything, and the button to search again. `finder` is its id."""
    id_ = meant(finder)
    made = [_select(custom_id(id_.name, VALUE, id_.carried), label, options(found, ()))] if found else []
    return [{"type": ROW, "components": [entry]} for entry in (*made, _finder(finder, label))]


def matches_on(message: Mapping[str, Any], finder: str, label: str, found: Sequence[Option]) -> list[Json]:
    """The lines of the message that the finder stands on, with the matches above them; those of an earlier search go.
    Where there are too many lines, the last ones make room, but not the finder's own.
    """
    id_ = meant(finder)
    earlier = custom_id(id_.name, VALUE, id_.carried)
    kept = [row for row in _plain(message.get("components")) if earlier not in _ids(row)]
    first = matches(finder, label, found)[:-1]
    while len(kept) + len(first) > CARD_LINES:
        at = max((number for number, row in enumerate(kept) if finder not in _ids(row)), default=None)
        if at is None:
            break
        del kept[at]
    return [*first, *kept]


def label_of(message: object, id_: str) -> str:
    """The words on the button with that custom id, "" where the message has none."""
    components = message.get("components") if isinstance(message, dict) else None
    for row in _plain(components):
        for entry in row.get("components", ()):
            if entry.get("custom_id") == id_ and isinstance(entry.get("label"), str):
                return str(entry["label"])
    return ""


def ids_on(components: object) -> list[str]:
    """The custom ids of all that stands on a message."""
    return [id_ for row in _plain(components) for id_ in _ids(row)]


def _ids(row: Mapping[str, Any]) -> list[str]:
    found = (entry.get("custom_id") for entry in row.get("components", ()))
    return [id_ for id_ in found if isinstance(id_, str)]


def _plain(components: object) -> list[Json]:
    """A message's components as they could be sent again: without the numbers that Discord gave them."""
    return list(_numberless(components))


def _numberless(components: object) -> Iterator[Json]:
    for entry in components if isinstance(components, list) else ():
        if isinstance(entry, dict):
            made = {key: value for key, value in entry.items() if key != "id"}
            if isinstance(entry.get("components"), list):
                made["components"] = list(_numberless(entry["components"]))
            yield made
