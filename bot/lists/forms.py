"""The list's forms: words to search for, filters in three groups, a list's name; and what comes back in them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

from adapters.ui import (
    OPTION_LABEL,
    ChoiceField,
    DateField,
    Form,
    MultiChoiceField,
    Option,
    PersonField,
    TextField,
)
from bot.lists import telling
from desk.errors import DeskError, FormError
from desk.listing import NOBODY, WORDS_LIMIT, Activity, Due
from desk.model import Role
from desk.search import fold
from desk.text import cut

if TYPE_CHECKING:
    from collections.abc import Iterable

    from adapters.port import Submitted, Traits
    from adapters.ui import Field
    from bot.words import Words
    from desk.catalogue import Catalogue
    from desk.listing import Filters, Listing
    from desk.model import Agent

SEARCH, WHAT, WHO, WHEN, SAVE = "list.search", "list.what", "list.who", "list.when", "list.save"
VIEW_NAME = 40  # characters
_DAY = re.compile(r"(\d{1,2})[./](\d{1,2})[./](\d{4})")  # as people write it where a network has no calendar

Choices = Mapping[str, Sequence[Option]]


def search(listing: Listing, id_: str, words: Words) -> Form:
    field = TextField(
        "words", words("form.search.words"), words("form.search.hint"), required=False, limit=WORDS_LIMIT,
        value=listing.words,
    )  # fmt: skip
    return Form(SEARCH, words("form.search.title"), words("form.search.submit"), (field,), id_, words("form.cancel"))


def save(id_: str, words: Words) -> Form:
    field = TextField("name", words("form.view.name"), words("form.view.hint"), limit=VIEW_NAME)
    return Form(SAVE, words("form.view.title"), words("form.view.submit"), (field,), id_, words("form.cancel"))


# --- what -------------------------------------------------------------------------------------------------------


def choices(words: Words, catalogue: Catalogue, hidden: Iterable[str]) -> Choices:
    """What the catalogue offers to filter by. Hidden departments are not offered."""
    ids: dict[str, Sequence[str]] = {
        "statuses": catalogue.status_ids(),
        "priorities": [entry.id for entry in catalogue.priorities],
        "departments": [entry.id for entry in catalogue.departments if entry.id not in hidden],
        "products": [entry.id for entry in catalogue.products],
        "tags": [entry.id for entry in catalogue.tags],
    }
    return {
        kind: [Option(id_, cut(telling.called(kind, id_, words, catalogue), OPTION_LABEL)) for id_ in found]
        for kind, found in ids.items()
        if found
    }


def what(filters: Filters, id_: str, words: Words, offered: Choices, traits: Traits) -> Form:
    fields = tuple(_several(kind, options, getattr(filters, kind), words, traits) for kind, options in offered.items())
    return _form(WHAT, fields, id_, words)


def _several(kind: str, options: Sequence[Option], chosen: Sequence[str | int], words: Words, traits: Traits) -> Field:
    """A choice of several; of more than the network's select holds, their names are typed."""
    label = words(f"filter.{kind}")
    there = [option for option in options if option.value in {str(each) for each in chosen}]
    if len(options) > traits.choices:
        value = ", ".join(option.label for option in there)
        return TextField(kind, label, words("form.filter.names"), required=False, value=value)
    return MultiChoiceField(kind, label, tuple(options), required=False, chosen=tuple(option.value for option in there))


def what_of(heard: Submitted, filters: Filters, offered: Choices) -> Filters:
    """FormError where a name that was typed is none of those."""
    chosen: dict[str, tuple[str, ...]] = {}
    remarks: list[DeskError] = []
    for kind, options in offered.items():
        try:
            chosen[kind] = _chosen(heard, kind, options)
        except DeskError as remark:
            remarks.append(remark)
    if remarks:
        raise FormError(tuple(remarks))
    values: dict[str, object] = {**chosen}
    return replace(filters, **values)  # type: ignore[arg-type] # the kinds are the fields of that type


def _chosen(heard: Submitted, kind: str, options: Sequence[Option]) -> tuple[str, ...]:
    known = {option.value for option in options}
    if kind in heard.several:
        return tuple(value for value in heard.several[kind] if value in known)
    found: dict[str, None] = {}
    for typed in filter(None, (part.strip() for part in heard.values.get(kind, "").split(","))):
        fits = [option.value for option in options if fold(typed) in fold(option.label)]
        exact = [option.value for option in options if fold(option.label) == fold(typed)]
        if not fits:
            raise DeskError("name_unknown", field=kind, typed=cut(typed, 40))
        found |= dict.fromkeys(exact or fits)
    return tuple(found)


