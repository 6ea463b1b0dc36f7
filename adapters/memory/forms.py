"""A form as a network's client treats it: what was typed is checked before it is sent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, assert_never

from adapters.ui import ChoiceField, DateField, FilesField, FinderField, MultiChoiceField, PersonField, TextField

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from adapters.port import Traits
    from adapters.ui import Form, Option

Upload = tuple[str, str, bytes]
"""A file from a person's device: name, media type, bytes."""


@dataclass(frozen=True, slots=True)
class Entered:
    """What a person put into a form. `remarks`, by field name: what the client has against it."""

    values: Mapping[str, str]
    several: Mapping[str, tuple[str, ...]]
    uploads: Mapping[str, tuple[Upload, ...]]
    remarks: Mapping[str, str]


def entered(
    form: Form,
    values: Mapping[str, str | Sequence[str]],
    files: Mapping[str, Sequence[Upload]],
    people: Collection[str],
) -> Entered:
    """The form with these fields filled in; the others keep what they came with. Choices by value or label, `people`
    are the keys of those who can be chosen.
    """
    several: dict[str, tuple[str, ...]] = {}
    taken: dict[str, str] = {}
    uploads: dict[str, tuple[Upload, ...]] = {}
    remarks: dict[str, str] = dict.fromkeys((set(values) | set(files)) - {f.name for f in form.fields}, "no such field")
    for field in form.fields:
        match field:
            case TextField():
                text = _one(values.get(field.name, field.value))
                taken[field.name] = text
                if len(text) > field.limit:
                    remarks[field.name] = f"at most {field.limit} characters"
                empty = not text
            case ChoiceField():
                known = _values(field.options)
                chosen = _one(values.get(field.name, field.chosen))
                taken[field.name] = known.get(chosen, chosen)
                if chosen and chosen not in known:
                    remarks[field.name] = f"{chosen!r} is no option"
                empty = not chosen
            case MultiChoiceField():
                known = _values(field.options)
                all_chosen = values.get(field.name, field.chosen)
                all_chosen = (all_chosen,) if isinstance(all_chosen, str) else tuple(all_chosen)
                several[field.name] = tuple(known.get(entry, entry) for entry in all_chosen)
                if unknown := [entry for entry in all_chosen if entry not in known]:
                    remarks[field.name] = f"{unknown[0]!r} is no option"
                empty = not all_chosen
            case PersonField():
                person = taken[field.name] = _one(values.get(field.name, field.chosen))
                if person and person not in people:
                    remarks[field.name] = f"nobody is called {person!r}"
                empty = not person
            case DateField():
                day = taken[field.name] = _one(values.get(field.name, field.value))
                empty = not day
            case FinderField():
                found = taken[field.name] = _one(values.get(field.name, field.chosen.value if field.chosen else ""))
                empty = not found
            case FilesField():
                given = uploads[field.name] = tuple(files.get(field.name, ()))
                if len(given) > field.most:
                    remarks[field.name] = f"at most {field.most} files"
                empty = not given
            case _:
                assert_never(field)
        if field.required and empty:
            remarks[field.name] = "required"
    return Entered(taken, several, uploads, remarks)


def _one(value: str | Sequence[str]) -> str:
    return value if isinstance(value, str) else next(iter(value), "")


def _values(options: Sequence[Option]) -> dict[str, str]:
    """By what people call them, and by themselves."""
    return {option.label: option.value for option in options} | {option.value: option.value for option in options}


def too_large(form: Form, traits: Traits) -> str:
    """Why the network would not open this form, "" where it would."""
    if len(form.fields) > traits.fields_per_form:
        return f"form {form.form}: {len(form.fields)} fields, {traits.fields_per_form} allowed"
    for field in form.fields:
        if isinstance(field, FinderField) and not traits.search_in_forms:
            return f"field {field.name}: forms cannot search here"
        if isinstance(field, ChoiceField | MultiChoiceField) and len(field.options) > traits.choices:
            return f"field {field.name}: {len(field.options)} options, {traits.choices} allowed"
    return ""
