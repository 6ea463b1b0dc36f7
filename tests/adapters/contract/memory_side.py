"""The memory network's people as `bot.demo.side.Side` has them, so that one story is told on every network."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

from adapters.memory import NotPossible as Refused
from adapters.port import Gone
from adapters.ui import Button, Card, Form, Instead, Invalid
from bot.demo.side import Filled, Line, NotPossible, Where
from desk.model import AccountRef, MessageRef, PlaceRef, ThreadRef

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from adapters.memory import MemoryChannel
    from adapters.memory.network import Line as Kept
    from adapters.ui import Action

WHISPERS = Where("the person's own screen")
OUR = "the desk"


class MemoryPeople:
    """Waits as `sandbox.control.People` does."""

    def __init__(self, side: MemorySide) -> None:
        self._side = side

    async def until(self, look: Callable[[], Awaitable[Any]], what: str, *, within: float = 10.0) -> Any:
        """The first true value that `look` gives, after each change of the network."""
        import asyncio

        network = self._side.channel.network
        async with asyncio.timeout(within):
            while not (found := await look()):
                changed = asyncio.get_running_loop().create_future()
                network._watchers.add(changed)
                await changed
        return found


class MemorySide:
    """`Where.channel` is a thread's key; "#place" is a place itself, "@person" their talk with the bot."""

    bot = OUR

    def __init__(self, channel: MemoryChannel) -> None:
        self.channel = channel
        self.name = channel.name
        self.people: Any = MemoryPeople(self)

    def mention(self, person: str) -> str:
        return f"<@{person}>"

    async def call(self, person: str, words: str = "", *, command: str = "ticket") -> str:
        return self._text(await self.channel.people.call(self._who(person), command, words))

    async def fill(
        self, person: str, values: Mapping[str, str | Sequence[str]], files: Sequence[dict[str, str]] = ()
    ) -> Filled:
        uploads = {"files": [_upload(file) for file in files]} if files else {}
        try:
            shown = await self.channel.people.fill(self._who(person), values, uploads)
        except Refused as error:
            return Filled(ok=False, remarks={"": str(error)})
        return Filled(ok=False, remarks=shown.remarks) if isinstance(shown, Invalid) else Filled(ok=True)

    async def direct(self, person: str) -> Where:
        return Where(f"@{person}")

    async def home(self, person: str) -> Where:
        raise NotPossible(f"no home page for {person}")

    async def read(self, where: Where) -> list[Line]:
        room = self.channel.network.rooms.get(where.channel)
        return [_line(line) for line in room.lines.values()] if room else []

    async def whispers(self, person: str) -> list[Line]:
        shown = self.channel.people.whispers(self._who(person))
        lines = []
        for number, what in enumerate(shown):
            actions = what.actions if isinstance(what, Card) else ()
            lines.append(Line(str(number), OUR, self._text(what), _buttons(actions), menus=_menus(actions)))
        return lines

    async def say(self, person: str, where: Where, text: str, files: Sequence[dict[str, str]] = ()) -> str:
        at: ThreadRef | PlaceRef | None = ThreadRef(self.name, where.channel)
        if where.channel.startswith("@"):
            at = None
        elif where.channel.startswith("#"):
            at = PlaceRef(self.name, where.channel[1:])
        return self.channel.people.say(self._who(person), at, text, [_upload(file) for file in files]).key

    async def edit(self, person: str, where: Where, message: str, text: str) -> None:
        self.channel.people.edit(self._who(person), MessageRef(self.name, message), text)

    async def delete(self, person: str, where: Where, message: str) -> None:
        self.channel.people.delete(self._who(person), MessageRef(self.name, message))

    async def press(self, person: str, where: Where, label: str) -> str:
        return await self._used(person, where, lambda at: self.channel.people.press(self._who(person), at, label))

    async def choose(self, person: str, where: Where, label: str, option: str) -> str:
        return await self._used(person, where, lambda at: self.channel.people.choose(self._who(person), at, option))

    async def choose_several(self, person: str, where: Where, label: str, options: Sequence[str]) -> str:
        choose = self.channel.people.choose_several
        return await self._used(person, where, lambda at: choose(self._who(person), at, label, options))

    async def find(self, person: str, where: Where, label: str, words: str) -> list[str]:
        for at in (None, ThreadRef(self.name, where.channel)):
            try:
                found = await self.channel.people.find(self._who(person), at, label, words)
            except (Refused, Gone):
                continue
            return [option.label for option in found]
        raise NotPossible(f"no finder {label!r} in {where}")

    async def pick(self, person: str, where: Where, label: str, words: str, option: str) -> str:
        pick = self.channel.people.pick
        return await self._used(person, where, lambda at: pick(self._who(person), at, label, words, option))

    async def react(self, person: str, where: Where, message: str, emoji: str) -> None:
        self.channel.people.react(self._who(person), MessageRef(self.name, message), emoji)

    async def shortcut(self, person: str, where: Where, message: str, label: str) -> str:
        ref = MessageRef(self.name, message)
        return self._text(await self.channel.people.shortcut(self._who(person), ref, label))

    async def file(self, where: Where, name: str) -> bytes:
        for line in self.channel.network.rooms[where.channel].lines.values():
            for file in line.files:
                if file.name == name:
                    return file.content
        raise NotPossible(f"no file {name!r} in {where}")

    async def _used(self, person: str, where: Where, use: Callable[[ThreadRef | None], Awaitable[Any]]) -> str:
        """On what only they are shown, else in the thread."""
        try:
            shown = await use(None)
        except Refused:
            try:
                shown = await use(ThreadRef(self.name, where.channel))
            except (Refused, Gone) as error:
                raise NotPossible(str(error)) from error
            if isinstance(shown, Instead) and not where.channel.startswith("#"):
                return ""  # for all to see
        return self._text(shown)

    def _who(self, person: str) -> AccountRef:
        return AccountRef(self.name, person)

    def _text(self, shown: Any) -> str:
        match shown:
            case Form():
                return shown.title
            case Card():
                return _card(shown)
            case Instead():
                return _card(shown.card)
            case None:
                return ""
            case _:
                return str(getattr(shown, "text", shown))


def _line(line: Kept) -> Line:
    author = line.author.key if line.author else OUR
    head = " · ".join(filter(None, (line.byline.name, line.byline.side, line.mark))) if line.byline else line.mark
    text = "\n".join(filter(None, (head, line.body, _card(line.card) if line.card else "")))
    files = tuple(file.name for file in line.files)
    buttons, menus = _buttons(line.actions), _menus(line.actions)
    return Line(line.ref.key, author, text, buttons, files, edited=line.edited, menus=menus)


def _buttons(actions: Sequence[Action]) -> tuple[str, ...]:
    return tuple(action.label for action in actions if isinstance(action, Button))


def _menus(actions: Sequence[Action]) -> tuple[str, ...]:
    return tuple(action.placeholder for action in actions if not isinstance(action, Button))


def _card(card: Card) -> str:
    facts = [f"{fact.label}: {fact.value}" for fact in card.facts]
    rows = [f"{row.title}\n{row.detail}" for row in card.rows]
    sections = [f"{section.title}: {section.body}" for section in card.sections]
    return "\n".join(filter(None, (card.title, card.body, *facts, *sections, *rows, card.footer)))


def _upload(file: Mapping[str, str]) -> tuple[str, str, bytes]:
    return file["name"], file["content_type"], base64.b64decode(file["data_base64"])
