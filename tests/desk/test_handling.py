"""What agents do with tickets: assign, move, merge, split, link, set; with what each of them must not lose or tell."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from desk import verbs
from desk.errors import DeskError, FormError
from desk.events import MessageSaid, NobodyLeft, TicketChanged
from desk.model import AccountRef, Audience, MessageRef, Role, Status
from desk.verbs import Actor
from tests.desk.conftest import CATALOGUE, DRAFT

if TYPE_CHECKING:
    from desk.model import Person, Thread
    from desk.ports import Transaction
    from tests.desk.conftest import House

HR = replace(DRAFT, department="hr", product="pay", fields={})
HELP = replace(HR, department="help")


async def agent_of(house: House, number: int) -> str:
    ticket = await house.ticket(number)
    return next((name for name, who in house.people.items() if who.person.id == ticket.agent_id), "")


async def refused(house: House, key: str, verb: object) -> None:
    with pytest.raises(DeskError) as error:
        await house.do(verb)  # type: ignore[arg-type]
    assert error.value.key == key


async def test_a_ticket_is_given_to_an_agent_of_its_department_only(house: House) -> None:
    await house.open()
    who = house.people
    given = await house.do(lambda tx: verbs.assign(tx, 1, who["agent"], who["colleague"].person.id))
    assert (given.agent_id, given.status) == (who["colleague"].person.id, Status.IN_PROGRESS)
    for nobody_here in ("outsider", "client"):
        await refused(
            house, "agent_elsewhere", lambda tx, n=nobody_here: verbs.assign(tx, 1, who["agent"], who[n].person.id)
        )
    await refused(house, "already_theirs", lambda tx: verbs.assign(tx, 1, who["agent"], given.agent_id))
    await house.do(lambda tx: verbs.assign(tx, 1, who["agent"], who["admin"].person.id))
    assert (await house.do(lambda tx: verbs.assign(tx, 1, who["agent"], None))).agent_id is None


async def test_statuses_of_the_house_stand_for_the_four(house: House) -> None:
    await house.open()
    agent = house.people["agent"]

    async def to(status: str) -> tuple[str, str, bool]:
        ticket = await house.do(lambda tx: verbs.set_status(tx, CATALOGUE, 1, agent, status))
        return ticket.status, ticket.house_status, ticket.closed_at is not None

    assert await to("supplier") == ("on_hold", "supplier", False)
    await refused(house, "unchanged", lambda tx: verbs.set_status(tx, CATALOGUE, 1, agent, "supplier"))
    assert await to("done") == ("closed", "done", True)
    assert await to("closed") == ("closed", "closed", True)
    assert await to("supplier") == ("on_hold", "supplier", False)
    claimed = await house.do(lambda tx: verbs.claim(tx, 1, agent))
    assert claimed.house_status == "supplier"  # only the agent changed
    log = await house.storage.read(lambda tx: tx.timeline(1))
    acts = [recorded.event.verb for recorded in log if isinstance(recorded.event, TicketChanged)]
    assert acts == ["status", "close", "status", "reopen", "claim"]
    await refused(house, "status_unknown", lambda tx: verbs.set_status(tx, CATALOGUE, 1, agent, "lost"))


async def test_tags_priority_and_fields_are_set_and_the_log_keeps_old_and_new(house: House) -> None:
    await house.open()
    agent = house.people["agent"]
    await house.do(lambda tx: verbs.set_tags(tx, CATALOGUE, 1, agent, ("vip", "late")))
    await house.do(lambda tx: verbs.set_priority(tx, CATALOGUE, 1, agent, "low"))
    ticket = await house.do(
        lambda tx: verbs.set_fields(tx, CATALOGUE, 1, agent, {"building": ("north",), "since": ("2026-10-01",)})
    )
    assert ticket.tags == ("late", "vip")
    assert ticket.fields == {"building": ("north",), "since": ("2026-10-01",)}
    log = await house.storage.read(lambda tx: tx.timeline(1))
    changes = [
        (change.field, change.old, change.new)
        for recorded in log
        if isinstance(recorded.event, TicketChanged)
        for change in recorded.event.changes
    ]
    assert changes == [
        ("tags", "", "late vip"), ("priority", "urgent", "low"),
        ("fields.building", "", "north"), ("fields.since", "2026-11-01", "2026-10-01"),
    ]  # fmt: skip
    await refused(house, "tag_unknown", lambda tx: verbs.set_tags(tx, CATALOGUE, 1, agent, ("nonsense",)))
    for field, value in (("building", "south"), ("since", "yesterday"), ("since", "")):
        with pytest.raises(FormError) as wrong:
            await house.do(lambda tx, f=field, v=value: verbs.set_fields(tx, CATALOGUE, 1, agent, {f: (v,)}))
        assert [remark.field for remark in wrong.value.remarks] == [field]


async def test_a_tag_that_the_house_gave_up_stays_on_its_tickets(house: House) -> None:
    await house.open()
    fewer, agent = replace(CATALOGUE, tags=CATALOGUE.tags[:1]), house.people["agent"]
    await house.do(lambda tx: verbs.set_tags(tx, CATALOGUE, 1, agent, ("late",)))
    assert (await house.do(lambda tx: verbs.set_tags(tx, fewer, 1, agent, ("vip",)))).tags == ("late", "vip")


async def test_an_opened_ticket_keeps_its_departments_fields_and_no_others(house: House) -> None:
    ticket = await house.open(
        draft=replace(DRAFT, fields={"since": ("2026-11-02",), "of_hr": ("x",), "building": ("",)})
    )
    assert ticket.fields == {"since": ("2026-11-02",)}
    with pytest.raises(FormError) as wrong:
        verbs.checked(replace(DRAFT, fields={"building": ("moon",)}), CATALOGUE)
    assert [(remark.key, remark.field) for remark in wrong.value.remarks] == [
        ("choice_unknown", "building"), ("field_missing", "since"),
    ]  # fmt: skip


def places(threads: list[Thread]) -> list[tuple[str, bool]]:
    return [
        (thread.place.key, thread.left) for thread in threads if thread.audience is Audience.AGENTS and thread.place
    ]


async def test_a_moved_ticket_leaves_its_old_places_and_is_told_to_the_new_ones(house: House) -> None:
    await house.open()
    client, discord, slack = await house.threads(1)
    await house.do(lambda tx: verbs.claim(tx, 1, house.people["agent"]))
    await house.say("agent", slack, "first answer")
    await house.do(lambda tx: verbs.add_note(tx, 1, house.people["agent"], "a note"))
    await house.owed()
    moved = await house.do(lambda tx: verbs.move(tx, CATALOGUE, 1, house.people["agent"], "hr", "pay"))
    assert (moved.department, moved.product) == ("hr", "pay")
    assert await agent_of(house, 1) == "outsider"  # of HR, who had the fewest open ones
    now = await house.threads(1)
    assert places(now) == [("1", True), ("C1", True), ("C2", False)]
    owed = await house.owed()
    new_place = [type(event).__name__ for _, where, event in owed if where == "C2"]
    assert new_place == ["TicketContinued", "MessageSaid", "MessageSaid", "TicketChanged"]  # both words, then the agent
    old_places = [event for _, where, event in owed if where in {"1", "C1"}]
    assert [event.verb for event in old_places if isinstance(event, TicketChanged)] == ["move", "move"]

    # What is said where it was is a note for those who have it; what they say is heard there no more.
    said = await house.say("agent", now[2], "one thing more")
    assert said.kind == "note"
    assert {where for _, where, _ in await house.owed()} == {"C2"}
    await house.say("outsider", now[-1], "we take over")
    assert {where for _, where, _ in await house.owed()} == {"client"}
    assert client.id == now[0].id

    # Moved back, the old threads go on.
    await house.do(lambda tx: verbs.move(tx, CATALOGUE, 1, house.people["admin"], "it", "vpn"))
    assert places(await house.threads(1)) == [("1", False), ("C1", False), ("C2", True)]
    told_again = [event for _, where, event in await house.owed() if where == "1" and isinstance(event, MessageSaid)]
    meanwhile = await house.storage.read(lambda tx: [tx.message(event.message_id).body for event in told_again])
    assert meanwhile[-2:] == ["one thing more", "we take over"]
    assert discord.id in {thread.id for thread in await house.threads(1)}


async def test_a_place_that_both_departments_share_goes_on(house: House) -> None:
    await house.open()
    await house.do(lambda tx: verbs.move(tx, CATALOGUE, 1, house.people["agent"], "help", "vpn"))
    assert places(await house.threads(1)) == [("1", True), ("C1", False)]
    for department, product, key in (("help", "vpn", "unchanged"), ("it", "fax", "product_elsewhere"),
                                     ("lost", "pay", "department_unknown")):  # fmt: skip
        await refused(
            house, key, lambda tx, d=department, p=product: verbs.move(tx, CATALOGUE, 1, house.people["agent"], d, p)
        )


async def test_an_agent_who_follows_hears_notes_until_the_ticket_leaves_their_department(house: House) -> None:
    await house.open()
    who = house.people
    made = await house.do(lambda tx: verbs.follow(tx, 1, who["colleague"], AccountRef("discord", "colleague"), "en"))
    assert made is not None
    assert made.audience is Audience.AGENTS
    await house.do(lambda tx: verbs.move(tx, CATALOGUE, 1, who["agent"], "hr", "pay"))
    assert [
        thread.left for thread in await house.threads(1) if thread.account == AccountRef("discord", "colleague")
    ] == [True]


async def test_a_client_who_follows_hears_replies_and_sees_the_ticket_until_they_leave(house: House) -> None:
    await house.open()
    who, account = house.people, AccountRef("discord", "stranger")
    client, _, slack = await house.threads(1)
    await house.say("client", client, "it is urgent")
    await house.do(lambda tx: verbs.add_note(tx, 1, who["agent"], "a note"))
    await house.do(lambda tx: verbs.add_follower(tx, 1, who["agent"], who["stranger"], account))
    owed = [(type(event).__name__) for _, where, event in await house.owed() if where == "stranger"]
    assert owed == ["TicketContinued", "MessageSaid"]
    theirs = (await house.threads(1))[-1]
    assert (await house.say("stranger", theirs, "me too")).by is Audience.CLIENT
    assert {where for _, where, _ in await house.owed()} == {"client", "1", "C1"}
    await refused(house, "not_followers", lambda tx: verbs.close(tx, 1, who["stranger"]))
    await house.do(lambda tx: verbs.close(tx, 1, who["agent"]))
    await house.say("stranger", theirs, "not yet!")
    assert (await house.ticket(1)).status is Status.NEW  # a follower's word opens it again
    await house.do(lambda tx: verbs.unfollow(tx, 1, who["stranger"]))
    await house.owed()
    await house.say("agent", slack, "done")
    assert "stranger" not in {where for _, where, _ in await house.owed()}
    await refused(house, "ticket_unknown", lambda tx: verbs.follow(tx, 1, who["stranger"], account, "en"))


async def test_merged_tickets_are_one_conversation_and_nothing_is_lost(house: House) -> None:
    await house.open("client", replace(DRAFT, subject="First"))
    await house.open("stranger", replace(HELP, subject="Second"))
    old_client, _, old_slack = await house.threads(1)
    await house.say("agent", old_slack, "an answer before")
    await house.owed()
    await house.do(lambda tx: verbs.merge(tx, CATALOGUE, 1, 2, house.people["agent"]))
    old = await house.ticket(1)
    assert (old.merged_into, old.status) == (2, Status.CLOSED)
    assert await house.storage.read(lambda tx: tx.threads(1)) == []
    assert await house.storage.read(lambda tx: tx.follows(2, house.people["client"].person.id))

    # Everybody of both hears the merge, and each word of anybody reaches all others.
    heard = {where for _, where, event in await house.owed() if isinstance(event, TicketChanged)}
    assert heard == {"client", "stranger", "1", "C1"}
    threads = {thread.id: thread for thread in await house.threads(2)}
    said = await house.say("client", threads[old_client.id], "I am still here")
    assert said.ticket == 2
    assert {thread_id for thread_id, _, _ in await house.owed()} == set(threads) - {old_client.id}

    # An edit of older words still finds its way.
    author, before = house.people["agent"].person, MessageRef("slack", "m1")
    edited = await house.do(lambda tx: verbs.edit(tx, before, "an answer, edited", author))
    assert edited is not None
    assert {where for _, where, _ in await house.owed()} >= {"client"}
    for verb in (
        lambda tx: verbs.reopen(tx, 1, house.people["agent"]),
        lambda tx: verbs.set_status(tx, CATALOGUE, 1, house.people["agent"], "new"),
        lambda tx: verbs.merge(tx, CATALOGUE, 1, 2, house.people["agent"]),
        lambda tx: verbs.merge(tx, CATALOGUE, 2, 1, house.people["agent"]),
    ):
        await refused(house, "ticket_merged", verb)
    await refused(house, "merge_itself", lambda tx: verbs.merge(tx, CATALOGUE, 2, 2, house.people["agent"]))


async def test_a_message_becomes_a_ticket_of_whoever_said_it(house: House) -> None:
    await house.open()
    client, _, slack = await house.threads(1)
    asked = await house.say("client", client, "And my payslip?")
    answered = await house.say("agent", slack, "See the intranet")
    agent, draft = house.people["agent"], replace(HELP, subject="Payslip", description="And my payslip?")
    made = await house.do(lambda tx: verbs.split(tx, CATALOGUE, asked.id, agent, draft))
    assert (made.client_id, made.department) == (house.people["client"].person.id, "help")
    assert (
        await house.do(lambda tx: verbs.split(tx, CATALOGUE, answered.id, agent, draft))
    ).client_id == made.client_id
    told = [event for _, where, event in await house.owed() if where == "client" and isinstance(event, TicketChanged)]
    assert {(change.field, change.new) for event in told for change in event.changes} >= {
        ("split_into", str(made.number)), ("split_from", "1"),
    }  # fmt: skip
    note = await house.do(lambda tx: verbs.add_note(tx, 1, agent, "a note"))
    await refused(house, "split_note", lambda tx: verbs.split(tx, CATALOGUE, note.id, agent, draft))


async def test_a_reply_on_a_ticket_can_go_to_all_of_its_parts(house: House) -> None:
    for _ in range(4):
        await house.open()
    agent = house.people["agent"]
    for child in (2, 3, 4):
        await house.do(lambda tx, c=child: verbs.link_parent(tx, CATALOGUE, c, 1, agent))
    await house.do(lambda tx: verbs.close(tx, 4, agent))
    for number, parent in ((1, 1), (1, 3)):
        await refused(
            house, "parent_circle", lambda tx, n=number, p=parent: verbs.link_parent(tx, CATALOGUE, n, p, agent)
        )
    await house.owed()
    assert await house.do(lambda tx: verbs.answer_all(tx, 1, agent, "It is fixed")) == (1, 2, 3)
    heard = [where for _, where, event in await house.owed() if type(event).__name__ == "MessageSaid"]
    assert heard.count("client") == 3
    assert (await house.ticket(2)).last_reply_by is Audience.AGENTS
    with pytest.raises(FormError):
        await house.do(lambda tx: verbs.answer_all(tx, 1, agent, "  "))


async def test_round_robin_gives_each_their_turn_and_passes_over_who_is_away(house: House) -> None:
    given = [await agent_of(house, (await house.open(draft=HELP)).number) for _ in range(3)]
    assert given == ["agent", "colleague", "agent"]
    await house.do(lambda tx: verbs.go_away(tx, house.people["colleague"], datetime.now(UTC) + timedelta(days=1)))
    assert await agent_of(house, (await house.open(draft=HELP)).number) == "agent"
    await house.do(lambda tx: verbs.come_back(tx, house.people["colleague"]))
    assert await agent_of(house, (await house.open(draft=HELP)).number) == "colleague"
    await refused(
        house, "away_past", lambda tx: verbs.go_away(tx, house.people["agent"], datetime.now(UTC) - timedelta(days=1))
    )


async def test_who_has_the_fewest_open_ones_gets_it_and_with_nobody_left_the_department_is_told(
    house: House,
) -> None:
    def hire(tx: Transaction) -> None:
        person = tx.add_person(AccountRef("discord", "new"), name="new", locale="en")
        departments = frozenset({"hr"})
        tx.heard_as(AccountRef("discord", "new"), house.people["outsider"].role, departments)
        house.people["new"] = Actor(person, house.people["outsider"].role, departments)

    await house.do(hire)
    given = [await agent_of(house, (await house.open(draft=HR)).number) for _ in range(3)]
    assert given == ["outsider", "new", "outsider"]
    await house.do(lambda tx: verbs.close(tx, 1, house.people["outsider"]))
    await house.do(lambda tx: verbs.close(tx, 3, house.people["outsider"]))
    assert await agent_of(house, (await house.open(draft=HR)).number) == "outsider"
    await house.owed()
    busy = frozenset({house.people["outsider"].person.id})
    await house.do(lambda tx: verbs.go_away(tx, house.people["new"], None))
    client = house.people["client"]
    made = await house.do(
        lambda tx: verbs.open_ticket(tx, CATALOGUE, client, AccountRef("discord", "client"), HR, (), busy=busy)
    )
    assert made.agent_id is None
    assert [where for _, where, event in await house.owed() if event == NobodyLeft(made.number)] == ["C2"]


async def test_an_agent_who_does_not_see_the_departments_places_is_given_nothing_while_another_does(
    house: House,
) -> None:
    def hire(tx: Transaction) -> Person:
        account = AccountRef("slack", "near")
        tx.heard_as(account, Role.AGENT, frozenset({"hr"}))
        return tx.add_person(account, name="near", locale="en")

    near = await house.do(hire)
    given = {(await house.open(draft=HR)).agent_id for _ in range(3)}
    assert given == {near.id}  # the outsider is on Discord, where HR has no place


async def test_internal_talk_opens_in_places_only_and_anew_where_a_ticket_has_moved(house: House) -> None:
    await house.open()
    who = house.people
    await house.do(lambda tx: verbs.follow(tx, 1, who["colleague"], AccountRef("discord", "colleague"), "en"))
    await house.do(lambda tx: verbs.open_internal_talk(tx, 1, who["agent"]))
    talk = [thread for thread in await house.threads(1) if thread.audience is Audience.INTERNAL]
    assert [thread.place.key for thread in talk if thread.place] == ["1", "C1"]
    await house.do(lambda tx: verbs.move(tx, CATALOGUE, 1, who["agent"], "hr", "pay"))
    await house.do(lambda tx: verbs.open_internal_talk(tx, 1, who["outsider"]))
    talk = [thread for thread in await house.threads(1) if thread.audience is Audience.INTERNAL and not thread.left]
    assert [thread.place.key for thread in talk if thread.place] == ["C2"]
    await house.owed()
    await house.say("outsider", talk[0], "between us")
    assert await house.owed() == []


async def test_who_is_no_agent_any_more_hears_no_notes_in_the_thread_they_followed_in(house: House) -> None:
    await house.open()
    who, account = house.people, AccountRef("discord", "colleague")
    await house.do(lambda tx: verbs.follow(tx, 1, who["colleague"], account, "en"))
    await house.owed()
    await house.do(lambda tx: verbs.add_note(tx, 1, who["agent"], "for us"))
    assert "colleague" in {where for _, where, _ in await house.owed()}
    await house.do(lambda tx: tx.heard_as(account, Role.CLIENT, frozenset()))
    await house.do(lambda tx: verbs.add_note(tx, 1, who["agent"], "for us, without them"))
    assert {where for _, where, _ in await house.owed()} == {"1", "C1"}


async def test_the_other_tickets_agents_are_told_what_was_said_in_a_merged_one(house: House) -> None:
    await house.open("client")
    await house.open("stranger", HR)
    _, discord, _ = await house.threads(1)
    await house.say("agent", discord, "an answer before")
    note = await house.do(lambda tx: verbs.add_note(tx, 1, house.people["agent"], "a note before"))
    await house.owed()
    await house.do(lambda tx: verbs.merge(tx, CATALOGUE, 1, 2, house.people["admin"]))
    told = [event for _, where, event in await house.owed() if where == "C2"]
    said = [event.message_id for event in told if isinstance(event, MessageSaid)]
    assert note.id in said
    assert len(said) == 2
    assert isinstance(told[0], TicketChanged)  # how it began comes with the merge itself
