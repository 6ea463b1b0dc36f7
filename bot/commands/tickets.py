"""/tickets: the list of tickets, at home too; its tabs, pages, filters, searches, and what is typed after it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from adapters.ui import OPTION_LABEL, OPTION_VALUE, Card, Found, Instead, Option
from bot import forms as sending
from bot.asked import whole
from bot.commands import ticket as one
from bot.lists import cards, forms
from bot.lists.seeing import cursor_of, kept, see
from desk.access import must_be_agent
from desk.errors import DeskError, FormError
from desk.listing import WORDS_LIMIT, Bounds, Filters, Listing, Sort, Tab
from desk.model import AccountRef, Role
from desk.search import fold, terms, widened
from desk.text import cut, one_line

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from adapters.port import Answer, Called, HomeOpened, Pressed, Sought, Submitted
    from adapters.ui import Form
    from bot.house import Asker, House
    from desk.model import Agent, Person, Ticket
    from desk.ports import Transaction

VIEW = "view:"
SUGGESTED = 25  # Discord's choices of an autocompletion


async def called(house: House, asker: Asker, heard: Called) -> Answer:
    """`/tickets`, `/tickets closed`, `/tickets intranet`, `/tickets @somebody`, `/tickets view:NAME`."""
    words = one_line(heard.words)
    if fold(words).startswith(VIEW):
        return await shown(house, asker, await _view(house, asker, words[len(VIEW) :].strip()))
    filters = Filters()
    if heard.people:
        must_be_agent(asker.role)
        for account in heard.people:
            words = await _without(house, words, account)
        filters = await _about(house, heard.people)
    tab = _tab(words, asker)
    if tab is not None:
        return await shown(house, asker, Listing(tab, filters))
    where = Tab.ALL if words or heard.people else Tab.OPEN
    return await shown(house, asker, Listing(where, filters, words[:WORDS_LIMIT]))


async def shown(house: House, asker: Asker, listing: Listing) -> Card:
    """The list, for this reader."""
    seen = await see(house, asker, listing)
    return cards.the_list(seen, asker.words, house.catalogue, asker.role, house.old_after)


async def home(house: House, asker: Asker, heard: HomeOpened) -> Answer:
    """The list is what people see at home."""
    del heard
    return await shown(house, asker, Listing())


async def _view(house: House, asker: Asker, name: str) -> Listing:
    must_be_agent(asker.role)
    view = await house.storage.read(lambda tx: tx.view(name))
    if view is None:
        raise DeskError("view_unknown", name=cut(name, forms.VIEW_NAME))
    return view.listing


def _tab(words: str, asker: Asker) -> Tab | None:
    """The tab that is named so, in the asker's language or as it is."""
    named = {fold(asker.words(f"tab.{tab}")): tab for tab in Tab}
    named |= {tab.value.replace("_", " "): tab for tab in Tab}
    return named.get(fold(words))


async def _about(house: House, accounts: Sequence[AccountRef]) -> Filters:
    """The tickets of these people: agents' are those that they look after. DeskError for whom the desk never met."""

    def query(tx: Transaction) -> Filters:
        agents: list[int] = []
        clients: list[int] = []
        for account in accounts:
            person = tx.person_of(account)
            if person is None:
                raise DeskError("person_unknown")
            (clients if tx.agent(person.id) is None else agents).append(person.id)
        return Filters(agents=tuple(agents), clients=tuple(clients))

    return await house.storage.read(query)


async def _without(house: House, words: str, account: AccountRef) -> str:
    """What was typed besides a person's name."""
    name = one_line((await house.channels[account.channel].profile(account)).name)
    return one_line(words.replace(f"@{name}", " ", 1))


# --- tabs, pages, one ticket ------------------------------------------------------------------------------------


async def pressed_tab(house: House, asker: Asker, heard: Pressed) -> Answer:
    """Another tab."""
    id_, _, tab = heard.value.partition(":")
    if tab not in tuple(Tab):
        raise DeskError("action_unknown")
    return Instead(await shown(house, asker, (await kept(house, id_)).turned(tab=Tab(tab))))


async def pressed_page(house: House, asker: Asker, heard: Pressed) -> Answer:
    """[◀] [▶], and back to the list."""
    id_, _, at = heard.value.partition(":")
    cursor_of(at)
    return Instead(await shown(house, asker, (await kept(house, id_)).turned(at=at)))


async def pressed_open(house: House, asker: Asker, heard: Pressed) -> Answer:
    """One of the list's tickets."""
    return await one.shown(house, asker, whole(heard.value))


