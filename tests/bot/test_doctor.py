"""The doctor against both stand-ins: a healthy desk is called healthy, each illness is named with what to do."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from adapters.findings import Finding, Level
from bot import examination
from bot.cli.doctor import as_plain, told
from bot.demo import stage as company
from bot.words import Library, sentences
from sandbox.discord.permissions import ATTACH_FILES, VIEW_CHANNEL
from storage import open_storage

if TYPE_CHECKING:
    from tests.bot.conftest import Stage

ROOT = Path(__file__).parents[2]


def without_database(stage: Stage) -> str:
    """Its config, naming none: what is told of a SQLite file, or of a server elsewhere, does not hang on where the
    stories are told.
    """
    return re.sub(r'^\[storage\]\nurl = ".*"\n\n', "", stage.config.read_text(encoding="utf-8"))


async def looked(stage: Stage, **changed: str) -> list[Finding]:
    environ = {**company.ENVIRONMENT, **changed}
    return [finding async for finding in examination.examined(stage.config, environ)]


async def ills(stage: Stage, **changed: str) -> dict[str, dict[str, str]]:
    """What is not well, with its facts, the demo's lack of backups left out."""
    found = await looked(stage, **changed)
    return {f.key: dict(f.facts) for f in found if f.level is not Level.OK and f.key != "backup_none"}


@pytest.mark.both
async def test_a_healthy_desk_is_called_healthy(stage: Stage, where: Path | str) -> None:
    assert await ills(stage) == {}
    found = {finding.key for finding in await looked(stage)}
    assert {
        "slack_socket",
        "slack_channel",
        "slack_group",
        "discord_intent",
        "discord_channel",
        "discord_role",
    } <= found
    assert {"config", "disk", "database", "clock", "discord_commands"} <= found
    servers = {"database_version", "database_clock", "database_connections", "database_instances"}
    assert found & servers == (servers if isinstance(where, str) else set())


async def test_commands_that_are_not_registered_yet(idle_stage: Stage) -> None:
    assert "ticket" in (await ills(idle_stage))["discord_commands"]["names"].split(", ")


async def test_places_that_hear_of_broken_promises_are_looked_at(idle_stage: Stage) -> None:
    config = idle_stage.config.read_text(encoding="utf-8")
    more = '[[service_levels]]\nresolution = "8h"\ntell = ["slack:C0NOWHERE", "discord:999"]\n'
    idle_stage.config.write_text(config + more, encoding="utf-8")
    ill = await ills(idle_stage)
    assert (ill["slack_channel"]["channel"], ill["discord_channel"]["channel"]) == ("C0NOWHERE", "999")


async def test_a_country_that_is_none_is_named_with_its_line(idle_stage: Stage) -> None:
    config = idle_stage.config.read_text(encoding="utf-8")
    idle_stage.config.write_text(config + '[hours]\nmon = ["9:00-17:00"]\nholidays = "XX"\n', encoding="utf-8")
    error = (await ills(idle_stage))["config"]["error"]
    assert "line" in error
    assert "no such country: 'XX'" in error


async def test_postgresql_that_is_away(idle_stage: Stage) -> None:
    config = without_database(idle_stage)
    storage = '[storage]\nurl = "postgresql+psycopg://desk@127.0.0.1:9/desk"\n'
    idle_stage.config.write_text(config + storage, encoding="utf-8")
    ill = await ills(idle_stage, HELPTHREAD_DATABASE_PASSWORD="s3cret")
    assert ill["database_away"]["path"] == "postgresql+psycopg://desk:***@127.0.0.1:9/desk"
    assert "s3cret" not in str(ill)


async def test_slacks_illnesses(idle_stage: Stage) -> None:
    slack = idle_stage.slack_sandbox.app
    assert (await ills(idle_stage, SLACK_BOT_TOKEN="xoxb-other"))["slack_token"]["error"] == "invalid_auth"
    assert (await ills(idle_stage, SLACK_APP_TOKEN="xapp-other"))["slack_socket"]["variable"] == "SLACK_APP_TOKEN"
    slack.workspace.channels[company.HR_DESK].archived = True
    assert (await ills(idle_stage))["slack_archived"] == {"channel": "hr-desk"}
    slack.workspace.channels[company.HR_DESK].members.discard(company.SLACK_BOT)
    assert (await ills(idle_stage))["slack_channel"]["channel"] == company.HR_DESK  # private: it cannot be seen at all
    slack.workspace.groups["S0AGENTS"]["users"] = []
    assert (await ills(idle_stage))["slack_empty_group"] == {"group": "support"}
    del slack.workspace.groups["S0AGENTS"]
    assert (await ills(idle_stage))["slack_group"] == {"id": "S0AGENTS"}
    slack.scopes.discard("files:write")
    assert (await ills(idle_stage))["slack_scope"]["scope"] == "files:write"


