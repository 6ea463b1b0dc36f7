"""The app installed in the workspace: what its bot says, its triggers and response URLs, and the events it is owed."""

from __future__ import annotations

import re
import time
import uuid
from collections import deque
from typing import TYPE_CHECKING, Any

from sandbox.slack import blockkit
from sandbox.slack.delivery import Delivery
from sandbox.slack.workspace import Refused, Workspace

if TYPE_CHECKING:
    from sandbox.faults import Faults
    from sandbox.slack.setup import SlackSetup
    from sandbox.slack.workspace import Channel

RESPONSE_URL_LIFE, RESPONSE_URL_USES = 1800.0, 5  # docs.slack.dev/interactivity/handling-user-interaction
EMOJI_NAME = re.compile(r"[a-z0-9_+'-]+(::skin-tone-[2-6])?")
HISTORY_SCOPES = {"channel": "channels:history", "group": "groups:history", "im": "im:history"}
MESSAGES = {"channel": "message.channels", "group": "message.groups", "im": "message.im"}  # subscriptions


class App:
    """Ties the workspace's state to what the app is told of it."""

    def __init__(self, setup: SlackSetup, faults: Faults, within: App | None = None) -> None:
        """`within`: the same app in another workspace, by whose sockets and request URL it is told."""
        self.setup = setup
        self.faults = faults
        self.workspace = Workspace(setup)
        self.delivery: Delivery = Delivery(self.workspace, faults, within.delivery if within else None)
        self.base = ""  # set when the server knows its port
        self.calls: deque[dict[str, Any]] = deque(maxlen=2000)
        self.scopes = set(setup.scopes)
        self.revoked = False  # whether the token is refused from now on
        self._triggers: dict[str, tuple[str, float]] = {}
        self._used: deque[str] = deque(maxlen=1000)
        self._responses: dict[str, dict[str, Any]] = {}

    # --- what the bot does ----------------------------------------------------------------------------------

    def bot_says(self, channel: Channel, content: dict[str, Any], thread_ts: str | None) -> dict[str, Any]:
        who = {"user": self.setup.bot_user, "bot_id": self.setup.bot_id, "app_id": self.setup.app_id}
        message = self.workspace.say(channel, {**who, "team": self.setup.team_id, **content}, thread_ts)
        self.said(channel, message)
        return message

    def whisper(self, user: str, channel: str, content: dict[str, Any], thread_ts: str | None) -> dict[str, Any]:
        """For this person alone. In a thread to which nobody has replied it is taken, and shown to nobody
        (docs.slack.dev/reference/methods/chat.postEphemeral: "only shown if there is already an active thread").
        """
        message = {"user": user, "channel": channel, "ts": self.workspace.new_ts(), "thread_ts": thread_ts, **content}
        root = self.workspace.channel(channel).messages.get(thread_ts or "")
        if thread_ts and (root is None or not root.get("reply_count")):
            return message
        self.workspace.ephemeral.append(message)
        self.workspace.changes.add("ephemeral", user=user, channel=channel)
        return message

    def file(self, file: str) -> dict[str, Any]:
        if file not in self.workspace.files:
            raise Refused("file_not_found")
        return self.workspace.files[file]

    def forget_file(self, file: dict[str, Any]) -> None:
        """A deleted file leaves a tombstone where it was shared."""
        del self.workspace.files[file["id"]]
        self.workspace.contents.pop(file["id"], None)
        for channel in self.workspace.channels.values():
            for ts, message in list(channel.messages.items()):
                if any(shared["id"] == file["id"] for shared in message.get("files", ())):
                    message["files"] = [shared for shared in message["files"] if shared["id"] != file["id"]]
                    if not message["files"] and not message.get("text"):
                        self.deleted(channel, self.workspace.delete(channel, ts))

    def react(self, channel: Channel, ts: str, name: str, user: str) -> None:
        if not EMOJI_NAME.fullmatch(name):
            raise Refused("invalid_name")
        message = self.workspace.message(channel, ts)
        reactions = message.setdefault("reactions", [])
        mine = next((r for r in reactions if r["name"] == name), None)
        if mine is None:
            reactions.append(mine := {"name": name, "users": [], "count": 0})
        if user in mine["users"]:
            raise Refused("already_reacted")
        mine["users"].append(user)
        mine["count"] += 1
        self._reacted("reaction_added", channel, message, name, user)

    def unreact(self, channel: Channel, ts: str, name: str, user: str) -> None:
        message = self.workspace.message(channel, ts)
        mine = next((r for r in message.get("reactions", ()) if r["name"] == name and user in r["users"]), None)
        if mine is None:
            raise Refused("no_reaction")
        mine["users"].remove(user)
        mine["count"] -= 1
        message["reactions"] = [reaction for reaction in message["reactions"] if reaction["count"]]
        self._reacted("reaction_removed", channel, message, name, user)

    def _reacted(self, kind: str, channel: Channel, message: dict[str, Any], name: str, user: str) -> None:
        self.workspace.changes.add("reaction", channel=channel.id, ts=message["ts"])
        item = {"type": "message", "channel": channel.id, "ts": message["ts"]}
        event = {
            "type": kind,
            "user": user,
            "reaction": name,
            "item": item,
            "item_user": message.get("user"),
        }
        self._tell(channel, kind, event | {"event_ts": self.workspace.new_ts()}, "reactions:read")

    # --- events ---------------------------------------------------------------------------------------------

    def said(self, channel: Channel, message: dict[str, Any]) -> None:
        event = {**message, "event_ts": message["ts"]}
        self._tell_message(channel, event)
        if f"<@{self.setup.bot_user}>" in message.get("text", "") and channel.kind != "im":
            mention = event | {"type": "app_mention", "channel": channel.id}
            self._tell(channel, "app_mention", mention, "app_mentions:read")

    def edited(self, channel: Channel, before: dict[str, Any], after: dict[str, Any]) -> None:
        ts = self.workspace.new_ts()
        event = {"type": "message", "subtype": "message_changed", "hidden": True, "message": dict(after),
                 "previous_message": before, "ts": ts, "event_ts": ts}  # fmt: skip
        self._tell_message(channel, event)

    def deleted(self, channel: Channel, message: dict[str, Any]) -> None:
        if (left := channel.messages.get(message["ts"])) is not None:
            self.edited(channel, message, left)  # a root with replies: a tombstone stands in its place
            return
        ts = self.workspace.new_ts()
        event = {"type": "message", "subtype": "message_deleted", "hidden": True, "deleted_ts": message["ts"],
                 "previous_message": message, "ts": ts, "event_ts": ts}  # fmt: skip
        self._tell_message(channel, event)

    def _tell_message(self, channel: Channel, event: dict[str, Any]) -> None:
        event |= {"channel": channel.id, "channel_type": channel.kind}
        self._tell(channel, MESSAGES[channel.kind], event, HISTORY_SCOPES[channel.kind])

    def _tell(self, channel: Channel, subscription: str, event: dict[str, Any], scope: str) -> None:
        if self.setup.bot_user in channel.members:
            self.tell(subscription, event, scope)

    def tell(self, subscription: str, event: dict[str, Any], scope: str = "") -> None:
        """An event, where the app is subscribed to it and its token has the scope."""
        if subscription in self.setup.events and (not scope or scope in self.scopes):
            self.delivery.event({"event_ts": self.workspace.new_ts(), **event})

    def changed_person(self, user: str) -> None:
        self.tell("user_change", {"type": "user_change", "user": self.workspace.user(user, locale=True)}, "users:read")

    def changed_group(self, group: str, added: set[str], removed: set[str]) -> None:
        event = {"type": "subteam_members_changed", "subteam_id": group, "team_id": self.setup.team_id,
                 "added_users": sorted(added), "removed_users": sorted(removed)}  # fmt: skip
        self.tell("subteam_members_changed", event, "usergroups:read")

    def changed_members(self, channel: Channel, user: str, *, joined: bool) -> None:
        """Somebody came or went; the bot hears of its own coming and going too."""
        if joined:
            channel.members.add(user)
        kind = "member_joined_channel" if joined else "member_left_channel"
        event = {"type": kind, "user": user, "channel": channel.id, "team": self.setup.team_id,
                 "channel_type": "C" if channel.kind == "channel" else "G"}  # fmt: skip
        self._tell(channel, kind, event, "channels:read" if channel.kind == "channel" else "groups:read")
        if not joined:
            channel.members.discard(user)

    # --- triggers and response URLs -------------------------------------------------------------------------

    def new_trigger(self, user: str) -> str:
        trigger = f"{time.time_ns()}.{self.setup.team_id}.{uuid.uuid4().hex}"
        self._triggers[trigger] = (user, time.monotonic() + self.setup.trigger_life)
        return trigger

    def use_trigger(self, trigger: str) -> str:
        """The person it is for. Once, and soon."""
        if trigger in self._used:
            raise Refused("exchanged_trigger_id")
        if trigger not in self._triggers:
            raise Refused("invalid_trigger_id")
        user, until = self._triggers.pop(trigger)
        self._used.append(trigger)
        if time.monotonic() > until:
            raise Refused("expired_trigger_id")
        return user

    def new_response_url(self, user: str, channel: str, message: dict[str, Any] | None) -> str:
        key = uuid.uuid4().hex
        until = time.monotonic() + RESPONSE_URL_LIFE
        self._responses[key] = {"user": user, "channel": channel, "message": message, "left": RESPONSE_URL_USES,
                                "until": until}  # fmt: skip
        return f"{self.base}/response/{key}"

    def forget_addresses(self) -> None:
        """Response URLs and triggers whose time is over."""
        now = time.monotonic()
        self._responses = {key: known for key, known in self._responses.items() if known["until"] >= now}
        self._triggers = {trigger: known for trigger, known in self._triggers.items() if known[1] >= now}

    def respond(self, key: str, body: dict[str, Any]) -> None:
        """What the app posted to a response URL."""
        response = self._responses.get(key)
        if response is None or time.monotonic() > response["until"]:
            raise Refused("expired_url")
        if response["left"] == 0:
            raise Refused("used_url")
        response["left"] -= 1
        self.answer(response["user"], response["channel"], body, response["message"])

    def answer(self, user: str, channel: str, body: dict[str, Any], message: dict[str, Any] | None = None) -> None:
        """A message in answer to a command or press: to the person alone, or in the channel."""
        whispered = message is not None and any(message is kept for kept in self.workspace.ephemeral)
        where = self.workspace.channel(channel)
        if body.get("delete_original"):
            if whispered and message is not None:
                self.workspace.ephemeral = [kept for kept in self.workspace.ephemeral if kept is not message]
                self.workspace.changes.add("ephemeral", user=user, channel=channel)
            elif message is not None:
                self.deleted(where, self.workspace.delete(where, message["ts"]))
            return
        blocks = body.get("blocks")
        if blocks and (found := blockkit.problems(blocks, "message")):
            raise Refused("invalid_blocks", messages=found)
        if not blocks and not body.get("text"):
            raise Refused("no_text")
        named = [b if "block_id" in b else b | {"block_id": self.workspace.new_id("b")} for b in blocks or ()]
        content = {"text": body.get("text", ""), **({"blocks": named} if named else {})}
        if body.get("replace_original") and message is not None:
            if whispered:
                message.update({"blocks": []} | content)
                self.workspace.changes.add("ephemeral", user=user, channel=channel)
            else:
                self.edited(where, *self.workspace.edit(where, message["ts"], content, self.setup.bot_user))
        elif body.get("response_type") == "in_channel":
            self.bot_says(where, content, body.get("thread_ts"))
        else:
            self.whisper(user, channel, content, body.get("thread_ts"))
