"""`helpthread setup`: both networks step by step, then config.toml and .env, then the doctor; or one network's part."""

from __future__ import annotations

import asyncio
import getpass
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console

from adapters.port import ChannelError, TokenRefused
from bot import first_config, secrets
from bot.cli import doctor
from bot.cli.questions import Questions
from bot.commands import commands, menu
from bot.config import ConfigError, load
from bot.first_config import Chosen
from bot.words import Library, languages

if TYPE_CHECKING:
    import argparse

    from adapters.findings import Choice, Offered
    from adapters.slack.config import SlackTokens
    from bot.words import Words

TRIES = 3  # of a token that is refused


def add(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """The verb and its words."""
    setup = verbs.add_parser(
        "setup",
        help="a walk through both networks; writes config.toml and .env",
        description="Without a word: the whole walk. `slack` prints the app's manifest, `discord` the invitation link.",
        epilog="examples:  helpthread setup  |  helpthread setup slack >app.json  |  helpthread setup discord 1234",
    )
    setup.add_argument("network", nargs="?", choices=("slack", "discord"), help="that one's part alone")
    setup.add_argument("application", nargs="?", help="discord: the application's id (else it is asked for a token)")
    setup.add_argument("--name", default="Helpthread", help="what people call your desk (%(default)s)")
    setup.add_argument(
        "--http", metavar="URL", default="", help="slack: the public address, for HTTP instead of a socket"
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

    print(json.dumps(made_manifest(options.name, words.language, options.http), indent=2, ensure_ascii=False))  # noqa: T201
    Console(stderr=True, highlight=False).print(words("setup.manifest", page=NEW_APP), soft_wrap=True)
    return 0


def made_manifest(name: str, language: str, address: str = "") -> dict[str, Any]:
    from adapters.slack.manifest import manifest

    library = Library(language)
    return manifest(name, commands(library), menu(library), language=language, address=address)


async def _link(options: argparse.Namespace, words: Words) -> int:
    from adapters.discord.config import PERMISSIONS, PRIVILEGED
    from adapters.discord.invitation import invitation
    from adapters.discord.offering import application

    id_ = options.application
    if not id_:
        config = _discord_config(options.discord_url, guild="0", help_channel="0")
        token = os.environ.get(config.token_env) or getpass.getpass(f"{config.token_env}: ")
        id_, _ = await application(config, token)
    print(invitation(id_))  # noqa: T201 - the one line that is asked for
    console = Console(stderr=True, highlight=False)
    for name, why in PERMISSIONS.items():
        console.print(f"  {name}: {why}", style="dim")
    console.print(words("setup.intents", intents=", ".join(PRIVILEGED)))
    return 0


def _discord_config(url: str, **values: str) -> Any:
    from adapters.discord.config import DiscordConfig

    return DiscordConfig.model_validate({**({"api_url": url} if url else {}), **values})


class Walk:
    """Question by question. Enter takes what stands in brackets; nothing is written before the end."""

    def __init__(self, options: argparse.Namespace, words: Words) -> None:
        self._options = options
        self._words = words
        self._questions = Questions(Console(highlight=False), words)
        self._chosen = Chosen(name=options.name)
        self._secrets: dict[str, str] = {}

    async def whole(self) -> int:
        """All of it; ends with the doctor's own exit status."""
        path: Path = self._options.config
        self._questions.say("hello")
        if _there(path) and not self._questions.yes("overwrite", default=False, path=str(path)):
            self._questions.say("nothing")
            return 1
        chosen = self._chosen
        chosen.name = self._questions.ask("name", chosen.name)
        language = self._words.language
        chosen.language = self._questions.ask(
            "language", language if language in languages() else "en", among=languages()
        )
        chosen.timezone = self._questions.ask("timezone", _zone())
        if self._questions.yes("use_slack", default=True):
            await self._slack()
        if self._questions.yes("use_discord", default=True):
            await self._discord()
        return await self._written(path)

    # --- each network ---------------------------------------------------------------------------------------------

    async def _slack(self) -> None:
        from adapters.slack.config import SlackConfig, SlackTokens
        from adapters.slack.manifest import link
        from adapters.slack.offering import offered

        url = self._options.slack_url
        config = SlackConfig(**({"api_url": url} if url else {}))
        made = made_manifest(self._chosen.name, self._chosen.language)
        self._questions.say("slack_steps", link=link(made))

        async def look() -> tuple[SlackTokens, Offered]:
            tokens = SlackTokens(
                self._questions.secret(config.bot_token_env), self._questions.secret(config.app_token_env)
            )
            return tokens, await offered(config, tokens)

        tokens, found = await self._tried(look)
        self._secrets |= {config.bot_token_env: tokens.bot, config.app_token_env: tokens.app}
        self._chosen.slack = True
        if url:
            self._chosen.addresses["slack"] = {"api_url": url}
        self._questions.say("found", bot=found.bot, house=found.house)
        self._people("slack", found)

    async def _discord(self) -> None:
        from adapters.discord.config import PRIVILEGED
        from adapters.discord.invitation import invitation
        from adapters.discord.offering import application, offered

        url = self._options.discord_url
        self._questions.say("discord_steps", intents=", ".join(PRIVILEGED))
        config = _discord_config(url, guild="0", help_channel="0")

        async def look() -> tuple[str, str, tuple[Choice, ...]]:
            token = self._questions.secret(config.token_env)
            return token, *(await application(config, token))

        token, id_, guilds = await self._tried(look)
        self._questions.say("discord_invite", link=invitation(id_))
        while not guilds:
            self._questions.ask("invited", "")
            _, guilds = await application(config, token)
        guild = self._questions.pick("guild", guilds)[0]
        found = await offered(_discord_config(url, guild=guild, help_channel="0"), token)
        self._questions.say("found", bot=found.bot, house=found.house)
        self._chosen.discord, self._chosen.guild = True, guild
        self._chosen.help_channel = self._questions.pick("help_channel", found.rooms)[0]
        if url:
            host = url.removesuffix("/api/v10")
            self._chosen.addresses["discord"] = {
                "api_url": url, "gateway_url": f"{host.replace('http', 'ws', 1)}/gateway", "cdn_url": host,
            }  # fmt: skip
        self._secrets[config.token_env] = token
        self._people("discord", found)

    def _people(self, network: str, found: Offered) -> None:
        for place in self._questions.pick("places", found.places, several=True):
            self._chosen.places.append(f"{network}:{place}")
        self._chosen.agents[network] = self._questions.pick("agents", found.people, several=True)
        self._chosen.admins[network] = self._questions.pick("admins", found.people, several=True)

    async def _tried(self, look: Any) -> Any:
        """Again where the network refuses the token, a few times."""
        for left in range(TRIES - 1, -1, -1):
            try:
                return await look()
            except (ChannelError, TokenRefused) as error:
                self._questions.say("refused", error=str(error))
                if not left:
                    raise ConfigError(str(error)) from error
        raise AssertionError("the last try has returned or raised")

    # --- the end --------------------------------------------------------------------------------------------------

    async def _written(self, path: Path) -> int:
        if not self._chosen.places:
            raise ConfigError(self._words("setup.no_place"))
        _write(path, first_config.text(self._chosen))
        secrets.write(path.parent / secrets.NAME, self._secrets)
        self._questions.say("written", path=str(path), secrets=str(path.parent / secrets.NAME))
        os.environ.update(self._secrets)
        status = await doctor.told(path)
        self._questions.say("run")
        return status


def _there(path: Path) -> bool:
    return path.exists()


def _write(path: Path, text: str) -> None:
    """The old one is kept beside it. ConfigError where the desk could not read the new one: nothing is changed then."""
    fresh = path.with_name(f"{path.name}.new")
    fresh.write_text(text, encoding="utf-8")
    try:
        load(fresh)  # what we write must be what we read
    except ConfigError:
        fresh.unlink()
        raise
    if path.exists():
        path.replace(path.with_name(f"{path.name}.before"))
    fresh.replace(path)


def _zone() -> str:
    """The machine's time zone, where it says one."""
    if zone := os.environ.get("TZ"):
        return zone
    link = Path("/etc/localtime")
    if link.is_symlink() and "zoneinfo/" in (target := str(link.readlink())):
        return target.rpartition("zoneinfo/")[2]
    return "UTC"