async def test_discords_illnesses(idle_stage: Stage) -> None:
    discord = idle_stage.discord_sandbox
    assert "discord_token" in await ills(idle_stage, DISCORD_TOKEN="other")
    discord.setup.privileged_intents = False
    found = await looked(idle_stage)
    off = {finding.facts["intent"] for finding in found if finding.key == "discord_intent"}
    assert off == {"Message Content Intent", "Server Members Intent"}
    discord.setup.privileged_intents = True
    own = next(e for e in discord.guild.channels[company.IT_DESK].overwrites if e["id"] == company.DISCORD_BOT)
    own |= {"allow": str(int(own["allow"]) & ~ATTACH_FILES), "deny": str(ATTACH_FILES)}
    missing = {"channel": "it-desk", "permissions": "attach_files"}
    assert (await ills(idle_stage))["discord_permission"] == missing
    own |= {"allow": "0", "deny": str(VIEW_CHANNEL)}
    assert (await ills(idle_stage))["discord_channel"] == {"channel": company.IT_DESK}
    discord.guild.channels[company.HELP].type = 15
    assert (await ills(idle_stage))["discord_kind"] == {"channel": "help"}
    discord.guild.channels[company.IT_DESK].gone = True
    assert (await ills(idle_stage))["discord_channel"] == {"channel": company.IT_DESK}
    discord.guild.roles.pop(company.AGENTS_ROLE)
    assert (await ills(idle_stage))["discord_role"] == {"id": company.AGENTS_ROLE}
    config = idle_stage.config.read_text(encoding="utf-8").replace(f'guild = "{company.GUILD}"', 'guild = "12345"')
    idle_stage.config.write_text(config, encoding="utf-8")
    assert (await ills(idle_stage))["discord_guild"] == {"guild": "12345"}


async def test_every_workspace_is_looked_at(idle_stage: Stage) -> None:
    config = idle_stage.config.read_text(encoding="utf-8")
    more = f"""
[[workspaces]]
id = "paris"
api_url = "{idle_stage.slack_sandbox.url}"
bot_token_env = "PARIS_BOT"
app_token_env = "PARIS_APP"
"""
    idle_stage.config.write_text(config + more, encoding="utf-8")
    missing = {finding.facts["variable"] for finding in await looked(idle_stage) if finding.key == "secret"}
    assert missing == {"PARIS_BOT", "PARIS_APP"}
    ill = await ills(idle_stage, PARIS_BOT="xoxb-other", PARIS_APP=company.ENVIRONMENT["SLACK_APP_TOKEN"])
    assert ill["slack_token"]["variable"] == "PARIS_BOT"


async def test_a_network_that_is_away_is_told(idle_stage: Stage) -> None:
    config = idle_stage.config.read_text(encoding="utf-8")
    for url in (idle_stage.slack_sandbox.url, idle_stage.discord_sandbox.api_url):
        config = config.replace(url, "http://127.0.0.1:9/api/")
    idle_stage.config.write_text(config, encoding="utf-8")
    assert {"slack_unreachable", "discord_unreachable"} <= set(await ills(idle_stage))


async def test_config_secrets_and_database(idle_stage: Stage) -> None:
    assert (await ills(idle_stage, DISCORD_TOKEN=" "))["secret"] == {"variable": "DISCORD_TOKEN"}
    idle_stage.config.write_text(without_database(idle_stage), encoding="utf-8")
    database = idle_stage.config.parent / "var" / "desk.sqlite3"
    await open_storage(database).close()
    content = bytearray(database.read_bytes())
    content[4096:8192] = b"\xff" * 4096
    database.write_bytes(content)
    assert "database" in await ills(idle_stage)
    idle_stage.config.write_text("[desk]\nnaem = 1", encoding="utf-8")
    assert list(await ills(idle_stage)) == ["config"]


async def test_people_and_machines_are_told(
    idle_stage: Stage, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (*company.ENVIRONMENT.items(), ("LANG", "fr_FR.UTF-8")):
        monkeypatch.setenv(name, value)
    assert await told(idle_stage.config) == 0  # no backup is a warning
    assert "Aucune destination de sauvegarde" in capsys.readouterr().out
    monkeypatch.setenv("DISCORD_TOKEN", "other")
    assert await told(idle_stage.config, as_json=True) == 1
    listed = json.loads(capsys.readouterr().out)
    (ill,) = [entry for entry in listed if entry["level"] == "problem"]
    assert ill["check"] == "discord_token"
    assert "Reset Token" in ill["fix"]


def test_every_finding_is_worded() -> None:
    known = {key.removeprefix("doctor.") for key in sentences("en") if key.startswith("doctor.")}
    for network in ("slack", "discord"):
        text = (ROOT / "adapters" / network / "examination.py").read_text(encoding="utf-8")
        assert {f"{network}_{key}.ok" for key in re.findall(r'_ok\("(\w+)"', text)} <= known
        for key in re.findall(r'_problem\("(\w+)"', text):
            assert {f"{network}_{key}.{name}" for name in ("what", "why", "fix")} <= known
    text = (ROOT / "bot" / "examination.py").read_text(encoding="utf-8")
    keys = re.findall(r'Finding\("\w+", "(\w+)"', text)
    assert "backup_unproven" in keys
    assert {key.partition(".")[0] for key in known} >= set(keys)


def test_a_findings_sentences_are_filled() -> None:
    plain = as_plain(Finding("disk", "disk", Level.WARNING, {"free": "1.5", "folder": "var"}), Library("en").of("en"))
    assert plain["what"] == "Only 1.5 GB are free where var is."
    assert set(plain) == {"area", "check", "level", "what", "why", "fix"}
