"""Cables between the desk's instances and what they talk to, which can be cut without a word and mended.

A cut cable is what a broken switch or a dropped route is to TCP: nothing that is sent arrives, neither end is told, and
what was sent is held, as a kernel goes on sending it until it is acknowledged. When the cable is mended it all arrives,
in order, however late; also of whoever has closed their end properly meanwhile. Only who breaks off the connection
(RST) takes back what has not arrived.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Self
from urllib.parse import urlsplit, urlunsplit

from sqlalchemy.engine import make_url

if TYPE_CHECKING:
    from collections.abc import Sequence

PIECE = 65_536  # bytes


class Cable:
    """One port here for one address there: a host and port, or the path of a socket."""

    def __init__(self, target: tuple[str, int] | str) -> None:
        self._target = target
        self._whole = asyncio.Event()
        self._whole.set()
        self._server: asyncio.Server | None = None
        self._carrying: set[asyncio.Task[None]] = set()
        self._callers: list[asyncio.StreamReader] = []
        self.port = 0

    @property
    def is_left(self) -> bool:
        """Whether a caller has hung up whose words are still held."""
        return any(caller.at_eof() or caller.exception() is not None for caller in self._callers)

    async def open(self) -> Self:
        self._server = await asyncio.start_server(self._carry, "127.0.0.1", 0, limit=PIECE)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def close(self) -> None:
        assert self._server is not None  # it was opened
        self._server.close()
        for task in self._carrying:
            task.cancel()
        await asyncio.gather(*self._carrying, return_exceptions=True)

    def cut(self) -> None:
        self._whole.clear()

    def mend(self) -> None:
        self._whole.set()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None  # a server's callback runs in one
        self._carrying.add(task)
        task.add_done_callback(self._carrying.discard)
        self._callers.append(reader)
        ends = [writer]
        try:
            await self._whole.wait()
            _must_be_there(reader)
            if isinstance(self._target, str):
                there, out = await asyncio.open_unix_connection(self._target, limit=PIECE)
            else:
                there, out = await asyncio.open_connection(*self._target, limit=PIECE)
            ends.append(out)
            ways = [asyncio.ensure_future(self._way(*way)) for way in ((reader, out), (there, writer))]
            try:
                await asyncio.gather(*ways)
            finally:
                for way in ways:
                    way.cancel()
                await asyncio.gather(*ways, return_exceptions=True)
            for end in ends:
                end.close()
        except (OSError, asyncio.CancelledError):
            for end in ends:
                end.transport.abort()  # the other end hears of it, or is to be gone as well
        finally:
            self._callers.remove(reader)

    async def _way(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """What comes from one end, to the other; held while the cable is cut."""
        while piece := await reader.read(PIECE):
            await self._whole.wait()
            _must_be_there(reader)
            writer.write(piece)
            await writer.drain()
        await self._whole.wait()
        with suppress(OSError):
            writer.write_eof()


def _must_be_there(reader: asyncio.StreamReader) -> None:
    """Whoever has broken off has taken back what was held."""
    if (broken := reader.exception()) is not None:
        raise broken


class Cables:
    """Those of every instance, by where they lead: `slack`, `discord`, `postgresql`."""

    def __init__(self) -> None:
        self._cables: dict[tuple[int, str], Cable] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        for cable in self._cables.values():
            await cable.close()

    async def through(self, instance: int, where: str, address: str) -> str:
        """The address by which that instance reaches what has this one."""
        is_database = where == "postgresql"
        cable = self._cables.get((instance, where))
        if cable is None:
            target = _server_of(address) if is_database else _host_of(address)
            cable = self._cables[instance, where] = await Cable(target).open()
        if is_database:
            url = make_url(address).set(host="127.0.0.1", port=cable.port, query={})
            return url.render_as_string(hide_password=False)
        return urlunsplit(urlsplit(address)._replace(netloc=f"127.0.0.1:{cable.port}"))

    def cut(self, instance: int, wheres: Sequence[str]) -> None:
        for where in wheres:
            self._cables[instance, where].cut()

    def mend(self, instance: int, wheres: Sequence[str]) -> None:
        for where in wheres:
            self._cables[instance, where].mend()


def _host_of(address: str) -> tuple[str, int]:
    parts = urlsplit(address)
    assert parts.hostname is not None
    assert parts.port is not None
    return parts.hostname, parts.port


def _server_of(address: str) -> tuple[str, int] | str:
    """PostgreSQL's port, or its socket where the address names a folder."""
    url = make_url(address)
    folder = url.query.get("host", url.host or "")
    if isinstance(folder, str) and folder.startswith("/"):
        return f"{folder}/.s.PGSQL.{url.port or 5432}"
    return str(folder), url.port or 5432
