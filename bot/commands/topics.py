"""What a new ticket is about, where one form cannot offer it all: the department first, or found by typing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from adapters.ui import OPTION_LABEL, Found, Option
from bot import forms
from bot.asked import matching, whole
from bot.commands import fields
from bot.commands.ticket import form_of, kept_draft
from desk.errors import DeskError
from desk.text import cut

if TYPE_CHECKING:
    from collections.abc import Iterable

    from adapters.port import Answer, Pressed, Sought
    from bot.house import Asker, House
    from desk.catalogue import Entry


async def pressed_department(house: House, asker: Asker, heard: Pressed) -> Answer:
    """The department was chosen first: now the form, with its products only."""
    if house.offered(asker).department(heard.value) is None:
        raise DeskError("action_unknown")  # of an older catalogue
    kept = await kept_draft(house, asker, whole(heard.carried or "0"))
    return await form_of(house, asker, kept, department=heard.value)


async def sought_topic(house: House, asker: Asker, heard: Sought) -> Answer:
    """One of very many departments and products."""
    return Found(matching(forms.topics(asker.words, house.offered(asker)), heard.words))


async def pressed_topic(house: House, asker: Asker, heard: Pressed) -> Answer:
    """Department and product were found first: now the form without them."""
    department, _, product = heard.value.partition("/")
    found = house.offered(asker).department(department)
    if found is None or product not in {each.id for each in house.catalogue.offered_by(found)}:
        raise DeskError("action_unknown")  # of an older catalogue
    kept = await kept_draft(house, asker, whole(heard.carried or "0"))
    return await form_of(house, asker, kept, department=department, product=product)


async def sought_in_form(house: House, asker: Asker, heard: Sought) -> Answer:
    """One of very many, in a form that can search: a department, a product, or an extra field's choice."""
    name = asker.words.language
    match heard.carried:
        case "department":
            entries: Iterable[Entry] = house.offered(asker).departments
        case "product":
            entries = house.catalogue.products
        case _:
            return await fields.sought(house, asker, heard)
    options = [Option(entry.id, cut(entry.name(name), OPTION_LABEL)) for entry in entries]
    return Found(matching(options, heard.words))


PRESSED = {
    "ticket.department": pressed_department,
    "ticket.topic": pressed_topic,
}

SOUGHT = {
    "ticket.topic": sought_topic,
    forms.NEW_TICKET: sought_in_form,
}
