"""The nouns of the desk, as frozen values: what storage gives back and what the verbs work on.

Times are aware datetimes in UTC. Bodies are the desk's Markdown (CommonMark with ~~strikethrough~~), whatever
network they came by.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime  # noqa: TC003 - dataclasses are read at run time
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Ref:
    """Something on a network: `channel` names the adapter, and only that adapter looks inside `key`."""

    channel: str
    key: str


# Networks that know somebody by one id in all of their servers, each of which is a channel: "discord", "discord-acme".
ONE_FOR_ALL = frozenset({"discord"})


class AccountRef(Ref):
    """One account of a person on one network."""

    __slots__ = ()

    @property
    def holder(self) -> tuple[str, str]:
        """The same for accounts that are surely one human's: of one id on a network that has one for all servers."""
        network = self.channel.partition("-")[0]
        return (network if network in ONE_FOR_ALL else self.channel, self.key)


class PlaceRef(Ref):
    """Where threads can be opened: a Slack channel, a Discord text or forum channel."""

    __slots__ = ()


class ThreadRef(Ref):
    """A thread as its network knows it."""

    __slots__ = ()


class MessageRef(Ref):
    """A message as its network knows it."""

    __slots__ = ()


class Role(StrEnum):
    """What a person may do here. Decided by config and the network's own groups, never stored."""

    CLIENT = "client"
    AGENT = "agent"
    ADMIN = "admin"


class Status(StrEnum):
    """Where a ticket stands. A house's own statuses each stand for one of these four."""

    NEW = "new"
    IN_PROGRESS = "in_progress"
    ON_HOLD = "on_hold"
    CLOSED = "closed"


FOUR = frozenset(status.value for status in Status)


class Kind(StrEnum):
    """Who may read a message: a reply is seen by both sides, a note by agents only."""

    REPLY = "reply"
    NOTE = "note"


class Audience(StrEnum):
    """Who reads a thread. `INTERNAL` is the agents' talk among themselves (🔒)."""

    CLIENT = "client"
    AGENTS = "agents"
    INTERNAL = "internal"


@dataclass(frozen=True, slots=True)
class Person:
    """A human, once, however many accounts."""

    id: int
    name: str
    locale: str  # BCP 47 ("fr", "en-GB"); "" where the network never told


@dataclass(frozen=True, slots=True)
class Agent:
    """Somebody who was heard as an agent or admin, as they were then: found by typing, and assigned to. `departments`
    are the ids of those whose agent they are.
    """

    person: Person
    role: Role
    departments: frozenset[str]
    heard_at: datetime


@dataclass(frozen=True, slots=True)
class Away:
    """Somebody takes no tickets, until then (None: until they say that they are back)."""

    person_id: int
    since: datetime
    until: datetime | None