# --- searches ---------------------------------------------------------------------------------------------------


async def pressed_search(house: House, asker: Asker, heard: Pressed) -> Answer:
    """[Search]"""
    return forms.search(await kept(house, heard.value), heard.value, asker.words)


async def submitted_search(house: House, asker: Asker, heard: Submitted) -> Answer:
    """Words to search for, or none any more. A search looks everywhere unless it is begun from a tab of closed ones."""
    listing, words = await kept(house, heard.state), one_line(heard.values.get("words", ""))[:WORDS_LIMIT]
    if words and not terms(words):
        error = FormError((DeskError("search_empty", field="words"),))
        return sending.sent_back(forms.search(listing, heard.state, asker.words), heard.values, error, asker.words)
    tab = Tab.ALL if words and not listing.words and listing.tab is Tab.OPEN else listing.tab
    return Instead(await shown(house, asker, listing.turned(words=words, tab=tab)))


# --- filters ----------------------------------------------------------------------------------------------------


async def pressed_filter(house: House, asker: Asker, heard: Pressed) -> Answer:
    """[Filter]: what is set, to be changed."""
    return await _filters(house, asker, await kept(house, heard.value), heard.value)


async def _filters(house: House, asker: Asker, listing: Listing, id_: str) -> Answer:
    names = await _names(house, listing.filters)
    return Instead(cards.filters(listing, id_, names, asker.words, house.catalogue, asker.role))


async def _names(house: House, *filters: Filters) -> Mapping[int, str]:
    people = {person for each in filters for person in (*each.agents, *each.clients) if person}
    return await house.storage.read(lambda tx: {person: tx.person(person).name for person in people})


async def pressed_what(house: House, asker: Asker, heard: Pressed) -> Answer:
    """[Status, priority, department, product, tags]"""
    listing, traits = await kept(house, heard.value), house.channels[asker.account.channel].traits
    offered = forms.choices(asker.words, house.catalogue, asker.hidden(house.catalogue))
    return forms.what(listing.filters, heard.value, asker.words, offered, traits)


async def submitted_what(house: House, asker: Asker, heard: Submitted) -> Answer:
    listing, traits = await kept(house, heard.state), house.channels[asker.account.channel].traits
    offered = forms.choices(asker.words, house.catalogue, asker.hidden(house.catalogue))
    try:
        filters = forms.what_of(heard, listing.filters, offered)
    except FormError as error:
        form = forms.what(listing.filters, heard.state, asker.words, offered, traits)
        return sending.sent_back(form, heard.values, error, asker.words)
    return Instead(await shown(house, asker, listing.turned(filters=filters)))


async def pressed_who(house: House, asker: Asker, heard: Pressed) -> Answer:
    """[Agent, client, channel]"""
    must_be_agent(asker.role)
    return await _who(house, asker, heard.value)


async def _who(house: House, asker: Asker, id_: str) -> Form:
    listing = await kept(house, id_)
    network = asker.account.channel

    def query(tx: Transaction) -> tuple[Sequence[Option], str]:
        mine = [account.key for each in listing.filters.clients for account in tx.accounts(each)
                if account.channel == network]  # fmt: skip
        return forms.people(_known(house, asker, tx), asker.words), mine[0] if mine else ""

    agents, client = await house.storage.read(query)
    traits = house.channels[network].traits
    networks = asker.networks(house.catalogue, house.channels)
    return forms.who(listing.filters, id_, asker.words, agents, client, networks, traits)


def _known(house: House, asker: Asker, tx: Transaction) -> list[Agent]:
    return [agent for agent in tx.agents() if asker.knows(house.catalogue, agent)]


async def submitted_who(house: House, asker: Asker, heard: Submitted) -> Answer:
    must_be_agent(asker.role)
    listing, key = await kept(house, heard.state), heard.values.get("client", "")

    def query(tx: Transaction) -> tuple[Sequence[Option], Person | None]:
        client = tx.person_of(AccountRef(asker.account.channel, key)) if key else None
        return forms.people(_known(house, asker, tx), asker.words), client

    agents, client = await house.storage.read(query)
    try:
        filters = forms.who_of(heard, listing.filters, agents, client.id if client else None)
    except FormError as error:
        return sending.sent_back(await _who(house, asker, heard.state), heard.values, error, asker.words)
    return Instead(await shown(house, asker, listing.turned(filters=filters)))


