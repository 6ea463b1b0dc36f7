"""One network as its people see and use it: the same acts on both, so that a story is told once."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from sandbox.control import People


class NotPossible(AssertionError):  # noqa: N818 - it reads as what happened
    """The network would not let this person do that, or what was to be used is not there."""


@dataclass(frozen=True, slots=True)
class Line:
    """One message as a reader sees it."""

    id: str
    author: str  # an account's id
    text: str
    buttons: tuple[str, ...] = ()
    files: tuple[str, ...] = ()  # names
    edited: bool = False
    menus: tuple[str, ...] = ()  # what heads each choice and finder


@dataclass(frozen=True, slots=True)
class Where:
    """A thread to look at: its channel there, and on Slack the root's ts."""

    channel: str
    root: str = ""


@dataclass(frozen=True, slots=True)
class Filled:
    """What became of a form: `ok`, or remarks by field name (on Discord: all in one text)."""

    ok: bool
    remarks: Mapping[str, str] = field(default_factory=dict)


class Side(Protocol):
    """A network's people."""

    name: str
    people: People
    bot: str

    def mention(self, person: str) -> str:
        """How this person is mentioned in what somebody types."""

    async def call(self, person: str, words: str = "", *, command: str = "ticket") -> str:
        """Type /ticket, or another command; gives the title of the form that opens, or the text of the answer."""

    async def fill(
        self, person: str, values: Mapping[str, str | Sequence[str]], files: Sequence[dict[str, str]] = ()
    ) -> Filled:
        """Fill the open form and send it: by field name, a text, an option's value, several of them, an account's id,
        a day as YYYY-MM-DD; in a finder, words of which the first match is taken.
        """

    async def clients_thread(self, person: str, number: int) -> Where:
        """The thread of a client's ticket; waits for it."""

    async def agents_thread(self, place: str, number: int) -> Where:
        """The thread of a ticket in the agents' place; waits for it."""

    async def direct(self, person: str) -> Where:
        """The person's direct messages with the bot."""

    async def home(self, person: str) -> Where:
        """Open the bot's home page; it is read and pressed like a thread of one message. NotPossible where the network
        has none.
        """

    async def read(self, where: Where) -> list[Line]:
        """A thread's messages, the card first."""

    async def whispers(self, person: str) -> list[Line]:
        """What is shown to this person alone now, outside direct messages; the oldest first."""

    async def say(self, person: str, where: Where, text: str, files: Sequence[dict[str, str]] = ()) -> str: ...

    async def edit(self, person: str, where: Where, message: str, text: str) -> None: ...

    async def delete(self, person: str, where: Where, message: str) -> None: ...

    async def press(self, person: str, where: Where, label: str) -> str:
        """Press a button whose label holds these words on the newest message that has it, whispers among them; gives
        what is then shown to the person alone: a form's title or an answer's text, also of a card that changed in its
        place where that is theirs alone ("" = nothing).
        """

    async def choose(self, person: str, where: Where, label: str, option: str) -> str:
        """Choose the option whose label holds these words in the menu whose placeholder holds that label; found and
        answered as `press` is.
        """

    async def choose_several(self, person: str, where: Where, label: str, options: Sequence[str]) -> str:
        """The same in a menu of which several can be chosen: exactly these are chosen afterwards."""

    async def find(self, person: str, where: Where, label: str, words: str) -> list[str]:
        """Type words into a finder whose placeholder holds that label; gives the matches' labels, the best first."""

    async def pick(self, person: str, where: Where, label: str, words: str, option: str) -> str:
        """The same, and choose the match whose label holds the words of `option`; answered as `press` is."""

    async def react(self, person: str, where: Where, message: str, emoji: str) -> None:
        """Put an emoji (a character) below a message; `where` may be a place: Where(channel)."""

    async def shortcut(self, person: str, where: Where, message: str, label: str) -> str:
        """Choose the entry whose label holds these words in a message's menu; answered as `press` is."""

    async def file(self, where: Where, name: str) -> bytes:
        """The bytes of a file in a thread."""


async def wait_line(side: Side, where: Where, words: str, *, within: float = 10.0) -> Line:
    """The message in a thread that holds these words; waits for it."""
    return await wait_for(side, where, lambda line: words in line.text, f"{words!r} in {where}", within=within)


async def wait_for(
    side: Side, where: Where, wanted: Callable[[Line], bool], what: str, *, within: float = 10.0
) -> Line:
    """The first message of which this is true; waits for it."""

    async def look() -> Line | None:
        return next((line for line in await side.read(where) if wanted(line)), None)

    found: Line = await side.people.until(look, what, within=within)
    return found


def worked(answer: Any) -> Any:
    """The control interface's answer, where the network let the person do it."""
    if isinstance(answer, dict) and answer.get("ok") is False:
        raise NotPossible(str(answer.get("error") or answer))
    return answer
