"""Networks that are kept apart: whatever is opened, moved, merged and put together, nobody of one sees anything of
another, in lists, searches, figures, counts and panels.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from desk import verbs
from desk.access import Access, sight
from desk.catalogue import Catalogue, Department, Priority, Product
from desk.errors import DeskError, FormError
from desk.figures import Figure, Period, Scope, Terms
from desk.listing import Bounds, Listing, Tab
from desk.model import AccountRef, Role
from desk.search import widened
from desk.sla import Policy
from desk.verbs import Actor, Draft
from storage import open_storage
from tests.databases import empty

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from desk.access import Sight
    from desk.model import Ticket
    from desk.ports import Storage, Transaction

SLACK, DISCORD, ACME, BETA = "slack", "discord", "discord-acme", "slack-beta"
NETWORKS = (SLACK, DISCORD, ACME, BETA)
CATALOGUE = Catalogue(
    (Product("vpn", {"en": "VPN"}),),
    (
        Department("help", {"en": "Help"}),
        Department("it", {"en": "IT"}, agents={SLACK: frozenset({"IT"})}),
        Department("floor", {"en": "Floor"}, networks=(DISCORD,)),
        Department(
            "acme", {"en": "Acme"}, networks=(ACME,), agents={ACME: frozenset({"A"}), SLACK: frozenset({"TEAM"})}
        ),
        Department("acme2", {"en": "Acme, too"}, networks=(ACME,), agents={ACME: frozenset({"A2"})}),
        Department("beta", {"en": "Beta"}, networks=(BETA,), agents={BETA: frozenset({"B"})}),
    ),
    (Priority("low", {"en": "Low"}),),
    "low",
    apart=frozenset({ACME, BETA}),
)
ACCESS = Access(
    agents={
        SLACK: frozenset({"IT", "TEAM", "S"}),
        DISCORD: frozenset({"D"}),
        ACME: frozenset({"A", "A2"}),
        BETA: frozenset({"B"}),
    },
    admins={SLACK: frozenset({"ADMIN"})},
    departments={department.id: department.agents for department in CATALOGUE.departments},
    apart=CATALOGUE.apart,
)
# Everybody who looks: the account's network and what it bears there; of the networks that are apart, whose tickets
# they may see. Written down by hand: the rule itself is what is tested.
LOOKERS: dict[tuple[str, str], set[str]] = {
    (SLACK, "S"): {SLACK, DISCORD},
    (SLACK, "IT"): {SLACK, DISCORD},
    (SLACK, "TEAM"): {SLACK, DISCORD, ACME},
    (DISCORD, "D"): {SLACK, DISCORD},
    (ACME, "A"): {ACME},
    (ACME, "A2"): {ACME},
    (BETA, "B"): {BETA},
    (ACME, "nothing"): set(),
    (SLACK, "A"): set(),  # another network's role is nothing here
    (SLACK, "ADMIN"): set(NETWORKS),
}
ALWAYS = Period(datetime(2020, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC))
places = some.sampled_from([department.id for department in CATALOGUE.departments])
MOVERS = [(SLACK, "TEAM"), (SLACK, "ADMIN")]  # who can do most damage
lookers = some.sampled_from([*sorted(LOOKERS), *MOVERS * 3])
numbers = some.integers(0, 5)
steps = some.lists(
    some.one_of(
        some.tuples(some.just("open"), some.sampled_from(NETWORKS), places),
        some.tuples(some.just("open"), some.sampled_from(NETWORKS), places),
        some.tuples(some.just("move"), lookers, numbers, places),
        some.tuples(some.just("merge"), lookers, numbers, numbers),
        some.tuples(some.just("part"), lookers, numbers, numbers),
        some.tuples(some.just("assign"), lookers, numbers, lookers),
    ),
    min_size=4,
    max_size=20,
)


class World:
    """Clients of every network, who are one person where they can be, and those who look."""

    def __init__(self) -> None:
        self.opened: list[int] = []

    def actor(self, tx: Transaction, looker: tuple[str, str]) -> Actor:
        network, bears = looker
        account = AccountRef(network, f"agent {bears}")
        person = tx.meet(account, name=bears, locale="")
        departments = ACCESS.departments_of(network, {bears})
        role = ACCESS.role(network, {bears})
        tx.heard_as(account, role, departments)
        return Actor(person, role, departments)

    def do(self, tx: Transaction, step: tuple[object, ...]) -> None:
        match step:
            case ("open", str(network), str(department)):
                account = AccountRef(network, "client")
                client = Actor(tx.meet(account, name="Client", locale=""), Role.CLIENT)
                draft = Draft(f"Secret of {network}", "Hush", department, "vpn", "low")
                self.opened.append(verbs.open_ticket(tx, CATALOGUE, client, account, draft, ()).number)
            case ("move", tuple(who), int(at), str(department)):
                verbs.move(tx, CATALOGUE, self.opened[at], self.actor(tx, who), department, "vpn")
            case ("merge", tuple(who), int(at), int(into)):
                verbs.merge(tx, CATALOGUE, self.opened[at], self.opened[into], self.actor(tx, who))
            case ("part", tuple(who), int(at), int(of)):
                verbs.link_parent(tx, CATALOGUE, self.opened[at], self.opened[of], self.actor(tx, who))
            case ("assign", tuple(who), int(at), tuple(whom)):
                chosen = self.actor(tx, whom)
                verbs.assign(tx, self.opened[at], self.actor(tx, who), chosen.person.id)

    def check(self, tx: Transaction) -> None:
        for (network, bears), may in LOOKERS.items():
            role, departments = ACCESS.role(network, {bears}), ACCESS.departments_of(network, {bears})
            person = tx.person_of(AccountRef(network, f"agent {bears}"))
            seen = self.seen(tx, sight(person, role, departments))
            for number in seen:
                ticket = tx.ticket(number)
                assert ticket is not None
                assert ticket.channel in may, (network, bears, ticket)
                self.beside(tx, ticket, may, hidden=frozenset() if role is Role.ADMIN
                            else CATALOGUE.hidden_on(network, departments))  # fmt: skip
        for number in self.opened:
            ticket = tx.ticket(number)
            assert ticket is not None
            agent = tx.agent(ticket.agent_id) if ticket.agent_id is not None else None
            assert agent is None or agent.role is Role.ADMIN or ticket.department in agent.departments
            rooms = {each for each in CATALOGUE.apart if each != ticket.channel} | (
                {SLACK, DISCORD} if ticket.channel in CATALOGUE.apart else set()
            )
            self.beside(tx, ticket, set(NETWORKS) - rooms, hidden=CATALOGUE.hidden_beside(ticket.department))

    def beside(self, tx: Transaction, ticket: Ticket, may: set[str], *, hidden: frozenset[str]) -> None:
        """What a card shows beside a ticket that somebody sees."""
        panel = tx.panel(ticket.client_id, beside=ticket.number, limit=50, hidden=hidden)
        assert {other.channel for other in panel.others} <= may
        others = [ticket.parent, ticket.merged_into, *(child.number for child in tx.children(ticket.number))]
        for number in filter(None, others):
            other = tx.ticket(number)
            assert other is not None
            assert other.channel in may

    def seen(self, tx: Transaction, eyes: Sight) -> set[int]:
        everything = Listing(Tab.ALL)
        page = tx.tickets_page(eyes, everything, Bounds(), priorities=("low",), cursor=None, limit=100)
        found = {hit.ticket.number for hit in page.hits}
        words = Listing(Tab.ALL, words=widened("secret"))
        found |= {hit.ticket.number for hit in tx.search(eyes, words, Bounds(), cursor=None, limit=100).hits}
        found |= set(tx.behind(Figure.OPENED, Scope(eyes), ALWAYS, most=100))
        assert tx.tab_counts(eyes)[Tab.ALL] == len(page.hits)
        counted = [hit for hit in page.hits if hit.ticket.merged_into is None]  # a merged one is no ticket more
        assert tx.count_behind(Figure.OPENED, Scope(eyes), ALWAYS) == len(counted)
        return found


@pytest.fixture
async def storages(tmp_path: Path) -> AsyncIterator[Callable[[], Storage]]:
    made: list[Storage] = []

    def fresh() -> Storage:
        made.append(open_storage(empty(tmp_path / f"{len(made)}.sqlite3")))
        return made[-1]

    yield fresh
    for storage in made:
        await storage.close()


@given(steps=steps)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_nobody_sees_anything_of_a_network_that_is_kept_from_them(
    storages: Callable[[], Storage], steps: list[tuple[object, ...]]
) -> None:
    storage, world = storages(), World()
    for step in steps:
        with suppress(DeskError, FormError, IndexError):
            await storage.write(lambda tx, step=step: world.do(tx, step))
    await storage.write(lambda tx: tx.keep_up(Terms({}, Policy()), most=1000))
    await storage.read(world.check)


def test_a_network_is_offered_what_serves_it_and_no_more() -> None:
    offered = {network: [d.id for d in CATALOGUE.on(network).departments] for network in NETWORKS}
    assert offered == {
        SLACK: ["help", "it"], DISCORD: ["help", "it", "floor"], ACME: ["acme", "acme2"], BETA: ["beta"],
    }  # fmt: skip
    assert CATALOGUE.on("slack-new").departments == CATALOGUE.on(SLACK).departments
    assert [CATALOGUE.room(department.id) for department in CATALOGUE.departments] == ["", "", "", ACME, ACME, BETA]
    assert CATALOGUE.confidential == {"acme", "acme2", "beta"}


def test_agents_of_a_network_that_is_apart_are_agents_of_what_names_them() -> None:
    assert ACCESS.departments_of(ACME, {"A"}) == {"acme"}
    assert ACCESS.departments_of(SLACK, {"TEAM"}) == {"acme", "help", "floor"}
    assert ACCESS.departments_of(SLACK, {"S"}) == {"help", "floor"}
    assert ACCESS.departments_of(BETA, {"B"}) == {"beta"}
    assert CATALOGUE.hidden_on(ACME, {"acme"}) == {"help", "it", "floor", "acme2", "beta"}
    assert CATALOGUE.hidden_on(SLACK, {"help"}) == {"acme", "acme2", "beta"}


@pytest.fixture
async def storage(storages: Callable[[], Storage]) -> Storage:
    return storages()


async def test_what_is_kept_apart_is_refused_with_a_word(storage: Storage) -> None:
    world = World()
    for network, department in ((ACME, "acme"), (SLACK, "help"), (ACME, "acme2")):
        await storage.write(lambda tx, n=network, d=department: world.do(tx, ("open", n, d)))
    for network, department in ((ACME, "help"), (SLACK, "acme"), (BETA, "acme"), (SLACK, "floor")):
        with pytest.raises(FormError):
            await storage.write(lambda tx, n=network, d=department: world.do(tx, ("open", n, d)))
    team = (SLACK, "TEAM")
    for step, key in (
        (("merge", team, 0, 1), "kept_apart"),
        (("part", team, 1, 0), "kept_apart"),
        (("move", team, 0, "help"), "department_unknown"),
        (("merge", (ACME, "A"), 0, 2), "ticket_unknown"),
    ):
        with pytest.raises(DeskError) as refused:
            await storage.write(lambda tx, step=step: world.do(tx, step))
        assert refused.value.key == key
