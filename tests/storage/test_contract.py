"""What every storage promises: the docstrings of `desk.ports`, tried."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from desk.events import Change, MessageEdited, MessageSaid, TicketChanged
from desk.model import (
    AccountRef,
    Attachment,
    Audience,
    Copy,
    Kind,
    MessageRef,
    Panel,
    PlaceRef,
    Status,
    Thread,
    ThreadRef,
    Ticket,
)
from storage import open_storage

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from desk.ports import Delivery, Storage, Transaction

pytestmark = pytest.mark.both
MARC = AccountRef("slack", "U1")
BOTH = ("slack", "discord")
FILE = Attachment("a.txt", "text/plain", 5, "ab" * 32)


def ticket(tx: Transaction, subject: str = "Intranet") -> Ticket:
    person = tx.person_of(MARC) or tx.add_person(MARC, name="Marc", locale="fr")
    return tx.add_ticket(
        subject=subject, department="it", product="p", priority="low", client_id=person.id, channel="slack"
    )


def thread(tx: Transaction, number: int, key: str = "", channel: str = "discord") -> Thread:
    made = tx.add_thread(
        ticket=number, audience=Audience.AGENTS, channel=channel, place=PlaceRef(channel, "1"), account=None, locale=""
    )
    if key:
        made = replace(made, ref=ThreadRef(channel, key), card=MessageRef(channel, f"{key}:card"))
        tx.save_thread(made)
    return made


def message(tx: Transaction, number: int, key: str, body: str = "hello") -> int | None:
    person = tx.person_of(MARC)
    assert person is not None
    made = tx.add_message(
        ticket=number, author_id=person.id, kind=Kind.REPLY, body=body, by=Audience.CLIENT, thread_id=None,
        origin=MessageRef("slack", key), attachments=(FILE,),
    )  # fmt: skip
    return made.id if made else None


def owe(tx: Transaction, number: int, to: list[Thread]) -> None:
    tx.record(MessageSaid(number, 1), actor_id=None, to=to)


async def test_what_was_heard_once_is_not_heard_again(storage: Storage) -> None:
    assert [await storage.write(lambda tx: tx.first_hearing("slack:Ev1")) for _ in range(3)] == [True, False, False]


async def test_of_versions_that_come_in_any_order_only_those_count_that_are_newer_than_all_before(
    storage: Storage,
) -> None:
    now = await storage.read(lambda tx: tx.now)
    second = timedelta(seconds=1)
    asked = [("a", 1), ("a", 3), ("a", 2), ("a", 3), ("ab", 2), ("a", 12)]
    newest = [
        await storage.write(lambda tx, key=key, at=at: tx.first_hearing_after(key, now + at * second))
        for key, at in asked
    ]
    assert newest == [True, True, False, False, True, True]


async def test_an_account_is_one_person_whose_newest_name_is_kept(storage: Storage) -> None:
    person = await storage.write(lambda tx: tx.add_person(MARC, name="Marc", locale="fr"))
    assert await storage.read(lambda tx: tx.person_of(MARC)) == person
    assert await storage.read(lambda tx: tx.person_of(AccountRef("discord", "U1"))) is None
    newer = await storage.write(lambda tx: tx.refresh_person(MARC, name="Marc D.", locale="fr-CA"))
    assert (newer.id, newer.name, newer.locale) == (person.id, "Marc D.", "fr-CA")
    assert await storage.read(lambda tx: tx.accounts(person.id)) == [MARC]
    with pytest.raises(KeyError):
        await storage.read(lambda tx: tx.person(999))


async def test_a_ticket_comes_back_as_it_was_saved(storage: Storage) -> None:
    made = await storage.write(ticket)
    now = datetime(2026, 11, 24, 9, 30, 0, 123456, tzinfo=UTC)
    saved = replace(made, status=Status.CLOSED, closed_at=now, last_reply_by=Audience.AGENTS, last_reply_at=now,
                    rating=4, rating_words="fine", agent_id=made.client_id)  # fmt: skip
    await storage.write(lambda tx: tx.save_ticket(saved))
    assert await storage.read(lambda tx: tx.ticket(made.number)) == saved
    with pytest.raises(KeyError):
        await storage.write(lambda tx: tx.save_ticket(replace(saved, number=999)))


async def test_the_panel_counts_all_and_shows_the_newest_others(storage: Storage) -> None:
    made = [await storage.write(lambda tx, n=n: ticket(tx, f"s{n}")) for n in range(7)]
    await storage.write(lambda tx: tx.save_ticket(replace(made[0], status=Status.CLOSED)))
    panel: Panel = await storage.read(lambda tx: tx.panel(made[0].client_id, beside=made[6].number, limit=3))
    assert (panel.total, panel.open, panel.closed) == (7, 6, 1)
    assert [other.subject for other in panel.others] == ["s5", "s4", "s3"]


async def test_a_message_of_one_origin_is_one_message_with_its_files(storage: Storage) -> None:
    number = (await storage.write(ticket)).number
    first = await storage.write(lambda tx: message(tx, number, "m1"))
    assert await storage.write(lambda tx: message(tx, number, "m1", "again")) is None
    kept = await storage.read(lambda tx: tx.message_from(MessageRef("slack", "m1")))
    assert kept is not None
    assert (kept.id, kept.body, kept.attachments) == (first, "hello", (FILE,))
    assert await storage.read(lambda tx: tx.description(number)) == kept


async def test_every_version_of_a_message_is_kept(storage: Storage) -> None:
    number = (await storage.write(ticket)).number
    await storage.write(lambda tx: message(tx, number, "m1"))
    for body in ("second", "third"):
        await storage.write(lambda tx, body=body: tx.add_version(tx.description(number), body=body))
    newest = await storage.write(lambda tx: tx.mark_deleted(tx.description(number)))
    assert (newest.body, newest.version) == ("third", 3)
    kept = await storage.read(lambda tx: tx.versions(newest.id))
    assert [(version.number, version.body) for version in kept] == [(1, "hello"), (2, "second"), (3, "third")]
    assert kept[0].at == newest.at <= kept[1].at <= kept[2].at == newest.edited_at
    assert newest.edited_at is not None
    assert newest.deleted_at is not None


async def test_a_threads_ref_is_one_threads_only(storage: Storage) -> None:
    number = (await storage.write(ticket)).number
    made = await storage.write(lambda tx: thread(tx, number, "T1"))
    assert await storage.read(lambda tx: tx.thread(ThreadRef("discord", "T1"))) == made
    with pytest.raises(Exception, match=r"UNIQUE|unique"):
        await storage.write(lambda tx: thread(tx, number, "T1"))
    assert await storage.read(lambda tx: tx.threads(number)) == [made]
    await storage.write(lambda tx: tx.move_mark(made.id, "m7"))
    long_ago = datetime.now(UTC) - timedelta(days=1)
    assert await storage.read(lambda tx: tx.live_threads("discord", active_since=long_ago)) == [(made, "m7")]
    later = datetime.now(UTC) + timedelta(days=1)
    assert await storage.read(lambda tx: tx.live_threads("discord", active_since=later)) == []


async def test_the_event_log_gives_back_what_was_recorded(storage: Storage) -> None:
    number = (await storage.write(ticket)).number
    event = TicketChanged(number, "claim", (Change("agent", "", "1"), Change("status", "new", "in_progress")))
    recorded = await storage.write(lambda tx: tx.record(event, actor_id=1, to=()))
    assert await storage.read(lambda tx: tx.timeline(number)) == [recorded]


async def claimed(storage: Storage, limit: int = 10, lease: float = 60) -> list[Delivery]:
    return list(await storage.write(lambda tx: tx.claim(limit=limit, lease_seconds=lease, channels=BOTH)))


async def two_threads(storage: Storage, each: int) -> None:
    def verb(tx: Transaction) -> None:
        number = ticket(tx).number
        threads = [thread(tx, number, "T1"), thread(tx, number, "T2")]
        for _ in range(each):
            owe(tx, number, threads)

    await storage.write(verb)


async def test_a_thread_never_overtakes_itself_and_a_stuck_one_holds_up_no_other(storage: Storage) -> None:
    await two_threads(storage, each=3)
    stuck, free = await claimed(storage)
    assert {stuck.thread.ref, free.thread.ref} == {ThreadRef("discord", "T1"), ThreadRef("discord", "T2")}
    assert await claimed(storage) == []  # both leased
    await storage.write(lambda tx: tx.postpone(stuck, seconds=60, error="away"))
    for _ in range(2):
        await storage.write(lambda tx, free=free: tx.settle(free))
        (after,) = await claimed(storage)
        assert after.thread.id == free.thread.id
        assert after.id > free.id
        free = after
    due = await storage.read(lambda tx: tx.next_due(BOTH))
    assert due is not None
    assert 50 < due <= 60


async def test_a_delivery_keeps_its_key_and_counts_its_attempts(storage: Storage) -> None:
    await two_threads(storage, each=1)
    first = (await claimed(storage))[0]
    await storage.write(lambda tx: tx.postpone(first, seconds=0, error="away"))
    again = (await claimed(storage))[0]
    assert (again.key, again.attempts, first.attempts) == (first.key, 2, 1)
    assert len(first.key) <= 20


async def test_a_lease_runs_out(storage: Storage) -> None:
    await two_threads(storage, each=1)
    first = await claimed(storage, lease=-1)
    assert [delivery.id for delivery in await claimed(storage)] == [delivery.id for delivery in first]


async def test_what_is_buried_holds_nothing_up_and_can_be_owed_again_once(storage: Storage) -> None:
    await two_threads(storage, each=2)
    buried = (await claimed(storage))[0]
    await storage.write(lambda tx: tx.bury(buried, error="gone"))
    (following,) = await claimed(storage)
    assert following.thread.id == buried.thread.id
    await storage.write(lambda tx: tx.settle(following))
    assert [await storage.write(lambda tx: tx.exhume(buried.id)) for _ in range(2)] == [True, False]
    (again,) = await claimed(storage)
    assert again.id == buried.id


async def test_settling_keeps_the_copies_instead_of_earlier_ones_and_the_newest_post(storage: Storage) -> None:
    await two_threads(storage, each=1)
    message_id = await storage.write(lambda tx: message(tx, 1, "m1"))
    assert message_id is not None
    edited = MessageEdited(1, message_id, 2)
    await storage.write(lambda tx: tx.record(edited, actor_id=None, to=tx.threads(1)))
    for parts in (("p1", "p2", "p3"), ("p1", "p4")):
        delivery = (await claimed(storage))[0]
        copies = [Copy(message_id, 1, n, MessageRef("discord", key)) for n, key in enumerate(parts)]
        await storage.write(lambda tx, d=delivery, c=copies: tx.settle(d, copies=c, newest=c[-1].ref))
        assert await storage.read(lambda tx: tx.copies(message_id, 1)) == copies
    found = await storage.read(lambda tx: tx.copied_from(MessageRef("discord", "p4")))
    assert found is not None
    assert found.id == message_id
    (newest, *_) = await storage.read(lambda tx: tx.threads(1))
    assert newest.newest == MessageRef("discord", "p4")


async def test_only_deliveries_of_these_channels_are_claimed(storage: Storage) -> None:
    await two_threads(storage, each=1)
    assert await storage.write(lambda tx: tx.claim(limit=9, lease_seconds=9, channels=("slack",))) == []
    assert await storage.read(lambda tx: tx.next_due(("slack",))) is None
    assert await storage.read(lambda tx: tx.next_due(("discord",))) == 0


class Clock:
    """A desk's time, which goes on when it is told to."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def pass_(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


