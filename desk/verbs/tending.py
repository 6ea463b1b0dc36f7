"""What the desk does to tickets by itself: warns of silence, closes after it, lets attachments go."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desk.errors import DeskError
from desk.events import AttachmentsDropped, SilenceWarned
from desk.model import Audience, Status
from desk.verbs.acting import change, owned, tell

if TYPE_CHECKING:
    from datetime import datetime

    from desk.lifecycle import Lifecycle
    from desk.model import Ticket
    from desk.ports import Transaction
    from desk.verbs.acting import Actor


def warn_of_silence(tx: Transaction, number: int, lifecycle: Lifecycle) -> bool:
    """Tell the client that their ticket closes unless they answer. False where that is not so (any more)."""
    ticket = _silent(tx, number, lifecycle)
    if ticket is None or lifecycle.warn_after is None or ticket.last_reply_at is None:
        return False
    warned = tx.warned_at(number)
    if (warned is not None and warned >= ticket.last_reply_at) or tx.now - ticket.last_reply_at < lifecycle.warn_after:
        return False
    tx.mark_warned(number)
    tell(tx, SilenceWarned(number, (tx.now + lifecycle.second_half).isoformat()), None)
    return True


def close_after_silence(tx: Transaction, number: int, lifecycle: Lifecycle) -> bool:
    """Close a ticket whose client was warned and stayed silent. However long the desk was away, the warning comes
    first, and all of the time after it is theirs. False where that is not so (any more).
    """
    ticket, warned = _silent(tx, number, lifecycle), tx.warned_at(number)
    if ticket is None or warned is None or ticket.last_reply_at is None or warned < ticket.last_reply_at:
        return False
    if tx.now - warned < lifecycle.second_half:
        return False
    change(tx, number, None, "silence", status=Status.CLOSED, closed_at=tx.now)
    return True


def _silent(tx: Transaction, number: int, lifecycle: Lifecycle) -> Ticket | None:
    ticket = tx.ticket(number)
    if ticket is None or ticket.last_reply_by is not Audience.AGENTS or ticket.status is Status.CLOSED:
        return None
    return ticket if ticket.house_status in lifecycle.silent else None


def let_attachments_go(tx: Transaction, number: int, actor: Actor, *, go: bool) -> Ticket:
    """Whether this ticket's attachments are deleted some time after it is closed, whatever its department does."""
    ticket = owned(tx, number, actor)
    if ticket.drop_files is go:
        raise DeskError("unchanged", number=number)
    return change(tx, number, actor, "attachments", drop_files=go)


def drop_attachments(tx: Transaction, number: int, lifecycle: Lifecycle, closed_before: datetime) -> int:
    """Delete the attachments of a closed ticket, if it or its department lets them go. Gives how many went."""
    ticket = tx.ticket(number)
    if ticket is None or ticket.closed_at is None or ticket.closed_at > closed_before:
        return 0
    if not (ticket.drop_files or ticket.department in lifecycle.drop_departments):
        return 0
    count = tx.drop_attachments(number)
    if count:
        tell(tx, AttachmentsDropped(number, count), None)
    return count
