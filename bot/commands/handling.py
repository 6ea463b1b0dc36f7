"""The everyday actions of a ticket's card: claim, assign, status, priority, tags, close, re-open, rate; and what else
there is.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from adapters.ui import OPTION_LABEL, Button, Card, Found, Option
from bot import actions, cards, forms
from bot.asked import carried, matching, once, pair_of, whole
from bot.names import tag_options
from desk import verbs
from desk.access import must_be_agent
from desk.model import Role
from desk.text import cut
from desk.verbs.acting import handled

if TYPE_CHECKING:
    from adapters.port import Answer, Pressed, Sought, Submitted
    from bot.house import Asker, House
    from desk.model import Agent
    from desk.ports import Transaction
    from desk.verbs import Actor

NOBODY = "0"  # the choice that gives a ticket back
MOST = 25  # matches of a search


async def pressed_claim(house: House, asker: Asker, heard: Pressed) -> Answer:
    """[Claim]"""
    await once(house, asker, heard, lambda tx, actor: verbs.claim(tx, whole(heard.value), actor))
    return None


async def sought_agent(house: House, asker: Asker, heard: Sought) -> Answer:
    """Who could look after this ticket: the asker first, then those with the fewest open ones."""
    number = whole(heard.carried)

    def look(tx: Transaction) -> tuple[Option, ...]:
        ticket = handled(tx, number, asker.reader(tx))
        person = tx.person_of(asker.account)
        may = [
            agent
            for agent in tx.agents()
            if ticket.department in agent.departments
            or (agent.role is Role.ADMIN and asker.knows(house.catalogue, agent))
        ]
        counts = tx.open_tickets(agent.person.id for agent in may)
        may.sort(key=lambda each: (person is None or each.person.id != person.id, counts[each.person.id]))
        names = Counter(agent.person.name for agent in may)
        found = [option(tx, agent, counts[agent.person.id], twice=names[agent.person.name] > 1) for agent in may]
        nobody = [Option(NOBODY, asker.words("card.nobody"))] if ticket.agent_id is not None else []
        return matching([*found, *nobody], heard.words)

    def option(tx: Transaction, agent: Agent, count: int, *, twice: bool) -> Option:
        networks = (
            sorted({asker.words.network(account.channel) for account in tx.accounts(agent.person.id)}) if twice else ()
        )
        away = asker.words("choose.away") if tx.away(agent.person.id) else ""
        hint = " · ".join(part for part in (*networks, asker.words("choose.open_tickets", count=count), away) if part)
        return Option(str(agent.person.id), cut(f"{agent.person.name} · {hint}", OPTION_LABEL))

    return Found(await house.storage.read(look))


async def pressed_assign(house: House, asker: Asker, heard: Pressed) -> Answer:
    """Somebody was found to look after it."""
    agent_id = None if heard.value == NOBODY else whole(heard.value)
    await once(house, asker, heard, lambda tx, actor: verbs.assign(tx, carried(heard), actor, agent_id))
    return None


async def pressed_status(house: House, asker: Asker, heard: Pressed) -> Answer:
    """A status was chosen."""
    catalogue = house.catalogue
    await once(
        house, asker, heard, lambda tx, actor: verbs.set_status(tx, catalogue, carried(heard), actor, heard.value)
    )
    return None


async def pressed_priority(house: House, asker: Asker, heard: Pressed) -> Answer:
    """A priority was chosen."""
    catalogue = house.catalogue
    await once(
        house, asker, heard, lambda tx, actor: verbs.set_priority(tx, catalogue, carried(heard), actor, heard.value)
    )
    return None


async def pressed_tags(house: House, asker: Asker, heard: Pressed) -> Answer:
    """The tags that are chosen now; those that were not among the choices stay."""
    catalogue = house.catalogue

    def verb(tx: Transaction, actor: verbs.Actor) -> None:
        ticket = handled(tx, carried(heard), actor)
        shown = {option.value for option in tag_options(asker.words, catalogue)}
        if len(shown) > MOST:  # the menu held only those that it has: none of the others came or went
            shown = set(ticket.tags)
        wanted = {*heard.values, *(tag for tag in ticket.tags if tag not in shown)}
        verbs.set_tags(tx, catalogue, ticket.number, actor, wanted)

    await once(house, asker, heard, verb)
    return None


async def sought_tag(house: House, asker: Asker, heard: Sought) -> Answer:
    """One of very many tags."""
    return Found(matching(tag_options(asker.words, house.catalogue), heard.words))


async def pressed_tag(house: House, asker: Asker, heard: Pressed) -> Answer:
    """A tag was found."""
    catalogue = house.catalogue

    def verb(tx: Transaction, actor: verbs.Actor) -> None:
        ticket = handled(tx, carried(heard), actor)
        verbs.set_tags(tx, catalogue, ticket.number, actor, {*ticket.tags, heard.value})

    await once(house, asker, heard, verb)
    return None


async def pressed_more(house: House, asker: Asker, heard: Pressed) -> Answer:
    """[More…]"""
    number = whole(heard.value)
    must_be_agent(asker.role)

    def look(tx: Transaction) -> Card:
        actor = asker.reader(tx)
        ticket = handled(tx, number, actor)
        follows, parts = tx.follows(number, actor.person.id), bool(tx.children(number))
        return actions.more_card(ticket, asker.words, house.catalogue, follows=follows, parts=parts)

    return await house.storage.read(look)


async def pressed_close(house: House, asker: Asker, heard: Pressed) -> Answer:
    """[Close]"""
    await once(house, asker, heard, lambda tx, actor: verbs.close(tx, whole(heard.value), actor))
    return None


async def pressed_close_reason(house: House, asker: Asker, heard: Pressed) -> Answer:
    """[Close with a reason]"""
    del house
    must_be_agent(asker.role)
    return forms.close_reason(asker.words, whole(heard.value))


async def submitted_close_reason(house: House, asker: Asker, heard: Submitted) -> Answer:
    """The reason came."""
    number, reason = whole(heard.state), heard.values.get("reason", "")
    go = heard.values.get("files") == forms.FILES_GO

    def verb(tx: Transaction, actor: Actor) -> None:
        if go is not verbs.close(tx, number, actor, reason).drop_files:
            verbs.let_attachments_go(tx, number, actor, go=go)

    await once(house, asker, heard, verb)
    return None


async def pressed_reopen(house: House, asker: Asker, heard: Pressed) -> Answer:
    """[Re-open]"""
    await once(house, asker, heard, lambda tx, actor: verbs.reopen(tx, whole(heard.value), actor))
    return None


async def pressed_rate(house: House, asker: Asker, heard: Pressed) -> Answer:
    """[★★★★★]: the stars are kept at once, words may follow."""
    number, given = pair_of(heard.value)
    await once(house, asker, heard, lambda tx, actor: verbs.rate(tx, number, actor, given))
    more = Button("rating.words", asker.words("action.add_words"), f"{number}:{given}", emoji="✏️")
    return Card(asker.words("answer.rated", stars=cards.stars(given)), actions=(more,))


async def pressed_rating_words(house: House, asker: Asker, heard: Pressed) -> Answer:
    """[Add a few words]"""
    del house
    return forms.rating(asker.words, *pair_of(heard.value))


async def submitted_rating_words(house: House, asker: Asker, heard: Submitted) -> Answer:
    """The rating's words came back."""
    number, given = pair_of(heard.state)
    said = heard.values.get("words", "")
    await once(house, asker, heard, lambda tx, actor: verbs.rate(tx, number, actor, given, said))
    return Card(asker.words("answer.rated_words"))


PRESSED = {
    "ticket.claim": pressed_claim,
    "ticket.assign": pressed_assign,
    "ticket.status": pressed_status,
    "ticket.priority": pressed_priority,
    "ticket.tags": pressed_tags,
    "tag.add": pressed_tag,
    "ticket.more": pressed_more,
    "ticket.close": pressed_close,
    "ticket.close_reason": pressed_close_reason,
    "ticket.reopen": pressed_reopen,
    "ticket.rate": pressed_rate,
    "rating.words": pressed_rating_words,
}

SUBMITTED = {
    forms.CLOSE_REASON: submitted_close_reason,
    forms.RATING: submitted_rating_words,
}

SOUGHT = {
    "ticket.assign": sought_agent,
    "tag.add": sought_tag,
}
