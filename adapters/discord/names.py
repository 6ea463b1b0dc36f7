"""Names of mentioned people, roles and channels, as far as the gateway has told them: no call is ever made."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    import discord


_PERSON, _ROLE, _CHANNEL = (re.compile(rf"<{sign}(\d{{1,20}})>", re.ASCII) for sign in ("@!?", "@&", "#"))


@dataclass(frozen=True, slots=True)
class KnownNames:
    """Who and what one message mentions. What nobody knows is shown by its id."""

    guild: discord.Guild | None = None
    people: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, guild: discord.Guild | None, mentions: Any) -> KnownNames:
        """With the people of a message's `mentions`."""
        people: dict[str, str] = {}
        for user in mentions if isinstance(mentions, list) else ():
            if isinstance(user, Mapping) and isinstance(user.get("id"), str):
                people[user["id"]] = shown_name(user, user.get("member"))
        return cls(guild, people)

    def user(self, id: str) -> str:  # noqa: A002 - the protocol's name
        return self.people.get(id) or id

    def role(self, id: str) -> str:  # noqa: A002 - the protocol's name
        role = self.guild.get_role(int(id)) if self.guild and id.isdigit() else None
        return role.name if role else id

    def channel(self, id: str) -> str:  # noqa: A002 - the protocol's name
        channel = self.guild.get_channel_or_thread(int(id)) if self.guild and id.isdigit() else None
        return channel.name if channel else id


def shown_name(user: Mapping[str, Any], member: Any = None) -> str:
    """As people of the server see them: nickname, display name, user name."""
    nick = member.get("nick") if isinstance(member, Mapping) else None
    for name in (nick, user.get("global_name"), user.get("username"), user.get("id")):
        if isinstance(name, str) and name:
            return name
    return "?"


async def readable(words: str, name_of: Callable[[str], Awaitable[str]], guild: discord.Guild | None) -> str:
    """Mentions in a command's words as names: Discord sends ids with them, and nobody's name."""
    people = {user: await name_of(user) for user in dict.fromkeys(_PERSON.findall(words))}
    names = KnownNames(guild, people)
    text = _PERSON.sub(lambda found: f"@{names.user(found[1])}", words)
    text = _ROLE.sub(lambda found: f"@{names.role(found[1])}", text)
    return _CHANNEL.sub(lambda found: f"#{names.channel(found[1])}", text)
