"""What the things of the catalogue are called in one language; what config no longer has is called by its id."""

from __future__ import annotations

from typing import TYPE_CHECKING

from adapters.ui import OPTION_LABEL, Option
from desk.catalogue import FieldKind
from desk.model import FOUR
from desk.text import cut

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from bot.words import Words
    from desk.catalogue import Catalogue, Entry, ExtraField


def status_name(status_id: str, words: Words, catalogue: Catalogue) -> str:
    """One of the four as the house or else the language calls it, or one of the house's own."""
    own = catalogue.own_status(status_id)
    if own is not None:
        return f"{own.emoji} {own.name(words.language)}".strip()
    return words(f"status.{status_id}") if status_id in FOUR else status_id


def department_name(department_id: str, words: Words, catalogue: Catalogue) -> str:
    return _name(catalogue.department(department_id), department_id, words)


def product_name(product_id: str, words: Words, catalogue: Catalogue) -> str:
    return _name(catalogue.product(product_id), product_id, words)


def priority_name(priority_id: str, words: Words, catalogue: Catalogue) -> str:
    found = catalogue.priority(priority_id)
    return f"{found.emoji} {found.name(words.language)}".strip() if found else priority_id


def tag_name(tag_id: str, words: Words, catalogue: Catalogue) -> str:
    found = catalogue.tag(tag_id)
    return f"{found.emoji} {found.name(words.language)}".strip() if found else tag_id


def tag_names(tags: Iterable[str], words: Words, catalogue: Catalogue) -> str:
    """All of them in the catalogue's order."""
    order = {tag.id: place for place, tag in enumerate(catalogue.tags)}
    return ", ".join(
        tag_name(tag, words, catalogue) for tag in sorted(tags, key=lambda tag: order.get(tag, len(order)))
    )


def field_value(extra: ExtraField, values: Sequence[str], words: Words, people: Mapping[int, str]) -> str:
    """The values of an extra field as people read them; `people` are names by the person's id."""
    match extra.kind:
        case FieldKind.CHOICE | FieldKind.MULTI_CHOICE:
            return ", ".join(extra.shown(value, words.language) for value in values)
        case FieldKind.PERSON:
            return ", ".join(people.get(int(value), value) for value in values)
        case FieldKind.DATE:
            return ", ".join(words.iso_day(value) for value in values)
        case _:
            return ", ".join(values)


def people_in(extras: Iterable[ExtraField], fields: Mapping[str, Sequence[str]]) -> set[int]:
    """The ids of all whom a ticket's extra fields name."""
    return {
        int(value)
        for extra in extras
        if extra.kind is FieldKind.PERSON
        for value in fields.get(extra.id, ())
        if value.isdecimal()
    }


def _name(found: Entry | None, entry_id: str, words: Words) -> str:
    return found.name(words.language) if found else entry_id


def status_options(words: Words, catalogue: Catalogue) -> tuple[Option, ...]:
    """All statuses, to choose from."""
    return tuple(
        Option(each, cut(status_name(each, words, catalogue), OPTION_LABEL)) for each in catalogue.status_ids()
    )


def priority_options(words: Words, catalogue: Catalogue) -> tuple[Option, ...]:
    """All priorities, to choose from."""
    return tuple(
        Option(each.id, cut(priority_name(each.id, words, catalogue), OPTION_LABEL)) for each in catalogue.priorities
    )


def tag_options(words: Words, catalogue: Catalogue) -> tuple[Option, ...]:
    """All tags, to choose from."""
    return tuple(Option(each.id, cut(tag_name(each.id, words, catalogue), OPTION_LABEL)) for each in catalogue.tags)
