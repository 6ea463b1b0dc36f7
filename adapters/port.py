"""The channel port: what the desk hears from a network, what it answers, and what it asks a network to do.

None of this is optional. Each channel's tests (`tests/adapters/`) hold it to these promises.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime  # noqa: TC003 - dataclasses are read at run time
from typing import TYPE_CHECKING, Protocol

from adapters.ui import Card, Command, Form, Found, Instead, Invalid, MenuEntry, Post
from desk.model import AccountRef, MessageRef, PlaceRef, ThreadRef  # noqa: TC001 - aliases are evaluated

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


# --- what is heard ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class FileIn:
    """A file somebody sent, not yet fetched. `key` is the adapter's own; `Channel.read` gives the bytes."""

    channel: str
    key: str
    name: str
    media_type: str
    size: int  # bytes, as the network says


@dataclass(frozen=True, slots=True)
class Said:
    """Somebody wrote something, in a thread or (thread None) to the bot directly. Never our own posts.

    `body` is the desk's Markdown, with mentions as readable names; where its author has changed it since (`edited`, in
    histories), the newest.
    """

    account: AccountRef
    thread: ThreadRef | None
    message: MessageRef
    body: str
    at: datetime
    files: tuple[FileIn, ...] = ()
    edited: bool = False
    changed: datetime | None = None  # when it was, by the network's clock, where that says it


@dataclass(frozen=True, slots=True)
class Edited:
    """Somebody changed what they had said. `id` is the same for a redelivery of this edit."""

    id: str
    account: AccountRef
    thread: ThreadRef | None
    message: MessageRef
    body: str
    at: datetime | None = None  # by the network's clock, where that says it: of two edits the newer counts


@dataclass(frozen=True, slots=True)
class Deleted:
    """A message was deleted, by its author or by a moderator."""

    id: str
    thread: ThreadRef | None
    message: MessageRef


@dataclass(frozen=True, slots=True)
class Called:
    """A slash command, with the words typed after it."""

    id: str
    account: AccountRef
    command: str
    words: str
    thread: ThreadRef | None = None  # the thread it was typed in, where the network allows that
    people: tuple[AccountRef, ...] = ()  # those whom the words mention, in order; in the words they are "@name"


@dataclass(frozen=True, slots=True)
class Pressed:
    """A button or choice of one of our cards. `carried` is what a choice carries beside its option's value."""

    id: str
    account: AccountRef
    action: str
    value: str
    thread: ThreadRef | None = None
    message: MessageRef | None = None
    values: tuple[str, ...] = ()  # of a choice of several: all that are chosen now
    carried: str = ""


@dataclass(frozen=True, slots=True)
class Submitted:
    """A form came back. `values`: by field name, of all fields with one value; `several`: MultiChoiceField; `files`:
    FilesField.
    """

    id: str
    account: AccountRef
    form: str
    state: str
    values: Mapping[str, str]
    files: Mapping[str, tuple[FileIn, ...]] = field(default_factory=dict)
    several: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Quote:
    """Somebody's message anywhere that the bot can read, as it is quoted in a ticket."""

    message: MessageRef
    author: AccountRef | None  # None: another bot, or a person who is gone
    name: str  # the author's, plain
    body: str  # the desk's Markdown
    url: str  # where it stands
    at: datetime
    files: tuple[FileIn, ...] = ()
    thread: ThreadRef | None = None  # the thread it stands in, if any


@dataclass(frozen=True, slots=True)
class Shortcut:
    """One of our entries in a message's menu was chosen."""

    id: str
    account: AccountRef
    name: str
    quote: Quote


@dataclass(frozen=True, slots=True)
class Reacted:
    """Somebody put an emoji (a Unicode character; names of a house's own as ":name:") below a message, which
    `Channel.quote` gives.
    """

    id: str
    account: AccountRef
    emoji: str
    message: MessageRef


@dataclass(frozen=True, slots=True)
class HomeOpened:
    """Somebody looks at our home page on the network, where it has one: the answer's card is shown there."""

    id: str
    account: AccountRef


@dataclass(frozen=True, slots=True)
class Sought:
    """Somebody types to find a choice: in a finder (its action), a form's finder (the form, the field in `carried`)
    or after a command ("/name"). Answered by `Found`, at once: it is asked at every few letters.
    """

    id: str
    account: AccountRef
    finder: str
    words: str
    carried: str = ""


