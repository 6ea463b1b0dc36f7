"""Slack's requests over HTTP, beside Socket Mode: signed, at most five minutes old, and then as if by a socket.

docs.slack.dev/authentication/verifying-requests-from-slack
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Protocol

from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_sdk.signature import SignatureVerifier

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from contextlib import AbstractContextManager

    from slack_bolt.response import BoltResponse

log = logging.getLogger(__name__)


class Doors(Protocol):
    """A server with many doors, each a path: several apps, and whatever else, stand behind one port."""

    def at(
        self, path: str, answer: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> AbstractContextManager[None]:
        """Whatever is posted to the path is answered so, within the block."""


class Door:
    """What answers Slack at one path. A request that Slack did not sign is not even parsed."""

    def __init__(self, receive: Callable[[AsyncBoltRequest], Awaitable[BoltResponse]], signing_secret: str) -> None:
        self._receive = receive
        self._verifier = SignatureVerifier(signing_secret)

    async def __call__(self, request: web.Request) -> web.StreamResponse:
        """401 where Slack did not sign it or it is too old, 400 where it is none of Slack's, 500 where it could not
        be handled: Slack delivers an event again after that.
        """
        body = await self._signed(request)
        if body is None:
            log.warning("a request from %s that Slack did not sign, or too long ago", request.remote)
            return web.Response(status=web.HTTPUnauthorized.status_code)
        try:
            asked = AsyncBoltRequest(body=body, query=request.query_string, headers=dict(request.headers))
        except (
            ValueError,
            TypeError,
            AttributeError,
            LookupError,
            RecursionError,
        ):  # bolt reads an object, whatever stands there
            return web.Response(status=web.HTTPBadRequest.status_code)
        if not isinstance(asked.body.get("event", {}), dict):
            return web.Response(status=web.HTTPBadRequest.status_code)
        try:
            response = await self._receive(asked)
        except Exception:
            log.exception("a request of Slack's was not handled; it will be delivered again")
            return web.Response(status=web.HTTPInternalServerError.status_code)
        return await to_aiohttp_response(response)

    async def _signed(self, request: web.Request) -> str | None:
        headers = {name: request.headers.get(name, "") for name in ("X-Slack-Request-Timestamp", "X-Slack-Signature")}
        try:
            body = (await request.read()).decode()
            return body if self._verifier.is_valid_request(body, headers) else None
        except (ValueError, TypeError):  # a body that is no text, a time that is none, a signature beyond ASCII
            return None
