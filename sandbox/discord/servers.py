"""The servers that the application is in, each with its own members and roles; people are the same in all of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sandbox.discord.errors import Refused
from sandbox.discord.people import member_json, role_json

if TYPE_CHECKING:
    from sandbox.discord.setup import DiscordSetup


@dataclass(slots=True)
class Server:
    """One of them. `expelled`: the bot was taken out of it."""

    id: str
    name: str
    members: dict[str, dict[str, Any]]
    roles: dict[str, dict[str, Any]]
    expelled: bool = False

    def member(self, user: str) -> dict[str, Any]:
        if user not in self.members:
            raise Refused(10007)
        return self.members[user]


def shard_of(guild: str, count: int) -> int:
    """Which shard of so many tells of a server: discord.com/developers/docs/events/gateway#sharding"""
    return (int(guild) >> 22) % count


def servers(setup: DiscordSetup) -> dict[str, Server]:
    """All of a setup. One of the others that names no members has those of the first, without their roles."""
    bot = {"username": setup.bot_name, "bot": True}
    first = _server(setup.guild_id, {"name": setup.guild_name, "members": setup.members, "roles": setup.roles}, setup)
    users = {id_: member["user"] for id_, member in first.members.items()}
    found = {first.id: first}
    for id_, made in setup.other_guilds.items():
        members = made.get("members", {user: {} for user in setup.members})
        whole = {user: {**setup.members.get(user, {}), "roles": (), **said} for user, said in members.items()}
        found[id_] = _server(id_, made | {"members": whole | {setup.bot_id: bot}}, setup)
        for user, member in found[id_].members.items():
            member["user"] = users.setdefault(user, member["user"])
    return found


def _server(id_: str, made: dict[str, Any], setup: DiscordSetup) -> Server:
    everyone = {"name": "@everyone", "permissions": setup.everyone_permissions}
    bot_role = str(int(setup.bot_id) + 1 + (int(id_) if id_ != setup.guild_id else 0))
    own = {"name": setup.bot_name, "permissions": made.get("bot_permissions", setup.bot_permissions)}
    bot = {"username": setup.bot_name, "bot": True, "roles": [bot_role]}
    roles = {id_: everyone, bot_role: own, **made.get("roles", {})}
    members = {setup.bot_id: bot, **{user: who for user, who in made["members"].items() if user != setup.bot_id}}
    return Server(
        id_,
        made["name"],
        {user: member_json(user, who) for user, who in members.items()},
        {role: role_json(role, what, place) for place, (role, what) in enumerate(roles.items())},
    )
