"""Slack's errors as the port's: one table from error code to class, and one border that every call passes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import aiohttp
from slack_sdk.errors import SlackApiError, SlackClientError

from adapters.port import ChannelError, Denied, Gone, Rejected, Throttled, TokenRefused, Unavailable

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from slack_sdk.web.async_slack_response import AsyncSlackResponse

_THROTTLED = 429
_SERVER_ERROR = 500
_RETRY_AFTER = 30.0  # seconds, where Slack did not say

# docs.slack.dev/reference/methods: "Errors" of each method that we call.
GONE = frozenset({
    "channel_not_found", "message_not_found", "thread_not_found", "user_not_found", "users_not_found", "user_disabled",
    "file_not_found", "file_deleted", "is_archived", "cannot_dm_bot", "user_not_visible", "no_permission_to_thread",
    "messages_tab_disabled", "view_not_found", "not_found", "channel_is_archived",
})  # fmt: skip
TOKEN = frozenset({
    "invalid_auth", "not_authed", "missing_scope", "not_allowed_token_type", "account_inactive", "token_revoked",
    "token_expired", "no_permission",
})  # fmt: skip
DENIED = frozenset({
    "not_in_channel", "access_denied", "ekm_access_denied", "restricted_action", "restricted_action_read_only_channel",
    "restricted_action_thread_only_channel", "restricted_action_non_threadable_channel",
    "restricted_action_thread_locked", "cant_update_message", "cant_delete_message", "cant_delete_file",
    "edit_window_closed", "user_not_in_channel", "team_access_not_granted", "org_login_required",
    "two_factor_setup_required",
    "method_not_supported_for_channel_type", "not_allowed", "file_uploads_disabled",
    "file_uploads_except_images_disabled", "posting_to_channel_denied", "forbidden_team", "enterprise_is_restricted",
    "team_added_to_org", "as_user_not_supported", "channel_type_not_supported", "deprecated_endpoint",
})  # fmt: skip
UNAVAILABLE = frozenset({
    "internal_error", "fatal_error", "service_unavailable", "request_timeout", "team_not_found", "failed_to_send",
    "file_update_failed", "post_failed", "db_write_failed", "accesslimited", "upload_failed",
})  # fmt: skip


def of_code(code: str, *, needed: str = "") -> ChannelError:
    """The class for one of Slack's error codes. What nobody listed is Rejected: the same call would fail again."""
    told = f"{code} (scope {needed})" if needed else code
    if code in {"ratelimited", "rate_limited", "message_limit_exceeded"}:
        return Throttled(_RETRY_AFTER)
    if code in GONE:
        return Gone(told)
    if code in TOKEN or code in DENIED:
        return Denied(told)
    if code in UNAVAILABLE:
        return Unavailable(told)
    return Rejected(told)


def of(error: SlackApiError) -> ChannelError:
    """The class for what the SDK raised."""
    response: Any = error.response
    status = int(getattr(response, "status_code", getattr(response, "status", 0)) or 0)
    headers = getattr(response, "headers", None) or {}
    if status == _THROTTLED:
        return Throttled(_seconds(headers))
    if status >= _SERVER_ERROR:
        return Unavailable(f"HTTP {status}")
    data = getattr(response, "data", response)
    if not isinstance(data, dict) or "error" not in data:
        return Unavailable(f"an answer that is none: {error}")
    failure = of_code(str(data["error"]), needed=str(data.get("needed") or ""))
    if isinstance(failure, Throttled):
        return Throttled(_seconds(headers))
    notes = (data.get("response_metadata") or {}).get("messages")
    if notes and isinstance(failure, Rejected):
        return Rejected(f"{failure}: {notes}")
    return failure


async def asked(call: Awaitable[AsyncSlackResponse]) -> AsyncSlackResponse:
    """The answer of one call. Raises ChannelError and nothing else; Unavailable where it may have been done."""
    try:
        return await call
    except SlackApiError as error:
        raise of(error) from error
    except SlackClientError as error:
        raise Rejected(str(error)) from error
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        raise unreached(error) from error


def unreached(error: BaseException) -> Unavailable:
    """No answer came."""
    return Unavailable(f"{type(error).__name__}: {error}" if str(error) else type(error).__name__)


def refused(error: ChannelError, variable: str, scopes: str) -> ChannelError:
    """At start a refused token is final, and the message says how to mend it; other errors stay as they are."""
    cause = error.__cause__
    code = str(error).partition(" ")[0]
    if not isinstance(error, Denied) or code not in TOKEN or not isinstance(cause, SlackApiError):
        return error
    return TokenRefused(
        f"Slack refuses the token in {variable}: {error}. Copy it anew from api.slack.com/apps, "
        f"and look that it has the scopes {scopes}"
    )


def _seconds(headers: Any) -> float:
    for name, value in headers.items():
        if str(name).lower() == "retry-after":
            try:
                # Slack sends whole seconds as text; the SDK's own handler reads a list of them.
                return max(float(value[0] if isinstance(value, list) else value), 0.0)
            except ValueError:
                break
    return _RETRY_AFTER
