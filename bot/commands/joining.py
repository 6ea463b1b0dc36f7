"""Tickets brought together and taken apart from their cards: move, merge, parts of others, a message of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from adapters.ui import OPTION_LABEL, Button, Card, Finder, Found, Instead, Option, Select
from bot import cards, forms
from bot.asked import carried, matching, once, pair_of, whole
from bot.disturbing import busy
from desk import verbs
from desk.access import must_be_agent
from desk.errors import DeskError, FormError
from desk.listing import Bounds, Listing, Tab
from desk.model import Audience, Kind
from desk.search import widened
from desk.text import cut, one_line
from desk.verbs import SUBJECT_LIMIT, Draft
from desk.verbs.acting import handled
from desk.verbs.hearing import said

if TYPE_CHECKING:
    from adapters.port import Answer, Pressed, Shortcut, Sought, Submitted
    from bot.house import Asker, House
    from desk.access import Sight
    from desk.model import Message, Ticket
    from desk.ports import Transaction

MOST = 25  # matches of a search, and messages of which one can become a ticket


# --- move -------------------------------------------------------------------------------------------------------


async def pressed_move(house: House, asker: Asker, heard: Pressed) -> Answer:
    """[Move]: where to? In one choice where that fits, else found by typing."""
    number = whole(heard.value)
    topics = await _topics(house, asker, number)
    if len(topics) <= MOST:
        choice: Select | Finder = Select("move.to", asker.words("choose.topic"), topics, carries=heard.value)
    else:
        choice = Finder("move.to", asker.words("choose.topic"), carries=heard.value)
    return Card(asker.words("move.where", number=number), asker.words("move.where_body"), actions=(choice,))


async def sought_topic(house: House, asker: Asker, heard: Sought) -> Answer:
    """A department and product, by typing."""
    return Found(matching(await _topics(house, asker, whole(heard.carried)), heard.words))


async def _topics(house: House, asker: Asker, number: int) -> tuple[Option, ...]:
    """Where a ticket can go: to all that serve the people of the network by which it came."""
    ticket = await house.storage.read(lambda tx: handled(tx, number, asker.reader(tx)))
    return forms.topics(asker.words, house.catalogue.on(ticket.channel))


async def pressed_move_to(house: House, asker: Asker, heard: Pressed) -> Answer:
    """A department and product was chosen."""
    department, _, product = heard.value.partition("/")
    number, catalogue, resting = carried(heard), house.catalogue, await busy(house, department)

    def verb(tx: Transaction, actor: verbs.Actor) -> None:
        verbs.move(tx, catalogue, number, actor, department, product, busy=resting)

    await once(house, asker, heard, verb)
    return Instead(Card(asker.words("move.done", number=number)))


# --- merge ------------------------------------------------------------------------------------------------------


async def pressed_merge(house: House, asker: Asker, heard: Pressed) -> Answer:
    """[Merge]: with which?"""
    number = whole(heard.value)
    await house.storage.read(lambda tx: handled(tx, number, asker.reader(tx)))
    finder = Finder("merge.into", asker.words("choose.ticket"), carries=heard.value)
    return Card(asker.words("merge.which", number=number), asker.words("merge.which_body"), actions=(finder,))


async def sought_ticket(house: House, asker: Asker, heard: Sought) -> Answer:
    """Another ticket, by its number or by words: those of the same client first."""
    number = whole(heard.carried)

    def look(tx: Transaction) -> tuple[Option, ...]:
        actor = asker.reader(tx)
        ticket = handled(tx, number, actor)
        every = _candidates(tx, ticket, heard.words, asker.hidden(house.catalogue), actor.sight)
        found = {each.number: each for each in every}
        return tuple(
            Option(str(each.number), cut(cards.title(each), OPTION_LABEL))
            for each in found.values()
            if each.number != number
            and each.merged_into is None
            and actor.sight.inside(each.department)
            and house.catalogue.room(each.department) == house.catalogue.room(ticket.department)
        )[:MOST]

    return Found(await house.storage.read(look))


def _candidates(tx: Transaction, ticket: Ticket, typed: str, hidden: frozenset[str], sight: Sight) -> list[Ticket]:
    """By its number; else those of the same client first, then all that hold the words."""
    typed = typed.strip().removeprefix("#")
    if typed.isascii() and typed.isdigit():
        exact = tx.ticket(whole(typed))
        return [exact] if exact else []
    others = tx.panel(ticket.client_id, beside=ticket.number, limit=200, hidden=hidden).others
    options = [Option(str(each.number), cut(each.subject, OPTION_LABEL)) for each in others]
    wanted = {option.value for option in matching(options, typed)}
    theirs = [each for each in others if str(each.number) in wanted]
    if not typed:
        return theirs
    found = tx.search(sight, Listing(Tab.ALL, words=widened(typed)), Bounds(), cursor=None, limit=MOST)
    return [*theirs, *(hit.ticket for hit in found.hits)]


async def pressed_merge_into(house: House, asker: Asker, heard: Pressed) -> Answer:
    """A ticket was found: what would happen, and whether it shall."""
    number, into = carried(heard), whole(heard.value)

    def look(tx: Transaction) -> tuple[Ticket, Ticket]:
        actor = asker.reader(tx)
        return handled(tx, number, actor), handled(tx, into, actor)

    old, target = await house.storage.read(look)
    words = asker.words
    body = words("merge.sure_body", old=cards.literal(cards.title(old)), target=cards.literal(cards.title(target)))
    yes = Button("merge.do", words("action.merge"), f"{number}:{into}", style="danger", emoji="🔗")
    return Instead(Card(words("merge.sure", number=number, into=into), body, actions=(yes,)))


async def pressed_merge_do(house: House, asker: Asker, heard: Pressed) -> Answer:
    """It shall."""
    number, into = pair_of(heard.value)
    await once(house, asker, heard, lambda tx, actor: verbs.merge(tx, house.catalogue, number, into, actor))
    return Instead(Card(asker.words("merge.done", number=number, into=into)))


# --- parts ------------------------------------------------------------------------------------------------------


async def pressed_parent(house: House, asker: Asker, heard: Pressed) -> Answer:
    """[Part of…]: of which?"""
    number = whole(heard.value)
    await house.storage.read(lambda tx: handled(tx, number, asker.reader(tx)))
    finder = Finder("parent.is", asker.words("choose.ticket"), carries=heard.value)
    return Card(asker.words("parent.which", number=number), asker.words("parent.which_body"), actions=(finder,))


async def pressed_parent_is(house: House, asker: Asker, heard: Pressed) -> Answer:
    """A ticket was found that it is a part of."""
    number, parent, catalogue = carried(heard), whole(heard.value), house.catalogue
    await once(house, asker, heard, lambda tx, actor: verbs.link_parent(tx, catalogue, number, parent, actor))
    return Instead(Card(asker.words("parent.done", number=number, parent=parent)))


async def pressed_parent_drop(house: House, asker: Asker, heard: Pressed) -> Answer:
    """[No part of another any more]"""
    number, catalogue = whole(heard.value), house.catalogue
    await once(house, asker, heard, lambda tx, actor: verbs.link_parent(tx, catalogue, number, None, actor))
    return Card(asker.words("parent.dropped", number=number))


# --- split ------------------------------------------------------------------------------------------------------


async def pressed_split(house: House, asker: Asker, heard: Pressed) -> Answer:
    """[Split]: which of the newest messages becomes a ticket of its own?"""
    number, words = whole(heard.value), asker.words

    def look(tx: Transaction) -> list[tuple[Message, str]]:
        handled(tx, number, asker.reader(tx))
        newest = said(tx, number, Audience.CLIENT)[-MOST:]
        return [(each, tx.person(each.author_id).name) for each in reversed(newest)]

    found = await house.storage.read(look)
    if not found:
        raise DeskError("nothing_said", number=number)
    options = tuple(
        Option(str(each.id), cut(f"{name}: {one_line(each.body) or '📎'}", OPTION_LABEL)) for each, name in found
    )
    choice = Select("split.message", words("choose.message"), options, carries=heard.value)
    return Card(words("split.which", number=number), words("split.which_body"), actions=(choice,))


async def pressed_split_message(house: House, asker: Asker, heard: Pressed) -> Answer:
    """A message was chosen: now the form of the new ticket."""
    return await _split_form(house, asker, whole(heard.value))


async def shortcut_split(house: House, asker: Asker, heard: Shortcut) -> Answer:
    """The message's own menu: in any thread of the ticket."""
    must_be_agent(asker.role)
    ref = heard.quote.message
    message = await house.storage.read(lambda tx: tx.message_from(ref) or tx.copied_from(ref))
    if message is None:
        raise DeskError("message_elsewhere")
    return await _split_form(house, asker, message.id)


