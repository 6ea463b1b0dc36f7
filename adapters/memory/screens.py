"""What people have on their screens, and nobody else: forms, answers, and whose place an answer takes."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

from adapters.memory.forms import too_large
from adapters.ui import Card, Form, Found, Instead, Invalid

if TYPE_CHECKING:
    from collections.abc import Callable

    from adapters.memory.network import MemoryNetwork
    from adapters.port import Answer, Traits
    from desk.model import AccountRef, MessageRef, ThreadRef

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Sorry:
    """A person who waited was told that it did not work."""

    text: str


Shown = Card | Form | Invalid | Instead | Found | Sorry | None
"""What a person sees in answer, and nobody else."""


@dataclass(slots=True)
class Whisper:
    """What only one person sees; a card may take another's place."""

    shown: Shown


@dataclass(frozen=True, slots=True)
class Stand:
    """Where a card stands that somebody used: a message, or a whisper to them."""

    message: MessageRef | None
    thread: ThreadRef | None
    whisper: Whisper | None = None


class Screens:
    """Forms and answers stay there when the desk starts anew."""

    def __init__(self, network: MemoryNetwork, traits: Traits, sorry: Callable[[str], str]) -> None:
        self._network = network
        self._traits = traits
        self._sorry = sorry
        self.forms: dict[str, Form] = {}  # open, by account key
        self.opened_from: dict[str, Stand | None] = {}
        self.whispers: dict[str, list[Whisper]] = {}  # oldest first

    def show(self, person: AccountRef, answer: Answer | Sorry, stand: Stand | None, *, late: bool) -> Shown:
        form = answer.form if isinstance(answer, Invalid) else answer
        if isinstance(form, Form):
            # A form opens while the person's click is fresh, and not later.
            if (reason := too_large(form, self._traits)) or late:
                log.error("a form could not be opened: %s", reason or "the answer came too late")
                return self.show(person, self.apology(person), None, late=False)
            if form is answer:
                self.opened_from[person.key] = stand
            self.forms[person.key] = form
        elif isinstance(answer, Instead):
            self._replace(person, answer, stand)
        elif answer is not None:
            self.whispers.setdefault(person.key, []).append(Whisper(answer))
        self._network.changed()
        return answer

    def _replace(self, person: AccountRef, answer: Instead, stand: Stand | None) -> None:
        """In the place of the card that was used; where that is everybody's, or there was none, beside it."""
        if stand and stand.whisper:
            stand.whisper.shown = answer.card
        elif stand and stand.message and not self._network.room(stand.message).top:
            self._network.line(stand.message).card = answer.card
        else:
            self.whispers.setdefault(person.key, []).append(Whisper(answer.card))

    def apology(self, person: AccountRef) -> Sorry:
        profile = self._network.profiles.get(person.key)
        return Sorry(self._sorry(profile.locale if profile else ""))
