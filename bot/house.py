"""What every command and the relay work with: storage, catalogue, words, channels; and who is asking."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import lru_cache
from typing import TYPE_CHECKING

from bot.gauges import Gauges
from desk.access import sight
from desk.errors import DeskError
from desk.model import Person, Role
from desk.nudging import Nudges
from desk.text import cut, one_line
from desk.verbs import Actor

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

    from adapters.port import Channel, Profile
    from bot.keeper import Keeper
    from bot.words import Library, Words
    from desk.access import Access, Sight
    from desk.catalogue import Catalogue
    from desk.figures import Terms
    from desk.lifecycle import Lifecycle
    from desk.model import AccountRef, Agent
    from desk.ports import Blobs, Storage, Transaction

REMEMBERED = 5_000  # people whose roles were worked out
LANGUAGES = "languages"  # what instances tell each other when somebody chose one
NAME_LIMIT = 80  # characters of a person's name: Discord's own limit is 32, Slack's 80


@dataclass(slots=True)
class Rules:
    """What config.toml says of tickets and people: replaced as a whole when the file changes."""

    catalogue: Catalogue
    access: Access
    terms: Terms
    lifecycle: Lifecycle
    nudges: Nudges = field(default_factory=Nudges)


@dataclass(frozen=True, slots=True)
class House:
    """The desk's parts, put together by `bot/app.py` and by nobody else."""

    storage: Storage
    blobs: Blobs
    rules: Rules
    library: Library
    file_limit: int  # bytes of one attachment that is kept
    old_after: timedelta = timedelta(days=7)  # without anything happening, a ticket is marked as old
    tickets_a_minute: int = 0  # that one client may open; 0: any number
    name: str = "Helpthread"  # what people call the desk
    channels: Mapping[str, Channel] = field(default_factory=dict)
    keeper: Keeper | None = None  # of the backups; None where there are no destinations
    chosen: dict[AccountRef, str] = field(default_factory=dict)  # languages that people chose (see `learn_languages`)
    wake: Callable[[], None] = lambda: None  # tells the relay that something may be owed
    touched: Callable[[int], None] = lambda _number: None  # somebody had the last word in this ticket
    leftovers: Sequence[tuple[Path, str]] = ()  # folders and patterns of older copies of the database on this machine
    installed: set[str] = field(default_factory=set)  # networks that have come by themselves
    gauges: Gauges = field(default_factory=Gauges)
    _askers: dict[AccountRef, tuple[Access, Asker]] = field(default_factory=dict, init=False)  # with by whose rules

    @property
    def catalogue(self) -> Catalogue:
        """As it is now: take it once for one answer."""
        return self.rules.catalogue

    @property
    def access(self) -> Access:
        """As it is now."""
        return self.rules.access

    @property
    def terms(self) -> Terms:
        """As they are now."""
        return self.rules.terms

    def offered(self, asker: Asker) -> Catalogue:
        """The catalogue as it is now, with the departments to which the asker's network brings tickets. DeskError where
        there are none.
        """
        catalogue = self.catalogue.on(asker.account.channel)
        if not catalogue.departments:
            raise DeskError("no_departments")
        return catalogue

    async def asker(self, account: AccountRef) -> Asker:
        """Who it is, in which role and language. ChannelError where the network does not say."""
        profile, access = await self.channels[account.channel].profile(account), self.access
        locale = self.chosen.get(account) or profile.locale
        known = self._askers.get(account)
        if known is not None and known[0] is access and known[1].locale == locale and known[1].profile == profile:
            return known[1]  # somebody who talks is asked after with each word
        role = access.role(account.channel, profile.roles)
        departments = access.departments_of(account.channel, profile.roles)
        asker = Asker(account, profile, role, self.library.of(locale), departments, locale)
        if len(self._askers) >= REMEMBERED:
            self._askers.clear()
        self._askers[account] = (access, asker)
        return asker

    async def languages_changed(self) -> None:
        """Somebody chose a language, or is another person now: all instances are to know."""
        await self.learn_languages()
        self.storage.tell(LANGUAGES)

    async def learn_languages(self) -> None:
        """Take to heart which languages people chose: at the start, and when somebody chooses. Kept in memory, so that
        whoever is answered with a form need not wait for the database.
        """
        chosen = await self.storage.read(lambda tx: tx.chosen_languages())
        self.chosen.clear()
        self.chosen.update(chosen)


@dataclass(frozen=True, slots=True)
class Asker:
    """Somebody who speaks, presses or types to the desk."""

    account: AccountRef
    profile: Profile
    role: Role
    words: Words
    departments: frozenset[str] = frozenset()  # whose agent they are
    locale: str = ""  # what they chose, else what their network says

    def hidden(self, catalogue: Catalogue) -> frozenset[str]:
        """The departments of which nothing may be shown to them beside other departments' tickets."""
        return frozenset() if self.role is Role.ADMIN else catalogue.hidden_on(self.account.channel, self.departments)

    def knows(self, catalogue: Catalogue, agent: Agent) -> bool:
        """Whether they may know that this one is an agent: who works in departments that are kept apart is known there
        alone, and whoever is kept apart knows nobody else.
        """
        if self.role is Role.ADMIN or not agent.departments.isdisjoint(self.departments):
            return True
        rooms = {catalogue.room(department) for department in agent.departments}
        return self.account.channel not in catalogue.apart and (not rooms or "" in rooms)

    def networks(self, catalogue: Catalogue, every: Iterable[str]) -> tuple[str, ...]:
        """Of these networks, those of whose tickets they may know."""
        if self.role is Role.ADMIN:
            return tuple(every)
        own = {catalogue.room(department) for department in self.departments}
        shared = self.account.channel not in catalogue.apart
        return tuple(each for each in every if each in own or (shared and each not in catalogue.apart))

    def name(self) -> str:
        """As their network shows it, fit to be kept."""
        return _fit(self.profile.name) or self.account.key

    def person(self, tx: Transaction) -> Person:
        """Their row, made at the first time, kept to the newest name and language: of linked accounts, to those of
        the first.
        """
        name = self.name()
        person = tx.meet(self.account, name=name, locale=self.profile.locale)
        if person.name != name or (self.profile.locale and person.locale != self.profile.locale):
            locale = self.profile.locale or person.locale
            if tx.accounts(person.id)[0] == self.account:
                return tx.refresh_person(self.account, name=name, locale=locale)
        return person

    def actor(self, tx: Transaction) -> Actor:
        """Who acts: in the role that this very account bears, and in the language it is read in. What they are heard
        as is remembered, so that agents can be found and assigned to.
        """
        person, locale = self.person(tx), self.locale or self.profile.locale
        if person.locale != locale:
            person = replace(person, locale=locale)
        tx.heard_as(self.account, self.role, self.departments)
        return Actor(person, self.role, self.departments)

    def reader(self, tx: Transaction) -> Actor:
        """Who asks, where nothing is written: somebody who never spoke to the desk is person 0, whom nothing is of."""
        person = tx.person_of(self.account) or Person(0, self.profile.name, self.profile.locale)
        return Actor(person, self.role, self.departments)

    def sight(self, tx: Transaction) -> Sight:
        """Which tickets they may see. Writes nothing: somebody who never spoke has no row yet."""
        return sight(tx.person_of(self.account), self.role, self.departments)


@lru_cache(maxsize=REMEMBERED)
def _fit(name: str) -> str:
    return cut(one_line(name), NAME_LIMIT)
