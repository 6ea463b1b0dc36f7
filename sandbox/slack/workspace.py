"""What a workspace holds: people, channels, messages, files and the views people have open."""

from __future__ import annotations

import itertools
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sandbox.changes import Changes

if TYPE_CHECKING:
    from sandbox.slack.setup import SlackSetup

STACK = 3  # modals over each other
TOMBSTONE = {"subtype": "tombstone", "user": "USLACKBOT", "text": "This message was deleted.", "hidden": True}


class Refused(Exception):  # noqa: N818 - it is Slack's answer, not a fault
    """Slack says no: the code of its `error` field, and details."""

    def __init__(self, error: str, **details: Any) -> None:
        super().__init__(error)
        self.error = error
        self.details = details


@dataclass(slots=True)
class Channel:
    """A channel, private channel or direct conversation. `messages` by ts, in the order they were said."""

    id: str
    name: str
    kind: str  # "channel" | "group" | "im"
    members: set[str]
    person: str = ""  # whose direct conversation with the bot it is
    archived: bool = False
    messages: dict[str, dict[str, Any]] = field(default_factory=dict)
    replies: dict[str, list[str]] = field(default_factory=dict)  # thread_ts → ts of its replies
    pins: list[str] = field(default_factory=list)  # ts of pinned messages

    def as_json(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "name": self.name,
            "is_channel": self.kind == "channel",
            "is_group": self.kind == "group",
            "is_im": self.kind == "im",
            "is_private": self.kind != "channel",
            "is_archived": self.archived,
            **({"user": self.person} if self.person else {}),
        }


