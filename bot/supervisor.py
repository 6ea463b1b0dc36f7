"""Whoever started the desk and waits to hear that it is ready: systemd, by its socket (sd_notify(3)); else nobody."""

from __future__ import annotations

import os
import socket
from contextlib import suppress


def tell(state: str) -> None:
    """`READY=1` or `STOPPING=1`. Nothing happens where nobody waits, or does not listen any more."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address.startswith(("/", "@")):
        return
    with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line:
        line.connect(f"\0{address[1:]}" if address.startswith("@") else address)
        line.send(state.encode())
