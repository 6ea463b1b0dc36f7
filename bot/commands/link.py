"""/link and /unlink: one person with an account on each network; and a ticket continued on the other network."""

from __future__ import annotations

import logging
import secrets
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from adapters.port import ChannelError
from adapters.ui import CARD_LINES, Button, Card, Instead, Post, lines
from bot.asked import once, whole
from bot.cards import literal
from desk import verbs
from desk.errors import DeskError
from desk.text import cut

if TYPE_CHECKING:
    from collections.abc import Callable

    from adapters.port import Answer, Called, Pressed
    from bot.house import Asker, House
    from desk.model import AccountRef, Person
    from desk.ports import Transaction

T = TypeVar("T")

log = logging.getLogger(__name__)

HALF = verbs.CODE_LENGTH // 2
NAME_SHOWN = 80  # characters


async def called_link(house: House, asker: Asker, heard: Called) -> Answer:
    """`/link`: a code for the other network; `/link CODE`: whose it is, and whether it is right."""
    words = asker.words
    if len(house.channels) == 1:
        raise DeskError("link_one_network")
    if not heard.words.strip():
        code = "".join(secrets.choice(verbs.CODE_SIGNS) for _ in range(verbs.CODE_LENGTH))
        await house.storage.write(lambda tx: _offer(tx, asker, code))
        shown = f"{code[:HALF]}-{code[HALF:]}"
        minutes = round(verbs.CODE_LIVES.total_seconds() / 60)
        return Card(words("link.code", code=shown), words("link.code_body", code=shown, count=minutes))
    code = heard.words
    offer = await _looked_up(house, asker, lambda tx: verbs.offered(tx, asker.account, code))
    name, network = cut(offer.person.name, NAME_SHOWN), asker.words.network(offer.account.channel)
    value = "".join(sign for sign in code.upper() if sign.isalnum())
    return Card(
        words("link.sure", name=name, network=network),
        words("link.sure_body", name=literal(name), network=network),
        actions=(
            Button("link.join", words("action.link"), value, style="primary", emoji="🔗"),
            Button("link.leave", words("action.not_me"), "", emoji="✋"),
        ),
    )


def _offer(tx: Transaction, asker: Asker, code: str) -> None:
    verbs.offer_link(tx, asker.actor(tx), asker.account, code)


async def pressed_join(house: House, asker: Asker, heard: Pressed) -> Answer:
    """[Link the accounts]"""

    def verb(tx: Transaction) -> tuple[verbs.Offer, Person]:
        offer = verbs.offered(tx, asker.account, heard.value)
        return offer, verbs.link(tx, asker.actor(tx), asker.account, heard.value)

    offer, _ = await _looked_up(house, asker, verb)
    name, network = cut(offer.person.name, NAME_SHOWN), asker.words.network(offer.account.channel)
    await house.languages_changed()
    await _tell(house, offer.account, asker)
    return Instead(Card(asker.words("link.done", network=network), asker.words("link.done_body", name=literal(name))))


async def pressed_leave(house: House, asker: Asker, heard: Pressed) -> Answer:
    """[That is not me]"""
    del house, heard
    return Instead(Card(asker.words("link.left"), asker.words("link.left_body")))


async def _looked_up(house: House, asker: Asker, verb: Callable[[Transaction], T]) -> T:
    """Try a code. The guess is counted before, and stays counted where the code is wrong."""
    await house.storage.write(lambda tx: verbs.guess(tx, asker.account))
    return await house.storage.write(verb)


async def _tell(house: House, account: AccountRef, asker: Asker) -> None:
    """The account whose code it was hears of it as well: it may not have been its person who typed it."""
    channel = house.channels[account.channel]
    try:
        words = (await house.asker(account)).words
        network = words.network(asker.account.channel)
        card = Card(
            words("link.done", network=network),
            words("link.told_body", name=literal(cut(asker.profile.name, NAME_SHOWN)), network=network),
        )
        await channel.whisper(account, Post(card=card), key=secrets.token_hex(8))
    except ChannelError as error:
        log.warning("%s not told of the link: %s", account, error)


async def called_unlink(house: House, asker: Asker, heard: Called) -> Answer:
    """`/unlink`: first what it would do."""
    del heard
    words = asker.words

    def look(tx: Transaction) -> bool:
        person = tx.person_of(asker.account)
        return person is not None and verbs.is_linked(tx.accounts(person.id))

    if not await house.storage.read(look):
        raise DeskError("not_linked")
    network = words.network(asker.account.channel)
    button = Button("link.part", words("action.unlink"), "", style="danger", emoji="✂️")
    return Card(words("link.part", network=network), words("link.part_body", network=network), actions=(button,))


async def pressed_part(house: House, asker: Asker, heard: Pressed) -> Answer:
    """[Unlink]"""
    del heard
    name = asker.name()
    await house.storage.write(lambda tx: verbs.unlink(tx, asker.actor(tx), asker.account, name))
    await house.languages_changed()
    house.wake()
    return Instead(Card(asker.words("link.parted"), asker.words("link.parted_body")))


async def with_continue(house: House, asker: Asker, number: int, card: Card) -> Card:
    """The card with [Continue here], where it is the asker's ticket and they have no thread for it on this network."""

    def look(tx: Transaction) -> bool:
        ticket, person = tx.ticket(number), tx.person_of(asker.account)
        if ticket is None or person is None or ticket.client_id != person.id:
            return False
        return not any(each.account == asker.account and not each.asleep for each in tx.threads(number))

    if not await house.storage.read(look):
        return card
    button = Button("ticket.continue", asker.words("action.continue_here"), str(number), style="primary", emoji="💬")
    actions = (button, *card.actions)
    return replace(card, actions=actions) if len(lines(actions)) <= CARD_LINES else card


async def pressed_continue(house: House, asker: Asker, heard: Pressed) -> Answer:
    """[Continue here]"""
    number = whole(heard.value)

    def verb(tx: Transaction, actor: verbs.Actor) -> None:
        verbs.continue_here(tx, number, actor, asker.account, asker.locale or asker.words.language)

    await once(house, asker, heard, verb)
    return Card(asker.words("answer.continued", number=number), asker.words("answer.opened_body"))


CALLED = {"link": called_link, "unlink": called_unlink}

PRESSED = {
    "link.join": pressed_join,
    "link.leave": pressed_leave,
    "link.part": pressed_part,
    "ticket.continue": pressed_continue,
}
