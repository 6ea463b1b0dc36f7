"""What people do with buttons, menus and finders of messages, of the home page and of open forms."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sandbox.slack import blockkit
from sandbox.slack.workspace import Refused

if TYPE_CHECKING:
    from sandbox.slack.app import App

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
SINGLE = {"static_select", "external_select", "radio_buttons", "overflow"}
SEVERAL = {"multi_static_select", "multi_external_select", "checkboxes"}
PICKED = {"users_select": "selected_user", "conversations_select": "selected_conversation",
          "channels_select": "selected_channel"}  # fmt: skip
MIN_QUERY = 3  # letters typed until an external menu asks the app, unless its min_query_length says otherwise


@dataclass(slots=True)
class Shown:
    """Something with blocks that a person looks at, and what a payload says of where it stands."""

    key: str
    blocks: list[dict[str, Any]]
    body: dict[str, Any]
    answers_to: tuple[str, dict[str, Any]] | None  # channel and message that a response_url is for; None: none is given


class Interacting:
    """Presses, choices and searches. `surface`: "message" (with channel and ts), "home" or "view" (the top one)."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._workspace = app.workspace

    async def press(
        self, *, user: str, action_id: str, channel: str = "", ts: str = "", value: Any = None, surface: str = "message"
    ) -> dict[str, Any]:
        """Use an element: a button, or a menu with what is chosen in it (`value`: a value or label, a user's id, a day;
        a list where several can be chosen).
        """
        shown = self._shown(user, surface, channel, ts)
        block, element = _element(shown.blocks, action_id)
        action = {"action_id": action_id, "block_id": block.get("block_id", ""), "type": element["type"],
                  "action_ts": self._workspace.new_ts()}  # fmt: skip
        if element["type"] == "button":
            action |= {"text": element["text"], "value": element.get("value", "")}
        else:
            chosen = self.chosen(user, element, value)
            action |= chosen
            kept = self._workspace.chosen.setdefault(f"{user}:{shown.key}", {})
            kept.setdefault(action["block_id"], {})[action_id] = {"type": element["type"], **chosen}
        body = shown.body | {"actions": [action], "state": {"values": self._state(user, shown)}}
        if shown.answers_to is not None:
            body["response_url"] = self._app.new_response_url(user, *shown.answers_to)
        return await self.interact(user, "block_actions", body)

    async def press_in_view(self, *, user: str, action_id: str, value: Any = None) -> dict[str, Any]:
        return await self.press(user=user, action_id=action_id, value=value, surface="view")

    async def press_home(self, *, user: str, action_id: str, value: Any = None) -> dict[str, Any]:
        return await self.press(user=user, action_id=action_id, value=value, surface="home")

    async def suggest(
        self, *, user: str, action_id: str, words: str = "", channel: str = "", ts: str = "", surface: str = "message"
    ) -> dict[str, Any]:
        """Type in a menu with an external source: gives {"ok", "options"}. What it offers can be chosen afterwards."""
        shown = self._shown(user, surface, channel, ts)
        block, element = _element(shown.blocks, action_id)
        if element["type"] not in {"external_select", "multi_external_select"}:
            raise Refused("no_external_source")
        if len(words) < (least := element.get("min_query_length", MIN_QUERY)):
            raise Refused(f"type {least} letters or more")
        body = {key: entry for key, entry in shown.body.items() if key != "message"} | {
            "action_id": action_id,
            "block_id": block.get("block_id", ""),
            "value": words,
        }
        answer = await self.interact(user, "block_suggestion", body)
        if not answer["ok"]:
            return {"ok": False, "error": "no_answer"}
        if problems := blockkit.suggestion_problems(answer["ack"]):
            return {"ok": False, "error": f"invalid options: {problems}"}
        groups = answer["ack"].get("option_groups")
        options = [o for group in groups for o in group["options"]] if groups else answer["ack"]["options"]
        self._workspace.offered.setdefault((user, action_id), {}).update({o["value"]: o for o in options})
        return {"ok": True, "options": options}

    # --- what is there --------------------------------------------------------------------------------------

    def _shown(self, user: str, surface: str, channel: str, ts: str) -> Shown:
        match surface:
            case "home":
                view = self._workspace.homes.get(user)
                if view is None:
                    raise Refused("no_home")
                return _of_view(view)
            case "view":
                return _of_view(self.top(user))
            case "message":
                return self._of_message(user, channel, ts)
            case _:
                raise Refused(f"no such surface: {surface}")

    def _of_message(self, user: str, channel: str, ts: str) -> Shown:
        where = self._workspace.channel(channel)
        whispered = next((m for m in self._workspace.ephemeral if m["ts"] == ts and m["user"] == user), None)
        if whispered is None and user not in where.members:
            raise Refused("channel_not_found")
        message = whispered or self._workspace.message(where, ts)
        container: dict[str, Any] = {
            "type": "message",
            "message_ts": ts,
            "channel_id": where.id,
            "is_ephemeral": whispered is not None,
        }
        if message.get("thread_ts"):
            container["thread_ts"] = message["thread_ts"]
        body: dict[str, Any] = {"container": container, "channel": {"id": where.id, "name": where.name}}
        if whispered is None:
            body["message"] = message
        return Shown(f"{where.id}:{ts}", message.get("blocks", []), body, (where.id, message))

    def top(self, user: str) -> dict[str, Any]:
        """The form that lies on top."""
        stack = self._workspace.stacks.get(user)
        if not stack:
            raise Refused("no_view_open")
        return stack[-1]

    def _state(self, user: str, shown: Shown) -> dict[str, dict[str, Any]]:
        """What is chosen in each menu, as a payload says it: at first what the app chose."""
        state: dict[str, dict[str, Any]] = {}
        kept = self._workspace.chosen.get(f"{user}:{shown.key}", {})
        for block in shown.blocks:
            for element in _elements(block):
                if (
                    element.get("type") in {"button", "image", "plain_text", "mrkdwn", None}
                    or "action_id" not in element
                ):
                    continue
                name, action = block.get("block_id", ""), element["action_id"]
                mine = kept.get(name, {}).get(action) or {"type": element["type"], **initial(element)}
                state.setdefault(name, {})[action] = mine
        return state

    # --- choices --------------------------------------------------------------------------------------------

    def chosen(self, user: str, element: dict[str, Any], value: Any) -> dict[str, Any]:
        """A choice as the client sends it. Refused where the menu does not offer it."""
        kind = element["type"]
        match kind:
            case _ if kind in SINGLE:
                return {"selected_option": self._option(user, element, str(value)) if value else None}
            case _ if kind in SEVERAL:
                wanted = [value] if isinstance(value, str) else list(value or ())
                if len(wanted) > element.get("max_selected_items", len(wanted)):
                    raise Refused("too_many_selected")
                return {"selected_options": [self._option(user, element, str(entry)) for entry in wanted]}
            case "multi_users_select":
                return {"selected_users": [self._workspace.user(entry)["id"] for entry in value or ()]}
            case "users_select":
                return {"selected_user": self._workspace.user(value)["id"] if value else None}
            case "conversations_select" | "channels_select":
                return {PICKED[kind]: self._workspace.channel(value).id if value else None}
            case "datepicker":
                if value and not _DAY.fullmatch(value):
                    raise Refused(f"no_such_day: {value}")
                return {"selected_date": value or None}
            case _:
                raise Refused("unsupported_input", type=kind)

    def _option(self, user: str, element: dict[str, Any], wanted: str) -> dict[str, Any]:
        groups = element.get("option_groups")
        options = [o for group in groups for o in group["options"]] if groups else element.get("options", [])
        if element["type"].endswith("external_select"):
            started = [element["initial_option"]] if "initial_option" in element else element.get("initial_options", [])
            options = [*self._workspace.offered.get((user, element.get("action_id", "")), {}).values(), *started]
        for option in options:
            if wanted in {option["value"], option["text"]["text"]}:
                return dict(option)
        raise Refused(f"no_such_option: {wanted}")

    # --- how the app hears of it ----------------------------------------------------------------------------

    async def interact(self, user: str, kind: str, body: dict[str, Any]) -> dict[str, Any]:
        """Send it; gives {"ok", "ack"}, or what the client tells the person where no answer came in time."""
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
        if kind not in {"view_closed", "block_suggestion"}:
            payload["trigger_id"] = self._app.new_trigger(user)
        ack = await self._app.delivery.send("interactive", payload)
        if ack is None:
            return {"ok": False, "error": "We had some trouble connecting. Try again?"}
        return {"ok": True, "ack": ack}