class Courier:
    """Takes what goes to these threads, and keeps what it was handed."""

    lease_seconds = 60.0

    def __init__(self, *threads: int) -> None:
        self.threads = threads
        self.handed: list[tuple[Delivery, int]] = []

    def takes(self, thread: Thread) -> bool:
        return thread.id in self.threads

    def pack(self, tx: Transaction, delivery: Delivery) -> object:
        return delivery, len(tx.timeline(delivery.thread.ticket))

    def deliver(self, parcel: object) -> None:
        assert isinstance(parcel, tuple)
        self.handed.append(parcel)


async def test_what_can_be_delivered_at_once_is_handed_over_by_the_transaction_that_owes_it(where: Path | str) -> None:
    clock = Clock()
    storage = open_storage(where, clock=clock)
    courier = Courier(1)
    storage.hand_over_to(courier)
    await two_threads(storage, each=3)
    [(first, events)] = courier.handed  # of the second thread nothing was taken, of the first what is owed first
    assert (first.thread.id, first.attempts, events) == (1, 1, 3)
    assert [delivery.thread.id for delivery in await claimed(storage)] == [2]

    def end(tx: Transaction, delivery: Delivery) -> Delivery | None:
        tx.settle(delivery)
        return tx.claim_next(1, lease_seconds=60)

    second = await storage.write(lambda tx: end(tx, first))
    assert second is not None
    assert (second.thread.id, second.attempts) == (1, 1)
    assert second.id > first.id
    assert await storage.write(lambda tx: tx.claim_next(1, lease_seconds=60)) is None  # it is leased
    await storage.write(lambda tx: tx.postpone(second, seconds=60, error="away"))
    assert await storage.write(lambda tx: tx.claim_next(1, lease_seconds=60)) is None  # it is not due
    await storage.close()
    clock.pass_(60)  # the courier died, and its leases with it
    storage = open_storage(where, clock=clock)
    await storage.write(lambda tx: tx.settle(second))
    (third,) = [delivery for delivery in await claimed(storage) if delivery.thread.id == 1]
    assert third.attempts == 1
    await storage.close()


