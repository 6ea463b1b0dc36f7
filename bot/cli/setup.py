"""`helpthread setup`: both networks step by step, then config.toml and .env, then the doctor; or one network's part."""

from __future__ import annotations

import asyncio
import getpass
import json
import os
from typing import TYPE_CHECKING

from rich.console import Console

from bot.cli.manifests import discord_config, made_manifest
from bot.cli.walk import Walk
from bot.config import load
from bot.words import Library

if TYPE_CHECKING:
    import argparse
    from pathlib import Path

    from bot.words import Words


def add(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """The verb and its words."""
    setup = verbs.add_parser(
        "setup",
        help="a walk through both networks; writes config.toml and .env",
        description="Without a word: the whole walk, from departments and hours over both networks to backups; Enter "
        "takes what stands in brackets. `slack` prints the app's manifest, `discord` the invitation link.",
        epilog="examples:  helpthread setup  |  helpthread setup slack >app.json  |  helpthread setup discord 1234",
    )
    setup.add_argument("network", nargs="?", choices=("slack", "discord"), help="that one's part alone")
    setup.add_argument("application", nargs="?", help="discord: the application's id (else it is asked for a token)")
    setup.add_argument("--name", default="Helpthread", help="what people call your desk (%(default)s)")
    setup.add_argument(
        "--http", metavar="URL", default="", help="slack: the public address, for HTTP instead of a socket"
    )
    setup.add_argument(
        "--oauth",
        metavar="URL",
        default="",
        help="slack: the public address where other workspaces install the app (else [slack.oauth] url of config.toml)",
    )
    setup.add_argument("--slack-url", default="", help="a stand-in's Web API instead of Slack's")
    setup.add_argument("--discord-url", default="", help="a stand-in's REST API instead of Discord's")


def run(options: argparse.Namespace) -> int:
    """Do it; gives the exit status."""
    words = Library("en").of(os.environ.get("LANG", ""))
    match options.network:
        case "slack":
            return _manifest(options, words)
        case "discord":
            return asyncio.run(_link(options, words))
        case _:
            return asyncio.run(Walk(options, words).whole())


def _manifest(options: argparse.Namespace, words: Words) -> int:
    """The manifest alone on standard output, so that it can be piped; what to do with it beside it."""
    from adapters.slack.manifest import NEW_APP  # a desk without Slack does not load its SDK
    from adapters.slack.oauth import INSTALL, REDIRECT

    outside = options.oauth.rstrip("/") or _outside(options.config)
    redirect = outside and f"{outside}{REDIRECT}"
    made = made_manifest(options.name, words.language, options.http, redirect)
    print(json.dumps(made, indent=2, ensure_ascii=False))  # noqa: T201
    console = Console(stderr=True, highlight=False)
    console.print(words("setup.manifest", page=NEW_APP), soft_wrap=True)
    if outside:
        console.print(words("setup.distribution", page=f"{outside}{INSTALL}"), soft_wrap=True)
    return 0


def _outside(path: Path) -> str:
    """The address of [slack.oauth] in config.toml, "" where there is none yet. ConfigError where it cannot be read."""
    oauth = load(path).oauth if path.is_file() else None
    return oauth.url if oauth else ""


async def _link(options: argparse.Namespace, words: Words) -> int:
    from adapters.discord.config import PERMISSIONS, PRIVILEGED
    from adapters.discord.invitation import invitation
    from adapters.discord.offering import application

    id_ = options.application
    if not id_:
        config = discord_config(options.discord_url, guild="0", help_channel="0")
        token = os.environ.get(config.token_env) or getpass.getpass(f"{config.token_env}: ")
        id_, _ = await application(config, token)
    print(invitation(id_))  # noqa: T201 - the one line that is asked for
    console = Console(stderr=True, highlight=False)
    for name, why in PERMISSIONS.items():
        console.print(f"  {name}: {why}", style="dim")
    console.print(words("setup.intents", intents=", ".join(PRIVILEGED)))
    return 0
