"""Threads that come to a ticket late: a follower's, a new department's; with what was said before."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desk.errors import DeskError
from desk.events import TicketContinued
from desk.model import Audience
from desk.verbs.acting import Actor, existing, handled, seen, tell
from desk.verbs.hearing import TOLD_AGAIN, heard, with_messages

if TYPE_CHECKING:
    from desk.model import AccountRef, PlaceRef, Thread
    from desk.ports import Transaction


def add_in_place(tx: Transaction, number: int, actor: Actor | None, place: PlaceRef, locale: str) -> Thread:
    """One more thread for agents, with what was said last."""
    thread = tx.add_thread(
        ticket=number, audience=Audience.AGENTS, channel=place.channel, place=place, account=None, locale=locale
    )
    return _begun(tx, thread, actor)


def add_for(
    tx: Transaction, number: int, actor: Actor | None, account: AccountRef, locale: str, audience: Audience
) -> Thread:
    """One more thread for this account alone, with what was said last; notes only where the audience is agents."""
    thread = tx.add_thread(
        ticket=number, audience=audience, channel=account.channel, place=None, account=account, locale=locale
    )
    return _begun(tx, thread, actor)


def _begun(tx: Transaction, thread: Thread, actor: Actor | None) -> Thread:
    tell(tx, TicketContinued(thread.ticket, thread.id), actor)
    for recorded in heard(tx, thread.ticket, thread.audience)[-TOLD_AGAIN:]:
        tx.owe(recorded, thread)
    return thread


def tell_missed(tx: Transaction, thread: Thread) -> None:
    """A thread that the ticket had left hears it again, and what was said meanwhile."""
    missed = [
        recorded
        for recorded, message in with_messages(tx, thread.ticket, thread.audience)
        if message.thread_id != thread.id and not tx.was_owed(recorded, thread)
    ]
    for recorded in missed[-TOLD_AGAIN:]:
        tx.owe(recorded, thread)


def follow(tx: Transaction, number: int, actor: Actor, account: AccountRef, locale: str) -> Thread | None:
    """See and hear a ticket that is somebody else's, in a thread of one's own (None: they have one already). An agent
    of its department hears notes too. DeskError where they follow it already.
    """
    ticket = seen(tx, number, actor)
    if ticket.client_id == actor.person.id:
        raise DeskError("follow_own", number=number)
    if not tx.follow(number, actor.person.id):
        raise DeskError("follows_already", number=number)
    if any(thread.account == account for thread in tx.threads(number)):
        return None
    inside = actor.sight.inside(ticket.department)
    return add_for(tx, number, actor, account, locale, Audience.AGENTS if inside else Audience.CLIENT)


def unfollow(tx: Transaction, number: int, actor: Actor) -> None:
    """Hear no more of it. DeskError where they did not follow it. Of a ticket that became theirs since, by an account
    that they linked, they go on hearing.
    """
    if not tx.unfollow(number, actor.person.id):
        raise DeskError("follows_not", number=number)
    if existing(tx, number).client_id == actor.person.id:
        return
    theirs = set(tx.accounts(actor.person.id))
    for thread in tx.threads(number):
        if thread.account in theirs:
            tx.end_thread(thread)


def add_follower(tx: Transaction, number: int, actor: Actor, follower: Actor, account: AccountRef) -> Thread | None:
    """An agent lets somebody else see and hear a ticket, as a client does. DeskError where it is theirs, or they follow
    it already.
    """
    ticket = handled(tx, number, actor)
    if ticket.client_id == follower.person.id:
        raise DeskError("follow_own", number=number)
    if not tx.follow(number, follower.person.id):
        raise DeskError("follows_already", number=number)
    return add_for(tx, number, actor, account, follower.person.locale, Audience.CLIENT)
