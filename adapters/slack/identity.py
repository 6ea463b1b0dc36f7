"""Who we are in the workspace, and whether we may do there what the desk needs."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from adapters.port import ChannelError, TokenRefused
from adapters.slack.config import SCOPES
from adapters.slack.errors import asked, refused
from adapters.slack.inbound import Me

if TYPE_CHECKING:
    from collections.abc import Callable

    from slack_sdk.web.async_slack_response import AsyncSlackResponse

    from adapters.slack.api import Api
    from adapters.slack.wire import Patience

log = logging.getLogger(__name__)


async def identified(api: Api, variable: str, patience: Patience, told: Callable[[str], None]) -> AsyncSlackResponse:
    """The answer of `auth.test`, however long that takes; `told` hears what is waited for. TokenRefused where the token
    in that environment variable is none, or lacks a scope.
    """
    failures = 0
    while True:
        try:
            answer = await asked(api.web.auth_test())
        except ChannelError as error:
            final = refused(error, variable, ", ".join(SCOPES))
            if isinstance(final, TokenRefused):
                raise final from error
            failures += 1
            told(f"connecting: {error}")
            log.warning("Slack cannot be reached yet, trying again: %s", error)
            await patience.wait(failures, error)
        else:
            _look_at_scopes(answer, variable)
            return answer


def me(identity: AsyncSlackResponse) -> Me:
    """Who that answer says we are."""
    url = str(identity.get("url") or "")
    return Me(
        str(identity["user_id"]),
        str(identity.get("bot_id") or ""),
        str(identity["team_id"]),
        url if url.endswith("/") or not url else f"{url}/",
    )


def _look_at_scopes(answer: AsyncSlackResponse, variable: str) -> None:
    granted = next((value for name, value in answer.headers.items() if name.lower() == "x-oauth-scopes"), None)
    if not granted:
        return
    missing = set(SCOPES) - {scope.strip() for scope in granted.split(",")}
    if missing:
        reasons = "; ".join(f"{scope} ({SCOPES[scope]})" for scope in SCOPES if scope in missing)
        raise TokenRefused(
            f"the token in {variable} lacks scopes: {reasons}. Add them at api.slack.com/apps "
            "under OAuth & Permissions, install the app again, and copy the token if it changed"
        )
