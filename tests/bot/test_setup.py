"""Setting up against both stand-ins: the walk writes what the desk reads, and the doctor finds it well."""

from __future__ import annotations

import asyncio
import io
import json
import os
import re
import stat
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest
from rich.console import Console

from adapters.discord.config import PERMISSIONS
from adapters.slack.config import EVENTS, SCOPES
from adapters.slack.manifest import link
from bot.cli import wishes
from bot.cli.manifests import made_manifest
from bot.cli.questions import Questions
from bot.commands import CALLED, SHORTCUTS
from bot.config import ConfigError, load, secrets
from bot.demo import stage as company
from bot.words import Library
from tests.bot.terminal import typed

if TYPE_CHECKING:
    from tests.bot.conftest import Stage

ROOT = Path(__file__).parents[2]
TOKENS = [company.ENVIRONMENT["SLACK_BOT_TOKEN"], company.ENVIRONMENT["SLACK_APP_TOKEN"]]
ANSWERS = [
    "Northwind support", "fr", "Paris", "Europe/Paris", "IT, Human resources", "Laptop, Payroll, Écran",
    "weekdays", "mon-thu 9:00-12:30 13:30-17:00, fri 9:00-12:30", "Narnia", "fr", "",
    "y", *TOKENS, "", "hr-desk", "@support", "support-admins",
    "y", "wrong-token", company.ENVIRONMENT["DISCORD_TOKEN"], "1", "nowhere", "help", "#it-desk", "", "IT team", "",
    "gopher://there", "{copies}", "tomorrow", "every 6h", "",
]  # fmt: skip


def surroundings(**environ: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name not in company.ENVIRONMENT}
    return {**kept, "PYTHONPATH": str(ROOT), "LANG": "en_GB.UTF-8", "COLUMNS": "200", **environ}


async def helpthread(*arguments: str, cwd: Path, lines: str = "", **environ: str) -> tuple[int, str, str]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot", *arguments, cwd=cwd, env=surroundings(**environ),
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, err = await process.communicate(lines.encode())
    return process.returncode or 0, out.decode(), err.decode()


