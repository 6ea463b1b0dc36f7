"""Discord's errors as the port's: one table from error code to class, and one border that every call passes."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import aiohttp
import discord

from adapters.discord.config import PRIVILEGED
from adapters.port import ChannelError, Denied, Gone, Rejected, Throttled, TokenRefused, Unavailable

if TYPE_CHECKING:
    from collections.abc import Awaitable

_RETRY_AFTER = 60.0  # seconds, where Discord did not say: it is Cloudflare that refused
_UNAUTHORISED, _FORBIDDEN, _NOT_FOUND, _TIMEOUT, _THROTTLED, _SERVER_ERROR = 401, 403, 404, 408, 429, 500

NETWORK = (aiohttp.ClientError, TimeoutError, OSError)  # no answer came

# discord.com/developers/docs/topics/opcodes-and-status-codes#json-json-error-codes
HAS_THREAD = 160_004  # a thread has been made from this message already
UNKNOWN_MESSAGE = 10_008
EMPTY_MESSAGE = 50_006
INVALID_FORM = 50_035
ARCHIVED = 50_083  # the thread is archived
LOCKED = 160_005  # the thread is locked
FULL = 160_006  # the server has as many active threads as there may be

CODES: dict[int, type[Gone | Denied | Rejected | Unavailable]] = {
    10003: Gone,  # unknown channel
    10004: Gone,  # unknown guild
    10007: Gone,  # unknown member
    10008: Gone,  # unknown message
    10013: Gone,  # unknown user
    10015: Gone,  # unknown webhook: an interaction older than its 15 minutes
    10062: Gone,  # unknown interaction: not answered within 3 seconds
    50027: Gone,  # invalid webhook token: the same after 15 minutes
    10065: Gone,  # unknown attachment
    50001: Denied,  # missing access
    50007: Denied,  # cannot send messages to this user
    50013: Denied,  # missing permissions
    50024: Rejected,  # cannot do this on this kind of channel
    50083: Denied,  # the thread is archived, and we could not take it out
    160005: Denied,  # the thread is locked
    160006: Unavailable,  # too many active threads, and none of ours to put away: another may go by and by
    160007: Unavailable,  # too many active announcement threads
    30033: Rejected,  # too many members in the thread
    40001: Denied,  # unauthorised
    40002: Denied,  # the account must be verified
    40005: Rejected,  # request entity too large
    40060: Rejected,  # interaction answered already
    50005: Denied,  # somebody else's message
    50006: Rejected,  # empty message
    50035: Rejected,  # invalid form body
    50109: Rejected,  # invalid JSON
    50021: Rejected,  # not on a system message
    130000: Unavailable,  # API resource overloaded
    200000: Denied,  # blocked by the server's AutoMod
    200001: Denied,  # title blocked by AutoMod
    240000: Denied,  # message blocked by harmful links filter
}


def of(error: discord.HTTPException) -> ChannelError:
    """The class for what discord.py raised. What nobody listed goes by its HTTP status."""
    status, told = error.status, f"HTTP {error.status}, code {error.code}: {error.text or 'no words'}"
    if status == _THROTTLED:
        return Throttled(_seconds(error))
    if status >= _SERVER_ERROR or status == _TIMEOUT:
        return Unavailable(told)
    if (known := CODES.get(error.code)) is not None:
        return known(told)
    if status == _UNAUTHORISED:
        return TokenRefused(f"Discord refuses the token: {told}")
    if status == _FORBIDDEN:
        return Denied(told)
    return Gone(told) if status == _NOT_FOUND else Rejected(told)


def is_refusal(error: discord.HTTPException) -> bool:
    """Whether it counts towards Discord's ban for refused requests."""
    return error.status in {_UNAUTHORISED, _FORBIDDEN, _THROTTLED}


def code_of(error: ChannelError) -> int:
    """Discord's own code behind an error, 0 where there is none."""
    cause = error.__cause__
    return cause.code if isinstance(cause, discord.HTTPException) else 0


async def asked(call: Awaitable[Any], *, within: float) -> Any:
    """The answer of one call. Raises ChannelError and nothing else; Unavailable where it may have been done.

    discord.py waits by itself for rate limits of up to 30 seconds (its `max_ratelimit_timeout`, more raises
    RateLimited) and asks again up to five times after 429, 500, 502 and 504. That is safe for messages, whose nonce
    makes Discord give the first one back, and it is bounded by `within` seconds over all.
    """
    try:
        async with asyncio.timeout(within):
            return await call
    except discord.RateLimited as error:
        raise Throttled(error.retry_after) from error
    except discord.HTTPException as error:
        raise of(error) from error
    except NETWORK as error:
        raise unreached(error) from error
    except (json.JSONDecodeError, UnicodeDecodeError, KeyError, TypeError) as error:
        # An answer that is none, such as a proxy's 429 without the fields that discord.py reads.
        raise Unavailable(f"not an answer of Discord's: {error!r}") from error


def unreached(error: BaseException) -> Unavailable:
    """No answer came."""
    return Unavailable(f"{type(error).__name__}: {error}" if str(error) else type(error).__name__)


def refused(error: BaseException, variable: str) -> TokenRefused | None:
    """At start these are final; the message says how to mend it. None: trying again may help."""
    page = "discord.com/developers/applications, Bot"
    match error:
        case discord.LoginFailure():
            return TokenRefused(f"Discord refuses the token in {variable}: copy it anew from {page}, Reset Token")
        case discord.PrivilegedIntentsRequired():
            wanted = " and ".join(PRIVILEGED)
            return TokenRefused(f"Discord refuses the bot of {variable}: switch on {wanted} at {page}")
        case discord.ConnectionClosed(code=4004):
            return TokenRefused(f"Discord refuses the token in {variable}: copy it anew from {page}, Reset Token")
        case _:
            return None


def may_pass(error: BaseException) -> bool:
    """Whether logging in again may help: a network that is away or ill, not a mistake of ours."""
    match error:
        case discord.HTTPException():
            return isinstance(of(error), Unavailable) or error.status == _THROTTLED
        case (
            discord.RateLimited() | discord.GatewayNotFound() | OSError() | TimeoutError() | Unavailable() | Throttled()
        ):
            return True
        case _:
            return isinstance(error, NETWORK)


def _seconds(error: discord.HTTPException) -> float:
    value = error.response.headers.get("Retry-After", "")
    try:
        return max(float(value), 0.0)
    except ValueError:
        return _RETRY_AFTER
