"""The slash commands as discord.py's tree holds and registers them, in every language that Discord knows."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import discord
from discord import app_commands

from adapters.port import ChannelError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from adapters.discord.rest import Rest
    from adapters.ui import Command, MenuEntry

    Called = Callable[[Mapping[str, Any]], None]

log = logging.getLogger(__name__)

DESCRIPTION_LIMIT = 100  # discord.com/developers/docs/interactions/application-commands
MENU_LIMIT = 32  # characters of an entry in a message's menu; the same page
_FALLBACK = "en"


class Tree(app_commands.CommandTree[discord.Client]):
    """Gives the raw payload of each call, and of a command which we do not have, to whom it names (see `carried`)."""

    def __init__(self, client: discord.Client) -> None:
        super().__init__(client, fallback_to_global=False)

    def add(self, command: Command, guild: discord.abc.Snowflake | None) -> None:
        """Hold it, for that server or (None) for all and direct conversations."""

        async def with_words(interaction: discord.Interaction, words: str = "") -> None:
            del words  # inbound reads them
            _bring(interaction)

        async def without_words(interaction: discord.Interaction) -> None:
            _bring(interaction)

        callback: Any = without_words
        if command.words:
            callback = app_commands.describe(words=_texts(command.words))(with_words)
            if command.suggests:
                callback = app_commands.autocomplete(words=_suggestions)(callback)
            if command.words_name:
                callback = app_commands.rename(words=_texts(command.words_name))(callback)
        made: app_commands.Command[Any, Any, Any] = app_commands.Command(
            name=command.name, description=_texts(command.description), callback=callback
        )
        self.add_command(made, guild=guild)

    def add_entry(self, entry: MenuEntry, guild: discord.abc.Snowflake | None) -> None:
        """Hold an entry of messages' menus, for that server or (None) for all."""

        async def chosen(interaction: discord.Interaction, message: discord.Message) -> None:
            del message  # inbound reads it
            _bring(interaction)

        name = app_commands.locale_str(label(entry), texts=dict(entry.label))
        self.add_command(app_commands.ContextMenu(name=name, callback=chosen), guild=guild)

    async def on_error(
        self, interaction: discord.Interaction[discord.Client], error: app_commands.AppCommandError, /
    ) -> None:
        """A command that is not ours any more: the listener says so, in the asker's language."""
        log.warning("a command that does not fit what is registered: %s", error)
        _bring(interaction)

    async def register(self, guild: discord.abc.Snowflake | None, rest: Rest) -> bool:
        """Register the commands that are held for that server or (None) for all, unless it has just these. True where
        they were sent.

        Discord counts how often an application creates commands (200 a day): restarts should not use them up.
        """
        translator = self.translator
        assert translator is not None  # set before
        wanted = [await entry.get_translated_payload(self, translator) for entry in self.get_commands(guild=guild)]
        where: dict[str, Any] = {"application_id": rest.application}
        path = "/applications/{application_id}/commands"
        if guild is not None:
            where["guild_id"] = str(guild.id)
            path = "/applications/{application_id}/guilds/{guild_id}/commands"
        there = await rest.ask("GET", path, params={"with_localizations": "true"}, **where)
        if _outline(there) == _outline(wanted):
            return False
        await rest.ask("PUT", path, json=wanted, **where)
        return True


def carried(interaction: discord.Interaction[Any], payload: Mapping[str, Any], called: Called) -> None:
    """Let an interaction carry what came, and who is to be told of it."""
    interaction.extras.update(payload=payload, called=called)


def _bring(interaction: discord.Interaction[Any]) -> None:
    interaction.extras["called"](interaction.extras["payload"])


class Translations(app_commands.Translator):
    """Gives each text in the languages that the house has."""

    async def translate(
        self, string: app_commands.locale_str, locale: discord.Locale, context: app_commands.TranslationContextTypes
    ) -> str | None:
        texts: Mapping[str, str] = string.extras.get("texts", {})
        parent = locale.value.partition("-")[0]
        text = texts.get(locale.value) or texts.get(parent)
        of_menu = isinstance(context.data, app_commands.ContextMenu)
        return text[: MENU_LIMIT if of_menu else DESCRIPTION_LIMIT] if text else None


async def registered(
    tree: Tree,
    commands: Sequence[Command],
    menu: Sequence[MenuEntry],
    guilds: Sequence[str],
    rest: Rest,
    *,
    everywhere: bool,
) -> None:
    """Hold the commands and register them, for each server or `everywhere` at once; what was registered the other way
    is taken back, or people would see everything twice. Where that fails the desk works on with what is there already.
    """
    await tree.set_translator(Translations())
    servers = [discord.Object(int(guild)) for guild in guilds]
    for where in (None,) if everywhere else servers:
        for command in commands:
            tree.add(command, where)
        for entry in menu:
            tree.add_entry(entry, where)
    for where in (None, *servers):
        try:
            if await tree.register(where, rest):
                log.info("slash commands registered %s", f"with the server {where.id}" if where else "everywhere")
        except ChannelError as error:
            log.error("slash commands not registered, those from before stay: %s: %s", type(error).__name__, error)


def label(entry: MenuEntry) -> str:
    """What an entry is called in the languages that have no name of their own for it; Discord sends this one back."""
    return (entry.label.get(_FALLBACK) or next(iter(entry.label.values()), entry.name))[:MENU_LIMIT]


async def _suggestions(_interaction: discord.Interaction, _words: str) -> list[app_commands.Choice[str]]:
    """None of the tree's own: the gateway hands what is typed to the ears."""
    return []


def _texts(texts: Mapping[str, str]) -> app_commands.locale_str:
    text = texts.get(_FALLBACK) or next(iter(texts.values()), "")
    return app_commands.locale_str(text[:DESCRIPTION_LIMIT], texts=dict(texts))


def _outline(commands: Any) -> list[Any]:
    """What we decide about commands, without what Discord adds."""
    keys = ("name", "type", "description", "name_localizations", "description_localizations")
    outlines = []
    for command in commands if isinstance(commands, list) else ():
        outline = {key: command.get(key) or None for key in keys}
        outline["type"] = command.get("type", 1)
        outline["options"] = [
            {key: option.get(key) or None for key in (*keys, "required", "autocomplete")}
            for option in command.get("options") or ()
        ]
        outlines.append(outline)
    return sorted(outlines, key=lambda outline: (str(outline["name"]), str(outline["type"])))
