"""What one person's Slack shows: the channels they are in, whispers to them alone, their open forms and their home."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sandbox.slack.app import App


def viewed(app: App, user: str) -> dict[str, Any]:
    """Plain JSON; nothing in it is hidden from that person."""
    workspace, setup = app.workspace, app.setup
    workspace.im(user)  # the app stands under "Apps" before a word was said
    return {
        "team": setup.team_name,
        "bot": setup.bot_user,
        "users": {id_: workspace.user(id_, locale=True) for id_ in workspace.users},
        "groups": workspace.groups,
        "commands": list(setup.commands),
        "described": setup.described,
        "shortcuts": [{"callback_id": id_, "name": label} for id_, label in setup.shortcuts.items()],
        "channels": [
            channel.as_json()
            | {
                "members": sorted(channel.members),
                "messages": list(channel.messages.values()),
                "app": setup.bot_user in channel.members,
                "pins": list(channel.pins),
            }
            for channel in workspace.channels.values()
            if user in channel.members
        ],
        "ephemeral": [message for message in workspace.ephemeral if message["user"] == user],
        "views": workspace.stacks.get(user, []),
        "typed": {view["id"]: workspace.typed.get(view["id"]) for view in workspace.stacks.get(user, [])},
        "home": workspace.homes.get(user),
    }
