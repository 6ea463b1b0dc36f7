"""Methods that say, change and withdraw messages, react to them and pin them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from sandbox.slack import blockkit
from sandbox.slack.methods import checked, decoded, method, need, readable
from sandbox.slack.workspace import Refused

if TYPE_CHECKING:
    from sandbox.slack.app import App

TEXT = 40_000  # characters of a message
METADATA = 16_000  # bytes of a message's metadata


def _content(app: App, args: dict[str, Any]) -> dict[str, Any]:
    blocks = decoded(args.get("blocks")) if args.get("blocks") else None
    text = args.get("text") or ""
    if blocks:
        checked(blockkit.problems(blocks, "message"), "invalid_blocks")
        blocks = [b if "block_id" in b else b | {"block_id": app.workspace.new_id("b")} for b in blocks]
    elif not text:
        raise Refused("no_text")
    if len(text) > TEXT:
        raise Refused("msg_too_long")
    return {"text": text, **({"blocks": blocks} if blocks else {})}


@method("chat.postMessage", "chat:write")
def chat_post_message(app: App, args: dict[str, Any]) -> dict[str, Any]:
    channel = app.workspace.writable(args.get("channel", ""), app.setup.bot_user)
    content = _content(app, args)
    if args.get("metadata"):
        metadata = decoded(args["metadata"])
        if not isinstance(metadata, dict) or not {"event_type", "event_payload"} <= set(metadata):
            raise Refused("invalid_metadata_format")
        if len(json.dumps(metadata)) > METADATA:
            raise Refused("metadata_too_large")
        content["metadata"] = metadata
    message = app.bot_says(channel, content, args.get("thread_ts"))
    return {"channel": channel.id, "ts": message["ts"], "message": message}


@method("chat.update", "chat:write")
def chat_update(app: App, args: dict[str, Any]) -> dict[str, Any]:
    channel = app.workspace.writable(args.get("channel", ""), app.setup.bot_user)
    if app.workspace.message(channel, args.get("ts", "")).get("user") != app.setup.bot_user:
        raise Refused("cant_update_message")
    before, after = app.workspace.edit(channel, args["ts"], _content(app, args), app.setup.bot_user)
    app.edited(channel, before, after)
    return {"channel": channel.id, "ts": after["ts"], "text": after["text"], "message": after}


@method("chat.delete", "chat:write")
def chat_delete(app: App, args: dict[str, Any]) -> dict[str, Any]:
    channel = app.workspace.writable(args.get("channel", ""), app.setup.bot_user)
    if app.workspace.message(channel, args.get("ts", "")).get("user") != app.setup.bot_user:
        raise Refused("cant_delete_message")
    app.deleted(channel, app.workspace.delete(channel, args["ts"]))
    return {"channel": channel.id, "ts": args["ts"]}


@method("chat.postEphemeral", "chat:write")
def chat_post_ephemeral(app: App, args: dict[str, Any]) -> dict[str, Any]:
    channel = app.workspace.writable(args.get("channel", ""), app.setup.bot_user)
    need(args, "user")
    if args["user"] not in channel.members:
        raise Refused("user_not_in_channel")
    message = app.whisper(args["user"], channel.id, _content(app, args), args.get("thread_ts"))
    return {"message_ts": message["ts"]}


@method("chat.getPermalink")
def chat_get_permalink(app: App, args: dict[str, Any]) -> dict[str, Any]:
    channel = readable(app, args)
    message = app.workspace.message(channel, args.get("message_ts", ""))
    link = f"{app.base}/archives/{channel.id}/p{message['ts'].replace('.', '')}"
    thread = message.get("thread_ts", message["ts"])
    inside = f"?thread_ts={thread}&cid={channel.id}" if thread != message["ts"] else ""
    return {"channel": channel.id, "permalink": link + inside}


@method("reactions.add", "reactions:write")
def reactions_add(app: App, args: dict[str, Any]) -> dict[str, Any]:
    channel = app.workspace.writable(args.get("channel", ""), app.setup.bot_user)
    app.react(channel, args.get("timestamp", ""), args.get("name", ""), app.setup.bot_user)
    return {}


@method("reactions.remove", "reactions:write")
def reactions_remove(app: App, args: dict[str, Any]) -> dict[str, Any]:
    channel = app.workspace.writable(args.get("channel", ""), app.setup.bot_user)
    app.unreact(channel, args.get("timestamp", ""), args.get("name", ""), app.setup.bot_user)
    return {}


@method("reactions.get", "reactions:read")
def reactions_get(app: App, args: dict[str, Any]) -> dict[str, Any]:
    channel = readable(app, args, member=True)
    message = app.workspace.message(channel, args.get("timestamp", ""))
    return {"type": "message", "channel": channel.id, "message": message}


@method("pins.add", "pins:write")
def pins_add(app: App, args: dict[str, Any]) -> dict[str, Any]:
    channel = app.workspace.writable(args.get("channel", ""), app.setup.bot_user)
    ts = app.workspace.message(channel, args.get("timestamp", ""))["ts"]
    if ts in channel.pins:
        raise Refused("already_pinned")
    channel.pins.append(ts)
    app.workspace.changes.add("pin", channel=channel.id, ts=ts)
    return {}


@method("pins.remove", "pins:write")
def pins_remove(app: App, args: dict[str, Any]) -> dict[str, Any]:
    channel = app.workspace.writable(args.get("channel", ""), app.setup.bot_user)
    if args.get("timestamp") not in channel.pins:
        raise Refused("no_pin")
    channel.pins.remove(args["timestamp"])
    return {}
