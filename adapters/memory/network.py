"""What a network keeps and how it fails: people, places, threads, messages, files, and faults on demand.

It outlives the channels that are made for it, as a real network outlives the desk's process.
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal, Protocol

from adapters.port import FileIn, Gone, Profile, Rejected, TokenRefused, Unavailable
from desk.model import AccountRef, MessageRef, PlaceRef, ThreadRef

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence

    from adapters.port import Answer, Asked, ChannelError, Deleted, Edited, Reacted, Said
    from adapters.ui import Action, Author, Card, Command, MenuEntry
    from desk.model import Ref

Call = Literal["open", "say", "edit", "delete", "close", "history", "profile", "read", "pin", "quote"]
"""What the desk asks of a network, one at a time: a post of three messages is three times "say"."""


class Hearing(Protocol):
    """The channel that is connected at present."""

    def told(self, heard: Said | Edited | Deleted | Reacted) -> None:
        """Something was said; nobody waits."""

    async def asked(self, heard: Asked) -> Answer:
        """A person waits for the answer. Raises what the listener raised."""


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file that the network keeps."""

    key: str
    name: str
    media_type: str
    content: bytes


@dataclass(slots=True)
class Line:
    """One message as readers see it. `author` None: the desk's own; `stamp`: the key and number that it was sent by."""

    ref: MessageRef
    author: AccountRef | None
    body: str
    at: datetime
    files: tuple[StoredFile, ...] = ()
    byline: Author | None = None
    mark: str = ""
    card: Card | None = None
    quiet: bool = False
    stamp: tuple[str, int] | None = None
    edited: bool = False
    pinned: bool = False

    @property
    def actions(self) -> tuple[Action, ...]:
        return self.card.actions if self.card else ()


@dataclass(slots=True)
class Room:
    """A thread, in a place or for one person alone; or (`direct`) a person's talk with the bot; or (`top`) what is
    said in a place itself.
    """

    ref: ThreadRef
    title: str
    place: PlaceRef | None
    person: AccountRef | None
    key: str = ""  # that it was opened by
    direct: bool = False
    top: bool = False
    closed: bool = False
    lines: dict[str, Line] = field(default_factory=dict)  # by the message's key, oldest first


@dataclass(slots=True)
class Fault:
    """`times` calls go wrong, after `spared` that still work. `done`: the call was carried out all the same."""

    on: Call
    error: ChannelError
    done: bool
    times: int
    spared: int


def _now() -> datetime:
    return datetime.now(UTC)


