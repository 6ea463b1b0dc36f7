"""A desk that starts loads what it needs, and nothing for later: held by what is loaded, not by the clock."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from bot import cli
from bot.__main__ import parser

ROOT = Path(__file__).parents[2]
SLACK, DISCORD = {"slack_bolt", "slack_sdk"}, {"discord"}
# Each with what it is for: whoever asks for that loads it then.
LATER = {
    "alembic",  # a database that has to be brought forward
    "matplotlib", "numpy", "PIL",  # pictures of /stats, in a process of their own
    "xlsxwriter",  # spreadsheets
    "dateparser", "regex",  # days as people type them
    "holidays", "dateutil",  # hours with public holidays
    "jinja2",  # transcripts
    "emoji",  # the first emoji's name on Slack
    "rich", "pygments",  # the terminal
    "shtab",  # completion
    "pyrage", "pydrive2", "googleapiclient", "httplib2", "oauth2client",  # backups, to Google Drive
    "fsspec", "s3fs", "aiobotocore", "botocore", "sshfs", "asyncssh", "cryptography",  # backups elsewhere
    "psycopg",  # PostgreSQL
    "sandbox", "moto", "hypothesis", "playwright",  # the demo and the tests
}  # fmt: skip
OPENED = """
import asyncio, json, sys
from pathlib import Path
import bot.__main__
from bot.config import secrets
from bot.app import open_desk
from bot.config import load
secrets.take(Path(sys.argv[1]), {})
async def opened():
    environ = {name: "x" for name in ("SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "DISCORD_TOKEN")}
    desk = open_desk(load(Path(sys.argv[1])), environ, Path(sys.argv[1]))
    await desk.house.storage.close()
asyncio.run(opened())
print(json.dumps(sorted(sys.modules)))
"""
HELPED = """
import json, sys
from bot.__main__ import main
try:
    main(["--help"])
except SystemExit:
    print(json.dumps(sorted(sys.modules)))
"""
NETWORKS = {"slack": "[slack]\n", "discord": '[discord]\nguild = "1"\nhelp_channel = "2"\n'}
CATALOGUE = """
[[products]]
id = "laptop"
name = "Laptop"
[[departments]]
id = "it"
name = "IT"
places = ["{network}:C1"]
[[priorities]]
id = "normal"
name = "Normal"
emoji = "🔵"
colour = "#36c5f0"
default = true
"""


def _loaded(program: str, *arguments: str) -> set[str]:
    """The packages of everything that the program has loaded."""
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return {name.partition(".")[0] for name in json.loads(done.stdout.splitlines()[-1])}


@pytest.mark.parametrize(
    ("networks", "never"), ((("slack",), DISCORD), (("discord",), SLACK), (("slack", "discord"), set()))
)
def test_a_desk_that_starts_loads_nothing_for_later(tmp_path: Path, networks: tuple[str, ...], never: set[str]) -> None:
    config = tmp_path / "config.toml"
    text = f'[desk]\ndata = "{tmp_path}"\n' + "".join(NETWORKS[name] for name in networks)
    text += CATALOGUE.format(network=networks[0])
    config.write_text(text, encoding="utf-8")
    # The database is there and of this schema, as at every start but the first.
    opened = _loaded(OPENED, str(config)) and _loaded(OPENED, str(config))
    assert opened & (LATER | never) == set()
    assert {"aiohttp", "sqlalchemy", "pydantic", "bot", "desk"} <= opened  # it is the desk that was looked at


def test_help_loads_next_to_nothing() -> None:
    """Help is there at once: neither config's classes nor the database nor a network's SDK."""
    helped = _loaded(HELPED)
    assert helped & (LATER | SLACK | DISCORD | {"pydantic", "sqlalchemy", "aiohttp", "babel", "desk"}) == set()


@pytest.mark.parametrize("name", cli.VERBS)
def test_the_quick_help_says_what_each_verb_says_of_itself(name: str) -> None:
    """What --help shows of a verb that is not loaded is what the loaded one says."""
    quick, loaded = parser(()).format_help(), parser((name,)).format_help()
    assert quick == loaded