@dataclass(frozen=True, slots=True)
class Ticket:
    """A request for help. `status` is one of the four; `house_status` is the same, or the id of the house's own status
    that stands for it. `active_at` is the last time anything was said or changed.
    """

    number: int
    subject: str
    department: str  # ids of the catalogue
    product: str
    priority: str
    status: Status
    client_id: int
    agent_id: int | None
    channel: str  # the network it came by
    opened_at: datetime
    active_at: datetime
    last_reply_by: Audience | None = None  # CLIENT or AGENTS: who had the last word
    last_reply_at: datetime | None = None
    closed_at: datetime | None = None
    rating: int | None = None  # 1 to 5
    rating_words: str = ""
    house_status: str = Status.NEW.value
    tags: tuple[str, ...] = ()  # ids of the catalogue, in alphabetical order
    fields: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # values of the department's extra fields
    parent: int | None = None  # the ticket that it is a part of
    merged_into: int | None = None  # the ticket that it became one with: its people talk there
    close_reason: str = ""
    drop_files: bool = False  # its attachments are deleted some time after it is closed
    due_at: datetime | None = None  # when the next promise about it is or was due, as far as the figures are kept up


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file of a message. `sha256` is None where its bytes could not be fetched: the name is kept all the same.
    `dropped`: its bytes were deleted on purpose.
    """

    name: str
    media_type: str
    size: int  # bytes
    sha256: str | None
    dropped: bool = False


@dataclass(frozen=True, slots=True)
class Message:
    """One thing said in a ticket, in its newest version. The first message of a ticket is its description."""

    id: int
    ticket: int
    author_id: int
    kind: Kind
    body: str
    at: datetime
    by: Audience  # the side it was said from: CLIENT, AGENTS or INTERNAL
    thread_id: int | None  # the thread it was said in; None for a form
    version: int = 1
    edited_at: datetime | None = None
    deleted_at: datetime | None = None
    attachments: tuple[Attachment, ...] = ()


@dataclass(frozen=True, slots=True)
class Version:
    """What a message said at first (1), or after an edit."""

    number: int
    body: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Thread:
    """A ticket's presence in one place, for one audience.

    `ref` is None until the network has opened it; `card` is the message that shows the ticket there.
    An agents' or internal thread has a `place`, a client's thread an `account`; so has the thread of an agent who
    follows the ticket by themselves.
    """

    id: int
    ticket: int
    audience: Audience
    channel: str
    place: PlaceRef | None
    account: AccountRef | None
    locale: str  # the language of its notices; "" = the house's
    ref: ThreadRef | None = None
    card: MessageRef | None = None
    newest: MessageRef | None = None  # the last message that we surely posted there
    left: bool = False  # the ticket went elsewhere: nothing more is said here
    asleep: bool = False  # of a ticket that came from another desk: it begins when something happens to it


@dataclass(frozen=True, slots=True)
class Copy:
    """The record that a message was also said in that thread. A long message has several parts, counted from 0."""

    message_id: int
    thread_id: int
    part: int
    ref: MessageRef


@dataclass(frozen=True, slots=True)
class Quoted:
    """Somebody's message as a ticket quotes it."""

    name: str  # of its author
    body: str  # the desk's Markdown
    url: str  # where it stands, "" where nobody can say
    at: datetime


@dataclass(frozen=True, slots=True)
class FirstPart:
    """What the first part of a new ticket's form said, while the second is still to come."""

    subject: str
    description: str
    department: str
    product: str
    priority: str
    fields: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class KeptDraft:
    """Words on their way to a ticket, kept until its form comes back: nothing is lost if the desk stops meanwhile."""

    id: int
    account: AccountRef  # whose it is
    way: str  # "menu", "reaction", "direct", "typed" (a subject), or "form" (`first_part`)
    body: str  # the desk's Markdown
    at: datetime
    quoted: Quoted | None = None
    message: MessageRef | None = None  # the quoted one, where its files are still to be fetched
    behalf: AccountRef | None = None  # whose the ticket will be, if not the account's own
    attachments: tuple[Attachment, ...] = ()
    first_part: FirstPart | None = None


@dataclass(frozen=True, slots=True)
class Transcript:
    """A ticket's conversation as somebody asked for it: a stored file, kept as it was."""

    id: int
    ticket: int
    asker_id: int
    at: datetime
    language: str
    form: str  # "html", "md" or "json"
    inside: bool  # with notes and internal talk
    name: str
    size: int  # bytes
    sha256: str


@dataclass(frozen=True, slots=True)
class Panel:
    """A client at a glance, beside the ticket: counts over all their tickets and the newest others."""

    total: int
    open: int
    closed: int
    others: tuple[Ticket, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class BackupRun:
    """One backup or proof as it went. `stamp` names the backup; `error` is "" where it succeeded or still runs."""

    id: int
    destination: str
    kind: str  # "backup", "proof" of the newest, "again": proof of an older one
    began_at: datetime
    ended_at: datetime | None
    stamp: str
    size: int  # bytes sent, or bytes proven
    error: str
