"""A desk of three departments, one of them confidential, and everybody who may have to do with a ticket."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, TypeVar

import pytest

from desk import verbs
from desk.catalogue import (
    Assignment,
    Catalogue,
    Department,
    Entry,
    ExtraField,
    FieldKind,
    OwnStatus,
    Priority,
    Product,
    Tag,
)
from desk.model import AccountRef, MessageRef, PlaceRef, Role, Status, ThreadRef
from desk.verbs import Actor, Draft
from storage import open_storage
from tests.databases import empty

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from desk.events import Event
    from desk.model import Message, Thread, Ticket
    from desk.ports import Storage, Transaction

T = TypeVar("T")

BUILDING = ExtraField(
    "building", {"en": "Building"}, FieldKind.CHOICE, choices=(Entry("north", {"en": "North"}), Entry("s", {"en": "S"}))
)
CATALOGUE = Catalogue(
    products=(Product("vpn", {"en": "VPN"}), Product("pay", {"en": "Payroll"})),
    departments=(
        Department(
            "it",
            {"en": "IT"},
            places=(PlaceRef("discord", "1"), PlaceRef("slack", "C1")),
            agents={"slack": frozenset({"IT"})},
            fields=(BUILDING, ExtraField("since", {"en": "Since"}, FieldKind.DATE, required=True)),
        ),
        Department(
            "hr",
            {"en": "HR"},
            places=(PlaceRef("slack", "C2"),),
            agents={"slack": frozenset({"HR"})},
            confidential=True,
            assignment=Assignment.FEWEST_OPEN,
        ),
        Department("help", {"en": "Help"}, places=(PlaceRef("slack", "C1"),), assignment=Assignment.ROUND_ROBIN),
    ),
    priorities=(Priority("low", {"en": "Low"}), Priority("urgent", {"en": "Urgent"})),
    default_priority="low",
    tags=(Tag("vip", {"en": "VIP"}), Tag("late", {"en": "Late"})),
    statuses=(
        OwnStatus("supplier", {"en": "Supplier"}, Status.ON_HOLD),
        OwnStatus("done", {"en": "Done"}, Status.CLOSED),
    ),
)
DRAFT = Draft("No VPN", "It says 503.", "it", "vpn", "urgent", {"since": ("2026-11-01",)})


@dataclass
class House:
    """A storage, and people by name: clients, a stranger and a follower; an agent and a colleague of IT, an outsider of
    HR, an admin.
    """

    storage: Storage
    people: dict[str, Actor] = field(default_factory=dict)
    said: int = 0

    async def do(self, verb: Callable[[Transaction], T]) -> T:
        return await self.storage.write(verb)

    async def open(self, who: str = "client", draft: Draft = DRAFT) -> Ticket:
        """A ticket whose threads are open on their networks."""
        actor = self.people[who]

        def verb(tx: Transaction) -> Ticket:
            made = verbs.open_ticket(tx, CATALOGUE, actor, AccountRef("discord", who), draft, ())
            self._opened(tx, made.number)
            return made

        return await self.do(verb)

    def _opened(self, tx: Transaction, number: int) -> None:
        for thread in tx.threads(number):
            if thread.ref is None:
                tx.save_thread(replace(thread, ref=ThreadRef(thread.channel, f"T{thread.id}")))

    async def threads(self, number: int) -> list[Thread]:
        await self.do(lambda tx: self._opened(tx, number))
        return list(await self.storage.read(lambda tx: tx.threads(number)))

    async def say(self, who: str, thread: Thread, body: str = "hello") -> Message:
        self.said += 1
        origin = MessageRef(thread.channel, f"m{self.said}")
        actor = self.people[who]
        made = await self.do(lambda tx: verbs.say(tx, thread, actor, body=body, attachments=(), origin=origin))
        assert made is not None
        return made

    async def ticket(self, number: int) -> Ticket:
        found = await self.storage.read(lambda tx: tx.ticket(number))
        assert found is not None
        return found

    async def owed(self) -> list[tuple[int, str, Event]]:
        """All that is owed and was not asked about before, as thread id, place or account, and event."""

        def look(tx: Transaction) -> list[tuple[int, str, Event]]:
            found: list[tuple[int, str, Event]] = []
            while claimed := tx.claim(limit=99, lease_seconds=60, channels=("slack", "discord")):
                for delivery in claimed:
                    tx.settle(delivery)
                    where = delivery.thread.place or delivery.thread.account
                    assert where is not None
                    found.append((delivery.thread.id, where.key, delivery.recorded.event))
            return found

        return await self.do(look)


ROLES = {
    "client": (Role.CLIENT, ()),
    "stranger": (Role.CLIENT, ()),
    "follower": (Role.CLIENT, ()),
    "agent": (Role.AGENT, ("it", "help")),
    "colleague": (Role.AGENT, ("it", "help")),
    "outsider": (Role.AGENT, ("hr",)),
    "admin": (Role.ADMIN, ()),
}


@contextlib.asynccontextmanager
async def a_house(path: Path) -> AsyncIterator[House]:
    """Everybody has spoken to this desk once; there are no tickets yet."""
    storage = open_storage(empty(path / "house.sqlite3"))
    made = House(storage)

    def begin(tx: Transaction) -> None:
        for name, (role, departments) in ROLES.items():
            account = AccountRef("discord", name)
            person = tx.add_person(account, name=name, locale="en")
            tx.heard_as(account, role, frozenset(departments))
            made.people[name] = Actor(person, role, frozenset(departments))

    await storage.write(begin)
    yield made
    await storage.close()


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with a_house(tmp_path) as made:
        yield made
