"""discord.py's client, which keeps the gateway's connection and the server's channels, and hands on raw payloads.

Payloads are taken where discord.py parses them: in the order of arrival, without building a message object for each,
and without a cache of messages or people. A server of 20,000 costs as much as one of 20.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Protocol

import discord
import yarl
from discord.gateway import DiscordWebSocket
from discord.http import Route
from discord.state import ConnectionState

from adapters.discord.commands import Tree, carried
from adapters.discord.invitation import intents

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from adapters.discord.config import DiscordConfig

log = logging.getLogger(__name__)

_COMMAND, _CHAT_INPUT = 2, 1  # types of an interaction and of a command
_LONGEST_RATE_LIMIT = 30.0  # seconds that discord.py waits by itself: the least that it takes


class Ears(Protocol):
    """Who is told what the gateway says. Called in order, from the socket's own task: nothing here may wait."""

    def message_created(self, payload: Mapping[str, Any]) -> None: ...
    def message_updated(self, payload: Mapping[str, Any]) -> None: ...
    def message_deleted(self, payload: Mapping[str, Any]) -> None: ...
    def reaction_added(self, payload: Mapping[str, Any]) -> None: ...
    def interaction(self, payload: Mapping[str, Any]) -> None: ...
    def member_joined(self, payload: Mapping[str, Any]) -> None: ...
    def member_changed(self, payload: Mapping[str, Any]) -> None: ...
    def member_left(self, payload: Mapping[str, Any]) -> None: ...
    def ready(self, payload: Mapping[str, Any]) -> None: ...
    def resumed(self) -> None: ...
    def guild_there(self, guild: str) -> None: ...
    def guild_away(self, guild: str) -> None: ...
    def disconnected(self) -> None: ...
    def missed(self) -> None: ...


class Turns(Protocol):
    """When a shard may identify."""

    async def turn(self, shard: int) -> None: ...


def point_at(config: DiscordConfig) -> None:
    """Tell discord.py where Discord is. These are its class attributes, hence one Discord for one process."""
    Route.BASE = config.api_url
    DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(config.gateway_url)
    discord.Asset.BASE = config.cdn_url


class _State(ConnectionState["Gateway"]):
    """discord.py's state, with our own readers for what would be built and thrown away."""

    def __init__(self, ears: Ears, **options: Any) -> None:
        self._ears = ears
        super().__init__(**options)

    def _heard(self, ear: Callable[[Any], None], data: Any) -> None:
        """An ear that fails must not end the connection; what it did not hear is looked for in the histories."""
        try:
            ear(data)
        except Exception:
            log.exception("an event of the gateway's could not be heard")
            self._ears.missed()

    def parse_message_create(self, data: Any) -> None:
        author = data.get("author")
        if isinstance(author, dict) and author.get("id") == str(self.self_id):
            return  # our own words come back with each that we say
        self._heard(self._ears.message_created, data)

    def parse_message_update(self, data: Any) -> None:
        self._heard(self._ears.message_updated, data)

    def parse_message_delete(self, data: Any) -> None:
        self._heard(self._ears.message_deleted, data)

    def parse_message_delete_bulk(self, data: Any) -> None:
        self._heard(self._ears.message_deleted, data)

    def parse_message_reaction_add(self, data: Any) -> None:
        self._heard(self._ears.reaction_added, data)

    def parse_interaction_create(self, data: Any) -> None:
        # Slash commands go through discord.py's tree; buttons and forms have no view behind them, so that those of
        # messages from before a restart work like new ones, and a message's menu is read without building the message.
        self._heard(self._interaction_created, data)

    def _interaction_created(self, data: Any) -> None:
        command = data.get("data") if data.get("type") == _COMMAND else None
        is_typed = isinstance(command, dict) and command.get("type", _CHAT_INPUT) == _CHAT_INPUT
        if not is_typed or self._command_tree is None:
            self._ears.interaction(data)
            return
        interaction: discord.Interaction[Any] = discord.Interaction(data=data, state=self)
        carried(interaction, data, self._ears.interaction)
        self._command_tree._from_interaction(interaction)  # noqa: SLF001 - as discord.py's own state does

    def parse_guild_member_add(self, data: Any) -> None:
        self._heard(self._ears.member_joined, data)

    def parse_guild_member_update(self, data: Any) -> None:
        self._heard(self._ears.member_changed, data)

    def parse_guild_member_remove(self, data: Any) -> None:
        self._heard(self._ears.member_left, data)

    def parse_ready(self, data: Any) -> None:
        super().parse_ready(data)
        self._ears.ready(data)

    def parse_resumed(self, data: Any) -> None:
        super().parse_resumed(data)
        self._ears.resumed()

    def parse_guild_create(self, data: Any) -> None:
        super().parse_guild_create(data)
        if not data.get("unavailable"):
            self._ears.guild_there(str(data.get("id")))

    def parse_guild_delete(self, data: Any) -> None:
        super().parse_guild_delete(data)
        self._ears.guild_away(str(data.get("id")))


class Gateway(discord.Client):
    """One login, or one shard `within` a login: number and count. After it ended, another is made for the next. Who has
    no ears is not to connect.
    """

    def __init__(
        self,
        ears: Ears | None = None,
        *,
        within: Gateway | None = None,
        shard: tuple[int, int] | None = None,
        gate: Turns | None = None,
    ) -> None:
        self._ears = ears
        self._gate = gate
        self._is_guest = within is not None
        super().__init__(
            shard_id=shard[0] if shard else None,
            shard_count=shard[1] if shard else None,
            intents=intents(),
            max_messages=None,
            chunk_guilds_at_startup=False,
            member_cache_flags=discord.MemberCacheFlags.none(),
            allowed_mentions=discord.AllowedMentions.none(),
            max_ratelimit_timeout=_LONGEST_RATE_LIMIT,
            guild_ready_timeout=0.1,  # seconds; nothing here waits for discord.py's own "ready"
        )
        if within is None:
            self.tree = Tree(self)
        else:
            self.http = self._connection.http = within.http
            self.tree = within.tree
            self._connection._command_tree = within.tree  # noqa: SLF001 - one tree for all shards

    def _get_state(self, **options: Any) -> ConnectionState[Gateway]:
        if self._ears is None:
            return super()._get_state(**options)
        return _State(
            self._ears, dispatch=self.dispatch, handlers=self._handlers, hooks=self._hooks, http=self.http, **options
        )

    async def connect(self, *, reconnect: bool = True) -> None:
        """As discord.py does; what is within another's login needs none of its own."""
        if self._is_guest:
            await self._async_setup_hook()
        await super().connect(reconnect=reconnect)

    async def before_identify_hook(self, shard_id: int | None, *, initial: bool = False) -> None:
        """Wait for our turn to begin a session: discord.py's own five seconds know nothing of other shards."""
        if self._gate is not None:
            await self._gate.turn(shard_id or 0)
        else:
            await super().before_identify_hook(shard_id, initial=initial)

    async def close(self) -> None:
        """The login is left to whose it is."""
        if not self._is_guest:
            await super().close()
        elif getattr(self, "ws", None) is not None and self.ws.open:
            await self.ws.close(code=1000)

    async def on_disconnect(self) -> None:
        """The socket is gone; discord.py takes it up again by itself."""
        if self._ears is not None:
            self._ears.disconnected()
