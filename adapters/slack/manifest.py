"""The app as Slack's own pages want it described: made from the commands themselves, so that it cannot lag behind.

docs.slack.dev/reference/app-manifest
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from adapters.slack.config import EVENTS, SCOPES
from desk.text import cut

if TYPE_CHECKING:
    from collections.abc import Sequence

    from adapters.ui import Command, MenuEntry

NEW_APP = "https://api.slack.com/apps?new_app=1"
APP_NAME, APP_DESCRIPTION, COMMAND_DESCRIPTION, USAGE_HINT, SHORTCUT_NAME, SHORTCUT_DESCRIPTION = (
    35, 140, 2000, 1000, 24, 150
)  # fmt: skip
COLOUR = "#0f766e"

Json = dict[str, Any]


def manifest(
    name: str,
    commands: Sequence[Command],
    menu: Sequence[MenuEntry],
    *,
    language: str = "en",
    address: str = "",
    redirect: str = "",
) -> Json:
    """Over Socket Mode; over HTTP where `address`, the public URL of the desk's request path, is given. `redirect`:
    where Slack leads back whoever installed the app in another workspace, "" where nobody does.

    Slack shows commands and shortcuts in one language to everybody: that of the house.
    """

    def said(texts: Any, limit: int) -> str:
        return cut(texts.get(language) or texts["en"], limit)

    url = {"url": address} if address else {}
    return {
        "display_information": {
            "name": cut(name, APP_NAME),
            "description": cut("Support tickets, in Slack and Discord alike", APP_DESCRIPTION),
            "background_color": COLOUR,
        },
        "features": {
            "app_home": {
                "home_tab_enabled": True,
                "messages_tab_enabled": True,
                "messages_tab_read_only_enabled": False,
            },
            "bot_user": {"display_name": cut(name, APP_NAME), "always_online": True},
            "slash_commands": [
                {
                    "command": f"/{command.name}",
                    "description": said(command.description, COMMAND_DESCRIPTION),
                    **({"usage_hint": said(command.words, USAGE_HINT)} if command.words else {}),
                    "should_escape": True,
                    **url,
                }
                for command in commands
            ],
            "shortcuts": [
                {
                    "name": said(entry.label, SHORTCUT_NAME),
                    "type": "message",
                    "callback_id": entry.name,
                    "description": said(entry.label, SHORTCUT_DESCRIPTION),
                }
                for entry in menu
            ],
        },
        "oauth_config": {
            **({"redirect_urls": [redirect]} if redirect else {}),
            "scopes": {"bot": sorted(SCOPES)},
        },
        "settings": {
            "event_subscriptions": {"bot_events": sorted(EVENTS), **({"request_url": address} if address else {})},
            "interactivity": {
                "is_enabled": True,
                **({"request_url": address, "message_menu_options_url": address} if address else {}),
            },
            "org_deploy_enabled": False,
            "socket_mode_enabled": not address,
            "token_rotation_enabled": False,
        },
    }


def link(made: Json) -> str:
    """Slack's page for new apps with the manifest filled in."""
    return f"{NEW_APP}&manifest_json={quote(json.dumps(made, separators=(',', ':'), ensure_ascii=False), safe='')}"
