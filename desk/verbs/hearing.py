"""What an audience has heard in a ticket: what a thread that begins late is told again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desk.events import MessageSaid
from desk.model import Audience, Kind

if TYPE_CHECKING:
    from desk.events import Recorded
    from desk.model import Message
    from desk.ports import Transaction

TOLD_AGAIN = 20  # of the newest words are said again in a thread that comes late


def heard(tx: Transaction, number: int, audience: Audience) -> list[Recorded]:
    """The events of what this audience has heard in a ticket and was not withdrawn, oldest first. Talk in internal
    threads is not among it.
    """
    return [recorded for recorded, _ in with_messages(tx, number, audience)]


def said(tx: Transaction, number: int, audience: Audience) -> list[Message]:
    """The same, as messages."""
    return [message for _, message in with_messages(tx, number, audience)]


def with_messages(tx: Transaction, number: int, audience: Audience) -> list[tuple[Recorded, Message]]:
    """Both."""
    found: list[tuple[Recorded, Message]] = []
    for recorded in tx.timeline(number):
        if isinstance(recorded.event, MessageSaid):
            message = tx.message(recorded.event.message_id)
            talk = message.by is Audience.INTERNAL and message.thread_id is not None
            theirs = message.kind is Kind.REPLY or (audience is Audience.AGENTS and not talk)
            if theirs and message.deleted_at is None:
                found.append((recorded, message))
    return found
