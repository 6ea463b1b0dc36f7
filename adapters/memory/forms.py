"""A form as a network's client treats it: what was typed is checked before it is sent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, assert_never

from adapters.ui import ChoiceField, DateField, FilesField, FinderField, MultiChoiceField, PersonField, TextField

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from adapters.port import Traits
    from adapters.ui import Form

Upload = tuple[str, str, bytes]
"""A file from a person's device: name, media type, bytes."""


@dataclass(frozen=True, slots=True)
class Entered:
    """What a person put into a form. `remarks`, by field name: what the client has against it."""

    values: Mapping[str, str]
    uploads: Mapping[str, tuple[Upload, ...]]
    remarks: Mapping[str, str]


def entered(form: Form, values: Mapping[str, str], files: Mapping[str, Sequence[Upload]]) -> Entered:
    """The form with these fields filled in; the others keep what they came with. Choices by value or label."""
    taken: dict[str, str] = {}
    uploads: dict[str, tuple[Upload, ...]] = {}
    remarks: dict[str, str] = dict.fromkeys((set(values) | set(files)) - {f.name for f in form.fields}, "no such field")
    for field in form.fields:
        match field:
            case TextField():
                text = values.get(field.name, field.value)
                taken[field.name] = text
                if len(text) > field.limit:
                    remarks[field.name] = f"at most {field.limit} characters"
                empty = not text
            case ChoiceField():
                by_label = {option.label: option.value for option in field.options}
                chosen = values.get(field.name, field.chosen)
                chosen = by_label.get(chosen, chosen)
                taken[field.name] = chosen
                if chosen and chosen not in by_label.values():
                    remarks[field.name] = f"{chosen!r} is no option"
                empty = not chosen
            case FilesField():
                given = uploads[field.name] = tuple(files.get(field.name, ()))
                if len(given) > field.most:
                    remarks[field.name] = f"at most {field.most} files"
                empty = not given
            case MultiChoiceField() | PersonField() | DateField() | FinderField():
                raise NotImplementedError(field.name)
            case _:
                assert_never(field)
        if field.required and empty:
            remarks[field.name] = "required"
    return Entered(taken, uploads, remarks)


def too_large(form: Form, traits: Traits) -> str:
    """Why the network would not open this form, "" where it would."""
    if len(form.fields) > traits.fields_per_form:
        return f"form {form.form}: {len(form.fields)} fields, {traits.fields_per_form} allowed"
    for field in form.fields:
        if isinstance(field, ChoiceField) and len(field.options) > traits.choices:
            return f"field {field.name}: {len(field.options)} options, {traits.choices} allowed"
    return ""
