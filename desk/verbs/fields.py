"""The extra fields of a department's tickets: checked when a form brings them, and changed by agents."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from desk.catalogue import FieldKind
from desk.errors import DeskError, FormError
from desk.text import is_blank
from desk.verbs.acting import Actor, change, handled

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from desk.catalogue import Catalogue, ExtraField
    from desk.model import Ticket
    from desk.ports import Transaction

FIELD_LIMIT = 500  # characters of one text

Values = dict[str, tuple[str, ...]]


def checked_fields(
    extras: Iterable[ExtraField], given: Mapping[str, tuple[str, ...]], *, demanded: bool = True
) -> tuple[Values, list[DeskError]]:
    """The values fit to be kept, without empty ones and without those of other departments; and what is wrong. Where
    they are not `demanded`, required ones may be missing.
    """
    kept: Values = {}
    remarks: list[DeskError] = []
    for extra in extras:
        values = tuple(value.strip() for value in given.get(extra.id, ()) if not is_blank(value))
        if not values:
            if extra.required and demanded:
                remarks.append(DeskError("field_missing", field=extra.id))
            continue
        wrong = _wrong(extra, values)
        if wrong is not None:
            remarks.append(wrong)
        kept[extra.id] = values
    return kept, remarks


def checked_values(extras: Iterable[ExtraField], given: Mapping[str, tuple[str, ...]]) -> Values:
    """The values fit to be kept. FormError with a remark for each that is wrong or missing."""
    kept, remarks = checked_fields(extras, given)
    if remarks:
        raise FormError(tuple(remarks))
    return kept


def _wrong(extra: ExtraField, values: tuple[str, ...]) -> DeskError | None:
    match extra.kind:
        case FieldKind.TEXT if len(values[0]) > FIELD_LIMIT:
            return DeskError("too_long", field=extra.id, limit=FIELD_LIMIT, length=len(values[0]))
        case FieldKind.CHOICE | FieldKind.MULTI_CHOICE if not {choice.id for choice in extra.choices} >= set(values):
            return DeskError("choice_unknown", field=extra.id)
        case FieldKind.DATE if not _is_date(values[0]):
            return DeskError("date_unknown", field=extra.id)
        case FieldKind.PERSON if not values[0].isdecimal():
            return DeskError("person_unknown", field=extra.id)
        case _:
            return None


def _is_date(value: str) -> bool:
    try:
        return bool(date.fromisoformat(value))
    except ValueError:
        return False


def set_fields(
    tx: Transaction, catalogue: Catalogue, number: int, actor: Actor, given: Mapping[str, tuple[str, ...]]
) -> Ticket:
    """Change these of the department's extra fields; others, also of earlier departments, stay. FormError with a remark
    for each that is wrong, DeskError where nothing changes.
    """
    ticket = handled(tx, number, actor)
    department = catalogue.department(ticket.department)
    extras = [extra for extra in department.fields if extra.id in given] if department else []
    kept, remarks = checked_fields(extras, given)
    if remarks:
        raise FormError(tuple(remarks))
    others = {name: values for name, values in ticket.fields.items() if name not in {extra.id for extra in extras}}
    if others | kept == ticket.fields:
        raise DeskError("unchanged", number=number)
    return change(tx, number, actor, "fields", fields=others | kept)
