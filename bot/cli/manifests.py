"""What the networks are to be told of the desk before it runs: Slack's manifest, and where Discord is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bot.commands import commands, menu
from bot.words import Library

if TYPE_CHECKING:
    from adapters.discord.config import DiscordConfig


def made_manifest(name: str, language: str, address: str = "", redirect: str = "") -> dict[str, Any]:
    """Slack's, made from the commands themselves; for HTTP where there is a public address, for other workspaces too
    where there is one to be led back to.
    """
    from adapters.slack.manifest import manifest  # a desk without Slack does not load its SDK

    library = Library(language)
    return manifest(name, commands(library), menu(library), language=language, address=address, redirect=redirect)


def discord_config(url: str, **values: str) -> DiscordConfig:
    """As config.toml would give it; at a stand-in's address where there is one."""
    from adapters.discord.config import DiscordConfig  # a desk without Discord does not load its SDK

    return DiscordConfig.model_validate({**({"api_url": url} if url else {}), **values})
