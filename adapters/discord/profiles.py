"""Who people are: their names and roles as the gateway or the REST API told last, their languages as Discord tells
them with each interaction and never otherwise.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from adapters.discord.names import shown_name
from adapters.port import Gone, Profile

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from adapters.discord.rest import Rest

K = TypeVar("K")
V = TypeVar("V")

_KEPT_FOR = 300.0  # seconds
_PAGE = 1000  # members at once, the most that Discord gives: "List Guild Members"
_PROFILES = 2_000  # people kept at once
_LOCALES = 50_000  # people whose language is remembered: some 100 bytes each


class Recent(Generic[K, V]):
    """The newest entries of a mapping, up to a bound."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._entries: OrderedDict[K, V] = OrderedDict()

    def put(self, key: K, value: V) -> None:
        self._entries[key] = value
        self._entries.move_to_end(key)
        if len(self._entries) > self._limit:
            self._entries.popitem(last=False)

    def get(self, key: K) -> V | None:
        if key not in self._entries:
            return None
        self._entries.move_to_end(key)
        return self._entries[key]

    def drop(self, key: K) -> V | None:
        return self._entries.pop(key, None)

    def __len__(self) -> int:
        return len(self._entries)


class Profiles:
    """Kept for five minutes; what the gateway tells in the meantime counts at once."""

    def __init__(self, rest: Rest, guild: str, cdn_url: str, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._rest = rest
        self._guild = guild
        self._cdn = cdn_url
        self._clock = clock
        self._known: Recent[str, tuple[float, Profile]] = Recent(_PROFILES)
        self._outside: Recent[str, float] = Recent(_PROFILES)  # user → when they were not in the server
        self._locales: Recent[str, str] = Recent(_LOCALES)

    async def of(self, user_id: str) -> Profile:
        """Asked of the server first, of Discord for those who are not in it. Gone where neither knows them."""
        kept = self._known.get(user_id)
        if kept is None or self._clock() - kept[0] > _KEPT_FOR:
            await self._asked(user_id)
            if self._outside.get(user_id) is not None:
                self.member(await self._rest.ask("GET", "/users/{user_id}", user_id=user_id), None)
            kept = self._known.get(user_id)
        if kept is None:
            raise Gone(f"Discord does not say who {user_id} is")
        return kept[1] if kept[1].locale else self._spoken(user_id, kept[1])

    async def is_member(self, user_id: str) -> bool:
        """Whether they are in the server, as far as is known of late. ChannelError where Discord does not say."""
        if (at := self._outside.get(user_id)) is not None and self._clock() - at <= _KEPT_FOR:
            return False
        kept = self._known.get(user_id)
        if kept is None or self._clock() - kept[0] > _KEPT_FOR or self._outside.get(user_id) is not None:
            await self._asked(user_id)
        return self._outside.get(user_id) is None

    async def _asked(self, user_id: str) -> None:
        try:
            member = await self._rest.ask(
                "GET", "/guilds/{guild_id}/members/{user_id}", guild_id=self._guild, user_id=user_id
            )
            self.member(member.get("user", {}), member)
        except Gone:
            self._outside.put(user_id, self._clock())

    async def bearing(self, ids: Iterable[str]) -> Sequence[str]:
        """The members of the server whom these ids name, or who have a role that they name. Discord tells the members
        of a role only by telling all of the server's.
        """
        wanted, found, after = frozenset(ids), list[str](), "0"
        while wanted:
            page = await self._rest.ask(
                "GET", "/guilds/{guild_id}/members", params={"limit": _PAGE, "after": after}, guild_id=self._guild
            )
            for member in page:
                user = member["user"]
                if {user["id"], *member["roles"]} & wanted:
                    self.member(user, member)
                    found.append(user["id"])
            if len(page) < _PAGE:
                break
            after = page[-1]["user"]["id"]
        return tuple(found)

    def _spoken(self, user_id: str, profile: Profile) -> Profile:
        locale = self._locales.get(user_id)
        if not locale:
            return profile
        return Profile(profile.name, locale, profile.avatar, profile.roles, profile.bot)

    def heard_interaction(self, payload: Mapping[str, Any]) -> None:
        """Every interaction tells the asker's language, and in a server their roles."""
        member = payload.get("member")
        user = member.get("user") if isinstance(member, Mapping) else payload.get("user")
        locale = payload.get("locale")
        if isinstance(user, Mapping) and isinstance(user.get("id"), str):
            if isinstance(locale, str) and locale:
                self._locales.put(user["id"], locale)
            if isinstance(member, Mapping):
                self.member(user, member)

    def heard_message(self, message: Mapping[str, Any]) -> None:
        """A message in the server comes with its author's roles."""
        author, member = message.get("author"), message.get("member")
        if isinstance(author, Mapping) and isinstance(member, Mapping):
            self.member(author, member)

    def member(self, user: Mapping[str, Any], member: Mapping[str, Any] | None) -> None:
        """Keep what a payload tells of somebody. `member` None: they are not in the server."""
        id_ = user.get("id")
        if not isinstance(id_, str):
            return
        if member is not None:
            self._outside.drop(id_)
        roles = member.get("roles") if member else None
        roles = roles if isinstance(roles, list) else ()
        profile = Profile(
            name=shown_name(user, member),
            locale="",
            avatar=self._avatar(id_, user, member),
            # Their own id is among them, so that config can name people and roles alike.
            roles=frozenset({id_, *(role for role in roles if isinstance(role, str))}),
            bot=bool(user.get("bot")),
        )
        self._known.put(id_, (self._clock(), profile))

    def joined(self, payload: Mapping[str, Any]) -> None:
        """GUILD_MEMBER_ADD: whoever was asked for in vain is there now."""
        user = payload.get("user")
        if isinstance(user, Mapping):
            self.member(user, payload)

    def changed(self, payload: Mapping[str, Any]) -> None:
        """GUILD_MEMBER_UPDATE: only of people who are known, the others are asked for when they speak."""
        user = payload.get("user")
        if isinstance(user, Mapping) and self._known.get(user.get("id", "")) is not None:
            self.member(user, payload)

    def forget(self, user_id: str) -> None:
        """Ask for them when they are next needed."""
        self._known.drop(user_id)

    def left(self, payload: Mapping[str, Any]) -> None:
        """GUILD_MEMBER_REMOVE: their roles are gone with them."""
        user = payload.get("user")
        if isinstance(user, Mapping) and isinstance(user.get("id"), str):
            self._known.drop(user["id"])
            self._outside.put(user["id"], self._clock())

    def _avatar(self, id_: str, user: Mapping[str, Any], member: Mapping[str, Any] | None) -> str:
        if member and isinstance(mark := member.get("avatar"), str):
            return f"{self._cdn}/guilds/{self._guild}/users/{id_}/avatars/{mark}.png"
        return f"{self._cdn}/avatars/{id_}/{mark}.png" if isinstance(mark := user.get("avatar"), str) else ""
