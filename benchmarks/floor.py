"""The bare floor: takes a Slack event from a socket, commits one row, posts once to Discord. Nothing else.

`python -m benchmarks.floor SLACK_API_URL DISCORD_API_URL CHANNEL DATABASE`: what any relay must at least do, in the
fewest lines that do it durably (journal_mode=WAL, synchronous=FULL, acknowledged after the commit).
"""

from __future__ import annotations

import asyncio
import json
import sqlite3
import sys
from typing import Any

import aiohttp

from bot.demo.stage import ENVIRONMENT


async def main(slack: str, discord: str, channel: str, path: str) -> None:
    """Relay until terminated."""
    rows = sqlite3.connect(path, isolation_level=None)
    rows.execute("PRAGMA journal_mode=WAL")
    rows.execute("PRAGMA synchronous=FULL")
    rows.execute("CREATE TABLE said (id INTEGER PRIMARY KEY, ts TEXT UNIQUE, body TEXT)")
    target = f"{discord}/channels/{channel}/messages"
    headers = {"Authorization": f"Bot {ENVIRONMENT['DISCORD_TOKEN']}"}
    tasks: set[asyncio.Task[None]] = set()
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
        token = {"Authorization": f"Bearer {ENVIRONMENT['SLACK_APP_TOKEN']}"}
        async with session.post(f"{slack}apps.connections.open", headers=token) as answer:
            address = (await answer.json())["url"]
        async with session.ws_connect(address) as socket:

            async def relay(frame: dict[str, Any]) -> None:
                event = frame["payload"]["event"]
                rows.execute("INSERT INTO said (ts, body) VALUES (?, ?)", (event["ts"], event["text"]))
                await socket.send_str(json.dumps({"envelope_id": frame["envelope_id"]}))
                async with session.post(target, json={"content": event["text"]}, headers=headers) as posted:
                    await posted.read()

            async for message in socket:
                if message.type is not aiohttp.WSMsgType.TEXT:
                    break
                frame = json.loads(message.data)
                if frame["type"] == "events_api":
                    task = asyncio.create_task(relay(frame))
                    tasks.add(task)
                    task.add_done_callback(tasks.discard)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:5]))
