"""Verbs that are committed together: each finds what those before it wrote, whatever was read before its turn."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from desk import verbs
from desk.catalogue import Catalogue, Department, Priority, Product
from desk.events import MessageSaid
from desk.model import AccountRef, Audience, Message, MessageRef, PlaceRef, Role, Status, ThreadRef
from desk.ports import Expecting

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from desk.model import Ticket
    from desk.ports import Storage, Transaction

pytestmark = pytest.mark.both

MARC = AccountRef("slack", "U1")
LEA = AccountRef("discord", "2")
CATALOGUE = Catalogue(
    (Product("p", {"en": "P"}),),
    (Department("d", {"en": "D"}, places=(PlaceRef("discord", "1"),)),),
    (Priority("n", {"en": "N"}),),
    "n",
)


class RefusedError(Exception):
    """What a verb raises."""


def ref(number: int, audience: Audience = Audience.CLIENT) -> ThreadRef:
    return ThreadRef(
        "slack" if audience is Audience.CLIENT else "discord", f'{number} "\\{{,}} {audience}\\'
    )  # as no network would


def opened(tx: Transaction) -> Ticket:
    """A ticket of Marc's with both its threads, that owe nothing."""
    person = tx.person_of(MARC) or tx.add_person(MARC, name="Marc", locale="fr")
    marc = verbs.Actor(person, Role.CLIENT)
    ticket = verbs.open_ticket(tx, CATALOGUE, marc, MARC, verbs.Draft("s", "d", "d", "p", "n"), ())
    for thread in tx.threads(ticket.number):
        tx.save_thread(replace(thread, ref=ref(ticket.number, thread.audience)))
    for delivery in tx.claim(limit=10, lease_seconds=10, channels=["slack", "discord"]):
        tx.settle(delivery)
    return ticket


async def desk(storage: Storage, tickets: int) -> Sequence[int]:
    made = [(await storage.write(opened)).number for _ in range(tickets)]

    def agent(tx: Transaction) -> None:
        tx.add_person(LEA, name="Léa", locale="fr")
        tx.heard_as(LEA, Role.AGENT, frozenset({"d"}))

    await storage.write(agent)
    return made


def saying(
    storage: Storage, where: ThreadRef, key: str, *, who: AccountRef = MARC, then: Callable[[Transaction], object] = id
) -> Awaitable[Message | None]:
    """What the desk does about words, and `then` something else in the same verb."""
    origin, gone = MessageRef(where.channel, key), f"gone:{key}"

    def verb(tx: Transaction) -> Message | None:
        thread, person = tx.thread(where), tx.person_of(who)
        if thread is None or person is None or tx.heard(gone):
            return None
        role = Role.CLIENT if who == MARC else Role.AGENT
        actor = verbs.Actor(person, role, frozenset() if who == MARC else frozenset({"d"}))
        said = verbs.say(tx, thread, actor, body=f"the words {key}", attachments=(), origin=origin)
        then(tx)
        return said

    return storage.write(verb, expecting=Expecting(where, who, gone, origin))


async def together(storage: Storage, *writes: Awaitable[object]) -> Sequence[object]:
    """In one commit, behind one that holds it up until all of them are waiting."""
    waiting = asyncio.Event()
    loop = asyncio.get_running_loop()

    def hold(_tx: Transaction) -> None:
        asyncio.run_coroutine_threadsafe(waiting.wait(), loop).result(30)

    held = asyncio.ensure_future(storage.write(hold))
    tasks = [asyncio.ensure_future(write) for write in writes]
    await asyncio.sleep(0)  # each has begun, and is in the line
    waiting.set()
    done = await asyncio.gather(*tasks, return_exceptions=True)
    await held
    return done


async def test_many_words_in_many_tickets_are_each_owed_to_their_other_side(storage: Storage) -> None:
    numbers = await desk(storage, 5)
    done = await together(storage, *(saying(storage, ref(number), f"m{number}") for number in numbers))

    def look(tx: Transaction) -> list[tuple[str, list[str], int]]:
        return [
            (
                tx.messages(number)[-1].body,
                [type(each.event).__name__ for each in tx.timeline(number)],
                sum(each.recorded.event.ticket == number for each in claimed),
            )
            for number in numbers
        ]

    claimed = await storage.write(lambda tx: tx.claim(limit=50, lease_seconds=9, channels=["slack", "discord"]))
    assert await storage.read(look) == [
        (f"the words m{number}", ["TicketOpened", "MessageSaid"], 1) for number in numbers
    ]
    said = [message.id for message in done if isinstance(message, Message)]
    assert said == sorted(said)
    assert len(said) == 5
    events = [each.recorded for each in sorted(claimed, key=lambda each: each.id)]
    assert [each.id for each in events] == sorted(each.id for each in events)
    assert [each.event.message_id for each in events if isinstance(each.event, MessageSaid)] == said


