"""Which networks this instance of the desk reaches: what it does not reach is left to the others, if any."""

from __future__ import annotations

import asyncio
import logging
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from adapters.port import Channel
    from desk.ports import Storage

log = logging.getLogger(__name__)

LOOK_EVERY = 2.0  # seconds between two questions to one host
SILENT = 6.0  # seconds without an answer after which a host is not reached
BELIEVED = 10.0  # seconds for which it counts that another instance does not reach a host: it says so at every look
LOST, FOUND = "lost", "found"  # what instances tell each other of a host


class Reach:
    """By host: channels of one host are reached together. An instance that is alone reaches all: there is nobody to
    whom it could leave anything.
    """

    def __init__(self, storage: Storage, channels: Mapping[str, Channel]) -> None:
        self._storage = storage
        self._channels = channels
        self._answered: dict[str, float] = {}  # when each host last said something, by the monotonic clock
        self._lost: set[str] = set()
        self._under_way: dict[str, set[asyncio.Timeout]] = {}
        self._elsewhere: dict[tuple[int, str], float] = {}  # who else does not reach what, and when that was said
        self._then: list[Callable[[], None]] = []
        self._changed = asyncio.Event()

    def when_changed(self, then: Callable[[], None]) -> None:
        self._then.append(then)

    def listen(self) -> None:
        """Begin to hear what the others reach."""
        self._storage.when_told(LOST, self._is_lost_there)
        self._storage.when_told(FOUND, self._is_found_there)

    def _is_lost_there(self, host: str, teller: int) -> None:
        self._elsewhere[teller, host] = time.monotonic()

    def _is_found_there(self, host: str, teller: int) -> None:
        self._elsewhere.pop((teller, host), None)

    def others(self, host: str) -> int:
        """How many other instances reach it, as far as is known."""
        since = time.monotonic() - BELIEVED
        return sum(self._elsewhere.get((other, host), since) <= since for other in self._storage.others())

    def reaches(self, host: str) -> bool:
        return host not in self._lost

    def reaches_channel(self, name: str) -> bool:
        channel = self._channels.get(name)
        return channel is None or self.reaches(channel.host)

    async def until_lost(self) -> None:
        """Until some host is lost that is reached now."""
        known = set(self._lost)
        while self._lost <= known:
            known &= self._lost
            self._changed.clear()
            await self._changed.wait()

    @contextmanager
    def limiting(self, name: str, attempt: asyncio.Timeout) -> Iterator[None]:
        """Within the block the attempt, which asks that channel's host, ends where the host is lost."""
        channel = self._channels.get(name)
        of_host = self._under_way.setdefault(channel.host, set()) if channel else set[asyncio.Timeout]()
        of_host.add(attempt)
        try:
            yield
        finally:
            of_host.discard(attempt)

    async def run(self) -> None:
        """Until cancelled; then everything counts as reached."""
        try:
            while True:
                hosts: dict[str, Channel] = {}
                for channel in list(self._channels.values()):
                    hosts.setdefault(channel.host, channel)
                if self._storage.others():
                    asking = [self._ask(host, channel) for host, channel in hosts.items()]
                    await asyncio.gather(*asking, asyncio.sleep(LOOK_EVERY))
                else:
                    self._answered.clear()
                    for host in list(self._lost):
                        self._found(host)
                    await asyncio.sleep(LOOK_EVERY)
        finally:
            self._answered.clear()
            self._lost.clear()

    async def _ask(self, host: str, channel: Channel) -> None:
        began = time.monotonic()
        known = self._answered.setdefault(host, began)
        if await channel.answers():
            self._answered[host] = time.monotonic()
            if host in self._lost:
                self._found(host)
        elif time.monotonic() - known >= SILENT:
            self._storage.tell(LOST, host)
            if host not in self._lost:
                self._lose(host)

    def _lose(self, host: str) -> None:
        log.warning("%s is not reached from here: it is left to the other instances", host)
        self._lost.add(host)
        for attempt in list(self._under_way.get(host, ())):
            attempt.reschedule(asyncio.get_running_loop().time())
        self._tell()

    def _found(self, host: str) -> None:
        log.warning("%s is reached again", host)
        self._lost.discard(host)
        self._storage.tell(FOUND, host)
        self._tell()

    def _tell(self) -> None:
        self._changed.set()
        for then in self._then:
            then()
