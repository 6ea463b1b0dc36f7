"""REST v10: each route a function of the guild, refused as Discord refuses (discord.com/developers/docs/resources).

People, servers and messages are here; rest_threads.py, reactions.py and rest_commands.py have the rest.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sandbox.discord import limits
from sandbox.discord import permissions as bits
from sandbox.discord.errors import Refused, invalid
from sandbox.discord.guild import DM, EPOCH, FORUM, THREADS, now
from sandbox.discord.sessions import Session

if TYPE_CHECKING:
    from collections.abc import Callable

    from sandbox.discord.gateway import Gateway
    from sandbox.discord.guild import Channel, Guild
    from sandbox.discord.interactions import Interactions
    from sandbox.discord.servers import Server


BULK, TWO_WEEKS = 100, 14 * 86_400_000  # messages deleted at once; milliseconds, older ones are not


@dataclass(slots=True)
class Call:
    """One request: path parameters, query, JSON body, files as (name, content type, bytes) by their index."""

    guild: Guild
    gateway: Gateway
    interactions: Interactions
    path: dict[str, str]
    query: dict[str, str]
    body: Any
    files: dict[int, tuple[str, str, bytes]]

    @property
    def bot(self) -> str:
        return self.guild.setup.bot_id

    def channel(self, wanted: int = 0) -> Channel:
        """The path's channel, where the bot may do this."""
        channel = self.guild.channel(self.path["channel_id"])
        self.guild.need(self.bot, channel, wanted)
        return channel

    def uploads(self, channel: Channel) -> list[dict[str, Any]]:
        """The files that came with it, as attachments."""
        total = sum(len(content) for _, _, content in self.files.values())
        if total > 25 * 1024 * 1024:
            raise Refused(40005)
        named = {str(entry.get("id")): entry for entry in (self.body or {}).get("attachments") or ()}
        return [
            self.guild.files.add(channel.id, named.get(str(number), {}).get("filename") or name, kind, content)
            for number, (name, kind, content) in sorted(self.files.items())
        ]


ROUTES: dict[tuple[str, str], Callable[[Call], Any]] = {}


def route(method: str, path: str) -> Callable[[Callable[[Call], Any]], Callable[[Call], Any]]:
    def register(handler: Callable[[Call], Any]) -> Callable[[Call], Any]:
        ROUTES[method, path] = handler
        return handler

    return register


# --- who and where ------------------------------------------------------------------------------------------------


@route("GET", "/users/@me")
def me(call: Call) -> Any:
    return call.guild.user(call.bot) | {"email": None, "verified": True, "flags": 0}


@route("GET", "/users/@me/guilds")
def my_guilds(call: Call) -> Any:
    in_ = (server for server in call.guild.servers.values() if not server.expelled)
    return [{"id": server.id, "name": server.name, "owner": False, "permissions": "0"} for server in in_]


@route("GET", "/users/{user_id}")
def user(call: Call) -> Any:
    return call.guild.user(call.path["user_id"])


@route("GET", "/oauth2/applications/@me")
@route("GET", "/applications/@me")
def application(call: Call) -> Any:
    setup = call.guild.setup
    flags = 1 << 15 | 1 << 19 if setup.privileged_intents else 0
    about = {"id": setup.application_id, "name": setup.bot_name, "description": "", "icon": None, "flags": flags}
    return about | {"bot_public": True, "bot_require_code_grant": False, "verify_key": "0" * 64, "summary": "",
                    "owner": call.guild.user(call.bot), "team": None, "tags": [], "rpc_origins": []}  # fmt: skip


@route("GET", "/gateway")
def gateway(call: Call) -> Any:
    return {"url": call.gateway.address}


@route("GET", "/gateway/bot")
def gateway_bot(call: Call) -> Any:
    setup = call.guild.setup
    start = {"total": 1000, "remaining": max(setup.session_starts - call.gateway.starts, 0),
             "reset_after": 86_400_000, "max_concurrency": setup.max_concurrency}  # fmt: skip
    return {"url": call.gateway.address, "shards": setup.shards, "session_start_limit": start}


