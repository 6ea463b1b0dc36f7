"""The networks of a desk as channels, made from config and the environment: beside bot/app.py the only file that names
concrete classes of theirs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.config import ConfigError, secret
from bot.forms import NEW_TICKET
from bot.front import Front
from bot.installed import Installed, Record, network_of
from bot.words import Library

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Mapping
    from contextlib import AbstractAsyncContextManager

    from adapters.port import Channel, Sharded
    from adapters.slack.config import SlackConfig
    from adapters.slack.guests import Guests
    from adapters.slack.oauth import OAuthSecrets
    from bot.config import Config
    from desk.ports import Storage

AT_SLACK = "it stands on the app's pages at api.slack.com/apps"


def slack(
    config: Config, name: str, app: SlackConfig, environ: Mapping[str, str], doors: Front | None, guests: Guests | None
) -> Channel:
    """A workspace with an app of its own. ConfigError where a token is missing."""
    from adapters.slack.channel import SlackChannel  # a desk without Slack does not load its SDK
    from adapters.slack.config import SlackTokens

    where, asker = AT_SLACK, "[slack]" if name == "slack" else f"[[workspaces]] {name.removeprefix('slack-')!r}"
    bot = secret(environ, app.bot_token_env, asker, f"{where}, OAuth & Permissions")
    if doors is None:
        needed = (app.app_token_env, asker, f"{where}, Basic Information, App-Level Tokens")
        tokens = SlackTokens(bot, app=secret(environ, *needed))
    else:
        needed = (app.signing_secret_env, f'{asker} with mode = "http"', f"{where}, Basic Information")
        tokens = SlackTokens(bot, signing=secret(environ, *needed))
    return SlackChannel(app, tokens, name=name, doors=doors, guests=guests, once={NEW_TICKET},
                        sorry=_worded(config, "answer.sorry"), slow=_worded(config, "answer.slow"))  # fmt: skip


def discord(config: Config, environ: Mapping[str, str], channels: dict[str, Channel]) -> Sharded:
    """One connection; and a channel for each server, which is added to the others. ConfigError without its token."""
    from adapters.discord.channel import DiscordChannel  # a desk without Discord does not load its SDK
    from adapters.discord.connection import Connection

    assert config.discord is not None  # the caller looked
    where = "it stands at discord.com/developers/applications, Bot, Reset Token"
    token = secret(environ, config.discord.token_env, "[discord]", where)
    sorry, expired = _worded(config, "answer.sorry"), _worded(config, "answer.draft_gone")
    nothing_found, to_search = _worded(config, "answer.nothing_found"), _worded(config, "answer.to_search")
    no_direct = _worded(config, "answer.no_direct")
    connection = Connection(config.discord, token)
    for name, server in config.discord_servers.items():
        channels[name] = DiscordChannel(
            config.discord,
            token,
            name=name,
            server=server,
            connection=connection,
            sorry=sorry,
            expired=expired,
            nothing_found=nothing_found,
            to_search=to_search,
            no_direct=no_direct,
        )
    return connection


@dataclass(frozen=True, slots=True)
class Installing:
    """How workspaces install the app by themselves: `pages` are open while the desk serves; `watching` makes what looks
    after those who came.
    """

    pages: Callable[[], AbstractAsyncContextManager[None]]
    watching: Callable[[Callable[[Channel], Awaitable[None]], Callable[[Iterable[str]], None]], Installed]


def installing(
    config: Config, tokens: OAuthSecrets, guests: Guests, storage: Storage, channels: dict[str, Channel],
    fronts: dict[str, Front],
) -> Installing:  # fmt: skip
    """Put together, for the app of [slack]."""
    from adapters.slack.api import Api  # a desk without Slack does not load its SDK
    from adapters.slack.channel import SlackChannel
    from adapters.slack.config import SlackTokens
    from adapters.slack.oauth import InstallPages, Sealer, token_in

    app, oauth = config.slack, config.oauth
    assert app is not None  # the caller looked
    assert oauth is not None
    record, sorry, slow = Record(storage, "slack"), _worded(config, "answer.sorry"), _worded(config, "answer.slow")
    sealer = Sealer(tokens.keys)
    made: list[Installed] = []

    async def left(team: str) -> None:
        for each in made:
            await each.left(team)

    async def came() -> None:
        for each in made:
            await each.look_now()

    guests.when_left(left)

    def opened(team: str, sealed: str) -> Channel:
        token = token_in(sealer, sealed)
        its = app.model_copy(update={"bot_token_env": f"its installation in {team}", "pinned": []})
        return SlackChannel(its, SlackTokens(token), name=network_of(team), within=guests, once={NEW_TICKET},
                            sorry=sorry, slow=slow)  # fmt: skip

    def watching(listen: Callable[[Channel], Awaitable[None]], known: Callable[[Iterable[str]], None]) -> Installed:
        made.append(Installed(record, channels, opened=opened, listen=listen, known=known))
        return made[-1]

    address = oauth.listen or config.http.listen
    front = fronts.setdefault(address, Front(address))
    pages = InstallPages(oauth, tokens, Api(app, SlackTokens("")), record, came)
    return Installing(lambda: pages.open(front), watching)


def guesthouse(config: Config, environ: Mapping[str, str]) -> tuple[OAuthSecrets, Guests]:
    """What other workspaces need of the app's own channel. ConfigError where a secret is missing or of no use."""
    from adapters.slack.guests import Guests  # a desk without Slack does not load its SDK
    from adapters.slack.oauth import LEAST_KEY, OAuthSecrets

    oauth = config.oauth
    assert oauth is not None  # the caller looked
    client = secret(environ, oauth.client_secret_env, "[slack.oauth]", f"{AT_SLACK}, Basic Information")
    made_by = "make one with: openssl rand -hex 32, and keep it apart from the backups"
    keys = tuple(secret(environ, oauth.key_env, "[slack.oauth]", made_by).split())
    if any(len(key) < LEAST_KEY for key in keys):
        raise ConfigError(f"{oauth.key_env} is too short: at least {LEAST_KEY} signs; {made_by}")
    return OAuthSecrets(client, keys), Guests()


def _worded(config: Config, key: str) -> Callable[[str], str]:
    """One sentence in whatever language is asked for."""
    library = Library(config.desk.language, config.desk.timezone)
    return lambda locale: library.of(locale)(key)
