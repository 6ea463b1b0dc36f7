"""[Extra fields] of a ticket's department: a form, or several where a network's forms are short."""

from __future__ import annotations

from typing import TYPE_CHECKING

from adapters.ui import Button, Card, Form, Found
from bot import forms
from bot.asked import matching, once, pair_of, whole
from bot.extras import PREFIX, form_field, given, options_of
from bot.names import people_in
from desk import verbs
from desk.access import must_be_agent
from desk.errors import DeskError, FormError
from desk.verbs.acting import handled

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from adapters.port import Answer, Pressed, Sought, Submitted
    from bot.house import Asker, House
    from desk.catalogue import ExtraField
    from desk.model import Ticket
    from desk.ports import Transaction


async def pressed(house: House, asker: Asker, heard: Pressed) -> Answer:
    """[Extra fields]"""
    must_be_agent(asker.role)
    return await _form(house, asker, whole(heard.value), 0)


async def pressed_more(house: House, asker: Asker, heard: Pressed) -> Answer:
    """[Further fields]"""
    must_be_agent(asker.role)
    return await _form(house, asker, *pair_of(heard.value))


async def _form(house: House, asker: Asker, number: int, first: int) -> Form:
    traits, words = house.channels[asker.account.channel].traits, asker.words

    def look(tx: Transaction) -> tuple[Ticket, Mapping[str, str]]:
        ticket = handled(tx, number, asker.reader(tx))
        people = people_in(_extras(house, ticket), ticket.fields)
        here = asker.account.channel
        return ticket, {
            str(person_id): account.key
            for person_id in people
            for account in tx.accounts(person_id)
            if account.channel == here
        }

    ticket, accounts = await house.storage.read(look)
    page = _extras(house, ticket)[first : first + traits.fields_per_form]
    if not page:
        raise DeskError("no_fields")
    fields = tuple(form_field(extra, ticket.fields.get(extra.id, ()), words, traits, accounts) for extra in page)
    title, submit = words("form.fields.title"), words("form.fields.submit")
    return Form(forms.FIELDS, title, submit, fields, f"{number}:{first}", words("form.cancel"))


def _extras(house: House, ticket: Ticket) -> Sequence[ExtraField]:
    department = house.catalogue.department(ticket.department)
    return department.fields if department else ()


async def submitted(house: House, asker: Asker, heard: Submitted) -> Answer:
    """The values came back. Where there are further fields, a button leads to them."""
    number, first = pair_of(heard.state)
    traits, catalogue = house.channels[asker.account.channel].traits, house.catalogue
    ticket = await house.storage.read(lambda tx: handled(tx, number, asker.reader(tx)))
    extras = _extras(house, ticket)
    values = await given(house, asker, heard, extras[first : first + traits.fields_per_form])
    try:
        await once(
            house, asker, heard, lambda tx, actor: verbs.set_fields(tx, catalogue, number, actor, values.kept(tx))
        )
    except FormError as error:
        form = await _form(house, asker, number, first)
        return forms.sent_back(form, heard.values, error, asker.words, several=heard.several)
    except DeskError as refused:
        if refused.key != "unchanged":
            raise
    further = first + traits.fields_per_form
    if further >= len(extras):
        return Card(asker.words("fields.done", number=number))
    more = Button("fields.more", asker.words("action.further_fields"), f"{number}:{further}", emoji="✏️")
    return Card(asker.words("fields.done", number=number), actions=(more,))


async def sought(house: House, asker: Asker, heard: Sought) -> Answer:
    """A choice of very many, in a form that can search: of whichever department has this field."""
    wanted = heard.carried.removeprefix(PREFIX)
    for department in house.catalogue.departments:
        if extra := department.own_field(wanted):
            return Found(matching(options_of(extra, asker.words), heard.words))
    return Found(())


PRESSED = {
    "ticket.fields": pressed,
    "fields.more": pressed_more,
}

SUBMITTED = {forms.FIELDS: submitted}

SOUGHT = {forms.FIELDS: sought}
