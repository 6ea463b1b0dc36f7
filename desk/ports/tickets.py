"""Part of the transaction: tickets, lists of them, and what is due by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from collections.abc import Set as AbstractSet
    from datetime import datetime

    from desk.access import Sight
    from desk.listing import Bounds, Cursor, Listing, Page, Tab, View
    from desk.model import (
        Panel,
        Person,
        Ticket,
    )


class Tickets(Protocol):
    """See `desk.ports.Transaction`."""

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

    def keep_words(self, text: str) -> str:
        """Keep what a button has no room for; gives its name, the same for the same text."""

    def kept_words(self, id_: str) -> str | None:
        """None where it was not used for so long that it is forgotten."""

    def view(self, name: str) -> View | None:
        """The named list; capitals, accents and spaces make no difference."""

    def views(self, *, limit: int) -> Sequence[View]:
        """The named lists in alphabetical order."""

    def save_view(self, name: str, listing: Listing, *, owner_id: int) -> None:
        """Name a list, or give the name to this list from now on; a view's owner stays."""

    def forget_view(self, name: str) -> None: ...

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

    def grown_old(self, after: datetime, before: datetime, *, limit: int) -> Sequence[tuple[int, datetime]]:
        """Open tickets in which something happened last then, with when, the oldest first; `after` itself is not among
        them. More than `limit` where the last of them share their moment.
        """

    def drop_attachments(self, number: int) -> int:
        """Mark all of a ticket's stored attachments as deleted; gives how many were not yet."""

    def badges_shown(self, number: int) -> str | None:
        """As `show_badges` was last told; None where it never was."""

    def show_badges(self, number: int, badges: str) -> None:
        """The ticket's cards show these now."""

    def mark(self, name: str) -> datetime | None:
        """How far something has been done, as it was last kept."""

    def keep_mark(self, name: str, at: datetime) -> None: ...

    def agreed(self, name: str) -> str | None:
        """What the desk's instances have agreed on under that name."""

    def agree(self, name: str, words: str) -> None: ...

    def referenced(self, hashes: Collection[str]) -> Collection[str]:
        """Which of these stored files some row still needs."""

    def forget_old(self, *, drafts_before: datetime) -> None:
        """Drafts that nobody came back to, codes and guesses of links that have long ended, and receipts of what no
        network delivers again.
        """
