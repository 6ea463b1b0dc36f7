"""A minimal app against the stand-in for Slack: calls by hand, a socket that hears all, and people."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any, Self

from sandbox.slack import SlackSandbox, SlackSetup

if TYPE_CHECKING:
    import aiohttp

    from sandbox.control import People

LEA, MARC = "U0LEA", "U0MARC"
SUPPORT, ELSEWHERE = "C0SUPPORT", "C0ELSEWHERE"


def setup(**changes: Any) -> SlackSetup:
    return SlackSetup(
        users={LEA: {"name": "lea", "locale": "fr-FR"}, MARC: {"name": "marc"}},
        groups={"S1": {"handle": "it", "users": [LEA]}},
        channels={
            SUPPORT: {"name": "support", "members": [LEA, MARC, "U0BOT"]},
            ELSEWHERE: {"name": "elsewhere", "members": [LEA]},
        },
        shortcuts={"quote": "Quote it"},
        ack_within=0.3,
        retry_after=(0.0, 0.05),
        **changes,
    )


class Caller:
    """The Web API with a token, and people."""

    def __init__(self, slack: SlackSandbox, session: aiohttp.ClientSession, people: People) -> None:
        self.slack = slack
        self.session = session
        self.people = people

    async def __call__(self, method: str, token: str = "xoxb-sandbox", **args: Any) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        async with self.session.post(f"{self.slack.url}{method}", json=args, headers=headers) as answer:
            found: dict[str, Any] = await answer.json()
            return found | {"status": answer.status, "headers": dict(answer.headers)}


class App:
    """Hears all on one socket, and answers as it is told."""

    def __init__(self, caller: Caller) -> None:
        self.caller = caller
        self.frames: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.silent = False
        self.answer: dict[str, Any] | None = None

    async def __aenter__(self) -> Self:
        address = (await self.caller("apps.connections.open", token="xapp-sandbox"))["url"]
        self.socket = await self.caller.session.ws_connect(address)
        assert (await self.socket.receive_json())["type"] == "hello"
        self.task = asyncio.create_task(self._listen())
        return self

    async def __aexit__(self, *_: object) -> None:
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)
        await self.socket.close()

    async def _listen(self) -> None:
        async for frame in self.socket:
            found = json.loads(frame.data)
            await self.frames.put(found)
            if "envelope_id" in found and not self.silent:
                answer = {"envelope_id": found["envelope_id"]} | ({"payload": self.answer} if self.answer else {})
                await self.socket.send_json(answer)

    async def next(self) -> dict[str, Any]:
        return await asyncio.wait_for(self.frames.get(), 5)

    async def next_event(self) -> dict[str, Any]:
        found: dict[str, Any] = (await self.next())["payload"]["event"]
        return found
