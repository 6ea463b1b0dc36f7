"""A ticket is opened: the draft of a form checked, the ticket with its threads made."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from desk.errors import DeskError, FormError
from desk.events import (
    TicketOpened,
)
from desk.model import Audience, Kind
from desk.text import is_blank, one_line
from desk.verbs.acting import Actor, tell
from desk.verbs.assigning import assign_newcomer
from desk.verbs.fields import checked_fields

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from collections.abc import Set as AbstractSet

    from desk.catalogue import Catalogue
    from desk.model import AccountRef, Attachment, Ticket
    from desk.ports import Transaction

SUBJECT_LIMIT = 120  # characters: with its number it fits a thread's name (Discord 100 is cut) and a card's title


MINUTE = timedelta(minutes=1)
DESCRIPTION_LIMIT = 3000  # characters: the narrower network's text field


@dataclass(frozen=True, slots=True)
class Draft:
    """A ticket as a form gave it. Ids are the catalogue's."""

    subject: str
    description: str
    department: str
    product: str
    priority: str
    fields: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # values of the department's extra fields


def checked(draft: Draft, catalogue: Catalogue, network: str = "", *, demanded: bool = True) -> Draft:
    """The draft of somebody on this network fit to be kept. FormError with one remark for each field that is wrong.
    Where extra fields are not `demanded`, required ones may be missing.
    """
    subject = one_line(draft.subject)
    department = catalogue.on(network).department(draft.department)
    remarks = []
    if is_blank(subject):
        remarks.append(DeskError("subject_missing", field="subject"))
    elif len(subject) > SUBJECT_LIMIT:
        remarks.append(DeskError("too_long", field="subject", limit=SUBJECT_LIMIT, length=len(subject)))
    if is_blank(draft.description):
        remarks.append(DeskError("description_missing", field="description"))
    elif len(draft.description) > DESCRIPTION_LIMIT:
        length = len(draft.description)
        remarks.append(DeskError("too_long", field="description", limit=DESCRIPTION_LIMIT, length=length))
    if department is None:
        remarks.append(DeskError("department_unknown", field="department"))
    elif draft.product not in {product.id for product in catalogue.offered_by(department)}:
        remarks.append(DeskError("product_elsewhere", field="product"))
    if catalogue.priority(draft.priority) is None:
        remarks.append(DeskError("priority_unknown", field="priority"))
    fields, wrong = checked_fields(department.fields if department else (), draft.fields, demanded=demanded)
    remarks += wrong
    if remarks:
        raise FormError(tuple(remarks))
    return replace(draft, subject=subject, description=draft.description.strip(), fields=fields)


def _not_too_many(tx: Transaction, client_id: int, most: int) -> None:
    earlier = tx.nth_newest_opened(client_id, most)
    if earlier is not None and tx.now - earlier < MINUTE:
        raise FormError((DeskError("too_many_tickets", field="subject", most=most),))


def open_ticket(
    tx: Transaction,
    catalogue: Catalogue,
    actor: Actor,
    account: AccountRef,
    draft: Draft,
    attachments: Sequence[Attachment],
    *,
    body: str = "",
    opener: Actor | None = None,
    writer: Actor | None = None,
    busy: AbstractSet[int] = frozenset(),
    at_most: int = 0,
    network: str = "",
) -> Ticket:
    """A new ticket of the actor's, who will hear of it at `account`; its department at each of its places, and whoever
    the department's assignment chooses among those who are not `busy`. `opener`: the agent who did it for them: then
    extra fields may be missing; `writer`: who wrote its description for them. `body`: all that the description says,
    where the form held less than that. `at_most` so many within a minute (0: any number), unless somebody opens it for
    them. `network`: by which it came, where that is not the account's. FormError otherwise.
    """
    draft = checked(draft, catalogue, network or account.channel, demanded=opener is None)
    if at_most and opener is None:
        _not_too_many(tx, actor.person.id, at_most)
    ticket = tx.add_ticket(
        subject=draft.subject,
        department=draft.department,
        product=draft.product,
        priority=draft.priority,
        client_id=actor.person.id,
        channel=network or account.channel,
    )
    message = tx.add_message(
        ticket=ticket.number,
        author_id=(writer or actor).person.id,
        kind=Kind.REPLY,
        body=body or draft.description,
        by=Audience.CLIENT,
        thread_id=None,
        origin=None,
        attachments=attachments,
    )
    assert message is not None  # without an origin it cannot be a redelivery
    ticket = replace(ticket, last_reply_by=Audience.CLIENT, last_reply_at=ticket.opened_at, fields=dict(draft.fields))
    tx.save_ticket(ticket)
    tx.add_thread(
        ticket=ticket.number,
        audience=Audience.CLIENT,
        channel=account.channel,
        place=None,
        account=account,
        locale=actor.person.locale,
    )
    department = catalogue.department(draft.department)
    assert department is not None  # checked above
    for place in department.places:
        tx.add_thread(
            ticket=ticket.number,
            audience=Audience.AGENTS,
            channel=place.channel,
            place=place,
            account=None,
            locale=department.language,
        )
    begun = TicketOpened(
        ticket.number,
        message.id,
        client_id=ticket.client_id,
        channel=ticket.channel,
        department=ticket.department,
        product=ticket.product,
        priority=ticket.priority,
    )
    tell(tx, begun, opener or actor)
    return assign_newcomer(tx, catalogue, ticket, busy)
