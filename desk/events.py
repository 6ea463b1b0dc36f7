"""Frozen facts: everything that happened to a ticket, once, in order.

The events of a ticket are its timeline, its audit log and the source of every figure. They hold ids and codes,
never texts for people: a reader's language is chosen when an event is shown.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from datetime import datetime  # noqa: TC003 - dataclasses are read at run time
from typing import Any


@dataclass(frozen=True, slots=True)
class TicketOpened:
    """A ticket began with the message `message_id`, its description; and what it was then."""

    ticket: int
    message_id: int
    client_id: int = 0
    channel: str = ""
    department: str = ""
    product: str = ""
    priority: str = ""


@dataclass(frozen=True, slots=True)
class MessageSaid:
    """Somebody said something in a ticket: `kind` is a reply or a note, `by` the side it was said from."""

    ticket: int
    message_id: int
    kind: str = ""  # model.Kind
    by: str = ""  # model.Audience


@dataclass(frozen=True, slots=True)
class MessageEdited:
    """A message has a new `version`; the older ones are kept."""

    ticket: int
    message_id: int
    version: int


@dataclass(frozen=True, slots=True)
class MessageDeleted:
    """A message was withdrawn by its author."""

    ticket: int
    message_id: int


@dataclass(frozen=True, slots=True)
class Change:
    """One field of a ticket before and after, as the catalogue's ids ("" = none); an agent as a person's id."""

    field: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class TicketChanged:
    """Fields of a ticket changed together, by one act. `verb` names the act ("claim", "close", "reopen", …)."""

    ticket: int
    verb: str
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class TicketRated:
    """The client gave 1 to 5 stars, perhaps with words (they stand on the ticket)."""

    ticket: int
    stars: int


@dataclass(frozen=True, slots=True)
class InternalTalkOpened:
    """Agents opened a 🔒 thread of their own."""

    ticket: int


@dataclass(frozen=True, slots=True)
class DeliveryFailed:
    """A delivery to `thread_id` was buried: `message_id`'s author is told where it was said that it did not arrive, and
    of what nobody said in a thread, the agents are.
    """

    ticket: int
    message_id: int | None
    delivery_id: int
    reason: str  # "gone" | "denied" | "rejected"
    thread_id: int = 0


@dataclass(frozen=True, slots=True)
class ThreadReplaced:
    """The thread `thread_id` was deleted, or closed to the desk: it goes on in a new one."""

    ticket: int
    thread_id: int
    audience: str  # model.Audience


@dataclass(frozen=True, slots=True)
class PromisePressing:
    """A service level's time is nearly up, or it is up (`late`). `promise` is one of `desk.sla.Promise`."""

    ticket: int
    promise: str
    late: bool
    due: int  # microseconds since 1970


@dataclass(frozen=True, slots=True)
class TicketNudged:
    """Agents are reminded of a ticket. `why` is one of `desk.nudging.Nudge`, `since` when that began."""

    ticket: int
    why: str
    since: int  # microseconds since 1970


@dataclass(frozen=True, slots=True)
class TicketContinued:
    """A ticket that was there already has one more thread, `thread_id`: its client asked for one on another network,
    somebody follows it, or another department has it.
    """

    ticket: int
    thread_id: int


@dataclass(frozen=True, slots=True)
class ThreadEnded:
    """`thread_id` is no longer the ticket's: its reader's account was parted from the client's."""

    ticket: int
    thread_id: int


@dataclass(frozen=True, slots=True)
class TranscriptMade:
    """Somebody asked for the conversation as a file, and gets it in their thread, or (None) by direct message."""

    ticket: int
    transcript_id: int
    thread_id: int | None


@dataclass(frozen=True, slots=True)
class NobodyLeft:
    """The desk should have given the ticket to an agent of its department, and all of them were away."""

    ticket: int


@dataclass(frozen=True, slots=True)
class SilenceWarned:
    """The client has not answered for a while: the ticket closes at `closes_at` (ISO 8601) unless they do."""

    ticket: int
    closes_at: str


@dataclass(frozen=True, slots=True)
class AttachmentsDropped:
    """The bytes of a closed ticket's attachments were deleted; their names and hashes stay."""

    ticket: int
    count: int


@dataclass(frozen=True, slots=True)
class DueReckoned:
    """The time that a ticket's next promise runs out was reckoned anew. `why`: "priority" or "department" (of the
    ticket, just changed) or "terms" (what config.toml promises, or its business hours). Microseconds since 1970, from
    `was` to `due`; None: nothing was, or is, due.
    """

    ticket: int
    why: str
    was: int | None
    due: int | None


Event = (
    TicketOpened
    | MessageSaid
    | MessageEdited
    | MessageDeleted
    | TicketChanged
    | TicketRated
    | InternalTalkOpened
    | DeliveryFailed
    | ThreadReplaced
    | TicketContinued
    | PromisePressing
    | TicketNudged
    | ThreadEnded
    | TranscriptMade
    | SilenceWarned
    | AttachmentsDropped
    | NobodyLeft
    | DueReckoned
)

KINDS: dict[str, type[Event]] = {
    kind.__name__: kind
    for kind in (
        TicketOpened,
        MessageSaid,
        MessageEdited,
        MessageDeleted,
        TicketChanged,
        TicketRated,
        InternalTalkOpened,
        DeliveryFailed,
        ThreadReplaced,
        TicketContinued,
        PromisePressing,
        TicketNudged,
        ThreadEnded,
        TranscriptMade,
        SilenceWarned,
        AttachmentsDropped,
        NobodyLeft,
        DueReckoned,
    )
}


_FIELDS = {kind: tuple(field.name for field in fields(kind)) for kind in KINDS.values()}


@dataclass(frozen=True, slots=True)
class Recorded:
    """An event as it stands in the log: who did it (None = the desk itself) and when."""

    id: int
    event: Event
    actor_id: int | None
    at: datetime


def to_json(event: Event) -> dict[str, Any]:
    """The event's fields as plain JSON values; its kind is `type(event).__name__`."""
    if isinstance(event, TicketChanged):
        return asdict(event)  # which costs ten times as much
    return {name: getattr(event, name) for name in _FIELDS[type(event)]}


def from_json(kind: str, data: dict[str, Any]) -> Event:
    """The event again. KeyError for an unknown kind: an older desk must not guess what a newer one meant."""
    if kind == "TicketChanged":
        changes = tuple(Change(**change) for change in data["changes"])
        return TicketChanged(ticket=data["ticket"], verb=data["verb"], changes=changes)
    return KINDS[kind](**data)
