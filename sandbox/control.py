"""The people's side of a stand-in, from another process: each verb of its control interface, over HTTP."""

from __future__ import annotations

import asyncio
import base64
import io
import json
from typing import TYPE_CHECKING, Any, Self

import aiohttp

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

PATIENCE = 10.0  # seconds that `until` waits by default
LONGEST_CALL = 30.0  # seconds that one call may wait for a change


class NotSeen(AssertionError):  # noqa: N818 - it reads as what happened
    """What was waited for did not happen in time."""


class People:
    """`await people.call("say", user=…, channel=…, text=…)`; raises where the network would not let a person."""

    def __init__(self, control_url: str) -> None:
        self._url = control_url
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._session:
            await self._session.close()

    async def call(self, verb: str, **args: Any) -> Any:
        """Do it; gives the JSON answer."""
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=60))
        body = io.BytesIO(json.dumps(args).encode())  # a stream: files may be in it
        headers = {"Content-Type": "application/json"}
        async with self._session.post(f"{self._url}/{verb}", data=body, headers=headers) as answer:
            answer.raise_for_status()
            return await answer.json()

    async def until(self, look: Callable[[], Awaitable[Any]], what: str, *, within: float = PATIENCE) -> Any:
        """The first true value that `look` gives; looks again after each change. NotSeen after `within` seconds."""
        loop = asyncio.get_running_loop()
        end = loop.time() + within
        seen = (await self.call("changes"))["newest"]
        while not (found := await look()):
            if (left := end - loop.time()) <= 0:
                raise NotSeen(what)
            seen = (await self.call("changes", since=seen, wait=min(left, LONGEST_CALL)))["newest"]
        return found


def upload(name: str, content: bytes, content_type: str = "application/octet-stream") -> dict[str, str]:
    """A file as the control interface takes it."""
    return {"name": name, "content_type": content_type, "data_base64": base64.b64encode(content).decode()}
