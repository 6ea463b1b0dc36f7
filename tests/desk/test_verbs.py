"""The rules of the desk in plain values, over real rows."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeVar

import pytest

from desk import verbs
from desk.access import Access
from desk.catalogue import Catalogue, Department, Priority, Product
from desk.errors import DeskError, FormError
from desk.model import AccountRef, Audience, Kind, MessageRef, PlaceRef, Role, Status, Thread, ThreadRef
from desk.text import is_blank, one_line
from desk.verbs import Actor, Draft
from storage import open_storage

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from desk.ports import Storage, Transaction

pytestmark = pytest.mark.both

CATALOGUE = Catalogue(
    (Product("vpn", {"en": "VPN"}), Product("pay", {"en": "Payroll"})),
    (
        Department("it", {"en": "IT"}, places=(PlaceRef("discord", "1"), PlaceRef("slack", "C1")), products=("vpn",)),
        Department("hr", {"en": "HR"}, places=(PlaceRef("slack", "C2"),)),
    ),
    (Priority("low", {"en": "Low"}), Priority("urgent", {"en": "Urgent"})),
    "low",
)
T = TypeVar("T")
DRAFT = Draft("No VPN", "It says 503.", "it", "vpn", "urgent")


@dataclass
class Desk:
    """A storage with one open ticket, and everybody who has to do with it."""

    storage: Storage
    client: Actor
    agent: Actor
    other: Actor
    threads: dict[tuple[Audience, str], Thread]
    said: int = 0

    async def do(self, verb: Callable[[Transaction], T]) -> T:
        return await self.storage.write(verb)

    async def say(self, audience: Audience, who: Actor, body: str = "hello", channel: str = "discord") -> str:
        """Gives the audience that it counts as said by, and the message's kind."""
        self.said += 1
        thread, origin = self.threads[audience, channel], MessageRef(channel, f"m{self.said}")
        made = await self.do(lambda tx: verbs.say(tx, thread, who, body=body, attachments=(), origin=origin))
        assert made is not None
        return f"{made.kind} by {made.by}"

    async def status(self) -> Status:
        found = await self.storage.read(lambda tx: tx.ticket(1))
        assert found is not None
        return found.status

    async def owed(self) -> list[tuple[Audience, str]]:
        """To whom the newest event is owed."""

        def look(tx: Transaction) -> list[tuple[Audience, str]]:
            newest = tx.timeline(1)[-1]
            found: list[tuple[Audience, str]] = []
            while claimed := tx.claim(limit=99, lease_seconds=60, channels=("slack", "discord")):
                for delivery in claimed:
                    tx.settle(delivery)
                    if delivery.recorded.id == newest.id:
                        found.append((delivery.thread.audience, delivery.thread.channel))
            return sorted(found)

        return await self.do(look)


def actor(tx: Transaction, key: str, role: Role) -> Actor:
    departments = frozenset({"it", "hr"}) if role is not Role.CLIENT else frozenset()
    return Actor(tx.add_person(AccountRef("slack", key), name=key, locale="en"), role, departments)


@pytest.fixture
async def desk(where: Path | str) -> AsyncIterator[Desk]:
    storage = open_storage(where)

    def begin(tx: Transaction) -> Desk:
        client, agent = actor(tx, "U1", Role.CLIENT), actor(tx, "U2", Role.AGENT)
        other = actor(tx, "U3", Role.CLIENT)
        verbs.open_ticket(tx, CATALOGUE, client, AccountRef("discord", "U1"), DRAFT, ())
        verbs.open_internal_talk(tx, 1, agent)
        threads = {}
        for thread in tx.threads(1):
            opened = replace(thread, ref=ThreadRef(thread.channel, f"T{thread.id}"))
            tx.save_thread(opened)
            threads[thread.audience, thread.channel] = opened
        return Desk(storage, client, agent, other, threads)

    made = await storage.write(begin)
    await made.owed()
    yield made
    await storage.close()


async def test_a_ticket_is_owed_to_its_client_and_to_each_place_of_its_department(desk: Desk) -> None:
    assert set(desk.threads) == {
        (Audience.CLIENT, "discord"), (Audience.AGENTS, "discord"), (Audience.AGENTS, "slack"),
        (Audience.INTERNAL, "discord"), (Audience.INTERNAL, "slack"),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("change", "fields"),
    (
        ({"subject": " \u200b "}, ["subject"]),
        ({"subject": "x" * 121, "description": "\n"}, ["subject", "description"]),
        ({"description": "x" * 3001}, ["description"]),
        ({"department": "nowhere"}, ["department"]),
        ({"product": "pay"}, ["product"]),
        ({"priority": "asap", "product": ""}, ["product", "priority"]),
    ),
)
def test_a_wrong_form_has_one_remark_for_each_wrong_field(change: dict[str, str], fields: list[str]) -> None:
    with pytest.raises(FormError) as refused:
        verbs.checked(replace(DRAFT, **change), CATALOGUE)  # type: ignore[arg-type] # all of these are texts
    assert [remark.field for remark in refused.value.remarks] == fields


