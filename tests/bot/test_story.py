"""The story of a ticket, told for every pair of networks: opened, answered, noted, closed, re-opened, rated."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from bot.demo import stage as company
from bot.demo.side import wait_for, wait_line
from sandbox.control import upload

if TYPE_CHECKING:
    from bot.demo.side import Side
    from tests.bot.conftest import Stage

pytestmark = pytest.mark.both

SCREENSHOT = bytes(range(256)) * 40


@dataclass(frozen=True)
class Case:
    client_on: str
    client: str
    agent_on: str
    agent: str
    place: str
    department: str
    product: str


CASES = [
    Case("slack", company.MARC, "discord", company.LEA_DISCORD, company.IT_DESK, "it", "intranet"),
    Case("discord", company.INES, "slack", company.LEA, company.HR_DESK, "hr", "payroll"),
    Case("slack", company.MARC, "slack", company.LEA, company.HR_DESK, "hr", "payroll"),
    Case("discord", company.INES, "discord", company.LEA_DISCORD, company.IT_DESK, "it", "laptop"),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.client_on}-to-{case.agent_on}")
async def test_a_ticket_from_the_form_to_the_rating(stage: Stage, case: Case) -> None:
    client_side: Side = getattr(stage, case.client_on)
    agent_side: Side = getattr(stage, case.agent_on)

    # The form opens in the client's own language, and a wrong one comes back with a remark.
    assert await client_side.call(case.client) == "Nouveau ticket"
    values = {
        "subject": "Intranet injoignable",
        "description": "De retour de congé, **rien** ne s'ouvre.",
        "department": case.department,
        "product": case.product,
        "priority": "urgent",
    }
    wrong = await client_side.fill(case.client, values | {"subject": "   "})
    assert not wrong.ok
    assert "en une ligne" in "".join(wrong.remarks.values())
    if case.client_on == "discord":
        await reopen_form(client_side, case.client)
    assert (await client_side.fill(case.client, values, [upload("écran.png", SCREENSHOT, "image/png")])).ok

    # Its card and thread appear for both, with the screenshot, in each one's language.
    theirs = await client_side.clients_thread(case.client, 1)
    ours = await agent_side.agents_thread(case.place, 1)
    card = await wait_for(agent_side, ours, lambda line: "#1 " in line.text, "the agents' card")
    assert "Intranet injoignable" in card.text
    assert "1 ticket: 1 open, 0 closed" in card.text
    for side, where in ((client_side, theirs), (agent_side, ours)):
        await wait_for(side, where, lambda line: bool(line.files), "the screenshot")
        name = next(line.files[0] for line in await side.read(where) if line.files)
        assert await side.file(where, name) == SCREENSHOT
    client_card = (await client_side.read(theirs))[0]
    assert "Nouveau" in client_card.text
    assert "1 ticket" not in client_card.text  # the panel is for agents

    # Claimed; answered; answered back; a note that the client never sees.
    await agent_side.press(case.agent, ours, "Claim")
    await wait_line(client_side, theirs, "Léa Martin s’occupe de ce ticket.")
    await wait_for(agent_side, ours, lambda line: "Take over" in "".join(line.buttons), "the card shows the claim")
    await agent_side.say(case.agent, ours, "Essayez de *redémarrer*", [upload("guide.pdf", b"%PDF-1.7 guide")])
    answer = await wait_line(client_side, theirs, "redémarrer")
    assert "Léa Martin" in answer.text
    await wait_for(client_side, theirs, lambda line: "guide.pdf" in line.files, "the guide")
    await client_side.say(case.client, theirs, "Toujours rien `503` @everyone <!channel>")
    await wait_line(agent_side, ours, "`503`")
    assert await agent_side.press(case.agent, ours, "Note") in {"Note aux agents", ""}
    assert (await agent_side.fill(case.agent, {"note": "VPN expiré pendant le congé"})).ok
    await wait_line(agent_side, ours, "VPN expiré")
    assert not any("VPN expiré" in line.text for line in await client_side.read(theirs))

    # Edited and withdrawn on one side, so on the other.
    slip = await client_side.say(case.client, theirs, "Mon mot de passe est 1234")
    await wait_line(agent_side, ours, "1234")
    await client_side.edit(case.client, theirs, slip, "Mon mot de passe est masqué")
    await wait_line(agent_side, ours, "masqué")
    await client_side.delete(case.client, theirs, slip)
    await gone(agent_side, ours, "masqué")

    # Closed, re-opened by the client's words, closed again, rated.
    await agent_side.press(case.agent, ours, "Close")
    await wait_line(client_side, theirs, "a clos ce ticket")
    await client_side.say(case.client, theirs, "Ah non, encore une erreur")
    await wait_line(agent_side, ours, "encore une erreur")
    await wait_line(agent_side, ours, "re-opened this ticket")
    await wait_for(client_side, theirs, lambda line: "Clore" in "".join(line.buttons), "the card shows it open")
    await client_side.press(case.client, theirs, "Clore")
    await wait_for(client_side, theirs, lambda line: "★★★★★" in line.buttons, "the stars on the card")
    assert "Merci pour votre évaluation : ★★★★☆" in await rated(client_side, case.client, theirs)
    await wait_line(agent_side, ours, "rated this ticket: ★★★★☆")


async def rated(side: Side, person: str, where: object) -> str:
    return await side.press(person, where, "★★★★")  # type: ignore[arg-type]


async def gone(side: Side, where: object, words: str) -> None:
    async def look() -> bool:
        return not any(words in line.text for line in await side.read(where))  # type: ignore[arg-type]

    await side.people.until(look, f"{words!r} withdrawn")


async def reopen_form(side: Side, person: str) -> None:
    whispers = await side.people.call("ephemerals", user=person)
    message = whispers[-1]
    button = message["components"][0]["components"][0]
    where = {"channel": message["channel_id"], "message": message["id"]}
    answer = await side.people.call("press", user=person, custom_id=button["custom_id"], **where)
    assert answer["answer"]["type"] == "modal"
