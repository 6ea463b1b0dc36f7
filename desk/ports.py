"""What the rules need from the world: a transaction over the rows, and a store for files.

Verbs and queries are plain synchronous functions over a `Transaction`; `Storage` runs them. No verb does any
other input or output: no network call ever happens inside a transaction.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Collection, Iterable, Mapping, Sequence
    from collections.abc import Set as AbstractSet
    from contextlib import AbstractContextManager
    from datetime import date, datetime, timedelta
    from pathlib import Path

    from desk.access import Sight
    from desk.events import Event, Recorded
    from desk.figures import Dimension, Figure, Period, Scope, Terms, Totals
    from desk.life import Life
    from desk.listing import Bounds, Cursor, Listing, Page, Tab, View
    from desk.model import (
        AccountRef,
        Agent,
        Attachment,
        Audience,
        Away,
        Copy,
        KeptDraft,
        Kind,
        Message,
        MessageRef,
        Panel,
        Person,
        PlaceRef,
        Role,
        Thread,
        ThreadRef,
        Ticket,
        Transcript,
        Version,
    )
    from desk.nudging import Nudge
    from desk.tally import Tally

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Delivery:
    """One event owed to one thread: an outbox row, as the relay claims it.

    `key` stays the same over every attempt, at most 20 characters: the network recognises a repetition by it.
    `attempts` counts the claims so far, this one included: above 1, an earlier attempt may have succeeded.
    """

    id: int
    key: str
    recorded: Recorded
    thread: Thread
    attempts: int


@dataclass(frozen=True, slots=True)
class Backlog:
    """What the outbox holds: how many deliveries are owed, and for how many seconds the oldest of them is."""

    owed: int
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Stranded:
    """A delivery that was given up, as admins look at it."""

    id: int
    ticket: int
    kind: str  # the event's
    channel: str
    audience: str  # model.Audience: whose thread it was for
    attempts: int
    error: str
    at: datetime  # of the event


class Transaction(Protocol):
    """All that a verb may do to the rows. Everything or nothing of it becomes durable."""

    @property
    def now(self) -> datetime:
        """The moment of this transaction: one and the same for all its rows."""

    def as_of(self, moment: datetime) -> AbstractContextManager[None]:
        """Within it, that moment is now: for what happened elsewhere and is only taken in now."""

    # --- what was heard -------------------------------------------------------------------------------------

    def first_hearing(self, key: str) -> bool:
        """True once for each key (a platform's event id, kept for days): a redelivery stops here."""

    def heard(self, key: str) -> bool:
        """Whether `first_hearing` was asked for this key."""

    # --- people ---------------------------------------------------------------------------------------------

    def person(self, person_id: int) -> Person:
        """KeyError where there is none."""

    def person_of(self, account: AccountRef) -> Person | None: ...

    def add_person(self, account: AccountRef, *, name: str, locale: str) -> Person: ...

    def refresh_person(self, account: AccountRef, *, name: str, locale: str) -> Person:
        """Keep the newest name and language that the network told of this account. KeyError: unknown account."""

    def accounts(self, person_id: int) -> Sequence[AccountRef]:
        """All accounts of a person, oldest first."""

    def chosen_languages(self) -> Mapping[AccountRef, str]:
        """All accounts whose person chose a language, with it."""

    def choose_language(self, person_id: int, language: str, spoken: Mapping[AccountRef, str]) -> None:
        """What the desk speaks to them from now on ("" = as their networks say), in their threads too: `spoken`, by
        account.
        """

    def footprint(self, person_id: int) -> tuple[int, int, int]:
        """How many tickets are theirs, and how many messages and files they gave."""

    def given_to(self, person_id: int) -> Mapping[str, Sequence[Mapping[str, Any]]]:
        """All rows that are about them and theirs to see, by kind; nothing that is for agents alone."""

    def standing(self, person_id: int) -> Sequence[int]:
        """The ids of all that they said and that is not withdrawn."""

    def erase_person(self, person_id: int) -> Sequence[str]:
        """Their words, files, names and accounts go; rows stay, to be counted. Gives the hashes of what was theirs:
        `referenced` says which of these files somebody else needs.
        """

    # --- links between accounts ------------------------------------------------------------------------------

    def offer_code(self, account: AccountRef, digest: str, *, until: datetime) -> bool:
        """Keep a code's digest for this account, instead of an earlier one. False where it is another's."""

    def offered_by(self, digest: str) -> AccountRef | None:
        """The account that offers this code now."""

    def forget_code(self, account: AccountRef) -> None: ...

    def add_guess(self, account: AccountRef) -> None: ...

    def guesses(self, account: AccountRef, *, since: datetime) -> int: ...

    def forget_guesses(self, account: AccountRef) -> None: ...

    def join_people(self, kept: Person, joined: Person, account: AccountRef) -> Sequence[tuple[int, str]]:
        """All that is the one person's becomes the other's, who came with that account; the log stays as it is. Gives
        the tickets that changed hands, each with "client" or "agent".
        """

    def part_person(
        self, person: Person, account: AccountRef, *, name: str, locale: str
    ) -> tuple[Person, Sequence[tuple[int, str]]]:
        """The account is a person of its own (again), with the tickets that came by its network, the words said
        there, and the care of tickets that are answered on that network only; gives these tickets as well.
        """

    # --- agents ---------------------------------------------------------------------------------------------

    def heard_as(self, account: AccountRef, role: Role, departments: AbstractSet[str]) -> None:
        """Remember as what this account was heard last; a client's is forgotten. Writes only where it differs."""

    def agents(self) -> Sequence[Agent]:
        """All who were heard as agents or admins, by name; each once, with the most that any of their accounts may."""

    def agent(self, person_id: int) -> Agent | None: ...

    def open_tickets(self, agent_ids: Iterable[int]) -> Mapping[int, int]:
        """How many tickets that are not closed each of these looks after; 0 is given too."""

    def away(self, person_id: int) -> Away | None:
        """Whether they are away now; None where they are not, or came back in the meantime."""

    def set_away(self, person_id: int, *, until: datetime | None) -> Away: ...

    def clear_away(self, person_id: int) -> None: ...

    def last_turn(self, department: str) -> int | None:
        """Whose turn it was last, where a department's tickets go round."""

    def save_turn(self, department: str, person_id: int) -> None: ...

    # --- tickets --------------------------------------------------------------------------------------------

    def add_ticket(
        self,
        *,
        subject: str,
        department: str,
        product: str,
        priority: str,
        client_id: int,
        channel: str,
        number: int | None = None,
    ) -> Ticket:
        """A new ticket with this number, or the next; status NEW, opened now."""

    def nth_newest_opened(self, client_id: int, nth: int) -> datetime | None:
        """When the nth newest of a client's tickets was opened (1: the newest); None where they have fewer."""

    def ticket(self, number: int) -> Ticket | None: ...

    def save_ticket(self, ticket: Ticket) -> None:
        """Write the ticket's fields as they now are, its tags among them. KeyError: there is none of that number."""

    def children(self, number: int) -> Sequence[Ticket]:
        """The tickets whose parent this is, oldest first."""

    def panel(self, client_id: int, *, beside: int, limit: int, hidden: AbstractSet[str] = frozenset()) -> Panel:
        """The client's counts over all their tickets, and their newest others than ticket `beside`; without those of
        the `hidden` departments.
        """

    def follow(self, number: int, person_id: int) -> bool:
        """They follow the ticket from now on. False where they did already."""

    def unfollow(self, number: int, person_id: int) -> bool:
        """False where they did not follow it."""

    def follows(self, number: int, person_id: int) -> bool: ...

    def followers(self, number: int) -> Sequence[Person]:
        """Who follows it, first come first."""

    # --- lists ----------------------------------------------------------------------------------------------

    def tickets_page(
        self, sight: Sight, listing: Listing, bounds: Bounds, *, priorities: Sequence[str], cursor: Cursor | None,
        limit: int,
    ) -> Page:  # fmt: skip
        """Tickets of a list without a search. `priorities`: all there are, the most pressing first. Takes a few
        milliseconds however many tickets there are: where filters leave few of them, a page may be `stopped`.
        """

    def search(self, sight: Sight, listing: Listing, bounds: Bounds, *, cursor: Cursor | None, limit: int) -> Page:
        """Tickets of a list that hold all its words, as they are now, in subject and replies (or, for whoever may read
        them, in the notes). Takes as long as `tickets_page`.
        """

    def tab_counts(self, sight: Sight) -> Mapping[Tab, int]:
        """How many tickets each tab has for them, without filters."""

    def listing_id(self, listing: Listing) -> tuple[str, bool]:
        """The id under which this list is kept, at most 20 characters; and whether it was kept already, and lately."""

    def keep_listing(self, listing: Listing) -> str:
        """Keep a list for some weeks after its last use; gives its id, which is the same for the same list."""

    def listing(self, id_: str) -> Listing | None: ...

    def view(self, name: str) -> View | None:
        """The named list; capitals, accents and spaces make no difference."""

    def views(self, *, limit: int) -> Sequence[View]:
        """The named lists in alphabetical order."""

    def save_view(self, name: str, listing: Listing, *, owner_id: int) -> None:
        """Name a list, or give the name to this list from now on; a view's owner stays."""

    def forget_view(self, name: str) -> None: ...

    # --- messages -------------------------------------------------------------------------------------------

    def add_message(
        self,
        *,
        ticket: int,
        author_id: int,
        kind: Kind,
        body: str,
        by: Audience,
        thread_id: int | None,
        origin: MessageRef | None,
        attachments: Sequence[Attachment],
    ) -> Message | None:
        """A new message, or None where this `origin` is already known (a redelivery)."""

    def message(self, message_id: int) -> Message:
        """The newest version. KeyError where there is none."""

    def message_from(self, origin: MessageRef) -> Message | None:
        """The message that was said there on the network, if it was recorded."""

    def lately_said(self, thread: Thread, *, limit: int) -> Sequence[tuple[MessageRef, Message]]:
        """The newest messages that were said in this thread where it is now, with their places there; oldest first."""

    def description(self, ticket: int) -> Message:
        """A ticket's first message. KeyError where the ticket has none."""

    def versions(self, message_id: int) -> Sequence[Version]:
        """All that it ever said, oldest first, the newest included. KeyError where there is none."""

    def add_version(self, message: Message, *, body: str) -> Message:
        """A newer version with this body, edited now; the older ones are kept."""

    def mark_deleted(self, message: Message) -> Message:
        """Withdrawn now; the words are kept in the record."""

    def messages(self, ticket: int) -> Sequence[Message]:
        """All messages of a ticket in their newest version, oldest first."""

    # --- drafts ---------------------------------------------------------------------------------------------

    def add_draft(self, draft: KeptDraft) -> KeptDraft:
        """Keep it, made now; gives it with its id."""

    def draft(self, draft_id: int, account: AccountRef) -> KeptDraft | None:
        """If it is still kept and is this account's."""

    def newest_draft(self, account: AccountRef, way: str, *, since: datetime) -> KeptDraft | None:
        """The newest that came this way since then."""

    def add_to_draft(self, draft: KeptDraft, *, body: str, attachments: Sequence[Attachment]) -> KeptDraft:
        """More words and files for it, below the others."""

    def drop_draft(self, draft: KeptDraft) -> None: ...

    # --- cards for everybody --------------------------------------------------------------------------------

    def pinned(self) -> Mapping[PlaceRef, tuple[MessageRef, str]]:
        """Where a card stands for everybody: its message, and the digest of what it shows."""

    def keep_pinned(self, place: PlaceRef, message: MessageRef, card: str) -> None: ...

    def forget_pinned(self, place: PlaceRef) -> None: ...

    # --- what is due by itself ------------------------------------------------------------------------------

    def silent_tickets(
        self, *, since: datetime, warned_before: datetime | None, statuses: Collection[str], limit: int
    ) -> Sequence[int]:
        """Open tickets in these statuses whose last reply was an agent's, before `since`. With `warned_before`: those
        whose client was warned of that silence before then; without: those who were not warned of it.
        """

    def warned_at(self, number: int) -> datetime | None: ...

    def mark_warned(self, number: int) -> None:
        """The client was warned now."""

    def closed_between(self, after: datetime, before: datetime, *, limit: int) -> Sequence[tuple[int, datetime]]:
        """Tickets that were closed then, with when, the oldest first: `after` itself is not among them."""

    def drop_attachments(self, number: int) -> int:
        """Mark all of a ticket's stored attachments as deleted; gives how many were not yet."""

    def mark(self, name: str) -> datetime | None:
        """How far something has been done, as it was last kept."""

    def keep_mark(self, name: str, at: datetime) -> None: ...

    def referenced(self, hashes: Collection[str]) -> Collection[str]:
        """Which of these stored files some row still needs."""

    def forget_old(self, *, drafts_before: datetime) -> None:
        """Drafts that nobody came back to, and codes and guesses of links that have long ended."""

    # --- transcripts ----------------------------------------------------------------------------------------

    def add_transcript(
        self, *, ticket: int, asker_id: int, language: str, form: str, inside: bool, name: str, size: int, sha256: str
    ) -> Transcript:
        """Made now; its bytes are in the store already."""

    def transcript(self, transcript_id: int) -> Transcript:
        """KeyError where there is none."""

    # --- threads and copies ---------------------------------------------------------------------------------

    def add_thread(
        self,
        *,
        ticket: int,
        audience: Audience,
        channel: str,
        place: PlaceRef | None,
        account: AccountRef | None,
        locale: str,
    ) -> Thread:
        """A thread that its network is still to open."""

    def thread(self, ref: ThreadRef) -> Thread | None:
        """The ticket's thread that this is, unless it has ended."""

    def threads(self, ticket: int) -> Sequence[Thread]:
        """All threads of a ticket that have not ended, oldest first."""

    def threads_for(self, account: AccountRef) -> Sequence[Thread]:
        """All threads opened for this account that have not ended, oldest first."""

    def end_thread(self, thread: Thread) -> None:
        """It is no ticket's thread any more, and what is owed to it is not said."""

    def save_thread(self, thread: Thread) -> None:
        """Write `ref`, `card`, `newest`, `locale`, `ticket` and `left` as they now are."""

    def thread_is_at(self, thread_id: int, ref: ThreadRef, card: MessageRef) -> None:
        """Its network has opened it there, with this card, where nothing has been heard yet."""

    def card_is_at(self, thread_id: int, card: MessageRef) -> None:
        """The ticket is shown there in this thread from now on."""

    def live_threads(self, channel: str, *, active_since: datetime) -> Sequence[tuple[Thread, str]]:
        """Opened threads on this channel of tickets active since then, each with its mark (see `move_mark`)."""

    def move_mark(self, thread_id: int, mark: str) -> None:
        """Remember up to which network message the thread's history has surely been heard ("" = from its start)."""

    def copies(self, message_id: int, thread_id: int) -> Sequence[Copy]:
        """The parts of a message in a thread, in order."""

    def copied_from(self, ref: MessageRef) -> Message | None:
        """The message of which this network message is our own copy, if it is one."""

    # --- events and the outbox ------------------------------------------------------------------------------

    def record(self, event: Event, *, actor_id: int | None, to: Iterable[Thread]) -> Recorded:
        """Add to the log and owe one delivery to each thread."""

    def was_owed(self, recorded: Recorded, thread: Thread) -> bool:
        """Whether this thread was ever owed that event, whatever became of it."""

    def owe(self, recorded: Recorded, thread: Thread) -> None:
        """One more delivery, of an event that was recorded earlier."""

    def timeline(self, ticket: int) -> Sequence[Recorded]:
        """A ticket's events, oldest first."""

    def claim(self, *, limit: int, lease_seconds: float, channels: Sequence[str]) -> Sequence[Delivery]:
        """Lease the oldest unsettled delivery of each thread that is due and not leased: a thread never overtakes
        itself, and a stuck thread holds up no other. Only threads of these channels.
        """

    def settle(self, delivery: Delivery, *, copies: Sequence[Copy] = (), newest: MessageRef | None = None) -> None:
        """The network has it: mark it sent, and keep the copies' ids (they stand instead of earlier copies of the
        same message in this thread). `newest`, where something was posted, becomes the thread's.
        """

    def postpone(self, delivery: Delivery, *, seconds: float, error: str) -> None:
        """Due again after so many seconds; the lease is given back."""

    def bury(self, delivery: Delivery, *, error: str) -> None:
        """Never to be tried again by itself: it no longer holds up its thread."""

    def exhume(self, delivery_id: int) -> bool:
        """Owe a buried delivery again, due now. False where it is not buried."""

    def claim_next(self, thread_id: int, *, lease_seconds: float) -> Delivery | None:
        """Lease what this thread is owed next, if it is due and not leased: for whoever has just ended the one before
        it, in the same transaction.
        """

    def backlog(self) -> Backlog:
        """What is owed at this moment."""

    def stranded(self, *, limit: int) -> tuple[int, Sequence[Stranded]]:
        """How many deliveries are buried, and the newest of them."""

    def drop(self, delivery_id: int) -> bool:
        """A buried delivery is not to be made any more. False where it is not buried."""

    def next_due(self, channels: Sequence[str]) -> float | None:
        """Seconds until the earliest owed delivery of these channels can be claimed (0 = now); None = nothing owed."""

    # --- figures (see desk/life.py, desk/figures.py) --------------------------------------------------------

    def keep_up(self, terms: Terms, *, most: int) -> int:
        """Bring the lives forward by at most so many events; gives how many there were (0: nothing is left)."""

    def life(self, ticket: int) -> Life | None:
        """As far as `keep_up` has come."""

    def measure_again(self, terms: Terms, *, after: int, most: int) -> int:
        """Reckon the measures of so many tickets behind that number on these terms; gives the last one's (0: done)."""

    def terms_known(self) -> str | None:
        """The terms by which all lives were last measured, as `know_terms` was told."""

    def know_terms(self, fingerprint: str) -> None:
        """All lives have been measured by these."""

    def forget_lives(self) -> None:
        """Make them all anew, from the first event on, with the next `keep_up`."""

    def nudge_candidates(self, nudge: Nudge, before: datetime, *, most: int) -> Sequence[tuple[int, datetime]]:
        """Open tickets that have been so since before that moment and were not nudged for it yet: number, since."""

    def waiting_longest(self, department: str, *, most: int) -> Sequence[tuple[int, datetime]]:
        """The department's tickets whose clients have waited longest for a word: number, since."""

    def was_told(self, key: str) -> bool:
        """Whether `told_once` has had this key."""

    def told_once(self, key: str) -> bool:
        """True once for each key, for ever: what the desk says of its own accord is said once."""

    def pressing(self, *, most: int) -> Sequence[tuple[int, str, datetime, datetime, datetime]]:
        """Tickets with a promise whose warning time has come: number, promise, since when, warn and due time."""

    def warn_later(self, ticket: int, at: datetime | None) -> None:
        """Ask again then (None: not before the ticket's next event)."""

    def totals(self, scope: Scope, period: Period, zone: str = "UTC") -> Totals:
        """All figures of that scope and period. Over more than a quarter the medians and percentiles are exact to 1 %
        where the scope is not narrowed; everything else always is exact.
        """

    def days(self, scope: Scope, period: Period, zone: str) -> Mapping[date, tuple[int, int]] | None:
        """How many were opened and closed on each day of the house in that period. None for a narrowed scope."""

    def summed(self, scope: Scope, period: Period, zone: str) -> Tally | None:
        """The period's tallies in one. None in a narrowed scope, or for a period of other days than the house's."""

    def breakdown(
        self, figure: Figure, by: Dimension, scope: Scope, period: Period, zone: str = "UTC"
    ) -> Mapping[str, int]:
        """How many tickets stand behind a figure, by the ids of one dimension ("" = none), the largest first."""

    def count_behind(self, figure: Figure, scope: Scope, period: Period) -> int:
        """How many tickets stand behind a figure."""

    def behind(
        self, figure: Figure, scope: Scope, period: Period, *, after: int | None = None, most: int
    ) -> Sequence[int]:
        """The numbers of the tickets behind a figure, the newest first; those before `after`, where given."""

    def by_hour(self, what: str, scope: Scope, period: Period) -> Mapping[datetime, int]:
        """How many tickets were "opened" or "closed" in each hour that had any, by the hour's start in UTC."""

    def durations(self, figure: Figure, scope: Scope, period: Period) -> Sequence[timedelta]:
        """Of first responses or resolutions, in business time, in no order."""


class Courier(Protocol):
    """Takes deliveries from the very transactions that owe them: leased there, and handed over when that is durable.

    What is not taken, or not delivered while the lease lasts, is found by `Transaction.claim`.
    """

    @property
    def lease_seconds(self) -> float: ...

    def takes(self, thread: Thread) -> bool:
        """Whether a delivery to this thread, to which nothing else is owed, would be carried out at once. Called
        within transactions, in whatever thread they run.
        """

    def pack(self, tx: Transaction, delivery: Delivery) -> object:
        """All that carrying it out needs from the rows; asked at the end of the transaction."""

    def deliver(self, parcel: object) -> None:
        """It is durable: carry it out. Called in the loop of whoever wrote."""


class Storage(Protocol):
    """Runs verbs and queries. `write` is durable when it returns; a verb that raises leaves nothing behind."""

    async def write(self, verb: Callable[[Transaction], T], *, patient: bool = False) -> T:
        """`patient` waits some milliseconds for others to write, and becomes durable together with them. Verbs are
        carried out in the order in which they were asked for.
        """

    def hand_over_to(self, courier: Courier | None) -> None:
        """From now on this one takes what can be delivered at once (None: nobody does)."""

    async def read(self, query: Callable[[Transaction], T]) -> T: ...

    async def close(self) -> None: ...


class Blobs(Protocol):
    """Files by their hash: written whole before any row names them."""

    async def keep(self, chunks: AsyncIterator[bytes], *, limit: int) -> tuple[str, int]:
        """Store the bytes; gives the SHA-256 in hex and the size. DeskError("file_too_large") past `limit` bytes,
        and nothing is left behind.
        """

    def path(self, sha256: str) -> Path:
        """Where the bytes are, to be read and not changed. FileNotFoundError where they are not."""

    async def kept_before(self, before: datetime) -> Sequence[str]:
        """The hashes of all files that were last stored before then."""

    async def drop(self, sha256: str, *, kept_before: datetime) -> bool:
        """Delete the bytes, unless they were stored (again) since then. False where nothing was deleted."""