# --- who --------------------------------------------------------------------------------------------------------


def people(agents: Iterable[Agent], words: Words) -> Sequence[Option]:
    """The agents that can be asked for, and nobody."""
    named = [Option(str(agent.person.id), cut(agent.person.name, OPTION_LABEL)) for agent in agents]
    return [Option(str(NOBODY), words("card.nobody")), *named]


def who(
    filters: Filters, id_: str, words: Words, agents: Sequence[Option], client: str, channels: Iterable[str],
    traits: Traits,
) -> Form:  # fmt: skip
    """`client`: the account on this network of whom is asked for, "" for nobody."""
    networks = tuple(Option(name, cut(words.network(name), OPTION_LABEL)) for name in channels)
    fields: tuple[Field, ...] = (
        _several("agents", agents, filters.agents, words, traits),
        PersonField("client", words("filter.clients"), required=False, chosen=client),
        _several("channels", networks, filters.channels, words, traits),
    )
    return _form(WHO, fields, id_, words)


def who_of(heard: Submitted, filters: Filters, agents: Sequence[Option], client: int | None) -> Filters:
    """`client`: whom the form names. FormError where the desk does not know them, or a name that was typed is no
    agent's.
    """
    if client is None and heard.values.get("client"):
        raise FormError((DeskError("person_unknown", field="client"),))
    try:
        chosen = tuple(int(value) for value in _chosen(heard, "agents", agents))
    except DeskError as remark:
        raise FormError((remark,)) from remark
    clients = (client,) if client is not None else ()
    return replace(filters, agents=chosen, clients=clients, channels=tuple(heard.several.get("channels", ())))


# --- when -------------------------------------------------------------------------------------------------------


def when(filters: Filters, id_: str, words: Words, role: Role) -> Form:
    """What is due is for agents."""
    activity = tuple(Option(each.value, words(f"activity.{each}")) for each in Activity if each)
    fields: tuple[Field, ...] = (
        DateField("opened_from", words("filter.opened_from"), words("form.filter.day"), required=False,
                  value=filters.opened_from.isoformat() if filters.opened_from else ""),
        DateField("opened_until", words("filter.opened_until"), words("form.filter.day"), required=False,
                  value=filters.opened_until.isoformat() if filters.opened_until else ""),
        ChoiceField("activity", words("filter.activity"), activity, required=False, chosen=filters.activity.value),
    )  # fmt: skip
    if role is not Role.CLIENT:
        due = tuple(Option(each.value, words(f"due.{each}")) for each in Due if each)
        fields += (ChoiceField("due", words("filter.due"), due, required=False, chosen=filters.due.value),)
    return _form(WHEN, fields, id_, words)


def when_of(heard: Submitted, filters: Filters) -> Filters:
    """FormError for what is no day."""
    days: dict[str, date | None] = {}
    remarks: list[DeskError] = []
    for name in ("opened_from", "opened_until"):
        try:
            days[name] = day(heard.values.get(name, ""))
        except ValueError:
            remarks.append(DeskError("date_unknown", field=name))
    if remarks:
        raise FormError(tuple(remarks))
    activity, due = heard.values.get("activity", ""), heard.values.get("due", "")
    return replace(
        filters,
        opened_from=days["opened_from"],
        opened_until=days["opened_until"],
        activity=Activity(activity) if activity in tuple(Activity) else Activity.ANY,
        due=Due(due) if due in tuple(Due) else Due.ANY,
    )


def day(typed: str) -> date | None:
    """A day as ISO 8601 or as 24.11.2026 or 24/11/2026. None for nothing; ValueError for anything else."""
    typed = typed.strip()
    if not typed:
        return None
    if found := _DAY.fullmatch(typed):
        return date(int(found[3]), int(found[2]), int(found[1]))
    return date.fromisoformat(typed)


def _form(name: str, fields: tuple[Field, ...], id_: str, words: Words) -> Form:
    return Form(name, words("form.filter.title"), words("form.filter.submit"), fields, id_, words("form.cancel"))
