"""The demo's company: who works there, on which network, and the desk's config for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from adapters.slack.config import EVENTS, SCOPES
from bot.commands import commands, menu
from bot.words import Library
from sandbox.discord.permissions import BOT, EVERYONE, VIEW_CHANNEL
from sandbox.discord.setup import DiscordSetup
from sandbox.slack.setup import SlackSetup

if TYPE_CHECKING:
    from adapters.ui import Command

# Slack: Marc sells, Nora counts; Léa and Tom answer for people's questions (#hr-desk); Ada is the admin.
MARC, NORA, LEA, TOM, ADA = "U0MARC", "U0NORA", "U0LEA", "U0TOM", "U0ADA"
SLACK_BOT = "U0BOT"
GENERAL, HR_DESK = "C0GENERAL", "C0HRDESK"
# Discord: Inès and Ben are clients; Léa and Sam are the IT team (#it-desk); Ada is the admin here too; the threads of
# clients open in #help.
INES, BEN, LEA_DISCORD, SAM, ADA_DISCORD = "601", "602", "611", "612", "621"
GUILD, HELP, IT_DESK, AGENTS_ROLE, ADMINS_ROLE, DISCORD_BOT = "100", "201", "202", "301", "302", "900"
DRIVE_FOLDER = "0Bsandbox"

ENVIRONMENT = {
    "SLACK_BOT_TOKEN": "xoxb-sandbox",
    "SLACK_APP_TOKEN": "xapp-sandbox",
    "SLACK_SIGNING_SECRET": "sandbox-signing-secret",
    "DISCORD_TOKEN": "discord-sandbox-token",
}


def slack_setup() -> SlackSetup:
    """The company's Slack workspace, with the app's commands and entries of messages' menus."""
    library = Library("en", "UTC")
    return SlackSetup(
        scopes=tuple(SCOPES),
        events=tuple(EVENTS),
        commands=tuple(f"/{command.name}" for command in commands(library)),
        described={f"/{command.name}": _described(command) for command in commands(library)},
        shortcuts={entry.name: entry.label["en"] for entry in menu(library)},
        team_name="Northwind",
        retry_after=(0.0, 3.0, 10.0),  # Slack's own are 0, 60 and 300 seconds: nobody waits so long for a demo
        users={
            MARC: {"name": "marc", "real_name": "Marc Dubois", "locale": "fr-FR"},
            NORA: {"name": "nora", "real_name": "Nora Weiss", "locale": "en-GB"},
            LEA: {"name": "lea", "real_name": "Léa Martin", "locale": "fr-FR"},
            TOM: {"name": "tom", "real_name": "Tom Baker", "locale": "en-US"},
            ADA: {"name": "ada", "real_name": "Ada Byron", "locale": "en-US"},
        },
        groups={
            "S0AGENTS": {"handle": "support", "users": [LEA, TOM]},
            "S0ADMINS": {"handle": "support-admins", "users": [ADA]},
        },
        channels={
            GENERAL: {"name": "general", "members": [MARC, NORA, LEA, TOM, ADA]},
            HR_DESK: {"name": "hr-desk", "members": [LEA, TOM, ADA, SLACK_BOT], "private": True},
        },
    )


def _described(command: Command) -> str:
    hint = f"[{command.words['en']}] " if command.words else ""
    return hint + command.description["en"]


