"""What people on the network do: type commands, fill forms, write, press; as their client would let them."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

from adapters.memory.forms import entered, too_large
from adapters.port import Called, Deleted, Edited, Pressed, Said, Submitted
from adapters.ui import Button, Card, Form, Found, Instead, Invalid, Select

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from adapters.memory.forms import Upload
    from adapters.memory.network import Line, MemoryNetwork, Room
    from adapters.port import Answer, Traits
    from adapters.ui import Action
    from desk.model import AccountRef, MessageRef, PlaceRef, ThreadRef

log = logging.getLogger(__name__)


class NotPossible(AssertionError):  # noqa: N818 - it reads as what happened
    """The network would not let this person do that, or what was to be used is not there."""


@dataclass(frozen=True, slots=True)
class Sorry:
    """A person who waited was told that it did not work."""

    text: str


Shown = Card | Form | Invalid | Instead | Found | Sorry | None
"""What a person sees in answer, and nobody else."""


class People:
    """Everybody on one network. Forms and answers stay on their screens when the desk starts anew."""

    def __init__(self, network: MemoryNetwork, traits: Traits, sorry: Callable[[str], str]) -> None:
        self._network = network
        self._traits = traits
        self._sorry = sorry
        self.forms: dict[str, Form] = {}  # open on their screen, by account key
        self.whispers: dict[str, list[Shown]] = {}  # what only they were shown, oldest first

    # --- asking -------------------------------------------------------------------------------------------------

    async def call(self, person: AccountRef, command: str, words: str = "", thread: ThreadRef | None = None) -> Shown:
        """Type `/command words`, in a thread of theirs or elsewhere."""
        if all(known.name != command for known in self._network.commands):
            raise NotPossible(f"/{command} is not a command")
        if thread is not None:
            self._may_see(person, thread)
        return await self._ask(person, Called(self._id(), person, command, words.strip(), thread))

    async def fill(
        self, person: AccountRef, values: Mapping[str, str], files: Mapping[str, Sequence[Upload]] | None = None
    ) -> Shown:
        """Fill the open form and send it. NotPossible, with the client's remarks, where it cannot be sent so. The form
        is closed then, unless it came back with remarks.
        """
        form = self.forms.get(person.key)
        if form is None:
            raise NotPossible(f"{person.key} has no form open")
        typed = entered(form, values, files or {})
        if typed.remarks:
            raise NotPossible(f"the form cannot be sent: {dict(typed.remarks)}")
        kept = {
            name: tuple(self._network.file_in(self._network.store(*upload)) for upload in uploads)
            for name, uploads in typed.uploads.items()
        }
        shown = await self._ask(person, Submitted(self._id(), person, form.form, form.state, typed.values, kept))
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
        for message, action in self._actions(person, where):
            if isinstance(action, Button) and label in action.label:
                heard = Pressed(self._id(), person, action.action, action.value, where, message)
                return await self._ask(person, heard)
        raise NotPossible(f"no button {label!r} in {where}")

    async def choose(self, person: AccountRef, where: ThreadRef | None, option: str) -> Shown:
        """Choose an option, by value or label, of the newest select that has it."""
        for message, action in self._actions(person, where):
            for entry in action.options if isinstance(action, Select) else ():
                if option in (entry.value, entry.label):
                    heard = Pressed(self._id(), person, action.action, entry.value, where, message)
                    return await self._ask(person, heard)
        raise NotPossible(f"no option {option!r} in {where}")

    def _actions(self, person: AccountRef, where: ThreadRef | None) -> list[tuple[MessageRef | None, Action]]:
        if where is not None:
            self._may_see(person, where)
            lines = reversed(self._network.room(where).lines.values())
            return [(line.ref, action) for line in lines for action in line.actions]
        shown = reversed(self.whispers.get(person.key, []))
        return [(None, action) for card in shown if isinstance(card, Card) for action in card.actions]

    async def _ask(self, person: AccountRef, heard: Called | Pressed | Submitted) -> Shown:
        hearing, loop = self._network.hearing, asyncio.get_running_loop()
        began = loop.time()
        answer: Answer | Sorry
        if hearing is None:
            answer = self._apology(person)
        else:
            try:
                answer = await hearing.asked(heard)
            except Exception:
                log.exception("%s was not handled", type(heard).__name__)
                answer = self._apology(person)
        return self._show(person, answer, late=loop.time() - began > self._traits.answer_within)

    def _show(self, person: AccountRef, answer: Answer | Sorry, *, late: bool) -> Shown:
        form = answer.form if isinstance(answer, Invalid) else answer
        if isinstance(form, Form):
            # A form opens while the person's click is fresh, and not later.
            if (reason := too_large(form, self._traits)) or late:
                log.error("a form could not be opened: %s", reason or "the answer came too late")
                return self._show(person, self._apology(person), late=False)
            self.forms[person.key] = form
        elif answer is not None:
            self.whispers.setdefault(person.key, []).append(answer)
        self._network.changed()
        return answer

    def _apology(self, person: AccountRef) -> Sorry:
        profile = self._network.profiles.get(person.key)
        return Sorry(self._sorry(profile.locale if profile else ""))

    def shown_directly(self, person: AccountRef, answer: Answer) -> None:
        """A card in answer to a direct message is a message there."""
        if isinstance(answer, Card):
            self._network.add(self._network.direct(person), None, "").card = answer

    # --- saying -------------------------------------------------------------------------------------------------

    def say(self, person: AccountRef, where: ThreadRef | None, body: str, files: Sequence[Upload] = ()) -> MessageRef:
        """Write in a thread, or (None) to the bot directly. What is said while nobody listens is history only."""
        room = self._may_see(person, where) if where is not None else self._network.direct(person)
        line = self._network.add(room, person, body, tuple(self._network.store(*upload) for upload in files))
        self._tell(self.said(line, where))
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
        return Said(line.author, thread, line.ref, line.body, line.at, files)

    def again(self, heard: Said | Edited | Deleted) -> None:
        """The network delivers it once more, as networks do."""
        self._tell(heard)

    # --- reading ------------------------------------------------------------------------------------------------

    def threads(self, where: PlaceRef | AccountRef) -> list[Room]:
        """The threads in a place, or for one person alone, oldest first."""
        return [room for room in self._network.rooms.values() if where in (room.place, room.person) and not room.direct]

    def read(self, person: AccountRef, where: ThreadRef) -> list[Line]:
        """A thread's messages, oldest first. NotPossible for those who may not see it."""
        return list(self._may_see(person, where).lines.values())

    # ------------------------------------------------------------------------------------------------------------

    def _tell(self, heard: Said | Edited | Deleted) -> None:
        if self._network.hearing is not None:
            self._network.hearing.told(heard)

    def _may_see(self, person: AccountRef, where: ThreadRef) -> Room:
        room = self._network.room(where)
        if person.key not in self._network.profiles or room.person not in (None, person):
            raise NotPossible(f"{person.key} does not see {where.key}")
        return room

    def _own(self, person: AccountRef, message: MessageRef) -> tuple[Room, Line]:
        room, line = self._network.room(message), self._network.line(message)
        if line.author != person:
            raise NotPossible(f"{message.key} is not by {person.key}")
        return room, line

    def _id(self) -> str:
        return f"e{self._network.number()}"
