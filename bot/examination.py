"""The whole desk looked at before or beside its work: config, secrets, database, disk, clock, backups, networks."""

from __future__ import annotations

import os
import shutil
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

import aiohttp

from adapters.findings import Finding, Level, Wanted
from backup.port import BackupError
from backup.proof import newest_proven
from bot import keeping
from bot.commands import commands, menu
from bot.config import ConfigError, load
from bot.networks import guesthouse
from bot.words import Library
from desk.errors import Trouble
from storage import examined as database_examined

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
    from pathlib import Path

    from backup.job import Place, Work
    from bot.config import Config
    from desk.model import BackupRun
    from desk.ports import Installation
    from storage import Health, Server

CONNECTIONS = 12  # that PostgreSQL should have left: an instance that starts takes seven or so
SCARCE, TIGHT = 2_000_000_000, 200_000_000  # bytes free on the disk: a warning, a problem
LATE, WRONG = timedelta(seconds=30), timedelta(minutes=5)  # of the clock; Slack refuses requests five minutes off
ASKED_WITHIN = aiohttp.ClientTimeout(total=10)


async def examined(path: Path, environ: Mapping[str, str]) -> AsyncIterator[Finding]:
    """Everything that is found, in the order of looking."""
    try:
        config = load(path)
    except ConfigError as error:
        yield Finding("config", "config", Level.PROBLEM, {"error": str(error)})
        return
    yield Finding("config", "config", facts={"path": str(path)})
    health = database_examined(config.stored_at(environ))
    for finding in (
        *_secrets(config, environ),
        *_data(config),
        *_database(config, health),
        *_backups(config, environ),
    ):
        yield finding
    async for finding in _clock(config):
        yield finding
    async for finding in _networks(config, environ, health.installed):
        yield finding


def _secrets(config: Config, environ: Mapping[str, str]) -> Iterator[Finding]:
    for name in needed(config):
        if not environ.get(name, "").strip():
            yield Finding("config", "secret", Level.PROBLEM, {"variable": name})


def needed(config: Config) -> tuple[str, ...]:
    """The environment variables that hold the networks' secrets."""
    names: list[str] = []
    for app in config.slack_apps.values():
        names += [app.bot_token_env, app.app_token_env if app.mode == "socket" else app.signing_secret_env]
    if config.oauth:
        names += [config.oauth.client_secret_env, config.oauth.key_env]
    if config.discord:
        names.append(config.discord.token_env)
    return tuple(names)


# --- this machine -------------------------------------------------------------------------------------------------


def _data(config: Config) -> Iterator[Finding]:
    folder = config.desk.data
    there = next(parent for parent in (folder.resolve(), *folder.resolve().parents) if parent.exists())
    if not os.access(there, os.W_OK):
        yield Finding("disk", "folder", Level.PROBLEM, {"folder": str(folder)})
        return
    free = shutil.disk_usage(there).free
    level = Level.PROBLEM if free < TIGHT else Level.WARNING if free < SCARCE else Level.OK
    yield Finding("disk", "disk", level, {"folder": str(folder), "free": f"{free / 1e9:.1f}"})


def _database(config: Config, health: Health) -> Iterator[Finding]:
    server = health.server
    facts = {"path": server.address if server else str(config.database), "schema": health.schema}
    if server is not None and not server.answers:
        yield Finding("database", "database_away", Level.PROBLEM, facts | {"error": health.fault})
        return
    if health.fault:
        yield Finding("database", "database", Level.PROBLEM, facts | {"fault": health.fault})
    elif not health.there:
        yield Finding("database", "database_new", facts=facts)
    elif health.schema > health.newest:
        yield Finding("database", "database_newer", Level.PROBLEM, facts)
    elif health.schema < health.newest:
        yield Finding("database", "database_older", facts=facts | {"newest": health.newest})
    else:
        yield Finding("database", "database", facts=facts | {"tickets": str(health.tickets)})
    if server is not None:
        yield from _server(server)


def _server(server: Server) -> Iterator[Finding]:
    level = Level.PROBLEM if server.old else Level.OK
    yield Finding("database", "database_version", level, {"version": server.version})
    if server.misread:
        yield Finding("database", "database_encoding", Level.PROBLEM, {"encoding": server.misread})
    off = round(server.clock_off.total_seconds())
    level = Level.WARNING if server.clock_off > LATE else Level.OK
    yield Finding("database", "database_clock", level, {"seconds": str(off)})
    level = Level.WARNING if server.connections_left < CONNECTIONS else Level.OK
    yield Finding("database", "database_connections", level, {"left": str(server.connections_left)})
    if server.instances:
        names = {"count": str(len(server.instances)), "names": ", ".join(server.instances)}
        yield Finding("database", "database_instances", facts=names)