@route("POST", "/users/@me/channels")
def open_dm(call: Call) -> Any:
    recipient = str(call.body["recipient_id"])
    if recipient == call.bot:
        raise Refused(50033)
    return call.guild.channel_json(call.guild.dm(recipient))


def _server(call: Call) -> Server:
    return call.guild.server(call.path["guild_id"])


@route("GET", "/guilds/{guild_id}")
def guild_(call: Call) -> Any:
    return call.gateway.guild_json(Session(0), _server(call).id)


@route("GET", "/guilds/{guild_id}/channels")
def guild_channels(call: Call) -> Any:
    server = _server(call)
    found = (c for c in call.guild.channels.values() if c.guild == server.id and c.type not in THREADS)
    return [call.guild.channel_json(c) for c in found if not c.gone]


@route("GET", "/guilds/{guild_id}/roles")
def guild_roles(call: Call) -> Any:
    return list(_server(call).roles.values())


@route("GET", "/guilds/{guild_id}/members/{user_id}")
def guild_member(call: Call) -> Any:
    return _server(call).member(call.path["user_id"])


@route("GET", "/guilds/{guild_id}/members")
def guild_members(call: Call) -> Any:
    after, limit = int(call.query.get("after", 0)), int(call.query.get("limit", 1))
    if not 1 <= limit <= 1000:
        invalid([("limit", "int value should be between 1 and 1000.")])
    found = sorted(_server(call).members.values(), key=lambda member: int(member["user"]["id"]))
    return [member for member in found if int(member["user"]["id"]) > after][:limit]


@route("GET", "/guilds/{guild_id}/members/search")
def guild_search(call: Call) -> Any:
    query = call.query.get("query", "").lower()
    found = [m for m in _server(call).members.values() if m["user"]["username"].lower().startswith(query)]
    return found[: int(call.query.get("limit", 1))]


@route("GET", "/guilds/{guild_id}/threads/active")
def guild_threads(call: Call) -> Any:
    guild = call.guild
    seen = [c for c in guild.active_threads(_server(call).id) if guild.may(call.bot, c)]
    return {"threads": [guild.channel_json(c) for c in seen], "members": []}


# --- messages -----------------------------------------------------------------------------------------------------


