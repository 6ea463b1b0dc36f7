"""Methods for modals, home pages and files."""

from __future__ import annotations

import json
import mimetypes
from typing import TYPE_CHECKING, Any

from sandbox.slack import blockkit
from sandbox.slack.methods import checked, decoded, method, need
from sandbox.slack.workspace import Refused

if TYPE_CHECKING:
    from sandbox.slack.app import App

VIEW = 250_000  # bytes of a view


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


@method("files.upload", "files:write")
def files_upload(app: App, args: dict[str, Any]) -> dict[str, Any]:
    raise Refused("method_deprecated")


@method("files.getUploadURLExternal", "files:write")
def files_get_upload_url(app: App, args: dict[str, Any]) -> dict[str, Any]:
    need(args, "filename", "length")
    kind = mimetypes.guess_type(args["filename"])[0] or "application/octet-stream"
    file = app.workspace.add_file(app.setup.bot_user, args["filename"], b"", kind, app.base)
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
