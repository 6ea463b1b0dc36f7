"""What the servers hold: channels, threads, direct conversations and their messages."""

from __future__ import annotations

import itertools
import time
from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sandbox.changes import Changes
from sandbox.discord import permissions as bits
from sandbox.discord.errors import Refused
from sandbox.discord.files import Files
from sandbox.discord.pings import pings
from sandbox.discord.servers import servers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sandbox.discord.servers import Server
    from sandbox.discord.setup import DiscordSetup

EPOCH = 1_420_070_400_000  # milliseconds: Discord's first of January 2015
TEXT, DM, FORUM, PUBLIC_THREAD, PRIVATE_THREAD = 0, 1, 15, 11, 12
THREADS = {10, PUBLIC_THREAD, PRIVATE_THREAD}
EPHEMERAL = 1 << 6
NONCE_KEPT = 300.0  # seconds in which a repeated nonce is recognised


def now() -> str:
    return datetime.now(UTC).isoformat()


@dataclass(slots=True)
class Channel:
    """A channel, thread or direct conversation. `messages` by id, in the order they were said."""

    id: str
    name: str
    type: int
    overwrites: list[dict[str, Any]] = field(default_factory=list)
    parent: str | None = None
    owner: str | None = None
    recipients: list[str] = field(default_factory=list)
    members: dict[str, str] = field(default_factory=dict)  # of a thread: user → when they joined
    meta: dict[str, Any] = field(default_factory=dict)  # thread_metadata
    messages: dict[str, dict[str, Any]] = field(default_factory=dict)
    last_message: str | None = None
    gone: bool = False
    guild: str = ""  # "" for direct conversations
    flags: int = 0
    tags: list[dict[str, Any]] = field(default_factory=list)  # of a forum, and of one of its posts
    renamed: deque[float] = field(default_factory=deque)  # when


