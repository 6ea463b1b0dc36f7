"""What moderators and administrators do to a server, by hand and without asking the bot."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandbox.discord.gateway import Session
from sandbox.discord.guild import THREADS, now

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

    async def set_roles(self, user: str, roles: list[str]) -> dict[str, Any]:
        member = self._guild.member(user)
        member["roles"] = roles
        self._gateway.tell("GUILD_MEMBER_UPDATE", member | {"guild_id": self._guild.id})
        return {}

    async def set_nick(self, user: str, nick: str | None) -> dict[str, Any]:
        member = self._guild.member(user)
        member["nick"] = nick
        self._gateway.tell("GUILD_MEMBER_UPDATE", member | {"guild_id": self._guild.id})
        return {}

    async def remove_member(self, user: str) -> dict[str, Any]:
        """They leave, or are taken out; what they wrote stays."""
        member = self._guild.members.pop(user)
        for channel in self._guild.channels.values():
            channel.members.pop(user, None)
        self._gateway.tell("GUILD_MEMBER_REMOVE", {"guild_id": self._guild.id, "user": member["user"]})
        self._guild.changes.add("member", user=user)
        return {}

    async def set_role(self, role: str, permissions: int) -> dict[str, Any]:
        """What a role may do everywhere."""
        self._guild.roles[role]["permissions"] = str(permissions)
        told = {"guild_id": self._guild.id, "role": self._guild.roles[role]}
        self._gateway.tell("GUILD_ROLE_UPDATE", told)
        return {}

    async def delete_role(self, role: str) -> dict[str, Any]:
        """Whoever had it has it no more."""
        del self._guild.roles[role]
        for member in self._guild.members.values():
            if role in member["roles"]:
                member["roles"].remove(role)
                self._gateway.tell("GUILD_MEMBER_UPDATE", member | {"guild_id": self._guild.id})
        self._gateway.tell("GUILD_ROLE_DELETE", {"guild_id": self._guild.id, "role_id": role})
        return {}

    # --- the bot itself -------------------------------------------------------------------------------------

    async def expel(self) -> dict[str, Any]:
        """The bot is taken out of the server."""
        self._guild.expelled = True
        self._gateway.tell("GUILD_DELETE", {"id": self._guild.id})
        return {}

    async def invite(self) -> dict[str, Any]:
        """It is let in again."""
        self._guild.expelled = False
        self._gateway.tell("GUILD_CREATE", self._gateway.guild_json(Session((1 << 53) - 1)))
        return {}
