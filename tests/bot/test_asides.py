"""What is owed beside tickets' threads: said once, whoever has the turn when it is said; tried again where a network is
away; let go where it came too late.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from bot.clockwork.asides import LEASE, owe
from bot.clockwork.timing import Timing
from bot.demo import stage as company
from bot.demo.side import wait_for, wait_line
from desk.asides import FRESH, Aside
from desk.events import TicketNudged
from desk.model import AccountRef, PlaceRef
from desk.nudging import Nudge
from tests.bot.test_stats import PROMISES, opened

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.demo.side import Side
    from desk.ports import Storage, Transaction
    from tests.bot.conftest import Stage

PLACES = {"slack": company.HR_DESK, "discord": company.IT_DESK}

pytestmark = pytest.mark.both


def go_on(storage: Storage, seconds: float) -> None:
    """So much time goes by for the desk."""
    moment = datetime.now(UTC) + timedelta(seconds=seconds)
    storage._clock = lambda: moment  # type: ignore[attr-defined]


@pytest.mark.parametrize("network", ("slack", "discord"))
async def test_said_and_not_yet_written_down_is_said_once_by_the_next(stage: Stage, network: str) -> None:
    assert stage.desk is not None
    house, side = stage.desk.house, getattr(stage, network)
    await opened(stage.slack, company.MARC, "Payslip", "hr", "payroll")
    await stage.slack.agents_thread(company.HR_DESK, 1)
    lea = company.LEA if network == "slack" else company.LEA_DISCORD

    def begin(tx: Transaction) -> Sequence[Aside]:
        account, ticket = AccountRef(network, lea), tx.ticket(1)
        person = tx.person_of(account) or tx.add_person(account, name="Léa", locale="fr")
        assert ticket is not None
        event = TicketNudged(1, Nudge.OLD, 0)
        owe(tx, replace(ticket, agent_id=person.id), event, "n1old", [PlaceRef(network, PLACES[network])])
        return tx.claim_asides(fresh=FRESH, lease=LEASE, most=10)  # before the desk that runs here does

    # One instance says both, and dies before it can write that down: its turn passes to another.
    claimed = await house.storage.write(begin)
    assert [type(aside.to) for aside in claimed] == [AccountRef, PlaceRef]
    for aside in claimed:
        await stage.desk.timing.asides._say(aside)
    other = Timing(house)
    await other.asides.look()  # leased still: another's
    go_on(house.storage, LEASE.total_seconds() + 1)
    await other.asides.look()
    await other.asides.look()
    await _said_once(side, await side.direct(lea), "#1 Payslip")
    place = await side.people.call("messages", channel=PLACES[network])
    assert sum("Nothing has happened here" in str(message) for message in place) == 1
    assert not await house.storage.read(lambda tx: tx.asides_wait())


async def _said_once(side: Side, mail: Any, words: str) -> None:
    await wait_line(side, mail, words)
    assert sum(words in line.text for line in await side.read(mail)) == 1


async def test_an_aside_waits_for_its_network_and_is_let_go_when_it_is_old(stage: Stage) -> None:
    assert stage.desk is not None
    storage, asides = stage.desk.house.storage, stage.desk.timing.asides
    about = {"department": "hr"}
    nowhere = Aside("d1", PlaceRef("slack", "C0NOWHERE"), "digest", about)
    await storage.write(lambda tx: tx.owe_aside(nowhere))
    await asides.look()  # refused for good: not tried again
    assert not await storage.read(lambda tx: tx.asides_wait())

    def begin(tx: Transaction) -> Sequence[Aside]:
        tx.owe_aside(Aside("d2", PlaceRef("slack", company.HR_DESK), "digest", about))
        return tx.claim_asides(fresh=FRESH, lease=LEASE, most=10)

    (claimed,) = await storage.write(begin)
    await storage.write(lambda tx: tx.postpone_aside(claimed.id, tx.now + timedelta(minutes=5)))
    assert not await storage.read(lambda tx: tx.asides_wait())
    go_on(storage, 301)
    assert await storage.read(lambda tx: tx.asides_wait())
    go_on(storage, FRESH.total_seconds() + 301)
    await asides.look()
    assert not await storage.read(lambda tx: tx.asides_wait())
    said = await stage.slack.people.call("messages", channel=company.HR_DESK)
    assert "Good morning" not in str(said)


async def test_instances_that_look_at_once_tell_of_a_promise_once(idle_stage: Stage) -> None:
    stage = idle_stage
    stage.config.write_text(stage.config.read_text(encoding="utf-8") + PROMISES, encoding="utf-8")
    await stage.start()
    assert stage.desk is not None
    house = stage.desk.house
    await opened(stage.slack, company.MARC, "Payslip", "hr", "payroll")
    ours = await stage.slack.agents_thread(company.HR_DESK, 1)
    await stage.slack.press(company.LEA, ours, "Claim")
    await wait_for(stage.slack, ours, lambda line: "Take over" in "".join(line.buttons), "the claim")
    go_on(house.storage, 3700)
    instances = [stage.desk.timing, Timing(house), Timing(house)]
    await asyncio.gather(*(each.look() for each in instances))
    await asyncio.gather(*(each.look() for each in instances))
    await wait_line(stage.slack, ours, "was due at")
    mail = await stage.slack.direct(company.LEA)
    await _said_once(stage.slack, mail, "#1 Payslip: 🔥")
    said = await stage.slack.people.call("messages", channel=company.HR_DESK)
    assert sum("#1 Payslip: 🔥" in str(message) for message in said) == 1
    assert sum("was due at" in line.text for line in await stage.slack.read(ours)) == 1
