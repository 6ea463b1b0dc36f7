"""REST v10 of commands and interactions: what an application registers, and its answers to people who use it."""

from __future__ import annotations

from typing import Any

from sandbox.discord import limits
from sandbox.discord.errors import Refused, invalid
from sandbox.discord.rest import Call, route


@route("GET", "/applications/{application_id}/guilds/{guild_id}/commands")
@route("GET", "/applications/{application_id}/commands")
def get_commands(call: Call) -> Any:
    return _commands(call)


@route("PUT", "/applications/{application_id}/guilds/{guild_id}/commands")
@route("PUT", "/applications/{application_id}/commands")
def put_commands(call: Call) -> Any:
    invalid(list(limits.commands(call.body)))
    kept = _commands(call)
    kept[:] = [_made(call, command, kept) for command in call.body]
    call.guild.changes.add("commands")
    return kept


@route("POST", "/applications/{application_id}/guilds/{guild_id}/commands")
@route("POST", "/applications/{application_id}/commands")
def post_command(call: Call) -> Any:
    kept = _commands(call)
    made = _made(call, call.body, kept)
    left = [command for command in kept if command["id"] != made["id"]]
    invalid(list(limits.commands([*left, call.body])))
    kept[:] = [*left, made]
    call.guild.changes.add("commands")
    return made


@route("PATCH", "/applications/{application_id}/guilds/{guild_id}/commands/{command_id}")
@route("PATCH", "/applications/{application_id}/commands/{command_id}")
def patch_command(call: Call) -> Any:
    found = _command(call)
    invalid(list(limits.commands([found | call.body])))
    found |= call.body
    call.guild.changes.add("commands")
    return found


@route("DELETE", "/applications/{application_id}/guilds/{guild_id}/commands/{command_id}")
@route("DELETE", "/applications/{application_id}/commands/{command_id}")
def delete_command(call: Call) -> Any:
    _commands(call).remove(_command(call))
    call.guild.changes.add("commands")


def _command(call: Call) -> dict[str, Any]:
    found = next((command for command in _commands(call) if command["id"] == call.path["command_id"]), None)
    if found is None:
        raise Refused(10063)
    return found


def _made(call: Call, command: dict[str, Any], kept: list[dict[str, Any]]) -> dict[str, Any]:
    """A command as it is kept: one of that name and type is changed, another is created and counts for the day."""
    same = (entry for entry in kept if (entry["name"], entry["type"]) == (command["name"], command.get("type", 1)))
    id_ = next((entry["id"] for entry in same), "")
    if not id_:
        if call.guild.commands_created >= call.guild.setup.commands_a_day:
            raise Refused(30034)
        call.guild.commands_created += 1
    where = {"guild_id": call.path["guild_id"]} if "guild_id" in call.path else {}
    return {
        "id": id_ or call.guild.new_id(),
        "application_id": call.guild.setup.application_id,
        "version": call.guild.new_id(),
        "type": 1,
        "default_member_permissions": None,
        "nsfw": False,
        "options": [],
        **where,
        **command,
    }


def _commands(call: Call) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = call.guild.commands.setdefault(call.path.get("guild_id", ""), [])
    return found


@route("POST", "/interactions/{interaction_id}/{interaction_token}/callback")
def answer(call: Call) -> Any:
    call.body = call.body | {"data": call.body.get("data") or {}}
    found = call.interactions.by_token(call.path["interaction_token"])
    uploads = Call(call.guild, call.gateway, call.interactions, call.path, call.query, call.body["data"], call.files)
    files = uploads.uploads(found.channel)
    given = call.interactions.answer(call.path["interaction_id"], call.path["interaction_token"], call.body, files)
    return given if call.query.get("with_response", "").lower() in {"1", "true"} else None


@route("POST", "/webhooks/{webhook_id}/{webhook_token}")
def follow_up(call: Call) -> Any:
    found = call.interactions.by_token(call.path["webhook_token"])
    return call.interactions.follow_up(call.path["webhook_token"], call.body, call.uploads(found.channel))


@route("GET", "/webhooks/{webhook_id}/{webhook_token}/messages/@original")
def get_original(call: Call) -> Any:
    return call.interactions.original(call.path["webhook_token"])


@route("PATCH", "/webhooks/{webhook_id}/{webhook_token}/messages/@original")
def edit_original(call: Call) -> Any:
    found = call.interactions.by_token(call.path["webhook_token"])
    return call.interactions.edit_original(call.path["webhook_token"], call.body, call.uploads(found.channel))


@route("DELETE", "/webhooks/{webhook_id}/{webhook_token}/messages/@original")
def delete_original(call: Call) -> Any:
    call.interactions.delete_original(call.path["webhook_token"])


@route("GET", "/webhooks/{webhook_id}/{webhook_token}/messages/{message_id}")
def get_follow_up(call: Call) -> Any:
    return call.interactions.written(call.path["webhook_token"], call.path["message_id"])


@route("PATCH", "/webhooks/{webhook_id}/{webhook_token}/messages/{message_id}")
def edit_follow_up(call: Call) -> Any:
    found = call.interactions.by_token(call.path["webhook_token"])
    uploads = call.uploads(found.channel)
    return call.interactions.edit(call.path["webhook_token"], call.path["message_id"], call.body, uploads)


@route("DELETE", "/webhooks/{webhook_id}/{webhook_token}/messages/{message_id}")
def delete_follow_up(call: Call) -> Any:
    call.interactions.delete(call.path["webhook_token"], call.path["message_id"])