class Guild:
    """The state, and who may see and do what in it."""

    def __init__(self, setup: DiscordSetup) -> None:
        self.setup = setup
        self.id = setup.guild_id
        self.changes = Changes()
        self.servers = servers(setup)
        self.members, self.roles = self.servers[self.id].members, self.servers[self.id].roles  # of the first server
        self.users = {id_: each["user"] for server in self.servers.values() for id_, each in server.members.items()}
        told = [setup.members, *(made.get("members", {}) for made in setup.other_guilds.values())]
        self.locales = {id_: made["locale"] for people in told for id_, made in people.items() if "locale" in made}
        self.channels = {
            id_: _channel(id_, made, guild)
            for guild, channels in ((self.id, setup.channels), *_of_others(setup))
            for id_, made in channels.items()
        }
        self.dms: dict[str, Channel] = {}
        self.closed_dms: set[str] = set()
        self.commands: dict[str, list[dict[str, Any]]] = {}  # by guild id, "" = everywhere
        self.commands_created = 0
        self.files = Files(setup, self.new_id)
        self.ephemeral: dict[str, list[dict[str, Any]]] = {}
        self._nonces: dict[tuple[str, str], tuple[str, str, float]] = {}
        self._count = itertools.count()
        self._last = 0
        self.woken: Callable[[Channel], None] = lambda _thread: None  # told when words take a thread out again

    # --- ids and people -------------------------------------------------------------------------------------

    def new_id(self) -> str:
        self._last = max(self._last + 1, (int(time.time() * 1000) - EPOCH) << 22)
        return str(self._last)

    def server(self, guild: str = "") -> Server:
        """The one with that id, the first where none is said; refused where the bot is not in it."""
        found = self.servers.get(guild or self.id)
        if found is None or found.expelled:
            raise Refused(10004)
        return found

    def server_of(self, channel: Channel) -> Server:
        """Where a channel is; the first one for direct conversations."""
        return self.servers[channel.guild or self.id]

    def member(self, user: str, guild: str = "") -> dict[str, Any]:
        return self.servers[guild or self.id].member(user)

    def user(self, user: str) -> dict[str, Any]:
        if user not in self.users:
            raise Refused(10013)
        found: dict[str, Any] = self.users[user]
        return found

    # --- channels -------------------------------------------------------------------------------------------

    def channel(self, channel: str) -> Channel:
        found = self.channels.get(channel)
        if found is None or found.gone:
            raise Refused(10003)
        return found

    def dm(self, user: str) -> Channel:
        if user not in self.users:
            raise Refused(10013)
        if user not in self.dms:
            channel = Channel(self.new_id(), "", DM, recipients=[user])
            self.dms[user] = self.channels[channel.id] = channel
        return self.dms[user]

    def may(self, user: str, channel: Channel) -> int:
        """The permissions of somebody in a channel; 0 where they cannot even see it."""
        if channel.type == DM:
            return bits.ALL if user in {*channel.recipients, self.setup.bot_id} else 0
        where = self.channels.get(channel.parent or "", channel) if channel.type in THREADS else channel
        server = self.servers[where.guild]
        if user not in server.members or (server.expelled and user == self.setup.bot_id):
            return 0
        has = bits.total(server.members[user], server.roles, server.id, where.overwrites)
        if not has & bits.VIEW_CHANNEL:
            return 0
        hidden = channel.type == PRIVATE_THREAD and user not in channel.members and not has & bits.MANAGE_THREADS
        return 0 if hidden else has

    def need(self, user: str, channel: Channel, wanted: int) -> None:
        has = self.may(user, channel)
        if not has:
            raise Refused(50001)
        if has & wanted != wanted:
            raise Refused(50013)

    def where(self, channel: Channel) -> dict[str, Any]:
        """What events in that channel say of the server: nothing for direct conversations."""
        return {"guild_id": channel.guild} if channel.guild else {}

    def active_threads(self, guild: str = "") -> list[Channel]:
        threads = (c for c in self.channels.values() if c.type in THREADS and c.guild == (guild or self.id))
        return [c for c in threads if not c.gone and not c.meta["archived"]]

    def wake(self, thread: Channel) -> bool:
        """An archived thread is one of the active ones again, where there is room. True where it was archived."""
        if not thread.meta["archived"]:
            return False
        if len(self.active_threads(thread.guild)) >= self.setup.active_threads:
            raise Refused(160006)
        thread.meta |= {"archived": False, "archive_timestamp": now()}
        return True

    def add_thread(
        self, parent: Channel, name: str, kind: int, owner: str, body: dict[str, Any], id_: str = ""
    ) -> Channel:
        if not 1 <= len(name) <= 100:
            raise Refused(50035, {"name": {"_errors": [{"code": "BASE_TYPE_BAD_LENGTH", "message": "1 to 100"}]}})
        if len(self.active_threads(parent.guild)) >= self.setup.active_threads:
            raise Refused(160006)
        meta = {
            "archived": False,
            "auto_archive_duration": body.get("auto_archive_duration", 4320),
            "archive_timestamp": now(),
            "locked": False,
            "create_timestamp": now(),
        }
        if kind == PRIVATE_THREAD:
            meta["invitable"] = body.get("invitable", True)
        thread = Channel(
            id_ or self.new_id(), name, kind, parent=parent.id, owner=owner, members={owner: now()}, meta=meta,
            guild=parent.guild,
        )  # fmt: skip
        self.channels[thread.id] = thread
        self.changes.add("thread", channel=thread.id, parent=parent.id)
        return thread

    def channel_json(self, channel: Channel) -> dict[str, Any]:
        """As the API shows it."""
        shown: dict[str, Any] = {
            "id": channel.id,
            "type": channel.type,
            "last_message_id": channel.last_message,
            "flags": channel.flags,
        }
        if channel.type == DM:
            return shown | {"recipients": [self.user(user) for user in channel.recipients]}
        shown |= {"guild_id": channel.guild, "name": channel.name, "parent_id": channel.parent}
        if channel.type in THREADS:
            count = len(channel.messages)
            mine = channel.members.get(self.setup.bot_id)
            shown |= {"owner_id": channel.owner, "thread_metadata": channel.meta, "message_count": count,
                      "member_count": len(channel.members), "total_message_sent": count,
                      "rate_limit_per_user": 0, "applied_tags": [tag["id"] for tag in channel.tags]}  # fmt: skip
            if mine:
                shown["member"] = {"id": channel.id, "user_id": self.setup.bot_id, "join_timestamp": mine, "flags": 0}
            return shown
        shown |= {"position": 0, "permission_overwrites": channel.overwrites, "nsfw": False, "topic": None}
        if channel.type == FORUM:
            shown |= {"available_tags": channel.tags, "default_reaction_emoji": None, "default_sort_order": None,
                      "default_forum_layout": 0}  # fmt: skip
        return shown

    # --- messages -------------------------------------------------------------------------------------------

    def say(self, channel: Channel, author: str, body: dict[str, Any], files: list[dict[str, Any]]) -> dict[str, Any]:
        """Put a message in a channel; gives it whole. The rights were looked at before."""
        if not (body.get("content") or body.get("embeds") or body.get("components") or files):
            raise Refused(50006)
        if channel.type in THREADS:
            if channel.meta["locked"] and not self.may(author, channel) & bits.MANAGE_THREADS:
                raise Refused(160005)
            if self.wake(channel):
                self.woken(channel)
            channel.members.setdefault(author, now())
        id_ = self.new_id()
        message = {
            "id": id_,
            "channel_id": channel.id,
            "author": self.user(author),
            "content": body.get("content") or "",
            "timestamp": now(),
            "edited_timestamp": None,
            "tts": False,
            **self.pinged(channel, author, body),
            "attachments": files,
            "embeds": [{"type": "rich", **embed} for embed in body.get("embeds") or ()],
            "components": self.numbered(body.get("components") or ()),
            "pinned": False,
            "type": 19 if body.get("message_reference") else 0,
            "flags": body.get("flags") or 0,
        }
        if isinstance(reference := body.get("message_reference"), dict):
            message["message_reference"] = {"type": 0, "channel_id": channel.id, "message_id": reference["message_id"]}
        if body.get("nonce") is not None:
            message["nonce"] = body["nonce"]
        channel.messages[id_] = message
        channel.last_message = id_
        self.changes.add("message", channel=channel.id, message=id_)
        return message

    def pinged(self, channel: Channel, author: str, body: dict[str, Any]) -> dict[str, Any]:
        """Whom these words ping, and so what Discord tells of them."""
        may = bool(self.may(author, channel) & bits.MENTION_EVERYONE)
        server, content = self.server_of(channel), body.get("content") or ""
        return pings(content, body.get("allowed_mentions"), server.members, server.roles, everyone=may)

    def numbered(self, components: Any) -> list[dict[str, Any]]:
        """Components as Discord gives them back: each with an id of its own."""
        count = itertools.count(1)

        def number(entry: dict[str, Any]) -> dict[str, Any]:
            entry = {"id": next(count), **entry}
            if isinstance(entry.get("components"), list):
                entry["components"] = [number(inner) for inner in entry["components"]]
            return entry

        return [number(entry) for entry in components]

    def message(self, channel: Channel, message: str) -> dict[str, Any]:
        if message not in channel.messages:
            raise Refused(10008)
        return channel.messages[message]

    def repeated(self, channel: str, author: str, nonce: str) -> dict[str, Any] | None:
        """The message that this author sent with this nonce a short while ago, if any."""
        found = self._nonces.get((author, nonce))
        if found is None or found[0] != channel or time.monotonic() - found[2] > NONCE_KEPT:
            return None
        return self.channels[channel].messages.get(found[1])

    def remember(self, author: str, nonce: str, message: dict[str, Any]) -> None:
        self._nonces[author, nonce] = (message["channel_id"], message["id"], time.monotonic())
        if len(self._nonces) > 10_000:
            del self._nonces[next(iter(self._nonces))]


def _channel(id_: str, made: dict[str, Any], guild: str) -> Channel:
    return Channel(
        id_,
        made["name"],
        made.get("type", TEXT),
        made.get("permission_overwrites", []),
        guild=guild,
        flags=made.get("flags", 0),
        tags=made.get("available_tags", []),
    )


def _of_others(setup: DiscordSetup) -> Iterator[tuple[str, dict[str, dict[str, Any]]]]:
    for guild, made in setup.other_guilds.items():
        yield guild, made.get("channels", {})