async def test_the_walk_writes_a_desk_that_is_well(idle_stage: Stage, tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    urls = ["--slack-url", idle_stage.slack_sandbox.url, "--discord-url", idle_stage.discord_sandbox.api_url]
    command = (sys.executable, "-m", "bot", "setup", *urls)
    answers = [answer.format(copies=tmp_path / "copies") for answer in ANSWERS]
    status, out = await typed(command, answers, cwd=home, environ=surroundings(TERM="dumb"))
    assert status == 0, out
    assert "Discord refuses the token" in out  # the first one typed
    assert not any(token in out for token in (*TOKENS, "wrong-token", company.ENVIRONMENT["DISCORD_TOKEN"]))
    assert "The bot may do all it needs in #it-desk." in out  # the doctor's word at the end

    config = load(home / "config.toml")
    assert (config.desk.name, config.desk.language, config.desk.timezone) == ("Northwind support", "fr", "Europe/Paris")
    assert [(department.id, department.name, department.places) for department in config.departments] == [
        ("it", "IT", [f"discord:{company.IT_DESK}"]),
        ("human-resources", "Human resources", [f"slack:{company.HR_DESK}"]),
    ]
    assert [product.id for product in config.products] == ["laptop", "payroll", "ecran"]
    assert config.hours is not None
    assert (config.hours.mon, config.hours.fri, config.hours.sat) == (["9:00-12:30", "13:30-17:00"], ["9:00-12:30"], [])
    assert config.hours.holidays == "FR"
    copies = config.backup.destinations[0]
    assert (copies.address, copies.schedule) == (f"file://{tmp_path / 'copies'}", "every 6h")
    assert config.people.agents == {"slack": ["S0AGENTS"], "discord": [company.AGENTS_ROLE]}
    assert config.people.admins == {"slack": ["S0ADMINS"]}
    assert config.discord is not None
    assert (config.discord.guild, config.discord.help_channel) == (company.GUILD, company.HELP)
    written = (home / "config.toml").read_text(encoding="utf-8")
    assert "xoxb" not in written
    assert all(f"\n{header}" in written for header in ("[desk]", "[people]", "[slack]", "[discord]", "[[departments]]"))
    assert sum(line.startswith("#") or " # " in line for line in written.splitlines()) >= 10  # it says what is what
    env = home / ".env"
    assert stat.S_IMODE(env.stat().st_mode) == 0o600
    assert (made := secrets.read(env)["HELPTHREAD_BACKUP_PASSPHRASE"]) in out  # it was made, and shown this once
    assert len(made) > 20
    assert secrets.read(env)["DISCORD_TOKEN"] == company.ENVIRONMENT["DISCORD_TOKEN"]
    assert (await helpthread("doctor", cwd=home))[0] == 0  # the secrets are taken from the file

    # A second walk asks first, and an end in the middle changes nothing.
    before = (home / "config.toml").read_bytes()
    assert (await helpthread("setup", cwd=home, lines="\n"))[0] == 1
    status, _, err = await helpthread("setup", *urls, cwd=home, lines="y\nOther\n")
    assert (status, "nothing was changed" in err) == (2, True)
    assert (home / "config.toml").read_bytes() == before


async def test_slacks_part_alone_can_be_piped(tmp_path: Path) -> None:
    status, out, err = await helpthread("setup", "slack", "--name", "Aide", cwd=tmp_path, LANG="fr_FR.UTF-8")
    made = json.loads(out)
    assert status == 0
    assert made["display_information"]["name"] == "Aide"
    assert "Ouvrir un ticket" in json.dumps(made, ensure_ascii=False)
    assert "api.slack.com/apps" in err


async def test_discords_part_alone_is_a_link(tmp_path: Path) -> None:
    status, out, err = await helpthread("setup", "discord", "1234", cwd=tmp_path)
    query = parse_qs(urlsplit(out.strip()).query)
    assert status == 0
    assert query["client_id"] == ["1234"]
    assert query["scope"] == ["bot applications.commands"]
    assert all(name in err for name in PERMISSIONS)


def test_the_manifest_is_made_from_the_commands_themselves() -> None:
    made = made_manifest("Helpthread", "en")
    assert {entry["command"] for entry in made["features"]["slash_commands"]} == {f"/{name}" for name in CALLED}
    assert {entry["callback_id"] for entry in made["features"]["shortcuts"]} == set(SHORTCUTS)
    assert set(made["oauth_config"]["scopes"]["bot"]) == set(SCOPES)
    assert set(made["settings"]["event_subscriptions"]["bot_events"]) == set(EVENTS)
    assert made["settings"]["socket_mode_enabled"] is True
    assert json.loads(parse_qs(urlsplit(link(made)).query)["manifest_json"][0]) == made


@pytest.mark.parametrize("language", ("en", "fr"))
def test_the_manifest_keeps_slacks_limits(language: str) -> None:
    made: dict[str, Any] = made_manifest(
        "A desk whose name is much longer than what Slack lets an app be called", language
    )
    assert len(made["display_information"]["name"]) <= 35
    assert all(len(entry["name"]) <= 24 for entry in made["features"]["shortcuts"])


async def test_the_manifest_of_an_app_that_others_install_says_where_they_come_back(tmp_path: Path) -> None:
    text = (ROOT / "config.toml").read_text(encoding="utf-8")
    text = re.sub(r'(?m)^# (\[slack\.oauth\]|client_id = |url = "https://desk)', r"\1", text)
    (tmp_path / "config.toml").write_text(text.replace('listen = ""  ', 'listen = "127.0.0.1:1"', 1), encoding="utf-8")
    for arguments, outside in (
        ((), "https://desk.example.com"),
        (("--oauth", "https://a.example/"), "https://a.example"),
    ):
        status, out, err = await helpthread("setup", "slack", *arguments, cwd=tmp_path)
        assert status == 0, err
        assert json.loads(out)["oauth_config"]["redirect_urls"] == [f"{outside}/slack/oauth_redirect"]
        assert f"{outside}/slack/install" in err


def test_over_http_every_address_is_the_desks() -> None:
    made = made_manifest("Helpthread", "en", "https://desk.example/slack/events")
    assert made["settings"]["socket_mode_enabled"] is False
    assert made["settings"]["interactivity"]["message_menu_options_url"] == "https://desk.example/slack/events"
    assert {entry["url"] for entry in made["features"]["slash_commands"]} == {"https://desk.example/slack/events"}


def test_a_database_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """PostgreSQL's address as people know it; its password is no part of config.toml."""
    answers = ["mysql://there", "postgres://desk:pw@there/desk", "postgres://desk@there/desk", "s3cret"]
    monkeypatch.setattr(sys, "stdin", io.StringIO("\n".join(answers) + "\n"))
    monkeypatch.delenv("HELPTHREAD_DATABASE_PASSWORD", raising=False)
    shown, kept = io.StringIO(), dict[str, str]()
    questions = Questions(Console(file=shown, width=200), Library("en").of("en"))
    assert wishes.database(questions, kept) == "postgresql+psycopg://desk@there/desk"
    assert kept == {"HELPTHREAD_DATABASE_PASSWORD": "s3cret"}
    assert shown.getvalue().count("That cannot be") == 2
    monkeypatch.setenv(wishes.DATABASE, "postgresql+psycopg://helpthread@database/helpthread")  # as in the compose file
    monkeypatch.setenv("HELPTHREAD_DATABASE_PASSWORD", "theirs")
    monkeypatch.setattr(sys, "stdin", io.StringIO("\n"))
    assert wishes.database(questions, kept) == "postgresql+psycopg://helpthread@database/helpthread"


@pytest.mark.parametrize(
    ("typed", "week"),
    (
        ("mon-fri 9:00-17:00", {day: ["9:00-17:00"] for day in ("mon", "tue", "wed", "thu", "fri")}),
        (
            "Lun-Mar 9h00-12h30, sam. 10:00-12:00",
            {day: ["9:00-12:30"] for day in ("mon", "tue")} | {"sat": ["10:00-12:00"]},
        ),
        ("mon wed 8:00-9:00 10:00-11:00", {"mon": ["8:00-9:00", "10:00-11:00"], "wed": ["8:00-9:00", "10:00-11:00"]}),
    ),
)
def test_hours_as_people_type_them(typed: str, week: dict[str, list[str]]) -> None:
    assert wishes.spans(typed) == week


@pytest.mark.parametrize("typed", ("", "9:00-17:00", "mon", "fri-mon 9:00-17:00", "someday 9:00-17:00"))
def test_hours_that_are_none_are_asked_for_again(typed: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        wishes.spans(typed)


def test_every_name_has_an_id_of_its_own() -> None:
    names = wishes.named("IT, it, Ressources humaines, 支援, , " + "x" * 70)
    ids = [id_ for id_, _ in names]
    assert ids == ["it", "it-2", "ressources-humaines", "n4", "x" * 40]
    assert names[-1][1] == "x" * 60


def test_secrets_that_others_can_read_are_refused(tmp_path: Path) -> None:
    env = tmp_path / ".env"
    env.write_text("# a comment\nexport A='quoted'\nB=plain words\n\n", encoding="utf-8")
    env.chmod(0o644)
    environ = {"B": "set already"}
    with pytest.raises(ConfigError, match="chmod 600"):
        secrets.take(tmp_path / "config.toml", environ)
    env.chmod(0o600)
    secrets.take(tmp_path / "config.toml", environ)
    assert environ == {"A": "quoted", "B": "set already"}
    env.write_text("nonsense\n", encoding="utf-8")
    with pytest.raises(ConfigError, match="line 1"):
        secrets.take(tmp_path / "config.toml", environ)


def test_a_secret_written_again_keeps_the_others(tmp_path: Path) -> None:
    env = tmp_path / ".env"
    secrets.write(env, {"A": "1", "B": "2"})
    secrets.write(env, {"B": "3"})
    assert secrets.read(env) == {"A": "1", "B": "3"}
    assert stat.S_IMODE(env.stat().st_mode) == 0o600