@dataclass(frozen=True, slots=True)
class Joined:
    """The network is being heard again after a time in which events may have been missed (start included). `briefly`:
    it delivers them again by itself, but perhaps after newer ones.
    """

    channel: str
    briefly: bool = False


@dataclass(frozen=True, slots=True)
class Changed:
    """Who somebody is has changed, or ("") who is in which group: other instances may remember it otherwise."""

    channel: str
    person: str = ""  # an account's key


Asked = Called | Pressed | Submitted | Shortcut | Reacted | HomeOpened | Sought
Heard = Said | Edited | Deleted | Asked | Joined | Changed
Answer = Card | Form | Invalid | Instead | Found | None
"""Card: to the asker alone. Form: opened at once. Invalid: back with remarks. Instead: in the place of the card that
was pressed. Found: to `Sought` only. None: nothing to say. After `Reacted`, `HomeOpened` and what was said to the bot
directly nobody waits who could be shown a Form: a Card with a button is the answer.
"""

Listener = Callable[[Heard], Awaitable[Answer]]
"""Returns when what was heard is durable. Where it raises, the adapter lets the network deliver again if it can,
and tells a person who waits (a command, a button, a form) that it did not work.
"""


# --- what a network can -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Traits:
    """Networks differ in size, not in kind."""

    text_limit: int  # characters in one message
    file_limit: int  # bytes of one file we may post
    files_per_post: int
    fields_per_form: int
    choices: int  # options of one select
    search_in_forms: bool  # whether a form may hold a FinderField
    answer_within: float  # seconds until a command must have its first answer
    anywhere: bool = False  # of several instances of the desk any may hear what is said next in a thread


@dataclass(frozen=True, slots=True)
class Profile:
    """A person as their network shows them. `roles` are ids of their groups or roles there, their own id included."""

    name: str
    locale: str  # BCP 47, "" where unknown
    avatar: str = ""  # address, "" where none
    roles: frozenset[str] = frozenset()
    bot: bool = False


@dataclass(frozen=True, slots=True)
class Opened:
    """A thread that now exists: `card` is its first message."""

    thread: ThreadRef
    card: MessageRef


@dataclass(frozen=True, slots=True)
class Recall:
    """What a second attempt needs to recognise an earlier one: `after` is the newest message of ours that is surely
    settled in this thread (None: none yet). Given only where an earlier attempt may have succeeded. A thread that is
    opened `instead_of` another is not to be taken for that one.
    """

    after: MessageRef | None
    instead_of: ThreadRef | None = None


class ChannelError(Exception):
    """What a network refused or failed to do. The message is for the log, not for people."""


class Throttled(ChannelError):  # noqa: N818 - named for the state
    """Asked too often: again after `retry_after` seconds."""

    def __init__(self, retry_after: float) -> None:
        super().__init__(f"again after {retry_after:.1f} s")
        self.retry_after = retry_after


class Unavailable(ChannelError):  # noqa: N818 - named for the state
    """No answer, or a server's error: it may or may not have been done. Try again later."""


class Gone(ChannelError):  # noqa: N818 - named for the state
    """The thread, message, place or person is not there any more."""


class Denied(ChannelError):  # noqa: N818 - named for the state
    """We may not do this there."""


class Rejected(ChannelError):  # noqa: N818 - named for the state
    """The network will never take this as it is."""


class TokenRefused(ChannelError):  # noqa: N818 - named for the state
    """The network does not know our token, or an intent or scope is missing: the message says which and the fix."""


