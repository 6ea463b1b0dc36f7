"""Forms as modals of Block Kit: one `match` over the kinds of fields.

Sizes are Slack's: docs.slack.dev/reference/block-kit.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any, assert_never

from adapters.port import Rejected
from adapters.slack.origin import carried_origin
from adapters.slack.render import choice, plain_text, select, several
from adapters.ui import ChoiceField, DateField, FilesField, FinderField, MultiChoiceField, PersonField, TextField
from desk.text import cut

if TYPE_CHECKING:
    from collections.abc import Mapping

    from adapters.slack.origin import Origin
    from adapters.slack.render import Block
    from adapters.ui import Field, Form

CHOICES = 100  # options of a static_select
REMARK = 2000  # words shown below a field
STATE_SEPARATOR = "|"
ORIGIN_SEPARATOR = "\n"  # no state holds a newline


def form(asked: Form, origin: Origin | None = None) -> Block:
    """The modal's view. Rejected where a field has more choices than Slack takes. `origin` is carried along: the
    answer to a submission belongs where the person was.
    """
    line = f"{asked.form}{STATE_SEPARATOR}{asked.state}"
    view: Block = {
        "type": "modal",
        "callback_id": asked.form,
        "private_metadata": line if origin is None else f"{line}{ORIGIN_SEPARATOR}{origin.carried()}",
        "title": plain_text(asked.title),
        "submit": plain_text(asked.submit),
        "blocks": [_input(entry) for entry in asked.fields],
    }
    if asked.cancel:
        view["close"] = plain_text(asked.cancel)
    return view


def carried(view: Mapping[str, Any]) -> tuple[str, str, Origin]:
    """What `form` put into the view: the form's name, its state, and where its answer belongs."""
    inner, _, origin = str(view.get("private_metadata", "")).partition(ORIGIN_SEPARATOR)
    name, _, state = inner.partition(STATE_SEPARATOR)
    return name, state, carried_origin(origin)


def refusals(remarks_by_field: Mapping[str, str], view: Mapping[str, Any]) -> dict[str, str]:
    """The remarks by the view's block ids. A remark on a field that is not there stands at the last one: a block id
    that the view lacks would make Slack drop the whole answer.
    """
    names = [block["block_id"] for block in view.get("blocks", []) if block.get("type") == "input"]
    placed: dict[str, list[str]] = {}
    for name, remark in remarks_by_field.items():
        if names:
            placed.setdefault(name if name in names else names[-1], []).append(remark)
    return {name: cut("\n".join(told), REMARK) for name, told in placed.items()}


def is_day(text: str) -> bool:
    """Whether this is a day as Slack writes it: four digits, two and two."""
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _input(entry: Field) -> Block:
    block: Block = {
        "type": "input",
        "block_id": entry.name,
        "label": plain_text(entry.label),
        "element": _element(entry),
        "optional": not entry.required,
    }
    if entry.hint:
        block["hint"] = plain_text(entry.hint)
    return block


def _element(entry: Field) -> Block:
    match entry:
        case TextField():
            element: Block = {
                "type": "plain_text_input",
                "action_id": entry.name,
                "multiline": entry.multiline,
                "max_length": entry.limit,
            }
            if entry.value:
                element["initial_value"] = entry.value[: entry.limit]
            return element
        case ChoiceField():
            if len(entry.options) > CHOICES:
                raise Rejected(f"field {entry.name}: {len(entry.options)} options, Slack takes {CHOICES}")
            return select(entry.name, entry.options, entry.chosen)
        case MultiChoiceField():
            if len(entry.options) > CHOICES:
                raise Rejected(f"field {entry.name}: {len(entry.options)} options, Slack takes {CHOICES}")
            return several(entry.name, entry.options, entry.chosen)
        case PersonField():
            person: Block = {"type": "users_select", "action_id": entry.name}
            return person | ({"initial_user": entry.chosen} if entry.chosen else {})
        case DateField():
            day: Block = {"type": "datepicker", "action_id": entry.name}
            return day | ({"initial_date": entry.value} if is_day(entry.value) else {})
        case FinderField():
            finder: Block = {"type": "external_select", "action_id": entry.name, "min_query_length": 0}
            return finder | ({"initial_option": choice(entry.chosen)} if entry.chosen else {})
        case FilesField():
            return {"type": "file_input", "action_id": entry.name, "max_files": entry.most}
        case _:
            assert_never(entry)