async def test_of_one_ticket_the_second_words_find_what_the_first_did(storage: Storage) -> None:
    (number,) = await desk(storage, 1)
    await together(
        storage,
        saying(storage, ref(number, Audience.AGENTS), "first", who=LEA),
        saying(storage, ref(number), "second"),
        saying(storage, ref(number, Audience.AGENTS), "third", who=LEA),
    )

    def look(tx: Transaction) -> tuple[Ticket | None, list[str]]:
        return tx.ticket(number), [message.body for message in tx.messages(number)]

    ticket, said = await storage.read(look)
    assert ticket is not None
    assert (ticket.status, ticket.last_reply_by) == (Status.IN_PROGRESS, Audience.AGENTS)
    assert said[1:] == ["the words first", "the words second", "the words third"]
    changes = await storage.read(lambda tx: [type(each.event).__name__ for each in tx.timeline(number)])
    assert changes.count("TicketChanged") == 1  # taken in hand once


async def test_words_that_come_twice_are_said_once(storage: Storage) -> None:
    one, two = await desk(storage, 2)
    done = await together(
        storage, saying(storage, ref(one), "m"), saying(storage, ref(two), "n"), saying(storage, ref(one), "m")
    )
    assert [message is None for message in done] == [False, False, True]
    assert await storage.read(lambda tx: [len(tx.messages(number)) for number in (one, two)]) == [2, 2]


async def test_words_taken_back_or_said_where_a_thread_has_just_ended_are_not_said(storage: Storage) -> None:
    one, two = await desk(storage, 2)

    def end(tx: Transaction) -> None:
        thread = tx.thread(ref(two))
        assert thread is not None
        tx.end_thread(thread)

    done = await together(
        storage,
        storage.write(lambda tx: tx.first_hearing("gone:m")),
        storage.write(end),
        saying(storage, ref(one), "m"),
        saying(storage, ref(two), "n"),
    )
    assert done[2:] == [None, None]
    assert await storage.read(lambda tx: [len(tx.messages(number)) for number in (one, two)]) == [1, 1]


async def test_a_thread_that_an_earlier_verb_added_hears_the_words(storage: Storage) -> None:
    (number,) = await desk(storage, 1)
    place = PlaceRef("discord", "9")

    def add(tx: Transaction) -> None:
        tx.add_thread(
            ticket=number, audience=Audience.AGENTS, channel="discord", place=place, account=None, locale="en"
        )

    await together(storage, storage.write(add), saying(storage, ref(number), "m"))
    claimed = await storage.write(lambda tx: tx.claim(limit=50, lease_seconds=9, channels=["discord"]))
    assert sorted(each.thread.place.key for each in claimed if each.thread.place) == ["1", "9"]


async def test_what_an_earlier_verb_settled_is_not_owed_any_more(storage: Storage) -> None:
    """A courier takes the words only where nothing is before them."""
    (number,) = await desk(storage, 1)
    await saying(storage, ref(number), "before")
    (delivery,) = await storage.write(lambda tx: tx.claim(limit=50, lease_seconds=9, channels=["discord"]))
    parcels: list[object] = []

    class Takes:
        lease_seconds = 30.0

        def takes(self, thread: object) -> bool:
            del thread
            return True

        def pack(self, tx: object, delivery: object) -> object:
            del tx
            return delivery

        def deliver(self, parcel: object) -> None:
            parcels.append(parcel)

    storage.hand_over_to(Takes())
    try:
        await together(
            storage,
            saying(storage, ref(number), "waits"),
            storage.write(lambda tx: tx.settle(delivery)),
        )
        assert parcels == []
        (delivery,) = await storage.write(lambda tx: tx.claim(limit=50, lease_seconds=9, channels=["discord"]))
        await together(
            storage,
            storage.write(lambda tx: tx.settle(delivery)),
            saying(storage, ref(number), "goes at once"),
        )
        assert len(parcels) == 1
    finally:
        storage.hand_over_to(None)


@pytest.mark.parametrize("place", (0, 2, 4))
async def test_one_that_fails_after_it_has_written_leaves_the_others_as_they_were(storage: Storage, place: int) -> None:
    numbers = await desk(storage, 5)

    def refuse(_tx: Transaction) -> None:
        raise RefusedError

    def nothing(_tx: Transaction) -> None:
        return None

    thens = [refuse if each == place else nothing for each in range(5)]
    done = await together(
        storage,
        *(saying(storage, ref(number), f"m{number}", then=then) for number, then in zip(numbers, thens, strict=True)),
    )
    assert [isinstance(each, RefusedError) for each in done] == [each == place for each in range(5)]
    said = await storage.read(lambda tx: [len(tx.messages(number)) for number in numbers])
    assert said == [1 if each == place else 2 for each in range(5)]


async def test_one_that_refuses_before_it_writes_costs_the_others_nothing(storage: Storage) -> None:
    one, two = await desk(storage, 2)
    runs: list[int] = []

    def refuse(tx: Transaction) -> None:
        runs.append(one)
        assert tx.ticket(one)
        raise RefusedError

    done = await together(
        storage,
        saying(storage, ref(one), "m", then=lambda _tx: runs.append(two)),
        storage.write(refuse),
        saying(storage, ref(two), "n"),
    )
    assert isinstance(done[1], RefusedError)
    assert runs == [two, one]  # each ran once
    assert await storage.read(lambda tx: [len(tx.messages(number)) for number in (one, two)]) == [2, 2]
