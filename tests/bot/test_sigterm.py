"""A desk told to stop ends what is in hand and leaves the rest to its next start: nothing is lost or said twice."""

from __future__ import annotations

import asyncio
import os
import socket
from typing import TYPE_CHECKING

from bot.demo import stage as company
from bot.demo.processes import Company
from bot.demo.side import wait_line

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from bot.demo.side import Side, Where

ENDS_WITHIN = 30.0  # seconds; the desk gives itself less than ten, and the machine may be busy
WORDS = 5  # of each side
FORM = {"subject": "VPN", "description": "It hangs.", "department": "it", "product": "laptop", "priority": "low"}


async def said(side: Side, where: Where, who: str) -> list[str]:
    """Those of somebody's words that stand there, in their order."""
    return [line.text for line in await side.read(where) if f"{who} says" in line.text]


async def test_stopped_in_the_middle_of_a_conversation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Discord is slow and answers within the time that the desk gives itself, Slack takes words and does not answer."""
    waits = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)  # as systemd does
    waits.bind(f"\0helpthread-{os.getpid()}")
    monkeypatch.setenv("NOTIFY_SOCKET", f"@helpthread-{os.getpid()}")
    with waits:
        await _stopped_and_started(tmp_path, waits)


async def _stopped_and_started(folder: Path, waits: socket.socket) -> None:
    async with Company(folder, "en") as everything:
        slack, discord = everything.slack, everything.discord
        assert waits.recv(100) == b"READY=1"
        await slack.call(company.NORA)
        assert (await slack.fill(company.NORA, FORM)).ok
        theirs = await slack.clients_thread(company.NORA, 1)
        ours = await discord.agents_thread(company.IT_DESK, 1)
        await discord.say(company.SAM, ours, "Good morning")
        await wait_line(slack, theirs, "Good morning")
        await slack.people.call("fault", kind="late", match="chat.postMessage", delay=600.0)
        await discord.people.call("fault", kind="slow", match="POST /channels/*/messages", delay=2.0)
        for number in range(WORDS):
            await slack.say(company.NORA, theirs, f"Nora says {number}")
            await discord.say(company.SAM, ours, f"Sam says {number}")
        for side in (slack, discord):

            async def in_hand(side: Side = side) -> bool:
                return bool((await side.people.call("faults"))["happened"])

            await side.people.until(in_hand, f"{side.name} has a call in hand")

        async with asyncio.timeout(ENDS_WITHIN):
            assert await everything.close_desk() == 0
        assert waits.recv(100) == b"STOPPING=1"
        there = await said(discord, ours, "Nora")
        assert there
        assert len(there) < WORDS  # what was in hand is said, and nothing was begun after it
        for side in (slack, discord):
            await side.people.call("clear_faults")
        await everything.open_desk()
        for side, where, who in ((discord, ours, "Nora"), (slack, theirs, "Sam")):
            await wait_line(side, where, f"{who} says {WORDS - 1}", within=60.0)
            found = await said(side, where, who)
            assert [text.strip()[-1] for text in found] == [str(number) for number in range(WORDS)]
