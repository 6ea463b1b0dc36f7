"""Accounts of one person: a code typed on the other network joins them, `unlink` parts them again.

A person has at most one account on each network; on Discord it is the same in all servers. A role is never shared:
what somebody may do is what the account that they act with bears on its own network.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from desk.errors import DeskError
from desk.events import Change, ThreadEnded, TicketChanged
from desk.model import Audience
from desk.verbs.acting import Actor, existing
from desk.verbs.threading import add_for

if TYPE_CHECKING:
    from collections.abc import Sequence

    from desk.model import AccountRef, Person, Thread
    from desk.ports import Transaction

CODE_LIVES = timedelta(minutes=10)
GUESSES = 5  # of one account, wrong ones in a row, until it must wait
GUESSES_WITHIN = timedelta(minutes=15)
# No sign that reads like another: 32 signs, so eight of them are 40 bits, and five guesses find nothing.
CODE_SIGNS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
CODE_LENGTH = 8


@dataclass(frozen=True, slots=True)
class Offer:
    """Whose code it is: who will be joined with the one who types it."""

    account: AccountRef
    person: Person


def offer_link(tx: Transaction, actor: Actor, account: AccountRef, code: str) -> None:
    """Let this code join the account's person with another for a while. DeskError where the code is taken."""
    if not tx.offer_code(account, _digest(code), until=tx.now + CODE_LIVES):
        raise DeskError("link_try_again")
    assert tx.person_of(account) == actor.person  # a code always has its person


def guess(tx: Transaction, account: AccountRef) -> None:
    """Count a code that is about to be looked up, in a transaction of its own, so that a wrong one stays counted.
    DeskError("link_too_often") after too many.
    """
    if tx.guesses(account, since=tx.now - GUESSES_WITHIN) >= GUESSES:
        raise DeskError("link_too_often", count=round(GUESSES_WITHIN.total_seconds() / 60))
    tx.add_guess(account)


def offered(tx: Transaction, account: AccountRef, code: str) -> Offer:
    """Whom this code would join with the account's person. DeskError where it is wrong, too old or of no use here."""
    source = tx.offered_by(_digest(code))
    if source is None:
        raise DeskError("link_code_unknown")
    if source.holder[0] == account.holder[0]:
        raise DeskError("link_same_network")
    owner = tx.person_of(source)
    assert owner is not None  # offered by an account with a person
    own = tx.person_of(account)
    if own is not None:
        if own.id == owner.id:
            raise DeskError("link_already")
        holders = {linked.holder for person in (own, owner) for linked in tx.accounts(person.id)}
        if len({network for network, _ in holders}) < len(holders):
            raise DeskError("link_third")
    tx.forget_guesses(account)
    return Offer(source, owner)


def link(tx: Transaction, actor: Actor, account: AccountRef, code: str) -> Person:
    """The code's person and the actor are one from now on: the one who was known first. The code is spent."""
    offer = offered(tx, account, code)
    tx.forget_code(offer.account)
    tx.forget_code(account)
    kept, joined, came = offer.person, actor.person, account
    if joined.id < kept.id:
        kept, joined, came = joined, kept, offer.account
    moved = tx.join_people(kept, joined, came)
    log_moved(tx, "link", moved, joined, kept)
    return kept


def unlink(tx: Transaction, actor: Actor, account: AccountRef, name: str = "") -> Person:
    """The account is a person of its own again, with the `name` it bears. DeskError where it is linked to none.

    The rule, for what was before the link and since: a ticket goes with the account of the network it came by, and so
    do words with the network they were said on. A ticket in the agent's care goes along where it is answered on that
    network only. All else stays; who followed a ticket with the account goes on doing so. A thread that shows one
    of the two a ticket that is the other's has ended.
    """
    person = actor.person
    accounts = tx.accounts(person.id)
    if not is_linked(accounts):
        raise DeskError("not_linked")
    own, moved = tx.part_person(person, account, name=name or person.name, locale=person.locale)
    log_moved(tx, "unlink", moved, person, own)
    tx.forget_code(account)
    for linked in accounts:
        reader = own if linked.holder == account.holder else person
        for thread in tx.threads_for(linked):
            client_id = existing(tx, thread.ticket).client_id
            if client_id not in {own.id, person.id} and reader is own and tx.follows(thread.ticket, person.id):
                tx.follow(thread.ticket, own.id)  # who followed with this account goes on doing so
            elif client_id in {own.id, person.id} - {reader.id}:
                tx.end_thread(thread)
                told = [thread] if thread.ref else []
                tx.record(ThreadEnded(thread.ticket, thread.id), actor_id=actor.person.id, to=told)
    return own


def is_linked(accounts: Sequence[AccountRef]) -> bool:
    """Whether these, of one person, are more than one: somebody in two servers of Discord has one account there."""
    return len({account.holder for account in accounts}) > 1


def continue_here(tx: Transaction, number: int, actor: Actor, account: AccountRef, locale: str) -> Thread:
    """A thread of the client's own on the account's network, with what was said last. DeskError where there is one."""
    ticket = tx.ticket(number)
    if ticket is None or ticket.client_id != actor.person.id:
        raise DeskError("ticket_unknown", number=number)
    for each in tx.threads(number):
        if each.audience is Audience.CLIENT and each.account == account:
            if not each.asleep:
                raise DeskError("thread_exists", number=number)
            tx.end_thread(each)  # it never began: this one does
    return add_for(tx, number, actor, account, locale, Audience.CLIENT)


def log_moved(tx: Transaction, verb: str, moved: Sequence[tuple[int, str]], old: Person, new: Person) -> None:
    """Whose each ticket is now, for its history and its figures; nobody is told."""
    fields: dict[int, list[Change]] = {}
    for number, field in moved:
        fields.setdefault(number, []).append(Change(field, str(old.id), str(new.id)))
    for number, changes in fields.items():
        tx.record(TicketChanged(number, verb, tuple(changes)), actor_id=new.id, to=())


def _digest(code: str) -> str:
    signs = "".join(sign for sign in code.upper() if sign.isalnum())
    return hashlib.sha256(signs.encode()).hexdigest()
