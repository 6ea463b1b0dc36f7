"""Forms as modals of Block Kit: one `match` over the kinds of fields.

Sizes are Slack's: docs.slack.dev/reference/block-kit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, assert_never

from adapters.port import Rejected
from adapters.slack.render import plain_text, select
from adapters.ui import ChoiceField, DateField, FilesField, FinderField, MultiChoiceField, PersonField, TextField
from desk.text import cut

if TYPE_CHECKING:
    from collections.abc import Mapping

    from adapters.slack.render import Block
    from adapters.ui import Field, Form

CHOICES = 100  # options of a static_select
REMARK = 2000  # words shown below a field
STATE_SEPARATOR = "|"
ANSWER_SEPARATOR = "\n"  # no state holds a newline


def form(asked: Form, *, answer_to: str = "") -> Block:
    """The modal's view. Rejected where a field has more choices than Slack takes. `answer_to` is the response_url of
    what opened it, carried along: a submission has none of its own, and its answer belongs where the person was.
    """
    view: Block = {
        "type": "modal",
        "callback_id": asked.form,
        "private_metadata": f"{asked.form}{STATE_SEPARATOR}{asked.state}{answer_to and ANSWER_SEPARATOR + answer_to}",
        "title": plain_text(asked.title),
        "submit": plain_text(asked.submit),
        "blocks": [_input(entry) for entry in asked.fields],
    }
    if asked.cancel:
        view["close"] = plain_text(asked.cancel)
    return view


def carried(view: Mapping[str, Any]) -> tuple[str, str, str]:
    """What `form` put into the view: the form's name, its state, and where its answer belongs."""
    inner, _, answer_to = str(view.get("private_metadata", "")).partition(ANSWER_SEPARATOR)
    name, _, state = inner.partition(STATE_SEPARATOR)
    return name, state, answer_to


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
        case FilesField():
            return {"type": "file_input", "action_id": entry.name, "max_files": entry.most}
        case MultiChoiceField() | PersonField() | DateField() | FinderField():
            raise Rejected(f"field {entry.name}: not drawn on Slack yet")
        case _:
            assert_never(entry)
