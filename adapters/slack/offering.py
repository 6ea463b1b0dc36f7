"""What a workspace has for config.toml to name: channels and user groups, as far as the bot sees them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from adapters.findings import Choice, Offered
from adapters.slack.api import Api
from adapters.slack.errors import asked

if TYPE_CHECKING:
    from adapters.slack.config import SlackConfig, SlackTokens

KINDS = "public_channel,private_channel"
PAGE = 200
PAGES = 10  # of channels, at most: whoever has more than 2,000 names the id


async def offered(config: SlackConfig, tokens: SlackTokens) -> Offered:
    """Raises ChannelError. Channels that the bot is in come first."""
    api = Api(config, tokens)
    try:
        about: Any = await asked(api.web.auth_test())
        channels: list[dict[str, Any]] = []
        cursor = ""
        for _ in range(PAGES):
            page: Any = await asked(
                api.web.conversations_list(types=KINDS, exclude_archived=True, limit=PAGE, cursor=cursor)
            )
            channels += page["channels"]
            cursor = (page.get("response_metadata") or {}).get("next_cursor") or ""
            if not cursor:
                break
        groups: Any = await asked(api.web.usergroups_list())
    finally:
        await api.close()
    channels.sort(key=lambda channel: (not channel.get("is_member"), str(channel["name"])))
    return Offered(
        bot=str(about["user"]),
        house=str(about["team"]),
        places=tuple(Choice(str(channel["id"]), f"#{channel['name']}") for channel in channels),
        rooms=(),
        people=tuple(Choice(str(group["id"]), f"@{group['handle']}") for group in groups["usergroups"]),
    )
