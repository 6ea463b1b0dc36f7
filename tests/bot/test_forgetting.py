"""Somebody is forgotten, or gets their data, told on the real networks."""

from __future__ import annotations

import io
import json
import sqlite3
import zipfile
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from bot.demo import stage as company
from bot.demo.side import wait_for, wait_line
from sandbox.control import upload

if TYPE_CHECKING:
    from pathlib import Path

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


def holds(folder: Path, words: str) -> list[str]:
    """Tables and files in which these words still stand."""
    with closing(sqlite3.connect(folder / "desk.sqlite3")) as database:
        names = [row[1] for row in database.execute("PRAGMA main.table_list") if row[2] == "table"]
        found = [
            name for name in names if words in repr(database.execute(f'SELECT * FROM "{name}"').fetchall()).lower()
        ]
        hits = database.execute("SELECT rowid FROM ticket_words WHERE ticket_words MATCH ?", (words,)).fetchall()
    files = [
        path.name for path in (folder / "files").rglob("*") if path.is_file() and words.encode() in path.read_bytes()
    ]
    return [*found, *(["the index"] if hits else []), *files]


def traces(folder: Path, words: str) -> list[str]:
    """Files of the database in which these words still stand as bytes, whatever no query looks at any more: free
    pages, the log, the index of words, copies from before upgrades.
    """
    found = [path for path in folder.rglob("*.sqlite3*") if path.is_file()]
    return sorted(path.name for path in found if words.encode() in path.read_bytes().lower())


async def test_an_admin_forgets_somebody_after_two_questions(stage_of: Stage, network: str, tmp_path: Path) -> None:
    stage = stage_of
    side, _, agents, ours = await opened(stage, network)
    admin = ADMIN[network]
    admins_list = await side.call(admin, "zebra", command="tickets")
    assert "Zebra subject" in admins_list
    var = tmp_path / "var"
    (var / "before-restore").mkdir()
    for older in (var / "desk.sqlite3.before-0001", var / "before-restore" / "20260101T000000Z.sqlite3"):
        older.write_bytes(b"zebra words")
    assert sorted(holds(var, "zebra"))
    assert len(traces(var, "zebra")) >= 3
    asked = await side.call(admin, side.mention(CLIENT[network]), command="forget")
    assert f"Forget {NAME[network]}?" in asked
    assert "1 tickets, 2 messages and 1 files" in asked
    direct = await side.direct(admin)
    assert "Really?" in await side.press(admin, direct, "Erase…")
    assert holds(tmp_path / "var", "zebra")
    done = await side.press(admin, direct, "Yes, erase for good")
    assert "Erased" in done
    assert "makes no backups by itself" in done
    await wait_for(
        agents, ours, lambda line: "#1 " in line.text and "ebra" not in line.text, "a card without the words"
    )

    async def withdrawn() -> bool:
        return not any("zebra words" in line.text for line in await agents.read(ours))

    await agents.people.until(withdrawn, "the relayed words are withdrawn")
    assert traces(tmp_path / "var", "zebra") == []
    assert "2 older copies" in done
    await stage.stop()
    assert traces(tmp_path / "var", "zebra") == []
    assert holds(tmp_path / "var", "zebra") == []
    assert holds(tmp_path / "var", NAME[network].split()[0].lower()) == []
    with closing(sqlite3.connect(tmp_path / "var" / "desk.sqlite3")) as database:
        counts = [
            database.execute(f"SELECT count(*) FROM {name}").fetchone()[0]
            for name in ("tickets", "messages", "attachments")
        ]
    assert counts == [1, 4, 1]


async def test_keeping_changes_nothing(stage_of: Stage, network: str, tmp_path: Path) -> None:
    side, _, _, _ = await opened(stage_of, network)
    admin = ADMIN[network]
    await side.call(admin, side.mention(CLIENT[network]), command="forget")
    direct = await side.direct(admin)
    await side.press(admin, direct, "Erase…")
    assert "Nothing was erased" in await side.press(admin, direct, "No, keep it")
    assert holds(tmp_path / "var", "zebra")


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
