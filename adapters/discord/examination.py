"""Discord looked at from outside: token, intents, server, roles, accounts, channels and what the bot may do in each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import aiohttp
import discord
from discord.http import Route

from adapters.discord.commands import label
from adapters.discord.config import PERMISSIONS
from adapters.discord.gateway import point_at
from adapters.discord.invitation import intents
from adapters.findings import Finding, Level, Wanted

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from adapters.discord.config import DiscordConfig, DiscordServer

AREA = "discord"
TEXT, FORUM = 0, 15  # types of channels
# Flags of an application, by the intent's name on the Bot page; the second of each is for bots in few servers.
# docs.discord.com/developers/resources/application
SWITCHES = {"Server Members Intent": 1 << 14 | 1 << 15, "Message Content Intent": 1 << 18 | 1 << 19}


async def examined(
    config: DiscordConfig, token: str, servers: Sequence[tuple[DiscordServer, Wanted]]
) -> AsyncIterator[Finding]:
    """Of the bot, then of each server, in the order of looking; ends where looking further is of no use."""
    point_at(config)
    client = discord.Client(intents=intents())
    try:
        async with client:
            await client.login(token)
            async for finding in _looked(client, servers):
                yield finding
    except discord.LoginFailure:
        yield _problem("token", variable=config.token_env)
    except (discord.DiscordException, aiohttp.ClientError, TimeoutError, OSError) as error:
        yield _problem("unreachable", address=config.api_url, error=str(error) or type(error).__name__)


async def _looked(client: discord.Client, servers: Sequence[tuple[DiscordServer, Wanted]]) -> AsyncIterator[Finding]:
    assert client.user is not None  # it has logged in
    yield _ok("token", bot=client.user.name)
    about = await client.http.request(Route("GET", "/applications/@me"))
    flags = int(about.get("flags") or 0)
    off = [name for name, bits in SWITCHES.items() if not flags & bits]
    for name in off:
        yield _problem("intent", intent=name)
    if not off:
        yield _ok("intent")
    for server, wanted in servers:
        async for finding in _within(client, server, about["id"], wanted):
            yield finding


async def _within(
    client: discord.Client, config: DiscordServer, application: str, wanted: Wanted
) -> AsyncIterator[Finding]:
    assert client.user is not None  # it has logged in
    guild = await _asked(client, "/guilds/{guild_id}", guild_id=config.guild)
    if guild is None:
        yield _problem("guild", guild=config.guild)
        return
    yield _ok("guild", guild=str(guild["name"]))
    yield await _commands(client, config, application, wanted)
    roles = {role["id"]: role for role in await client.http.request(Route("GET", f"/guilds/{config.guild}/roles"))}
    member = await client.http.request(Route("GET", f"/guilds/{config.guild}/members/{client.user.id}"))
    for place in dict.fromkeys((config.help_channel, *wanted.places)):
        yield await _place(client, config, place, roles, member)
    for id_ in wanted.people:
        if id_ in roles:
            yield _ok("role", role=str(roles[id_]["name"]))
        elif found := await _asked(client, f"/guilds/{config.guild}/members/{{user_id}}", user_id=id_):
            user = found["user"]
            yield _ok("account", name=str(user.get("global_name") or user["username"]))
        else:
            yield _problem("role", id=id_)


async def _commands(client: discord.Client, config: DiscordServer, application: str, wanted: Wanted) -> Finding:
    """Those of the server and those of everywhere together."""
    routes = (f"/applications/{application}/guilds/{config.guild}/commands", f"/applications/{application}/commands")
    found = [entry["name"] for path in routes for entry in await _asked(client, path) or ()]
    names = [*wanted.commands, *(label(entry) for entry in wanted.entries)]
    missing = [name for name in names if name not in found]
    if missing:
        return Finding(AREA, "discord_commands", Level.WARNING, {"names": ", ".join(missing)})
    return _ok("commands", count=str(len(names)))


async def _place(
    client: discord.Client, config: DiscordServer, place: str, roles: dict[str, Any], member: dict[str, Any]
) -> Finding:
    channel = await _asked(client, "/channels/{channel_id}", channel_id=place)
    if channel is None:
        return _problem("channel", channel=place)
    name = str(channel.get("name") or place)
    if channel["type"] not in ({TEXT} if place == config.help_channel else {TEXT, FORUM}):
        return _problem("kind", channel=name)
    has = permissions(member, roles, config.guild, channel.get("permission_overwrites") or ())
    missing = [entry for entry in PERMISSIONS if not getattr(has, entry)]
    if missing:
        return _problem("permission", channel=name, permissions=", ".join(missing))
    return _ok("channel", channel=name)


def permissions(member: Any, roles: Any, guild: str, overwrites: Any) -> discord.Permissions:
    """What a member may do in a channel (docs.discord.com/developers/topics/permissions, "Permission Overwrites")."""
    total = discord.Permissions(int(roles[guild]["permissions"]))
    for role in member["roles"]:
        total |= discord.Permissions(int(roles[role]["permissions"]) if role in roles else 0)
    if total.administrator:
        return discord.Permissions.all()
    by_id = {entry["id"]: entry for entry in overwrites}
    bits = total.value
    steps = [[guild], member["roles"], [member["user"]["id"]]]
    for step in steps:
        entries = [by_id[id_] for id_ in step if id_ in by_id]
        for entry in entries:
            bits &= ~int(entry["deny"])
        for entry in entries:
            bits |= int(entry["allow"])
    return discord.Permissions(bits)


async def _asked(client: discord.Client, path: str, **ids: str) -> Any:
    """The answer, or None where Discord does not know it or does not show it."""
    try:
        return await client.http.request(Route("GET", path, **ids))
    except (discord.NotFound, discord.Forbidden):
        return None


def _ok(key: str, **facts: str) -> Finding:
    return Finding(AREA, f"discord_{key}", Level.OK, facts)


def _problem(key: str, **facts: str) -> Finding:
    return Finding(AREA, f"discord_{key}", Level.PROBLEM, facts)
