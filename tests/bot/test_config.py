"""Mistakes in config.toml and the environment: one line that names the key and the fix, exit 2."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bot.__main__ import main
from bot.config import Config, ConfigError, load, reading, secret
from bot.config.lines import line_of
from desk.model import PlaceRef, Role, Status

if TYPE_CHECKING:
    from pydantic import BaseModel

ROOT = Path(__file__).parents[2]
SAMPLE = (ROOT / "config.toml").read_text(encoding="utf-8")


def mistake(tmp_path: Path, text: str) -> str:
    path = tmp_path / "config.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load(path)
    return str(caught.value)


def test_the_sample_is_a_config_that_works() -> None:
    config = load(ROOT / "config.toml")
    catalogue = config.catalogue()
    assert catalogue.default_priority == "normal"
    assert catalogue.departments[0].places == (PlaceRef("discord", "444444444444444444"),)
    assert catalogue.departments[0].name("fr-CA") == "Informatique"
    assert catalogue.stands_for("supplier") is Status.ON_HOLD
    assert [extra.id for extra in catalogue.departments[0].fields] == ["building"]
    assert config.access().role("slack", frozenset({"U0123ADMIN"})) is Role.ADMIN
    assert config.database == ROOT / "var" / "desk.sqlite3"


def models(model: type[BaseModel]) -> list[type[BaseModel]]:
    sections = [reading._model_of(model, name) for name in model.model_fields]
    return [model, *(inner for section in sections if section for inner in models(section))]


@pytest.mark.parametrize("model", models(Config), ids=lambda model: model.__name__)
def test_every_key_stands_in_the_sample_with_a_word_on_it(model: type[BaseModel]) -> None:
    for name in model.model_fields:
        assert re.search(rf"(^|[\s\[.]){name}(\s*=|\])", SAMPLE, re.MULTILINE), f"{name} is not in config.toml"


@pytest.mark.parametrize(
    ("change", "words"),
    (
        (("language = ", "langage = "), "unknown key 'desk.langage': did you mean 'language'?"),
        (("[storage]", "[stroage]"), "unknown key 'stroage': did you mean 'storage'?"),
        (('guild = "222222222222222222"', ""), "'discord.guild' is missing; add it"),
        (("sqlite:///{data}/", "mysql://desk/"), "'storage.url': it begins with"),
        (("sqlite:///{data}/", "postgresql+psycopg://desk:secret@db/"), "'storage.url': no secret stands here"),
        (('language = "en"            #', 'language = "tlh" #'), "'desk.language': no such language: choose one of"),
        (('timezone = "UTC"', 'timezone = "Mars/Crater"'), "'desk.timezone': no such time zone: 'Mars/Crater'"),
        (('["discord:444444444444444444"]', '["irc:help"]'), 'a place is written "slack:CHANNEL_ID"'),
        (('["discord:444444444444444444"]', "[]"), "'departments.0.places'"),
        (('products = ["intranet", "laptop"]', 'products = ["fax"]'), "departments 'it': no product 'fax'"),
        (('id = "laptop"', 'id = "intranet"'), "products: the id 'intranet' stands twice"),
        (("#2eb67d", "green"), "'priorities.0.colour'"),
        (('stands_for = "on_hold" ', 'stands_for = "parked" '), "'statuses.0.stands_for'"),
        (('id = "supplier"', 'id = "closed"'), "statuses 'closed': it can only stand for itself"),
        (('kind = "choice" ', 'kind = "text" '), "field 'building' has `choices`, but its kind is 'text'"),
        (("{client}, please", "{customer}, please"), "no placeholder {customer}; there are {client}, {agent}"),
        (('departments = ["it"]', 'departments = ["ti"]'), "canned_replies 'restart': no department 'ti'"),
        (("agents = { discord", "agents = { irc"), "departments 'it': agents on 'irc' need a [irc] table"),
        (('id = "north", name', 'id = "south", name'), "field 'building': choices: the id 'south' stands twice"),
        (('name = "Helpthread"', "name = [1"), "not TOML"),
    ),
)  # fmt: skip
def test_a_mistake_is_one_line_that_names_the_key(tmp_path: Path, change: tuple[str, str], words: str) -> None:
    assert change[0] in SAMPLE
    told = mistake(tmp_path, SAMPLE.replace(*change))
    assert words in told
    assert "\n" not in told


@pytest.mark.parametrize(
    ("change", "key"),
    (
        (('guild = "222', 'guidl = "222'), "guidl"),
        (('colour = "#e01e5a"', 'colour = "red"'), 'colour = "red"'),
        (('id = "laptop"', 'id = "intranet"'), 'name = { en = "Laptop"'),
        (('products = ["intranet", "laptop"]', 'products = ["fax"]'), "fax"),
        (("{client}, please", "{customer}, please"), "{customer}"),
        (('kind = "choice" ', 'kind = "colour" '), 'kind = "colour"'),
        (('id = "vip"', 'id = "V I P"'), "V I P"),
        (('name = "VIP"\n', ""), 'emoji = "⭐"'),
    ),
)  # fmt: skip
def test_a_mistake_names_its_line(tmp_path: Path, change: tuple[str, str], key: str) -> None:
    assert change[0] in SAMPLE
    text = SAMPLE.replace(*change)
    told = re.search(r"config\.toml, line (\d+): ", mistake(tmp_path, text))
    assert told
    there = text.splitlines()[max(0, int(told[1]) - 2) : int(told[1]) + 2]
    assert any(key in line for line in there)


def test_lines_are_found_in_every_shape_of_toml() -> None:
    text = '''[a]
b.c = 1
d = """
e = not a key
[[f]]
"""
[[f]]
g = [
  1,
]
[[f]]
"h" = 2
[[f.i]]
j = 3
[[f.i]]
j = 4
'''
    assert line_of(text, ("a", "b", "c")) == 2
    assert line_of(text, ("a", "e")) == 1
    assert line_of(text, ("f", 0, "g", 1)) == 8
    assert line_of(text, ("f", 1, "h")) == 12
    assert line_of(text, ("f", 1, "i", 1, "j")) == 16
    assert line_of(text, ("nowhere",)) is None


def test_a_confidential_department_names_its_agents(tmp_path: Path) -> None:
    secret_one = SAMPLE.replace("confidential = false", "confidential = true")
    open_to_all = re.sub(r"^agents = \{ discord = .*$", "", secret_one, flags=re.MULTILINE)
    assert "departments 'it': a confidential department names its agents" in mistake(tmp_path, open_to_all)


def test_a_place_on_a_network_that_is_not_configured_is_a_mistake(tmp_path: Path) -> None:
    without = re.sub(r"\[discord\].*?(?=# What tickets)", "", SAMPLE, flags=re.DOTALL)
    assert "needs a [discord] table" in mistake(tmp_path, without)


def test_a_desk_without_a_network_is_a_mistake(tmp_path: Path) -> None:
    without = re.sub(r"\[slack\].*?(?=# What tickets)", "", SAMPLE, flags=re.DOTALL)
    assert "a desk needs a network" in mistake(tmp_path, without)


def test_a_missing_token_names_the_variable_and_where_to_find_it() -> None:
    with pytest.raises(ConfigError, match=r"^DISCORD_TOKEN is not set: \[discord\] needs it; it stands at"):
        secret({"DISCORD_TOKEN": "  "}, "DISCORD_TOKEN", "[discord]", "it stands at …")


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("SLACK_", "DISCORD_"))}
    command = [sys.executable, "-m", "bot", *arguments]
    return subprocess.run(
        command, cwd=ROOT, env=kept | environment, capture_output=True, text=True, check=False, timeout=60
    )


def test_the_command_ends_with_2_and_one_line(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text(SAMPLE.replace("data =", "date ="), encoding="utf-8")
    wrong = run("--config", str(path))
    assert wrong.returncode == 2
    assert wrong.stderr.splitlines() == [f"helpthread: {path}, line 8: unknown key 'desk.date': did you mean 'data'?"]
    path.write_text(SAMPLE, encoding="utf-8")
    untold = run("--config", str(path))
    assert untold.returncode == 2
    assert untold.stderr.startswith("helpthread: SLACK_BOT_TOKEN is not set: [slack] needs it")
    assert len(untold.stderr.splitlines()) == 1
    missing = run("--config", str(tmp_path / "nowhere.toml"))
    assert missing.returncode == 2
    assert "there is no such file" in missing.stderr


def test_a_fault_of_our_own_is_one_line_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def faulty(_: Path) -> None:
        raise ZeroDivisionError("oh")

    monkeypatch.setattr("bot.config.load", faulty)
    desk = ["--config", str(tmp_path / "config.toml"), "run"]
    assert main(desk) == 1
    said = capsys.readouterr()
    assert said.err.splitlines()[-1] == "helpthread: a fault of its own, ZeroDivisionError: oh; --debug shows where"
    with pytest.raises(ZeroDivisionError):
        main(["--debug", *desk])


def test_a_database_that_does_not_answer_ends_it_with_1_so_that_it_is_started_again(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    nobody = "postgresql+psycopg://desk@127.0.0.1:9/desk"
    path.write_text(SAMPLE.replace("sqlite:///{data}/desk.sqlite3", nobody), encoding="utf-8")
    tokens = dict.fromkeys(("SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "DISCORD_TOKEN"), "x")
    away = run("--config", str(path), **tokens)
    assert (away.returncode, len(away.stderr.splitlines())) == (1, 1), away.stderr
    assert "does not answer" in away.stderr


@pytest.mark.parametrize(
    ("changed", "named"),
    (
        ('bot_token_env = "B"', "slack-emea: its app_token_env is that of slack"),
        ('app_token_env = "A"', "slack-emea: its bot_token_env is that of slack"),
        ('bot_token_env = "B"\nmode = "http"', "slack-emea: over HTTP an address"),
        ('bot_token_env = "B"\napp_token_env = "A"\npinnned = []', "did you mean 'pinned'"),
    ),
)
def test_each_workspace_has_its_own_app(tmp_path: Path, changed: str, named: str) -> None:
    path = tmp_path / "config.toml"
    path.write_text(f'{SAMPLE}\n[[workspaces]]\nid = "emea"\n{changed}\n', encoding="utf-8")
    with pytest.raises(ConfigError, match=named):
        load(path)


def test_postgresqls_password_comes_from_the_environment_alone() -> None:
    config = load(ROOT / "config.toml")
    section = config.storage.model_copy(
        update={"url": "postgresql+psycopg://desk@db:5433/help", "password_env": "PASSWORD"}
    )
    config = config.model_copy(update={"storage": section})
    assert config.stored_at({}) == "postgresql+psycopg://desk@db:5433/help"
    assert config.stored_at({"PASSWORD": "p@ss/word"}) == "postgresql+psycopg://desk:p%40ss%2Fword@db:5433/help"
    assert "ss/word" not in repr(config)
