"""A list read for one reader: its page with names and links, the figures on its tabs, the id its buttons carry."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime  # noqa: TC003 - dataclasses are read at run time
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from adapters.port import ChannelError
from bot.clockwork.reckoning import caught_up
from desk.access import must_be_agent
from desk.errors import DeskError
from desk.listing import ROWS, Cursor, Listing, Page, Sort, Tab, bounds
from desk.model import Audience, Role
from desk.search import terms, widened

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from bot.house import Asker, House
    from desk.access import Sight
    from desk.model import AccountRef, Thread, Ticket
    from desk.ports import Transaction

LOOKS = 40  # times that the storage is asked for the same page, where few tickets pass the filters


@dataclass(frozen=True, slots=True)
class Seen:
    """All that a list's card shows. `names` are of people, by id; `links` of tickets' threads, by number."""

    listing: Listing
    id: str
    page: Page
    counts: Mapping[Tab, int]
    names: Mapping[int, str]
    links: Mapping[int, str]
    sight: Sight
    now: datetime
    wide: bool = False  # nothing has exactly the words that were searched for: these have longer ones


async def see(house: House, asker: Asker, listing: Listing) -> Seen:
    """Read it. Where nothing holds the words of a search, those that begin with them are searched for."""
    cursor = cursor_of(listing.at)
    if listing.sort is Sort.DUE or listing.filters.due:
        must_be_agent(asker.role)
    if asker.role is not Role.CLIENT:
        await caught_up(house)  # what is due is reckoned a moment after what was done
    page = await _page(house, asker, listing, cursor)
    wide = False
    if listing.words and not page.hits and cursor is None and widened(listing.words) != listing.words:
        longer = listing.turned(words=widened(listing.words))
        found = await _page(house, asker, longer, None)
        if found.hits:
            listing, page, wide = longer, found, True
    bare = replace(listing, at="", chosen=())

    def look(tx: Transaction) -> tuple[Seen, bool]:
        sight = asker.sight(tx)
        id_, kept = tx.listing_id(bare)
        people = {ticket.client_id for ticket in _tickets(page)} | {ticket.agent_id for ticket in _tickets(page)}
        people |= {*listing.filters.clients, *listing.filters.agents}
        names = {person: tx.person(person).name for person in people if person}
        accounts = tuple(tx.accounts(sight.person_id)) if sight.person_id is not None else (asker.account,)
        links = {
            ticket.number: _link(
                house, tx.threads(ticket.number), accounts, asker, inside=sight.inside(ticket.department)
            )
            for ticket in _tickets(page)
        }
        return Seen(listing, id_, page, tx.tab_counts(sight), names, links, sight, tx.now, wide), kept

    seen, kept = await house.storage.read(look)
    if not kept:
        await house.storage.write(lambda tx: tx.keep_listing(bare))
    return seen


def cursor_of(code: str) -> Cursor | None:
    """DeskError where it is none of ours."""
    try:
        return Cursor.of(code) if code else None
    except ValueError as error:
        raise DeskError("action_unknown") from error


async def kept(house: House, id_: str) -> Listing:
    """The list that a button stands for. DeskError where it was not used for so long that it is forgotten."""
    found = await house.storage.read(lambda tx: tx.listing(id_))
    if found is None:
        raise DeskError("list_gone")
    return found


def _tickets(page: Page) -> Iterable[Ticket]:
    return (hit.ticket for hit in page.hits)


async def _page(house: House, asker: Asker, listing: Listing, cursor: Cursor | None) -> Page:
    """A whole page, asked for piece by piece: no single look may take long."""
    back = cursor is not None and cursor.back
    first = page = await _piece(house, asker, listing, cursor, ROWS)
    hits = list(page.hits)
    for _ in range(LOOKS):
        further = page.before if back else page.after
        if not page.stopped or further is None or len(hits) >= ROWS:
            break
        page = await _piece(house, asker, listing, further, ROWS - len(hits))
        hits[:0] = page.hits if back else ()
        hits += () if back else page.hits
    return Page(
        tuple(hits),
        before=page.before if back else first.before,
        after=first.after if back else page.after,
        stopped=page.stopped,
    )


async def _piece(house: House, asker: Asker, listing: Listing, cursor: Cursor | None, limit: int) -> Page:
    priorities = [priority.id for priority in reversed(house.catalogue.priorities)]
    searched = bool(listing.words and terms(listing.words))

    def query(tx: Transaction) -> Page:
        sight, times = asker.sight(tx), bounds(listing.filters, tx.now, ZoneInfo(house.library.timezone))
        try:
            if searched:
                return tx.search(sight, listing, times, cursor=cursor, limit=limit)
            return tx.tickets_page(sight, listing, times, priorities=priorities, cursor=cursor, limit=limit)
        except (IndexError, OverflowError, TypeError, ValueError) as error:  # a cursor that somebody made up
            raise DeskError("action_unknown") from error

    return await house.storage.read(query)


def _link(
    house: House, threads: Iterable[Thread], accounts: Iterable[AccountRef], asker: Asker, *, inside: bool
) -> str:
    """Where this reader can open the ticket: in the network they look from, if it is there; "" for nowhere. `inside`:
    they are an agent of its department.
    """
    mine = set(accounts)
    networks = {account.channel for account in mine}

    def open_to(thread: Thread) -> bool:
        if thread.ref is None or thread.channel not in networks:
            return False
        return thread.account in mine or (inside and thread.audience is Audience.AGENTS and thread.account is None)

    there = sorted(
        filter(open_to, threads), key=lambda thread: (thread.channel != asker.account.channel, thread.account is None)
    )
    for thread in there:
        try:
            if thread.ref is not None and (link := house.channels[thread.channel].link(thread.ref)):
                return link
        except (KeyError, ChannelError):
            continue
    return ""
