"""Direct conversations, which belong to no server: brought to the channel of a server in which the person is.

Somebody who is in several is taken to speak in the one where they were heard last, else in the first of config.toml.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from adapters.discord.lanes import Lanes
from adapters.discord.profiles import Recent
from adapters.port import ChannelError

if TYPE_CHECKING:
    from collections.abc import Callable

    from adapters.discord.hearing import Hearing

log = logging.getLogger(__name__)

_SPEAKERS = 20_000  # people whose server is remembered

Payload = Mapping[str, Any]


class Direct:
    """The gateway's ears for what is of no server."""

    def __init__(self, servers: Mapping[str, Hearing]) -> None:
        self._servers = servers
        self._of: Recent[str, str] = Recent(_SPEAKERS)  # user → server
        self._lanes: Lanes[tuple[str, Callable[[Hearing], None]]] = Lanes(self._bring, lambda: None)

    def heard_in(self, user: str, guild: str) -> None:
        """They did something in that server."""
        if len(self._servers) > 1:
            self._of.put(user, guild)

    async def close(self) -> None:
        await self._lanes.close()

    def message_created(self, payload: Payload) -> None:
        self._put(payload, lambda ears: ears.message_created(payload))

    def message_updated(self, payload: Payload) -> None:
        self._put(payload, lambda ears: ears.message_updated(payload))

    def message_deleted(self, payload: Payload) -> None:
        """Nobody is named: whoever knows the message."""
        for ears in self._servers.values():
            ears.message_deleted(payload)

    def interaction(self, payload: Payload) -> None:
        self._put(payload, lambda ears: ears.interaction(payload))

    def reaction_added(self, payload: Payload) -> None:
        """Below a direct message a reaction means nothing."""

    def member_left(self, payload: Payload) -> None:
        """They are to be found in another server from now on."""
        user = payload.get("user")
        id_ = str(user.get("id")) if isinstance(user, Mapping) else ""
        if self._of.get(id_) == str(payload.get("guild_id")):
            self._of.drop(id_)

    def member_joined(self, payload: Payload) -> None:
        """Of servers only."""

    def member_changed(self, payload: Payload) -> None:
        """Of servers only."""

    def _put(self, payload: Payload, bring: Callable[[Hearing], None]) -> None:
        if len(self._servers) == 1:
            for only in self._servers.values():
                bring(only)
            return
        user = payload.get("user") or payload.get("author")
        if isinstance(user, Mapping) and isinstance(id_ := user.get("id"), str):
            self._lanes.put(id_, (id_, bring))

    async def _bring(self, thing: tuple[str, Callable[[Hearing], None]]) -> None:
        user, bring = thing
        try:
            if (ears := await self._server_of(user)) is not None:
                bring(ears)
        except Exception:
            log.exception("what %s said directly could not be heard", user)

    async def _server_of(self, user: str) -> Hearing | None:
        if (known := self._servers.get(self._of.get(user) or "")) is not None:
            return known
        servers = dict(self._servers)
        asked = await asyncio.gather(*(self._is_in(ears, user) for ears in servers.values()))
        for guild, is_in in zip(servers, asked, strict=True):
            if is_in:
                self._of.put(user, guild)
                return servers[guild]
        return next(iter(servers.values()), None)

    async def _is_in(self, ears: Hearing, user: str) -> bool:
        try:
            return await ears.has_member(user)
        except ChannelError as error:
            log.info("whether %s is in a server is not known: %s", user, error)
            return False
