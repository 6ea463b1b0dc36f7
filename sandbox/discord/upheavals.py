"""What moderators and administrators do to a server, by hand and without asking the bot."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandbox.discord.guild import THREADS, now
from sandbox.discord.people import member_json
from sandbox.discord.sessions import Session

if TYPE_CHECKING:
    from sandbox.discord.gateway import Gateway
    from sandbox.discord.guild import Channel, Guild


class Upheavals:
    """One method for each; the application hears of it as it would from Discord."""

    def __init__(self, guild: Guild, gateway: Gateway) -> None:
        self._guild = guild
        self._gateway = gateway

    # --- threads and channels -------------------------------------------------------------------------------

    async def archive(self, thread: str, *, locked: bool = False) -> dict[str, Any]:
        """Put a thread away, as silence does in time; a locked one is not brought back by words."""
        return self._changed(thread, archived=True, locked=locked)

    async def unarchive(self, thread: str) -> dict[str, Any]:
        self._guild.wake(self._guild.channel(thread))
        return self._changed(thread, archived=False, locked=False)

    async def lock(self, thread: str, *, locked: bool = True) -> dict[str, Any]:
        """Only those who manage threads write there."""
        return self._changed(thread, locked=locked)

    def _changed(self, thread: str, **meta: bool) -> dict[str, Any]:
        found = self._guild.channel(thread)
        found.meta |= meta | {"archive_timestamp": now()}
        self._told("THREAD_UPDATE", found)
        return {}

    async def rename(self, channel: str, name: str) -> dict[str, Any]:
        found = self._guild.channel(channel)
        found.name = name
        self._told("THREAD_UPDATE" if found.type in THREADS else "CHANNEL_UPDATE", found)
        return {}

    async def delete_channel(self, channel: str) -> dict[str, Any]:
        """A channel with its threads, or one thread."""
        found = self._guild.channel(channel)
        for thread in self._guild.channels.values():
            if thread.parent == found.id and not thread.gone:
                thread.gone = True
                self._told("THREAD_DELETE", thread)
        found.gone = True
        self._told("THREAD_DELETE" if found.type in THREADS else "CHANNEL_DELETE", found)
        return {}

    async def set_overwrites(self, channel: str, overwrites: list[dict[str, Any]]) -> dict[str, Any]:
        """Who may what in a channel: {"id", "type": 0 role or 1 member, "allow", "deny"}."""
        found = self._guild.channel(channel)
        found.overwrites = overwrites
        self._told("CHANNEL_UPDATE", found)
        return {}

    async def leave_thread(self, thread: str, user: str) -> dict[str, Any]:
        self._guild.channel(thread).members.pop(user, None)
        self._guild.changes.add("thread", channel=thread)
        return {}

    async def purge(self, channel: str, messages: list[str]) -> dict[str, Any]:
        """Several messages at once, by a moderator."""
        found = self._guild.channel(channel)
        gone = [message for message in messages if found.messages.pop(message, None)]
        for message in gone:
            self._guild.changes.add("deleted", channel=channel, message=message)
        told = {"ids": gone, "channel_id": channel, **self._guild.where(found)}
        self._gateway.tell("MESSAGE_DELETE_BULK", told, found)
        return {}

    def _told(self, kind: str, channel: Channel) -> None:
        self._gateway.tell(kind, self._guild.channel_json(channel), None if channel.gone else channel)
        self._guild.changes.add("thread", channel=channel.id, parent=channel.parent)

    # --- people and roles -----------------------------------------------------------------------------------

    async def close_dms(self, user: str) -> dict[str, Any]:
        self._guild.closed_dms.add(user)
        return {}

    async def open_dms(self, user: str) -> dict[str, Any]:
        self._guild.closed_dms.discard(user)
        return {}

    async def set_roles(self, user: str, roles: list[str], guild: str = "") -> dict[str, Any]:
        self._guild.member(user, guild)["roles"] = roles
        return self._member_changed(user, guild)

    async def set_nick(self, user: str, nick: str | None, guild: str = "") -> dict[str, Any]:
        self._guild.member(user, guild)["nick"] = nick
        return self._member_changed(user, guild)

    def _member_changed(self, user: str, guild: str) -> dict[str, Any]:
        server = self._guild.server(guild)
        self._gateway.tell("GUILD_MEMBER_UPDATE", server.member(user) | {"guild_id": server.id})
        return {}

    async def add_member(self, user: str, roles: list[str] | None = None, guild: str = "") -> dict[str, Any]:
        """Somebody of another server joins this one."""
        server = self._guild.server(guild)
        known = self._guild.user(user)
        member = member_json(user, {"username": known["username"], "roles": roles or []}) | {"user": known}
        server.members[user] = member
        self._gateway.tell("GUILD_MEMBER_ADD", member | {"guild_id": server.id})
        self._guild.changes.add("member", user=user)
        return {}

    async def remove_member(self, user: str, guild: str = "") -> dict[str, Any]:
        """They leave, or are taken out; what they wrote stays."""
        server = self._guild.server(guild)
        member = server.members.pop(user)
        for channel in self._guild.channels.values():
            if channel.guild == server.id:
                channel.members.pop(user, None)
        self._gateway.tell("GUILD_MEMBER_REMOVE", {"guild_id": server.id, "user": member["user"]})
        self._guild.changes.add("member", user=user)
        return {}

    async def set_role(self, role: str, permissions: int, guild: str = "") -> dict[str, Any]:
        """What a role may do everywhere in its server."""
        server = self._guild.server(guild)
        server.roles[role]["permissions"] = str(permissions)
        self._gateway.tell("GUILD_ROLE_UPDATE", {"guild_id": server.id, "role": server.roles[role]})
        return {}

    async def delete_role(self, role: str, guild: str = "") -> dict[str, Any]:
        """Whoever had it has it no more."""
        server = self._guild.server(guild)
        del server.roles[role]
        for user, member in server.members.items():
            if role in member["roles"]:
                member["roles"].remove(role)
                self._member_changed(user, guild)
        self._gateway.tell("GUILD_ROLE_DELETE", {"guild_id": server.id, "role_id": role})
        return {}

    # --- the bot itself -------------------------------------------------------------------------------------

    async def expel(self, guild: str = "") -> dict[str, Any]:
        """The bot is taken out of a server."""
        server = self._guild.server(guild)
        server.expelled = True
        self._gateway.tell("GUILD_DELETE", {"id": server.id})
        return {}

    async def invite(self, guild: str = "") -> dict[str, Any]:
        """It is let in again."""
        server = self._guild.servers[guild or self._guild.id]
        server.expelled = False
        self._gateway.tell("GUILD_CREATE", self._gateway.guild_json(Session((1 << 53) - 1), server.id))
        return {}
