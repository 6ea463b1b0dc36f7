"""A first config.toml, with comments, from what somebody chose: small, whole, and read by the desk as it stands."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


@dataclass(slots=True)
class Department:
    """One that looks after tickets, and the channels in which its agents answer: "slack:C…", "discord:…"."""

    id: str
    name: str
    places: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Backups:
    """Where copies go, and when; `credentials_env` names the variable of what the destination asks for."""

    address: str
    schedule: str
    credentials_env: str = ""


@dataclass(slots=True)
class Chosen:
    """What the walk through both networks collects. Ids are the networks' own."""

    name: str = "Helpthread"
    language: str = "en"
    timezone: str = "UTC"
    slack: bool = False
    discord: bool = False
    guild: str = ""
    help_channel: str = ""
    departments: list[Department] = field(default_factory=list)
    products: list[tuple[str, str]] = field(default_factory=list)  # ids and names
    hours: Mapping[str, Sequence[str]] = field(default_factory=dict)  # spans by weekday; none: it never closes
    holidays: str = ""
    database: str = ""  # "" for the SQLite file
    backups: Backups | None = None
    agents: dict[str, list[str]] = field(default_factory=dict)
    admins: dict[str, list[str]] = field(default_factory=dict)
    addresses: dict[str, dict[str, str]] = field(default_factory=dict)  # of stand-ins, by network and key


def text(chosen: Chosen) -> str:
    """config.toml."""
    parts = (_head(chosen), _storage(chosen), _slack(chosen), _discord(chosen), _backups(chosen), _catalogue(chosen))
    return "\n".join(part for part in (*parts, _hours(chosen)) if part)


def _head(chosen: Chosen) -> str:
    return f"""\
# Helpthread's configuration, made by `helpthread setup`. docs/config.md has every key, with what it is for.
# Secrets never stand here: they are in the .env beside this file. After a change: helpthread doctor

[desk]
name = {_said(chosen.name)}   # what people call your desk
language = {_said(chosen.language)}   # for people whose own language Helpthread does not speak
timezone = {_said(chosen.timezone)}   # of the dates on cards
data = "var"   # folder of the database and the attachments, relative to this file

# Who may do what: ids of accounts, of Slack user groups or of Discord roles. Everybody else is a client.
[people]
agents = {_table(chosen.agents)}
admins = {_table(chosen.admins)}   # they may do all that agents may, in every department
"""


def _slack(chosen: Chosen) -> str:
    return f"[slack]   # tokens: SLACK_BOT_TOKEN and SLACK_APP_TOKEN\n{_addresses(chosen, 'slack')}" * chosen.slack


def _discord(chosen: Chosen) -> str:
    if not chosen.discord:
        return ""
    return f"""\
[discord]   # token: DISCORD_TOKEN
guild = {_said(chosen.guild)}   # id of your server
help_channel = {_said(chosen.help_channel)}   # text channel in which clients' private threads are opened
{_addresses(chosen, "discord")}"""


def _addresses(chosen: Chosen, network: str) -> str:
    there = chosen.addresses.get(network, {})
    return "".join(f"{key} = {_said(value)}\n" for key, value in there.items())


def _catalogue(chosen: Chosen) -> str:
    french = chosen.language == "fr"
    low, normal, urgent = ("Basse", "Normale", "Urgente") if french else ("Low", "Normal", "Urgent")
    return f"""\
# What tickets are about. Ids are short and stay; names can change. From here on the file is read again when it changes.
{_products(chosen)}
{_departments(chosen)}
# From the least to the most pressing.
[[priorities]]
id = "low"
name = {_said(low)}
emoji = "🟢"
colour = "#2eb67d"

[[priorities]]
id = "normal"
name = {_said(normal)}
emoji = "🔵"
colour = "#36c5f0"
default = true

[[priorities]]
id = "urgent"
name = {_said(urgent)}
emoji = "🔴"
colour = "#e01e5a"
"""


def _storage(chosen: Chosen) -> str:
    if not chosen.database:
        return ""
    return f"[storage]\nurl = {_said(chosen.database)}   # its password: HELPTHREAD_DATABASE_PASSWORD\n"


def _backups(chosen: Chosen) -> str:
    made = chosen.backups
    if made is None:
        return """\
# Copies of the desk: without one, every ticket dies with this disk. Uncomment, then: helpthread backup now
# [[backup.destinations]]
# id = "first"
# address = "file:///srv/backups/helpthread"
# schedule = "30 3 * * *"
"""
    secret = f"credentials_env = {_said(made.credentials_env)}\n" if made.credentials_env else ""
    return f"""\
# Copies of the desk, encrypted by the passphrase HELPTHREAD_BACKUP_PASSPHRASE: keep it somewhere else, too.
[[backup.destinations]]
id = "first"
address = {_said(made.address)}
schedule = {_said(made.schedule)}   # cron's five fields, or "every 6h"
keep = {{ last = 7, daily = 14, weekly = 8, monthly = 12 }}
{secret}"""


def _products(chosen: Chosen) -> str:
    return "\n".join(f"[[products]]\nid = {_said(id_)}\nname = {_said(name)}\n" for id_, name in chosen.products)


def _departments(chosen: Chosen) -> str:
    return "\n".join(
        f"[[departments]]\nid = {_said(department.id)}\nname = {_said(department.name)}\n"
        f"places = {json.dumps(department.places)}   # where its agents answer\n"
        for department in chosen.departments
    )


def _hours(chosen: Chosen) -> str:
    if not chosen.hours:
        return ""
    days = "".join(f"{day} = {json.dumps(spans)}\n" for day, spans in chosen.hours.items())
    holidays = f"holidays = {_said(chosen.holidays)}   # of this country\n" if chosen.holidays else ""
    return (
        f"# When the desk works: response times and service levels count these hours only.\n[hours]\n{days}{holidays}"
    )


def _said(value: str) -> str:
    """A TOML string: JSON's is one."""
    return json.dumps(value, ensure_ascii=False)


def _table(ids: dict[str, list[str]]) -> str:
    inner = ", ".join(f"{network} = {json.dumps(named)}" for network, named in ids.items() if named)
    return f"{{ {inner} }}" if inner else "{}"
