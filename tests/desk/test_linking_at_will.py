"""Whatever people link, part, open, continue and say, in whatever order: a ticket is of the account that opened it,
words of the account that said them, and a thread shows nobody a ticket that is another's.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from itertools import count
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from desk import verbs
from desk.catalogue import Catalogue, Department, Priority, Product
from desk.errors import DeskError
from desk.model import AccountRef, Audience, MessageRef, PlaceRef, Role, ThreadRef
from desk.verbs import Actor, Draft
from storage import open_storage

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from desk.model import Person
    from desk.ports import Storage, Transaction

CATALOGUE = Catalogue(
    (Product("vpn", {"en": "VPN"}),),
    (Department("it", {"en": "IT"}, places=(PlaceRef("discord", "1"),)),),
    (Priority("low", {"en": "Low"}),),
    "low",
)
DRAFT = Draft("No VPN", "503", "it", "vpn", "low")
fresh = count(1)
accounts = some.sampled_from((0, 1, 0, 1, 2))  # Slack, Discord, and now and then somebody else on Slack
tickets = some.integers(0, 2)
steps = some.lists(
    some.one_of(
        some.tuples(some.just("open"), accounts),
        some.tuples(some.just("link"), accounts, accounts),
        some.tuples(some.just("unlink"), accounts),
        some.tuples(some.just("go on"), accounts, tickets),
        some.tuples(some.just("say"), accounts, tickets),
    ),
    min_size=8,
    max_size=24,
)


class World:
    """Three accounts, and what is known of them without looking: who opened and who said what."""

    def __init__(self) -> None:
        number = next(fresh)
        self.accounts = [
            AccountRef(network, f"{number}.{key}") for network, key in (("slack", 1), ("discord", 1), ("slack", 2))
        ]
        self.opened: dict[int, AccountRef] = {}
        self.said: dict[MessageRef, AccountRef] = {}

    def actor(self, tx: Transaction, account: AccountRef) -> Actor:
        person = tx.person_of(account) or tx.add_person(account, name=account.key, locale="")
        return Actor(person, Role.CLIENT)

    def do(self, tx: Transaction, step: tuple[str | int, ...]) -> None:
        what, who, *rest = step
        account = self.accounts[int(who)]
        actor = self.actor(tx, account)
        match what:
            case "open":
                made = verbs.open_ticket(tx, CATALOGUE, actor, account, DRAFT, ())
                self.opened[made.number] = account
            case "link":
                code = f"CODE{next(fresh)}"
                verbs.offer_link(tx, actor, account, code)
                other = self.accounts[int(rest[0])]
                verbs.link(tx, self.actor(tx, other), other, code)
            case "unlink":
                verbs.unlink(tx, actor, account)
            case "go on" if int(rest[0]) < len(self.opened):
                verbs.continue_here(tx, list(self.opened)[int(rest[0])], actor, account, "en")
            case "say" if int(rest[0]) < len(self.opened):
                number = list(self.opened)[int(rest[0])]
                for thread in tx.threads(number):
                    if thread.account == account:
                        origin = MessageRef(account.channel, f"m{next(fresh)}")
                        verbs.say(tx, thread, actor, body="hello", attachments=(), origin=origin)
                        self.said[origin] = account
        for number in self.opened:
            for thread in tx.threads(number):
                if thread.ref is None:
                    tx.save_thread(replace(thread, ref=ThreadRef(thread.channel, f"t{thread.id}")))

    def check(self, tx: Transaction) -> None:
        def person(account: AccountRef) -> Person:
            found = tx.person_of(account)
            assert found is not None
            assert account in tx.accounts(found.id)
            networks = [each.channel for each in tx.accounts(found.id)]
            assert len(set(networks)) == len(networks)
            return found

        for number, account in self.opened.items():
            ticket = tx.ticket(number)
            assert ticket is not None
            assert ticket.client_id == person(account).id
            assert tx.description(number).author_id == ticket.client_id
            for thread in tx.threads(number):
                if thread.audience is Audience.CLIENT:
                    assert thread.account is not None
                    assert person(thread.account).id == ticket.client_id
        for origin, account in self.said.items():
            message = tx.message_from(origin)
            assert message is not None
            assert message.author_id == person(account).id


@pytest.fixture
async def storage(where: Path | str) -> AsyncIterator[Storage]:
    made = open_storage(where)
    yield made
    await made.close()


@given(steps=steps)
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_whose_everything_is(storage: Storage, steps: list[tuple[str | int, ...]]) -> None:
    world = World()
    for step in steps:
        with suppress(DeskError):
            await storage.write(doing(world, step))
        await storage.read(world.check)


def doing(world: World, step: tuple[str | int, ...]) -> Callable[[Transaction], None]:
    return lambda tx: world.do(tx, step)
