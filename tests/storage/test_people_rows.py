"""Agents seen, who is away, whose turn it is, who follows; a ticket's tags, fields and family: all kept."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from desk.model import AccountRef, Audience, Role, Status
from desk.verbs import is_linked
from tests.storage.test_contract import ticket

if TYPE_CHECKING:
    from desk.model import Person
    from desk.ports import Storage, Transaction

pytestmark = pytest.mark.both
LEA, LEA_TOO, TOM = AccountRef("slack", "U7"), AccountRef("discord", "7"), AccountRef("slack", "U8")
IT, BOTH = frozenset({"it"}), frozenset({"it", "hr"})


def people(tx: Transaction) -> tuple[Person, Person]:
    return tx.add_person(TOM, name="Tom", locale="en"), tx.add_person(LEA, name="Léa", locale="fr")


async def test_tags_fields_and_family_come_back_as_they_were_saved(storage: Storage) -> None:
    made = await storage.write(ticket)
    saved = replace(
        made,
        house_status="supplier",
        status=Status.ON_HOLD,
        tags=("late", "vip"),
        fields={"building": ("north",), "rooms": ("1", "2")},
        parent=made.number,
        merged_into=7,
        close_reason="done",
    )
    await storage.write(lambda tx: tx.save_ticket(saved))
    assert await storage.read(lambda tx: tx.ticket(made.number)) == saved
    assert await storage.read(lambda tx: tx.children(made.number)) == [saved]

    def retag(tx: Transaction) -> None:
        found = tx.ticket(made.number)
        assert found is not None
        tx.save_ticket(replace(found, tags=("vip",)))
        tx.save_ticket(replace(found, tags=()))

    await storage.write(retag)
    found = await storage.read(lambda tx: tx.ticket(made.number))
    assert found is not None
    assert (found.tags, found.fields) == ((), saved.fields)


async def test_an_agent_is_found_once_with_the_most_that_any_account_may(storage: Storage) -> None:
    tom, lea = await storage.write(people)
    await storage.write(lambda tx: tx.heard_as(LEA, Role.AGENT, IT))
    await storage.write(lambda tx: tx.heard_as(TOM, Role.ADMIN, BOTH))
    found = await storage.read(lambda tx: tx.agents())
    assert [(agent.person, agent.role, agent.departments) for agent in found] == [
        (lea, Role.AGENT, IT), (tom, Role.ADMIN, BOTH),
    ]  # fmt: skip
    await storage.write(lambda tx: tx.heard_as(TOM, Role.AGENT, IT))
    await storage.write(lambda tx: tx.heard_as(LEA, Role.CLIENT, frozenset()))
    assert await storage.read(lambda tx: tx.agent(lea.id)) is None
    again = await storage.read(lambda tx: tx.agent(tom.id))
    assert again is not None
    assert (again.role, again.departments) == (Role.AGENT, IT)


async def test_open_tickets_are_counted_for_each_who_is_asked_about(storage: Storage) -> None:
    tom, lea = await storage.write(people)
    for status in (Status.NEW, Status.ON_HOLD, Status.CLOSED):
        made = await storage.write(ticket)
        await storage.write(lambda tx, m=made, s=status: tx.save_ticket(replace(m, agent_id=tom.id, status=s)))
    assert await storage.read(lambda tx: tx.open_tickets([tom.id, lea.id])) == {tom.id: 2, lea.id: 0}
    assert await storage.read(lambda tx: tx.open_tickets([])) == {}


async def test_away_ends_by_itself_or_by_their_word(storage: Storage) -> None:
    tom, lea = await storage.write(people)
    past, later = datetime.now(UTC) - timedelta(hours=1), datetime.now(UTC) + timedelta(days=1)
    await storage.write(lambda tx: tx.set_away(tom.id, until=past))
    assert await storage.read(lambda tx: tx.away(tom.id)) is None
    for until in (later, None):
        away = await storage.write(lambda tx, until=until: tx.set_away(tom.id, until=until))
        assert await storage.read(lambda tx: tx.away(tom.id)) == away
        assert away.until == until
    assert await storage.read(lambda tx: tx.away(lea.id)) is None
    await storage.write(lambda tx: tx.clear_away(tom.id))
    assert await storage.read(lambda tx: tx.away(tom.id)) is None


async def test_turns_and_followers_are_kept(storage: Storage) -> None:
    tom, lea = await storage.write(people)
    assert await storage.read(lambda tx: tx.last_turn("it")) is None
    for person in (tom, lea):
        await storage.write(lambda tx, p=person: tx.save_turn("it", p.id))
        assert await storage.read(lambda tx: tx.last_turn("it")) == person.id
    number = (await storage.write(ticket)).number
    assert [await storage.write(lambda tx: tx.follow(number, lea.id)) for _ in range(2)] == [True, False]
    assert await storage.read(lambda tx: tx.followers(number)) == [lea]
    assert await storage.read(lambda tx: tx.follows(number, lea.id))
    assert [await storage.write(lambda tx: tx.unfollow(number, lea.id)) for _ in range(2)] == [True, False]
    assert not await storage.read(lambda tx: tx.follows(number, lea.id))


async def test_the_panel_leaves_out_what_is_hidden(storage: Storage) -> None:
    made = [await storage.write(lambda tx, n=n: ticket(tx, f"s{n}")) for n in range(3)]
    await storage.write(lambda tx: tx.save_ticket(replace(made[0], department="hr")))
    hidden = frozenset({"hr"})
    panel = await storage.read(lambda tx: tx.panel(made[0].client_id, beside=3, limit=5, hidden=hidden))
    assert (panel.total, [other.subject for other in panel.others]) == (2, ["s1"])


async def test_a_thread_that_was_left_and_moved_stays_so(storage: Storage) -> None:
    def verb(tx: Transaction) -> None:
        one, other = ticket(tx), ticket(tx)
        made = tx.add_thread(
            ticket=one.number, audience=Audience.CLIENT, channel="slack", place=None, account=TOM, locale=""
        )
        tx.save_thread(replace(made, ticket=other.number, left=True))

    await storage.write(verb)
    assert await storage.read(lambda tx: tx.threads(1)) == []
    (moved,) = await storage.read(lambda tx: tx.threads(2))
    assert moved.left


HOME, ACME = AccountRef("discord", "7"), AccountRef("discord-acme", "7")


async def test_an_account_of_a_network_with_one_id_for_all_servers_is_one_person_in_each(
    storage: Storage,
) -> None:
    lea = await storage.write(lambda tx: tx.meet(HOME, name="Léa", locale="fr"))
    assert await storage.read(lambda tx: tx.person_of(ACME)) == lea
    assert await storage.read(lambda tx: tx.accounts(lea.id)) == [HOME]
    assert await storage.write(lambda tx: tx.meet(ACME, name="Léa of Acme", locale="")) == lea
    assert await storage.write(lambda tx: tx.meet(ACME, name="Léa of Acme", locale="")) == lea
    assert await storage.read(lambda tx: tx.accounts(lea.id)) == [HOME, ACME]
    await storage.write(lambda tx: tx.heard_as(ACME, Role.AGENT, IT))
    assert [agent.person for agent in await storage.read(lambda tx: tx.agents())] == [lea]
    for other in (AccountRef("discord", "77"), AccountRef("slack", "7"), AccountRef("slack-emea", "7")):
        assert await storage.read(lambda tx, other=other: tx.person_of(other)) is None
    slack = await storage.write(lambda tx: tx.meet(AccountRef("slack", "U7"), name="x", locale=""))
    emea = await storage.write(lambda tx: tx.meet(AccountRef("slack-emea", "U7"), name="y", locale=""))
    assert slack.id != emea.id


async def test_such_an_account_is_linked_and_parted_in_all_servers_at_once(storage: Storage) -> None:
    lea = await storage.write(lambda tx: tx.meet(HOME, name="Léa", locale="fr"))
    await storage.write(lambda tx: tx.meet(ACME, name="Léa", locale="fr"))
    assert not is_linked(await storage.read(lambda tx: tx.accounts(lea.id)))
    slack = await storage.write(lambda tx: tx.add_person(LEA, name="Léa", locale="fr"))
    await storage.write(lambda tx: tx.join_people(lea, slack, LEA))
    assert is_linked(await storage.read(lambda tx: tx.accounts(lea.id)))
    own = (await storage.write(lambda tx: tx.part_person(lea, ACME, name="Léa", locale="fr")))[0]
    assert await storage.read(lambda tx: tx.accounts(own.id)) == [HOME, ACME]
    assert await storage.read(lambda tx: tx.accounts(lea.id)) == [LEA]


async def test_receipts_are_forgotten_while_the_desk_runs_when_nothing_comes_again(storage: Storage) -> None:
    now = datetime(2026, 11, 26, tzinfo=UTC)
    for days, key in ((0, "old"), (5, "new")):
        storage._clock = lambda days=days: now + timedelta(days=days)  # type: ignore[attr-defined]
        assert await storage.write(lambda tx, key=key: tx.first_hearing(key))
    storage._clock = lambda: now + timedelta(days=8)  # type: ignore[attr-defined]
    await storage.write(lambda tx: tx.forget_old(drafts_before=now))
    assert await storage.read(lambda tx: [tx.heard(key) for key in ("old", "new")]) == [False, True]