async def _split_form(house: House, asker: Asker, message_id: int) -> Answer:
    message, ticket = await house.storage.read(lambda tx: verbs.to_split(tx, message_id, asker.reader(tx)))
    if message.kind is not Kind.REPLY:
        raise DeskError("split_note")
    return forms.split(
        asker.words, house.catalogue.on(ticket.channel), message_id, ticket, subject=one_line(message.body)
    )


async def submitted_split(house: House, asker: Asker, heard: Submitted) -> Answer:
    """The form of the message's own ticket came back."""
    message_id, catalogue = whole(heard.state), house.catalogue
    department, _, product = heard.values.get("topic", "").partition("/")
    made: list[int] = []
    resting = await busy(house, department)

    def verb(tx: Transaction, actor: verbs.Actor) -> None:
        message, ticket = verbs.to_split(tx, message_id, actor)
        body = message.body or tx.description(message.ticket).body
        subject = heard.values.get("subject", "")[:SUBJECT_LIMIT]
        where = (department, product) if department else (ticket.department, ticket.product)
        draft = Draft(subject, body, *where, heard.values.get("priority", ""))
        made.append(verbs.split(tx, catalogue, message_id, actor, draft, busy=resting).number)

    try:
        await once(house, asker, heard, verb)
    except FormError as error:
        _, ticket = await house.storage.read(lambda tx: verbs.to_split(tx, message_id, asker.reader(tx)))
        form = forms.split(asker.words, catalogue.on(ticket.channel), message_id, ticket)
        return forms.sent_back(form, heard.values, error, asker.words)
    return Card(asker.words("split.done", number=made[0])) if made else None


PRESSED = {
    "ticket.move": pressed_move,
    "move.to": pressed_move_to,
    "ticket.merge": pressed_merge,
    "merge.into": pressed_merge_into,
    "merge.do": pressed_merge_do,
    "ticket.parent": pressed_parent,
    "parent.is": pressed_parent_is,
    "parent.drop": pressed_parent_drop,
    "ticket.split": pressed_split,
    "split.message": pressed_split_message,
}

SUBMITTED = {forms.SPLIT: submitted_split}

SOUGHT = {
    "move.to": sought_topic,
    "merge.into": sought_ticket,
    "parent.is": sought_ticket,
}

SHORTCUTS = {"split": shortcut_split}
