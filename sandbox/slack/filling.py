"""What people do with forms: fill, send and close them, as their client lets them."""

from __future__ import annotations

import base64
from typing import Any

from sandbox.slack import blockkit
from sandbox.slack.interacting import PICKED, SEVERAL, SINGLE, Interacting, initial
from sandbox.slack.workspace import Refused

FORM_FILE = 10 * 1024 * 1024  # bytes of one file of a form


class Filling(Interacting):
    """The forms that are open, of which the top one is used."""

    async def views(self, *, user: str) -> list[dict[str, Any]]:
        return self._workspace.stacks.get(user, [])

    async def close_view(self, *, user: str) -> dict[str, Any]:
        view = self._workspace.stacks[user].pop()
        self._workspace.changes.add("view", user=user)
        if view["notify_on_close"]:
            await self.interact(user, "view_closed", {"view": view, "is_cleared": False})
        return {}

    async def submit(self, *, user: str, values: dict[str, Any], view_id: str | None = None) -> dict[str, Any]:
        """Fill the form on top and send it. `values` by block_id, action_id or label."""
        view = self.top(user)
        if view_id and view["id"] != view_id:
            raise Refused("view_not_found")
        if view["submit"] is None:
            raise Refused("no_submit")
        state, remarks = self._entries(user, view, values)
        typed = {name: value for name, value in values.items() if isinstance(value, str)}
        self._workspace.typed[view["id"]] = {"values": typed, "remarks": remarks}
        if remarks:
            self._workspace.changes.add("view", user=user)
            return {"ok": False, "client_errors": remarks}
        view["state"] = {"values": state}
        answer = await self.interact(user, "view_submission", {"view": view, "response_urls": []})
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
                self._workspace.typed[view["id"]]["remarks"] = ack["errors"]
                self._workspace.changes.add("view", user=user)
                return {"ok": False, "response_action": "errors", "errors": ack["errors"]}
            case "update" | "push" as action:
                if found := blockkit.view_problems(ack.get("view"), "modal"):
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

    def _entries(
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
            elif not block.get("optional") and not any(entered.values()):
                remarks[block["block_id"]] = "Please complete this required field."
            state[block["block_id"]] = {element.get("action_id", ""): {"type": element["type"], **entered}}
        if strange := set(values) - known:
            raise Refused("no_such_field", fields=sorted(strange))
        return state, remarks

    def _entered(self, user: str, element: dict[str, Any], value: Any) -> tuple[dict[str, Any], str]:
        """What stands in a field, and what the client itself has against it."""
        kind = element["type"]
        match kind:
            case "plain_text_input":
                text = element.get("initial_value") if value is None else value
                limit = element.get("max_length", blockkit.INPUT_TEXT)
                remark = f"Please shorten to {limit} characters or less." if text and len(text) > limit else ""
                return {"value": text or None}, remark
            case "file_input":
                given = value or []
                most = element.get("max_files", blockkit.FILES)
                remark = f"You can upload {most} files at most." if len(given) > most else ""
                allowed = element.get("filetypes")
                for file in given:
                    if len(file["data_base64"]) * 3 // 4 > FORM_FILE:
                        remark = f"{file['name']} is larger than 10 MB."
                    if allowed and file["name"].rpartition(".")[2].lower() not in allowed:
                        remark = f"{file['name']} is not of an allowed type."
                return {"files": [] if remark else [self.file(user, file) for file in given]}, remark
            case _ if value is None:
                return initial(element), ""
            case _ if kind in SINGLE | SEVERAL | set(PICKED) | {"datepicker", "multi_users_select"}:
                try:
                    return self.chosen(user, element, value), ""
                except Refused as refused:
                    return {}, refused.error
            case other:
                raise Refused("unsupported_input", type=other)

    def file(self, user: str, file: dict[str, Any]) -> dict[str, Any]:
        """An upload as the workspace keeps it."""
        content = base64.b64decode(file["data_base64"])
        kind = file.get("content_type", "application/octet-stream")
        return self._workspace.add_file(user, file["name"], content, kind, self._app.base)
