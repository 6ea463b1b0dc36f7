"""The server: REST, Gateway, CDN and the control interface, on one loopback port."""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections import deque
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import unquote

from aiohttp import web

from sandbox.discord.acts import Acts
from sandbox.discord.buckets import Buckets, Throttled
from sandbox.discord.errors import Refused
from sandbox.discord.gateway import Gateway
from sandbox.discord.guild import DM, THREADS, Guild
from sandbox.discord.interactions import Interactions
from sandbox.discord.openapi import can_check, checker, document
from sandbox.discord.rest import Call
from sandbox.discord.routes import ROUTES
from sandbox.discord.upheavals import Upheavals
from sandbox.discord.viewing import viewed
from sandbox.faults import Faults, Kind

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from sandbox.discord.setup import DiscordSetup

OPEN = {"/gateway"}  # routes without a token
TOKEN_IN_PATH = ("/interactions/", "/webhooks/")
_ID = re.compile(r"(?<=/)(\d{2,20}|[\w-]{40,})(?=/|$)")


class DiscordSandbox:
    """`async with DiscordSandbox(setup) as discord:` serves until the block ends.

    `openapi`: the official document to hold request bodies against; None looks where it usually is; `check=False`
    leaves it out.
    """

    def __init__(
        self, setup: DiscordSetup, *, port: int = 0, faults: Faults | None = None,
        openapi: Path | None = None, check: bool = True,
    ) -> None:  # fmt: skip
        self.setup = setup
        self.faults = faults or Faults()
        self.guild = Guild(setup)
        self.gateway = Gateway(self.guild, self.faults)
        self.interactions = Interactions(self.guild, self.gateway)
        self.findings: list[dict[str, Any]] = []
        self.calls: deque[dict[str, Any]] = deque(maxlen=2000)
        found = document(openapi) if check else None
        self._checker = checker(found) if found and can_check() else None
        self._acts = Acts(self.guild, self.gateway, self.interactions)
        self._upheavals = Upheavals(self.guild, self.gateway)
        self._port = port
        self._runner: web.AppRunner | None = None
        self._buckets = Buckets(setup)
        self.api_url = self.gateway_url = self.cdn_url = self.control_url = ""

    async def __aenter__(self) -> Self:
        server = web.Application(client_max_size=1 << 26)
        # The more is given in a path the sooner it is looked at: …/messages/pins is no message's id.
        for (method, path), handler in sorted(ROUTES.items(), key=lambda entry: entry[0][1].count("{")):
            server.router.add_route(method, f"/api/v10{path}", self._serving(path, handler))
        server.router.add_get("/gateway", self.gateway.connect)
        server.router.add_get("/gateway/", self.gateway.connect)
        server.router.add_get("/attachments/{channel}/{file}/{name}", self._file)
        server.router.add_post("/_control/{verb}", self._control)
        self._runner = web.AppRunner(server, access_log=None, shutdown_timeout=0.5)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self._port).start()
        host = f"127.0.0.1:{self._runner.addresses[0][1]}"
        self.api_url, self.gateway_url = f"http://{host}/api/v10", f"ws://{host}/gateway"
        self.cdn_url = self.guild.files.cdn = f"http://{host}"
        self.control_url, self.gateway.address = f"http://{host}/_control", self.gateway_url
        self.gateway.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.gateway.stop()
        if self._runner:
            await self._runner.cleanup()

    # --- REST -----------------------------------------------------------------------------------------------

    def _serving(
        self, template: str, handler: Callable[[Call], Any]
    ) -> Callable[[web.Request], Awaitable[web.Response]]:
        async def serve(request: web.Request) -> web.Response:
            path = request.path.removeprefix("/api/v10")
            name = f"{request.method} {_ID.sub('*', path)}"
            try:
                headers = self._buckets.take(name, path)
            except Throttled as throttled:
                self._buckets.refused(429)
                return _limited(throttled)
            fault = self.faults.pick(name)
            if fault:
                match fault.kind:
                    case Kind.RATE_LIMITED:
                        self._buckets.refused(429)
                        return _limited(Throttled(fault.retry_after))
                    case Kind.SERVER_ERROR:
                        return _json({"message": "server error", "code": 0}, fault.status)
                    case Kind.SLOW:
                        await asyncio.sleep(fault.delay)
            answer = await self._answered(request, template, handler, name)
            answer.headers.update(headers)
            self._buckets.refused(answer.status)
            if fault and fault.kind is Kind.LOST_ANSWER and request.transport:
                request.transport.abort()
            if fault and fault.kind is Kind.LATE:
                await asyncio.sleep(fault.delay)
            return answer

        return serve

    async def _answered(
        self, request: web.Request, template: str, handler: Callable[[Call], Any], name: str
    ) -> web.Response:
        try:
            known = request.headers.get("Authorization") == f"Bot {self.setup.token}"
            if not known and template not in OPEN and not template.startswith(TOKEN_IN_PATH):
                raise Refused(0)  # noqa: TRY301 - one table of answers below
            body, files = await _body(request)
            self.calls.append({"call": name, "body": body})
            self._check(request.method, template, body)
            path = {key: unquote(value) for key, value in request.match_info.items()}
            call = Call(self.guild, self.gateway, self.interactions, path, dict(request.query), body, files)
            given = handler(call)
        except Refused as refused:
            return _json(refused.body, refused.status)
        except Throttled as throttled:
            return _limited(throttled)
        except ConnectionResetError:  # the caller died in the middle of its request: nobody reads the answer
            return web.Response(status=400)
        return web.Response(status=204) if given is None else _json(given)

    def _check(self, method: str, template: str, body: Any) -> None:
        if self._checker is None or body is None:
            return
        if found := self._checker.findings(method, template, body):
            self.findings.append({"call": f"{method} {template}", "found": found, "body": body})
            raise Refused(50035, {"_openapi": {"_errors": [{"code": "OPENAPI", "message": text} for text in found]}})

    async def _file(self, request: web.Request) -> web.Response:
        id_ = request.match_info["file"]
        until = int(request.query.get("ex", "0"), 16)
        wanted = self.guild.files.signature(id_, until).rpartition("hm=")[2]
        if id_ not in self.guild.files.kept or until < time.time() or request.query.get("hm") != wanted:
            return web.Response(status=404, text="This content is no longer available.")
        fault = self.faults.pick("GET /attachments")
        if fault and fault.kind is Kind.SERVER_ERROR:
            return web.Response(status=fault.status)
        _, kind, content = self.guild.files.kept[id_]
        return web.Response(body=content, content_type=kind.partition(";")[0])

    # --- control --------------------------------------------------------------------------------------------

    async def _control(self, request: web.Request) -> web.Response:
        verb = request.match_info["verb"]
        args = await request.json() if request.can_read_body else {}
        act = (
            getattr(self._acts, verb, None)
            or getattr(self._upheavals, verb, None)
            or getattr(self, f"_do_{verb}", None)
        )
        if act is None or verb.startswith("_"):
            raise web.HTTPNotFound
        try:
            return web.json_response(await act(**args))
        except Refused as refused:
            return web.json_response({"ok": False, "error": str(refused), "code": refused.body["code"]})

    async def _do_fault(self, **rule: Any) -> dict[str, Any]:
        self.faults.add(**rule)
        return self.faults.as_json()

    async def _do_clear_faults(self) -> dict[str, Any]:
        self.faults.clear()
        return self.faults.as_json()

    async def _do_faults(self) -> dict[str, Any]:
        return self.faults.as_json()

    async def _do_disconnect(self, *, code: int | None = None, resume: bool = True) -> dict[str, Any]:
        await self.gateway.drop(code, resume=resume)
        return {}

    async def _do_reconnect(self) -> dict[str, Any]:
        await self.gateway.ask_to_reconnect()
        return {}

    async def _do_sockets(self) -> dict[str, Any]:
        live = [session for session in self.gateway.sessions.values() if session.socket is not None]
        return {"open": len(live), "shards": sorted(session.shard for session in live)}

    async def _do_findings(self) -> list[dict[str, Any]]:
        return self.findings

    async def _do_calls(self, match: str = "") -> list[dict[str, Any]]:
        return [call for call in self.calls if match in call["call"]]

    async def _do_commands(self, guild: str | None = None) -> list[dict[str, Any]]:
        """Of one server ("" for those registered everywhere), or all."""
        where = self.guild.commands.values() if guild is None else [self.guild.commands.get(guild, [])]
        return [command for commands in where for command in commands]

    async def _do_dm(self, user: str) -> dict[str, Any]:
        return {"channel": self.guild.dm(user).id}

    async def _do_messages(self, channel: str, user: str | None = None) -> list[dict[str, Any]]:
        found = self.guild.channel(channel)
        if user is not None:
            self.guild.need(user, found, 0)
        return list(found.messages.values())

    async def _do_ephemerals(self, user: str) -> list[dict[str, Any]]:
        return self.guild.ephemeral.get(user, [])

    async def _do_threads(self, channel: str | None = None, user: str | None = None) -> list[dict[str, Any]]:
        return [
            self.guild.channel_json(c) | {"members": list(c.members)}
            for c in self.guild.channels.values()
            if c.type in THREADS
            and not c.gone
            and channel in (None, c.parent)
            and (not user or self.guild.may(user, c))
        ]

    async def _do_dismiss(self, user: str, message: str) -> dict[str, Any]:
        """A person puts away what only they were shown."""
        whispered = self.guild.ephemeral.get(user, [])
        whispered[:] = [kept for kept in whispered if kept["id"] != message]
        self.guild.changes.add("ephemeral", user=user)
        return {}

    async def _do_view(self, user: str) -> dict[str, Any]:
        return viewed(self.guild, self.interactions, user)

    async def _do_changes(self, since: int = 0, wait: float = 0.0) -> dict[str, Any]:
        found = await self.guild.changes.since(since, wait)
        return {"newest": self.guild.changes.newest, "changes": found}

    async def _do_state(self) -> dict[str, Any]:
        return {
            "members": self.guild.members,
            "roles": self.guild.roles,
            "servers": {
                server.id: {"name": server.name, "members": server.members, "roles": server.roles}
                for server in self.guild.servers.values()
            },
            "channels": {
                id_: self.guild.channel_json(c) | {"members": list(c.members), "messages": list(c.messages.values())}
                for id_, c in self.guild.channels.items()
                if not c.gone and (c.type != DM or c.messages)
            },
            "ephemeral": self.guild.ephemeral,
            "modals": self.interactions.modals,
        }


