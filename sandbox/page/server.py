"""The page's server: its files, what people do passed on to the stand-ins, and their changes pushed to the browser.

It listens on loopback only, answers pages of its own origin only, and lets the browser load nothing from elsewhere.
"""

from __future__ import annotations

import asyncio
import json
import mimetypes
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, Self
from urllib.parse import urlsplit

import aiohttp
from aiohttp import web
from emoji import EMOJI_DATA

from sandbox.control import People

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from sandbox.changes import Changes

STATIC = Path(__file__).parent / "static"
BODY = 1 << 28  # bytes of one act: files travel in it, in base64
PATIENCE = 25.0  # seconds in which a quiet stand-in is asked again; a comment keeps the stream open
PAUSE = 0.3  # seconds before a stand-in that is away is asked again
LOCAL = {"127.0.0.1", "localhost", "[::1]"}
HEADERS = {
    "Content-Security-Policy": "default-src 'self'; img-src 'self' data: blob:; style-src 'self' 'unsafe-inline'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


class Stage(Protocol):
    """What stands behind the page besides the networks: whoever starts, kills and plays."""

    changes: Changes

    async def act(self, verb: str, args: Mapping[str, Any]) -> dict[str, Any]:
        """Do it; KeyError where there is no such verb."""


class Page:
    """`async with Page(slack=…, discord=…) as page:` serves at `page.url` until the block ends."""

    def __init__(
        self,
        *,
        slack: str,
        discord: str,
        drive: str = "",
        stage: Stage | None = None,
        port: int = 0,
        language: str = "",
    ) -> None:
        self._controls = {"slack": slack, "discord": discord}
        self._drive = People(drive) if drive else None
        self._people = {name: People(address) for name, address in self._controls.items()}
        self._stage = stage
        self._port = port
        self._language = language
        self._runner: web.AppRunner | None = None
        self._session: aiohttp.ClientSession | None = None
        self._closing = asyncio.Event()
        self.url = ""

    async def __aenter__(self) -> Self:
        server = web.Application(client_max_size=BODY, middlewares=[_own_origin])
        server.router.add_get("/", self._index)
        server.router.add_get("/static/{name:[a-z_-]+[.](?:js|css|svg)}", self._static)
        server.router.add_get("/setup.json", self._setup)
        server.router.add_get("/emoji.json", self._emoji)
        server.router.add_get("/watch", self._watch)
        server.router.add_get("/slack/files/{file}", self._slack_file)
        server.router.add_get("/discord/attachments/{rest:.+}", self._discord_file)
        server.router.add_post("/stage/{verb}", self._stage_act)
        server.router.add_post("/drive/files", self._drive_files)
        server.router.add_post("/{network:slack|discord}/{verb}", self._act)
        self._runner = web.AppRunner(server, access_log=None, shutdown_timeout=0.5)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self._port).start()
        self._session = aiohttp.ClientSession()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}/"
        return self

    async def __aexit__(self, *_: object) -> None:
        self._closing.set()
        if self._runner:
            await self._runner.cleanup()
        if self._session:
            await self._session.close()
        for people in (*self._people.values(), *([self._drive] if self._drive else ())):
            await people.__aexit__()

    # --- files of ours ----------------------------------------------------------------------------------------

    async def _index(self, _: web.Request) -> web.Response:
        return web.Response(text=(STATIC / "index.html").read_text(encoding="utf-8"), content_type="text/html")

    async def _static(self, request: web.Request) -> web.Response:
        path = STATIC / request.match_info["name"]
        if not path.is_file():
            raise web.HTTPNotFound
        kind = "text/javascript" if path.suffix == ".js" else mimetypes.guess_type(path.name)[0]
        return web.Response(body=path.read_bytes(), content_type=kind or "application/octet-stream", charset="utf-8")

    async def _setup(self, _: web.Request) -> web.Response:
        there = {"stage": self._stage is not None, "drive": self._drive is not None}
        return web.json_response({"language": self._language, **there})

    async def _emoji(self, _: web.Request) -> web.Response:
        """Slack's and Discord's names of emoji, each with its character."""
        names: dict[str, str] = {}
        for character, facts in EMOJI_DATA.items():
            for name in (facts["en"], *facts.get("alias", ())):
                names.setdefault(name.strip(":"), character)
        return web.json_response(names)

    # --- what people do -----------------------------------------------------------------------------------------

    async def _act(self, request: web.Request) -> web.Response:
        people = self._people[request.match_info["network"]]
        args = await _arguments(request)
        try:
            return web.json_response(await people.call(request.match_info["verb"], **args))
        except aiohttp.ClientResponseError as error:
            raise web.HTTPBadGateway(text=f"the stand-in refused: {error.status}") from error
        except aiohttp.ClientError as error:
            raise web.HTTPServiceUnavailable(text="the stand-in is away") from error

    async def _stage_act(self, request: web.Request) -> web.Response:
        if self._stage is None:
            raise web.HTTPNotFound
        try:
            return web.json_response(await self._stage.act(request.match_info["verb"], await _arguments(request)))
        except KeyError as error:
            raise web.HTTPNotFound from error

    async def _drive_files(self, _: web.Request) -> web.Response:
        """What lies in the stand-in's Drive, the newest first."""
        if self._drive is None:
            raise web.HTTPNotFound
        try:
            return web.json_response({"files": await self._drive.call("files")})
        except aiohttp.ClientError as error:
            raise web.HTTPServiceUnavailable from error

    async def _slack_file(self, request: web.Request) -> web.Response:
        return await self._fetched(f"{self._controls['slack']}/files/{request.match_info['file']}")

    async def _discord_file(self, request: web.Request) -> web.Response:
        host = self._controls["discord"].removesuffix("/_control")
        return await self._fetched(f"{host}/attachments/{request.match_info['rest']}?{request.query_string}")

    async def _fetched(self, address: str) -> web.Response:
        assert self._session is not None  # it lives as long as the server
        async with self._session.get(address) as answer:
            if answer.status != web.HTTPOk.status_code:
                raise web.HTTPNotFound
            # Whatever people upload is shown as an image or handed over to be saved, never run on this origin.
            kind = answer.content_type
            headers = {} if kind.startswith("image/") else {"Content-Disposition": "attachment"}
            headers["Content-Security-Policy"] = "sandbox"
            return web.Response(body=await answer.read(), content_type=kind, headers=headers)

    # --- what changes -------------------------------------------------------------------------------------------

    async def _watch(self, request: web.Request) -> web.StreamResponse:
        """Server-sent events: {"side": …, "changes": [...]} for each network and the stage, as they come."""
        stream = web.StreamResponse(headers={"Content-Type": "text/event-stream", **HEADERS})
        await stream.prepare(request)
        queue: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        watching = [asyncio.create_task(self._follow(name, queue)) for name in self._people]
        if self._stage is not None:
            watching.append(asyncio.create_task(_follow_stage(self._stage, queue)))
        closing = asyncio.create_task(self._closing.wait())
        try:
            await stream.write(b": here\n\n")
            while not self._closing.is_set():
                getting = asyncio.create_task(queue.get())
                await asyncio.wait({getting, closing}, timeout=PATIENCE, return_when=asyncio.FIRST_COMPLETED)
                if getting.done():
                    await stream.write(f"data: {json.dumps(getting.result())}\n\n".encode())
                else:
                    getting.cancel()
                    await stream.write(b": still here\n\n")
        except ConnectionError:
            pass  # the browser has left
        finally:
            for task in (*watching, closing):
                task.cancel()
            await asyncio.gather(*watching, closing, return_exceptions=True)
        return stream

    async def _follow(self, name: str, queue: asyncio.Queue[dict[str, Any]]) -> None:
        people = self._people[name]
        seen = -1
        while True:
            try:
                if seen < 0:
                    seen = (await people.call("changes"))["newest"]
                    queue.put_nowait({"side": name, "changes": []})
                found = await people.call("changes", since=seen, wait=PATIENCE)
            except (aiohttp.ClientError, TimeoutError):
                seen = -1  # it is away, and may come back as new
                await asyncio.sleep(PAUSE)
                continue
            if found["newest"] < seen:
                seen = -1
                continue
            if found["changes"]:
                seen = found["newest"]
                queue.put_nowait({"side": name, "changes": found["changes"]})


async def _follow_stage(stage: Stage, queue: asyncio.Queue[dict[str, Any]]) -> None:
    seen = stage.changes.newest
    while True:
        if found := await stage.changes.since(seen, PATIENCE):
            seen = stage.changes.newest
            queue.put_nowait({"side": "stage", "changes": found})


async def _arguments(request: web.Request) -> dict[str, Any]:
    if request.content_type != "application/json":
        raise web.HTTPUnsupportedMediaType  # a form of another site could be posted without asking; JSON could not
    args = await request.json() if request.can_read_body else {}
    if not isinstance(args, dict):
        raise web.HTTPBadRequest
    return args


@web.middleware
async def _own_origin(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Another site's page, or a name that was made to point here, gets nothing."""
    if request.host.rpartition(":")[0] not in LOCAL:
        raise web.HTTPForbidden
    origin = request.headers.get("Origin")
    if origin is not None and urlsplit(origin).netloc != request.host:
        raise web.HTTPForbidden
    answer = await handler(request)
    if not answer.prepared:
        for name, value in HEADERS.items():
            answer.headers.setdefault(name, value)
    return answer