class Workspace:
    """The state, and the rules of reading and writing it."""

    def __init__(self, setup: SlackSetup) -> None:
        self.setup = setup
        self.changes = Changes()
        bot = {"name": "helpthread", "real_name": "Helpthread", "is_bot": True}
        self.users: dict[str, dict[str, Any]] = {**setup.users, setup.bot_user: bot}
        self.groups = dict(setup.groups)
        self.channels = {
            id_: Channel(id_, made["name"], "group" if made.get("private") else "channel", set(made["members"]))
            for id_, made in setup.channels.items()
        }
        self.ims: dict[str, Channel] = {}
        self.files: dict[str, dict[str, Any]] = {}
        self.contents: dict[str, bytes] = {}
        self.stacks: dict[str, list[dict[str, Any]]] = {}
        self.typed: dict[str, dict[str, Any]] = {}  # view → what was last sent from it, and the remarks on it
        self.homes: dict[str, dict[str, Any]] = {}
        self.ephemeral: list[dict[str, Any]] = []
        self.chosen: dict[str, dict[str, dict[str, Any]]] = {}  # person and surface → block_id → action_id → choice
        self.offered: dict[tuple[str, str], dict[str, Any]] = {}  # person and action_id → options of an external source
        self._ids = itertools.count(1)
        self._last_ts = 0

    # --- ids ------------------------------------------------------------------------------------------------

    def new_id(self, letter: str) -> str:
        return f"{letter}{next(self._ids):09d}"

    def new_ts(self) -> str:
        self._last_ts = max(self._last_ts + 1, time.time_ns() // 1000)
        return f"{self._last_ts // 1_000_000}.{self._last_ts % 1_000_000:06d}"

    # --- people and channels --------------------------------------------------------------------------------

    def user(self, user: str, *, locale: bool = False) -> dict[str, Any]:
        if user not in self.users:
            raise Refused("user_not_found")
        known = self.users[user]
        real_name = known.get("real_name", known["name"])
        shown = {
            "id": user,
            "team_id": self.setup.team_id,
            "name": known["name"],
            "real_name": real_name,
            "tz": known.get("tz", "Europe/Paris"),
            "deleted": known.get("deleted", False),
            "is_bot": known.get("is_bot", False),
            "is_admin": known.get("is_admin", False),
            "profile": {
                "real_name": real_name,
                "display_name": known.get("display_name", real_name),
                "image_72": known.get("image", ""),
            },
        }
        return shown | {"locale": known.get("locale", "en-US")} if locale else shown

    def im(self, user: str) -> Channel:
        if user not in self.users:
            raise Refused("user_not_found")
        if user not in self.ims:
            channel = Channel(self.new_id("D"), "directmessage", "im", {user, self.setup.bot_user}, person=user)
            self.ims[user] = self.channels[channel.id] = channel
        return self.ims[user]

    def channel(self, channel: str) -> Channel:
        if channel in self.users:  # chat.postMessage takes a user's id for their direct conversation
            return self.im(channel)
        if channel not in self.channels:
            raise Refused("channel_not_found")
        return self.channels[channel]

    def writable(self, channel: str, who: str) -> Channel:
        found = self.channel(channel)
        if found.archived:
            raise Refused("is_archived")
        if who not in found.members:
            raise Refused("not_in_channel" if found.kind == "channel" else "channel_not_found")
        return found

    # --- messages -------------------------------------------------------------------------------------------

    def say(self, channel: Channel, message: dict[str, Any], thread_ts: str | None) -> dict[str, Any]:
        """Put a message where it belongs; gives it whole."""
        ts = self.new_ts()
        message = {"type": "message", **message, "ts": ts}
        if thread_ts:
            root = channel.messages.get(thread_ts)
            if root is None:
                raise Refused("thread_not_found")
            thread_ts = root.get("thread_ts", thread_ts)
            message["thread_ts"] = thread_ts
            replies = channel.replies.setdefault(str(thread_ts), [])
            replies.append(ts)
            channel.messages[str(thread_ts)]["thread_ts"] = thread_ts
            channel.messages[str(thread_ts)]["reply_count"] = len(replies)
        channel.messages[ts] = message
        self.changes.add("message", channel=channel.id, ts=ts, thread_ts=message.get("thread_ts"))
        return message

    def message(self, channel: Channel, ts: str) -> dict[str, Any]:
        if ts not in channel.messages:
            raise Refused("message_not_found")
        return channel.messages[ts]

    def edit(
        self, channel: Channel, ts: str, changed: dict[str, Any], who: str
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Change a message; gives it as it was and as it is."""
        message = self.message(channel, ts)
        before = dict(message)
        message.update(changed)
        message["edited"] = {"user": who, "ts": self.new_ts()}
        self.changes.add("edited", channel=channel.id, ts=ts, thread_ts=message.get("thread_ts"))
        return before, message

    def delete(self, channel: Channel, ts: str) -> dict[str, Any]:
        message = self.message(channel, ts)
        if ts in channel.pins:
            channel.pins.remove(ts)
        if channel.replies.get(ts):
            kept = {name: message[name] for name in ("type", "ts", "thread_ts", "reply_count") if name in message}
            channel.messages[ts] = kept | TOMBSTONE
            self.changes.add("deleted", channel=channel.id, ts=ts, thread_ts=ts)
            return message
        del channel.messages[ts]
        if (thread := message.get("thread_ts")) and thread != ts:
            channel.replies[thread].remove(ts)
            channel.messages[thread]["reply_count"] -= 1
            if not channel.replies[thread] and channel.messages[thread].get("subtype") == "tombstone":
                del channel.messages[thread]
        self.changes.add("deleted", channel=channel.id, ts=ts, thread_ts=message.get("thread_ts"))
        return message

    def listed(self, channel: Channel, thread_ts: str | None) -> list[dict[str, Any]]:
        """A thread with its root, or a channel's top level; oldest first."""
        if thread_ts:
            if thread_ts not in channel.messages:
                raise Refused("thread_not_found")
            return [channel.messages[ts] for ts in (thread_ts, *channel.replies.get(thread_ts, ()))]
        return [m for m in channel.messages.values() if m.get("thread_ts", m["ts"]) == m["ts"]]

    # --- files ----------------------------------------------------------------------------------------------

    def add_file(self, user: str, name: str, content: bytes, mimetype: str, base: str) -> dict[str, Any]:
        id_ = self.new_id("F")
        file = {
            "id": id_,
            "created": int(time.time()),
            "timestamp": int(time.time()),
            "name": name,
            "title": name,
            "mimetype": mimetype,
            "filetype": name.rpartition(".")[2],
            "user": user,
            "size": len(content),
            "mode": "hosted",
            "is_external": False,
            "url_private": f"{base}/files-pri/{self.setup.team_id}-{id_}/{id_}",
            "url_private_download": f"{base}/files-pri/{self.setup.team_id}-{id_}/download/{id_}",
            "permalink": f"{base}/files/{user}/{id_}",
            "shares": {},
        }
        self.files[id_] = file
        self.contents[id_] = content
        return file

    # --- views ----------------------------------------------------------------------------------------------

    def put_view(self, user: str, view: dict[str, Any], *, over: str | None = None) -> dict[str, Any]:
        """Open a modal for this person: on top of the stack where `over` is a view's id."""
        stack = self.stacks.setdefault(user, [])
        if over is None:
            stack.clear()
        elif len(stack) >= STACK:
            raise Refused("push_limit_reached")
        id_ = self.new_id("V")
        root = stack[0]["id"] if stack else id_
        whole = self._whole(view, id_) | {"root_view_id": root, "previous_view_id": over}
        stack.append(whole)
        self.changes.add("view", user=user, view=id_)
        return whole

    def change_view(self, old: dict[str, Any], view: dict[str, Any]) -> dict[str, Any]:
        old.update(self._whole(view, old["id"]))
        self.changes.add("view", view=old["id"])
        return old

    def find_view(self, view_id: str | None, external_id: str | None) -> tuple[str, dict[str, Any]]:
        for user, stack in self.stacks.items():
            for view in stack:
                if view["id"] == view_id or (external_id and view.get("external_id") == external_id):
                    return user, view
        for user, view in self.homes.items():
            if view["id"] == view_id:
                return user, view
        raise Refused("not_found")

    def publish(self, user: str, view: dict[str, Any]) -> dict[str, Any]:
        """The person's home page, anew."""
        old = self.homes.get(user)
        whole = self.homes[user] = self._whole(view, old["id"] if old else self.new_id("V"))
        self.changes.add("home", user=user)
        return whole

    def _whole(self, view: dict[str, Any], id_: str) -> dict[str, Any]:
        open_views = [*self.homes.values(), *(shown for stack in self.stacks.values() for shown in stack)]
        external = view.get("external_id")
        if external and any(shown["external_id"] == external and shown["id"] != id_ for shown in open_views):
            raise Refused("duplicate_external_id")
        blocks = [
            block if "block_id" in block else block | {"block_id": f"b{next(self._ids)}"} for block in view["blocks"]
        ]
        return {
            "private_metadata": "",
            "callback_id": "",
            "external_id": "",
            "close": None,
            "submit": None,
            "clear_on_close": False,
            "notify_on_close": False,
            **view,
            "blocks": blocks,
            "id": id_,
            "team_id": self.setup.team_id,
            "hash": f"{time.time():.6f}.{next(self._ids)}",
            "state": {"values": {}},
            "app_id": self.setup.app_id,
            "app_installed_team_id": self.setup.team_id,
            "bot_id": self.setup.bot_id,
        }
