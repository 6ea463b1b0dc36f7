"""The control interface's other half: what stands in a workspace, and what befalls it, its sockets and its app."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandbox.slack.viewing import viewed

if TYPE_CHECKING:
    from sandbox.slack.app import App
    from sandbox.slack.oauth import Installing


class Lookout:
    """One for each workspace; keyword arguments and answers are plain JSON values."""

    def __init__(self, app: App, installing: Installing) -> None:
        self.app = app
        self._installing = installing

    async def allow(self, url: str, user: str, *, denied: bool = False) -> dict[str, Any]:
        """Somebody of this workspace allows the app at the address to which it sent them; gives where they are sent."""
        return {"url": self._installing.allow(url, self.app.setup.team_id, user, denied=denied)}

    async def uninstall(self) -> dict[str, Any]:
        self._installing.uninstall(self.app.setup.team_id)
        return {}

    async def fault(self, **rule: Any) -> dict[str, Any]:
        self.app.faults.add(**rule)
        return self.app.faults.as_json()

    async def clear_faults(self) -> dict[str, Any]:
        self.app.faults.clear()
        return self.app.faults.as_json()

    async def faults(self) -> dict[str, Any]:
        return self.app.faults.as_json()

    async def disconnect(self, reason: str | None = None) -> dict[str, Any]:
        await self.app.delivery.disconnect(reason)
        return {}

    async def sockets(self) -> dict[str, Any]:
        return {"open": len(self.app.delivery.sockets)}

    async def redeliver(self, event_id: str) -> dict[str, Any]:
        await self.app.delivery.redeliver(event_id)
        return {}

    async def events(self) -> list[dict[str, Any]]:
        return list(self.app.delivery.bodies.values())

    async def calls(self, method: str | None = None) -> list[dict[str, Any]]:
        return [call for call in self.app.calls if method in (None, call["method"])]

    async def dm(self, user: str) -> dict[str, Any]:
        return {"channel": self.app.workspace.im(user).id}

    async def messages(self, channel: str, thread_ts: str | None = None) -> list[dict[str, Any]]:
        return self.app.workspace.listed(self.app.workspace.channel(channel), thread_ts)

    async def ephemerals(self, user: str) -> list[dict[str, Any]]:
        return [message for message in self.app.workspace.ephemeral if message["user"] == user]

    async def pins(self, channel: str) -> list[dict[str, Any]]:
        where = self.app.workspace.channel(channel)
        return [where.messages[ts] for ts in where.pins]

    async def shortcuts(self) -> dict[str, str]:
        return self.app.setup.shortcuts

    async def home(self, user: str) -> dict[str, Any] | None:
        return self.app.workspace.homes.get(user)

    async def dismiss(self, user: str, ts: str) -> dict[str, Any]:
        """A person puts away what only they were shown."""
        whispered = self.app.workspace.ephemeral
        whispered[:] = [message for message in whispered if (message["user"], message["ts"]) != (user, ts)]
        self.app.workspace.changes.add("ephemeral", user=user)
        return {}

    async def view(self, user: str) -> dict[str, Any]:
        return viewed(self.app, user)

    async def changes(self, since: int = 0, wait: float = 0.0) -> dict[str, Any]:
        found = await self.app.workspace.changes.since(since, wait)
        return {"newest": self.app.workspace.changes.newest, "changes": found}

    async def archive(self, channel: str) -> dict[str, Any]:
        self.app.workspace.channel(channel).archived = True
        return {}

    async def unarchive(self, channel: str) -> dict[str, Any]:
        self.app.workspace.channel(channel).archived = False
        return {}

    async def remove_bot(self, channel: str) -> dict[str, Any]:
        where = self.app.workspace.channel(channel)
        self.app.changed_members(where, self.app.setup.bot_user, joined=False)
        return {}

    async def delete_channel(self, channel: str) -> dict[str, Any]:
        del self.app.workspace.channels[channel]
        return {}

    async def revoke(self, *, revoked: bool = True) -> dict[str, Any]:
        """The app is taken out of the workspace: its token is none any more, and its sockets are closed."""
        self.app.revoked = revoked
        if revoked:
            await self.app.delivery.disconnect("link_disabled")
        return {}

    async def set_scopes(self, scopes: list[str]) -> dict[str, Any]:
        self.app.scopes = set(scopes)
        return {}

    async def state(self) -> dict[str, Any]:
        workspace = self.app.workspace
        return {
            "users": {user: workspace.user(user, locale=True) for user in workspace.users},
            "groups": workspace.groups,
            "channels": {
                id_: channel.as_json()
                | {"members": sorted(channel.members), "messages": list(channel.messages.values())}
                for id_, channel in workspace.channels.items()
            },
            "ephemeral": workspace.ephemeral,
            "views": workspace.stacks,
            "homes": workspace.homes,
        }
