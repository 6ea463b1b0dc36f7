"""What can be done with a ticket from its card: for its agents, behind [More…], and for its client."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from adapters.ui import Button, Card, Finder, MultiSelect, Select
from bot.names import priority_options, status_options, tag_options
from desk.model import Status

if TYPE_CHECKING:
    from adapters.ui import Action
    from bot.words import Words
    from desk.catalogue import Catalogue
    from desk.model import Ticket

STARS = 5
CHOICES = 25  # of one menu of a card


def for_agents(ticket: Ticket, words: Words, catalogue: Catalogue) -> tuple[Action, ...]:
    """The everyday ones in four lines; the others are one press away."""
    number = str(ticket.number)
    note = Button("ticket.note", words("action.note"), number, emoji="📝")
    more = (
        Button("ticket.transcript", words("action.transcript"), number, emoji="📄"),
        Button("ticket.more", words("action.more"), number),
    )
    if ticket.status is Status.CLOSED:
        return (Button("ticket.reopen", words("action.reopen"), number, emoji="🔄"), note, *more)
    claim = words("action.claim") if ticket.agent_id is None else words("action.take_over")
    style: Literal["plain", "primary"] = "primary" if ticket.agent_id is None else "plain"
    reply = Button("reply.choose", words("action.reply"), number, emoji="💬")
    return (
        Button("ticket.claim", claim, number, style=style, emoji="🙋"),
        *((reply,) if catalogue.replies_for(ticket.department) else ()),
        note,
        Button("ticket.internal", words("action.internal"), number, emoji="🔒"),
        Button("ticket.close", words("action.close"), number, style="danger", emoji="✅"),
        *_menus(ticket, words, catalogue),
        Finder("ticket.assign", words("choose.agent"), carries=number),
        *more,
    )


def _menus(ticket: Ticket, words: Words, catalogue: Catalogue) -> tuple[Action, ...]:
    """Status and priority, as they are; a value that config no longer has is not among the choices."""
    number = str(ticket.number)
    statuses, priorities = status_options(words, catalogue), priority_options(words, catalogue)
    status = ticket.house_status if ticket.house_status in {option.value for option in statuses} else ""
    priority = ticket.priority if ticket.priority in {option.value for option in priorities} else ""
    return (
        Select("ticket.status", words("choose.status"), statuses, chosen=status, carries=number),
        Select("ticket.priority", words("choose.priority"), priorities, chosen=priority, carries=number),
    )


def more_card(ticket: Ticket, words: Words, catalogue: Catalogue, *, follows: bool, parts: bool) -> Card:
    """Everything else that agents can do, shown to one of them alone."""
    number = str(ticket.number)
    department = catalogue.department(ticket.department)
    going_on = ticket.merged_into is None
    buttons = [
        Button("ticket.history", words("action.history"), number, emoji="🕘"),
        Button("ticket.unfollow", words("action.unfollow"), number, emoji="🔕")
        if follows
        else Button("ticket.follow", words("action.follow"), number, emoji="🔔"),
        Button("follower.add", words("action.add_follower"), number, emoji="👥"),
    ]
    if department and department.fields:
        buttons.append(Button("ticket.fields", words("action.fields"), number, emoji="✏️"))
    if going_on:
        buttons += [
            Button("ticket.move", words("action.move"), number, emoji="➡️"),
            Button("ticket.merge", words("action.merge"), number, emoji="🔗"),
            Button("ticket.split", words("action.split"), number, emoji="✂️"),
            Button("parent.drop", words("action.drop_parent"), number, emoji="🧩")
            if ticket.parent is not None
            else Button("ticket.parent", words("action.parent"), number, emoji="🧩"),
        ]
    if parts:
        buttons.append(Button("reply.all", words("action.reply_all"), number, emoji="📣"))
    if ticket.status is not Status.CLOSED:
        buttons.append(Button("ticket.close_reason", words("action.close_reason"), number, emoji="✅"))
    return Card(
        words("more.title", number=ticket.number),
        words("more.body"),
        actions=(*buttons, *_tags(ticket, words, catalogue)),
    )


def _tags(ticket: Ticket, words: Words, catalogue: Catalogue) -> tuple[Action, ...]:
    """All tags to choose from, or where they are too many for a menu: one to find and add, those it has to keep."""
    number = str(ticket.number)
    options = tag_options(words, catalogue)
    if not options:
        return ()
    has = tuple(tag for tag in ticket.tags if catalogue.tag(tag) is not None)
    if len(options) <= CHOICES:
        return (MultiSelect("ticket.tags", words("choose.tags"), options, chosen=has, carries=number),)
    finder = Finder("tag.add", words("choose.tag"), carries=number)
    theirs = tuple(option for option in options if option.value in has)[:CHOICES]
    if not theirs:
        return (finder,)
    kept = tuple(option.value for option in theirs)
    return (finder, MultiSelect("ticket.tags", words("choose.tags"), theirs, chosen=kept, carries=number))


def for_client(ticket: Ticket, words: Words, *, follows: bool = False) -> tuple[Action, ...]:
    """Close; once it is closed, rate and re-open. Who only `follows` it can stop that."""
    number = str(ticket.number)
    transcript = Button("ticket.transcript", words("action.transcript"), number, emoji="📄")
    if follows:
        return (Button("ticket.unfollow", words("action.unfollow"), number, emoji="🔕"), transcript)
    if ticket.status is not Status.CLOSED:
        return (Button("ticket.close", words("action.close"), number, emoji="✅"), transcript)
    ratings = tuple(Button("ticket.rate", "★" * given, f"{number}:{given}") for given in range(1, STARS + 1))
    return (*ratings, Button("ticket.reopen", words("action.reopen"), number, emoji="🔄"), transcript)
