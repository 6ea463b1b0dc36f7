"""What people do in the workspace: type a command, fill a form, write, press, react; as their client would let them."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

from sandbox.slack import blockkit
from sandbox.slack.typed import rich_text
from sandbox.slack.workspace import Refused

if TYPE_CHECKING:
    from sandbox.slack.app import App
    from sandbox.slack.workspace import Channel


class Acts:
    """One method for each thing that a person can do; keyword arguments and answers are plain JSON values."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._workspace = app.workspace

    # --- words ----------------------------------------------------------------------------------------------

    async def say(
        self, *, user: str, channel: str, text: str = "", thread_ts: str | None = None,
        files: list[dict[str, Any]] | None = None, blocks: list[dict[str, Any]] | None = None,
    ) -> dict[str, Any]:  # fmt: skip
        where = self._workspace.writable(channel, user)
        block = rich_text(text)
        message: dict[str, Any] = {"user": user, "team": self._app.setup.team_id, "text": text}
        message["client_msg_id"] = self._workspace.new_id("M")
        if found := blocks or ([block | {"block_id": self._workspace.new_id("b")}] if block else None):
            message["blocks"] = found
        if files:
            message["subtype"] = "file_share"
            message["files"] = [self._file(user, file) for file in files]
            message["upload"] = False
        said = self._workspace.say(where, message, thread_ts)
        self._app.said(where, said)
        return said

    async def edit(self, *, user: str, channel: str, ts: str, text: str) -> dict[str, Any]:
        where = self._own(user, channel, ts)
        block = rich_text(text)
        changed = {"text": text, "blocks": [block | {"block_id": self._workspace.new_id("b")}] if block else []}
        before, after = self._workspace.edit(where, ts, changed, user)
        self._app.edited(where, before, after)
        return after

    async def delete(self, *, user: str, channel: str, ts: str) -> dict[str, Any]:
        where = self._own(user, channel, ts)
        self._app.deleted(where, self._workspace.delete(where, ts))
        return {}

    async def react(self, *, user: str, channel: str, ts: str, name: str) -> dict[str, Any]:
        self._app.react(self._workspace.writable(channel, user), ts, name, user)
        return {}

    def _own(self, user: str, channel: str, ts: str) -> Channel:
        where = self._workspace.writable(channel, user)
        if self._workspace.message(where, ts).get("user") != user:
            raise Refused("cant_update_message")
        return where

    def _file(self, user: str, file: dict[str, Any]) -> dict[str, Any]:
        content = base64.b64decode(file["data_base64"])
        kind = file.get("content_type", "application/octet-stream")
        return self._workspace.add_file(user, file["name"], content, kind, self._app.base)

    # --- commands and shortcuts -----------------------------------------------------------------------------

    async def command(
        self, *, user: str, command: str, text: str = "", channel: str | None = None, thread_ts: str | None = None
    ) -> dict[str, Any]:
        where = self._workspace.channel(channel) if channel else self._workspace.im(user)
        if thread_ts:
            return {"ok": False, "error": f"{command} is not supported in threads. Sorry!"}
        if command not in self._app.setup.commands:
            return {"ok": False, "error": f"{command} is not a valid command."}
        payload = {
            "token": "verification",
            "team_id": self._app.setup.team_id,
            "team_domain": "sandbox",
            "channel_id": where.id,
            "channel_name": where.name,
            "user_id": user,
            "user_name": self._workspace.user(user)["name"],
            "command": command,
            "text": text,
            "api_app_id": self._app.setup.app_id,
            "is_enterprise_install": "false",
            "response_url": self._app.new_response_url(user, where.id, None),
            "trigger_id": self._app.new_trigger(user),
        }
        ack = await self._app.delivery.send("slash_commands", payload)
        if ack is None:
            return {"ok": False, "error": f"{command} failed with the error “operation_timeout”"}
        if ack:
            self._app.answer(user, where.id, ack)
        return {"ok": True, "ack": ack}

    async def shortcut(self, *, user: str, callback_id: str, channel: str, ts: str) -> dict[str, Any]:
        where = self._workspace.channel(channel)
        message = self._workspace.message(where, ts)
        return await self._interact(user, "message_action", {
            "callback_id": callback_id, "message_ts": ts, "message": message, "action_ts": self._workspace.new_ts(),
            "channel": {"id": where.id, "name": where.name},
            "response_url": self._app.new_response_url(user, where.id, None),
        })  # fmt: skip

    async def open_home(self, *, user: str) -> dict[str, Any]:
        im = self._workspace.im(user)
        event: dict[str, Any] = {"type": "app_home_opened", "user": user, "channel": im.id, "tab": "home",
                 "event_ts": self._workspace.new_ts()}  # fmt: skip
        if user in self._workspace.homes:
            event["view"] = self._workspace.homes[user]
        self._app.delivery.event(event)
        return {}

    # --- presses --------------------------------------------------------------------------------------------

    async def press(
        self, *, user: str, channel: str, ts: str, action_id: str, value: str | None = None
    ) -> dict[str, Any]:
        where = self._workspace.channel(channel)
        whispered = next((m for m in self._workspace.ephemeral if m["ts"] == ts and m["user"] == user), None)
        if whispered is None and user not in where.members:
            raise Refused("channel_not_found")
        message = whispered or self._workspace.message(where, ts)
        action = self._action(message.get("blocks", []), action_id, value)
        shown: dict[str, Any] = {
            "type": "message",
            "message_ts": ts,
            "channel_id": where.id,
            "is_ephemeral": whispered is not None,
        }
        if message.get("thread_ts"):
            shown["thread_ts"] = message["thread_ts"]
        body: dict[str, Any] = {"container": shown, "channel": {"id": where.id, "name": where.name}}
        body |= {"state": {"values": {}}, "response_url": self._app.new_response_url(user, where.id, message)}
        if whispered is None:
            body["message"] = message
        return await self._interact(user, "block_actions", body | {"actions": [action]})

    async def press_in_view(self, *, user: str, action_id: str, value: str | None = None) -> dict[str, Any]:
        view = self._top(user)
        return await self._press_view(user, view, action_id, value)

    async def press_home(self, *, user: str, action_id: str, value: str | None = None) -> dict[str, Any]:
        return await self._press_view(user, self._workspace.homes[user], action_id, value)

    async def _press_view(self, user: str, view: dict[str, Any], action_id: str, value: str | None) -> dict[str, Any]:
        action = self._action(view["blocks"], action_id, value)
        body = {"container": {"type": "view", "view_id": view["id"]}, "view": view, "actions": [action]}
        return await self._interact(user, "block_actions", body)

    def _action(self, blocks: list[dict[str, Any]], action_id: str, value: str | None) -> dict[str, Any]:
        for block in blocks:
            found = [*block.get("elements", ()), *(block[k] for k in ("accessory", "element") if k in block)]
            for element in found:
                if element.get("action_id") != action_id:
                    continue
                action: dict[str, Any] = {"action_id": action_id, "block_id": block.get("block_id", "")}
                action |= {"type": element["type"], "action_ts": self._workspace.new_ts()}
                if element["type"] == "button":
                    return action | {"text": element["text"], "value": element.get("value", "")}
                return action | {"selected_option": _option(element, str(value))}
        raise Refused("no_such_action")

    # --- forms ----------------------------------------------------------------------------------------------

    async def views(self, *, user: str) -> list[dict[str, Any]]:
        return self._workspace.stacks.get(user, [])

    async def close_view(self, *, user: str) -> dict[str, Any]:
        view = self._workspace.stacks[user].pop()
        self._workspace.changes.add("view", user=user)
        if view["notify_on_close"]:
            await self._interact(user, "view_closed", {"view": view, "is_cleared": False})
        return {}

    async def submit(self, *, user: str, values: dict[str, Any], view_id: str | None = None) -> dict[str, Any]:
        """Fill the form on top and send it. `values` by block_id, action_id or label."""
        view = self._top(user)
        if view_id and view["id"] != view_id:
            raise Refused("view_not_found")
        state, remarks = self._state(user, view, values)
        if remarks:
            return {"ok": False, "client_errors": remarks}
        view["state"] = {"values": state}
        answer = await self._interact(user, "view_submission", {"view": view, "response_urls": []})
        if not answer["ok"]:
            return answer
        ack = answer["ack"] or {}
        stack = self._workspace.stacks[user]
        match ack.get("response_action"):
            case "errors":
                unknown = set(ack["errors"]) - {block["block_id"] for block in view["blocks"]}
                if unknown or not ack["errors"]:
                    return {
                        "ok": False,
                        "error": f"invalid response_action: errors for unknown blocks {sorted(unknown)}",
                    }
                self._workspace.changes.add("view", user=user)
                return {"ok": False, "response_action": "errors", "errors": ack["errors"]}
            case "update" | "push" as action:
                if found := blockkit.view_problems(ack.get("view")):
                    return {"ok": False, "error": f"invalid view: {found}"}
                if action == "update":
                    self._workspace.change_view(view, ack["view"])
                else:
                    self._workspace.put_view(user, ack["view"], over=view["id"])
            case "clear":
                stack.clear()
            case _ if view in stack:
                stack.remove(view)
        self._workspace.changes.add("view", user=user)
        return {"ok": True, "response_action": ack.get("response_action")}

    def _top(self, user: str) -> dict[str, Any]:
        stack = self._workspace.stacks.get(user)
        if not stack:
            raise Refused("no_view_open")
        return stack[-1]

    def _state(
        self, user: str, view: dict[str, Any], values: dict[str, Any]
    ) -> tuple[dict[str, dict[str, Any]], dict[str, str]]:
        state: dict[str, dict[str, Any]] = {}
        remarks: dict[str, str] = {}
        known: set[str] = set()
        for block in view["blocks"]:
            if block["type"] != "input":
                continue
            element = block["element"]
            names = [block["block_id"], element.get("action_id", ""), block["label"]["text"]]
            known.update(names)
            name = next((name for name in names if name in values), None)
            entered, remark = self._entered(user, element, values.get(name) if name else None)
            if remark:
                remarks[block["block_id"]] = remark
            elif not block.get("optional") and entered.get("empty"):
                remarks[block["block_id"]] = "Please complete this required field."
            entered.pop("empty", None)
            state[block["block_id"]] = {element.get("action_id", ""): {"type": element["type"], **entered}}
        if strange := set(values) - known:
            raise Refused("no_such_field", fields=sorted(strange))
        return state, remarks

    def _entered(self, user: str, element: dict[str, Any], value: Any) -> tuple[dict[str, Any], str]:
        match element["type"]:
            case "plain_text_input":
                text = element.get("initial_value") if value is None else value
                limit = element.get("max_length", blockkit.INPUT_TEXT)
                remark = f"Please shorten to {limit} characters or less." if text and len(text) > limit else ""
                return {"value": text or None, "empty": not text}, remark
            case "static_select":
                if value is None:
                    chosen = element.get("initial_option")
                    return {"selected_option": chosen, "empty": chosen is None}, ""
                try:
                    return {"selected_option": _option(element, value)}, ""
                except Refused as refused:
                    return {}, refused.error
            case "file_input":
                given = value or []
                most = element.get("max_files", blockkit.FILES)
                remark = f"You can upload {most} files at most." if len(given) > most else ""
                files = [] if remark else [self._file(user, file) for file in given]
                return {"files": files, "empty": not files}, remark
            case other:
                raise Refused("unsupported_input", type=other)

    # --- how the app hears of it ----------------------------------------------------------------------------

    async def _interact(self, user: str, kind: str, body: dict[str, Any]) -> dict[str, Any]:
        setup = self._app.setup
        payload = {
            "type": kind,
            "token": "verification",
            "team": {"id": setup.team_id, "domain": "sandbox"},
            "enterprise": None,
            "is_enterprise_install": False,
            "user": {"id": user, "name": self._workspace.user(user)["name"], "team_id": setup.team_id},
            "api_app_id": setup.app_id,
            **body,
        }
        if kind != "view_closed":
            payload["trigger_id"] = self._app.new_trigger(user)
        ack = await self._app.delivery.send("interactive", payload)
        if ack is None:
            return {"ok": False, "error": "We had some trouble connecting. Try again?"}
        return {"ok": True, "ack": ack}


def _option(element: dict[str, Any], wanted: str) -> dict[str, Any]:
    groups = element.get("option_groups")
    options = [o for group in groups for o in group["options"]] if groups else element.get("options", [])
    for option in options:
        if wanted in {option["value"], option["text"]["text"]}:
            return dict(option)
    raise Refused(f"no_such_option: {wanted}")
