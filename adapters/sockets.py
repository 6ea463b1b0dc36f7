"""Sockets of the networks' HTTP clients: what is given up is taken back, and whether a network says anything at all.

A kernel goes on sending what it has not seen acknowledged, also for a socket that was closed: a message that was given
up because the line was cut would arrive when the line is mended, after another attempt, or another instance of the
desk, has said it again. So a socket that is closed is broken off (RST), and what has not left by then never will.
"""

from __future__ import annotations

import asyncio
import socket
import struct
import sys
from typing import TYPE_CHECKING, Any

import aiohttp

if TYPE_CHECKING:
    from aiohttp.typedefs import StrOrURL

ANSWER_WITHIN = 5.0  # seconds
# l_onoff, l_linger: on, and no time at all (man 7 socket). Windows has shorts there.
_BREAK_OFF = struct.pack("hh" if sys.platform == "win32" else "ii", 1, 0)


def connector() -> aiohttp.TCPConnector:
    """Without a limit of connections: whoever asks bounds what is under way at once."""
    return aiohttp.TCPConnector(limit=0, socket_factory=_made)


def _made(where: tuple[int, int, int, str, tuple[Any, ...]]) -> socket.socket:
    family, kind, protocol, _, _ = where
    made = socket.socket(family, kind, protocol)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _BREAK_OFF)
    return made


async def says_anything(session: aiohttp.ClientSession, url: StrOrURL, *, proxy: str | None = None) -> bool:
    """Whether an answer to this question comes, be it a refusal."""
    try:
        async with asyncio.timeout(ANSWER_WITHIN), session.get(url, proxy=proxy):
            return True
    except (aiohttp.ClientError, TimeoutError, OSError):
        return False