class Channel(Protocol):
    """One network. Every method may raise ChannelError, and nothing else that a caller should expect."""

    @property
    def name(self) -> str: ...

    @property
    def traits(self) -> Traits: ...

    async def run(self, listener: Listener, commands: Sequence[Command], menu: Sequence[MenuEntry] = ()) -> None:
        """Listen until cancelled. Reconnects by itself; raises TokenRefused where trying again is of no use.
        Things said in one thread reach the listener in order; different threads do not wait for each other.
        """

    async def open_thread(
        self, where: PlaceRef | AccountRef, title: str, first: Post, *, key: str, recall: Recall | None
    ) -> Opened:
        """A new thread in a place, or for one person alone. `title` starts with the ticket's number ("#42 · …").
        With `recall`, a thread that an earlier attempt with this key opened is found and completed instead.
        """

    async def post(self, thread: ThreadRef, post: Post, *, key: str, recall: Recall | None) -> tuple[MessageRef, ...]:
        """Say it, in as many messages as it takes; gives their refs in order. With `recall`, parts that an earlier
        attempt with this key has posted are recognised and not said again.
        """

    async def edit(self, message: MessageRef, post: Post) -> None:
        """Show the post instead: for cards."""

    async def revise(
        self, thread: ThreadRef, parts: Sequence[MessageRef], post: Post, *, key: str, recall: Recall | None
    ) -> tuple[MessageRef, ...]:
        """Show the post's words instead in the parts of an earlier post; parts come or go with the length.
        Files are left as they are. Gives the refs of all parts.
        """

    async def delete(self, message: MessageRef) -> None:
        """Withdraw it. Nothing happens where it is gone already."""

    async def announce(self, place: PlaceRef, post: Post, *, key: str, pin: bool = False) -> MessageRef:
        """Say it in a place itself, outside any ticket's thread, and pin it there if asked to; gives its first message.
        Asked twice within minutes with the same key, it is said once.
        """

    async def whisper(
        self, account: AccountRef, post: Post, *, key: str, near: MessageRef | None = None, again: bool = False
    ) -> MessageRef | None:
        """To this person alone: near that message where the network can say something there that only they see (which
        cannot be changed later: gives None), else as a direct message, whose ref is given. Denied where they take none.
        `again`: a direct message that an earlier attempt with this key may have said within minutes is not said twice.
        """

    async def quote(self, message: MessageRef) -> Quote:
        """What stands there, read anew. Gone or Denied where it cannot be read."""

    def link(self, ref: MessageRef | ThreadRef) -> str:
        """The address that opens it in the network's client; "" before the channel has been connected once."""

    async def close_thread(self, thread: ThreadRef, *, closed: bool) -> None:
        """Let the thread be put away soon, or take it out again, where the network has the notion. Can be repeated."""

    def history(self, thread: ThreadRef, after: str) -> AsyncIterator[Said]:
        """What people said in the thread after that mark (a message's key; "" = from its start), oldest first."""

    async def profile(self, account: AccountRef) -> Profile:
        """Who it is; kept for some minutes. Gone where the network does not know them."""

    def forget(self, person: str) -> None:
        """Ask anew when it is next needed who that account is, or ("") who is in which group: another instance of the
        desk has heard that it changed.
        """

    async def members(self, ids: Collection[str]) -> Sequence[AccountRef]:
        """Everybody who bears one of these ids, each once: the accounts themselves and the members of groups or roles.
        An id that the network does not know is nobody's.
        """

    async def not_to_disturb(self, accounts: Sequence[AccountRef]) -> frozenset[AccountRef]:
        """Those among them who have asked the network for quiet at this moment; where it does not tell, nobody."""

    def read(self, file: FileIn) -> AsyncIterator[bytes]:
        """The bytes, fetched from the network's own hosts only (Rejected otherwise)."""

    @property
    def host(self) -> str:
        """Where this network's calls go: channels of one host are reached together."""

    async def answers(self) -> bool:
        """Whether the network says anything, be it a refusal, to a question that costs it nothing. Within seconds."""

    async def is_up_to_date(self) -> bool:
        """Whether the listener has been given all that the network had sent to this instance when it was asked. False
        where that cannot be said in a moment, as the line may be cut. It matters where traits say `anywhere`.
        """

    async def health(self) -> str:
        """One word and a reason for people who run the desk: "connected", "connecting: …", "stopped: …"."""

    async def close(self) -> None:
        """Let go of sockets and sessions."""


class Sharded(Protocol):
    """A network that deals out what is heard in shards, each of which is to be heard by one instance of the desk only.

    Saying and asking need no shard. A shard that is heard anew begins with `Joined` for each channel whose events come
    by it, as after any break.
    """

    @property
    def name(self) -> str:
        """For turns and log lines, such as "discord"."""

    @property
    def host(self) -> str:
        """As that of its channels."""

    async def shards(self) -> int:
        """How many there are by config, or else as the network advises now. Waits for the network where it has to be
        asked.
        """

    def divide(self, shards: int) -> None:
        """So many there are for all instances of the desk, whatever the network advises. Nothing is heard now."""

    async def hear(self, shards: Collection[int]) -> None:
        """From now on hear these and no others; returns when those that are let go are silent. Can be called at any
        time, before `Channel.run` too; until the first call a desk hears them all.
        """

    def among(self, instances: int) -> None:
        """So many instances say and ask things: each keeps to its part of the pace that the network allows them all."""
