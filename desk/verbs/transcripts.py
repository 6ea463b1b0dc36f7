"""A ticket's conversation is asked for as a file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desk.events import TranscriptMade
from desk.model import Audience
from desk.verbs.acting import Actor, handled, seen, tell

if TYPE_CHECKING:
    from desk.model import AccountRef, Thread, Ticket, Transcript
    from desk.ports import Transaction


def may_read(tx: Transaction, number: int, actor: Actor, *, inside: bool) -> Ticket:
    """The ticket, for whoever may have its conversation; `inside`, with notes and internal talk, for agents of its
    department.
    """
    return handled(tx, number, actor) if inside else seen(tx, number, actor)


def keep_transcript(
    tx: Transaction,
    number: int,
    actor: Actor,
    account: AccountRef,
    *,
    language: str,
    form: str,
    inside: bool,
    name: str,
    size: int,
    sha256: str,
) -> tuple[Transcript, Thread | None]:
    """Put a stored transcript on record, and owe it to the asker's own thread of the ticket; None where they have none
    there, or where it holds what agents say among themselves: then it goes to them directly.
    """
    may_read(tx, number, actor, inside=inside)
    made = tx.add_transcript(
        ticket=number,
        asker_id=actor.person.id,
        language=language,
        form=form,
        inside=inside,
        name=name,
        size=size,
        sha256=sha256,
    )
    own = None if inside else _own_thread(tx, number, account)
    tell(tx, TranscriptMade(number, made.id, own.id if own else None), actor)
    return made, own


def _own_thread(tx: Transaction, number: int, account: AccountRef) -> Thread | None:
    return next(
        (each for each in tx.threads(number) if each.audience is Audience.CLIENT and each.account == account), None
    )
