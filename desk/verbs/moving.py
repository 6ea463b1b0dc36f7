"""A ticket goes to another department or product: its threads leave the old places and come to the new ones."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from desk.errors import DeskError
from desk.model import Audience, Role
from desk.verbs.acting import Actor, change, handled
from desk.verbs.assigning import assign_newcomer
from desk.verbs.threading import add_in_place, tell_missed

if TYPE_CHECKING:
    from desk.catalogue import Catalogue, Department
    from desk.model import Thread, Ticket
    from desk.ports import Transaction


def move(
    tx: Transaction,
    catalogue: Catalogue,
    number: int,
    actor: Actor,
    department_id: str,
    product: str,
    busy: frozenset[int] = frozenset(),
) -> Ticket:
    """Give it to another department or product. Old places hear where it went and no more; new ones hear what was said
    before. Whoever looked after it goes on only as an agent of the new department. DeskError where it is there already,
    or there is no such department or product.
    """
    ticket = handled(tx, number, actor)
    department = catalogue.on(ticket.channel).department(department_id)
    if department is None:
        raise DeskError("department_unknown", field="department")
    if product not in {offered.id for offered in catalogue.offered_by(department)}:
        raise DeskError("product_elsewhere", field="product")
    if (ticket.department, ticket.product) == (department_id, product):
        raise DeskError("unchanged", number=number)
    if ticket.merged_into is not None:
        raise DeskError("ticket_merged", number=number, into=ticket.merged_into)
    left, back = _leave(tx, ticket, department) if ticket.department != department_id else ((), ())
    keeps = ticket.agent_id is not None and _is_agent(tx, ticket.agent_id, department_id)
    agent_id = ticket.agent_id if keeps else None
    moved = change(tx, number, actor, "move", also=left, department=department_id, product=product, agent_id=agent_id)
    if ticket.department == department_id:
        return moved
    for thread in back:
        if thread.audience is Audience.AGENTS:
            tell_missed(tx, thread)
    there = {thread.place for thread in tx.threads(number) if thread.audience is Audience.AGENTS and not thread.left}
    for place in department.places:
        if place not in there:
            add_in_place(tx, number, actor, place, department.language)
    return moved if moved.agent_id else assign_newcomer(tx, catalogue, moved, busy)


def _leave(tx: Transaction, ticket: Ticket, department: Department) -> tuple[tuple[Thread, ...], tuple[Thread, ...]]:
    """The agents' threads that may not hear it any more, marked as left; and those of the new places that were left
    earlier and hear it again.
    """
    left: list[Thread] = []
    back: list[Thread] = []
    for thread in tx.threads(ticket.number):
        if thread.audience is Audience.CLIENT:
            continue
        stays = thread.place in department.places if thread.place else _follows_on(tx, thread, department.id)
        if stays == thread.left:
            changed = replace(thread, left=not stays)
            tx.save_thread(changed)
            (back if stays else left).append(changed)
    return tuple(left), tuple(back)


def _follows_on(tx: Transaction, thread: Thread, department: str) -> bool:
    """Whether an agent who follows it by themselves may go on hearing what agents hear."""
    person = tx.person_of(thread.account) if thread.account else None
    return person is not None and _is_agent(tx, person.id, department)


def _is_agent(tx: Transaction, person_id: int, department: str) -> bool:
    agent = tx.agent(person_id)
    return agent is not None and (agent.role is Role.ADMIN or department in agent.departments)