def initial(element: dict[str, Any]) -> dict[str, Any]:
    """What a menu shows before anybody touches it."""
    kind = element["type"]
    if kind in SINGLE:
        return {"selected_option": element.get("initial_option")}
    if kind in SEVERAL:
        return {"selected_options": element.get("initial_options", [])}
    if kind == "multi_users_select":
        return {"selected_users": element.get("initial_users", [])}
    if kind == "datepicker":
        return {"selected_date": element.get("initial_date")}
    if kind in PICKED:
        return {PICKED[kind]: element.get(f"initial_{kind.partition('_')[0].removesuffix('s')}")}
    return {"value": element.get("initial_value")}


def _of_view(view: dict[str, Any]) -> Shown:
    return Shown(view["id"], view["blocks"], {"container": {"type": "view", "view_id": view["id"]}, "view": view}, None)


def _elements(block: dict[str, Any]) -> list[dict[str, Any]]:
    return [*block.get("elements", ()), *(block[k] for k in ("accessory", "element") if k in block)]


def _element(blocks: list[dict[str, Any]], action_id: str) -> tuple[dict[str, Any], dict[str, Any]]:
    for block in blocks:
        for element in _elements(block):
            if element.get("action_id") == action_id:
                return block, element
    raise Refused("no_such_action")