async def _body(request: web.Request) -> tuple[Any, dict[int, tuple[str, str, bytes]]]:
    if request.content_type != "multipart/form-data":
        raw = await request.read()
        return (json.loads(raw) if raw else None), {}
    body: Any = {}
    files: dict[int, tuple[str, str, bytes]] = {}
    for name, value in (await request.post()).items():
        if isinstance(value, web.FileField):
            number = int(re.sub(r"\D", "", name) or 0)
            files[number] = (value.filename, value.content_type, value.file.read())
        elif name == "payload_json":
            body = json.loads(value if isinstance(value, str) else bytes(value))
    return body, files


def _limited(throttled: Throttled) -> web.Response:
    seconds = throttled.retry_after
    if throttled.banned:  # no JSON and no "Via": it comes from before Discord
        headers = {"Retry-After": str(max(1, round(seconds)))}
        return web.Response(status=429, text="error code: 1015", content_type="text/plain", headers=headers)
    headers = {
        "Retry-After": str(max(1, round(seconds))),
        "Via": "1.1 sandbox",
        "X-RateLimit-Reset-After": f"{seconds:.3f}",
        "X-RateLimit-Scope": "global" if throttled.everywhere else "user",
    }
    body = {
        "message": "You are being rate limited.",
        "retry_after": round(seconds, 3),
        "global": throttled.everywhere,
    }
    return _json(body, 429, headers)


def _json(body: Any, status: int = 200, headers: dict[str, str] | None = None) -> web.Response:
    """As Discord sends it: the content type has no suffix."""
    content = json.dumps(body, separators=(",", ":")).encode()
    return web.Response(body=content, status=status, headers={"Content-Type": "application/json", **(headers or {})})
