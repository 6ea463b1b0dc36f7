"""The card by which a whole channel opens tickets, told on both networks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bot.demo import stage as company
from bot.demo.side import Where

if TYPE_CHECKING:
    from bot.demo.side import Line, Side
    from tests.bot.conftest import Stage

PLACE = {"slack": company.GENERAL, "discord": company.HELP}
CLIENT = {"slack": company.NORA, "discord": company.BEN}


def wanted(stage: Stage, pinned: dict[str, str]) -> None:
    text = "\n".join(line for line in stage.config.read_text().splitlines() if not line.startswith("pinned"))
    for network, place in pinned.items():
        text = text.replace(f"[{network}]", f'[{network}]\npinned = ["{place}"]')
    stage.config.write_text(text)


async def cards(side: Side) -> list[Line]:
    found = await side.people.call("messages", channel=PLACE[side.name])
    ids = {message.get("ts") or message["id"] for message in found}
    return [line for line in await side.read(Where(PLACE[side.name])) if line.id in ids and "help you" in line.text]


async def one_card(side: Side) -> Line:
    async def look() -> Line | None:
        found = await cards(side)
        return found[0] if len(found) == 1 else None

    found: Line = await side.people.until(look, "the pinned card")
    return found


@pytest.mark.parametrize("network", ("slack", "discord"))
async def test_it_stands_once_whatever_happens_and_opens_the_form(idle_stage: Stage, network: str) -> None:
    stage = idle_stage
    stage.slack_sandbox.app.workspace.channels[company.GENERAL].members.add(company.SLACK_BOT)
    side: Side = getattr(stage, network)
    wanted(stage, PLACE)
    await stage.start()
    first = await one_card(side)
    assert await side.press(CLIENT[network], Where(PLACE[network]), "Open a ticket") == "New ticket"

    await stage.stop()
    await stage.start()
    assert stage.desk is not None
    await stage.desk.pinning.look()
    assert (await one_card(side)).id == first.id  # recognised

    await taken_away(stage, network, first.id)
    assert await cards(side) == []
    await stage.desk.pinning.look()
    assert (await one_card(side)).id != first.id  # put back

    await stage.stop()
    wanted(stage, {})
    await stage.start()
    assert stage.desk is not None
    await stage.desk.pinning.look()
    assert await cards(side) == []


async def taken_away(stage: Stage, network: str, message: str) -> None:
    """By somebody who may delete others' messages."""
    assert stage.desk is not None
    found = await stage.desk.house.storage.read(lambda tx: tx.pinned())
    ref = next(ref for place, (ref, _) in found.items() if place.channel == network)
    assert message in ref.key
    await stage.desk.channels[network].delete(ref)
