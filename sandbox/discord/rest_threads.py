"""REST v10 of channels and threads (discord.com/developers/docs/resources/channel, …/topics/threads)."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from sandbox.discord import limits
from sandbox.discord import permissions as bits
from sandbox.discord.buckets import Throttled
from sandbox.discord.errors import Refused, invalid
from sandbox.discord.guild import FORUM, PRIVATE_THREAD, PUBLIC_THREAD, THREADS, now
from sandbox.discord.rest import Call, route, say

if TYPE_CHECKING:
    from sandbox.discord.guild import Channel

REQUIRE_TAG, TAGS = 1 << 4, 5  # flag of a forum; tags of a post
RENAMES, RENAMES_WITHIN = 2, 600.0  # of one channel; seconds


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
    if found.meta["archived"]:
        if call.body.get("archived") is not False:
            raise Refused(50083)
        call.guild.wake(found)
    elif call.body.get("archived"):
        found.meta["archive_timestamp"] = now()
    if call.body.get("name", found.name) != found.name:
        _renamed(found)
    known = ("archived", "locked", "auto_archive_duration", "invitable")
    found.meta |= {name: call.body[name] for name in known if name in call.body}
    found.name = call.body.get("name", found.name)
    shown = call.guild.channel_json(found)
    call.gateway.tell("THREAD_UPDATE", shown, found)
    call.guild.changes.add("thread", channel=found.id, parent=found.parent)
    return shown


def _renamed(found: Channel) -> None:
    """Twice in ten minutes, whatever the headers say."""
    now_ = time.monotonic()
    while found.renamed and found.renamed[0] <= now_ - RENAMES_WITHIN:
        found.renamed.popleft()
    if len(found.renamed) >= RENAMES:
        raise Throttled(found.renamed[0] + RENAMES_WITHIN - now_)
    found.renamed.append(now_)


@route("DELETE", "/channels/{channel_id}")
def delete_channel(call: Call) -> Any:
    found = call.channel(bits.MANAGE_THREADS)
    found.gone = True
    call.gateway.tell("THREAD_DELETE", {"id": found.id, "guild_id": found.guild, "parent_id": found.parent,
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
        tags = _tags(call, parent)
        made = call.guild.add_thread(parent, call.body["name"], PUBLIC_THREAD, call.bot, call.body)
        made.tags = tags
        call.body = first
        shown = _opened(call, made)
        message = say(call, made, id_=made.id)
        return shown | {"message": message}
    kind = call.body.get("type", PRIVATE_THREAD)
    wanted = bits.CREATE_PRIVATE_THREADS if kind == PRIVATE_THREAD else bits.CREATE_PUBLIC_THREADS
    call.guild.need(call.bot, parent, wanted)
    if kind != PRIVATE_THREAD and "invitable" in call.body:
        invalid([("invitable", "only for private threads")])
    return _opened(call, call.guild.add_thread(parent, call.body["name"], kind, call.bot, call.body))


def _tags(call: Call, forum: Channel) -> list[dict[str, Any]]:
    """A post's tags, where the forum has them all and the bot may use them."""
    wanted = [str(tag) for tag in call.body.get("applied_tags") or ()]
    known = {str(tag["id"]): tag for tag in forum.tags}
    if not wanted and forum.flags & REQUIRE_TAG:
        raise Refused(40067)
    if len(wanted) > TAGS:
        invalid([("applied_tags", f"Must be {TAGS} or fewer in length.")])
    if unknown := [tag for tag in wanted if tag not in known]:
        raise Refused(10087, {"applied_tags": {"_errors": [{"code": "UNKNOWN", "message": unknown[0]}]}})
    if any(known[tag].get("moderated") for tag in wanted):
        call.guild.need(call.bot, forum, bits.MANAGE_THREADS)
    return [known[tag] for tag in wanted]


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
    call.guild.member(user_id, found.guild)
    if user_id not in found.members and len(found.members) >= call.guild.setup.thread_members:
        raise Refused(30033)
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
