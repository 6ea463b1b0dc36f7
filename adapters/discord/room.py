"""Room for one more thread: Discord keeps a thousand active in a server, and refuses the next.

Those of ours in which nothing was said for longest are put away; each comes back by itself when something is.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any, Protocol

from adapters.discord.refs import is_id
from adapters.port import ChannelError

if TYPE_CHECKING:
    from collections.abc import Mapping

log = logging.getLogger(__name__)

_SHARE = 20  # a twentieth of our active threads at once: the next who needs room finds some
_MOST = 25  # at once: each costs a request


class Asking(Protocol):
    """What Discord is asked through."""

    @property
    def me(self) -> str: ...

    async def once(self, method: str, path: str, *, json: Any = None, **parameters: Any) -> Any: ...


class Room:
    """One for each server."""

    def __init__(self, rest: Asking, guild: str) -> None:
        self._rest = rest
        self._guild = guild
        self._turn = asyncio.Lock()
        self._made = 0  # how often

    async def make(self) -> bool:
        """Put some threads away. False where none of the active ones is ours."""
        made = self._made
        async with self._turn:
            if self._made != made:
                return True  # somebody else just did
            active = await self._rest.once("GET", "/guilds/{guild_id}/threads/active", guild_id=self._guild)
            ours = [entry for entry in active.get("threads", ()) if str(entry.get("owner_id")) == self._rest.me]
            ours.sort(key=_last_said)
            chosen = ours[: min(max(len(ours) // _SHARE, 1), _MOST)]
            for entry in chosen:
                await self._put_away(str(entry["id"]))
            self._made += bool(chosen)
            log.info("the server is full of active threads: %d of ours put away", len(chosen))
            return bool(chosen)

    async def _put_away(self, thread: str) -> None:
        try:
            await self._rest.once("PATCH", "/channels/{channel_id}", json={"archived": True}, channel_id=thread)
        except ChannelError as error:
            log.info("the thread %s is not put away: %s", thread, error)


def _last_said(thread: Mapping[str, Any]) -> int:
    newest = str(thread.get("last_message_id") or thread.get("id"))
    return int(newest) if is_id(newest) else 0
