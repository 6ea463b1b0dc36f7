"""Stretches in which no instance of the desk heard a network of which any of them may hear the next word.

An instance that begins to listen has missed nothing where another has listened all along: the network gave that one
what was said, or gives it again. Where none has, that is noted on record, and one instance reads all histories for all
(docs/adr/0004, 0014).
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from functools import partial
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping
    from datetime import datetime

    from adapters.port import Channel
    from desk.ports import Storage, Transaction

log = logging.getLogger(__name__)

LISTENING, YES = "listening?", "listening!"  # what instances ask each other of a channel, and the answer
NOTED = "missed"  # what they tell each other of a channel that nobody has heard
ASKED_FOR = 1.0  # seconds in which somebody answers who has listened all along
LOOK_EVERY = 60.0  # seconds: words get lost
_MISSED, _MADE_UP = "missed:", "made_up:"  # begin names of marks: when a gap ended, and up to which gap all was read


class Gaps:
    """Those of all channels; `read` reads all live threads of one to their ends."""

    def __init__(
        self, storage: Storage, channels: Mapping[str, Channel], read: Callable[[str], Awaitable[None]]
    ) -> None:
        self._storage = storage
        self._channels = channels
        self._read = read
        self._listening: set[str] = set()  # what was missed of these before is on record
        self._asked: dict[str, asyncio.Event] = {}
        self._answering: set[asyncio.Task[None]] = set()
        self._noted = asyncio.Event()

    def listen(self) -> None:
        """Begin to hear what other instances ask."""
        self._storage.when_told(LISTENING, self._is_asked)
        self._storage.when_told(YES, self._is_answered)
        self._storage.when_told(NOTED, lambda _name, _teller: self._noted.set())

    def may_matter(self, name: str) -> bool:
        """Whether others may have heard that channel in our place."""
        return self._storage.instance() is not None and self._channels[name].traits.anywhere

    def begins(self, name: str) -> None:
        """Whether anything was missed is not known yet."""
        self._listening.discard(name)

    async def note(self, name: str) -> None:
        """We listen from now on: if nobody else has, what was said before is to be read."""
        began = time.monotonic()

        def verb(tx: Transaction) -> None:
            """Of several that begin at once, one: what it noted since we listen is all that we missed, too."""
            noted, listened = tx.mark(_MISSED + name), time.monotonic() - began
            if noted is None or (tx.now - noted).total_seconds() > listened:
                tx.keep_mark(_MISSED + name, tx.now)

        try:
            if not await self._heard_elsewhere(name):
                await self._storage.write(verb)
                self._noted.set()
                self._storage.tell(NOTED, name)  # whose turn it is may be another's
        except Exception:  # the life is over, or the database is gone for good: the next begins anew
            log.exception("it is not known whether anything was missed on %s", name)
        else:
            self._listening.add(name)

    async def _heard_elsewhere(self, name: str) -> bool:
        if not self._storage.others():
            return False
        answered = self._asked[name] = asyncio.Event()
        self._storage.tell(LISTENING, name)
        try:
            async with asyncio.timeout(ASKED_FOR):
                await answered.wait()
        except TimeoutError:
            return False
        return True

    def _is_asked(self, name: str, _teller: int) -> None:
        task = asyncio.get_running_loop().create_task(self._answer(name))
        self._answering.add(task)
        task.add_done_callback(self._answering.discard)

    async def _answer(self, name: str) -> None:
        channel = self._channels.get(name)
        if channel is None or name not in self._listening or await channel.health() != "connected":
            return
        if await channel.is_up_to_date() and name in self._listening:
            self._storage.tell(YES, name)

    def _is_answered(self, name: str, _teller: int) -> None:
        if (asked := self._asked.get(name)) is not None:
            asked.set()

    async def make_up(self) -> None:
        """Read what nobody has heard, for all instances. Until cancelled; whoever has the turn next begins anew with
        what was not read to its end.
        """
        making: dict[str, asyncio.Task[None]] = {}
        try:
            while True:
                self._noted.clear()
                for name in [name for name in self._channels if self.may_matter(name)]:
                    if (at := making.get(name)) is None or at.done():
                        making[name] = asyncio.create_task(self._make_up(name))
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(LOOK_EVERY):
                        await self._noted.wait()
        finally:
            for task in making.values():
                task.cancel()
            await asyncio.gather(*making.values(), return_exceptions=True)

    async def _make_up(self, name: str) -> None:
        while True:
            missed, made_up = await self._storage.read(lambda tx: (tx.mark(_MISSED + name), tx.mark(_MADE_UP + name)))
            if missed is None or (made_up is not None and made_up >= missed):
                return
            log.info("reading what nobody has heard on %s", name)
            await self._read(name)
            await self._storage.write(partial(_keep, _MADE_UP + name, missed))


def _keep(mark: str, at: datetime, tx: Transaction) -> None:
    tx.keep_mark(mark, at)
