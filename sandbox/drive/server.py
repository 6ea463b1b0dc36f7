"""The server: the token endpoint, the API, uploads and the control interface, on one loopback port."""

from __future__ import annotations

import asyncio
import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from aiohttp import BodyPartReader, MultipartReader, web

from sandbox.drive.files import Files, Refused
from sandbox.drive.query import matcher
from sandbox.drive.setup import DriveSetup
from sandbox.drive.tokens import Denied, Tokens
from sandbox.drive.uploads import Uploads
from sandbox.faults import Faults, Kind

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from sandbox.drive.files import File
    from sandbox.faults import Fault

BODY = 1 << 30  # bytes of one request
PAGE = 100  # files of one answer, unless asked for more
MOST = 1000


class DriveSandbox:
    """`async with DriveSandbox(setup) as drive:` serves at `drive.url` until the block ends."""

    def __init__(self, setup: DriveSetup | None = None, *, port: int = 0, faults: Faults | None = None) -> None:
        self.setup = setup or DriveSetup()
        self.faults = faults or Faults()
        self.calls: list[str] = []
        self._port = port
        self._scratch = tempfile.TemporaryDirectory(prefix="sandbox-drive-")
        folder = Path(self._scratch.name)
        self.files = Files(self.setup, folder)
        self.tokens = Tokens(self.setup)
        self.uploads = Uploads(self.files, folder, self.setup.session_life)
        self._runner: web.AppRunner | None = None
        self.url = self.control_url = ""

    async def __aenter__(self) -> Self:
        server = web.Application(client_max_size=BODY)
        route = server.router
        route.add_post("/token", self._token)
        for method, path, call in (
            ("GET", "/drive/v2/about", self._about),
            ("GET", "/drive/v2/files", self._list),
            ("POST", "/drive/v2/files", self._insert),
            ("DELETE", "/drive/v2/files/trash", self._empty_trash),
            ("GET", "/drive/v2/files/{id}", self._get),
            ("DELETE", "/drive/v2/files/{id}", self._delete),
            ("POST", "/drive/v2/files/{id}/trash", self._trash),
            ("POST", "/drive/v2/files/{id}/untrash", self._untrash),
            ("POST", "/upload/drive/v2/files", self._upload),
            ("PUT", "/upload/drive/v2/files/{id}", self._upload),
            ("PUT", "/upload/drive/v2/files", self._chunk),
        ):
            route.add_route(method, path, self._api(call))
        route.add_post("/_control/{verb}", self._control)
        self._runner = web.AppRunner(server, access_log=None, shutdown_timeout=0.5)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self._port).start()
        port = self._runner.addresses[0][1]
        self.url = f"http://127.0.0.1:{port}/"
        self.control_url = f"{self.url}_control"
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._runner:
            await self._runner.cleanup()
        self._scratch.cleanup()

    def _api(
        self, call: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def answered(request: web.Request) -> web.StreamResponse:
            name = f"{request.method} {request.path}"
            self.calls.append(name)
            fault = self.faults.pick(name)
            try:
                if fault and (struck := await _struck(fault)):
                    return struck
                self.tokens.must_know(request.headers.get("Authorization", ""))
                answer = await call(request)
            except Refused as refused:
                return web.json_response(refused.as_json(), status=refused.status)
            except (ValueError, KeyError, TypeError) as error:
                return web.json_response(Refused(400, "badRequest", repr(error)).as_json(), status=400)
            if fault and fault.kind is Kind.LOST_ANSWER and request.transport:
                request.transport.abort()
            return answer

        return answered

    async def _token(self, request: web.Request) -> web.Response:
        try:
            return web.json_response(self.tokens.granted(dict(await request.post()), f"{self.url}token"))
        except Denied as denied:
            return web.json_response({"error": denied.error, "error_description": str(denied)}, status=400)

    # --- files ----------------------------------------------------------------------------------------------

    async def _about(self, _: web.Request) -> web.Response:
        trashed = sum(file.size for file in self.files.all() if file.trashed)
        quota = {
            "quotaBytesTotal": self.files.quota,
            "quotaBytesUsed": self.files.used(),
            "quotaBytesUsedInTrash": trashed,
        }
        return web.json_response({"kind": "drive#about", **{name: str(value) for name, value in quota.items()}})

    async def _list(self, request: web.Request) -> web.Response:
        wanted = matcher(request.query.get("q", ""))
        found = [file for file in self.files.all() if wanted(file)]
        page = int(request.query.get("maxResults", PAGE))
        if not 1 <= page <= MOST:
            raise Refused(
                400, "invalidParameter", f"Invalid value '{page}'. Values must be within the range: [1, 1000]"
            )
        start = int(request.query.get("pageToken") or 0)
        answer: dict[str, Any] = {"kind": "drive#fileList", "items": [file.as_json() for file in found[start:][:page]]}
        if start + page < len(found):
            answer["nextPageToken"] = str(start + page)
        return web.json_response(answer)

    async def _insert(self, request: web.Request) -> web.Response:
        return web.json_response(self.files.create(await request.json(), None).as_json())

    async def _get(self, request: web.Request) -> web.StreamResponse:
        file = self.files.get(request.match_info["id"])
        if request.query.get("alt") != "media":
            return web.json_response(file.as_json())
        path = self.files.bytes_of(file)
        if not path.exists():
            raise Refused(403, "fileNotDownloadable", "Only files with binary content can be downloaded.")
        return web.FileResponse(path)  # knows ranges

    async def _delete(self, request: web.Request) -> web.Response:
        self.files.delete(request.match_info["id"])
        return web.Response(status=204)

    async def _trash(self, request: web.Request) -> web.Response:
        return web.json_response(self.files.trash(request.match_info["id"], trashed=True).as_json())

    async def _untrash(self, request: web.Request) -> web.Response:
        return web.json_response(self.files.trash(request.match_info["id"], trashed=False).as_json())

    async def _empty_trash(self, _: web.Request) -> web.Response:
        self.files.empty_trash()
        return web.Response(status=204)

    # --- uploads --------------------------------------------------------------------------------------------

    async def _upload(self, request: web.Request) -> web.Response:
        if "upload_id" in request.query:  # a session's own address
            return await self._chunk(request)
        file_id = request.match_info.get("id")
        match request.query.get("uploadType"):
            case "resumable":
                metadata = await request.json() if request.can_read_body and await request.read() else {}
                length = request.headers.get("X-Upload-Content-Length")
                key = self.uploads.begin(metadata, file_id, int(length) if length else None)
                return web.Response(headers={"Location": f"{self.url}upload/drive/v2/files?upload_id={key}"})
            case "multipart":
                return web.json_response((await self._multipart(request, file_id)).as_json())
            case other:
                raise Refused(400, "badRequest", f"uploadType {other!r} is not known")

    async def _multipart(self, request: web.Request, file_id: str | None) -> File:
        parts = [await part.read() async for part in _parts(await request.multipart())]
        if len(parts) != 2:
            raise Refused(400, "badRequest", "A multipart upload has metadata and content")
        content = Path(self._scratch.name) / f"multipart-{len(self.calls)}"
        content.write_bytes(parts[1])
        if file_id:
            return self.files.update(file_id, json.loads(parts[0]), content)
        return self.files.create(json.loads(parts[0]), content)

    async def _chunk(self, request: web.Request) -> web.Response:
        session = self.uploads.session(request.query["upload_id"])
        asked = self.uploads.asked(session, request.headers.get("Content-Range", ""))
        content = await request.read()
        if asked is not None and session.done is None:
            self.uploads.take(session, asked[0], asked[1], content)
        if done := self.uploads.finished(session):
            return web.json_response(done.as_json())
        there = session.part.stat().st_size
        return web.Response(status=308, headers={"Range": f"bytes=0-{there - 1}"} if there else {})

    # --- control --------------------------------------------------------------------------------------------

    async def _control(self, request: web.Request) -> web.Response:
        act = getattr(self, f"_do_{request.match_info['verb']}", None)
        if act is None:
            raise web.HTTPNotFound
        args = await request.json() if request.can_read_body else {}
        return web.json_response(await act(**args))

    async def _do_service_account(self) -> dict[str, str]:
        return self.tokens.service_account(f"{self.url}token")

    async def _do_authorized_user(self) -> dict[str, str]:
        return self.tokens.authorized_user(f"{self.url}token")

    async def _do_fault(self, **rule: Any) -> dict[str, Any]:
        self.faults.add(**rule)
        return self.faults.as_json()

    async def _do_clear_faults(self) -> dict[str, Any]:
        self.faults.clear()
        return self.faults.as_json()

    async def _do_faults(self) -> dict[str, Any]:
        return self.faults.as_json()

    async def _do_files(self) -> list[dict[str, Any]]:
        return [file.as_json() for file in self.files.all() if file.id != self.setup.folder]

    async def _do_quota(self, size: int) -> dict[str, Any]:
        self.files.quota = size
        return {}

    async def _do_expire_tokens(self) -> dict[str, Any]:
        self.tokens.expire()
        return {}

    async def _do_forget_uploads(self) -> dict[str, Any]:
        self.uploads.forget()
        return {}


async def _struck(fault: Fault) -> web.Response | None:
    """What the fault answers instead; None where the call goes on."""
    match fault.kind:
        case Kind.RATE_LIMITED:  # Drive says it with 403 as often as with 429
            refused = Refused(403, "userRateLimitExceeded", "User Rate Limit Exceeded. Rate of requests exceeded.")
            return web.json_response(refused.as_json(), status=403)
        case Kind.SERVER_ERROR:
            refused = Refused(fault.status, "backendError", "Backend Error")
            return web.json_response(refused.as_json(), status=fault.status)
        case Kind.SLOW:
            await asyncio.sleep(fault.delay)
    return None


async def _parts(reader: MultipartReader) -> Any:
    while (part := await reader.next()) is not None:
        if isinstance(part, BodyPartReader):
            yield part
