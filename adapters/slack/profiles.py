"""Who people, channels and user groups are: asked once, kept for some minutes, forgotten when Slack says it changed."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from adapters.port import ChannelError, Denied, Gone, Profile
from adapters.slack.errors import asked
from adapters.slack.text import mentioned

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from adapters.slack.api import Api

log = logging.getLogger(__name__)
V = TypeVar("V")

KEPT = 300.0  # seconds
MOST = 10_000  # entries of each kind
NAMES_WITHIN = 2.0  # seconds that a message waits for the names of those it mentions
_USER = ("U", "W")  # how ids of people begin; those of user groups with "S"
_IN_PARALLEL = 8  # names asked for at once


class Recent(Generic[V]):
    """Values by key for some seconds, the oldest first to go."""

    def __init__(self, clock: Callable[[], float], kept: float) -> None:
        self._clock, self._kept = clock, kept
        self._entries: OrderedDict[str, tuple[float, V]] = OrderedDict()

    def get(self, key: str) -> V | None:
        entry = self._entries.get(key)
        return entry[1] if entry is not None and entry[0] > self._clock() else None

    def stale(self, key: str) -> V | None:
        """The value even when it is old: better than an id."""
        entry = self._entries.get(key)
        return entry[1] if entry is not None else None

    def put(self, key: str, value: V) -> None:
        self._entries[key] = (self._clock() + self._kept, value)
        self._entries.move_to_end(key)
        if len(self._entries) > MOST:
            self._entries.popitem(last=False)

    def expire(self, key: str) -> None:
        if key in self._entries:
            self._entries[key] = (0.0, self._entries[key][1])


class Profiles:
    """Also the `Names` of text: `user`, `channel` and `group` give what is known, without a call."""

    def __init__(self, api: Api, *, clock: Callable[[], float] = time.monotonic, kept: float = KEPT) -> None:
        self._api = api
        self._clock = clock
        self._kept = kept
        self._people: Recent[Profile] = Recent(clock, kept)
        self._channels: Recent[str] = Recent(clock, kept)
        self._groups: dict[str, tuple[str, frozenset[str]]] = {}  # id → its handle and members
        self._groups_until = -1.0
        self._groups_asked = asyncio.Lock()
        self._made: Recent[tuple[Profile, object, Profile]] = Recent(clock, kept)  # of which person, by which groups

    # --- names known so far -------------------------------------------------------------------------------------

    def user(self, id: str) -> str:  # noqa: A002 - the protocol's word
        known = self._people.stale(id)
        return known.name if known else id

    def channel(self, id: str) -> str:  # noqa: A002 - the protocol's word
        return self._channels.stale(id) or id

    def group(self, id: str) -> str:  # noqa: A002 - the protocol's word
        known = self._groups.get(id)
        return known[0] if known else id

    def locale(self, user: str) -> str:
        """The person's language, where it is known already; "" else."""
        known = self._people.stale(user)
        return known.locale if known else ""

    async def learn(self, ids: Iterable[str], *, within: float = NAMES_WITHIN) -> None:
        """Ask for names that are not known yet. Without an answer the ids have to do: a message is never held up."""
        wanted = [id_ for id_ in ids if not self._known(id_)]
        if not wanted:
            return
        doors = asyncio.Semaphore(_IN_PARALLEL)
        try:
            async with asyncio.timeout(within):
                await asyncio.gather(*(self._learn(id_, doors) for id_ in wanted))
        except TimeoutError:
            log.info("no names in time for %d mentions", len(wanted))

    async def learn_of(self, message: Any, *, within: float = NAMES_WITHIN) -> None:
        """Ask for the name of a message's author and of those it mentions."""
        if not isinstance(message, Mapping):
            return
        author, words, blocks = message.get("user"), message.get("text"), message.get("blocks")
        ids = {author} if isinstance(author, str) and author else set()
        try:
            ids |= mentioned(words if isinstance(words, str) else "", blocks if isinstance(blocks, list) else [])
        except Exception:  # odd blocks cost names, never the message
            log.warning("mentions that cannot be read", exc_info=True)
        await self.learn(ids, within=within)

    def _known(self, id_: str) -> bool:
        if id_.startswith("S"):
            return id_ in self._groups
        return (self._channels if id_.startswith(("C", "G", "D")) else self._people).stale(id_) is not None

    async def _learn(self, id_: str, doors: asyncio.Semaphore) -> None:
        try:
            async with doors:
                if id_.startswith("S"):
                    await self._refresh_groups()
                elif id_.startswith(("C", "G", "D")):
                    answer = await asked(self._api.web.conversations_info(channel=id_))
                    self._channels.put(id_, str(answer["channel"].get("name") or id_))
                else:
                    await self._person(id_)
        except ChannelError as error:
            log.info("no name for %s: %s", id_, error)

    # --- profiles -----------------------------------------------------------------------------------------------

    async def profile(self, user: str) -> Profile:
        """Gone where Slack does not know them."""
        known = self._people.get(user)
        if known is None:
            person, _ = await asyncio.gather(self._person(user), self._refresh_groups())
        else:  # most people are known, and need no tasks
            person = known
            await self._refresh_groups()
        made = self._made.get(user)
        if made is not None and made[0] is person and made[1] is self._groups:
            return made[2]
        roles = frozenset({user, *(id_ for id_, (_, members) in self._groups.items() if user in members)})
        whole = replace(person, roles=roles)
        self._made.put(user, (person, self._groups, whole))
        return whole

    async def bearing(self, ids: Iterable[str]) -> Sequence[str]:
        """The users whom these ids name, and those in the user groups that they name. Groups come with their members
        (usergroups.list), users one by one: nobody is named by an id that Slack does not know.
        """
        await self._refresh_groups()
        users: dict[str, None] = {}
        for id_ in sorted(ids):
            if id_ in self._groups:
                users |= dict.fromkeys(sorted(self._groups[id_][1]))
            elif id_.startswith(_USER):
                with contextlib.suppress(Gone):
                    await self._person(id_)
                    users[id_] = None
        return tuple(users)

    async def _person(self, user: str) -> Profile:
        known = self._people.get(user)
        if known is None:
            answer = await asked(self._api.web.users_info(user=user, include_locale=True))
            entry = answer.get("user")
            if not isinstance(entry, dict):
                raise Gone(f"users.info says nothing about {user}")
            known = _profile(entry)
            self._people.put(user, known)
        return known

    async def _refresh_groups(self) -> None:
        if self._groups_until > self._clock():
            return
        async with self._groups_asked:
            if self._groups_until > self._clock():
                return
            try:
                answer = await asked(self._api.web.usergroups_list(include_users=True))
            except Denied as error:
                # Free workspaces have no user groups: roles by id still work.
                log.warning("user groups cannot be read, nobody has a role by them: %s", error)
                self._groups = {}
            else:
                self._groups = {
                    group["id"]: (str(group.get("handle") or group["id"]), frozenset(group.get("users") or ()))
                    for group in answer.get("usergroups") or ()
                    if not group.get("date_delete")
                }
            self._groups_until = self._clock() + self._kept

    # --- changes ------------------------------------------------------------------------------------------------

    def heed(self, event: Mapping[str, Any]) -> str | None:
        """Forget what an event says has changed. The next who asks is told anew. Gives whom it is about, "" where it is
        about groups, None where it is about neither.
        """
        kind, user = event.get("type"), event.get("user")
        found = None
        if kind == "user_change" and isinstance(user, dict) and isinstance(user.get("id"), str):
            found = str(user["id"])
        elif isinstance(kind, str) and kind.startswith("subteam_"):
            found = ""
        if found is not None:
            self.forget(found)
        return found

    def forget(self, user: str) -> None:
        """Who that is; "": who is in which group."""
        if user:
            self._people.expire(user)
        else:
            self._groups_until = -1.0


def _profile(entry: Mapping[str, Any]) -> Profile:
    shown = entry.get("profile") or {}
    name = shown.get("display_name") or shown.get("real_name") or entry.get("real_name") or entry.get("name")
    return Profile(
        name=str(name or entry.get("id") or ""),
        locale=str(entry.get("locale") or ""),
        avatar=str(shown.get("image_192") or shown.get("image_72") or ""),
        bot=bool(entry.get("is_bot")),
    )
