"""Which threads must hear of an event. Pure, so that "no note ever reaches a client" can be tested for all events.

In doubt, nobody outside hears it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from desk.events import (
    AttachmentsDropped,
    DeliveryFailed,
    DueReckoned,
    InternalTalkOpened,
    MessageDeleted,
    MessageEdited,
    MessageSaid,
    NobodyLeft,
    PromisePressing,
    SilenceWarned,
    ThreadEnded,
    ThreadReplaced,
    TicketChanged,
    TicketContinued,
    TicketNudged,
    TicketOpened,
    TicketRated,
    TranscriptMade,
)
from desk.model import Audience, Kind

if TYPE_CHECKING:
    from collections.abc import Iterable

    from desk.events import Event
    from desk.model import Message, Thread

BOTH_SIDES = frozenset({Audience.CLIENT, Audience.AGENTS})


def hearers(event: Event, threads: Iterable[Thread], message: Message | None) -> tuple[Thread, ...]:
    """The threads, of all of the ticket's, that are owed this event. `message` is the one the event names, if any. One
    that the ticket has left hears only of what was said in it.
    """
    match event:
        case TicketOpened() | TicketChanged() | TicketRated():
            audiences = BOTH_SIDES
        case PromisePressing() | TicketNudged() | NobodyLeft():
            audiences = frozenset({Audience.AGENTS})
        case SilenceWarned():
            audiences = frozenset({Audience.CLIENT})
        case AttachmentsDropped() | DueReckoned():
            audiences = frozenset()
        case InternalTalkOpened():
            audiences = frozenset({Audience.INTERNAL})
        case MessageSaid() | MessageEdited() | MessageDeleted():
            audiences = _readers(message)
        case DeliveryFailed() if message and message.thread_id is not None:
            return tuple(thread for thread in threads if thread.id == message.thread_id)
        case DeliveryFailed():
            threads = [thread for thread in threads if thread.id != event.thread_id]
            audiences = frozenset({Audience.AGENTS})
        case ThreadReplaced():
            audiences = frozenset({Audience.AGENTS})
        case TicketContinued() | ThreadEnded() | TranscriptMade():
            return tuple(thread for thread in threads if thread.id == event.thread_id)
        case _:
            assert_never(event)
    said_in = message.thread_id if message else None
    return tuple(
        thread for thread in threads if thread.audience in audiences and thread.id != said_in and not thread.left
    )


def _readers(message: Message | None) -> frozenset[Audience]:
    match message:
        case None:
            return frozenset()
        case _ if message.kind is Kind.REPLY:
            return BOTH_SIDES
        case _ if message.by is Audience.INTERNAL and message.thread_id is not None:
            return frozenset({Audience.INTERNAL})  # talk among agents stays where they talk
        case _:
            return frozenset({Audience.AGENTS})
