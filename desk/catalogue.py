"""What a ticket can be about and become: the products, departments, priorities, tags, statuses, extra fields and
canned replies of config.toml, as frozen values.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING, TypeVar

from desk.model import FOUR, Status

if TYPE_CHECKING:
    from collections.abc import Mapping
    from collections.abc import Set as AbstractSet

    from desk.model import PlaceRef


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing of the catalogue: a fixed id, and its name in each language that config gives."""

    id: str
    names: Mapping[str, str]  # by language ("en", "fr"); at least one

    def name(self, locale: str) -> str:
        """In this language, else in its parent ("fr-CA" → "fr"), else in English, else in the first that is given."""
        return in_language(self.names, locale)


def in_language(texts: Mapping[str, str], locale: str) -> str:
    """The text of this language, of its parent, of English, or the first that there is. At least one must be."""
    for language in (locale, locale.split("-", maxsplit=1)[0], "en"):
        if language in texts:
            return texts[language]
    return next(iter(texts.values()))


@dataclass(frozen=True, slots=True)
class Product(Entry):
    """Something that people ask about."""


@dataclass(frozen=True, slots=True)
class Priority(Entry):
    """How much it presses. The catalogue's order is from the least to the most."""

    emoji: str = ""
    colour: int | None = None  # 0xRRGGBB


@dataclass(frozen=True, slots=True)
class Tag(Entry):
    """A mark that agents put on tickets, as many as they like."""

    emoji: str = ""


@dataclass(frozen=True, slots=True)
class OwnStatus(Entry):
    """A status of the house's own, standing for one of the four. With the id of one of the four, it names that one."""

    stands_for: Status = Status.IN_PROGRESS
    emoji: str = ""


class FieldKind(StrEnum):
    """What an extra field holds. All values are kept as text: a choice by its id, a person by their id at the desk,
    a date as ISO 8601 ("2026-11-26").
    """

    TEXT = "text"
    CHOICE = "choice"
    MULTI_CHOICE = "multi-choice"
    PERSON = "person"
    DATE = "date"


@dataclass(frozen=True, slots=True)
class ExtraField(Entry):
    """A field that one department's tickets have besides those of all tickets."""

    kind: FieldKind = FieldKind.TEXT
    required: bool = False
    choices: tuple[Entry, ...] = ()  # of the two kinds of choice
    hints: Mapping[str, str] = field(default_factory=dict)  # by language; may be empty

    def shown(self, value: str, locale: str) -> str:
        """One value as people read it; a choice that config no longer has by its id."""
        return next((choice.name(locale) for choice in self.choices if choice.id == value), value)


class Assignment(StrEnum):
    """Who gets a new ticket of a department: whoever claims it, who has the fewest open ones, or each in turn."""

    BY_HAND = "by_hand"
    FEWEST_OPEN = "fewest_open"
    ROUND_ROBIN = "round_robin"


@dataclass(frozen=True, slots=True)
class Department(Entry):
    """A team: the places where its agents answer, who they are, the products it looks after, the language of its
    places, the fields that only its tickets have.
    """

    places: tuple[PlaceRef, ...] = ()
    products: tuple[str, ...] = ()  # ids; empty = all
    language: str = ""  # "" = the house's
    agents: Mapping[str, frozenset[str]] = field(default_factory=dict)  # by network: accounts and groups; none = all
    confidential: bool = False  # its tickets do not exist for anybody else
    networks: tuple[str, ...] = ()  # whose people bring tickets to it; none = all that are not kept apart
    fields: tuple[ExtraField, ...] = ()
    assignment: Assignment = Assignment.BY_HAND

    def own_field(self, field_id: str) -> ExtraField | None:
        return next((extra for extra in self.fields if extra.id == field_id), None)


PLACEHOLDERS = ("client", "agent", "number", "subject", "department", "product", "priority", "status", "desk")
_PLACEHOLDER = re.compile(r"\{(\w+)\}")


def placeholders(text: str) -> frozenset[str]:
    """The names of the {placeholders} in a canned reply."""
    return frozenset(_PLACEHOLDER.findall(text))


@dataclass(frozen=True, slots=True)
class CannedReply(Entry):
    """Words that agents say often, with {placeholders} (`PLACEHOLDERS`). They are shown filled in, and sent
    when the agent has changed them as they like.
    """

    texts: Mapping[str, str] = field(default_factory=dict)  # by language, the desk's Markdown; at least one
    departments: tuple[str, ...] = ()  # ids of those that offer it; empty = all

    def filled(self, locale: str, facts: Mapping[str, str]) -> str:
        """In this language, with the placeholders filled in. One without a fact stays as it is, to be seen."""
        return _PLACEHOLDER.sub(lambda found: facts.get(found[1], found[0]), in_language(self.texts, locale))