def test_a_department_without_a_list_looks_after_all_products() -> None:
    assert verbs.checked(replace(DRAFT, department="hr", product="pay"), CATALOGUE).product == "pay"


async def test_a_reply_goes_to_all_who_are_not_where_it_was_said(desk: Desk) -> None:
    assert await desk.say(Audience.CLIENT, desk.client) == "reply by client"
    assert await desk.owed() == [(Audience.AGENTS, "discord"), (Audience.AGENTS, "slack")]
    assert await desk.say(Audience.AGENTS, desk.agent, channel="slack") == "reply by agents"
    assert await desk.status() is Status.IN_PROGRESS


async def test_a_bystander_among_the_agents_stays_inside(desk: Desk) -> None:
    assert await desk.say(Audience.AGENTS, desk.other) == "note by internal"
    assert (Audience.CLIENT, "discord") not in await desk.owed()


async def test_what_is_said_internally_goes_only_to_other_internal_threads(desk: Desk) -> None:
    assert await desk.say(Audience.INTERNAL, desk.agent) == "note by internal"
    assert await desk.owed() == [(Audience.INTERNAL, "slack")]


async def test_an_agent_in_the_clients_thread_speaks_for_the_desk(desk: Desk) -> None:
    assert await desk.say(Audience.CLIENT, desk.agent) == "reply by agents"
    assert await desk.say(Audience.CLIENT, desk.other) == "reply by client"


async def test_a_note_is_for_agents(desk: Desk) -> None:
    note = await desk.do(lambda tx: verbs.add_note(tx, 1, desk.agent, " look at his VPN "))
    assert (note.kind, note.body) == (Kind.NOTE, "look at his VPN")
    assert await desk.owed() == [(Audience.AGENTS, "discord"), (Audience.AGENTS, "slack")]
    with pytest.raises(FormError):
        await desk.do(lambda tx: verbs.add_note(tx, 1, desk.agent, " \n"))


async def test_claim_take_over_and_who_may(desk: Desk) -> None:
    for who in (desk.client, desk.other):
        with pytest.raises(DeskError, match="agents_only"):
            await desk.do(lambda tx, who=who: verbs.claim(tx, 1, who))
    claimed = await desk.do(lambda tx: verbs.claim(tx, 1, desk.agent))
    assert (claimed.agent_id, claimed.status) == (desk.agent.person.id, Status.IN_PROGRESS)
    with pytest.raises(DeskError, match="already_yours"):
        await desk.do(lambda tx: verbs.claim(tx, 1, desk.agent))
    admin = Actor(desk.other.person, Role.ADMIN)
    assert (await desk.do(lambda tx: verbs.claim(tx, 1, admin))).agent_id == admin.person.id
    events = await desk.storage.read(lambda tx: tx.timeline(1))
    assert str(events[-1].event).count("Change(") == 1  # the agent only: it was in progress already


async def test_closing_reopening_and_rating(desk: Desk) -> None:
    with pytest.raises(DeskError, match="rate_when_closed"):
        await desk.do(lambda tx: verbs.rate(tx, 1, desk.client, 5))
    with pytest.raises(DeskError, match="ticket_unknown"):
        await desk.do(lambda tx: verbs.close(tx, 1, desk.other))
    closed = await desk.do(lambda tx: verbs.close(tx, 1, desk.client))
    assert closed.closed_at is not None
    with pytest.raises(DeskError, match="ticket_closed"):
        await desk.do(lambda tx: verbs.close(tx, 1, desk.agent))
    with pytest.raises(DeskError, match="client_only"):
        await desk.do(lambda tx: verbs.rate(tx, 1, desk.agent, 5))
    with pytest.raises(DeskError, match="stars_unknown"):
        await desk.do(lambda tx: verbs.rate(tx, 1, desk.client, 6))
    await desk.do(lambda tx: verbs.rate(tx, 1, desk.client, 2, "slow"))
    rated = await desk.do(lambda tx: verbs.rate(tx, 1, desk.client, 3))
    assert (rated.rating, rated.rating_words) == (3, "slow")
    opened = await desk.do(lambda tx: verbs.reopen(tx, 1, desk.agent))
    assert (opened.status, opened.closed_at) == (Status.NEW, None)


