"""A department's extra fields as fields of a form, and what came back as values to be kept.

A choice too large for a network's menu is found by typing where forms can search, and typed elsewhere: its name, or
enough of it. People are chosen by their accounts and kept by their number at the desk.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from adapters.port import ChannelError
from adapters.ui import (
    FIELD_HINT,
    FIELD_LABEL,
    OPTION_LABEL,
    ChoiceField,
    DateField,
    FinderField,
    MultiChoiceField,
    Option,
    PersonField,
    TextField,
)
from bot.asked import matching
from bot.dates import day_typed
from desk.catalogue import FieldKind, in_language
from desk.model import AccountRef
from desk.text import cut, one_line
from desk.verbs import FIELD_LIMIT

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from adapters.port import Submitted, Traits
    from adapters.ui import Field
    from bot.house import Asker, House
    from bot.words import Words
    from desk.catalogue import ExtraField
    from desk.ports import Transaction

PREFIX = "x."  # before the field's id: a form's own fields have other names


def options_of(extra: ExtraField, words: Words) -> tuple[Option, ...]:
    """Its choices, in one language."""
    return tuple(Option(each.id, cut(each.name(words.language), OPTION_LABEL)) for each in extra.choices)


def form_field(
    extra: ExtraField, values: Sequence[str], words: Words, traits: Traits, accounts: Mapping[str, str]
) -> Field:
    """One extra field with its value, if any; `accounts` are keys on this network by the person's number."""
    name, label = PREFIX + extra.id, cut(extra.name(words.language), FIELD_LABEL)
    hint = cut(in_language(extra.hints, words.language), FIELD_HINT) if extra.hints else ""
    value, options = (values[0] if values else ""), options_of(extra, words)
    known = tuple(option for option in options if option.value in values)
    match extra.kind:
        case FieldKind.CHOICE if len(options) <= traits.choices:
            chosen = known[0].value if known else ""
            return ChoiceField(name, label, options, hint, extra.required, chosen)
        case FieldKind.MULTI_CHOICE if len(options) <= traits.choices:
            chosen_ones = tuple(option.value for option in known)
            return MultiChoiceField(name, label, options, hint, extra.required, chosen_ones)
        case FieldKind.CHOICE if traits.search_in_forms:
            return FinderField(name, label, hint, extra.required, known[0] if known else None)
        case FieldKind.CHOICE | FieldKind.MULTI_CHOICE:
            typed = ", ".join(option.label for option in known)
            examples = cut(", ".join(option.label for option in options), FIELD_HINT)
            return TextField(name, label, hint or examples, extra.required, limit=FIELD_LIMIT, value=typed)
        case FieldKind.PERSON:
            return PersonField(name, label, hint, extra.required, accounts.get(value, ""))
        case FieldKind.DATE:
            return DateField(name, label, hint, extra.required, value)
        case _:
            return TextField(name, label, hint, extra.required, limit=FIELD_LIMIT, value=cut(value, FIELD_LIMIT))


@dataclass(frozen=True, slots=True)
class Given:
    """What a form said of extra fields. People who never spoke to the desk get their number in the transaction."""

    values: Mapping[str, tuple[str, ...]]
    people: Mapping[str, Asker] = field(default_factory=dict)  # by field

    def checkable(self) -> Mapping[str, tuple[str, ...]]:
        """To be checked before there is a transaction: whoever was found counts as a number."""
        return {**self.values, **dict.fromkeys(self.people, ("0",))}

    def kept(self, tx: Transaction) -> Mapping[str, tuple[str, ...]]:
        """With people as their numbers."""
        return {**self.values, **{name: (str(who.person(tx).id),) for name, who in self.people.items()}}


async def given(house: House, asker: Asker, heard: Submitted, extras: Iterable[ExtraField]) -> Given:
    """Read the extra fields that this form had; others are not among the values."""
    values: dict[str, tuple[str, ...]] = {}
    people: dict[str, Asker] = {}
    for extra in extras:
        name = PREFIX + extra.id
        if name in heard.several:
            values[extra.id] = tuple(heard.several[name])
            continue
        if name not in heard.values:
            continue
        text = heard.values[name]
        if extra.kind is FieldKind.PERSON and text:
            try:
                people[extra.id] = await house.asker(AccountRef(asker.account.channel, text))
            except ChannelError:
                values[extra.id] = (text,)
            continue
        values[extra.id] = _read(extra, text, asker, house.library.timezone)
    return Given(values, people)


def _read(extra: ExtraField, text: str, asker: Asker, zone: str) -> tuple[str, ...]:
    """A value as it is kept; what cannot be understood stays as it was typed, for the rules to refuse."""
    match extra.kind:
        case _ if not text.strip():
            return ()
        case FieldKind.CHOICE:
            return (_choice(extra, text, asker.words),)
        case FieldKind.MULTI_CHOICE:
            return tuple(_choice(extra, part, asker.words) for part in text.split(",") if part.strip())
        case FieldKind.DATE:
            day = day_typed(text, asker.profile.locale or asker.words.language, zone, datetime.now(UTC))
            return (day.isoformat() if day else text,)
        case _:
            return (one_line(text),)


def _choice(extra: ExtraField, typed: str, words: Words) -> str:
    """A choice's id from its id, its name, or enough of its name to know it from the others."""
    options = options_of(extra, words)
    wanted = typed.strip().casefold()
    for option in options:
        if wanted in {option.value, option.label.casefold()}:
            return option.value
    found = matching(options, typed)
    return found[0].value if len(found) == 1 else typed