async def test_a_delivery_whose_courier_died_may_have_been_made(where: Path | str) -> None:
    clock = Clock()
    storage = open_storage(where, clock=clock)
    courier = Courier(1, 2)
    storage.hand_over_to(courier)
    await two_threads(storage, each=1)
    assert len(courier.handed) == 2
    await storage.close()
    clock.pass_(60)
    storage = open_storage(where, clock=clock)
    again = await claimed(storage)
    assert [(delivery.id, delivery.key, delivery.attempts) for delivery in again] == [
        (delivery.id, delivery.key, 2) for delivery, _ in courier.handed
    ]
    await storage.close()


async def test_a_verb_that_raises_hands_nothing_over(storage: Storage) -> None:
    courier = Courier(1)
    storage.hand_over_to(courier)

    def verb(tx: Transaction) -> None:
        number = ticket(tx).number
        owe(tx, number, [thread(tx, number, "T1")])
        raise KeyError

    with pytest.raises(KeyError):
        await storage.write(verb)
    assert courier.handed == []
    storage.hand_over_to(None)
    await two_threads(storage, each=1)
    assert courier.handed == []
    assert len(await claimed(storage)) == 2


async def test_a_patient_verb_waits_for_others_but_not_for_ever_and_keeps_its_place(storage: Storage) -> None:
    assert await storage.write(lambda tx: tx.first_hearing("alone"), patient=True)
    order: list[str] = []
    patient = asyncio.ensure_future(storage.write(lambda _: order.append("patient"), patient=True))
    await asyncio.sleep(0)
    await storage.write(lambda _: order.append("hasty"))
    await patient
    assert order == ["patient", "hasty"]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(fates=st.lists(st.sampled_from(("settle", "postpone", "bury", "crash")), max_size=25))
