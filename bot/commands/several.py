"""Several tickets of a list changed at once, each by itself; and lists with names, to return to."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from adapters.ui import OPTION_LABEL, Card, Found, Instead, Option
from bot import forms as sending
from bot.asked import whole
from bot.commands.tickets import shown
from bot.lists import cards, forms, telling
from bot.lists.seeing import cursor_of, kept
from desk import verbs
from desk.access import must_be_agent
from desk.errors import DeskError, FormError
from desk.listing import ROWS
from desk.model import Role
from desk.search import fold
from desk.text import cut, is_blank, one_line

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from adapters.port import Answer, Pressed, Sought, Submitted
    from bot.house import Asker, House
    from desk.listing import Listing, View
    from desk.model import Ticket
    from desk.ports import Transaction
    from desk.verbs import Actor

FOUND = 25  # Discord's choices
VIEWS = 25  # of one select


async def pressed_several(house: House, asker: Asker, heard: Pressed) -> Answer:
    """Some tickets of a page are chosen: what is to be done with them?"""
    must_be_agent(asker.role)
    id_, _, at = heard.carried.partition(":")
    cursor_of(at)
    listing = await kept(house, id_)
    numbers = tuple(whole(value) for value in heard.values)[:ROWS]
    if not numbers:
        return Instead(await shown(house, asker, replace(listing, at=at)))
    chosen = await house.storage.write(lambda tx: tx.keep_listing(replace(listing, at=at, chosen=numbers)))
    tickets = await _visible(house, asker, numbers)
    return Instead(cards.several(tickets, chosen, id_, at, asker.words, house.catalogue))


async def _visible(house: House, asker: Asker, numbers: Sequence[int]) -> list[Ticket]:
    def query(tx: Transaction) -> list[Ticket]:
        sight = asker.sight(tx)
        found = filter(None, map(tx.ticket, numbers))
        mine = sight.person_id or 0
        return [ticket for ticket in found if sight.sees(ticket, follows=tx.follows(ticket.number, mine))]

    return await house.storage.read(query)


async def pressed_claim(house: House, asker: Asker, heard: Pressed) -> Answer:
    """[Assign to me]"""
    return await _each(house, asker, heard, heard.value, verbs.claim)


async def pressed_close(house: House, asker: Asker, heard: Pressed) -> Answer:
    """[Close]"""
    return await _each(house, asker, heard, heard.value, verbs.close)


async def pressed_assign(house: House, asker: Asker, heard: Pressed) -> Answer:
    """[Assign to …]"""
    agent_id = whole(heard.value)
    return await _each(
        house, asker, heard, heard.carried, lambda tx, number, actor: verbs.assign(tx, number, actor, agent_id or None)
    )


async def pressed_status(house: House, asker: Asker, heard: Pressed) -> Answer:
    """Another status."""
    catalogue = house.catalogue
    return await _each(
        house, asker, heard, heard.carried,
        lambda tx, number, actor: verbs.set_status(tx, catalogue, number, actor, heard.value),
    )  # fmt: skip


async def pressed_priority(house: House, asker: Asker, heard: Pressed) -> Answer:
    """Another priority."""
    catalogue = house.catalogue
    return await _each(
        house, asker, heard, heard.carried,
        lambda tx, number, actor: verbs.set_priority(tx, catalogue, number, actor, heard.value),
    )  # fmt: skip


async def _each(
    house: House, asker: Asker, heard: Pressed, id_: str, act: Callable[[Transaction, int, Actor], object]
) -> Answer:
    """Do it to each of the chosen tickets in a transaction of its own: one that is refused stops no other."""
    must_be_agent(asker.role)
    listing = await kept(house, id_)
    outcomes: list[tuple[Ticket, DeskError | None]] = []
    for ticket in await _visible(house, asker, listing.chosen):

        def verb(tx: Transaction, number: int = ticket.number) -> None:
            if tx.first_hearing(f"{heard.account.channel}:{heard.id}:{number}"):
                act(tx, number, asker.actor(tx))

        try:
            await house.storage.write(verb)
        except DeskError as refused:
            outcomes.append((ticket, refused))
        else:
            outcomes.append((ticket, None))
    house.wake()
    bare = await house.storage.write(lambda tx: tx.keep_listing(listing.turned()))
    return Instead(cards.outcome(outcomes, bare, listing.at, asker.words))


async def sought_agent(house: House, asker: Asker, heard: Sought) -> Answer:
    """Agents by a part of their name, and nobody."""
    must_be_agent(asker.role)
    agents = [each for each in await house.storage.read(lambda tx: tx.agents()) if asker.knows(house.catalogue, each)]
    nobody = Option("0", asker.words("card.nobody"))
    options = [nobody, *(Option(str(a.person.id), cut(a.person.name, OPTION_LABEL)) for a in agents)]
    return Found(tuple(option for option in options if fold(heard.words.strip()) in fold(option.label))[:FOUND])


def _named(house: House, asker: Asker, kind: str, ids: Sequence[str], typed: str) -> Found:
    options = [Option(id_, cut(telling.called(kind, id_, asker.words, house.catalogue), OPTION_LABEL)) for id_ in ids]
    return Found(tuple(option for option in options if fold(typed.strip()) in fold(option.label))[:FOUND])


async def sought_status(house: House, asker: Asker, heard: Sought) -> Answer:
    return _named(house, asker, "statuses", house.catalogue.status_ids(), heard.words)


async def sought_priority(house: House, asker: Asker, heard: Sought) -> Answer:
    return _named(house, asker, "priorities", [entry.id for entry in house.catalogue.priorities], heard.words)


# --- named lists ------------------------------------------------------------------------------------------------


async def pressed_views(house: House, asker: Asker, heard: Pressed) -> Answer:
    """[Views]"""
    must_be_agent(asker.role)
    return Instead(await _views(house, asker, heard.value))


async def _views(house: House, asker: Asker, id_: str) -> Card:
    def query(tx: Transaction) -> tuple[Sequence[View], Mapping[int, str], list[str]]:
        person = tx.person_of(asker.account)
        found = [view for view in tx.views(limit=VIEWS) if _may_see(house, tx, view, asker)]
        people = {each for view in found for each in (*view.listing.filters.agents, *view.listing.filters.clients)}
        names = {each: tx.person(each).name for each in people if each}
        may = [view.name for view in found if _may_change(view, asker, person.id if person else None)]
        return found, names, may

    found, names, may = await house.storage.read(query)
    return cards.views(found, id_, names, asker.words, house.catalogue, may)


def _may_see(house: House, tx: Transaction, view: View, asker: Asker) -> bool:
    """A list says by its name and its filters whom its owner works for."""
    if not house.catalogue.apart:
        return True
    person, owner = tx.person_of(asker.account), tx.agent(view.owner_id)
    mine = person is not None and view.owner_id == person.id
    return mine or asker.role is Role.ADMIN or (owner is not None and asker.knows(house.catalogue, owner))


def _may_change(view: View, asker: Asker, person_id: int | None) -> bool:
    return asker.role is Role.ADMIN or view.owner_id == person_id


async def pressed_save(house: House, asker: Asker, heard: Pressed) -> Answer:
    """[Save this list]"""
    del house
    must_be_agent(asker.role)
    return forms.save(heard.value, asker.words)


async def submitted_save(house: House, asker: Asker, heard: Submitted) -> Answer:
    """The list has a name now."""
    must_be_agent(asker.role)
    listing, name = await kept(house, heard.state), one_line(heard.values.get("name", ""))
    try:
        await _save(house, asker, name, listing)
    except FormError as error:
        return sending.sent_back(forms.save(heard.state, asker.words), heard.values, error, asker.words)
    return Instead(await _views(house, asker, heard.state))


async def _save(house: House, asker: Asker, name: str, listing: Listing) -> None:
    if is_blank(name):
        raise FormError((DeskError("view_nameless", field="name"),))
    if len(name) > forms.VIEW_NAME:
        raise FormError((DeskError("too_long", field="name", limit=forms.VIEW_NAME, length=len(name)),))

    def verb(tx: Transaction) -> None:
        person, view = asker.person(tx), tx.view(name)
        if view is not None and not _may_change(view, asker, person.id):
            raise FormError((DeskError("view_taken", field="name", owner=view.owner),))
        tx.save_view(name, listing.turned(), owner_id=person.id)

    await house.storage.write(verb)


async def pressed_view(house: House, asker: Asker, heard: Pressed) -> Answer:
    """One of the named lists."""
    must_be_agent(asker.role)

    def query(tx: Transaction) -> View | None:
        view = tx.view(heard.value)
        return view if view is not None and _may_see(house, tx, view, asker) else None

    view = await house.storage.read(query)
    if view is None:
        raise DeskError("view_unknown", name=cut(heard.value, forms.VIEW_NAME))
    return Instead(await shown(house, asker, view.listing))


async def pressed_forget(house: House, asker: Asker, heard: Pressed) -> Answer:
    """A name is given up by whoever gave it, or an admin."""
    must_be_agent(asker.role)

    def verb(tx: Transaction) -> None:
        view, person = tx.view(heard.value), tx.person_of(asker.account)
        if view is None:
            raise DeskError("view_unknown", name=cut(heard.value, forms.VIEW_NAME))
        if not _may_change(view, asker, person.id if person else None):
            raise DeskError("view_taken", owner=view.owner)
        tx.forget_view(view.name)

    await house.storage.write(verb)
    return Instead(await _views(house, asker, heard.carried))


PRESSED = {
    "list.several": pressed_several,
    "several.claim": pressed_claim,
    "several.assign": pressed_assign,
    "several.close": pressed_close,
    "several.status": pressed_status,
    "several.priority": pressed_priority,
    "list.views": pressed_views,
    "list.save": pressed_save,
    "list.view": pressed_view,
    "list.forget": pressed_forget,
}

SUBMITTED = {forms.SAVE: submitted_save}

SOUGHT = {"several.assign": sought_agent, "several.status": sought_status, "several.priority": sought_priority}
