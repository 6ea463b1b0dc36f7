"""What people on the network do: type commands, fill forms, write, press; as their client would let them."""

from __future__ import annotations

import asyncio
import logging
import re
from typing import TYPE_CHECKING

from adapters.memory.forms import entered
from adapters.memory.screens import Screens, Shown, Sorry, Stand
from adapters.port import Called, Deleted, Edited, Pressed, Quote, Reacted, Said, Shortcut, Sought, Submitted
from adapters.ui import Button, Card, Finder, Form, Found, Instead, Invalid, MultiSelect, Select
from desk.model import AccountRef, PlaceRef

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from adapters.memory.forms import Upload
    from adapters.memory.network import Line, MemoryNetwork, Room
    from adapters.port import Answer, Asked, Traits
    from adapters.ui import Action, Option
    from desk.model import MessageRef, ThreadRef

log = logging.getLogger(__name__)

OUR_NAME = "The desk"  # as the network shows us
_MENTION = re.compile(r"<@([^>\s]+)>")


class NotPossible(AssertionError):  # noqa: N818 - it reads as what happened
    """The network would not let this person do that, or what was to be used is not there."""


class People:
    """Everybody on one network. `forms`: those that are open on their screens, by account key."""

    def __init__(self, network: MemoryNetwork, traits: Traits, sorry: Callable[[str], str]) -> None:
        self._network = network
        self._traits = traits
        self._screens = Screens(network, traits, sorry)
        self.forms = self._screens.forms

    def whispers(self, person: AccountRef) -> list[Shown]:
        """What only they are shown, oldest first."""
        return [whisper.shown for whisper in self._screens.whispers.get(person.key, ())]

    # --- asking -------------------------------------------------------------------------------------------------

    async def call(self, person: AccountRef, command: str, words: str = "", thread: ThreadRef | None = None) -> Shown:
        """Type `/command words`, in a thread of theirs or elsewhere; "<@key>" mentions somebody."""
        if all(known.name != command for known in self._network.commands):
            raise NotPossible(f"/{command} is not a command")
        if thread is not None:
            self._may_see(person, thread)
        mentioned = tuple(AccountRef(self._network.name, key) for key in dict.fromkeys(_MENTION.findall(words)))
        words = _MENTION.sub(lambda found: f"@{self._name(found[1])}", words.strip())
        return await self._ask(person, Called(self._id(), person, command, words, thread, mentioned))

    async def suggestions(self, person: AccountRef, command: str, words: str) -> list[Option]:
        """What is offered while the words after a command are typed."""
        if all(known.name != command or not known.suggests for known in self._network.commands):
            raise NotPossible(f"/{command} suggests nothing")
        return await self._found(person, Sought(self._id(), person, f"/{command}", words))

    async def fill(
        self,
        person: AccountRef,
        values: Mapping[str, str | Sequence[str]],
        files: Mapping[str, Sequence[Upload]] | None = None,
    ) -> Shown:
        """Fill the open form and send it. NotPossible, with the client's remarks, where it cannot be sent so. The form
        is closed then, unless it came back with remarks.
        """
        form = self.forms.get(person.key)
        if form is None:
            raise NotPossible(f"{person.key} has no form open")
        typed = entered(form, values, files or {}, self._network.profiles)
        if typed.remarks:
            raise NotPossible(f"the form cannot be sent: {dict(typed.remarks)}")
        kept = {
            name: tuple(self._network.file_in(self._network.store(*upload)) for upload in uploads)
            for name, uploads in typed.uploads.items()
        }
        heard = Submitted(self._id(), person, form.form, form.state, typed.values, kept, typed.several)
        shown = await self._ask(person, heard, self._screens.opened_from.get(person.key))
        match shown:
            case Invalid() | Form():
                pass  # the same form again, or the next one
            case Sorry():
                pass  # it stays open with all that was typed
            case _:
                del self.forms[person.key]
        return shown

    async def press(self, person: AccountRef, where: ThreadRef | None, label: str) -> Shown:
        """Press the newest button whose label holds these words, in a thread or (None) on what only they were shown."""
        for stand, action in self._actions(person, where):
            if isinstance(action, Button) and label in action.label:
                return await self._use(person, stand, action.action, action.value)
        raise NotPossible(f"no button {label!r} in {where}")

    async def choose(self, person: AccountRef, where: ThreadRef | None, option: str) -> Shown:
        """Choose an option, by value or label, of the newest select that has it."""
        for stand, action in self._actions(person, where):
            if not isinstance(action, Select):
                continue
            for entry in action.options:
                if option in (entry.value, entry.label):
                    return await self._use(person, stand, action.action, entry.value, carried=action.carries)
        raise NotPossible(f"no option {option!r} in {where}")

    async def choose_several(
        self, person: AccountRef, where: ThreadRef | None, label: str, options: Sequence[str]
    ) -> Shown:
        """Choose just these, by value or label, of the newest select of several whose placeholder holds that label."""
        for stand, action in self._actions(person, where):
            if isinstance(action, MultiSelect) and label in action.placeholder:
                chosen = tuple(entry.value for entry in action.options if {entry.value, entry.label} & set(options))
                if len(chosen) != len(options):
                    raise NotPossible(f"not all of {options} are options")
                return await self._use(person, stand, action.action, "", values=chosen, carried=action.carries)
        raise NotPossible(f"no choice of several {label!r} in {where}")

    async def find(self, person: AccountRef, where: ThreadRef | None, label: str, words: str) -> list[Option]:
        """Type words into the newest finder whose placeholder holds that label; gives the matches, the best first."""
        _, finder = self._finder(person, where, label)
        return await self._found(person, Sought(self._id(), person, finder.action, words, finder.carries))

    async def pick(self, person: AccountRef, where: ThreadRef | None, label: str, words: str, option: str) -> Shown:
        """The same, and choose the match of that value or label."""
        stand, finder = self._finder(person, where, label)
        for entry in await self.find(person, where, label, words):
            if option in (entry.value, entry.label):
                return await self._use(person, stand, finder.action, entry.value, carried=finder.carries)
        raise NotPossible(f"{option!r} is not found by {words!r}")

    async def shortcut(self, person: AccountRef, message: MessageRef, label: str) -> Shown:
        """Choose the entry whose label holds these words in a message's menu."""
        line = self._seen(person, message)
        name = next((e.name for e in self._network.menu if any(label in text for text in e.label.values())), None)
        if name is None:
            raise NotPossible(f"no entry {label!r} in messages' menus")
        return await self._ask(person, Shortcut(self._id(), person, name, self.quote(line)))

    def react(self, person: AccountRef, message: MessageRef, emoji: str) -> None:
        """Put an emoji below a message."""
        self._seen(person, message)
        self._tell(Reacted(f"{message.key}/{person.key}/{emoji}", person, emoji, message))

    def quote(self, line: Line) -> Quote:
        """A message as it is quoted."""
        room = self._network.room(line.ref)
        author = line.author if line.author and line.author.key in self._network.profiles else None
        return Quote(
            line.ref,
            author,
            self._name(line.author.key) if line.author else OUR_NAME,
            line.body,
            f"https://{self._network.name}.example/{line.ref.key}",
            line.at,
            tuple(map(self._network.file_in, line.files)),
            None if room.direct or room.top else room.ref,
        )

    def _name(self, key: str) -> str:
        profile = self._network.profiles.get(key)
        return profile.name if profile else key

    def _finder(self, person: AccountRef, where: ThreadRef | None, label: str) -> tuple[Stand, Finder]:
        for stand, action in self._actions(person, where):
            if isinstance(action, Finder) and label in action.placeholder:
                return stand, action
        raise NotPossible(f"no finder {label!r} in {where}")

    def _actions(self, person: AccountRef, where: ThreadRef | None) -> list[tuple[Stand, Action]]:
        """Of the newest card first."""
        if where is not None:
            room = self._may_see(person, where)
            thread = None if room.direct or room.top else where
            lines = reversed(room.lines.values())
            return [(Stand(line.ref, thread), action) for line in lines for action in line.actions]
        return [
            (Stand(None, None, whisper), action)
            for whisper in reversed(self._screens.whispers.get(person.key, []))
            if isinstance(whisper.shown, Card)
            for action in whisper.shown.actions
        ]

    async def _use(
        self,
        person: AccountRef,
        stand: Stand,
        action: str,
        value: str,
        *,
        values: tuple[str, ...] = (),
        carried: str = "",
    ) -> Shown:
        heard = Pressed(self._id(), person, action, value, stand.thread, stand.message, values, carried)
        return await self._ask(person, heard, stand)

    async def _found(self, person: AccountRef, heard: Sought) -> list[Option]:
        """Nothing where the search failed: a person who types sees no errors."""
        answer, _ = await self._answer(person, heard)
        return list(answer.options) if isinstance(answer, Found) else []

    async def _ask(self, person: AccountRef, heard: Asked, stand: Stand | None = None) -> Shown:
        answer, late = await self._answer(person, heard)
        return self._screens.show(person, answer, stand, late=late)

    async def _answer(self, person: AccountRef, heard: Asked) -> tuple[Answer | Sorry, bool]:
        """The listener's answer, or an apology; and whether it came too late for a form."""
        hearing, loop = self._network.hearing, asyncio.get_running_loop()
        began = loop.time()
        answer: Answer | Sorry
        if hearing is None:
            answer = self._screens.apology(person)
        else:
            try:
                answer = await hearing.asked(heard)
            except Exception:
                log.exception("%s was not handled", type(heard).__name__)
                answer = self._screens.apology(person)
        return answer, loop.time() - began > self._traits.answer_within

    def shown_directly(self, person: AccountRef, answer: Answer) -> None:
        """A card in answer to a direct message or a reaction is a direct message."""
        card = answer.card if isinstance(answer, Instead) else answer
        if isinstance(card, Card):
            self._network.add(self._network.direct(person), None, "").card = card

    # --- saying -------------------------------------------------------------------------------------------------

    def say(
        self, person: AccountRef, where: ThreadRef | PlaceRef | None, body: str, files: Sequence[Upload] = ()
    ) -> MessageRef:
        """Write in a thread, in a place itself (which is not heard), or (None) to the bot directly. What is said while
        nobody listens is history only.
        """
        if isinstance(where, PlaceRef):
            room = self._network.top(where)
        else:
            room = self._may_see(person, where) if where is not None else self._network.direct(person)
        line = self._network.add(room, person, body, tuple(self._network.store(*upload) for upload in files))
        if not room.top:
            self._tell(self.said(line, None if room.direct else room.ref))
        return line.ref

    def edit(self, person: AccountRef, message: MessageRef, body: str) -> None:
        """Change one's own words."""
        room, line = self._own(person, message)
        line.body, line.edited = body, True
        self._network.changed()
        self._tell(Edited(self._id(), person, None if room.direct else room.ref, message, body))

    def delete(self, person: AccountRef, message: MessageRef) -> None:
        """Take back one's own words."""
        room, _ = self._own(person, message)
        del room.lines[message.key]
        self._network.changed()
        self._tell(Deleted(self._id(), None if room.direct else room.ref, message))

    def said(self, line: Line, thread: ThreadRef | None) -> Said:
        """A person's message as the desk hears it."""
        assert line.author is not None  # our own are never heard
        files = tuple(map(self._network.file_in, line.files))
        return Said(line.author, thread, line.ref, line.body, line.at, files, line.edited)

    def again(self, heard: Said | Edited | Deleted) -> None:
        """The network delivers it once more, as networks do."""
        self._tell(heard)

    # --- reading ------------------------------------------------------------------------------------------------

    def threads(self, where: PlaceRef | AccountRef) -> list[Room]:
        """The threads in a place, or for one person alone, oldest first."""
        return [
            room
            for room in self._network.rooms.values()
            if where in (room.place, room.person) and not (room.direct or room.top)
        ]

    def read(self, person: AccountRef, where: ThreadRef) -> list[Line]:
        """A thread's messages, oldest first. NotPossible for those who may not see it."""
        return list(self._may_see(person, where).lines.values())

    # ------------------------------------------------------------------------------------------------------------

    def _tell(self, heard: Said | Edited | Deleted | Reacted) -> None:
        if self._network.hearing is not None:
            self._network.hearing.told(heard)

    def _may_see(self, person: AccountRef, where: ThreadRef) -> Room:
        room = self._network.room(where)
        if person.key not in self._network.profiles or room.person not in (None, person):
            raise NotPossible(f"{person.key} does not see {where.key}")
        return room

    def _seen(self, person: AccountRef, message: MessageRef) -> Line:
        self._may_see(person, self._network.room(message).ref)
        return self._network.line(message)

    def _own(self, person: AccountRef, message: MessageRef) -> tuple[Room, Line]:
        room, line = self._network.room(message), self._network.line(message)
        if line.author != person:
            raise NotPossible(f"{message.key} is not by {person.key}")
        return room, line

    def _id(self) -> str:
        return f"e{self._network.number()}"
