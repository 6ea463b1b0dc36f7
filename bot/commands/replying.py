"""What agents say from a ticket's card: notes, internal talk, canned replies, one reply for all of a ticket's parts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from adapters.ui import OPTION_LABEL, Card, Finder, Found, Option, Select
from bot import forms
from bot.asked import carried, matching, once, whole
from bot.names import department_name, priority_name, product_name, status_name
from desk import verbs
from desk.access import must_be_agent
from desk.errors import DeskError, FormError
from desk.text import cut
from desk.verbs.acting import handled

if TYPE_CHECKING:
    from collections.abc import Mapping

    from adapters.port import Answer, Pressed, Sought, Submitted
    from adapters.ui import Action
    from bot.house import Asker, House
    from bot.words import Words
    from desk.model import Person, Ticket
    from desk.ports import Transaction

CHOICES = 25  # of one menu of a card


async def pressed_note(house: House, asker: Asker, heard: Pressed) -> Answer:
    """[Note]"""
    del house
    must_be_agent(asker.role)
    return forms.note(asker.words, whole(heard.value))


async def submitted_note(house: House, asker: Asker, heard: Submitted) -> Answer:
    """The note's form came back."""
    number, body = whole(heard.state), heard.values.get("note", "")
    try:
        await once(house, asker, heard, lambda tx, actor: verbs.add_note(tx, number, actor, body))
    except FormError as error:
        return forms.sent_back(forms.note(asker.words, number), heard.values, error, asker.words)
    return Card(asker.words("answer.note_saved", number=number))


async def pressed_internal(house: House, asker: Asker, heard: Pressed) -> Answer:
    """[Internal talk]"""
    number = whole(heard.value)
    await once(house, asker, heard, lambda tx, actor: verbs.open_internal_talk(tx, number, actor))
    return Card(asker.words("answer.internal_opened", number=number))


async def pressed_choose(house: House, asker: Asker, heard: Pressed) -> Answer:
    """[Canned reply]: which?"""
    number = whole(heard.value)
    must_be_agent(asker.role)
    ticket = await house.storage.read(lambda tx: handled(tx, number, asker.reader(tx)))
    options = _replies(house, asker, ticket)
    if not options:
        raise DeskError("no_replies")
    placeholder = asker.words("choose.reply")
    choice: Action = Finder("reply.fill", placeholder, carries=heard.value)
    if len(options) <= CHOICES:
        choice = Select("reply.fill", placeholder, options, carries=heard.value)
    return Card(asker.words("reply.which", number=number), asker.words("reply.which_body"), actions=(choice,))


def _replies(house: House, asker: Asker, ticket: Ticket) -> tuple[Option, ...]:
    return tuple(
        Option(reply.id, cut(reply.name(asker.words.language), OPTION_LABEL))
        for reply in house.catalogue.replies_for(ticket.department)
    )


async def sought_reply(house: House, asker: Asker, heard: Sought) -> Answer:
    """One of very many canned replies."""
    ticket = await house.storage.read(lambda tx: handled(tx, whole(heard.carried), asker.reader(tx)))
    return Found(matching(_replies(house, asker, ticket), heard.words))


async def pressed_fill(house: House, asker: Asker, heard: Pressed) -> Answer:
    """A canned reply was chosen: shown filled in, in the client's language, to be changed and sent."""
    reply = house.catalogue.canned_reply(heard.value)
    if reply is None:
        raise DeskError("reply_unknown")

    def look(tx: Transaction) -> tuple[Ticket, Person]:
        ticket = handled(tx, carried(heard), asker.reader(tx))
        return ticket, tx.person(ticket.client_id)

    ticket, client = await house.storage.read(look)
    words = house.library.of(client.locale)
    return forms.reply(
        asker.words, ticket.number, reply.filled(words.language, _facts(house, asker, ticket, client, words))
    )


def _facts(house: House, asker: Asker, ticket: Ticket, client: Person, words: Words) -> Mapping[str, str]:
    catalogue = house.catalogue
    return {
        "client": client.name,
        "agent": asker.profile.name,
        "number": str(ticket.number),
        "subject": ticket.subject,
        "department": department_name(ticket.department, words, catalogue),
        "product": product_name(ticket.product, words, catalogue),
        "priority": priority_name(ticket.priority, words, catalogue),
        "status": status_name(ticket.house_status, words, catalogue),
        "desk": house.name,
    }


async def submitted_reply(house: House, asker: Asker, heard: Submitted) -> Answer:
    """The reply is sent."""
    number, body = whole(heard.state), heard.values.get("reply", "")
    try:
        hold = house.rules.lifecycle.hold_on_reply
        await once(house, asker, heard, lambda tx, actor: verbs.answer(tx, number, actor, body, hold=hold))
    except FormError as error:
        return forms.sent_back(forms.reply(asker.words, number), heard.values, error, asker.words)
    return None


async def pressed_all(house: House, asker: Asker, heard: Pressed) -> Answer:
    """[Reply to all parts]"""
    del house
    must_be_agent(asker.role)
    return forms.reply(asker.words, whole(heard.value), to_all=True)


async def submitted_all(house: House, asker: Asker, heard: Submitted) -> Answer:
    """The reply goes to the ticket and to all of its open parts."""
    number, body = whole(heard.state), heard.values.get("reply", "")
    told: list[int] = []
    try:
        hold = house.rules.lifecycle.hold_on_reply
        await once(
            house, asker, heard, lambda tx, actor: told.extend(verbs.answer_all(tx, number, actor, body, hold=hold))
        )
    except FormError as error:
        return forms.sent_back(forms.reply(asker.words, number, to_all=True), heard.values, error, asker.words)
    return Card(asker.words("reply.sent_to", tickets=", ".join(f"#{each}" for each in told)))


async def pressed_try_again(house: House, asker: Asker, heard: Pressed) -> Answer:
    """[Try again] on a delivery that was given up."""
    await once(house, asker, heard, lambda tx, actor: verbs.try_again(tx, whole(heard.value), actor))
    return Card(asker.words("answer.retried"))


PRESSED = {
    "ticket.note": pressed_note,
    "ticket.internal": pressed_internal,
    "reply.choose": pressed_choose,
    "reply.fill": pressed_fill,
    "reply.all": pressed_all,
    "delivery.retry": pressed_try_again,
}

SUBMITTED = {
    forms.NOTE: submitted_note,
    forms.REPLY: submitted_reply,
    forms.REPLY_ALL: submitted_all,
}

SOUGHT = {"reply.fill": sought_reply}
