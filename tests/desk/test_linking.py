"""Two accounts of one person: joined by a code, parted again, and nobody else by a guess."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, TypeVar

import pytest

from desk import verbs
from desk.catalogue import Catalogue, Department, Priority, Product
from desk.errors import DeskError
from desk.events import Change, TicketChanged
from desk.model import AccountRef, Audience, MessageRef, PlaceRef, Role, ThreadRef, Ticket
from desk.verbs import Actor, Draft
from storage import open_storage

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from desk.model import Person, Thread
    from desk.ports import Storage, Transaction

pytestmark = pytest.mark.both

CATALOGUE = Catalogue(
    (Product("vpn", {"en": "VPN"}),),
    (
        Department("it", {"en": "IT"}, places=(PlaceRef("discord", "1"),)),
        Department("hr", {"en": "HR"}, places=(PlaceRef("slack", "C2"), PlaceRef("discord", "2"))),
    ),
    (Priority("low", {"en": "Low"}),),
    "low",
)
SLACK, DISCORD = AccountRef("slack", "U1"), AccountRef("discord", "1")
STRANGER = AccountRef("slack", "U666")
CODE = "ABCD2345"
T = TypeVar("T")


@dataclass
class World:
    """A storage whose time is ours, and a person with an account on each network."""

    storage: Storage
    now: datetime

    async def do(self, verb: Callable[[Transaction], T]) -> T:
        return await self.storage.write(verb)

    async def who(self, account: AccountRef, role: Role = Role.CLIENT) -> Actor:
        def find(tx: Transaction) -> Actor:
            person = tx.person_of(account) or tx.add_person(account, name=account.key, locale="en")
            return Actor(person, role, frozenset({"it", "hr", "help"}) if role is Role.AGENT else frozenset())

        return await self.do(find)

    async def open(self, account: AccountRef, department: str = "it") -> Ticket:
        actor = await self.who(account)
        draft = Draft("No VPN", "It says 503.", department, "vpn", "low")

        def verb(tx: Transaction) -> Ticket:
            ticket = verbs.open_ticket(tx, CATALOGUE, actor, account, draft, ())
            for thread in tx.threads(ticket.number):
                tx.save_thread(replace(thread, ref=ThreadRef(thread.channel, f"T{thread.id}")))
            return ticket

        return await self.do(verb)

    async def say(self, account: AccountRef, number: int, text: str, key: str) -> None:
        actor = await self.who(account)

        def verb(tx: Transaction) -> None:
            thread = next(each for each in tx.threads(number) if each.account == account)
            verbs.say(tx, thread, actor, body=text, attachments=(), origin=MessageRef(account.channel, key))

        await self.do(verb)

    async def offer(self, account: AccountRef, code: str = CODE) -> None:
        actor = await self.who(account)
        await self.do(lambda tx: verbs.offer_link(tx, actor, account, code))

    async def link(self, account: AccountRef, code: str = CODE) -> Person:
        actor = await self.who(account)
        await self.do(lambda tx: verbs.guess(tx, account))
        return await self.do(lambda tx: verbs.link(tx, actor, account, code))

    async def unlink(self, account: AccountRef) -> Person:
        actor = await self.who(account)
        return await self.do(lambda tx: verbs.unlink(tx, actor, account))

    async def clients(self) -> dict[int, str]:
        """By ticket, the account whose person is its client."""

        def look(tx: Transaction) -> dict[int, str]:
            found = {}
            for number in range(1, 9):
                ticket = tx.ticket(number)
                if ticket is not None:
                    found[number] = "+".join(account.channel for account in tx.accounts(ticket.client_id))
            return found

        return await self.storage.read(look)

    async def threads(self, number: int) -> list[str]:
        found = await self.storage.read(lambda tx: tx.threads(number))
        return [each.channel for each in found if each.audience is Audience.CLIENT]


@pytest.fixture
async def world(where: Path | str) -> AsyncIterator[World]:
    made = World.__new__(World)
    made.now = datetime(2026, 11, 26, 9, tzinfo=UTC)
    made.storage = open_storage(where, clock=lambda: made.now)
    yield made
    await made.storage.close()


async def test_a_code_joins_two_accounts_with_all_that_is_theirs(world: World) -> None:
    await world.open(SLACK)
    await world.open(DISCORD)
    await world.say(DISCORD, 2, "from Discord", "m1")
    await world.offer(SLACK)
    kept = await world.link(DISCORD, "abcd-2345 ")
    assert kept == (await world.who(SLACK)).person == (await world.who(DISCORD)).person
    assert await world.clients() == {1: "slack+discord", 2: "slack+discord"}
    log = await world.storage.read(lambda tx: tx.timeline(2))
    assert isinstance(log[-1].event, TicketChanged)
    assert (log[-1].event.verb, log[-1].event.changes) == ("link", (Change("client", "2", "1"),))
    panel = await world.storage.read(lambda tx: tx.panel(kept.id, beside=1, limit=5))
    assert (panel.total, [other.number for other in panel.others]) == (2, [2])
    said = await world.storage.read(lambda tx: tx.message_from(MessageRef("discord", "m1")))
    assert said is not None
    assert said.author_id == kept.id
    edited = await world.do(lambda tx: verbs.edit(tx, MessageRef("discord", "m1"), "changed", kept))
    assert edited is not None


async def test_the_one_who_was_known_first_is_kept_whoever_gave_the_code(world: World) -> None:
    await world.open(SLACK)
    await world.open(DISCORD)
    first = (await world.who(SLACK)).person
    await world.offer(DISCORD)
    assert await world.link(SLACK) == first


async def test_a_code_is_spent_once_and_only_its_newest_counts_and_not_for_long(world: World) -> None:
    await world.offer(SLACK, "OLDCODE2")
    await world.offer(SLACK)
    with pytest.raises(DeskError, match="link_code_unknown"):
        await world.link(DISCORD, "OLDCODE2")
    await world.link(DISCORD)
    with pytest.raises(DeskError, match="link_code_unknown"):
        await world.link(AccountRef("discord", "2"))
    await world.offer(STRANGER, "LATECODE")
    world.now += verbs.CODE_LIVES + timedelta(seconds=1)
    with pytest.raises(DeskError, match="link_code_unknown"):
        await world.link(AccountRef("discord", "2"), "LATECODE")


async def test_a_code_is_nobody_elses(world: World) -> None:
    await world.offer(SLACK)
    with pytest.raises(DeskError, match="link_same_network"):
        await world.link(STRANGER)
    with pytest.raises(DeskError, match="link_try_again"):
        await world.offer(STRANGER)
    await world.link(DISCORD)
    await world.offer(STRANGER, "OTHER222")
    with pytest.raises(DeskError, match="link_third"):
        await world.link(DISCORD, "OTHER222")
    await world.offer(SLACK, "MINE2222")
    with pytest.raises(DeskError, match="link_already"):
        await world.link(DISCORD, "MINE2222")


async def test_guessing_ends_soon_and_a_wrong_guess_stays_counted(world: World) -> None:
    await world.offer(SLACK)
    for _ in range(verbs.GUESSES):
        with pytest.raises(DeskError, match="link_code_unknown"):
            await world.link(DISCORD, "WRONG222")
    with pytest.raises(DeskError, match="link_too_often"):
        await world.link(DISCORD)  # even the right one now
    world.now += timedelta(minutes=16)
    await world.offer(SLACK)
    await world.link(DISCORD)
    assert await world.storage.read(lambda tx: tx.guesses(DISCORD, since=tx.now - timedelta(days=9))) == 0


async def test_unlinked_each_account_has_the_tickets_of_its_network(world: World) -> None:
    await world.open(SLACK)
    await world.open(DISCORD)
    before = (await world.who(DISCORD)).person
    await world.offer(SLACK)
    kept = await world.link(DISCORD)
    await world.open(DISCORD)  # while they are one
    await world.say(DISCORD, 3, "said on Discord", "m1")
    own = await world.unlink(DISCORD)
    assert own.id == before.id  # the row that the log names
    assert await world.clients() == {1: "slack", 2: "discord", 3: "discord"}
    said = await world.storage.read(lambda tx: tx.message_from(MessageRef("discord", "m1")))
    opening = await world.storage.read(lambda tx: tx.description(3))
    assert said is not None
    assert (said.author_id, opening.author_id) == (own.id, own.id)
    assert (await world.who(SLACK)).person.id == kept.id
    with pytest.raises(DeskError, match="not_linked"):
        await world.unlink(DISCORD)
    await world.offer(DISCORD)  # and joined once more
    await world.link(SLACK)
    assert set((await world.clients()).values()) == {"slack+discord"}


async def test_the_account_known_first_can_leave_as_well(world: World) -> None:
    await world.open(SLACK)
    await world.open(DISCORD)
    await world.offer(SLACK)
    await world.link(DISCORD)
    await world.unlink(SLACK)
    assert await world.clients() == {1: "slack", 2: "discord"}


async def test_a_ticket_is_continued_on_the_other_network_and_leaves_it_when_unlinked(world: World) -> None:
    await world.open(SLACK)
    await world.say(SLACK, 1, "first", "s1")
    await world.say(SLACK, 1, "withdrawn", "s2")
    await world.do(lambda tx: verbs.withdraw(tx, MessageRef("slack", "s2")))
    await world.open(DISCORD)
    await world.offer(SLACK)
    await world.link(DISCORD)

    def continued(tx: Transaction) -> Thread:
        person = tx.person_of(DISCORD)
        assert person is not None
        return verbs.continue_here(tx, 1, Actor(person, Role.CLIENT), DISCORD, "fr")

    await settle_all(world)
    thread = await world.do(continued)
    assert await owed(world, thread) == ["TicketContinued", "MessageSaid"]  # the card, and what was said before
    with pytest.raises(DeskError, match="thread_exists"):
        await world.do(continued)
    await world.do(lambda tx: tx.save_thread(replace(thread, ref=ThreadRef("discord", "here"))))
    assert await world.threads(1) == ["slack", "discord"]
    await world.say(SLACK, 1, "heard on both", "s3")
    assert await owed(world, thread) == ["MessageSaid"]

    await world.say(SLACK, 1, "not for the other any more", "s4")
    await world.unlink(DISCORD)
    assert await world.threads(1) == ["slack"]
    assert await owed(world, thread) == ["ThreadEnded"]
    assert await world.storage.read(lambda tx: tx.thread(ThreadRef("discord", "here"))) is None
    with pytest.raises(DeskError, match="ticket_unknown"):
        await world.do(continued)


async def test_what_an_agent_cares_for_goes_with_the_network_that_alone_answers_it(world: World) -> None:
    for account in (SLACK, DISCORD):
        await world.who(account)
    for department in ("it", "hr"):  # the first is answered on Discord only, the second on both
        ticket = await world.open(STRANGER, department)
        agent = await world.who(DISCORD, Role.AGENT)
        await world.do(lambda tx, ticket=ticket, agent=agent: verbs.claim(tx, ticket.number, agent))
    await world.offer(SLACK)
    kept = await world.link(DISCORD)
    agents = await world.storage.read(lambda tx: [ticket and ticket.agent_id for ticket in map(tx.ticket, (1, 2))])
    assert agents == [kept.id, kept.id]
    own = await world.unlink(DISCORD)
    agents = await world.storage.read(lambda tx: [ticket and ticket.agent_id for ticket in map(tx.ticket, (1, 2))])
    assert agents == [own.id, kept.id]


async def settle_all(world: World) -> None:
    def settle(tx: Transaction) -> None:
        while claimed := tx.claim(limit=99, lease_seconds=60, channels=("slack", "discord")):
            for delivery in claimed:
                tx.settle(delivery)

    await world.do(settle)


async def owed(world: World, thread: Thread) -> list[str]:
    """What is owed to that thread, in order; all that is owed is settled."""

    def settle(tx: Transaction) -> list[str]:
        found = []
        while claimed := tx.claim(limit=99, lease_seconds=60, channels=("slack", "discord")):
            for delivery in claimed:
                tx.settle(delivery)
                if delivery.thread.id == thread.id:
                    found.append(type(delivery.recorded.event).__name__)
        return found

    return await world.do(settle)


async def test_who_followed_a_ticket_that_is_theirs_by_a_link_does_not_lose_it_by_leaving(world: World) -> None:
    await world.open(SLACK)
    agent, me = await world.who(AccountRef("slack", "U9"), Role.AGENT), await world.who(DISCORD)
    await world.do(lambda tx: verbs.add_follower(tx, 1, agent, me, DISCORD))
    await world.offer(SLACK)
    await world.link(DISCORD)
    own = await world.who(SLACK)
    await world.do(lambda tx: verbs.unfollow(tx, 1, own))
    assert await world.threads(1) == ["slack", "discord"]


async def test_a_ticket_that_was_followed_with_an_account_is_followed_on_by_it(world: World) -> None:
    await world.open(STRANGER)
    for account in (SLACK, DISCORD):
        await world.who(account)
    await world.offer(SLACK)
    await world.link(DISCORD)
    agent = Actor((await world.who(AccountRef("discord", "9"))).person, Role.ADMIN)
    me = await world.who(DISCORD)
    await world.do(lambda tx: verbs.add_follower(tx, 1, agent, me, DISCORD))
    assert await world.threads(1) == ["slack", "discord"]
    own = await world.unlink(DISCORD)
    assert await world.threads(1) == ["slack", "discord"]
    assert await world.storage.read(lambda tx: tx.follows(1, own.id))


async def test_whoever_is_forgotten_is_so_under_the_name_from_before_the_link_as_well(world: World) -> None:
    await world.open(SLACK)
    await world.open(DISCORD)
    joined = (await world.who(DISCORD)).person
    await world.offer(SLACK)
    kept = await world.link(DISCORD)
    admin = await world.who(AccountRef("slack", "U9"), Role.ADMIN)
    await world.do(lambda tx: verbs.erase(tx, admin, kept.id))
    names = await world.storage.read(lambda tx: {tx.person(each).name for each in (kept.id, joined.id)})
    assert names == {"—"}
