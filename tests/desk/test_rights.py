"""Who may do what: all verbs over all roles. What is refused leaves no trace, and tells nothing of the ticket."""

from __future__ import annotations

import asyncio
import inspect
from typing import TYPE_CHECKING

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from desk import verbs
from desk.errors import DeskError
from desk.model import AccountRef, MessageRef
from tests.desk.conftest import CATALOGUE, DRAFT, ROLES, a_house

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest

    from desk.ports import Transaction
    from desk.verbs import Actor
    from tests.desk.conftest import House

AGENTS = frozenset({"agent", "colleague", "admin"})
ADMINS = frozenset({"admin"})
OWNERS = AGENTS | {"client"}
READERS = OWNERS | {"follower"}
EVERYBODY = frozenset(ROLES)


def given_up(tx: Transaction) -> int:
    """A delivery of what ticket 1's client did that no network took; 0 where there is none any more."""
    for delivery in tx.claim(limit=99, lease_seconds=0, channels=("slack", "discord")):
        if delivery.recorded.event.ticket == 1:
            tx.bury(delivery, error="no")
            return delivery.id
    return 0


# What ticket 1 is to each verb (2 is another of the same department), and who may do it. Closed: ticket 3.
VERBS: dict[str, tuple[frozenset[str], Callable[[Transaction, Actor], object]]] = {
    "add_follower": (AGENTS, lambda tx, who: verbs.add_follower(tx, 1, who, who, AccountRef("discord", "x"))),
    "add_note": (AGENTS, lambda tx, who: verbs.add_note(tx, 1, who, "psst")),
    "answer": (AGENTS, lambda tx, who: verbs.answer(tx, 1, who, "hello")),
    "answer_all": (AGENTS, lambda tx, who: verbs.answer_all(tx, 1, who, "hello")),
    "assign": (AGENTS, lambda tx, who: verbs.assign(tx, 1, who, tx.agents()[0].person.id)),
    "claim": (AGENTS, lambda tx, who: verbs.claim(tx, 1, who)),
    "close": (OWNERS, lambda tx, who: verbs.close(tx, 1, who)),
    "come_back": (EVERYBODY, verbs.come_back),
    "continue_here": (
        frozenset({"client"}), lambda tx, who: verbs.continue_here(tx, 1, who, AccountRef("slack", "x"), "en")
    ),
    "erase": (ADMINS, lambda tx, who: verbs.erase(tx, who, tx.description(1).author_id)),
    "footprint": (ADMINS, lambda tx, who: verbs.footprint(tx, who, AccountRef("slack", "x"))),
    "drop_deliveries": (ADMINS, lambda tx, who: verbs.drop_deliveries(tx, who, None)),
    "follow": (READERS, lambda tx, who: verbs.follow(tx, 1, who, AccountRef("slack", "x"), "en")),
    "go_away": (AGENTS | {"outsider"}, lambda tx, who: verbs.go_away(tx, who, None)),
    "keep_transcript": (
        READERS,
        lambda tx, who: verbs.keep_transcript(
            tx, 1, who, AccountRef("slack", "x"), language="en", form="html", inside=False, name="", size=1, sha256=""
        ),
    ),
    "let_attachments_go": (OWNERS, lambda tx, who: verbs.let_attachments_go(tx, 1, who, go=True)),
    "link_parent": (AGENTS, lambda tx, who: verbs.link_parent(tx, CATALOGUE, 1, 2, who)),
    "may_read": (AGENTS, lambda tx, who: verbs.may_read(tx, 1, who, inside=True)),
    "merge": (AGENTS, lambda tx, who: verbs.merge(tx, CATALOGUE, 1, 2, who)),
    "move": (AGENTS, lambda tx, who: verbs.move(tx, CATALOGUE, 1, who, "hr", "pay")),
    "open_internal_talk": (AGENTS, lambda tx, who: verbs.open_internal_talk(tx, 1, who)),
    "open_ticket": (
        EVERYBODY, lambda tx, who: verbs.open_ticket(tx, CATALOGUE, who, AccountRef("slack", "x"), DRAFT, ())
    ),
    "rate": (frozenset({"client"}), lambda tx, who: verbs.rate(tx, 3, who, 5)),
    "reopen": (OWNERS, lambda tx, who: verbs.reopen(tx, 3, who)),
    "retry_deliveries": (ADMINS, lambda tx, who: verbs.retry_deliveries(tx, who, None)),
    "set_fields": (AGENTS, lambda tx, who: verbs.set_fields(tx, CATALOGUE, 1, who, {"building": ("north",)})),
    "set_priority": (AGENTS, lambda tx, who: verbs.set_priority(tx, CATALOGUE, 1, who, "low")),
    "set_status": (AGENTS, lambda tx, who: verbs.set_status(tx, CATALOGUE, 1, who, "supplier")),
    "set_tags": (AGENTS, lambda tx, who: verbs.set_tags(tx, CATALOGUE, 1, who, ("vip",))),
    "split": (AGENTS, lambda tx, who: verbs.split(tx, CATALOGUE, tx.description(1).id, who, DRAFT)),
    "to_split": (AGENTS, lambda tx, who: verbs.to_split(tx, tx.description(1).id, who)),
    "try_again": (OWNERS, lambda tx, who: verbs.try_again(tx, given_up(tx), who)),
    "unfollow": (EVERYBODY, lambda tx, who: verbs.unfollow(tx, 1, who)),
}  # fmt: skip
# Not asked here: whoever may write in a thread may speak there (`say`), their own words are their own (`edit`), links
# are between one's own accounts.
ELSEWHERE = {"say", "link", "offer_link", "unlink"}
REFUSALS = {
    "admins_only", "agents_only", "client_only", "delivery_not_yours", "department_only", "not_followers",
    "ticket_unknown",
}  # fmt: skip


