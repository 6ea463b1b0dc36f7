"""Reactions and pins: what is put below a message or at the head of its channel, and the events of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandbox.discord import permissions as bits
from sandbox.discord.errors import Refused
from sandbox.discord.guild import DM, THREADS, now
from sandbox.discord.rest import Call, route

if TYPE_CHECKING:
    from sandbox.discord.gateway import Gateway
    from sandbox.discord.guild import Channel, Guild

PINNED, EMOJI = 250, 20  # of a channel; different ones below a message
PIN_ADDED = 6  # type of the message that tells of a pin


# --- reactions ----------------------------------------------------------------------------------------------------


@route("PUT", "/channels/{channel_id}/messages/{message_id}/reactions/{emoji}/@me")
def react(call: Call) -> Any:
    found = call.channel(bits.READ_MESSAGE_HISTORY)
    add_reaction(call.guild, call.gateway, found, call.path["message_id"], call.path["emoji"], call.bot)


@route("DELETE", "/channels/{channel_id}/messages/{message_id}/reactions/{emoji}/@me")
def unreact(call: Call) -> Any:
    found = call.channel(bits.READ_MESSAGE_HISTORY)
    remove_reaction(call.guild, call.gateway, found, call.path["message_id"], call.path["emoji"], call.bot)


@route("GET", "/channels/{channel_id}/messages/{message_id}/reactions/{emoji}")
def reactions(call: Call) -> Any:
    said = call.guild.message(call.channel(bits.READ_MESSAGE_HISTORY), call.path["message_id"])
    found = _of(said, call.path["emoji"])
    return [call.guild.user(user) for user in (found or {}).get("users", ())]


def add_reaction(guild: Guild, gateway: Gateway, found: Channel, message_id: str, emoji: str, user: str) -> None:
    """Somebody's reaction, and the event of it. A new emoji needs the right to add reactions, one more of it none."""
    if found.type in THREADS and found.meta["archived"]:
        raise Refused(50083)
    said = guild.message(found, message_id)
    kept = said.setdefault("reactions", [])
    mine = _of(said, emoji)
    if mine is None:
        guild.need(user, found, bits.ADD_REACTIONS)
        if len(kept) >= EMOJI:
            raise Refused(30010)
        kept.append(mine := {"emoji": _emoji(emoji), "count": 0, "me": False, "users": []})
    if user in mine["users"]:
        return
    mine["users"].append(user)
    mine["count"] += 1
    _tell(guild, gateway, "MESSAGE_REACTION_ADD", found, message_id, emoji, user)


def remove_reaction(guild: Guild, gateway: Gateway, found: Channel, message_id: str, emoji: str, user: str) -> None:
    """It is taken back, where there is one."""
    said = guild.message(found, message_id)
    mine = _of(said, emoji)
    if mine is None or user not in mine["users"]:
        return
    mine["users"].remove(user)
    mine["count"] -= 1
    said["reactions"] = [entry for entry in said["reactions"] if entry["count"]]
    _tell(guild, gateway, "MESSAGE_REACTION_REMOVE", found, message_id, emoji, user)


def _of(said: dict[str, Any], emoji: str) -> dict[str, Any] | None:
    return next((entry for entry in said.get("reactions", ()) if entry["emoji"] == _emoji(emoji)), None)


def _emoji(text: str) -> dict[str, Any]:
    """A Unicode character, or a server's own as "name:id"."""
    name, colon, id_ = text.partition(":")
    return {"id": id_ if colon else None, "name": name}


def _tell(guild: Guild, gateway: Gateway, kind: str, found: Channel, message_id: str, emoji: str, user: str) -> None:
    event: dict[str, Any] = {"user_id": user, "channel_id": found.id, "message_id": message_id, "burst": False,
                             "emoji": _emoji(emoji), "type": 0}  # fmt: skip
    if found.type != DM:
        event |= guild.where(found)
        if kind == "MESSAGE_REACTION_ADD":
            event |= {
                "member": guild.member(user, found.guild),
                "message_author_id": found.messages[message_id]["author"]["id"],
            }
    gateway.tell(kind, event, found)
    guild.changes.add("reaction", channel=found.id, message=message_id)


# --- pins ---------------------------------------------------------------------------------------------------------


@route("PUT", "/channels/{channel_id}/messages/pins/{message_id}")
@route("PUT", "/channels/{channel_id}/pins/{message_id}")
def pin(call: Call) -> Any:
    found = call.channel(bits.READ_MESSAGE_HISTORY | bits.PIN_MESSAGES)
    said = call.guild.message(found, call.path["message_id"])
    if found.type in THREADS and found.meta["archived"]:
        raise Refused(50083)
    if said["pinned"]:
        return
    if sum(message["pinned"] for message in found.messages.values()) >= PINNED:
        raise Refused(30003)
    _pinned(call, found, said, pinned=True)
    told = call.guild.say(found, call.bot, {"content": "\u200b"}, [])
    told |= {"type": PIN_ADDED, "content": "",
             "message_reference": {"type": 0, "channel_id": found.id, "message_id": said["id"]}}  # fmt: skip
    call.gateway.tell("MESSAGE_CREATE", told | call.guild.where(found), found)


@route("DELETE", "/channels/{channel_id}/messages/pins/{message_id}")
@route("DELETE", "/channels/{channel_id}/pins/{message_id}")
def unpin(call: Call) -> Any:
    found = call.channel(bits.READ_MESSAGE_HISTORY | bits.PIN_MESSAGES)
    _pinned(call, found, call.guild.message(found, call.path["message_id"]), pinned=False)


@route("GET", "/channels/{channel_id}/messages/pins")
def pins(call: Call) -> Any:
    kept = call.channel(bits.READ_MESSAGE_HISTORY).messages.values()
    found = [{"pinned_at": message["timestamp"], "message": message} for message in kept if message["pinned"]]
    return {"items": found[::-1], "has_more": False}


def _pinned(call: Call, found: Channel, said: dict[str, Any], *, pinned: bool) -> None:
    said["pinned"] = pinned
    where = call.guild.where(found)
    call.gateway.tell("MESSAGE_UPDATE", said | where, found)
    call.gateway.tell("CHANNEL_PINS_UPDATE", {"channel_id": found.id, "last_pin_timestamp": now(), **where}, found)
    call.guild.changes.add("pinned", channel=found.id, message=said["id"])
