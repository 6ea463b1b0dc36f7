"""What people do in the workspace: type a command, fill a form, write, press, react; as their client would let them."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING, Any

from sandbox.slack.filling import Filling
from sandbox.slack.typed import rich_text
from sandbox.slack.workspace import Refused

if TYPE_CHECKING:
    from sandbox.slack.workspace import Channel

TEXT = 40_000  # characters of a message


class Acts(Filling):
    """One method for each thing that a person can do; keyword arguments and answers are plain JSON values."""

    # --- words ----------------------------------------------------------------------------------------------

    async def say(
        self, *, user: str, channel: str, text: str = "", thread_ts: str | None = None,
        files: list[dict[str, Any]] | None = None, blocks: list[dict[str, Any]] | None = None,
    ) -> dict[str, Any]:  # fmt: skip
        where = self._workspace.writable(channel, user)
        if len(text) > TEXT:
            raise Refused("msg_too_long")
        block = rich_text(text)
        message: dict[str, Any] = {"user": user, "team": self._app.setup.team_id, "text": text}
        message["client_msg_id"] = self._workspace.new_id("M")
        if found := blocks or ([block | {"block_id": self._workspace.new_id("b")}] if block else None):
            message["blocks"] = found
        if files:
            message["subtype"] = "file_share"
            message["files"] = [self.file(user, file) for file in files]
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

    async def unfurl(self, *, channel: str, ts: str) -> dict[str, Any]:
        """The preview of a link appears below somebody's message, as it does a moment after it was said."""
        where = self._workspace.channel(channel)
        message = self._workspace.message(where, ts)
        before = dict(message)
        shown = {"id": 1, "from_url": "https://example.com", "title": "Example", "fallback": "Example"}
        message["attachments"] = [shown]
        self._app.edited(where, before, message)
        return {}

    async def delete(self, *, user: str, channel: str, ts: str) -> dict[str, Any]:
        where = self._own(user, channel, ts)
        self._app.deleted(where, self._workspace.delete(where, ts))
        return {}

    async def react(self, *, user: str, channel: str, ts: str, name: str) -> dict[str, Any]:
        self._app.react(self._workspace.writable(channel, user), ts, name, user)
        return {}

    async def unreact(self, *, user: str, channel: str, ts: str, name: str) -> dict[str, Any]:
        self._app.unreact(self._workspace.writable(channel, user), ts, name, user)
        return {}

    def _own(self, user: str, channel: str, ts: str) -> Channel:
        where = self._workspace.writable(channel, user)
        if self._workspace.message(where, ts).get("user") != user:
            raise Refused("cant_update_message")
        return where

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
            "text": self._escaped(text) if self._app.setup.escape_commands else text,
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
        where = self._workspace.writable(channel, user)
        if callback_id not in self._app.setup.shortcuts:
            raise Refused(f"no_such_shortcut: {callback_id}")
        message = self._workspace.message(where, ts)
        return await self.interact(user, "message_action", {
            "callback_id": callback_id, "message_ts": ts, "message": message, "action_ts": self._workspace.new_ts(),
            "channel": {"id": where.id, "name": where.name},
            "response_url": self._app.new_response_url(user, where.id, None),
        })  # fmt: skip

    # --- who is who -----------------------------------------------------------------------------------------

    async def change_person(self, *, user: str, **changed: Any) -> dict[str, Any]:
        """Change a profile: "real_name", "display_name", "locale", "tz"; or "deleted"."""
        self._workspace.users[user] = self._workspace.users[user] | changed
        self._app.changed_person(user)
        return self._workspace.user(user, locale=True)

    async def quiet(self, *, user: str, minutes: float) -> dict[str, Any]:
        """Pause notifications for so long; 0 = take them again."""
        self._workspace.users[user] = self._workspace.users[user] | {"quiet_until": time.time() + 60 * minutes}
        return {}

    async def disable_group(self, *, group: str) -> dict[str, Any]:
        """The user group is kept, and counts for nobody any more."""
        known = self._workspace.groups[group] = self._workspace.groups[group] | {"date_delete": int(time.time())}
        event = {"type": "subteam_updated", "subteam": {"id": group, **known}}
        self._app.tell("subteam_updated", event, "usergroups:read")
        return {}

    async def change_group(self, *, group: str, users: list[str]) -> dict[str, Any]:
        """Who is in a user group from now on."""
        known = self._workspace.groups[group]
        before, after = set(known["users"]), set(users)
        self._workspace.groups[group] = known | {"users": users}
        self._app.changed_group(group, after - before, before - after)
        return {}

    async def join(self, *, user: str, channel: str) -> dict[str, Any]:
        self._app.changed_members(self._workspace.channel(channel), user, joined=True)
        return {}

    async def leave(self, *, user: str, channel: str) -> dict[str, Any]:
        self._app.changed_members(self._workspace.channel(channel), user, joined=False)
        return {}

    async def archive_channel(self, *, channel: str, archived: bool = True) -> dict[str, Any]:
        """Put a whole channel away, or take it out again; nobody writes there meanwhile. Its members leave it, as on
        Slack: whoever takes it out invites the bot anew.
        """
        where = self._workspace.channel(channel)
        where.archived = archived
        if archived:
            where.members.discard(self._app.setup.bot_user)
        return {}

    def _escaped(self, text: str) -> str:
        """Names typed with @ and # as the client sends them where the command has "escape" on."""
        people = {person["name"]: id_ for id_, person in self._workspace.users.items()}
        channels = {channel.name: id_ for id_, channel in self._workspace.channels.items() if channel.kind != "im"}

        def entity(match: re.Match[str]) -> str:
            id_ = (people if match[1] == "@" else channels).get(match[2])
            return f"<{match[1]}{id_}|{match[2]}>" if id_ else match[0]

        return re.sub(r"(?<![\w<])([@#])([\w.-]+)", entity, text)

    async def open_home(self, *, user: str, tab: str = "home") -> dict[str, Any]:
        im = self._workspace.im(user)
        event: dict[str, Any] = {"type": "app_home_opened", "user": user, "channel": im.id, "tab": tab,
                 "event_ts": self._workspace.new_ts()}  # fmt: skip
        if user in self._workspace.homes:
            event["view"] = self._workspace.homes[user]
        self._app.tell("app_home_opened", event)
        return {}
