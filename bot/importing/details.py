"""What Awesome Support knows of a ticket besides its words: ratings, fields of the house's own, further agents.

Its survey keeps a rating of 0 to 100 in `_wpasss_rating`, with `_wpasss_comment` and `_wpasss_reason`; each field that
a house added is kept in `_wpas_` and its name, or as a taxonomy of that name. Times and counts that the desk reckons
itself are left.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from bot.importing.found import slug_of
from bot.importing.html import markdown
from desk.catalogue import FieldKind
from desk.verbs import FIELD_LIMIT, STARS, checked_values

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bot.importing.found import Glossary
    from desk.catalogue import ExtraField

PREFIX = "_wpas_"
_RECKONED = re.compile(
    r"status|assignee|product_term|last_reply_date(_gmt)?|is_waiting_client_reply|ttl_.*|session.*|is_ticket_template|"
    r"time_adjustments_pos_or_neg|help_desk_ticket_id|private|department|product|ticket_priority|ticket_channel|id"
)
_LOST = {
    "secondary_assignee": "second and third agents",
    "tertiary_assignee": "second and third agents",
    "first_addl_interested_party_name": "further interested people",
    "first_addl_interested_party_email": "further interested people",
    "second_addl_interested_party_name": "further interested people",
    "second_addl_interested_party_email": "further interested people",
    "final_time_spent_on_ticket": "times spent",
    "time_notes": "times spent",
}
_SERIALIZED = re.compile(r's:\d+:"(.*?)";', re.DOTALL)


def rating(meta: Mapping[str, str]) -> tuple[int | None, str]:
    """Stars, and what was said with them: 0 is one star, 100 are five."""
    try:
        percent = float(meta.get("_wpasss_rating", ""))
    except ValueError:
        return None, ""
    stars = min(STARS.stop - 1, max(STARS.start, round(1 + percent / 25)))
    said = [markdown(meta.get(key, "")) for key in ("_wpasss_reason", "_wpasss_comment")]
    return stars, "\n\n".join(filter(None, said))


def fields(
    meta: Mapping[str, str], terms: Mapping[str, Sequence[str]], department: str, mapping: Glossary
) -> Mapping[str, tuple[str, ...]]:
    """Values of the department's extra fields, by their ids or names; all others are counted as lost."""
    entry = mapping.catalogue.department(department)
    known = {slug: extra for extra in (entry.fields if entry else ()) for slug in _slugs(extra)}
    given = {name: list(values) for name, values in terms.items()}
    for key, value in meta.items():
        name = key.removeprefix(PREFIX)
        if key.startswith(PREFIX) and value and value != "0" and not _RECKONED.fullmatch(name):
            given[name] = _SERIALIZED.findall(value) if value.startswith("a:") else [value]
    found: dict[str, tuple[str, ...]] = {}
    for name, values in given.items():
        extra = known.get(slug_of(name)) or known.get(slug_of(name.removeprefix("ticket_")))
        fit = tuple(filter(None, (_fit(extra, value) for value in values))) if extra else ()
        if extra and fit:
            found[extra.id] = fit if extra.kind is FieldKind.MULTI_CHOICE else fit[:1]
        else:
            mapping.lost[_LOST.get(name, f"values of the field {name!r}")] += 1
    return checked_values([extra for extra in known.values() if extra.id in found], found) if found else {}


def _slugs(extra: ExtraField) -> set[str]:
    return {slug_of(extra.id), *map(slug_of, extra.names.values())}


def _fit(extra: ExtraField, value: str) -> str:
    """The value as that field keeps it; "" where it cannot."""
    match extra.kind:
        case FieldKind.TEXT:
            return value[:FIELD_LIMIT]
        case FieldKind.CHOICE | FieldKind.MULTI_CHOICE:
            wanted = slug_of(value)
            return next(
                (choice.id for choice in extra.choices if wanted in {choice.id, *map(slug_of, choice.names.values())}),
                "",
            )
        case FieldKind.DATE:
            return value[:10] if re.fullmatch(r"\d{4}-\d\d-\d\d.*", value) else ""
        case FieldKind.PERSON:
            return ""
