"""/stats on both networks: figures, what is behind them, tables and pictures; and promises that press."""

from __future__ import annotations

import csv
import io
import itertools
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from bot.demo import stage as company
from bot.demo.side import wait_for, wait_line

if TYPE_CHECKING:
    from bot.demo.side import Side, Where
    from tests.bot.conftest import Stage

pytestmark = pytest.mark.both

PNG = b"\x89PNG\r\n\x1a\n"
PROMISES = """
[[service_levels]]
first_response = "1h"
tell = ["slack:C0HRDESK"]
"""


async def opened(side: Side, person: str, subject: str, department: str, product: str) -> None:
    await side.call(person)
    form = {"subject": subject, "description": "It does not work.", "priority": "urgent"}
    assert (await side.fill(person, form | {"department": department, "product": product})).ok


async def answered(stage: Stage) -> tuple[Where, Where]:
    """Two tickets: one in HR, answered, closed and rated; one in IT that waits."""
    await opened(stage.slack, company.MARC, "Payslip", "hr", "payroll")
    theirs = await stage.slack.clients_thread(company.MARC, 1)
    ours = await stage.slack.agents_thread(company.HR_DESK, 1)
    await stage.slack.say(company.LEA, ours, "Here it is")
    await wait_line(stage.slack, theirs, "Here it is")
    await stage.slack.press(company.LEA, ours, "Close")
    await wait_for(stage.slack, theirs, lambda line: "★★★★★" in line.buttons, "the stars")
    await stage.slack.press(company.MARC, theirs, "★★★★")
    await opened(stage.discord, company.INES, "Intranet", "it", "intranet")
    await stage.discord.agents_thread(company.IT_DESK, 2)
    return theirs, ours


async def test_figures_and_what_is_behind_them(stage: Stage) -> None:
    _, ours = await answered(stage)
    lea = company.LEA

    shown = await stage.slack.call(lea, "", command="stats")
    assert "Opened" not in shown  # Léa reads French
    assert "Ouverts" in shown
    assert "1 (avant : 0)" in shown
    assert "★ 4,0 (1 réponse)" in shown

    behind = await stage.slack.choose(lea, ours, "derrière un chiffre", "Clos")
    assert "dernière clôture" in behind
    assert "#1 · Payslip" in behind
    assert "Intranet" not in behind
    back = await stage.slack.press(lea, ours, "Tous les chiffres")
    assert "Ouverts" in back
    apart = await stage.slack.choose(lea, ours, "Distinguer par", "Service")
    assert "Ouverts · Service" in apart
    assert "Finances" not in apart
    narrow = await stage.slack.call(lea, "semaine payroll", command="stats")
    assert "Cette semaine" in narrow
    assert "Produit: Payroll" in narrow.replace(" :", ":").replace("*", "") or "Paie" in narrow
    of_marc = await stage.slack.call(lea, f"{stage.slack.mention(company.MARC)} année", command="stats")
    assert "Cette année" in of_marc
    assert "Marc Dubois" in of_marc
    wrong = await stage.slack.call(lea, "yesteryear", command="stats")
    assert "n’est pas une période" in wrong

    # A client sees their own tickets, and cannot look at others'.
    own = await stage.discord.call(company.INES, "week", command="stats")
    assert "1 (avant : 0)" in own
    refused = await stage.discord.call(company.INES, stage.discord.mention(company.BEN), command="stats")
    assert "agents" in refused.lower()


async def test_a_person_panel_for_agents_and_for_oneself(stage: Stage) -> None:
    await answered(stage)
    await opened(stage.slack, company.MARC, "Second payslip", "hr", "payroll")
    await stage.slack.agents_thread(company.HR_DESK, 3)
    # Of all time, whatever the period: the rating has the number of its answers.
    for period in ("année", "2020-01-01"):
        of_marc = await stage.slack.call(company.LEA, f"{stage.slack.mention(company.MARC)} {period}", command="stats")
        assert "Tickets de Marc Dubois" in of_marc
        assert "2 tickets : 1 ouverts, 1 clos" in of_marc.replace("\u202f", " ").replace("\xa0", " ")
        assert "★ 4,0 (1 réponse)" in of_marc
        assert "#3 · Second payslip" in of_marc
        assert "#1 · Payslip" in of_marc
        assert "Intranet" not in of_marc
    of_ines = await stage.discord.call(company.SAM, f"{stage.discord.mention(company.INES)} week", command="stats")
    assert "Inès Moreau’s tickets" in of_ines
    assert "1 ticket: 1 open, 0 closed" in of_ines
    assert "#2 · Intranet" in of_ines

    own = await stage.discord.call(company.INES, "", command="stats")
    assert "Vos tickets" in own or "Your tickets" in own
    assert "#2 · Intranet" in own
    assert "Payslip" not in own
    mine = await stage.slack.call(company.MARC, "", command="stats")
    assert "2 tickets" in mine
    assert "#3 · Second payslip" in mine
    assert "Intranet" not in mine
    # Of another department's tickets an agent is told nothing.
    unseen = await stage.discord.call(company.SAM, stage.discord.mention(company.BEN), command="stats")
    assert "Payslip" not in unseen