E = TypeVar("E", bound=Entry)


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Everything a form offers. Ids are unique within each kind; config guarantees at least one product, department
    and priority.
    """

    products: tuple[Product, ...]
    departments: tuple[Department, ...]
    priorities: tuple[Priority, ...]
    default_priority: str
    tags: tuple[Tag, ...] = ()
    statuses: tuple[OwnStatus, ...] = ()  # the house's own, in its order
    canned_replies: tuple[CannedReply, ...] = ()
    apart: frozenset[str] = frozenset()  # networks whose people and tickets are kept from the others' agents
    confidential: frozenset[str] = field(init=False)  # departments whose tickets do not exist for anybody else
    _by_id: Mapping[tuple[type, str], Entry] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        entries: tuple[Entry, ...] = (
            *self.products, *self.departments, *self.priorities, *self.tags, *self.statuses, *self.canned_replies,
        )  # fmt: skip
        closed = (d.id for d in self.departments if d.confidential or not self.apart.isdisjoint(d.networks))
        kept = frozenset(closed)
        object.__setattr__(self, "confidential", kept)
        object.__setattr__(self, "_by_id", {(type(entry), entry.id): entry for entry in entries})

    def department(self, department_id: str) -> Department | None:
        return self._found(Department, department_id)

    # --- networks that are kept apart -----------------------------------------------------------------------

    def serves(self, department: Department, network: str) -> bool:
        """Whether this network's people bring tickets to it."""
        return network in department.networks if department.networks else network not in self.apart

    def on(self, network: str) -> Catalogue:
        """What this network's people are offered: only departments that serve it. There may be none."""
        served = tuple(department for department in self.departments if self.serves(department, network))
        return self if len(served) == len(self.departments) else replace(self, departments=served)

    def room(self, department_id: str) -> str:
        """The network with which a department is kept apart; "" for one that is shared."""
        department = self.department(department_id)
        return next((network for network in department.networks if network in self.apart), "") if department else ""

    def hidden_beside(self, department_id: str) -> frozenset[str]:
        """The departments of which nothing may be shown beside a ticket of this one, to whoever reads it there."""
        room = self.room(department_id)
        outside = (d.id for d in self.departments if room and self.room(d.id) != room)
        return frozenset((*self.confidential, *outside)) - {department_id}

    def hidden_on(self, network: str, departments: AbstractSet[str]) -> frozenset[str]:
        """The departments of which nothing may be shown to an agent of these, who acts on this network."""
        every = (department.id for department in self.departments if network in self.apart)
        return frozenset((*self.confidential, *every)) - departments

    def product(self, product_id: str) -> Product | None:
        return self._found(Product, product_id)

    def priority(self, priority_id: str) -> Priority | None:
        return self._found(Priority, priority_id)

    def tag(self, tag_id: str) -> Tag | None:
        return self._found(Tag, tag_id)

    def own_status(self, status_id: str) -> OwnStatus | None:
        """The house's own status of this id. None for one of the four that the house has not named itself."""
        return self._found(OwnStatus, status_id)

    def canned_reply(self, reply_id: str) -> CannedReply | None:
        return self._found(CannedReply, reply_id)

    def _found(self, kind: type[E], entry_id: str) -> E | None:
        found = self._by_id.get((kind, entry_id))
        return found if isinstance(found, kind) else None

    def status_ids(self) -> tuple[str, ...]:
        """All statuses that a ticket can be given: each of the four, followed by the house's own that stand for it."""
        found: list[str] = []
        for four in Status:
            found.append(four.value)
            found += [own.id for own in self.statuses if own.stands_for is four and own.id != four.value]
        return tuple(found)

    def stands_for(self, status_id: str) -> Status | None:
        """Which of the four a status is or stands for. None for an unknown one."""
        if status_id in FOUR:
            return Status(status_id)
        own = self.own_status(status_id)
        return own.stands_for if own else None

    def offered_by(self, department: Department) -> tuple[Product, ...]:
        """The products that this department looks after, in the catalogue's order."""
        if not department.products:
            return self.products
        return tuple(product for product in self.products if product.id in department.products)

    def replies_for(self, department_id: str) -> tuple[CannedReply, ...]:
        """The canned replies that this department offers, in the catalogue's order."""
        return tuple(
            reply for reply in self.canned_replies if not reply.departments or department_id in reply.departments
        )
