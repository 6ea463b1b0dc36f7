"""The Web API: each method a function of the workspace, refused as Slack refuses (docs.slack.dev/reference/methods)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from sandbox.slack import blockkit
from sandbox.slack.workspace import Refused

if TYPE_CHECKING:
    from collections.abc import Callable

    from sandbox.slack.app import App
    from sandbox.slack.workspace import Channel


TEXT = 40_000  # characters of a message
VIEW = 250_000  # bytes of a view
METHODS: dict[str, tuple[str, Callable[[App, dict[str, Any]], dict[str, Any]]]] = {}


def method(name: str, scope: str = "") -> Callable[[Callable[[App, dict[str, Any]], dict[str, Any]]], Any]:
    """Register a method with the scope it needs."""

    def register(call: Callable[[App, dict[str, Any]], dict[str, Any]]) -> Any:
        METHODS[name] = (scope, call)
        return call

    return register


def decoded(value: Any) -> Any:
    """Structured arguments come as JSON text in a form-encoded call."""
    return json.loads(value) if isinstance(value, str) else value


def truth(value: Any) -> bool:
    return value in (True, "true", "1", 1)


def need(args: dict[str, Any], *names: str) -> None:
    for name in names:
        if not args.get(name):
            raise Refused(
                "invalid_arguments", response_metadata={"messages": [f"[ERROR] missing required field: {name}"]}
            )


def checked(found: list[str], error: str) -> None:
    if found:
        raise Refused(error, response_metadata={"messages": [f"[ERROR] {text}" for text in found]})


def page(entries: list[Any], args: dict[str, Any], name: str, default: int) -> dict[str, Any]:
    """One page by cursor."""
    start = int(args.get("cursor") or 0)
    size = min(int(args.get("limit") or default), 1000)
    more = start + size < len(entries)
    return {
        name: entries[start : start + size],
        "has_more": more,
        "response_metadata": {"next_cursor": str(start + size) if more else ""},
    }


# --- who ----------------------------------------------------------------------------------------------------------


@method("auth.test")
def auth_test(app: App, args: dict[str, Any]) -> dict[str, Any]:
    setup = app.setup
    return {
        "url": f"{app.base}/",
        "team": setup.team_name,
        "user": "helpthread",
        "team_id": setup.team_id,
        "user_id": setup.bot_user,
        "bot_id": setup.bot_id,
        "is_enterprise_install": False,
    }


@method("api.test")
def api_test(app: App, args: dict[str, Any]) -> dict[str, Any]:
    return {"args": args}


@method("users.info", "users:read")
def users_info(app: App, args: dict[str, Any]) -> dict[str, Any]:
    return {"user": app.workspace.user(args.get("user", ""), locale=truth(args.get("include_locale")))}


@method("users.list", "users:read")
def users_list(app: App, args: dict[str, Any]) -> dict[str, Any]:
    locale = truth(args.get("include_locale"))
    return page([app.workspace.user(user, locale=locale) for user in app.workspace.users], args, "members", 200)


@method("usergroups.list", "usergroups:read")
def usergroups_list(app: App, args: dict[str, Any]) -> dict[str, Any]:
    with_users = truth(args.get("include_users"))
    groups = [
        {"id": id_, "handle": group["handle"], "name": group.get("name", group["handle"]),
         **({"users": list(group["users"])} if with_users else {})}
        for id_, group in app.workspace.groups.items()
    ]  # fmt: skip
    return {"usergroups": groups}


@method("usergroups.users.list", "usergroups:read")
def usergroups_users_list(app: App, args: dict[str, Any]) -> dict[str, Any]:
    if args.get("usergroup") not in app.workspace.groups:
        raise Refused("no_such_subteam")
    return {"users": list(app.workspace.groups[args["usergroup"]]["users"])}


# --- conversations ------------------------------------------------------------------------------------------------


@method("conversations.open", "im:write")
def conversations_open(app: App, args: dict[str, Any]) -> dict[str, Any]:
    need(args, "users")
    channel = app.workspace.im(args["users"])
    return {"channel": channel.as_json() if truth(args.get("return_im")) else {"id": channel.id}}


@method("conversations.info", "channels:read")
def conversations_info(app: App, args: dict[str, Any]) -> dict[str, Any]:
    channel = _readable(app, args)
    return {"channel": channel.as_json() | {"is_member": app.setup.bot_user in channel.members}}


@method("conversations.list", "channels:read")
def conversations_list(app: App, args: dict[str, Any]) -> dict[str, Any]:
    kinds = set(str(args.get("types") or "public_channel").replace("public_", "").split(","))
    found = [c.as_json() for c in app.workspace.channels.values() if c.kind in kinds]
    return page(found, args, "channels", 100)


@method("conversations.members", "channels:read")
def conversations_members(app: App, args: dict[str, Any]) -> dict[str, Any]:
    return page(sorted(_readable(app, args).members), args, "members", 100)


@method("conversations.history", "im:history")
def conversations_history(app: App, args: dict[str, Any]) -> dict[str, Any]:
    channel = _readable(app, args, member=True)
    return page(_between(app.workspace.listed(channel, None), args)[::-1], args, "messages", 100)


@method("conversations.replies", "im:history")
def conversations_replies(app: App, args: dict[str, Any]) -> dict[str, Any]:
    channel = _readable(app, args, member=True)
    need(args, "ts")
    found = app.workspace.listed(channel, args["ts"])
    return page(found[:1] * (not args.get("cursor")) + _between(found[1:], args), args, "messages", 1000)


def _readable(app: App, args: dict[str, Any], *, member: bool = False) -> Channel:
    channel = app.workspace.channel(args.get("channel", ""))
    if app.setup.bot_user not in channel.members and (member or channel.kind != "channel"):
        raise Refused("not_in_channel" if channel.kind == "channel" else "channel_not_found")
    return channel


def _between(messages: list[dict[str, Any]], args: dict[str, Any]) -> list[dict[str, Any]]:
    oldest, latest = args.get("oldest") or "0", args.get("latest") or "9999999999"
    whole, inclusive = truth(args.get("include_all_metadata")), truth(args.get("inclusive"))
    kept = [
        message
        for message in messages
        if float(oldest) < float(message["ts"]) < float(latest) or (inclusive and message["ts"] in {oldest, latest})
    ]
    return kept if whole else [{k: v for k, v in message.items() if k != "metadata"} for message in kept]


# --- messages -----------------------------------------------------------------------------------------------------


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
    channel = _readable(app, args)
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
    channel = _readable(app, args, member=True)
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


# --- views --------------------------------------------------------------------------------------------------------


def _view_checked(view: Any, kind: str) -> None:
    checked(blockkit.view_problems(view, kind), "invalid_arguments")
    if len(json.dumps(view)) > VIEW:
        raise Refused("view_too_large")


@method("views.open")
def views_open(app: App, args: dict[str, Any]) -> dict[str, Any]:
    view = decoded(args.get("view"))
    _view_checked(view, "modal")
    return {"view": app.workspace.put_view(app.use_trigger(args.get("trigger_id", "")), view)}


@method("views.push")
def views_push(app: App, args: dict[str, Any]) -> dict[str, Any]:
    view = decoded(args.get("view"))
    _view_checked(view, "modal")
    user = app.use_trigger(args.get("trigger_id", ""))
    stack = app.workspace.stacks.get(user) or []
    return {"view": app.workspace.put_view(user, view, over=stack[-1]["id"] if stack else None)}


@method("views.update")
def views_update(app: App, args: dict[str, Any]) -> dict[str, Any]:
    view = decoded(args.get("view"))
    _, old = app.workspace.find_view(args.get("view_id"), args.get("external_id"))
    if args.get("hash") and args["hash"] != old["hash"]:
        raise Refused("hash_conflict")
    _view_checked(view, old["type"])
    return {"view": app.workspace.change_view(old, view)}


@method("views.publish")
def views_publish(app: App, args: dict[str, Any]) -> dict[str, Any]:
    view = decoded(args.get("view"))
    _view_checked(view, "home")
    if not app.setup.home_enabled:
        raise Refused("not_enabled")
    app.workspace.user(args.get("user_id", ""))
    old = app.workspace.homes.get(args["user_id"])
    if args.get("hash") and old and args["hash"] != old["hash"]:
        raise Refused("hash_conflict")
    return {"view": app.workspace.publish(args["user_id"], view)}


# --- files --------------------------------------------------------------------------------------------------------


@method("files.upload", "files:write")
def files_upload(app: App, args: dict[str, Any]) -> dict[str, Any]:
    raise Refused("method_deprecated")


@method("files.getUploadURLExternal", "files:write")
def files_get_upload_url(app: App, args: dict[str, Any]) -> dict[str, Any]:
    need(args, "filename", "length")
    file = app.workspace.add_file(app.setup.bot_user, args["filename"], b"", "application/octet-stream", app.base)
    file["size"] = int(args["length"])
    file["mode"] = "uploading"
    return {"upload_url": f"{app.base}/upload/{file['id']}", "file_id": file["id"]}


@method("files.completeUploadExternal", "files:write")
def files_complete_upload(app: App, args: dict[str, Any]) -> dict[str, Any]:
    files = [app.file(entry.get("id", "")) for entry in decoded(args.get("files") or [])]
    need({"files": files}, "files")
    for file, entry in zip(files, decoded(args["files"]), strict=True):
        if len(app.workspace.contents[file["id"]]) != file["size"]:
            raise Refused("file_not_found")  # its bytes were never sent
        file |= {"title": entry.get("title") or file["name"], "mode": "hosted"}
    if args.get("channel_id"):
        channel = app.workspace.writable(args["channel_id"], app.setup.bot_user)
        content = {"text": args.get("initial_comment") or "", "files": files, "subtype": "file_share"}
        message = app.bot_says(channel, content, args.get("thread_ts"))
        share = {"ts": message["ts"], **({"thread_ts": args["thread_ts"]} if args.get("thread_ts") else {})}
        for file in files:
            file["shares"].setdefault("public" if channel.kind == "channel" else "private", {})[channel.id] = [share]
    return {"files": [{"id": file["id"], "title": file["title"]} for file in files]}


@method("files.info", "files:read")
def files_info(app: App, args: dict[str, Any]) -> dict[str, Any]:
    return {"file": app.file(args.get("file", ""))}


@method("files.delete", "files:write")
def files_delete(app: App, args: dict[str, Any]) -> dict[str, Any]:
    file = app.file(args.get("file", ""))
    if file["user"] != app.setup.bot_user:
        raise Refused("cant_delete_file")
    app.forget_file(file)
    return {}
