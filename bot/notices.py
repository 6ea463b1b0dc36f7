"""An event as it is shown in one thread: which words, cards and files, in that thread's language.

Pure: what the relay posts is decided here and can be tested without a network.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from adapters.ui import BUTTON_LABEL, Author, Button, Card, FileOut, Post
from bot import cards, transcripts
from bot.changes import changed_text
from bot.names import department_name
from bot.pressing import worded
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
from desk.model import Attachment, Audience, Kind
from desk.text import cut

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import timedelta

    from adapters.port import Traits
    from bot.words import Words
    from desk.catalogue import Catalogue
    from desk.events import Event
    from desk.figures import Terms
    from desk.model import Copy, Message, Person, Thread, Transcript
    from desk.ports import Blobs, Delivery, Transaction


@dataclass(frozen=True, slots=True)
class Scene:
    """Everything that showing one event in one thread needs, read in one transaction."""

    view: cards.TicketView | None  # where the event shows the ticket's card
    message: Message | None
    author: Person | None
    actor: Person | None
    copies: Sequence[Copy]
    transcript: Transcript | None = None
    agent: Person | None = None  # to whom a ticket was given
    merged: cards.TicketView | None = None  # the ticket that became one with this


def scene(tx: Transaction, delivery: Delivery, catalogue: Catalogue, old_after: timedelta, terms: Terms) -> Scene:
    """Gather it; what confidential departments keep to themselves is not shown beside other departments' tickets.
    KeyError where the event names rows that are not there: a bug.
    """
    event = delivery.recorded.event
    view = None
    if isinstance(event, TicketOpened | TicketContinued | TicketChanged | TicketRated):
        view = _view(tx, event.ticket, catalogue, old_after, terms)
    changed = {change.field: change.new for change in event.changes} if isinstance(event, TicketChanged) else {}
    merged = tx.ticket(int(changed["merged"])) if "merged" in changed else None
    message_id = getattr(event, "message_id", None)
    message = _as_it_was(tx, event, tx.message(message_id)) if message_id is not None else None
    actor_id = delivery.recorded.actor_id
    return Scene(
        view=view,
        message=message,
        author=tx.person(message.author_id) if message else None,
        actor=tx.person(actor_id) if actor_id is not None else None,
        copies=tx.copies(message.id, delivery.thread.id) if message and _changes_copies(event) else (),
        transcript=tx.transcript(event.transcript_id) if isinstance(event, TranscriptMade) else None,
        agent=tx.person(int(changed["agent"])) if changed.get("agent") else None,
        merged=cards.view(tx, merged, catalogue, catalogue.confidential, old_after, terms) if merged else None,
    )


def _view(tx: Transaction, number: int, catalogue: Catalogue, old_after: timedelta, terms: Terms) -> cards.TicketView:
    ticket = tx.ticket(number)
    if ticket is None:
        raise KeyError(number)
    return cards.view(tx, ticket, catalogue, catalogue.hidden_beside(ticket.department), old_after, terms)


def _as_it_was(tx: Transaction, event: Event, message: Message) -> Message:
    """The message in the version that the event tells of: a delivery says the same at each attempt, or what an earlier
    one has said would not be recognised. Newer versions have deliveries of their own.
    """
    match event:
        case MessageSaid():
            wanted = 1
        case MessageEdited():
            wanted = event.version
        case _:
            return message
    if wanted >= message.version:
        return message
    old = next((each for each in tx.versions(message.id) if each.number == wanted), None)
    if old is None:
        return message
    return replace(message, body=old.body, version=wanted, edited_at=message.edited_at if wanted > 1 else None)


def _changes_copies(event: Event) -> bool:
    return isinstance(event, MessageEdited | MessageDeleted)


# --- what is to be done in the thread ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Open:
    """Open the thread with this first post."""

    title: str
    first: Post


@dataclass(frozen=True, slots=True)
class Say:
    """Post it; as a copy of the scene's message where `copy` is set. The card is shown anew before, where given."""

    post: Post | None
    copy: bool = False
    card: Post | None = None


@dataclass(frozen=True, slots=True)
class Revise:
    """Show the newest words in the copies."""

    post: Post


@dataclass(frozen=True, slots=True)
class Withdraw:
    """Take the copies away."""


Step = Open | Say | Revise | Withdraw