async def test_a_clients_word_opens_a_closed_ticket_again(desk: Desk) -> None:
    await desk.do(lambda tx: verbs.claim(tx, 1, desk.agent))
    await desk.do(lambda tx: verbs.close(tx, 1, desk.agent))
    await desk.say(Audience.AGENTS, desk.agent, "for the record")
    assert await desk.status() is Status.CLOSED
    await desk.say(Audience.CLIENT, desk.client, "still broken")
    assert await desk.status() is Status.IN_PROGRESS


async def test_only_its_author_changes_a_message_and_a_withdrawn_one_stays_withdrawn(desk: Desk) -> None:
    await desk.say(Audience.CLIENT, desk.client, "password 1234")
    origin = MessageRef("discord", "m1")
    assert await desk.do(lambda tx: verbs.edit(tx, origin, "x", desk.agent.person)) is None
    assert await desk.do(lambda tx: verbs.edit(tx, origin, "password 1234", desk.client.person)) is None
    edited = await desk.do(lambda tx: verbs.edit(tx, origin, "password ****", desk.client.person))
    assert edited is not None
    assert edited.version == 2
    assert await desk.do(lambda tx: verbs.withdraw(tx, origin)) is not None
    assert await desk.do(lambda tx: verbs.withdraw(tx, origin)) is None
    assert await desk.do(lambda tx: verbs.edit(tx, origin, "back", desk.client.person)) is None
    assert await desk.do(lambda tx: verbs.withdraw(tx, MessageRef("discord", "unknown"))) is None


async def test_a_delivery_given_up_is_told_where_it_was_said_and_can_be_tried_again_once(desk: Desk) -> None:
    await desk.say(Audience.AGENTS, desk.agent)

    def give_up(tx: Transaction) -> int:
        claimed = tx.claim(limit=9, lease_seconds=9, channels=("slack", "discord"))
        delivery = next(each for each in claimed if each.thread.audience is Audience.CLIENT)
        for other in claimed:
            if other is not delivery:
                tx.settle(other)
        message = tx.message_from(MessageRef("discord", "m1"))
        assert message is not None
        verbs.delivery_failed(tx, delivery, message.id, reason="denied", error="no")
        return delivery.id

    delivery_id = await desk.do(give_up)
    assert await desk.owed() == [(Audience.AGENTS, "discord")]
    stranger = Actor(
        await desk.do(lambda tx: tx.add_person(AccountRef("slack", "x"), name="X", locale="")), Role.CLIENT
    )
    elsewhere = Actor(stranger.person, Role.AGENT, frozenset({"hr"}))
    for who, refusal in (
        (desk.client, "delivery_not_yours"),
        (stranger, "ticket_unknown"),
        (elsewhere, "ticket_unknown"),
    ):
        with pytest.raises(DeskError, match=refusal):
            await desk.do(lambda tx, who=who: verbs.try_again(tx, delivery_id, who))
    await desk.do(lambda tx: verbs.try_again(tx, delivery_id, desk.agent))
    with pytest.raises(DeskError, match="delivery_not_buried"):
        await desk.do(lambda tx: verbs.try_again(tx, delivery_id, desk.agent))


@pytest.mark.parametrize("who", ("author", "admin", "colleague"))
async def test_a_clients_words_are_sent_again_by_themselves_an_admin_or_an_agent_of_the_department(
    desk: Desk, who: str
) -> None:
    await desk.say(Audience.CLIENT, desk.client)

    def give_up(tx: Transaction) -> int:
        claimed = tx.claim(limit=9, lease_seconds=9, channels=("slack", "discord"))
        delivery = next(each for each in claimed if each.thread.audience is Audience.AGENTS)
        verbs.delivery_failed(tx, delivery, None, reason="denied", error="no")
        return delivery.id

    delivery_id = await desk.do(give_up)
    others = {"author": desk.client, "admin": Actor(desk.other.person, Role.ADMIN), "colleague": desk.agent}
    await desk.do(lambda tx: verbs.try_again(tx, delivery_id, others[who]))


def test_roles_come_from_the_lists_of_the_network_they_are_on() -> None:
    access = Access(agents={"slack": frozenset({"S1"})}, admins={"discord": frozenset({"S1", "7"})})
    assert access.role("slack", frozenset({"U1", "S1"})) is Role.AGENT
    assert access.role("discord", frozenset({"7"})) is Role.ADMIN
    assert access.role("slack", frozenset({"7"})) is Role.CLIENT
    assert access.role("irc", frozenset({"S1"})) is Role.CLIENT


def test_a_line_is_one_line_without_tricks() -> None:
    assert one_line(" a\n\tb\u202e c\x00 ") == "a b c"
    assert is_blank(" \u200b\u2060\x07")
    assert not is_blank("\u200b.")
