"""The server: Web API, sockets, files, response URLs and the control interface, on one loopback port."""

from __future__ import annotations

import asyncio
import json
import re
from typing import TYPE_CHECKING, Any, Self

from aiohttp import web

from sandbox.faults import Faults, Kind
from sandbox.slack.acts import Acts
from sandbox.slack.app import App
from sandbox.slack.viewing import viewed
from sandbox.slack.web_api import METHODS
from sandbox.slack.workspace import Refused

if TYPE_CHECKING:
    from sandbox.slack.setup import SlackSetup

BODY = 1 << 30  # bytes of an upload


class SlackSandbox:
    """`async with SlackSandbox(setup) as slack:` serves at `slack.url` until the block ends."""

    def __init__(self, setup: SlackSetup, *, port: int = 0, faults: Faults | None = None) -> None:
        self.app = App(setup, faults or Faults())
        self._acts = Acts(self.app)
        self._port = port
        self._runner: web.AppRunner | None = None
        self._last_said: dict[str, float] = {}
        self.url = self.control_url = ""

    async def __aenter__(self) -> Self:
        server = web.Application(client_max_size=BODY)
        server.router.add_post("/api/{method}", self._call)
        server.router.add_get("/api/{method}", self._call)
        server.router.add_get("/link", self.app.delivery.socket)
        server.router.add_post("/upload/{file}", self._upload)
        server.router.add_get("/files-pri/{key}/{rest:.*}", self._download)
        server.router.add_post("/response/{key}", self._respond)
        server.router.add_post("/_control/{verb}", self._control)
        server.router.add_get("/_control/files/{file}", self._shown_file)
        self._runner = web.AppRunner(server, access_log=None, shutdown_timeout=0.5)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self._port)
        await site.start()
        port = self._runner.addresses[0][1]
        self.app.base = f"http://127.0.0.1:{port}"
        self.url, self.control_url = f"{self.app.base}/api/", f"{self.app.base}/_control"
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.app.delivery.close()
        if self._runner:
            await self._runner.cleanup()

    # --- the Web API ----------------------------------------------------------------------------------------

    async def _call(self, request: web.Request) -> web.StreamResponse:
        name = request.match_info["method"]
        try:
            args = await _arguments(request)
        except ConnectionResetError:  # the caller died in the middle of its request: nobody reads the answer
            return web.Response(status=400)
        fault = self.app.faults.pick(name)
        if fault:
            match fault.kind:
                case Kind.RATE_LIMITED:
                    return _limited(fault.retry_after)
                case Kind.SERVER_ERROR:
                    return web.Response(status=fault.status, text="upstream connect error")
                case Kind.SLOW:
                    await asyncio.sleep(fault.delay)
        answer = self._answered(name, args, request)
        if fault and fault.kind is Kind.LOST_ANSWER and request.transport:
            request.transport.abort()
        if fault and fault.kind is Kind.LATE:
            await asyncio.sleep(fault.delay)
        if answer.get("error") == "ratelimited":
            return _limited(1.0)
        granted = {"X-OAuth-Scopes": ",".join(sorted(self.app.scopes))}
        return web.json_response(answer, headers=granted)

    def _answered(self, name: str, args: dict[str, Any], request: web.Request) -> dict[str, Any]:
        token = request.headers.get("Authorization", "").removeprefix("Bearer ") or args.pop("token", "")
        self.app.calls.append({"method": name, "args": {k: v for k, v in args.items() if k != "token"}})
        try:
            return {"ok": True, **self._method(name, token, args)}
        except Refused as refused:
            return {"ok": False, "error": refused.error, **refused.details}
        except (ValueError, TypeError, KeyError) as error:
            messages = {"messages": [f"[ERROR] {error!r}"]}
            return {"ok": False, "error": "invalid_arguments", "response_metadata": messages}

    def _method(self, name: str, token: str, args: dict[str, Any]) -> dict[str, Any]:
        setup = self.app.setup
        if not token:
            raise Refused("not_authed")
        if name == "apps.connections.open":
            return self._connection(token)
        if token == setup.app_token:
            raise Refused("not_allowed_token_type")
        if token != setup.bot_token:
            raise Refused("invalid_auth")
        if self.app.revoked:
            raise Refused("token_revoked")
        if name not in METHODS:
            raise Refused("unknown_method", req_method=name)
        scope, call = METHODS[name]
        if scope and scope not in self.app.scopes:
            raise Refused("missing_scope", needed=scope, provided=",".join(sorted(self.app.scopes)))
        if name == "chat.postMessage" and setup.chat_per_second:
            now = asyncio.get_running_loop().time()
            if now - self._last_said.get(args.get("channel", ""), 0) < 1 / setup.chat_per_second:
                raise Refused("ratelimited")
            self._last_said[args.get("channel", "")] = now
        return call(self.app, args)

    def _connection(self, token: str) -> dict[str, Any]:
        if token == self.app.setup.bot_token:
            raise Refused("not_allowed_token_type")
        if token != self.app.setup.app_token:
            raise Refused("invalid_auth")
        ticket = self.app.workspace.new_id("ticket")
        self.app.delivery.tickets.add(ticket)
        return {"url": f"{self.app.base.replace('http', 'ws')}/link?ticket={ticket}&app_id={self.app.setup.app_id}"}

    # --- files and response URLs ----------------------------------------------------------------------------

    async def _upload(self, request: web.Request) -> web.Response:
        if (id_ := request.match_info["file"]) not in self.app.workspace.files:
            raise web.HTTPNotFound
        if request.content_type == "multipart/form-data":
            part = await (await request.multipart()).next()
            content = await part.read() if part is not None and hasattr(part, "read") else b""
        else:
            content = await request.read()
        self.app.workspace.contents[id_] = bytes(content)
        return web.Response(text=f"OK - {len(content)}")

    async def _download(self, request: web.Request) -> web.Response:
        if request.headers.get("Authorization") != f"Bearer {self.app.setup.bot_token}":
            return web.Response(text="<!DOCTYPE html><title>Sign in | Slack</title>", content_type="text/html")
        id_ = request.match_info["key"].partition("-")[2]
        file = self.app.workspace.files.get(id_)
        if file is None or "files:read" not in self.app.scopes:
            raise web.HTTPNotFound
        fault = self.app.faults.pick("GET /files-pri")
        if fault and fault.kind is Kind.SERVER_ERROR:
            return web.Response(status=fault.status)
        kind = file["mimetype"] if re.fullmatch(r"[\w.+-]+/[\w.+-]+", file["mimetype"]) else "application/octet-stream"
        return web.Response(body=self.app.workspace.contents[id_], content_type=kind)

    async def _respond(self, request: web.Request) -> web.Response:
        try:
            self.app.respond(request.match_info["key"], await request.json())
        except Refused as refused:
            return web.json_response({"ok": False, "error": refused.error, **refused.details}, status=404)
        return web.Response(text="ok")

    # --- control --------------------------------------------------------------------------------------------

    async def _control(self, request: web.Request) -> web.Response:
        verb = request.match_info["verb"]
        args = await request.json() if request.can_read_body else {}
        act = getattr(self._acts, verb, None) or getattr(self, f"_do_{verb}", None)
        if act is None or verb.startswith("_"):
            raise web.HTTPNotFound
        try:
            return web.json_response(await act(**args))
        except Refused as refused:
            return web.json_response({"ok": False, "error": refused.error, **refused.details})

    async def _shown_file(self, request: web.Request) -> web.Response:
        """A file as a person's client shows it: signed in, without the bot's token."""
        file = self.app.workspace.files.get(request.match_info["file"])
        if file is None:
            raise web.HTTPNotFound
        return web.Response(body=self.app.workspace.contents[file["id"]], content_type=file["mimetype"])

    async def _do_fault(self, **rule: Any) -> dict[str, Any]:
        self.app.faults.add(**rule)
        return self.app.faults.as_json()

    async def _do_clear_faults(self) -> dict[str, Any]:
        self.app.faults.clear()
        return self.app.faults.as_json()

    async def _do_faults(self) -> dict[str, Any]:
        return self.app.faults.as_json()

    async def _do_disconnect(self, reason: str | None = None) -> dict[str, Any]:
        await self.app.delivery.disconnect(reason)
        return {}

    async def _do_sockets(self) -> dict[str, Any]:
        return {"open": len(self.app.delivery.sockets)}

    async def _do_redeliver(self, event_id: str) -> dict[str, Any]:
        await self.app.delivery.redeliver(event_id)
        return {}

    async def _do_events(self) -> list[dict[str, Any]]:
        return list(self.app.delivery.bodies.values())

    async def _do_calls(self, method: str | None = None) -> list[dict[str, Any]]:
        return [call for call in self.app.calls if method in (None, call["method"])]

    async def _do_dm(self, user: str) -> dict[str, Any]:
        return {"channel": self.app.workspace.im(user).id}

    async def _do_messages(self, channel: str, thread_ts: str | None = None) -> list[dict[str, Any]]:
        return self.app.workspace.listed(self.app.workspace.channel(channel), thread_ts)

    async def _do_ephemerals(self, user: str) -> list[dict[str, Any]]:
        return [message for message in self.app.workspace.ephemeral if message["user"] == user]

    async def _do_pins(self, channel: str) -> list[dict[str, Any]]:
        where = self.app.workspace.channel(channel)
        return [where.messages[ts] for ts in where.pins]

    async def _do_shortcuts(self) -> dict[str, str]:
        return self.app.setup.shortcuts

    async def _do_home(self, user: str) -> dict[str, Any] | None:
        return self.app.workspace.homes.get(user)

    async def _do_dismiss(self, user: str, ts: str) -> dict[str, Any]:
        """A person puts away what only they were shown."""
        whispered = self.app.workspace.ephemeral
        whispered[:] = [message for message in whispered if (message["user"], message["ts"]) != (user, ts)]
        self.app.workspace.changes.add("ephemeral", user=user)
        return {}

    async def _do_view(self, user: str) -> dict[str, Any]:
        return viewed(self.app, user)

    async def _do_changes(self, since: int = 0, wait: float = 0.0) -> dict[str, Any]:
        found = await self.app.workspace.changes.since(since, wait)
        return {"newest": self.app.workspace.changes.newest, "changes": found}

    async def _do_archive(self, channel: str) -> dict[str, Any]:
        self.app.workspace.channel(channel).archived = True
        return {}

    async def _do_unarchive(self, channel: str) -> dict[str, Any]:
        self.app.workspace.channel(channel).archived = False
        return {}

    async def _do_remove_bot(self, channel: str) -> dict[str, Any]:
        where = self.app.workspace.channel(channel)
        self.app.changed_members(where, self.app.setup.bot_user, joined=False)
        return {}

    async def _do_delete_channel(self, channel: str) -> dict[str, Any]:
        del self.app.workspace.channels[channel]
        return {}

    async def _do_revoke(self, *, revoked: bool = True) -> dict[str, Any]:
        """The app is taken out of the workspace: its token is none any more, and its sockets are closed."""
        self.app.revoked = revoked
        if revoked:
            await self.app.delivery.disconnect("link_disabled")
        return {}

    async def _do_set_scopes(self, scopes: list[str]) -> dict[str, Any]:
        self.app.scopes = set(scopes)
        return {}

    async def _do_state(self) -> dict[str, Any]:
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


async def _arguments(request: web.Request) -> dict[str, Any]:
    args: dict[str, Any] = dict(request.query)  # the SDK sends some methods' arguments there, POST or not
    if request.content_type == "application/json":
        body = await request.read()
        return args | (json.loads(body) if body else {})
    return args | {name: value for name, value in (await request.post()).items() if isinstance(value, str)}


def _limited(seconds: float) -> web.Response:
    headers = {"Retry-After": str(max(1, round(seconds)))}
    return web.json_response({"ok": False, "error": "ratelimited"}, status=429, headers=headers)
