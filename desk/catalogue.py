"""What a ticket can be about: the products, departments and priorities of config.toml."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from desk.model import PlaceRef


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing of the catalogue: a fixed id, and its name in each language that config gives."""

    id: str
    names: Mapping[str, str]  # by language ("en", "fr"); at least one

    def name(self, locale: str) -> str:
        """In this language, else in its parent ("fr-CA" → "fr"), else in English, else in the first that is given."""
        for language in (locale, locale.split("-", maxsplit=1)[0], "en"):
            if language in self.names:
                return self.names[language]
        return next(iter(self.names.values()))


@dataclass(frozen=True, slots=True)
class Product(Entry):
    """Something that people ask about."""


@dataclass(frozen=True, slots=True)
class Priority(Entry):
    """How much it presses. The catalogue's order is from the least to the most."""

    emoji: str = ""
    colour: int | None = None  # 0xRRGGBB


@dataclass(frozen=True, slots=True)
class Department(Entry):
    """A team: the places where its agents answer, the products it looks after, the language of its places."""

    places: tuple[PlaceRef, ...] = ()
    products: tuple[str, ...] = ()  # ids; empty = all
    language: str = ""  # "" = the house's


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Everything a form offers. Ids are unique within each kind; config guarantees at least one of each."""

    products: tuple[Product, ...]
    departments: tuple[Department, ...]
    priorities: tuple[Priority, ...]
    default_priority: str
    _by_id: Mapping[tuple[type, str], Entry] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        entries: tuple[Entry, ...] = (*self.products, *self.departments, *self.priorities)
        object.__setattr__(self, "_by_id", {(type(entry), entry.id): entry for entry in entries})

    def department(self, department_id: str) -> Department | None:
        found = self._by_id.get((Department, department_id))
        return found if isinstance(found, Department) else None

    def product(self, product_id: str) -> Product | None:
        found = self._by_id.get((Product, product_id))
        return found if isinstance(found, Product) else None

    def priority(self, priority_id: str) -> Priority | None:
        found = self._by_id.get((Priority, priority_id))
        return found if isinstance(found, Priority) else None

    def offered_by(self, department: Department) -> tuple[Product, ...]:
        """The products that this department looks after, in the catalogue's order."""
        if not department.products:
            return self.products
        return tuple(product for product in self.products if product.id in department.products)
