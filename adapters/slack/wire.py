"""Slack's socket: keeps one open, renews it without a gap, and hands each envelope on as it comes.

The SDK's own Socket Mode client is not used: it tries a refused token and a used-up address again for ever, answers an
envelope on another socket than it came by, and needs seconds to notice a dropped one. The frames and the border to
bolt are the SDK's. docs.slack.dev/apis/events-api/using-socket-mode
"""

from __future__ import annotations

import asyncio
import json
import logging
import random
import time
import uuid
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import aiohttp
import orjson
from slack_sdk.socket_mode.async_client import AsyncBaseSocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest

from adapters.port import ChannelError, Throttled, TokenRefused
from adapters.slack.errors import unreached

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

log = logging.getLogger(__name__)

LARGEST = 16 * 1024 * 1024  # bytes of a frame; Slack's are below one megabyte


@dataclass(frozen=True, slots=True)
class Patience:
    """How the network is waited for. All in seconds."""

    first: float = 0.5  # before the second attempt; the first follows at once
    most: float = 30.0  # between two attempts
    gap: float = 5.0  # a socket that was down longer may have missed events for good
    heartbeat: float = 20.0  # between pings; a socket without an answer is given up half of that later
    steady: float = 10.0  # a socket that lived so long was a good one: the waits begin anew
    linger: float = 20.0  # how long an old socket is still read after its successor is there
    echo: float = 0.8  # for an answer to a ping; instances that ask wait for a second

    async def wait(self, attempt: int, error: ChannelError | None = None) -> None:
        """Before another attempt; `attempt` counts the failures in a row."""
        seconds = error.retry_after if isinstance(error, Throttled) else 0.0
        if attempt:
            # Jitter: the desks of a whole town must not come back in the same moment.
            spread = random.uniform(0.5, 1.0)  # noqa: S311 - no secret
            seconds = max(seconds, min(self.most, self.first * 2.0 ** min(attempt - 1, 16)) * spread)
        await asyncio.sleep(seconds)