def test_deliveries_of_a_thread_are_in_order_and_never_twice_at_once(
    another: Callable[[], Path | str], fates: list[str]
) -> None:
    async def tried() -> None:
        clock, where = Clock(), another()
        storage = open_storage(where, clock=clock)
        await two_threads(storage, each=4)
        ended: dict[int, list[int]] = {1: [], 2: []}
        under_way: dict[int, Delivery] = {}
        for fate in fates:
            for delivery in await claimed(storage):
                assert delivery.thread.id not in under_way
                under_way[delivery.thread.id] = delivery
            if not under_way:
                break
            _, delivery = under_way.popitem()
            match fate:
                case "settle":
                    await storage.write(lambda tx, d=delivery: tx.settle(d))
                case "bury":
                    await storage.write(lambda tx, d=delivery: tx.bury(d, error="gone"))
                case "postpone":
                    await storage.write(lambda tx, d=delivery: tx.postpone(d, seconds=0, error="away"))
                case _:
                    await storage.close()  # its leases die with it
                    clock.pass_(60)
                    storage = open_storage(where, clock=clock)
                    under_way.clear()
            if fate in {"settle", "bury"}:
                ended[delivery.thread.id].append(delivery.id)
        await storage.close()
        assert all(ids == sorted(set(ids)) for ids in ended.values())

    asyncio.run(tried())


async def test_a_turn_is_had_by_one_at_a_time(storage: Storage) -> None:
    done: list[str] = []

    async def take(name: str, who: str) -> None:
        async with storage.turn(name):
            done.append(f"{who} begins")
            await storage.write(lambda tx: tx.first_hearing(who))
            done.append(f"{who} ends")

    async with storage.life():
        await asyncio.gather(take("scheduler", "a"), take("scheduler", "b"))
    assert done in (["a begins", "a ends", "b begins", "b ends"], ["b begins", "b ends", "a begins", "a ends"])
    async with storage.life(), storage.turn("scheduler"), storage.turn("shard 0") as turn:
        waiting = asyncio.ensure_future(turn.lost())
        await storage.write(lambda tx: tx.first_hearing("c"))
        assert not waiting.done()
        waiting.cancel()
