"""What every verb is made of: who acts, which ticket, what changed and who is told."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from desk.access import must_be_agent, sight
from desk.errors import DeskError
from desk.events import (
    Change,
    TicketChanged,
    TicketContinued,
)
from desk.fanout import hearers
from desk.model import Audience, Role
from desk.verbs.hearing import TOLD_AGAIN, heard

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from desk.access import Sight
    from desk.events import Event
    from desk.model import Message, Person, Thread, Ticket
    from desk.ports import Transaction


@dataclass(frozen=True, slots=True)
class Actor:
    """Who does it, in which role, and the departments whose agent they are."""

    person: Person
    role: Role
    departments: frozenset[str] = frozenset()

    @property
    def sight(self) -> Sight:
        """Which tickets they may see."""
        return sight(self.person, self.role, self.departments)


def existing(tx: Transaction, number: int) -> Ticket:
    ticket = tx.ticket(number)
    if ticket is None:
        raise DeskError("ticket_unknown", number=number)
    return ticket


def seen(tx: Transaction, number: int, actor: Actor) -> Ticket:
    """The ticket, for whoever may see it. DeskError("ticket_unknown") for all others: that there is a ticket of this
    number is told to nobody who may not see it.
    """
    ticket = existing(tx, number)
    sees = actor.sight
    if not (sees.sees(ticket, follows=False) or sees.sees(ticket, follows=tx.follows(number, actor.person.id))):
        raise DeskError("ticket_unknown", number=number)
    return ticket


def handled(tx: Transaction, number: int, actor: Actor) -> Ticket:
    """The ticket, for an agent of its department. DeskError("agents_only") for clients, DeskError("ticket_unknown")
    for agents who may not see it, DeskError("department_only") for those who only follow it.
    """
    must_be_agent(actor.role)
    ticket = seen(tx, number, actor)
    if not actor.sight.inside(ticket.department):
        raise DeskError("department_only", number=number)
    return ticket


def owned(tx: Transaction, number: int, actor: Actor) -> Ticket:
    """The ticket, for its client and the agents of its department. DeskError("not_followers") for who only follows it,
    DeskError("ticket_unknown") for all others.
    """
    ticket = seen(tx, number, actor)
    if ticket.client_id != actor.person.id and not actor.sight.inside(ticket.department):
        raise DeskError("not_followers", number=number)
    return ticket


def change(
    tx: Transaction, number: int, actor: Actor | None, verb: str, *, also: Iterable[Thread] = (), **fields: object
) -> Ticket:
    """Change these fields together, and tell it once, `also` to threads that have just been left. Of the two fields of
    a status, either brings the other.
    """
    old = existing(tx, number)
    if "status" in fields and "house_status" not in fields:
        fields["house_status"] = str(fields["status"]) if fields["status"] != old.status else old.house_status
    new = replace(old, active_at=tx.now, **fields)  # type: ignore[arg-type] # the callers name real fields
    tx.save_ticket(new)
    tell(tx, TicketChanged(number, verb, changes(old, new, fields)), actor, also=also)
    return new


def changes(old: Ticket, new: Ticket, fields: Iterable[str]) -> tuple[Change, ...]:
    """What of these fields differs, as the log keeps it."""
    found: list[Change] = []
    for name in fields:
        before, after = getattr(old, name), getattr(new, name)
        if name == "fields":
            extras = sorted({*before, *after})
            each = [
                (f"fields.{extra}", "\n".join(before.get(extra, ())), "\n".join(after.get(extra, ())))
                for extra in extras
            ]
        else:
            each = [(name.removesuffix("_id"), before, after)]
        found += [Change(key, _code(one), _code(other)) for key, one, other in each if one != other]
    return tuple(change for change in found if change.field != "closed_at")


def _code(value: object) -> str:
    match value:
        case None:
            return ""
        case tuple():
            return " ".join(value)
        case _:
            return str(value)


def tell(
    tx: Transaction, event: Event, actor: Actor | None, message: Message | None = None, *, also: Iterable[Thread] = ()
) -> None:
    """Put it in the log, and owe it to whoever must hear: words in a ticket that became one with another, there. What
    else becomes of such a ticket is nobody's to hear: the other's client has never seen it.
    """
    threads = tx.threads(event.ticket)
    if not threads and message is not None:
        threads = _followed_on(tx, event.ticket)
    hearing = [thread for thread in hearers(event, threads, message) if _still_may(tx, thread)]
    to = [thread for thread in (*hearing, *also) if not thread.asleep or _awake(tx, thread, actor)]
    tx.record(event, actor_id=actor.person.id if actor else None, to=to)


def _awake(tx: Transaction, thread: Thread, actor: Actor | None) -> bool:
    """A ticket that came from another desk gets its threads when somebody does something with it, with what was said
    last there; what the clock does wakes agents for none of hundreds of old tickets.
    """
    if thread.left or (actor is None and thread.audience is not Audience.CLIENT):
        return False
    tx.save_thread(replace(thread, asleep=False))
    begun = TicketContinued(thread.ticket, thread.id)
    tx.record(begun, actor_id=actor.person.id if actor else None, to=[thread])
    for recorded in heard(tx, thread.ticket, thread.audience)[-TOLD_AGAIN:]:
        tx.owe(recorded, thread)
    return True


def _still_may(tx: Transaction, thread: Thread) -> bool:
    """Whether an agent who follows the ticket in a thread of their own is still one of its department, as they were
    heard last: else what agents say among themselves is not for them any more.
    """
    if thread.account is None or thread.audience is Audience.CLIENT:
        return True
    person, ticket = tx.person_of(thread.account), tx.ticket(thread.ticket)
    agent = tx.agent(person.id) if person else None
    if agent is None or ticket is None:
        return False
    return agent.role is Role.ADMIN or ticket.department in agent.departments


def _followed_on(tx: Transaction, number: int) -> Sequence[Thread]:
    ticket = tx.ticket(number)
    while ticket is not None and ticket.merged_into is not None:
        number = ticket.merged_into
        ticket = tx.ticket(number)
    return tx.threads(number)
