"""Every REST call to Discord: paced, bounded in time, sent through discord.py's own client, and with our errors."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

import aiohttp
import discord
from discord.http import Route

from adapters.discord import errors
from adapters.discord.pacing import Pacing, Refusals
from adapters.discord.room import Room
from adapters.port import ChannelError, Rejected, Unavailable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from adapters.ui import FileOut

_WITHIN = 45.0  # seconds for a call, discord.py's own waiting and asking again included
_WITHIN_FILES = 90.0  # seconds for one that carries files
# aiohttp's own limit for a whole call is longer than these: a timer of its for each call would be for nothing.
_NO_OTHER = aiohttp.ClientTimeout(total=None, sock_connect=30)

Json = dict[str, Any]


class Line:
    """What all servers of one bot share: its login and its pace. `http` is None until the bot has logged in: until then
    nothing waits, everything is Unavailable at once, so that what is owed to another network does not queue behind us.
    """

    def __init__(self, requests_per_second: float) -> None:
        self.http: discord.http.HTTPClient | None = None
        self.application: str = ""
        self.me: str = ""
        self.pacing = Pacing(requests_per_second)
        self.refusals = Refusals()


class Rest:
    """Calls of one server, or ("") of none."""

    def __init__(self, line: Line, guild: str = "") -> None:
        self._line = line
        self._room = Room(self, guild)

    @property
    def application(self) -> str:
        return self._line.application

    @property
    def me(self) -> str:
        return self._line.me

    async def ask(self, method: str, path: str, **options: Any) -> Any:
        """As `once`, and once more where the server had to make room for a thread."""
        try:
            return await self.once(method, path, **options)
        except ChannelError as error:
            if errors.code_of(error) != errors.FULL or not await self._room.make():
                raise
        return await self.once(method, path, **options)

    async def send(self, path: str, payload: Json, files: Sequence[FileOut], **parameters: Any) -> Any:
        """POST a message or a forum post (`payload` with `message`), with files streamed from where they lie."""
        if not files:
            return await self.ask("POST", path, json=payload, **parameters)
        try:
            return await self._send(path, payload, files, **parameters)
        except ChannelError as error:
            if errors.code_of(error) != errors.FULL or not await self._room.make():
                raise
        return await self._send(path, payload, files, **parameters)

    async def once(
        self,
        method: str,
        path: str,
        *,
        json: Any = None,
        params: Mapping[str, str | int] | None = None,
        paced: bool = True,
        **parameters: Any,
    ) -> Any:
        """Discord's answer as JSON. Raises ChannelError. `parameters` fill the path's names."""
        http = self._http()
        if paced:
            self._line.refusals.check()
            await self._line.pacing.turn()
        options: Json = {"timeout": _NO_OTHER}
        if json is not None:
            options["json"] = json
        if params:
            options["params"] = params
        return await self._counted(
            http.request(_route(Route.BASE, method, path, *parameters.items()), **options), _WITHIN
        )

    async def _send(self, path: str, payload: Json, files: Sequence[FileOut], **parameters: Any) -> Any:
        http = self._http()
        self._line.refusals.check()
        await self._line.pacing.turn()
        opened: list[discord.File] = []
        try:
            for file in files:
                opened.append(discord.File(file.path, filename=file.name))  # noqa: PERF401 - those before a bad one are closed
        except OSError as error:
            _close(opened)
            raise Rejected(f"a stored file cannot be read: {error}") from error
        try:
            message = payload.get("message", payload)
            message["attachments"] = [file.to_dict(index) for index, file in enumerate(opened)]
            form: list[Json] = [{"name": "payload_json", "value": discord.utils._to_json(payload)}]  # noqa: SLF001 - as discord.py writes it
            form += [
                {"name": f"files[{index}]", "value": file.fp, "filename": file.filename, "content_type": kind}
                for index, (file, kind) in enumerate(zip(opened, (each.media_type for each in files), strict=True))
            ]
            route = _route(Route.BASE, "POST", path, *parameters.items())
            call = http.request(route, files=opened, form=form, timeout=_NO_OTHER)
            return await self._counted(call, _WITHIN_FILES)
        finally:
            _close(opened)

    def _http(self) -> discord.http.HTTPClient:
        if self._line.http is None:
            raise Unavailable("not logged in to Discord yet")
        return self._line.http

    async def _counted(self, call: Any, within: float) -> Any:
        try:
            return await errors.asked(call, within=within)
        except ChannelError as error:
            cause = error.__cause__
            if isinstance(cause, discord.HTTPException) and errors.is_refusal(cause):
                self._line.refusals.add()
            raise


@lru_cache(maxsize=1_000)  # one says many things in the same few threads
def _route(_base: str, method: str, path: str, *parameters: tuple[str, Any]) -> Route:
    """`_base`: where Discord is, as discord.py has it in each route."""
    return Route(method, path, **dict(parameters))


def _close(files: Sequence[discord.File]) -> None:
    for file in files:
        file.close()
