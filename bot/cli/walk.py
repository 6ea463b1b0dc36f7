"""The walk of `helpthread setup`: question by question from nothing to a desk that the doctor has looked at."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from rich.console import Console

from adapters.port import ChannelError, TokenRefused
from bot.cli import doctor, wishes
from bot.cli.manifests import discord_config, made_manifest
from bot.cli.questions import Questions
from bot.config import ConfigError, first, load, secrets
from bot.config.first import Chosen
from bot.words import languages

if TYPE_CHECKING:
    import argparse
    from pathlib import Path

    from adapters.findings import Choice, Offered
    from adapters.slack.config import SlackTokens
    from bot.words import Words

TRIES = 3  # of a token that is refused


class Walk:
    """Enter takes what stands in brackets; nothing is written before the end."""

    def __init__(self, options: argparse.Namespace, words: Words) -> None:
        self._options = options
        self._words = words
        self._questions = Questions(Console(highlight=False), words)
        self._chosen = Chosen(name=options.name)
        self._secrets: dict[str, str] = {}

    async def whole(self) -> int:
        """All of it; ends with the doctor's own exit status."""
        path: Path = self._options.config
        questions, chosen = self._questions, self._chosen
        questions.say("hello")
        if _there(path) and not questions.yes("overwrite", default=False, path=str(path)):
            questions.say("nothing")
            return 1
        chosen.name = questions.ask("name", chosen.name)
        language = self._words.language
        chosen.language = questions.ask("language", language if language in languages() else "en", among=languages())
        chosen.timezone = wishes.timezone(questions)
        chosen.departments = wishes.departments(questions)
        chosen.products = wishes.products(questions, chosen.language)
        chosen.hours, chosen.holidays = wishes.hours(questions)
        chosen.database = wishes.database(questions, self._secrets)
        if questions.yes("use_slack", default=True):
            await self._slack()
        if questions.yes("use_discord", default=True):
            await self._discord()
        chosen.backups = wishes.backups(questions, self._secrets)
        return await self._written(path)

    # --- each network ---------------------------------------------------------------------------------------------

    async def _slack(self) -> None:
        from adapters.slack.config import SlackConfig, SlackTokens  # a desk without Slack does not load its SDK
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
        from adapters.discord.config import PRIVILEGED  # a desk without Discord does not load its SDK
        from adapters.discord.invitation import invitation
        from adapters.discord.offering import application, offered

        url = self._options.discord_url
        self._questions.say("discord_steps", intents=", ".join(PRIVILEGED))
        config = discord_config(url, guild="0", help_channel="0")

        async def look() -> tuple[str, str, tuple[Choice, ...]]:
            token = self._questions.secret(config.token_env)
            return token, *(await application(config, token))

        token, id_, guilds = await self._tried(look)
        self._questions.say("discord_invite", link=invitation(id_))
        while not guilds:
            self._questions.ask("invited", "")
            _, guilds = await application(config, token)
        guild = self._questions.pick("guild", guilds)[0]
        found = await offered(discord_config(url, guild=guild, help_channel="0"), token)
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
        for department in self._chosen.departments:
            for place in self._questions.pick("places", found.places, several=True, department=department.name):
                department.places.append(f"{network}:{place}")
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
        for department in self._chosen.departments:
            if not department.places:
                raise ConfigError(self._words("setup.no_place", department=department.name))
        _write(path, first.text(self._chosen))
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
