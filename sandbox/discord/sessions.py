"""Sessions of the gateway, which outlive their sockets, and the compressed streams of these."""

from __future__ import annotations

import json
import uuid
import zlib
from collections import deque
from typing import TYPE_CHECKING, Any, Protocol

import zstandard

if TYPE_CHECKING:
    import asyncio

    from aiohttp import web

REPLAYED = 2000  # dispatches kept for a resume


class Session:
    """One identified client, which may drop its socket and resume. It hears one shard of so many: several sessions of
    the same shard all hear the same, and those of different counts live side by side.
    """

    def __init__(self, intents: int, shard: tuple[int, int] = (0, 1)) -> None:
        self.id = uuid.uuid4().hex
        self.intents = intents
        self.shard = shard
        self.sequence = 0
        self.kept: deque[tuple[int, str]] = deque(maxlen=REPLAYED)
        self.socket: Socket | None = None

    async def dispatch(self, kind: str, data: dict[str, Any]) -> None:
        self.sequence += 1
        text = json.dumps({"op": 0, "t": kind, "s": self.sequence, "d": data})
        self.kept.append((self.sequence, text))
        if self.socket is not None:
            await self.socket.send(text)


class Compressing(Protocol):
    """What zlib and zstd have in common."""

    def compress(self, data: bytes, /) -> bytes: ...
    def flush(self, mode: int, /) -> bytes: ...


def compressing(how: str) -> tuple[Compressing, int] | None:
    """One stream for a whole connection, and how its pieces are flushed; None for texts as they are."""
    match how:
        case "zlib-stream":
            return zlib.compressobj(), zlib.Z_SYNC_FLUSH
        case "zstd-stream":
            return zstandard.ZstdCompressor().compressobj(), zstandard.COMPRESSOBJ_FLUSH_BLOCK
        case _:
            return None


class Socket:
    """One connection; its stream is compressed where the client asked for it."""

    def __init__(
        self, socket: web.WebSocketResponse, transport: asyncio.Transport | None, *, compress: str, address: str
    ) -> None:
        """`address`: where it was opened."""
        self._socket = socket
        self.address = address
        self.transport = transport
        self._stream = compressing(compress)

    async def send(self, text: str) -> None:
        try:
            if self._stream is None:
                await self._socket.send_str(text)
            else:
                stream, flush = self._stream
                await self._socket.send_bytes(stream.compress(text.encode()) + stream.flush(flush))
        except (ConnectionError, RuntimeError):
            return  # it is gone; what it missed waits for a resume

    async def close(self, code: int) -> None:
        await self._socket.close(code=code)