def step(delivery: Delivery, scene: Scene, words: Words, catalogue: Catalogue, blobs: Blobs, traits: Traits) -> Step:
    """What this event means for this thread. In one that the ticket has left meanwhile nothing is shown of how the
    ticket is now, and no newer words than were owed to it.
    """
    thread, event = delivery.thread, delivery.recorded.event
    if thread.left and scene.view is not None:
        shown = _opened_away if isinstance(event, TicketOpened | TicketContinued) else _moved_away
        return shown(scene.view, words, catalogue)
    if thread.left and scene.message is not None and _reworded(event, scene.message):
        return Say(None)
    who = scene.actor.name if scene.actor else words("notice.the_desk")
    match event:
        case TicketOpened() | TicketContinued():
            assert scene.view is not None  # gathered for this event
            card = cards.ticket_card(scene.view, thread.audience, words, catalogue, thread.account)
            attachments = scene.view.description.attachments
            files, remarks = _files(attachments, words, blobs, traits)
            first = Post(body="\n".join(remarks), card=card, files=files)
            return Open(cards.title(scene.view.ticket), first)
        case InternalTalkOpened():
            number = event.ticket
            card = Card(words("notice.internal_title", number=number), words("notice.internal_body"))
            return Open(words("notice.internal_title", number=number), Post(card=card))
        case MessageSaid():
            return Say(_relayed(scene, words, blobs, traits), copy=True)
        case MessageEdited():
            return Revise(_relayed(scene, words, blobs, traits))
        case MessageDeleted():
            return Withdraw()
        case TicketChanged():
            assert scene.view is not None  # gathered for this event
            if scene.merged is not None and thread.audience is Audience.AGENTS:
                return Say(
                    _merged(scene.merged, who, words, blobs, traits), card=_card(scene, thread, words, catalogue)
                )
            agent = scene.agent.name if scene.agent else ""
            text = changed_text(
                event, thread.audience, words, catalogue, who=who, agent=agent, by_desk=scene.actor is None
            )
            notice = Post(cards.literal(text), quiet=True) if text else None
            return Say(notice, card=_card(scene, thread, words, catalogue))
        case NobodyLeft():
            return Say(Post(cards.literal(words("notice.nobody_left", number=event.ticket))))
        case TicketRated():
            text = cards.literal(words("notice.rated", who=who, stars=cards.stars(event.stars)))
            told = Post(text, quiet=True) if thread.audience is Audience.AGENTS else None
            return Say(told, card=_card(scene, thread, words, catalogue))
        case TicketNudged():
            return Say(Post(cards.literal(worded(event, delivery.recorded.at, words)), quiet=True))
        case PromisePressing():
            return Say(Post(cards.literal(worded(event, delivery.recorded.at, words))))
        case SilenceWarned():
            closes_at = datetime.fromisoformat(event.closes_at)
            length = words.duration(closes_at - delivery.recorded.at)
            text = words("notice.silence_warned", length=length, moment=words.moment(closes_at))
            return Say(Post(cards.literal(text)))
        case AttachmentsDropped() | DueReckoned():
            return Say(None)  # owed to nobody: it stands in the history
        case ThreadEnded():
            return Say(Post(cards.literal(words("notice.thread_ended")), quiet=True))
        case TranscriptMade():
            assert scene.transcript is not None  # gathered for this event
            return Say(transcript_post(scene.transcript, words, blobs, traits))
        case DeliveryFailed():
            again = Button("delivery.retry", cut(words("action.try_again"), BUTTON_LABEL - 2), str(event.delivery_id))
            theirs = scene.message is not None and scene.message.thread_id == thread.id
            key = f"notice.{'undelivered' if theirs else 'untold'}_{event.reason}"
            return Say(Post(card=Card(words(key), actions=(again,))))
        case ThreadReplaced():
            whose = "here" if event.thread_id == thread.id else event.audience
            return Say(Post(cards.literal(words(f"notice.replaced_{whose}")), quiet=True))


