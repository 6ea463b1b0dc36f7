"""Somebody asks for a ticket's conversation as a file, told on the real networks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bot.demo import stage as company
from bot.demo.side import wait_for, wait_line

if TYPE_CHECKING:
    from bot.demo.side import Side
    from tests.bot.conftest import Stage

FORM = {"subject": "Fiche de paie", "description": "<b>Absente</b>", "priority": "low"}
HR, IT = {"department": "hr", "product": "payroll"}, {"department": "it", "product": "laptop"}


@pytest.mark.parametrize(
    ("client_on", "client", "topic"),
    (("slack", company.MARC, IT), ("discord", company.INES, HR)),
    ids=["slack", "discord"],
)
async def test_a_client_gets_the_conversation_in_their_thread(
    stage: Stage, client_on: str, client: str, topic: dict[str, str]
) -> None:
    side: Side = getattr(stage, client_on)
    agents: Side = stage.discord if topic is IT else stage.slack
    place, agent = (company.IT_DESK, company.SAM) if topic is IT else (company.HR_DESK, company.TOM)
    await side.call(client)
    assert (await side.fill(client, FORM | topic)).ok
    theirs, ours = await side.clients_thread(client, 1), await agents.agents_thread(place, 1)
    await agents.press(agent, ours, "Note")
    assert (await agents.fill(agent, {"note": "never for the client"})).ok
    await agents.say(agent, ours, "Here it is")
    await wait_line(side, theirs, "Here it is")
    assert "Transcription du ticket n° 1" in await side.press(client, theirs, "Transcription")
    await side.press(client, theirs, "À lire")
    await wait_for(side, theirs, lambda line: "ticket-1.html" in line.files, "the transcript")
    page = (await side.file(theirs, "ticket-1.html")).decode()
    assert "&lt;b&gt;Absente&lt;/b&gt;" in page
    assert "Here it is" in page
    assert "never for the client" not in page
    assert "message supprimé" not in page


@pytest.mark.parametrize(
    ("agents_on", "agent", "place", "topic"),
    (("slack", company.TOM, company.HR_DESK, HR), ("discord", company.SAM, company.IT_DESK, IT)),
    ids=["slack", "discord"],
)
async def test_an_agent_gets_all_of_it_in_a_direct_message(
    stage: Stage, agents_on: str, agent: str, place: str, topic: dict[str, str]
) -> None:
    side: Side = getattr(stage, agents_on)
    await stage.slack.call(company.NORA)
    assert (await stage.slack.fill(company.NORA, FORM | topic)).ok
    ours = await side.agents_thread(place, 1)
    await side.press(agent, ours, "Note")
    assert (await side.fill(agent, {"note": "for agents"})).ok
    await wait_line(side, ours, "for agents")
    assert "With notes" in await side.press(agent, ours, "Transcript")
    await side.press(agent, ours, "Markdown, with notes")
    direct = await side.direct(agent)
    await wait_for(side, direct, lambda line: "ticket-1.md" in line.files, "the transcript")
    assert "for agents" in (await side.file(direct, "ticket-1.md")).decode()
    assert not any("ticket-1.md" in line.files for line in await side.read(ours))
