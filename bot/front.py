"""The desk's own HTTP server: what networks post to it, and what those who run it ask; each at a path."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Self

from aiohttp import web

from bot.config import ConfigError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

    Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]

LARGEST = 4_000_000  # bytes of a request; Slack's are below one
PATIENCE = 5.0  # seconds for requests in hand, at the end


class Front:
    """Serves at one address within `async with`. What is posted where nobody answers gets 503: it can come again."""

    def __init__(self, address: str) -> None:
        """`address` is "host:port", port 0 for any that is free."""
        host, _, port = address.rpartition(":")
        self._host, self._port = host.strip("[]"), int(port)
        self._address = address
        self._doors: dict[str, Answer] = {}
        self._runner: web.AppRunner | None = None
        self.url = ""  # known within the block

    async def __aenter__(self) -> Self:
        server = web.Application(client_max_size=LARGEST)
        server.router.add_route("*", "/{path:.*}", self._answer)
        self._runner = web.AppRunner(server, access_log=None, shutdown_timeout=PATIENCE)
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, self._host, self._port).start()
        except OSError as error:
            await self._runner.cleanup()
            raise ConfigError(f"cannot listen at {self._address}: {error.strerror}; write another address") from error
        host = f"[{self._host}]" if ":" in self._host else self._host
        self.url = f"http://{host}:{self._runner.addresses[0][1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    @contextmanager
    def at(self, path: str, answer: Answer) -> Iterator[None]:
        """Whatever is asked at the path is answered so, within the block. ValueError where somebody answers there."""
        if path in self._doors:
            raise ValueError(f"two answer at {path}")
        self._doors[path] = answer
        try:
            yield
        finally:
            del self._doors[path]

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        door = self._doors.get(request.path)
        if door is None:
            raise web.HTTPServiceUnavailable if request.method == "POST" else web.HTTPNotFound
        return await door(request)