async def pressed_when(house: House, asker: Asker, heard: Pressed) -> Answer:
    """[Dates, activity]"""
    return forms.when((await kept(house, heard.value)).filters, heard.value, asker.words, asker.role)


async def submitted_when(house: House, asker: Asker, heard: Submitted) -> Answer:
    """Days are looked through in their order, unless another was chosen; what is due, the soonest first."""
    listing = await kept(house, heard.state)
    try:
        filters = forms.when_of(heard, listing.filters)
    except FormError as error:
        form = forms.when(listing.filters, heard.state, asker.words, asker.role)
        return sending.sent_back(form, heard.values, error, asker.words)
    dated = (filters.opened_from or filters.opened_until) and listing.sort is Sort.ACTIVE
    sort = Sort.NEWEST if dated else listing.sort
    if filters.due and not listing.filters.due:
        sort = Sort.DUE
    return Instead(await shown(house, asker, listing.turned(filters=filters, sort=sort)))


async def pressed_unfilter(house: House, asker: Asker, heard: Pressed) -> Answer:
    """One filter is taken away."""
    listing = await kept(house, heard.carried)
    if heard.value not in listing.filters.given():
        raise DeskError("action_unknown")
    return Instead(await shown(house, asker, listing.turned(filters=listing.filters.without(heard.value))))


async def pressed_unfilter_all(house: House, asker: Asker, heard: Pressed) -> Answer:
    """All of them, and the search."""
    listing = await kept(house, heard.value)
    return Instead(await shown(house, asker, listing.turned(filters=Filters(), words="")))


async def pressed_sort(house: House, asker: Asker, heard: Pressed) -> Answer:
    """Another order."""
    if heard.value not in tuple(Sort):
        raise DeskError("action_unknown")
    listing = await kept(house, heard.carried)
    return Instead(await shown(house, asker, listing.turned(sort=Sort(heard.value))))


# --- while words are typed --------------------------------------------------------------------------------------


async def sought_ticket(house: House, asker: Asker, heard: Sought) -> Answer:
    """After /ticket: one's own tickets by number or by words of the subject; without words the newest activity."""
    words = widened(heard.words)

    def query(tx: Transaction) -> list[Ticket]:
        sight = asker.sight(tx)
        own = asker.role is not Role.CLIENT and not words
        listing = Listing(Tab.MINE if own else Tab.ALL, words=words)
        if listing.words:
            page = tx.search(sight, listing, Bounds(), cursor=None, limit=SUGGESTED)
        else:
            page = tx.tickets_page(sight, listing, Bounds(), priorities=(), cursor=None, limit=SUGGESTED)
        return [hit.ticket for hit in page.hits]

    found = await house.storage.read(query)
    typed = heard.words.strip().removeprefix("#")
    found.sort(key=lambda ticket: str(ticket.number) != typed)
    return Found(tuple(Option(str(t.number), cut(f"#{t.number} · {one_line(t.subject)}", OPTION_LABEL)) for t in found))


async def sought_tickets(house: House, asker: Asker, heard: Sought) -> Answer:
    """After /tickets: tabs, and for agents the named lists."""
    words, typed = asker.words, fold(heard.words.strip())
    tabs = cards.OWN if asker.role is Role.CLIENT else tuple(Tab)
    options = [Option(words(f"tab.{tab}"), words(f"tab.{tab}")) for tab in tabs]
    if asker.role is not Role.CLIENT:
        views = await house.storage.read(lambda tx: tx.views(limit=SUGGESTED))
        options += [Option(f"{VIEW}{view.name}"[:OPTION_VALUE], cut(f"⭐ {view.name}", OPTION_LABEL)) for view in views]
    fits = [option for option in options if typed in fold(option.value)]
    return Found(tuple(fits[:SUGGESTED]))


CALLED = {"tickets": called}

PRESSED = {
    "list.tab": pressed_tab,
    "list.page": pressed_page,
    "list.open": pressed_open,
    "list.search": pressed_search,
    "list.filter": pressed_filter,
    "list.what": pressed_what,
    "list.who": pressed_who,
    "list.when": pressed_when,
    "list.unfilter": pressed_unfilter,
    "list.unfilter_all": pressed_unfilter_all,
    "list.sort": pressed_sort,
}

SUBMITTED = {
    forms.SEARCH: submitted_search,
    forms.WHAT: submitted_what,
    forms.WHO: submitted_who,
    forms.WHEN: submitted_when,
}

SOUGHT = {"/ticket": sought_ticket, "/tickets": sought_tickets}

HOME = home