class Connection(AsyncBaseSocketModeClient):
    """One WebSocket: what came by it is answered by it. An answer that cannot be sent is logged, Slack asks again."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.logger = log
        self.socket = socket
        self.greeted = asyncio.Event()
        self.over = asyncio.Event()  # told to leave, or gone
        self.told = False
        self._echoes: dict[bytes, asyncio.Event] = {}

    async def echo(self, within: float) -> bool:
        """Whether an answer comes: then everything has that was sent by this socket before it."""
        mark = uuid.uuid4().bytes
        heard = self._echoes[mark] = asyncio.Event()
        try:
            async with asyncio.timeout(within):
                await self.socket.ping(mark)
                await heard.wait()
        except (TimeoutError, ConnectionError, aiohttp.ClientError):
            return False
        finally:
            del self._echoes[mark]
        return True

    def echoed(self, mark: bytes) -> None:
        if (heard := self._echoes.get(mark)) is not None:
            heard.set()

    async def send_message(self, message: str) -> None:
        try:
            await self.socket.send_str(message)
        except (ConnectionError, aiohttp.ClientError) as error:
            log.info("an acknowledgement could not be sent, Slack will deliver again: %s", error)


class Socket:
    """Keeps a socket open until cancelled."""

    def __init__(
        self,
        *,
        address: Callable[[], Awaitable[str]],
        session: aiohttp.ClientSession,
        handle: Callable[[Connection, SocketModeRequest], Awaitable[None]],
        joined: Callable[[bool], None],
        patience: Patience,
        proxy: str | None = None,
    ) -> None:
        """`address` gives a fresh address, or raises ChannelError. `joined` is called after each break, at start
        too: with True where it was a short one, whose events Slack delivers again.
        """
        self._address = address
        self._session = session
        self._handle = handle
        self._joined = joined
        self._patience = patience
        self._proxy = proxy
        self._tasks: set[asyncio.Task[None]] = set()
        self._open: set[Connection] = set()
        self._down_since: float | None = None
        self._was_up = False
        self.state = "connecting: not tried yet"

    async def run(self) -> None:
        """TokenRefused where trying again is of no use; else only ends when cancelled."""
        failures = 0
        try:
            while True:
                try:
                    connection = await self._connect()
                except TokenRefused:
                    raise
                except ChannelError as error:
                    failures += 1
                    self.state = f"connecting: {error}"
                    log.warning("no socket to Slack: %s", error)
                    await self._patience.wait(failures, error)
                    continue
                since = time.monotonic()
                self._start(self._read(connection))
                await connection.over.wait()
                if connection.told:
                    self._start(self._retire(connection))
                steady = connection.greeted.is_set() and time.monotonic() - since >= self._patience.steady
                failures = 0 if steady else failures + 1
                # A good socket's successor is opened at once; those that die young are waited for.
                await self._patience.wait(failures - 1 if failures else 0)
        finally:
            self.state = "stopped: not listening"
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def is_up_to_date(self) -> bool:
        """Whether all that Slack had sent has come, by every socket that is open. False where none is."""
        echoes = await asyncio.gather(*(connection.echo(self._patience.echo) for connection in self._open))
        return bool(echoes) and all(echoes)

    async def _connect(self) -> Connection:
        url = await self._address()
        try:
            socket = await self._session.ws_connect(
                url, heartbeat=self._patience.heartbeat, max_msg_size=LARGEST, proxy=self._proxy, autoping=False
            )
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise unreached(error) from error
        return Connection(socket)

    async def _read(self, connection: Connection) -> None:
        try:
            async for frame in connection.socket:
                if frame.type is aiohttp.WSMsgType.TEXT:
                    self._frame(connection, frame.data)
                elif frame.type is aiohttp.WSMsgType.PING:
                    with suppress(aiohttp.ClientError, ConnectionError):
                        await connection.socket.pong(frame.data)
                elif frame.type is aiohttp.WSMsgType.PONG:
                    connection.echoed(bytes(frame.data))
        finally:
            if connection.greeted.is_set():
                self._open.discard(connection)
                if not self._open:
                    self._down_since = time.monotonic()
                    self.state = "connecting: the socket was closed"
            connection.over.set()
            with suppress(aiohttp.ClientError, ConnectionError):
                await connection.socket.close()

    def _frame(self, connection: Connection, data: str) -> None:
        try:
            message = _read(data)
        except (ValueError, RecursionError):
            log.warning("a frame of %d characters that is no JSON", len(data))
            return
        if not isinstance(message, dict):
            return
        match message.get("type"):
            case "hello":
                self._up(connection)
            case "disconnect":
                log.info("Slack asks for a new socket: %s", message.get("reason"))
                connection.told = True
                connection.over.set()
            case _:
                try:
                    request = SocketModeRequest.from_dict(message)
                except ValueError:
                    request = None
                if request is not None:
                    self._start(self._handle(connection, request))

    def _up(self, connection: Connection) -> None:
        if connection.greeted.is_set():
            return
        connection.greeted.set()
        self._open.add(connection)
        self.state = "connected"
        since, self._down_since = self._down_since, None
        first, self._was_up = not self._was_up, True
        # A renewed socket is a break as well: what Slack could not send in between comes again, after newer words.
        self._joined(not first and (since is None or time.monotonic() - since <= self._patience.gap))

    async def _retire(self, connection: Connection) -> None:
        """Slack closes the old socket itself; this is for when it forgets to."""
        await asyncio.sleep(self._patience.linger)
        await connection.socket.close()

    def _start(self, work: Any) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("an envelope of Slack's was not handled; it will be delivered again", exc_info=error)


def _read(data: str) -> Any:
    try:
        return orjson.loads(data)
    except ValueError:  # it also refuses halves of characters, which are no reason to leave a message out
        return json.loads(data)
