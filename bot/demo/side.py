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

    async def call(self, person: str, words: str = "") -> str:
        """Type /ticket; gives the title of the form that opens, or the text of the answer."""

    async def fill(self, person: str, values: Mapping[str, str], files: Sequence[dict[str, str]] = ()) -> Filled:
        """Fill the open form and send it."""

    async def clients_thread(self, person: str, number: int) -> Where:
        """The thread of a client's ticket; waits for it."""

    async def agents_thread(self, place: str, number: int) -> Where:
        """The thread of a ticket in the agents' place; waits for it."""

    async def read(self, where: Where) -> list[Line]:
        """A thread's messages, the card first."""

    async def say(self, person: str, where: Where, text: str, files: Sequence[dict[str, str]] = ()) -> str: ...

    async def edit(self, person: str, where: Where, message: str, text: str) -> None: ...

    async def delete(self, person: str, where: Where, message: str) -> None: ...

    async def press(self, person: str, where: Where, label: str) -> str:
        """Press a button whose label holds these words on the newest message that has it; gives what is shown to
        the person alone ("" = nothing).
        """

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
