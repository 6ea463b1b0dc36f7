"""The server: Web API, sockets, files, response URLs and the control interface, on one loopback port."""

from __future__ import annotations

import asyncio
import json
import re
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlsplit

from aiohttp import web

from sandbox.faults import Faults, Kind
from sandbox.slack.acts import Acts
from sandbox.slack.app import App
from sandbox.slack.lookout import Lookout
from sandbox.slack.oauth import Installing
from sandbox.slack.web_api import METHODS
from sandbox.slack.workspace import Refused

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sandbox.slack.setup import SlackSetup

BODY = 1 << 30  # bytes of an upload


class SlackSandbox:
    """`async with SlackSandbox(setup) as slack:` serves at `slack.url` until the block ends.

    `teams`: further workspaces, in which the same app can be installed; each has its people at `control_of(team)`.
    """

    def __init__(
        self, setup: SlackSetup, *, port: int = 0, faults: Faults | None = None, teams: Sequence[SlackSetup] = ()
    ) -> None:
        self.app = App(setup, faults or Faults())
        self.apps = {"": self.app}
        for team in teams:
            team.app_id, team.app_token, team.signing_secret = setup.app_id, setup.app_token, setup.signing_secret
            team.ack_within = setup.ack_within
            made = self.apps[team.team_id] = App(team, self.app.faults, self.app)
            made.revoked = not team.bot_token
        self.installing = Installing(self.apps)
        self._acts = {id_: Acts(app) for id_, app in self.apps.items()}
        self._lookouts = {id_: Lookout(app, self.installing) for id_, app in self.apps.items()}
        self._port = port
        self._runner: web.AppRunner | None = None
        self._last_said: dict[str, float] = {}
        self.url = self.control_url = ""

    async def __aenter__(self) -> Self:
        server = web.Application(client_max_size=BODY)
        server.router.add_post("/api/{method}", self._call)
        server.router.add_get("/api/{method}", self._call)
        server.router.add_get("/link", self.app.delivery.socket)
        server.router.add_get("/oauth/v2/authorize", self._allow)
        for team in ("", "/t/{team}"):  # each further workspace below an address of its own
            server.router.add_post(f"{team}/upload/{{file}}", self._upload)
            server.router.add_get(f"{team}/files-pri/{{key}}/{{rest:.*}}", self._download)
            server.router.add_post(f"{team}/response/{{key}}", self._respond)
            server.router.add_post(f"{team}/_control/{{verb}}", self._control)
            server.router.add_get(f"{team}/_control/files/{{file}}", self._shown_file)
        self._runner = web.AppRunner(server, access_log=None, shutdown_timeout=0.5)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self._port)
        await site.start()
        port = self._runner.addresses[0][1]
        for id_, app in self.apps.items():
            app.base = f"http://127.0.0.1:{port}" + (f"/t/{id_}" if id_ else "")
        self.url, self.control_url = f"{self.app.base}/api/", f"{self.app.base}/_control"
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.app.delivery.close()
        if self._runner:
            await self._runner.cleanup()

    def control_of(self, team: str) -> str:
        """Where the people of a further workspace are told what to do."""
        return f"{self.apps[team].base}/_control"

    def _of(self, request: web.Request) -> App:
        """Whose workspace an address is below."""
        app = self.apps.get(request.match_info.get("team", ""))
        if app is None:
            raise web.HTTPNotFound
        return app

    async def _allow(self, request: web.Request) -> web.StreamResponse:
        """The page on which somebody of `team` allows the app: here nobody is asked."""
        team, user = request.query.get("team", self.app.setup.team_id), request.query.get("user", "")
        try:
            where = self.installing.allow(str(request.url), team, user, denied=bool(request.query.get("denied")))
        except Refused as refused:
            return web.Response(status=400, text=f"Something went wrong: {refused.error}")
        raise web.HTTPFound(where)

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
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        granted = {"X-OAuth-Scopes": ",".join(sorted((self._by_token(token) or self.app).scopes))}
        text = json.dumps(answer)
        if name.startswith("files."):  # their addresses stand at the host that was asked for them, as that of a socket
            text = text.replace(f'"http://{urlsplit(self.app.base).netloc}/', f'"http://{request.host}/')
        return web.json_response(text=text, headers=granted)

    def _answered(self, name: str, args: dict[str, Any], request: web.Request) -> dict[str, Any]:
        authorization = request.headers.get("Authorization", "")
        token = authorization.removeprefix("Bearer ") or args.pop("token", "")
        self.app.calls.append({"method": name, "args": {k: v for k, v in args.items() if k != "token"}})
        try:
            if name == "oauth.v2.access":
                return {"ok": True, **self.installing.access(args, authorization)}
            return {"ok": True, **self._method(name, token, args, request.host)}
        except Refused as refused:
            return {"ok": False, "error": refused.error, **refused.details}
        except (ValueError, TypeError, KeyError) as error:
            messages = {"messages": [f"[ERROR] {error!r}"]}
            return {"ok": False, "error": "invalid_arguments", "response_metadata": messages}

    def _method(self, name: str, token: str, args: dict[str, Any], host: str) -> dict[str, Any]:
        setup, app = self.app.setup, self._by_token(token)
        if not token:
            raise Refused("not_authed")
        if name == "apps.connections.open":
            return self._connection(token, host)
        if token == setup.app_token:
            raise Refused("not_allowed_token_type")
        if app is None:
            raise Refused("invalid_auth")
        if app.revoked:
            raise Refused("token_revoked")
        if name not in METHODS:
            raise Refused("unknown_method", req_method=name)
        scope, call = METHODS[name]
        if scope and scope not in app.scopes:
            raise Refused("missing_scope", needed=scope, provided=",".join(sorted(app.scopes)))
        if name == "chat.postMessage" and setup.chat_per_second:
            now = asyncio.get_running_loop().time()
            if now - self._last_said.get(args.get("channel", ""), 0) < 1 / setup.chat_per_second:
                raise Refused("ratelimited")
            self._last_said[args.get("channel", "")] = now
        return call(app, args)

    def _by_token(self, token: str) -> App | None:
        return next((app for app in self.apps.values() if token and token == app.setup.bot_token), None)

    def _connection(self, token: str, host: str) -> dict[str, Any]:
        """The socket stands at the host that was asked for it: whoever came by a cable stays on it."""
        if token == self.app.setup.bot_token:
            raise Refused("not_allowed_token_type")
        if token != self.app.setup.app_token:
            raise Refused("invalid_auth")
        ticket = self.app.workspace.new_id("ticket")
        self.app.delivery.tickets.add(ticket)
        return {"url": f"ws://{host}/link?ticket={ticket}&app_id={self.app.setup.app_id}"}

    # --- files and response URLs ----------------------------------------------------------------------------

    async def _upload(self, request: web.Request) -> web.Response:
        workspace = self._of(request).workspace
        if (id_ := request.match_info["file"]) not in workspace.files:
            raise web.HTTPNotFound
        if request.content_type == "multipart/form-data":
            part = await (await request.multipart()).next()
            content = await part.read() if part is not None and hasattr(part, "read") else b""
        else:
            content = await request.read()
        workspace.contents[id_] = bytes(content)
        return web.Response(text=f"OK - {len(content)}")

    async def _download(self, request: web.Request) -> web.Response:
        app = self._of(request)
        if request.headers.get("Authorization") != f"Bearer {app.setup.bot_token}":
            return web.Response(text="<!DOCTYPE html><title>Sign in | Slack</title>", content_type="text/html")
        id_ = request.match_info["key"].partition("-")[2]
        file = app.workspace.files.get(id_)
        if file is None or "files:read" not in app.scopes:
            raise web.HTTPNotFound
        fault = self.app.faults.pick("GET /files-pri")
        if fault and fault.kind is Kind.SERVER_ERROR:
            return web.Response(status=fault.status)
        kind = file["mimetype"] if re.fullmatch(r"[\w.+-]+/[\w.+-]+", file["mimetype"]) else "application/octet-stream"
        return web.Response(body=app.workspace.contents[id_], content_type=kind)

    async def _respond(self, request: web.Request) -> web.Response:
        try:
            self._of(request).respond(request.match_info["key"], await request.json())
        except Refused as refused:
            return web.json_response({"ok": False, "error": refused.error, **refused.details}, status=404)
        return web.Response(text="ok")

    # --- control --------------------------------------------------------------------------------------------

    async def _control(self, request: web.Request) -> web.Response:
        verb = request.match_info["verb"]
        args = await request.json() if request.can_read_body else {}
        self._of(request)
        who = (each[request.match_info.get("team", "")] for each in (self._acts, self._lookouts))
        act = next((found for each in who if (found := getattr(each, verb, None)) is not None), None)
        if act is None or verb.startswith("_"):
            raise web.HTTPNotFound
        try:
            return web.json_response(await act(**args))
        except Refused as refused:
            return web.json_response({"ok": False, "error": refused.error, **refused.details})

    async def _shown_file(self, request: web.Request) -> web.Response:
        """A file as a person's client shows it: signed in, without the bot's token."""
        workspace = self._of(request).workspace
        file = workspace.files.get(request.match_info["file"])
        if file is None:
            raise web.HTTPNotFound
        return web.Response(body=workspace.contents[file["id"]], content_type=file["mimetype"])


async def _arguments(request: web.Request) -> dict[str, Any]:
    args: dict[str, Any] = dict(request.query)  # the SDK sends some methods' arguments there, POST or not
    if request.content_type == "application/json":
        body = await request.read()
        return args | (json.loads(body) if body else {})
    return args | {name: value for name, value in (await request.post()).items() if isinstance(value, str)}


def _limited(seconds: float) -> web.Response:
    headers = {"Retry-After": str(max(1, round(seconds)))}
    return web.json_response({"ok": False, "error": "ratelimited"}, status=429, headers=headers)