def discord_setup() -> DiscordSetup:
    """The company's Discord server."""
    hidden = [
        {"id": GUILD, "type": 0, "allow": "0", "deny": str(VIEW_CHANNEL)},
        {"id": AGENTS_ROLE, "type": 0, "allow": str(EVERYONE), "deny": "0"},
        {"id": ADMINS_ROLE, "type": 0, "allow": str(EVERYONE), "deny": "0"},
        {"id": DISCORD_BOT, "type": 1, "allow": str(BOT), "deny": "0"},
    ]
    return DiscordSetup(
        guild_id=GUILD,
        guild_name="Northwind",
        members={
            INES: {"username": "ines", "global_name": "Inès Moreau", "locale": "fr"},
            BEN: {"username": "ben", "global_name": "Ben Carter", "locale": "en-US"},
            LEA_DISCORD: {"username": "lea", "global_name": "Léa Martin", "locale": "fr", "roles": [AGENTS_ROLE]},
            SAM: {"username": "sam", "global_name": "Sam Rivers", "locale": "en-US", "roles": [AGENTS_ROLE]},
            ADA_DISCORD: {"username": "ada", "global_name": "Ada Byron", "locale": "en-US", "roles": [ADMINS_ROLE]},
        },
        roles={AGENTS_ROLE: {"name": "IT team"}, ADMINS_ROLE: {"name": "Desk admins"}},
        channels={
            HELP: {"name": "help"},
            IT_DESK: {"name": "it-desk", "permission_overwrites": hidden},
        },
    )


def config_text(*, slack_url: str, api_url: str, gateway_url: str, cdn_url: str, data: str, language: str) -> str:
    """config.toml of the demo's desk. Addresses are those of the stand-ins."""
    return f"""
[desk]
name = "Northwind support"
language = "{language}"
timezone = "Europe/Paris"
data = "{data}"

[people]
agents = {{ slack = ["S0AGENTS"], discord = ["{AGENTS_ROLE}"] }}
admins = {{ slack = ["S0ADMINS"], discord = ["{ADMINS_ROLE}"] }}

[slack]
api_url = "{slack_url}"

[discord]
api_url = "{api_url}"
gateway_url = "{gateway_url}"
cdn_url = "{cdn_url}"
guild = "{GUILD}"
help_channel = "{HELP}"

[[products]]
id = "intranet"
name = "Intranet"
[[products]]
id = "laptop"
name = {{ en = "Laptop", fr = "Ordinateur portable" }}
[[products]]
id = "payroll"
name = {{ en = "Payroll", fr = "Paie" }}

[[departments]]
id = "it"
name = {{ en = "IT", fr = "Informatique" }}
places = ["discord:{IT_DESK}"]
products = ["intranet", "laptop"]

[[departments]]
id = "hr"
name = {{ en = "Human resources", fr = "Ressources humaines" }}
places = ["slack:{HR_DESK}"]
products = ["payroll"]

[[priorities]]
id = "low"
name = {{ en = "Low", fr = "Basse" }}
emoji = "🟢"
colour = "#2eb67d"
[[priorities]]
id = "normal"
name = {{ en = "Normal", fr = "Normale" }}
emoji = "🔵"
colour = "#36c5f0"
default = true
[[priorities]]
id = "urgent"
name = {{ en = "Urgent", fr = "Urgente" }}
emoji = "🔴"
colour = "#e01e5a"
"""


def more_config(*, drive_url: str) -> str:
    """What the demo's desk has besides: backups to a stand-in's Drive, tags, own words, hours and a promise."""
    return f"""
[[tags]]
id = "vip"
name = "VIP"
emoji = "⭐"
[[tags]]
id = "network"
name = {{ en = "Network", fr = "Réseau" }}

[[statuses]]
id = "supplier"
name = {{ en = "Waiting for a supplier", fr = "Attend un fournisseur" }}
stands_for = "on_hold"
emoji = "📦"

[[canned_replies]]
id = "restart"
name = {{ en = "Have you restarted it?", fr = "Avez-vous redémarré ?" }}
text.en = "Hello {{client}}, please restart your device and tell us whether it still happens."
text.fr = "Bonjour {{client}}, redémarrez votre appareil et dites-nous si cela arrive encore."

[[service_levels]]
priority = "urgent"
first_response = "30m"
resolution = "8h"

[backup]
passphrase_env = "DEMO_PASSPHRASE"
[[backup.destinations]]
id = "drive"
address = "drive://{DRIVE_FOLDER}"
credentials_env = "DEMO_DRIVE"
endpoint = "{drive_url}"
"""
