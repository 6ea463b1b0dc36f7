"""A person is forgotten: their words, files and name leave the desk; how many there were stays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from desk.access import must_be_admin
from desk.errors import DeskError
from desk.events import MessageDeleted, TicketChanged
from desk.verbs.acting import tell

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from desk.model import AccountRef, Person
    from desk.ports import Transaction
    from desk.verbs.acting import Actor


ERASED = "erased"  # the mark of when somebody was last erased: its traces are to be wiped


@dataclass(frozen=True, slots=True)
class Footprint:
    """What the desk has of somebody."""

    person: Person
    accounts: Sequence[AccountRef]
    tickets: int
    messages: int
    files: int


def footprint(tx: Transaction, actor: Actor, account: AccountRef) -> Footprint:
    """For admins, who are about to erase it. DeskError where the desk does not know that account."""
    must_be_admin(actor.role)
    person = tx.person_of(account)
    if person is None:
        raise DeskError("person_unknown")
    return _footprint(tx, person)


def erase(tx: Transaction, actor: Actor, person_id: int) -> tuple[Footprint, Sequence[str]]:
    """Gives what there was, and the hashes of the files that were theirs. What the desk has relayed of their words is
    withdrawn on the networks. DeskError where there is nobody (any more) of that number, or where it is the actor.
    """
    must_be_admin(actor.role)
    if person_id == actor.person.id:
        raise DeskError("forget_yourself")
    try:
        person = tx.person(person_id)
    except KeyError as error:
        raise DeskError("person_unknown") from error
    if not tx.accounts(person_id):
        raise DeskError("person_unknown")
    found = _footprint(tx, person)
    touched: dict[int, None] = {}
    for message_id in tx.standing(person_id):
        message = tx.mark_deleted(tx.message(message_id))
        touched[message.ticket] = None
        tell(tx, MessageDeleted(message.ticket, message.id), actor, message)
    for number in touched:
        tell(tx, TicketChanged(number, "erase", ()), actor)  # the cards show it
    tx.keep_mark(ERASED, tx.now)
    return found, tx.erase_person(person_id)


def given(tx: Transaction, person: Person) -> Mapping[str, Sequence[Mapping[str, Any]]]:
    """All that the desk has of somebody and that is theirs to see, by kind: no word that was for agents alone."""
    return tx.given_to(person.id)


def _footprint(tx: Transaction, person: Person) -> Footprint:
    tickets, messages, files = tx.footprint(person.id)
    return Footprint(person, tx.accounts(person.id), tickets, messages, files)
