"""People who follow a ticket that is not theirs: [Follow], [Stop following], [Add a follower]."""

from __future__ import annotations

from typing import TYPE_CHECKING

from adapters.port import Gone, Rejected
from adapters.ui import Card
from bot import forms
from bot.asked import once, whole
from desk import verbs
from desk.access import must_be_agent
from desk.errors import DeskError
from desk.model import AccountRef

if TYPE_CHECKING:
    from adapters.port import Answer, Pressed, Submitted
    from bot.house import Asker, House
    from desk.ports import Transaction


async def pressed_follow(house: House, asker: Asker, heard: Pressed) -> Answer:
    """[Follow]: in a thread of one's own."""
    number = whole(heard.value)
    await once(
        house, asker, heard, lambda tx, actor: verbs.follow(tx, number, actor, asker.account, asker.profile.locale)
    )
    return Card(asker.words("follow.done", number=number))


async def pressed_unfollow(house: House, asker: Asker, heard: Pressed) -> Answer:
    """[Stop following]"""
    number = whole(heard.value)
    await once(house, asker, heard, lambda tx, actor: verbs.unfollow(tx, number, actor))
    return Card(asker.words("follow.stopped", number=number))


async def pressed_add(house: House, asker: Asker, heard: Pressed) -> Answer:
    """[Add a follower]: whom?"""
    del house
    must_be_agent(asker.role)
    return forms.follower(asker.words, whole(heard.value))


async def submitted_add(house: House, asker: Asker, heard: Submitted) -> Answer:
    """Somebody was chosen."""
    number, key = whole(heard.state), heard.values.get("person", "")
    if not key:
        raise DeskError("person_unknown")
    try:
        other = await house.asker(AccountRef(asker.account.channel, key))
    except (Gone, Rejected):
        raise DeskError("person_unknown") from None
    if other.profile.bot:
        raise DeskError("person_unknown")

    def verb(tx: Transaction, actor: verbs.Actor) -> None:
        person = other.person(tx)
        follower = verbs.Actor(person, other.role, other.departments)
        verbs.add_follower(tx, number, actor, follower, other.account)

    await once(house, asker, heard, verb)
    return Card(asker.words("follow.added", name=other.profile.name, number=number))


PRESSED = {
    "ticket.follow": pressed_follow,
    "ticket.unfollow": pressed_unfollow,
    "follower.add": pressed_add,
}

SUBMITTED = {forms.FOLLOWER: submitted_add}
