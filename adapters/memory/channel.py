"""The channel port over a network in this process."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any

from adapters.memory.network import MemoryNetwork
from adapters.memory.people import People
from adapters.memory.posting import Posting
from adapters.port import Denied, Gone, Joined, Opened, Reacted, Rejected, Said, TokenRefused, Traits
from desk.model import AccountRef

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Collection, Coroutine, Sequence

    from adapters.port import (
        Answer,
        Asked,
        Deleted,
        Edited,
        FileIn,
        Heard,
        Listener,
        Profile,
        Quote,
        Recall,
    )
    from adapters.ui import Command, MenuEntry, Post
    from desk.model import MessageRef, PlaceRef, ThreadRef

log = logging.getLogger(__name__)

TRAITS = Traits(
    text_limit=2000,
    file_limit=10 * 1024 * 1024,
    files_per_post=10,
    fields_per_form=5,
    choices=25,
    answer_within=3.0,
    search_in_forms=False,
)
"""The narrower of the real networks in everything."""
_CHUNK = 64 * 1024  # bytes


class MemoryChannel:
    """`adapters.port.Channel` in process. Another one for the same network is the desk after a restart.

    `people` is what those on the other side do; `network` is what is kept there, and where faults are asked for.
    `redeliver_after`: seconds before each further delivery of what the listener could not take.
    """

    def __init__(
        self,
        name: str,
        *,
        traits: Traits = TRAITS,
        network: MemoryNetwork | None = None,
        sorry: Callable[[str], str] = lambda _: "That did not work. Please try again.",
        redeliver_after: Sequence[float] = (0.0, 0.01, 0.05),
    ) -> None:
        self._name = name
        self._traits = traits
        self.network = network or MemoryNetwork(name)
        self.people = People(self.network, traits, sorry)
        self._posting = Posting(self.network, traits)
        self._redeliver_after = tuple(redeliver_after)
        self._listener: Listener | None = None
        self._state = "stopped: not started"
        self._lanes: dict[str, asyncio.Task[None]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def name(self) -> str:
        return self._name

    @property
    def traits(self) -> Traits:
        return self._traits

    # --- listening ----------------------------------------------------------------------------------------------

    async def run(self, listener: Listener, commands: Sequence[Command], menu: Sequence[MenuEntry] = ()) -> None:
        self._listener = listener
        try:
            while True:
                self._state = f"connecting: {self._name} is offline"
                await self.network.up.wait()
                self.network.check_token()
                self.network.commands, self.network.menu = tuple(commands), tuple(menu)
                self.network.connected_once = True
                self.network.hearing = self
                self._state = "connected"
                self.network.changed()
                self._start(self._deliver(Joined(self._name), None))
                await self.network.down.wait()
                self.network.hearing = None
        except TokenRefused as error:
            self._state = f"stopped: {error}"
            raise
        except asyncio.CancelledError:
            self._state = "stopped: not listening"
            raise
        finally:
            if self.network.hearing is self:
                self.network.hearing = None
            await self._stop()

    def told(self, heard: Said | Edited | Deleted | Reacted) -> None:
        lane = heard.message.key.partition("/")[0]
        task = self._lanes[lane] = self._start(self._deliver(heard, self._lanes.get(lane)))
        task.add_done_callback(lambda done: self._lanes.pop(lane) if self._lanes.get(lane) is done else None)

    async def asked(self, heard: Asked) -> Answer:
        assert self._listener is not None  # only a channel that runs is asked
        return await self._listener(heard)

    async def _deliver(self, heard: Heard, before: asyncio.Task[None] | None) -> None:
        """After what came before it in the same thread; again where the listener could not take it."""
        if before is not None:
            await asyncio.wait({before})
        assert self._listener is not None  # `run` gave one
        for pause in (*self._redeliver_after, None):
            try:
                answer = await self._listener(heard)
            except Exception:
                log.exception("%s was not handled", type(heard).__name__)
                if pause is not None:
                    await asyncio.sleep(pause)
            else:
                if isinstance(heard, Reacted) or (isinstance(heard, Said) and heard.thread is None):
                    self.people.shown_directly(heard.account, answer)
                return

    def _start(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _stop(self) -> None:
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    # --- saying -------------------------------------------------------------------------------------------------

    async def open_thread(
        self, where: PlaceRef | AccountRef, title: str, first: Post, *, key: str, recall: Recall | None
    ) -> Opened:
        room = self._posting.opened(where, key) if recall is not None else None
        if room is None:
            async with self.network.call("open"):
                room = self.network.open(where, title, key)
        card, *_ = await self._posting.post(room.ref, first, key=key, again=recall is not None)
        return Opened(room.ref, card)

    async def post(self, thread: ThreadRef, post: Post, *, key: str, recall: Recall | None) -> tuple[MessageRef, ...]:
        return await self._posting.post(thread, post, key=key, again=recall is not None)

    async def edit(self, message: MessageRef, post: Post) -> None:
        await self._posting.edit(message, post)

    async def revise(
        self, thread: ThreadRef, parts: Sequence[MessageRef], post: Post, *, key: str, recall: Recall | None
    ) -> tuple[MessageRef, ...]:
        return await self._posting.revise(thread, parts, post, key=key, again=recall is not None)

    async def delete(self, message: MessageRef) -> None:
        async with self.network.call("delete"):
            try:
                line = self.network.line(message)
            except Gone:
                return
            if line.author is not None:
                raise Denied("somebody else's message")
            del self.network.room(message).lines[message.key]
            self.network.changed()

    async def announce(self, place: PlaceRef, post: Post, *, key: str, pin: bool = False) -> MessageRef:
        first, *_ = await self._posting.post(self.network.top(place).ref, post, key=key, again=True)
        if pin:
            async with self.network.call("pin"):
                self.network.line(first).pinned = True
        return first

    async def whisper(
        self, account: AccountRef, post: Post, *, key: str, near: MessageRef | None = None, again: bool = False
    ) -> MessageRef | None:
        del near, again  # as on the narrower of the real networks
        if account.channel != self._name or account.key not in self.network.profiles:
            raise Gone(f"nobody has the id {account.key!r} on {self._name}")
        if account.key in self.network.closed_to_us:
            raise Denied(f"{account.key} takes no direct messages")
        first, *_ = await self._posting.post(self.network.direct(account).ref, post, key=key, again=True)
        return first

    async def quote(self, message: MessageRef) -> Quote:
        async with self.network.call("quote"):
            return self.people.quote(self.network.line(message))

    def link(self, ref: MessageRef | ThreadRef) -> str:
        return f"https://{self._name}.example/{ref.key}" if self.network.connected_once else ""

    async def close_thread(self, thread: ThreadRef, *, closed: bool) -> None:
        async with self.network.call("close"):
            self.network.room(thread).closed = closed
            self.network.changed()

    # --- asking -------------------------------------------------------------------------------------------------

    async def history(self, thread: ThreadRef, after: str) -> AsyncIterator[Said]:
        mark = after.rpartition("/")[2] or "0"
        if not mark.isdigit():
            raise Rejected(f"{after!r} is no message of {self._name}")
        async with self.network.call("history"):
            lines = list(self.network.room(thread).lines.values())
        for line in lines:
            if line.author is not None and int(line.ref.key.rpartition("/")[2]) > int(mark):
                yield self.people.said(line, thread)

    def forget(self, person: str) -> None:
        """Nothing is remembered here."""

    async def members(self, ids: Collection[str]) -> Sequence[AccountRef]:
        async with self.network.call("profile"):
            wanted = frozenset(ids)
            found = (key for key, profile in self.network.profiles.items() if profile.roles & wanted)
            return tuple(AccountRef(self._name, key) for key in found)

    async def not_to_disturb(self, accounts: Sequence[AccountRef]) -> frozenset[AccountRef]:
        async with self.network.call("profile"):
            return frozenset(account for account in accounts if account.key in self.network.quiet)

    async def profile(self, account: AccountRef) -> Profile:
        async with self.network.call("profile"):
            if account.channel != self._name or account.key not in self.network.profiles:
                raise Gone(f"nobody has the id {account.key!r} on {self._name}")
            return self.network.profiles[account.key]

    async def read(self, file: FileIn) -> AsyncIterator[bytes]:
        async with self.network.call("read"):
            content = self.network.content(file)
        for start in range(0, len(content), _CHUNK):
            yield content[start : start + _CHUNK]

    @property
    def host(self) -> str:
        return self._name

    async def answers(self) -> bool:
        return self.network.up.is_set()

    async def is_up_to_date(self) -> bool:
        """What is heard is given to the listener at once."""
        return True

    async def health(self) -> str:
        return self._state

    async def close(self) -> None:
        await self._stop()