class Undone(Exception):  # noqa: N818 - what the test does with what was done
    """It was done, and is taken back."""


def test_every_verb_of_an_actor_is_asked_about() -> None:
    of_actors = {
        name
        for name in verbs.__all__
        if inspect.isfunction(getattr(verbs, name)) and "actor" in inspect.signature(getattr(verbs, name)).parameters
    }
    assert of_actors - ELSEWHERE - set(VERBS) == set()


async def three_tickets(house: House) -> None:
    for _ in range(3):
        ticket = await house.open()
        await house.do(lambda tx, n=ticket.number: tx.follow(n, house.people["follower"].person.id))
    await house.do(lambda tx: verbs.close(tx, 3, house.people["admin"]))


async def attempt(house: House, verb: str, who: str) -> str:
    """ "done" or the refusal's key; what was done is taken back."""
    act = VERBS[verb][1]

    def tried(tx: Transaction) -> None:
        act(tx, house.people[who])
        raise Undone

    try:
        await house.do(tried)
    except Undone:
        return "done"
    except DeskError as refused:
        return refused.key
    raise AssertionError


async def test_each_verb_is_done_by_those_who_may_and_refused_to_all_others(house: House) -> None:
    await three_tickets(house)
    for verb, (allowed, _) in VERBS.items():
        for who in ROLES:
            outcome = await attempt(house, verb, who)
            assert (outcome in REFUSALS) == (who not in allowed), (verb, who, outcome)
            if who == "stranger" and verb != "go_away" and who not in allowed and allowed != ADMINS:
                assert outcome in {"agents_only", "ticket_unknown"}, verb  # the same as of no ticket at all


async def test_an_agent_of_another_department_learns_nothing_of_a_ticket(house: House) -> None:
    await three_tickets(house)
    for verb, (allowed, _) in VERBS.items():
        if "outsider" not in allowed and allowed != ADMINS:  # those are not about a ticket
            assert await attempt(house, verb, "outsider") == "ticket_unknown", verb


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(st.tuples(st.sampled_from(sorted(VERBS)), st.sampled_from(sorted(ROLES))), max_size=12))
def test_a_refusal_leaves_no_trace_whatever_was_done_before(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, str]]
) -> None:
    async def tried() -> None:
        async with a_house(tmp_path_factory.mktemp("house")) as house:
            await three_tickets(house)
            for verb, who in steps:
                before, actor = await log(house), house.people[who]
                try:
                    await house.do(lambda tx, act=VERBS[verb][1], actor=actor: act(tx, actor))
                except DeskError:
                    assert await log(house) == before

    asyncio.run(tried())


async def log(house: House) -> list[int]:
    """How much is recorded of each ticket that there can be."""
    return await house.storage.read(lambda tx: [len(tx.timeline(number)) for number in range(1, 30)])


async def test_words_of_people_from_elsewhere_are_no_reply(house: House) -> None:
    await house.open()
    client, agents, _ = await house.threads(1)
    assert (await house.say("outsider", agents)).kind == "note"
    assert (await house.say("stranger", agents)).kind == "note"
    assert (await house.say("agent", agents)).kind == "reply"
    assert (await house.say("outsider", client)).by == "client"
    assert (await house.say("admin", client)).by == "agents"
    assert await house.storage.read(lambda tx: tx.message_from(MessageRef("discord", "m1"))) is not None