async def _clock(config: Config) -> AsyncIterator[Finding]:
    addresses = [app.api_url for app in config.slack_apps.values()]
    addresses += [f"{config.discord.api_url}/gateway"] if config.discord else []
    async with aiohttp.ClientSession(timeout=ASKED_WITHIN) as session:
        for address in addresses:
            try:
                async with session.get(address, allow_redirects=False) as answer:
                    theirs = parsedate_to_datetime(answer.headers["Date"])
            except (aiohttp.ClientError, TimeoutError, OSError, KeyError, ValueError):
                continue  # that it cannot be reached is found elsewhere
            off = abs(datetime.now(UTC) - theirs)
            level = Level.PROBLEM if off > WRONG else Level.WARNING if off > LATE else Level.OK
            yield Finding("clock", "clock", level, {"seconds": str(round(off.total_seconds()))})
            return


def _backups(config: Config, environ: Mapping[str, str]) -> Iterator[Finding]:
    if not config.backup.destinations:
        yield Finding("backup", "backup_none", Level.WARNING)
        return
    try:
        places, work = keeping.places(config, environ), keeping.work(config, environ)
    except ConfigError as error:
        yield Finding("backup", "backup_config", Level.PROBLEM, {"error": str(error)})
        return
    within = timedelta(days=config.backup.proven_within_days)
    for place in places.values():
        try:
            list(work.vault(place).entries())
        except (Trouble, BackupError, OSError) as error:
            yield Finding("backup", "backup_away", Level.PROBLEM, {"place": place.id, "error": str(error)})
            continue
        finally:
            place.destination.close()
        proven = _proven(work, place)
        age = datetime.now(UTC) - proven.ended_at if proven and proven.ended_at else None
        if age is None or age > within:
            days = "∞" if age is None else str(age.days)
            yield Finding("backup", "backup_unproven", Level.WARNING, {"place": place.id, "days": days})
        else:
            yield Finding("backup", "backup", facts={"place": place.id, "days": str(age.days)})


def _proven(work: Work, place: Place) -> BackupRun | None:
    """The last proof of a copy there; None where the database, which has it on record, cannot be asked."""
    try:
        return newest_proven(work.runs.proofs(place.id)) if work.database.there else None
    except (Trouble, OSError):
        return None  # what ails the database is found elsewhere


# --- the networks -------------------------------------------------------------------------------------------------


async def _networks(
    config: Config, environ: Mapping[str, str], installed: Iterable[Installation]
) -> AsyncIterator[Finding]:
    for network, app in config.slack_apps.items():
        if not environ.get(app.bot_token_env):
            continue
        from adapters.slack.config import SlackTokens
        from adapters.slack.examination import examined as slack  # a desk without Slack does not load its SDK

        names = (app.bot_token_env, app.app_token_env, app.signing_secret_env)
        tokens = SlackTokens(*(environ.get(name, "") for name in names))
        async for finding in slack(app, tokens, wanted(config, network)):
            yield finding
    async for finding in _installed(config, environ, installed):
        yield finding
    if config.discord and (token := environ.get(config.discord.token_env, "")):
        from adapters.discord.examination import examined as discord  # the same

        servers = [(server, wanted(config, network)) for network, server in config.discord_servers.items()]
        async for finding in discord(config.discord, token, servers):
            yield finding


async def _installed(
    config: Config, environ: Mapping[str, str], installed: Iterable[Installation]
) -> AsyncIterator[Finding]:
    if config.oauth is None or config.slack is None or not environ.get(config.oauth.key_env, "").strip():
        return
    from adapters.slack.examination import examined_installed  # a desk without Slack does not load its SDK

    try:
        tokens, _ = guesthouse(config, environ)
    except ConfigError as error:
        yield Finding("slack", "slack_install_key", Level.PROBLEM, {"error": str(error)})
        return
    houses = [(house.name, house.sealed) for house in installed if house.app == "slack"]
    async for finding in examined_installed(config.slack, tokens.keys, houses):
        yield finding


def wanted(config: Config, network: str) -> Wanted:
    """What config names there, each once."""
    places = [place for department in config.departments for place in department.places]
    places += [place for level in config.service_levels for place in level.tell]
    places += [f"{place.channel}:{place.key}" for place in config.pinned()]
    people = [*config.people.agents.get(network, ()), *config.people.admins.get(network, ())]
    for department in config.departments:
        people += (department.agents or {}).get(network, ())
    ids = [id_ for name, _, id_ in (place.partition(":") for place in places) if name == network]
    library = Library(config.desk.language)
    names = tuple(command.name for command in commands(library))
    return Wanted(tuple(dict.fromkeys(ids)), tuple(dict.fromkeys(people)), names, tuple(menu(library)))