class MemoryNetwork:
    """One network's memory. Everything here happens at once; waiting is the channel's and the people's."""

    def __init__(self, name: str, *, clock: Callable[[], datetime] = _now) -> None:
        self.name = name
        self.clock = clock
        self.profiles: dict[str, Profile] = {}
        self.quiet: set[str] = set()  # keys of those who do not want to be disturbed
        self.places: dict[str, str] = {}
        self.rooms: dict[str, Room] = {}
        self.files: dict[str, StoredFile] = {}
        self.closed_to_us: set[str] = set()  # people who take no direct messages
        self.connected_once = False
        self.commands: tuple[Command, ...] = ()
        self.menu: tuple[MenuEntry, ...] = ()
        self.hearing: Hearing | None = None
        self.token_refused = ""  # why, "" where the token is good
        self.up, self.down = asyncio.Event(), asyncio.Event()
        self.up.set()
        self._faults: list[Fault] = []
        self._newest = 0
        self._watchers: set[asyncio.Future[None]] = set()

    # --- what is there ------------------------------------------------------------------------------------------

    def person(self, key: str, name: str, *, locale: str = "", roles: Sequence[str] = ()) -> AccountRef:
        """Somebody joins, or is changed."""
        self.profiles[key] = Profile(name, locale, roles=frozenset({key, *roles}))
        return AccountRef(self.name, key)

    def place(self, key: str, name: str = "") -> PlaceRef:
        """A place where threads can be opened."""
        self.places[key] = name or key
        return PlaceRef(self.name, key)

    def number(self) -> int:
        """Counts everything that happens here, so that keys tell what came first."""
        self._newest += 1
        return self._newest

    def room(self, ref: Ref) -> Room:
        """The thread of a thread's or message's ref. Gone where there is none."""
        room = self.rooms.get(ref.key.partition("/")[0])
        if ref.channel != self.name or room is None:
            raise Gone(f"no thread {ref.key!r} on {self.name}")
        return room

    def line(self, ref: MessageRef) -> Line:
        """The message. Gone where there is none."""
        line = self.room(ref).lines.get(ref.key)
        if line is None:
            raise Gone(f"no message {ref.key!r} on {self.name}")
        return line

    def direct(self, person: AccountRef) -> Room:
        """A person's talk with the bot."""
        key = f"@{person.key}"
        if key not in self.rooms:
            self.rooms[key] = Room(ThreadRef(self.name, key), "", None, person, direct=True)
        return self.rooms[key]

    def top(self, place: PlaceRef) -> Room:
        """A place itself. Gone where there is none."""
        if place.channel != self.name or place.key not in self.places:
            raise Gone(f"{place.key!r} is not there on {self.name}")
        key = f"#{place.key}"
        if key not in self.rooms:
            self.rooms[key] = Room(ThreadRef(self.name, key), self.places[place.key], place, None, top=True)
        return self.rooms[key]

    def open(self, where: PlaceRef | AccountRef, title: str, key: str) -> Room:
        """A new thread. Gone where the place or person is not there."""
        known = self.profiles if isinstance(where, AccountRef) else self.places
        if where.channel != self.name or where.key not in known:
            raise Gone(f"{where.key!r} is not there on {self.name}")
        ref = ThreadRef(self.name, f"t{self.number()}")
        place, person = (None, where) if isinstance(where, AccountRef) else (where, None)
        room = self.rooms[ref.key] = Room(ref, title, place, person, key)
        self.changed()
        return room

    def add(self, room: Room, author: AccountRef | None, body: str, files: tuple[StoredFile, ...] = ()) -> Line:
        """One more message at the thread's end, which takes the thread out again where it was put away."""
        ref = MessageRef(self.name, f"{room.ref.key}/{self.number()}")
        line = room.lines[ref.key] = Line(ref, author, body, self.clock(), files)
        room.closed = False
        self.changed()
        return line

    def store(self, name: str, media_type: str, content: bytes) -> StoredFile:
        """Keep a file; every upload has its own key."""
        file = StoredFile(f"f{self.number()}", name, media_type, content)
        self.files[file.key] = file
        return file

    def file_in(self, file: StoredFile) -> FileIn:
        return FileIn(self.name, file.key, file.name, file.media_type, len(file.content))

    def content(self, file: FileIn) -> bytes:
        """Rejected where it is another network's file, Gone where it is not there any more."""
        if file.channel != self.name:
            raise Rejected(f"a file of {file.channel} is not fetched from {self.name}")
        if file.key not in self.files:
            raise Gone(f"no file {file.key!r} on {self.name}")
        return self.files[file.key].content

    # --- trouble ------------------------------------------------------------------------------------------------

    def fail(self, error: ChannelError, *, on: Call, done: bool = False, times: int = 1, spared: int = 0) -> None:
        """The next such calls go wrong: before anything was done, or (`done`) when all was done but the answer."""
        self._faults.append(Fault(on, error, done, times, spared))

    def offline(self) -> None:
        """The connection is lost: nothing is heard, every call fails. What people say meanwhile is history only."""
        self.up.clear()
        self.down.set()

    def online(self) -> None:
        """The connection can be made again."""
        self.down.clear()
        self.up.set()

    def check_token(self) -> None:
        """TokenRefused where the network does not take ours."""
        if self.token_refused:
            raise TokenRefused(self.token_refused)

    @asynccontextmanager
    async def call(self, on: Call) -> AsyncIterator[None]:
        """One call of the desk's: what is done inside happens at once, and other tasks run before it."""
        await asyncio.sleep(0)
        self.check_token()
        if not self.up.is_set():
            raise Unavailable(f"{self.name} is offline")
        fault = self._pick(on)
        if fault and not fault.done:
            raise fault.error
        yield
        if fault:
            raise fault.error

    def _pick(self, on: Call) -> Fault | None:
        for fault in self._faults:
            if fault.on != on or not fault.times:
                continue
            if fault.spared:
                fault.spared -= 1
                return None
            fault.times -= 1
            return fault
        return None

    # --- watching -----------------------------------------------------------------------------------------------

    def changed(self) -> None:
        """Wakes those who wait in `until`."""
        watchers, self._watchers = self._watchers, set()
        for watcher in watchers:
            if not watcher.done():
                watcher.set_result(None)

    async def until(self, condition: Callable[[], bool]) -> None:
        """Until it is true; looks again after each change here. Waits for ever: the caller has the timeout."""
        while not condition():
            watcher = asyncio.get_running_loop().create_future()
            self._watchers.add(watcher)
            await watcher
