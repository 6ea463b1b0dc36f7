"""REST v10: each route a function of the guild, refused as Discord refuses (discord.com/developers/docs/resources)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sandbox.discord import limits
from sandbox.discord import permissions as bits
from sandbox.discord.errors import Refused, invalid
from sandbox.discord.guild import DM, FORUM, PRIVATE_THREAD, PUBLIC_THREAD, THREADS, now

if TYPE_CHECKING:
    from collections.abc import Callable

    from sandbox.discord.gateway import Gateway
    from sandbox.discord.guild import Channel, Guild
    from sandbox.discord.interactions import Interactions


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
            self.guild.add_file(channel.id, named.get(str(number), {}).get("filename") or name, kind, content)
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
    return [{"id": call.guild.id, "name": call.guild.setup.guild_name, "owner": False, "permissions": "0"}]


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
    start = {"total": 1000, "remaining": 999, "reset_after": 86_400_000, "max_concurrency": 1}
    return {"url": call.gateway.address, "shards": 1, "session_start_limit": start}


@route("POST", "/users/@me/channels")
def open_dm(call: Call) -> Any:
    return call.guild.channel_json(call.guild.dm(str(call.body["recipient_id"])))


def _guild(call: Call) -> Guild:
    if call.path["guild_id"] != call.guild.id:
        raise Refused(10004)
    return call.guild


@route("GET", "/guilds/{guild_id}")
def guild_(call: Call) -> Any:
    from sandbox.discord.gateway import Session

    _guild(call)
    return call.gateway.guild_json(Session(0))


@route("GET", "/guilds/{guild_id}/channels")
def guild_channels(call: Call) -> Any:
    guild = _guild(call)
    return [guild.channel_json(c) for c in guild.channels.values() if c.type not in {*THREADS, DM} and not c.gone]


@route("GET", "/guilds/{guild_id}/roles")
def guild_roles(call: Call) -> Any:
    return list(_guild(call).roles.values())


@route("GET", "/guilds/{guild_id}/members/{user_id}")
def guild_member(call: Call) -> Any:
    return _guild(call).member(call.path["user_id"])


@route("GET", "/guilds/{guild_id}/members/search")
def guild_search(call: Call) -> Any:
    query = call.query.get("query", "").lower()
    found = [m for m in _guild(call).members.values() if m["user"]["username"].lower().startswith(query)]
    return found[: int(call.query.get("limit", 1))]


@route("GET", "/guilds/{guild_id}/threads/active")
def guild_threads(call: Call) -> Any:
    guild = _guild(call)
    seen = [c for c in guild.active_threads() if guild.may(call.bot, c)]
    return {"threads": [guild.channel_json(c) for c in seen], "members": []}


# --- channels and threads -----------------------------------------------------------------------------------------


@route("GET", "/channels/{channel_id}")
def channel(call: Call) -> Any:
    return call.guild.channel_json(call.channel())


@route("PATCH", "/channels/{channel_id}")
def change_channel(call: Call) -> Any:
    found = call.channel()
    if found.type not in THREADS:
        raise Refused(50013)
    mine = found.owner == call.bot and set(call.body) <= {"name", "archived", "auto_archive_duration"}
    if not mine or found.meta["locked"]:
        call.guild.need(call.bot, found, bits.MANAGE_THREADS)
    if found.meta["archived"] and call.body.get("archived") is not False:
        raise Refused(50083)
    known = ("archived", "locked", "auto_archive_duration", "invitable")
    found.meta |= {name: call.body[name] for name in known if name in call.body}
    found.name = call.body.get("name", found.name)
    shown = call.guild.channel_json(found)
    call.gateway.tell("THREAD_UPDATE", shown, found)
    call.guild.changes.add("thread", channel=found.id, parent=found.parent)
    return shown


@route("DELETE", "/channels/{channel_id}")
def delete_channel(call: Call) -> Any:
    found = call.channel(bits.MANAGE_THREADS)
    found.gone = True
    call.gateway.tell("THREAD_DELETE", {"id": found.id, "guild_id": call.guild.id, "parent_id": found.parent,
                                        "type": found.type})  # fmt: skip
    return call.guild.channel_json(found)


def _opened(call: Call, thread: Channel) -> dict[str, Any]:
    shown = call.guild.channel_json(thread)
    call.gateway.tell("THREAD_CREATE", shown | {"newly_created": True}, thread)
    return shown


@route("POST", "/channels/{channel_id}/messages/{message_id}/threads")
def thread_from_message(call: Call) -> Any:
    parent = call.channel(bits.CREATE_PUBLIC_THREADS)
    message = call.guild.message(parent, call.path["message_id"])
    if message["id"] in call.guild.channels:
        raise Refused(160004)
    thread = call.guild.add_thread(parent, call.body["name"], PUBLIC_THREAD, call.bot, call.body, message["id"])
    message["flags"] |= 1 << 5
    return _opened(call, thread)


@route("POST", "/channels/{channel_id}/threads")
def thread(call: Call) -> Any:
    parent = call.channel()
    if parent.type == FORUM:
        call.guild.need(call.bot, parent, bits.SEND_MESSAGES)
        first = call.body.get("message") or {}
        invalid(list(limits.message(first, len(call.files))))
        made = call.guild.add_thread(parent, call.body["name"], PUBLIC_THREAD, call.bot, call.body)
        call.body = first
        shown = _opened(call, made)
        message = _say(call, made, id_=made.id)
        return shown | {"message": message}
    kind = call.body.get("type", PRIVATE_THREAD)
    wanted = bits.CREATE_PRIVATE_THREADS if kind == PRIVATE_THREAD else bits.CREATE_PUBLIC_THREADS
    call.guild.need(call.bot, parent, wanted)
    if kind != PRIVATE_THREAD and "invitable" in call.body:
        invalid([("invitable", "only for private threads")])
    return _opened(call, call.guild.add_thread(parent, call.body["name"], kind, call.bot, call.body))


@route("GET", "/channels/{channel_id}/threads/archived/private")
@route("GET", "/channels/{channel_id}/threads/archived/public")
def archived(call: Call) -> Any:
    parent = call.channel(bits.READ_MESSAGE_HISTORY)
    found = [
        c for c in call.guild.channels.values()
        if c.parent == parent.id and c.type in THREADS and c.meta["archived"] and not c.gone
        and call.guild.may(call.bot, c)
    ]  # fmt: skip
    return {"threads": [call.guild.channel_json(c) for c in found], "members": [], "has_more": False}


@route("PUT", "/channels/{channel_id}/thread-members/{user_id}")
def add_thread_member(call: Call) -> Any:
    found = call.channel(bits.SEND_MESSAGES_IN_THREADS)
    if found.meta["archived"]:
        raise Refused(50083)
    user_id = call.bot if call.path["user_id"] == "@me" else call.path["user_id"]
    call.guild.member(user_id)
    found.members.setdefault(user_id, now())
    call.guild.changes.add("thread", channel=found.id, parent=found.parent)


@route("GET", "/channels/{channel_id}/thread-members")
def thread_members(call: Call) -> Any:
    found = call.channel()
    return [{"id": found.id, "user_id": id_, "join_timestamp": at, "flags": 0} for id_, at in found.members.items()]


@route("DELETE", "/channels/{channel_id}/thread-members/{user_id}")
def remove_thread_member(call: Call) -> Any:
    call.channel(bits.MANAGE_THREADS).members.pop(call.path["user_id"], None)


@route("POST", "/channels/{channel_id}/typing")
def typing(call: Call) -> Any:
    call.channel(bits.SEND_MESSAGES)


# --- messages -----------------------------------------------------------------------------------------------------


@route("GET", "/channels/{channel_id}/messages")
def messages(call: Call) -> Any:
    found = list(call.channel(bits.READ_MESSAGE_HISTORY).messages.values())
    limit = int(call.query.get("limit", 50))
    if not 1 <= limit <= 100:
        invalid([("limit", "int value should be between 1 and 100.")])
    if after := call.query.get("after"):
        return [m for m in found if int(m["id"]) > int(after)][:limit][::-1]
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
    return _say(call, found)


def _say(call: Call, found: Channel, *, id_: str = "") -> dict[str, Any]:
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
    call.gateway.tell("MESSAGE_CREATE", _event(call, found, said), found)
    return said


def _event(call: Call, found: Channel, said: dict[str, Any]) -> dict[str, Any]:
    if found.type == DM:
        return dict(said)
    member = {k: v for k, v in call.guild.members[call.bot].items() if k != "user"}
    return said | {"guild_id": call.guild.id, "member": member}


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
    said["content"] = said["content"] or ""
    said["edited_timestamp"] = now()
    call.guild.changes.add("edited", channel=found.id, message=said["id"])
    call.gateway.tell("MESSAGE_UPDATE", _event(call, found, said), found)
    return said


@route("DELETE", "/channels/{channel_id}/messages/{message_id}")
def delete_message(call: Call) -> Any:
    found = call.channel()
    said = call.guild.message(found, call.path["message_id"])
    if said["author"]["id"] != call.bot:
        call.guild.need(call.bot, found, bits.MANAGE_MESSAGES)
    del found.messages[said["id"]]
    call.guild.changes.add("deleted", channel=found.id, message=said["id"])
    gone = {"id": said["id"], "channel_id": found.id, "guild_id": call.guild.id}
    call.gateway.tell("MESSAGE_DELETE", gone, found)
