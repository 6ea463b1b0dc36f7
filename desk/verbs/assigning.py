"""Who gets a new ticket where the desk decides it, and who is away."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desk.catalogue import Assignment
from desk.errors import DeskError
from desk.events import NobodyLeft
from desk.model import Role, Status
from desk.verbs.acting import Actor, change, tell

if TYPE_CHECKING:
    from collections.abc import Sequence
    from collections.abc import Set as AbstractSet
    from datetime import datetime

    from desk.catalogue import Catalogue, Department
    from desk.model import Agent, Away, Ticket
    from desk.ports import Transaction


def assign_newcomer(
    tx: Transaction, catalogue: Catalogue, ticket: Ticket, busy: AbstractSet[int] = frozenset()
) -> Ticket:
    """Give a ticket that has no agent to one of its department's, as the department wants it: to whoever has the fewest
    open ones, or to each in turn. Who is away or `busy` (not to be disturbed) is passed over; where nobody is left, the
    department is told. Only those who are known as its agents can be chosen.
    """
    department = catalogue.department(ticket.department)
    if department is None or department.assignment is Assignment.BY_HAND or ticket.status is Status.CLOSED:
        return ticket
    agents = candidates(tx, department, busy)
    if not agents:
        tell(tx, NobodyLeft(ticket.number), None)
        return ticket
    if department.assignment is Assignment.ROUND_ROBIN:
        chosen = _next_in_turn(agents, tx.last_turn(department.id))
        tx.save_turn(department.id, chosen)
    else:
        counts = tx.open_tickets(agent.person.id for agent in agents)
        chosen = min(counts, key=lambda person_id: (counts[person_id], person_id))
    status = Status.IN_PROGRESS if ticket.status is Status.NEW else ticket.status
    return change(tx, ticket.number, None, "assign", agent_id=chosen, status=status)


def candidates(tx: Transaction, department: Department, busy: AbstractSet[int] = frozenset()) -> Sequence[Agent]:
    """The agents of a department who can be given a ticket now; admins only where they are its agents too. Where some
    have an account on a network in which the department answers, those alone: the others would not see its threads.
    """
    networks = {place.channel for place in department.places}
    all_of_it = [agent for agent in tx.agents() if department.id in agent.departments]
    near = [agent for agent in all_of_it if networks & {ref.channel for ref in tx.accounts(agent.person.id)}]
    return [agent for agent in near or all_of_it if agent.person.id not in busy and tx.away(agent.person.id) is None]


def _next_in_turn(agents: Sequence[Agent], last: int | None) -> int:
    """By their numbers, so that a new colleague or one who comes back has their place in the round."""
    numbers = sorted(agent.person.id for agent in agents)
    return next((number for number in numbers if last is not None and number > last), numbers[0])


def go_away(tx: Transaction, actor: Actor, until: datetime | None) -> Away:
    """No new tickets for the actor until then (None: until they are back). DeskError for clients and for the past."""
    if actor.role is Role.CLIENT:
        raise DeskError("agents_only")
    if until is not None and until <= tx.now:
        raise DeskError("away_past")
    return tx.set_away(actor.person.id, until=until)


def come_back(tx: Transaction, actor: Actor) -> None:
    """Tickets again. Nothing happens where they were not away."""
    tx.clear_away(actor.person.id)