@route("GET", "/channels/{channel_id}/messages")
def messages(call: Call) -> Any:
    found = list(call.channel(bits.READ_MESSAGE_HISTORY).messages.values())
    limit = int(call.query.get("limit", 50))
    if not 1 <= limit <= 100:
        invalid([("limit", "int value should be between 1 and 100.")])
    if after := call.query.get("after"):
        return [m for m in found if int(m["id"]) > int(after)][:limit][::-1]
    if around := call.query.get("around"):
        later = [m for m in found if int(m["id"]) > int(around)][: limit // 2]
        earlier = [m for m in found if int(m["id"]) <= int(around)]
        return [*earlier[len(later) - limit :], *later][::-1]
    if before := call.query.get("before"):
        found = [m for m in found if int(m["id"]) < int(before)]
    return found[-limit:][::-1]


@route("GET", "/channels/{channel_id}/messages/{message_id}")
def message(call: Call) -> Any:
    return call.guild.message(call.channel(bits.READ_MESSAGE_HISTORY), call.path["message_id"])


@route("POST", "/channels/{channel_id}/messages")
def post_message(call: Call) -> Any:
    found = call.channel()
    if found.type == FORUM:
        raise Refused(50024)
    if found.type == DM and found.recipients[0] in call.guild.closed_dms:
        raise Refused(50007)
    wanted = bits.SEND_MESSAGES_IN_THREADS if found.type in THREADS else bits.SEND_MESSAGES
    call.guild.need(call.bot, found, wanted | (bits.ATTACH_FILES if call.files else 0))
    invalid(list(limits.message(call.body, len(call.files))))
    return say(call, found)


def say(call: Call, found: Channel, *, id_: str = "") -> dict[str, Any]:
    nonce = str(call.body["nonce"]) if call.body.get("nonce") is not None else None
    if nonce and call.body.get("enforce_nonce") and (again := call.guild.repeated(found.id, call.bot, nonce)):
        return again
    said = call.guild.say(found, call.bot, call.body, call.uploads(found))
    if id_:  # a forum post's first message has its thread's id
        del found.messages[said["id"]]
        said["id"] = id_
        found.messages[id_] = said
    if nonce:
        call.guild.remember(call.bot, nonce, said)
    call.gateway.tell("MESSAGE_CREATE", event(call, found, said), found)
    return said


def event(call: Call, found: Channel, said: dict[str, Any]) -> dict[str, Any]:
    if found.type == DM:
        return dict(said)
    member = {k: v for k, v in call.guild.member(call.bot, found.guild).items() if k != "user"}
    return said | call.guild.where(found) | {"member": member}


@route("PATCH", "/channels/{channel_id}/messages/{message_id}")
def edit_message(call: Call) -> Any:
    found = call.channel()
    said = call.guild.message(found, call.path["message_id"])
    if said["author"]["id"] != call.bot:
        raise Refused(50005)
    if found.type in THREADS and found.meta["archived"]:
        raise Refused(50083)
    invalid(list(limits.message(call.body, len(call.files))))
    changed = {name: call.body[name] for name in ("content", "embeds", "components", "flags") if name in call.body}
    if "components" in changed:
        changed["components"] = call.guild.numbered(changed["components"] or ())
    if "attachments" in call.body:
        kept = {str(entry.get("id")) for entry in call.body["attachments"]}
        said["attachments"] = [file for file in said["attachments"] if file["id"] in kept]
    said["attachments"] += call.uploads(found)
    said |= changed
    if "content" in changed:
        said |= call.guild.pinged(found, call.bot, call.body)
    said["content"] = said["content"] or ""
    said["edited_timestamp"] = now()
    call.guild.changes.add("edited", channel=found.id, message=said["id"])
    call.gateway.tell("MESSAGE_UPDATE", event(call, found, said), found)
    return said


@route("DELETE", "/channels/{channel_id}/messages/{message_id}")
def delete_message(call: Call) -> Any:
    found = call.channel()
    said = call.guild.message(found, call.path["message_id"])
    if said["author"]["id"] != call.bot:
        call.guild.need(call.bot, found, bits.MANAGE_MESSAGES)
    if found.type in THREADS and found.meta["archived"]:
        raise Refused(50083)
    del found.messages[said["id"]]
    call.guild.changes.add("deleted", channel=found.id, message=said["id"])
    gone = {"id": said["id"], "channel_id": found.id} | call.guild.where(found)
    call.gateway.tell("MESSAGE_DELETE", gone, found)


@route("POST", "/channels/{channel_id}/messages/bulk-delete")
def delete_messages(call: Call) -> Any:
    """Ids that are no messages' count towards the number, and are passed over."""
    found = call.channel(bits.MANAGE_MESSAGES)
    wanted = list(dict.fromkeys(str(id_) for id_ in call.body["messages"]))
    if not 2 <= len(wanted) <= BULK:
        raise Refused(50016)
    oldest = time.time() * 1000 - EPOCH - TWO_WEEKS
    if any(int(id_) >> 22 < oldest for id_ in wanted):
        raise Refused(50034)
    gone = [id_ for id_ in wanted if found.messages.pop(id_, None)]
    for id_ in gone:
        call.guild.changes.add("deleted", channel=found.id, message=id_)
    told = {"ids": gone, "channel_id": found.id} | call.guild.where(found)
    call.gateway.tell("MESSAGE_DELETE_BULK", told, found)