def opening(
    thread: Thread, words: Words, catalogue: Catalogue, old_after: timedelta, terms: Terms
) -> Callable[[Transaction], Open]:
    """A query: the thread opened anew, long after its ticket was, with the card as it is now."""

    def query(tx: Transaction) -> Open:
        view = _view(tx, thread.ticket, catalogue, old_after, terms)
        if thread.left:
            return _opened_away(view, words, catalogue)
        if thread.audience is Audience.INTERNAL:
            heading = words("notice.internal_title", number=thread.ticket)
            return Open(heading, Post(card=Card(heading, words("notice.internal_body"))))
        return Open(
            cards.title(view.ticket),
            Post(card=cards.ticket_card(view, thread.audience, words, catalogue, thread.account)),
        )

    return query


def transcript_post(made: Transcript, words: Words, blobs: Blobs, traits: Traits) -> Post:
    """The file with a line above it; where it is too large to be posted, only that line and why."""
    file = Attachment(made.name, transcripts.media_type(made.form), made.size, made.sha256)
    files, remarks = _files((file,), words, blobs, traits)
    line = cards.literal(words("transcript.here", number=made.ticket))
    return Post("\n".join([line, *remarks]), files=files)


def _card(scene: Scene, thread: Thread, words: Words, catalogue: Catalogue) -> Post:
    assert scene.view is not None  # gathered for the events that show it
    return Post(card=cards.ticket_card(scene.view, thread.audience, words, catalogue, thread.account))


def _moved_away(seen: cards.TicketView, words: Words, catalogue: Catalogue) -> Say:
    """In a place that the ticket has left nothing of it stands any more but where it went."""
    number, department = seen.ticket.number, department_name(seen.ticket.department, words, catalogue)
    text = words("notice.moved_away", department=department)
    return Say(Post(cards.literal(text), quiet=True), card=Post(card=Card(f"#{number}", cards.literal(text))))


def _opened_away(seen: cards.TicketView, words: Words, catalogue: Catalogue) -> Open:
    """The same, in a thread that its network had not opened when the ticket left."""
    number, card = seen.ticket.number, _moved_away(seen, words, catalogue).card
    assert card is not None  # it always shows one
    return Open(f"#{number}", card)


def _reworded(event: Event, message: Message) -> bool:
    """Whether the message says something else by now than when the event was owed."""
    match event:
        case MessageSaid():
            return message.version > 1
        case MessageEdited(version=version):
            return message.version > version
        case _:
            return False


def _merged(merged: cards.TicketView, who: str, words: Words, blobs: Blobs, traits: Traits) -> Post:
    """To agents: how the ticket began that became one with theirs."""
    files, remarks = _files(merged.description.attachments, words, blobs, traits)
    notice = cards.literal(words("notice.merged_agents", who=who, number=merged.ticket.number))
    subject = f"**{cards.literal(merged.ticket.subject)}**"
    parts = (notice, subject, merged.description.body, "\n".join(remarks))
    return Post("\n\n".join(part for part in parts if part), files=files)


def _relayed(scene: Scene, words: Words, blobs: Blobs, traits: Traits) -> Post:
    message, author = scene.message, scene.author
    assert message is not None  # fanout owes words only of messages
    assert author is not None
    files, remarks = _files(message.attachments, words, blobs, traits)
    marks = [words("mark.note")] if message.kind is Kind.NOTE else []
    if message.edited_at:
        marks.append(words("mark.edited"))
    side = words("side.client") if message.by is Audience.CLIENT else words("side.support")
    body = "\n\n".join(part for part in (message.body, "\n".join(remarks)) if part)
    if not body and not files:
        body = words("notice.deleted")
    return Post(body, author=Author(author.name, side), mark=" · ".join(marks), files=files)


def _files(
    attachments: Sequence[Attachment], words: Words, blobs: Blobs, traits: Traits
) -> tuple[tuple[FileOut, ...], list[str]]:
    """What can be posted, and a remark for each file that cannot."""
    files: list[FileOut] = []
    remarks: list[str] = []
    for file in attachments:
        if file.dropped:
            remarks.append(cards.literal(words("notice.file_dropped", name=file.name)))
        elif file.sha256 is None:
            remarks.append(cards.literal(words("notice.file_missing", name=file.name)))
        elif file.size > traits.file_limit:
            size = words.size(file.size)
            remarks.append(cards.literal(words("notice.file_too_large", name=file.name, size=size)))
        else:
            files.append(FileOut(file.name, file.media_type, file.size, blobs.path(file.sha256)))
    return tuple(files), remarks
