"""Somebody is forgotten, or gets their data, told on the real networks."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bot.demo import stage as company
from bot.demo.side import wait_for, wait_line
from sandbox.control import upload
from storage.tables import metadata
from tests.databases import sql
from tests.traces import traces

if TYPE_CHECKING:
    from bot.demo.side import Side, Where
    from tests.bot.conftest import Stage

ADMIN = {"slack": company.ADA, "discord": company.SAM}
CLIENT = {"slack": company.MARC, "discord": company.BEN}
NAME = {"slack": "Marc Dubois", "discord": "Ben Carter"}
FORM = {"subject": "Zebra subject", "description": "Zebra description", "priority": "low"}
TOPIC = {  # answered on the other network
    "slack": {"department": "it", "product": "laptop"},
    "discord": {"department": "hr", "product": "payroll"},
}


@pytest.fixture(params=("slack", "discord"))
async def network(request: pytest.FixtureRequest, idle_stage: Stage) -> str:
    text = idle_stage.config.read_text(encoding="utf-8")
    text = text.replace(f'discord = ["{company.ADMINS_ROLE}"]', f'discord = ["{company.SAM}"]')
    idle_stage.config.write_text(text, encoding="utf-8")
    await idle_stage.start()
    name: str = request.param
    return name


async def opened(stage: Stage, network: str) -> tuple[Side, Where, Side, Where]:
    """A client of this network has a ticket with a file, answered on the other one."""
    side, client = getattr(stage, network), CLIENT[network]
    await side.call(client)
    assert (await side.fill(client, FORM | TOPIC[network], [upload("zebra.txt", b"zebra file", "text/plain")])).ok
    theirs = await side.clients_thread(client, 1)
    agents: Side = stage.discord if network == "slack" else stage.slack
    place, agent = (company.IT_DESK, company.SAM) if network == "slack" else (company.HR_DESK, company.TOM)
    ours = await agents.agents_thread(place, 1)
    await side.say(client, theirs, "zebra words")
    await wait_line(agents, ours, "zebra words")
    await agents.say(agent, ours, "an agent's answer")
    await wait_line(side, theirs, "an agent's answer")
    await agents.press(agent, ours, "Note")
    assert (await agents.fill(agent, {"note": "inside talk"})).ok
    await wait_line(agents, ours, "inside talk")
    return side, theirs, agents, ours


def holds(stage: Stage, words: str) -> list[str]:
    """Tables and files in which these words still stand."""
    found = [name for name in metadata.tables if words in repr(sql(stage.where, f'SELECT * FROM "{name}"')).lower()]
    files = [path for path in (stage.config.parent / "var" / "files").rglob("*") if path.is_file()]
    return [*found, *(path.name for path in files if words.encode() in path.read_bytes())]


@pytest.mark.both
async def test_an_admin_forgets_somebody_after_two_questions(stage_of: Stage, network: str, tmp_path: Path) -> None:
    stage = stage_of
    side, _, agents, ours = await opened(stage, network)
    admin = ADMIN[network]
    admins_list = await side.call(admin, "zebra", command="tickets")
    assert "Zebra subject" in admins_list
    var = tmp_path / "var"
    (var / "before-restore").mkdir()
    (var / "before-restore" / "20260101T000000Z.sqlite3").write_bytes(b"zebra words")
    if isinstance(stage.where, Path):
        stage.where.with_name("desk.sqlite3.before-0001").write_bytes(b"zebra words")
    assert sorted(holds(stage, "zebra"))
    assert traces(stage.where, "zebra")
    asked = await side.call(admin, side.mention(CLIENT[network]), command="forget")
    assert f"Forget {NAME[network]}?" in asked
    assert "tickets: 1, messages: 2, files: 1" in asked
    direct = await side.direct(admin)
    assert "Really?" in await side.press(admin, direct, "Erase…")
    assert holds(stage, "zebra")
    done = await side.press(admin, direct, "Yes, erase for good")
    assert "Erased" in done
    assert "makes no backups by itself" in done
    await wait_for(
        agents, ours, lambda line: "#1 " in line.text and "ebra" not in line.text, "a card without the words"
    )

    async def withdrawn() -> bool:
        return not any("zebra words" in line.text for line in await agents.read(ours))

    await agents.people.until(withdrawn, "the relayed words are withdrawn")
    assert traces(stage.where, "zebra") == []
    assert ("2 older copies" if isinstance(stage.where, Path) else "1 older copy") in done
    assert not [path for path in var.rglob("*.sqlite3*") if b"zebra" in path.read_bytes()]
    await stage.stop()
    assert traces(stage.where, "zebra") == []
    assert holds(stage, "zebra") == []
    assert holds(stage, NAME[network].split()[0].lower()) == []
    counts = [sql(stage.where, f"SELECT count(*) FROM {name}") for name in ("tickets", "messages", "attachments")]
    assert counts == [[(1,)], [(4,)], [(1,)]]


async def test_keeping_changes_nothing(stage_of: Stage, network: str, tmp_path: Path) -> None:
    side, _, _, _ = await opened(stage_of, network)
    admin = ADMIN[network]
    await side.call(admin, side.mention(CLIENT[network]), command="forget")
    direct = await side.direct(admin)
    await side.press(admin, direct, "Erase…")
    assert "Nothing was erased" in await side.press(admin, direct, "No, keep it")
    assert holds(stage_of, "zebra")


async def test_nobody_else_may(stage_of: Stage, network: str) -> None:
    side, _, _, _ = await opened(stage_of, network)
    client = CLIENT[network]
    for command in ("forget", "export"):
        answer = await side.call(client, side.mention(ADMIN[network]), command=command)
        assert any(word in answer for word in ("Only admins", "Seuls les administrateurs"))
    assert "mention one person" in await side.call(ADMIN[network], command="forget")


async def test_everybody_gets_their_own_data_and_no_word_that_is_not_theirs(stage_of: Stage, network: str) -> None:
    side, _, _, _ = await opened(stage_of, network)
    client, admin = CLIENT[network], ADMIN[network]
    for asker, words in ((client, ""), (admin, side.mention(client))):
        assert await side.call(asker, words, command="export")
        direct = await side.direct(client)
        await wait_for(side, direct, lambda line: "my-data.zip" in line.files, "the zip")
        with zipfile.ZipFile(io.BytesIO(await side.file(direct, "my-data.zip"))) as archive:
            data = archive.read("data.json").decode()
            files = [archive.read(name) for name in archive.namelist() if name.startswith("files/")]
        rows = json.loads(data)
        assert [ticket["subject"] for ticket in rows["tickets"]] == ["Zebra subject"]
        assert {message["body"] for message in rows["messages"]} >= {"zebra words", "an agent's answer"}
        assert files == [b"zebra file"]
        assert "inside talk" not in data


@pytest.fixture
def stage_of(idle_stage: Stage, network: str) -> Stage:
    """The stage on which `network` was opened."""
    del network
    return idle_stage
