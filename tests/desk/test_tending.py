"""What becomes of tickets by themselves: warned once, closed once, however long the desk was away."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, TypeVar

import pytest

from bot.clockwork import tending
from desk import verbs
from desk.catalogue import Catalogue, Department, Priority, Product
from desk.errors import DeskError
from desk.events import AttachmentsDropped, SilenceWarned, TicketChanged
from desk.lifecycle import Lifecycle
from desk.model import AccountRef, Attachment, Audience, MessageRef, PlaceRef, Role, Status, ThreadRef
from desk.verbs import Actor, Draft
from storage import open_storage

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from desk.events import Event
    from desk.ports import Storage, Transaction

pytestmark = pytest.mark.both

CATALOGUE = Catalogue(
    (Product("vpn", {"en": "VPN"}),),
    (Department("it", {"en": "IT"}, places=(PlaceRef("discord", "1"),)),),
    (Priority("low", {"en": "Low"}),),
    "low",
)
DAY = timedelta(days=1)
WEEK = Lifecycle(warn_after=3 * DAY, close_after=7 * DAY)
FILE = Attachment("a.png", "image/png", 3, "a" * 64)
T = TypeVar("T")


@dataclass
class World:
    """A desk with one ticket, a client and an agent, whose time is ours."""

    storage: Storage
    now: datetime
    lifecycle: Lifecycle = WEEK
    said: int = 0

    async def do(self, verb: Callable[[Transaction], T]) -> T:
        return await self.storage.write(verb)

    def actor(self, tx: Transaction, who: Audience) -> Actor:
        client = who is Audience.CLIENT
        account = AccountRef("slack", "U1") if client else AccountRef("discord", "2")
        person = tx.person_of(account) or tx.add_person(account, name="Marc" if client else "Léa Martin", locale="")
        return Actor(person, Role.CLIENT) if client else Actor(person, Role.AGENT, frozenset({"it"}))

    async def say(self, who: Audience, body: str, *, hold: bool = False, files: tuple[Attachment, ...] = ()) -> None:
        self.said += 1
        origin = MessageRef("slack", f"m{self.said}")

        def verb(tx: Transaction) -> None:
            thread = next(thread for thread in tx.threads(1) if thread.audience is who)
            actor = self.actor(tx, who)
            verbs.say(tx, thread, actor, body=body, attachments=files, origin=origin, hold=hold)

        await self.do(verb)

    async def look(self) -> list[Event]:
        """Do what is due; gives what happened."""
        before = len(await self.storage.read(lambda tx: tx.timeline(1)))
        for due in (tending._warn, tending._close, tending._drop):
            while await self.do(lambda tx, due=due: due(tx, self.lifecycle)):
                pass
        return [recorded.event for recorded in await self.storage.read(lambda tx: tx.timeline(1))][before:]

    async def status(self) -> Status:
        ticket = await self.storage.read(lambda tx: tx.ticket(1))
        assert ticket is not None
        return ticket.status

    async def close(self) -> None:
        await self.do(lambda tx: verbs.close(tx, 1, self.actor(tx, Audience.AGENTS)))


@pytest.fixture
async def world(where: Path | str) -> AsyncIterator[World]:
    made = World.__new__(World)
    made.now, made.lifecycle, made.said = datetime(2026, 11, 1, 9, tzinfo=UTC), WEEK, 0
    made.storage = open_storage(where, clock=lambda: made.now)

    def begin(tx: Transaction) -> None:
        client = made.actor(tx, Audience.CLIENT)
        draft = Draft("No VPN", "503", "it", "vpn", "low")
        verbs.open_ticket(tx, CATALOGUE, client, AccountRef("slack", "U1"), draft, (FILE, replace(FILE, sha256=None)))
        for thread in tx.threads(1):
            tx.save_thread(replace(thread, ref=ThreadRef(thread.channel, f"T{thread.id}")))

    await made.do(begin)
    await made.look()
    yield made
    await made.storage.close()


async def test_silence_is_warned_of_once_and_then_closes(world: World) -> None:
    await world.say(Audience.AGENTS, "Try this")
    world.now += 2 * DAY
    assert await world.look() == []
    world.now += 1 * DAY
    (warned,) = await world.look()
    assert warned == SilenceWarned(1, (world.now + 4 * DAY).isoformat())
    assert await world.look() == []
    world.now += 3 * DAY
    assert await world.look() == []
    world.now += 1 * DAY
    (closed,) = await world.look()
    assert isinstance(closed, TicketChanged)
    assert closed.verb == "silence"
    assert await world.status() is Status.CLOSED
    assert await world.look() == []


async def test_after_a_long_downtime_the_warning_still_comes_first_and_gives_its_time(world: World) -> None:
    await world.say(Audience.AGENTS, "Try this")
    world.now += 60 * DAY
    (warned,) = await world.look()
    assert isinstance(warned, SilenceWarned)
    world.now += 4 * DAY
    assert len(await world.look()) == 1
    assert await world.status() is Status.CLOSED


async def test_whoever_answers_in_time_starts_it_anew(world: World) -> None:
    await world.say(Audience.AGENTS, "Try this")
    world.now += 3 * DAY
    await world.look()
    await world.say(Audience.CLIENT, "I will")
    world.now += 30 * DAY
    assert await world.look() == []  # the agents owe the next word
    await world.say(Audience.AGENTS, "And?")
    world.now += 3 * DAY
    assert len(await world.look()) == 1  # a new warning for a new silence


@pytest.mark.parametrize(
    "lifecycle", (Lifecycle(), replace(WEEK, silent=frozenset({"on_hold"}))), ids=["never", "other statuses only"]
)
async def test_nothing_closes_where_the_house_does_not_want_it(world: World, lifecycle: Lifecycle) -> None:
    world.lifecycle = lifecycle
    await world.say(Audience.AGENTS, "Try this")
    world.now += 99 * DAY
    assert await world.look() == []


async def test_thanks_leave_a_closed_ticket_closed_and_anything_more_opens_it(world: World) -> None:
    await world.say(Audience.AGENTS, "Done")
    await world.close()
    await world.say(Audience.CLIENT, "Merci Léa 🙏")
    assert await world.status() is Status.CLOSED
    await world.say(Audience.CLIENT, "Merci Bob")
    assert await world.status() is Status.NEW
    await world.close()
    await world.say(Audience.CLIENT, "Merci", files=(FILE,))
    assert await world.status() is Status.NEW
    await world.close()
    await world.say(Audience.CLIENT, "Thanks, but it is back")
    assert await world.status() is Status.NEW


async def test_a_reply_holds_the_ticket_where_the_house_wants_it(world: World) -> None:
    await world.say(Audience.AGENTS, "Which version?", hold=True)
    assert await world.status() is Status.ON_HOLD
    await world.say(Audience.CLIENT, "Version 3", hold=True)
    assert await world.status() is Status.IN_PROGRESS
    await world.say(Audience.AGENTS, "I see")
    assert await world.status() is Status.IN_PROGRESS


async def files(world: World) -> list[bool]:
    description = await world.storage.read(lambda tx: tx.description(1))
    return [file.dropped for file in description.attachments]


async def test_files_go_some_time_after_closing_where_the_department_says_so(world: World) -> None:
    world.lifecycle = replace(WEEK, drop_departments=frozenset({"it"}))
    assert await world.storage.read(lambda tx: tx.referenced(["a" * 64, "b" * 64])) == {"a" * 64}
    world.now += DAY
    await world.close()
    world.now += timedelta(hours=23)
    assert await world.look() == []
    assert await files(world) == [False, False]
    world.now += timedelta(hours=1)
    assert await world.look() == [AttachmentsDropped(1, 1)]
    assert await files(world) == [True, False]
    assert await world.storage.read(lambda tx: tx.referenced(["a" * 64])) == set()


async def test_files_of_a_ticket_that_was_opened_again_in_time_stay(world: World) -> None:
    world.lifecycle = replace(WEEK, drop_departments=frozenset({"it"}))
    world.now += DAY
    await world.close()
    await world.say(Audience.CLIENT, "no, it is not done")
    world.now += 9 * DAY
    await world.look()
    assert await files(world) == [False, False]
    await world.close()
    world.now += DAY
    assert await world.look() == [AttachmentsDropped(1, 1)]


async def test_a_ticket_may_let_its_files_go_by_itself(world: World) -> None:
    await world.do(lambda tx: verbs.let_attachments_go(tx, 1, world.actor(tx, Audience.AGENTS), go=True))
    with pytest.raises(DeskError, match="unchanged"):
        await world.do(lambda tx: verbs.let_attachments_go(tx, 1, world.actor(tx, Audience.AGENTS), go=True))
    world.now += DAY
    await world.close()
    world.now += DAY
    assert await world.look() == [AttachmentsDropped(1, 1)]


async def test_without_a_word_files_stay(world: World) -> None:
    world.now += DAY
    await world.close()
    world.now += 30 * DAY
    assert await world.look() == []
    assert await files(world) == [False, False]


async def test_what_becomes_old_is_found_once_in_batches_and_after_downtime(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tending, "AT_ONCE", 2)
    old_after = timedelta(days=7)

    async def look() -> list[int]:
        return list(await world.do(lambda tx: tending._grow_old(tx, old_after)))

    def opened(tx: Transaction) -> None:
        client = world.actor(tx, Audience.CLIENT)
        draft = Draft("No VPN", "503", "it", "vpn", "low")
        verbs.open_ticket(tx, CATALOGUE, client, AccountRef("slack", "U1"), draft, ())

    assert await look() == []
    for _ in range(3):
        world.now += timedelta(hours=1)
        await world.do(opened)
    await world.do(opened)  # at the same moment as the one before it
    assert await look() == []
    world.now += 8 * DAY
    assert await look() == [1, 2]
    assert await look() == [3, 4, 5]  # those of one moment together
    assert await look() == []
    await world.say(Audience.CLIENT, "hello?")
    world.now += 8 * DAY
    assert await look() == [1]
