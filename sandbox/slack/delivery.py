"""How the workspace reaches the app: Socket Mode envelopes or signed HTTP posts, acknowledged in time or again."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import random
import time
import uuid
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import aiohttp
from aiohttp import web

from sandbox.faults import Kind

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from sandbox.faults import Faults
    from sandbox.slack.workspace import Workspace

SOCKETS = 10  # per app
PING_EVERY = 10.0  # seconds


class Delivery:
    """Sends to one of the app's sockets, at random, or to its request URL. `retry_after` rules redeliveries."""

    def __init__(self, workspace: Workspace, faults: Faults, via: Delivery | None = None) -> None:
        self._via = via
        self._workspace = workspace
        self._setup = workspace.setup
        self._faults = faults
        self._random = random.Random(faults.seed)  # noqa: S311 - a repeatable run is wanted, not secrecy
        self.sockets: list[web.WebSocketResponse] = []
        self._transports: dict[web.WebSocketResponse, asyncio.Transport] = {}
        self.tickets: set[str] = set()  # of apps.connections.open, each for one connection
        self._acks: dict[str, asyncio.Future[Any]] = {}
        self._tasks: set[asyncio.Task[Any]] = set()
        self._session: aiohttp.ClientSession | None = None
        self.bodies: dict[str, dict[str, Any]] = {}  # event_id → body, for a redelivery by hand

    async def close(self) -> None:
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.gather(*(socket.close() for socket in self.sockets), return_exceptions=True)
        if self._session:
            await self._session.close()

    # --- sockets --------------------------------------------------------------------------------------------

    async def socket(self, request: web.Request) -> web.WebSocketResponse:
        """One Socket Mode connection, until it ends."""
        ticket = request.query.get("ticket", "")
        if ticket not in self.tickets or len(self.sockets) >= SOCKETS:
            raise web.HTTPForbidden
        self.tickets.discard(ticket)
        socket = web.WebSocketResponse(heartbeat=PING_EVERY, max_msg_size=0)
        await socket.prepare(request)
        app = {"app_id": self._setup.app_id}
        debug = {"host": "sandbox", "build_number": 1, "approximate_connection_time": 18060}
        hello = {"type": "hello", "num_connections": len(self.sockets) + 1, "debug_info": debug, "connection_info": app}
        await socket.send_str(json.dumps(hello))
        self.sockets.append(socket)
        if request.transport is not None:
            self._transports[socket] = request.transport
        self._workspace.changes.add("socket")
        try:
            async for frame in socket:
                if frame.type is aiohttp.WSMsgType.TEXT:
                    self._answered(json.loads(frame.data))
        finally:
            if socket in self.sockets:
                self.sockets.remove(socket)
            self._transports.pop(socket, None)
        return socket

    def _answered(self, answer: dict[str, Any]) -> None:
        future = self._acks.pop(answer.get("envelope_id", ""), None)
        if future is not None and not future.done():
            future.set_result(answer.get("payload") or {})

    async def disconnect(self, reason: str | None) -> None:
        """Tell every socket to go (`reason`), or drop them without a word (None)."""
        sockets, self.sockets = list(self.sockets), []
        for socket in sockets:
            if reason:
                frame = {"type": "disconnect", "reason": reason, "debug_info": {"host": "sandbox"}}
                await socket.send_str(json.dumps(frame))
            elif (transport := self._transports.get(socket)) is not None:
                transport.abort()  # a cut cable

    # --- events ---------------------------------------------------------------------------------------------

    def event(self, event: dict[str, Any]) -> None:
        """Owe an event to the app: delivered now, and again where it is not acknowledged."""
        body: dict[str, Any] = {
            "token": "verification",
            "team_id": self._setup.team_id,
            "api_app_id": self._setup.app_id,
            "event": event,
            "type": "event_callback",
            "event_id": f"Ev{uuid.uuid4().hex[:9].upper()}",
            "event_time": int(time.time()),
            "authorizations": [
                {
                    "enterprise_id": None,
                    "team_id": self._setup.team_id,
                    "user_id": self._setup.bot_user,
                    "is_bot": True,
                    "is_enterprise_install": False,
                }
            ],
            "is_ext_shared_channel": False,
            "event_context": f"4-{uuid.uuid4().hex[:12]}",
        }
        self.bodies[body["event_id"]] = body
        if len(self.bodies) > 1000:
            del self.bodies[next(iter(self.bodies))]
        self.spawn(self._deliver(body))

    def spawn(self, work: Coroutine[Any, Any, Any]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _deliver(self, body: dict[str, Any]) -> None:
        reason = ""
        for attempt, pause in enumerate((None, *self._setup.retry_after)):
            if pause:
                await asyncio.sleep(pause)
            fault = self._faults.pick(f"event:{body['event']['type']}")
            if fault and fault.kind is Kind.WITHHELD:
                reason = "timeout"
                continue
            if fault and fault.kind is Kind.SLOW:
                await asyncio.sleep(fault.delay)
            if fault and fault.kind is Kind.DUPLICATE:
                self.spawn(self.send("events_api", body, retry=attempt, reason=reason))
            answer = await self.send("events_api", body, retry=attempt, reason=reason)
            if fault and fault.kind is Kind.DISCONNECT:
                await self.disconnect(None)
            if answer is not None and not (fault and fault.kind is Kind.LOST_ACK):
                return
            reason = "timeout" if self.sockets or self._setup.request_url else "connection_failed"

    async def redeliver(self, event_id: str) -> None:
        await self.send("events_api", self.bodies[event_id], retry=1, reason="timeout")

    async def send(self, kind: str, payload: dict[str, Any], *, retry: int = 0, reason: str = "") -> Any | None:
        """Deliver once; gives the acknowledgement's payload ({} for an empty one), None where none came in time."""
        if self._via is not None:
            return await self._via.send(kind, payload, retry=retry, reason=reason)
        if self._setup.request_url:
            return await self._post(kind, payload, retry, reason)
        if not self.sockets:
            return None
        socket = self._random.choice(self.sockets)
        envelope_id = str(uuid.uuid4())
        frame = {
            "envelope_id": envelope_id,
            "payload": payload,
            "type": kind,
            "accepts_response_payload": kind != "events_api",
        }
        if kind == "events_api":
            frame |= {"retry_attempt": retry, "retry_reason": reason}
        future = self._acks[envelope_id] = asyncio.get_running_loop().create_future()
        try:
            await socket.send_str(json.dumps(frame))
            async with asyncio.timeout(self._setup.ack_within):
                return await future
        except (TimeoutError, ConnectionError):
            return None
        finally:
            self._acks.pop(envelope_id, None)

    # --- HTTP mode ------------------------------------------------------------------------------------------

    async def _post(self, kind: str, payload: dict[str, Any], retry: int, reason: str) -> Any | None:
        if self._session is None:
            self._session = aiohttp.ClientSession()
        match kind:
            case "events_api":
                body, content_type = json.dumps(payload), "application/json"
            case "slash_commands":
                body, content_type = urlencode(payload), "application/x-www-form-urlencoded"
            case _:
                body, content_type = urlencode({"payload": json.dumps(payload)}), "application/x-www-form-urlencoded"
        headers = {"Content-Type": content_type, **self.signature(body)}
        if retry:
            headers |= {"X-Slack-Retry-Num": str(retry), "X-Slack-Retry-Reason": reason or "http_timeout"}
        timeout = aiohttp.ClientTimeout(total=self._setup.ack_within)
        try:
            async with self._session.post(
                self._setup.request_url, data=body, headers=headers, timeout=timeout
            ) as answer:
                text = await answer.text()
                if answer.status != web.HTTPOk.status_code:
                    return {} if answer.headers.get("X-Slack-No-Retry") == "1" else None
                try:
                    return json.loads(text) if text else {}
                except ValueError:
                    return {"text": text}
        except (aiohttp.ClientError, TimeoutError):
            return None

    def signature(self, body: str) -> dict[str, str]:
        """The headers by which an app knows that it was Slack (docs.slack.dev/authentication/verifying-requests)."""
        timestamp = str(int(time.time()))
        key = self._setup.signing_secret.encode()
        digest = hmac.new(key, f"v0:{timestamp}:{body}".encode(), hashlib.sha256).hexdigest()
        return {"X-Slack-Request-Timestamp": timestamp, "X-Slack-Signature": f"v0={digest}"}
