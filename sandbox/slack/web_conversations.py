"""Methods that tell who and what is there: people, groups, conversations and what was said in them."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from sandbox.slack.app import HISTORY_SCOPES
from sandbox.slack.methods import READ_SCOPES, method, need, page, readable, truth
from sandbox.slack.workspace import Refused

if TYPE_CHECKING:
    from sandbox.slack.app import App

DND_USERS = 50  # asked for at once


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


@method("dnd.teamInfo", "dnd:read")
def dnd_team_info(app: App, args: dict[str, Any]) -> dict[str, Any]:
    users = [user for user in str(args.get("users") or "").split(",") if user]
    if not users:
        raise Refused("no_users_provided")
    if len(users) > DND_USERS:
        raise Refused("too_many_users")
    found = {}
    for user in users:
        app.workspace.user(user)  # known here
        until = float(app.workspace.users[user].get("quiet_until", 0))
        start, end = (int(time.time()) - 60, int(until)) if until > time.time() else (1, 1)
        found[user] = {"dnd_enabled": end > 1, "next_dnd_start_ts": start, "next_dnd_end_ts": end}
    return {"users": found}


@method("usergroups.list", "usergroups:read")
def usergroups_list(app: App, args: dict[str, Any]) -> dict[str, Any]:
    with_users = truth(args.get("include_users"))
    disabled = truth(args.get("include_disabled"))
    groups = [
        {"id": id_, "handle": group["handle"], "name": group.get("name", group["handle"]),
         "date_delete": group.get("date_delete", 0),
         **({"users": list(group["users"])} if with_users else {})}
        for id_, group in app.workspace.groups.items()
        if disabled or not group.get("date_delete")
    ]  # fmt: skip
    return {"usergroups": groups}


@method("usergroups.users.list", "usergroups:read")
def usergroups_users_list(app: App, args: dict[str, Any]) -> dict[str, Any]:
    if args.get("usergroup") not in app.workspace.groups:
        raise Refused("no_such_subteam")
    return {"users": list(app.workspace.groups[args["usergroup"]]["users"])}


@method("conversations.open", "im:write")
def conversations_open(app: App, args: dict[str, Any]) -> dict[str, Any]:
    need(args, "users")
    if app.workspace.user(args["users"])["deleted"]:
        raise Refused("user_disabled")
    channel = app.workspace.im(args["users"])
    return {"channel": channel.as_json() if truth(args.get("return_im")) else {"id": channel.id}}


@method("conversations.info")
def conversations_info(app: App, args: dict[str, Any]) -> dict[str, Any]:
    channel = readable(app, args, READ_SCOPES)
    return {"channel": channel.as_json() | {"is_member": app.setup.bot_user in channel.members}}


@method("conversations.list", "channels:read")
def conversations_list(app: App, args: dict[str, Any]) -> dict[str, Any]:
    named = {"public_channel": "channel", "private_channel": "group", "im": "im"}
    kinds = {named.get(kind.strip()) for kind in str(args.get("types") or "public_channel").split(",")}
    bot = app.setup.bot_user
    found = [
        c.as_json() | {"is_member": bot in c.members}
        for c in app.workspace.channels.values()
        if c.kind in kinds and (c.kind == "channel" or bot in c.members)
    ]
    return page(found, args, "channels", 100)


@method("conversations.members")
def conversations_members(app: App, args: dict[str, Any]) -> dict[str, Any]:
    return page(sorted(readable(app, args, READ_SCOPES).members), args, "members", 100)


@method("conversations.history")
def conversations_history(app: App, args: dict[str, Any]) -> dict[str, Any]:
    channel = readable(app, args, HISTORY_SCOPES, member=True)
    return page(_between(app.workspace.listed(channel, None), args)[::-1], args, "messages", 100)


@method("conversations.replies")
def conversations_replies(app: App, args: dict[str, Any]) -> dict[str, Any]:
    channel = readable(app, args, HISTORY_SCOPES, member=True)
    need(args, "ts")
    found = app.workspace.listed(channel, args["ts"])
    return page(found[:1] * (not args.get("cursor")) + _between(found[1:], args), args, "messages", 1000)


def _between(messages: list[dict[str, Any]], args: dict[str, Any]) -> list[dict[str, Any]]:
    oldest, latest = args.get("oldest") or "0", args.get("latest") or "9999999999"
    whole, inclusive = truth(args.get("include_all_metadata")), truth(args.get("inclusive"))
    kept = [
        message
        for message in messages
        if float(oldest) < float(message["ts"]) < float(latest) or (inclusive and message["ts"] in {oldest, latest})
    ]
    return kept if whole else [{k: v for k, v in message.items() if k != "metadata"} for message in kept]