@pytest.mark.parametrize("network", ("slack", "discord"))
async def test_tables_and_pictures_come_as_direct_messages(stage: Stage, network: str) -> None:
    _, ours = await answered(stage)
    side: Side = getattr(stage, network)
    who = company.LEA if network == "slack" else company.LEA_DISCORD
    where = ours if network == "slack" else await side.agents_thread(company.IT_DESK, 2)
    await side.call(who, "2020-01-01..2099-12-31", command="stats")
    assert "message direct" in await side.press(who, where, "CSV")
    mail = await side.direct(who)
    name = "stats-2020-01-01.csv"
    await wait_for(side, mail, lambda line: name in line.files, "the table")
    rows = list(csv.reader(io.StringIO((await side.file(mail, name)).decode("utf-8-sig"))))
    assert ["Ouverts", "2", "0"] in [row[:3] for row in rows]
    assert rows[1][1] == "2020-01-01 – 2099-12-31"
    # Every figure of every value of each dimension.
    for by in ("Service", "Produit", "Priorité", "Canal", "Agent", "Client", "Étiquette"):
        heads = [place for place, row in enumerate(rows) if row[:3] == [by, "Ouverts", "Clos"]]
        assert len(heads) == 1
        assert any("médiane" in cell for cell in rows[heads[0]])
        assert sum(int(row[1]) for row in itertools.takewhile(bool, rows[heads[0] + 1 :])) == 2
    await side.press(who, where, "Graphiques sombres")  # its answer may take longer than a press waits
    await wait_for(side, mail, lambda line: "load.png" in line.files, "the pictures", within=60)
    for picture in ("backlog.png", "opened-closed.png", "first-response.png", "load.png"):
        assert (await side.file(mail, picture)).startswith(PNG)
    assert any("2 ouverts, 1 clos" in line.text for line in await side.read(mail))


async def test_a_promise_that_presses_is_told_once(idle_stage: Stage) -> None:
    stage = idle_stage
    stage.config.write_text(stage.config.read_text(encoding="utf-8") + PROMISES, encoding="utf-8")
    await stage.start()
    assert stage.desk is not None
    await opened(stage.slack, company.MARC, "Payslip", "hr", "payroll")
    ours = await stage.slack.agents_thread(company.HR_DESK, 1)
    await stage.slack.press(company.LEA, ours, "Claim")
    await wait_for(stage.slack, ours, lambda line: "Take over" in "".join(line.buttons), "the claim")
    card = (await stage.slack.read(ours))[0].text
    assert "Due" in card
    assert "First response · " in card
    assert "Échéance" not in (await stage.slack.read(await stage.slack.clients_thread(company.MARC, 1)))[0].text
    reckoning, storage = stage.desk.timing, stage.desk.house.storage
    began = datetime.now(UTC)
    for later, words in ((50, "is due at"), (61, "was due at")):
        storage._clock = lambda later=later: began + timedelta(minutes=later)  # type: ignore[attr-defined]
        await reckoning.look()
        await reckoning.look()
        line = await wait_line(stage.slack, ours, words)
        assert "First response" in line.text
    mail = await stage.slack.direct(company.LEA)
    await wait_line(stage.slack, mail, "le délai est passé")
    general = await stage.slack.people.call("messages", channel=company.HR_DESK)
    assert sum("was due at" in str(message) for message in general) == 1
    lines = [line.text for line in await stage.slack.read(ours)]
    assert sum("due at" in text for text in lines) == 2
    assert not any("due at" in line.text for line in await stage.slack.read(
        await stage.slack.clients_thread(company.MARC, 1)))  # fmt: skip
