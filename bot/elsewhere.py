"""What other instances of the desk have heard: put on record there before what was said after it is put on record here.

Slack gives each event to any of an app's sockets, so two messages of one thread may be heard by two instances, of which
the second may be the quicker. Before a word is put on record, every other instance is asked whether an older one of its
thread is in hand there; it answers when none is any more. Who does not answer in time is dead, frozen or cut off: then
the thread's history says what it had heard (docs/adr/0014).
"""

from __future__ import annotations

import asyncio
import logging
import zlib
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from adapters.port import Channel
    from desk.model import ThreadRef
    from desk.ports import Storage

log = logging.getLogger(__name__)

PATIENCE = 1.0  # seconds in which the others are to answer: Slack itself wants its answer within three
ARRIVING = 6  # turns of the loop that a frame takes at most from its socket to `hearing`
AT_ONCE = 250  # words in one question: PostgreSQL's notices hold 8,000 bytes
QUESTION, ANSWER, ALL = "heard?", "heard!", "*"


@dataclass(slots=True, eq=False)
class _Word:
    """Something that is being put on record here."""

    thread: str
    at: int  # microseconds since 1970, as its network says
    ended: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass(slots=True)
class _Asked:
    """What the others are asked of: one word that waits."""

    thread: str
    at: int
    silent: set[int]  # who has not answered yet
    settled: asyncio.Event = field(default_factory=asyncio.Event)

    def answered(self, teller: int) -> None:
        self.silent.discard(teller)
        if not self.silent:
            self.settled.set()


class Elsewhere:
    """One for the whole desk."""

    def __init__(self, storage: Storage, channels: Mapping[str, Channel]) -> None:
        self._storage = storage
        self._channels = channels
        self._looking: asyncio.Task[bool] | None = None  # whether all has come, asked for who came before it began
        self._next_look: asyncio.Task[bool] | None = None
        self._in_hand: dict[str, set[_Word]] = {}
        self._questions: dict[int, list[_Asked]] = {}
        self._next: list[_Asked] = []  # what came up in this moment: one question
        self._count = 0
        self._mute = False
        self._answering: set[asyncio.Task[None]] = set()

    def listen(self) -> None:
        """Begin to hear what the others ask."""
        self._storage.when_told(QUESTION, self._asked)
        self._storage.when_told(ANSWER, self._answered)
        self._mute = False

    def fall_silent(self) -> None:
        """What is in hand here may not come on record any more: the others are to look for themselves."""
        self._mute = True

    @contextmanager
    def hearing(self, ref: ThreadRef, at: datetime) -> Iterator[None]:
        """Around putting a word of this thread on record, from the moment in which it is heard."""
        word = _Word(_mark(ref), _moment(at))
        self._in_hand.setdefault(word.thread, set()).add(word)
        try:
            yield
        finally:
            word.ended.set()
            words = self._in_hand[word.thread]
            words.discard(word)
            if not words:
                del self._in_hand[word.thread]

    async def settled(self, ref: ThreadRef, at: datetime) -> bool:
        """Whether all that others have heard of this thread from before that moment is on record. False where that
        cannot be said.
        """
        others = self._storage.others()
        if not others:
            return True
        if not self._next or len(self._next) >= AT_ONCE:
            self._next = []
            asyncio.get_running_loop().call_soon(self._ask, self._next)
        asked = _Asked(_mark(ref), _moment(at), set(others))
        self._next.append(asked)
        try:
            async with asyncio.timeout(PATIENCE):
                await asked.settled.wait()
        except TimeoutError:
            log.info("%d other instances do not say what they have heard", len(asked.silent))
            return False
        return True

    def _ask(self, question: list[_Asked]) -> None:
        if self._next is question:
            self._next = []
        self._count += 1
        self._questions[self._count] = question
        asyncio.get_running_loop().call_later(PATIENCE, self._questions.pop, self._count, None)
        words = ",".join(f"{asked.thread}:{asked.at:x}" for asked in question)
        self._storage.tell(QUESTION, f"{self._count:x} {words}")

    def _answered(self, words: str, teller: int) -> None:
        asker, number, places = words.split(" ")
        question = self._questions.get(int(number, 16), []) if int(asker, 16) == self._storage.instance() else []
        for asked in question if places == ALL else [question[int(place)] for place in places.split(",") if question]:
            asked.answered(teller)

    def _asked(self, words: str, teller: int) -> None:
        task = asyncio.get_running_loop().create_task(self._answer(words, teller))
        self._answering.add(task)
        task.add_done_callback(self._answering.discard)

    async def _answer(self, words: str, teller: int) -> None:
        """At once for those before which nothing is in hand, and for each other when that is on record. Not at all
        where words may be on their way to us that will not come.
        """
        if not await self._all_here():
            return
        await _arrived()
        number, _, asked = words.partition(" ")
        free, waiting = list[str](), dict[str, tuple[str, int]]()
        for place, one in enumerate(asked.split(",")):
            thread, _, at = one.partition(":")
            moment = int(at, 16)
            if self._older(thread, moment):
                waiting[str(place)] = thread, moment
            else:
                free.append(str(place))
        if free:
            self._tell(f"{teller:x} {number} {','.join(free) if waiting else ALL}")
        later = (self._answer_later(f"{teller:x} {number} {place}", *waiting[place]) for place in waiting)
        await asyncio.gather(*later)

    async def _answer_later(self, answer: str, thread: str, moment: int) -> None:
        """Of those that came one after the other the next begins when the one before has ended."""
        while older := self._older(thread, moment):
            for word in older:
                await word.ended.wait()
            await _arrived()
        self._tell(answer)

    def _older(self, thread: str, moment: int) -> list[_Word]:
        return [word for word in self._in_hand.get(thread, ()) if word.at < moment]

    async def _all_here(self) -> bool:
        """Whether each network has handed over what it had sent us by now. One look answers all who came before it."""
        if self._next_look is None:
            self._next_look = asyncio.get_running_loop().create_task(self._look(self._looking))
        return await asyncio.shield(self._next_look)

    async def _look(self, before: asyncio.Task[bool] | None) -> bool:
        if before is not None:
            await asyncio.wait({before})
        self._looking, self._next_look = self._next_look, None
        channels = [channel for channel in self._channels.values() if channel.traits.anywhere]
        return all(await asyncio.gather(*(channel.is_up_to_date() for channel in channels)))

    def _tell(self, answer: str) -> None:
        if not self._mute:
            self._storage.tell(ANSWER, answer)


async def _arrived() -> None:
    """What is on its way from its socket, or waited for what was said before it in its thread, is in hand now."""
    for _ in range(ARRIVING):
        await asyncio.sleep(0)


def _mark(ref: ThreadRef) -> str:
    """Short, and the same in every instance; that two threads share one now and then does no harm."""
    return f"{zlib.crc32(f'{ref.channel}:{ref.key}'.encode()):x}"


def _moment(at: datetime) -> int:
    return round(at.timestamp() * 1_000_000)
