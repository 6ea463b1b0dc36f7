"""The tables of config.toml that say what tickets are about, and the catalogue that they make."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import AfterValidator, Field

from bot.config.hours import HoursSection  # noqa: TC001 - pydantic reads the annotations at run time
from bot.config.keys import CHOICES, FIELDS, Emoji, Hint, Id, Language, Misplaced, Names, PlaceId, Reply, Section, texts
from desk.catalogue import (
    PLACEHOLDERS,
    Assignment,
    CannedReply,
    Catalogue,
    Department,
    Entry,
    ExtraField,
    FieldKind,
    OwnStatus,
    Priority,
    Product,
    Tag,
    placeholders,
)
from desk.model import FOUR, PlaceRef, Status

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from collections.abc import Set as AbstractSet


class ProductSection(Section):
    """[[products]]"""

    id: Id
    name: Names


class ChoiceSection(Section):
    """One of `choices` of [[departments.fields]]."""

    id: Id
    name: Names


class FieldSection(Section):
    """[[departments.fields]]"""

    id: Id
    name: Annotated[str, Field(min_length=1, max_length=45)] | dict[str, Annotated[str, Field(max_length=45)]]
    kind: FieldKind = FieldKind.TEXT
    required: bool = False
    choices: list[ChoiceSection] = Field(default_factory=list)
    hint: Hint | dict[str, Hint] = ""


class DepartmentSection(Section):
    """[[departments]]"""

    id: Id
    name: Names
    places: list[PlaceId] = Field(min_length=1)
    products: list[Id] = Field(default_factory=list)
    language: Language = ""
    agents: dict[str, list[str]] = Field(default_factory=dict)
    confidential: bool = False
    networks: list[str] = Field(default_factory=list)
    assignment: Assignment = Assignment.BY_HAND
    fields: list[FieldSection] = Field(default_factory=list, max_length=FIELDS)
    hours: HoursSection | None = None
    delete_attachments_on_close: bool = False


class PrioritySection(Section):
    """[[priorities]], from the least to the most pressing."""

    id: Id
    name: Names
    emoji: Emoji = ""
    colour: Annotated[str, Field(pattern=r"^#[0-9a-fA-F]{6}$")] | None = None
    default: bool = False


class TagSection(Section):
    """[[tags]]"""

    id: Id
    name: Names
    emoji: Emoji = ""


class StatusSection(Section):
    """[[statuses]]"""

    id: Id
    name: Names
    stands_for: Status
    emoji: Emoji = ""


class CannedSection(Section):
    """[[canned_replies]]"""

    id: Id
    name: Names
    text: Annotated[Reply | dict[str, Reply], AfterValidator(texts)]
    departments: list[Id] = Field(default_factory=list)


class CatalogueSections(Section):
    """All of them, as they stand at the top of config.toml."""

    products: list[ProductSection] = Field(min_length=1)
    departments: list[DepartmentSection] = Field(min_length=1)
    priorities: list[PrioritySection] = Field(min_length=1, max_length=CHOICES)
    tags: list[TagSection] = Field(default_factory=list)
    statuses: list[StatusSection] = Field(default_factory=list, max_length=CHOICES - len(FOUR))
    canned_replies: list[CannedSection] = Field(default_factory=list)

    def hang_together(self, networks: AbstractSet[str]) -> None:
        """Misplaced for the first mistake between several keys."""
        for kind in ("products", "departments", "priorities", "tags", "statuses", "canned_replies"):
            _all_different(kind, getattr(self, kind), kind)
        products = {product.id for product in self.products}
        departments = {department.id for department in self.departments}
        for place, department in enumerate(self.departments):
            self._department(department, products, networks, ("departments", place))
        if sum(priority.default for priority in self.priorities) > 1:
            raise Misplaced("priorities: only one can be the default", "priorities")
        for place, status in enumerate(self.statuses):
            if status.id in FOUR and status.id != status.stands_for:
                raise Misplaced(
                    f"statuses {status.id!r}: it can only stand for itself", "statuses", place, "stands_for"
                )
        for place, reply in enumerate(self.canned_replies):
            at = ("canned_replies", place)
            if unknown := sorted(set(reply.departments) - departments):
                raise Misplaced(
                    f"canned_replies {reply.id!r}: no department {unknown[0]!r}; add it to [[departments]]",
                    *at, "departments",
                )  # fmt: skip
            texts = reply.text.values() if isinstance(reply.text, dict) else (reply.text,)
            if strange := sorted(frozenset().union(*map(placeholders, texts)) - set(PLACEHOLDERS)):
                known = ", ".join(f"{{{name}}}" for name in PLACEHOLDERS)
                raise Misplaced(
                    f"canned_replies {reply.id!r}: no placeholder {{{strange[0]}}}; there are {known}", *at, "text"
                )

    def _department(
        self, department: DepartmentSection, products: set[str], networks: AbstractSet[str], at: tuple[str | int, ...]
    ) -> None:
        named = f"departments {department.id!r}"
        if unknown := sorted(set(department.products) - products):
            raise Misplaced(f"{named}: no product {unknown[0]!r}; add it to [[products]]", *at, "products")
        for written in department.places:
            if (network := written.partition(":")[0]) not in networks:
                raise Misplaced(f"{named}: place {written!r} needs a [{network}] table", *at, "places")
        for network in department.networks:
            if network not in networks:
                raise Misplaced(f"{named}: network {network!r} needs a [{network}] table", *at, "networks")
        for network in department.agents:
            if network not in networks:
                raise Misplaced(f"{named}: agents on {network!r} need a [{network}] table", *at, "agents")
        if department.confidential and not any(department.agents.values()):
            raise Misplaced(
                f"{named}: a confidential department names its agents; else all agents would be in it",
                *at, "confidential",
            )  # fmt: skip
        _all_different(f"{named}: fields", department.fields, *at, "fields")
        for place, extra in enumerate(department.fields):
            chosen = extra.kind in {FieldKind.CHOICE, FieldKind.MULTI_CHOICE}
            if chosen != bool(extra.choices):
                wrong = "needs `choices`" if chosen else f"has `choices`, but its kind is {extra.kind.value!r}"
                raise Misplaced(f"{named}: field {extra.id!r} {wrong}", *at, "fields", place)
            _all_different(f"{named}: field {extra.id!r}: choices", extra.choices, *at, "fields", place, "choices")

    def keep_apart(self, apart: AbstractSet[str], agents: Mapping[str, Sequence[str]]) -> None:
        """Misplaced where something would lead out of a network that is kept apart, or into one."""
        for place, department in enumerate(self.departments):
            at, named = ("departments", place), f"departments {department.id!r}"
            room = next((network for network in department.networks if network in apart), "")
            if room and len(department.networks) > 1:
                text = f"{named}: {room} is kept apart, so its department serves no other network; make one for each"
                raise Misplaced(text, *at, "networks")
            for written in department.places:
                if (network := written.partition(":")[0]) in apart - {room}:
                    raise Misplaced(f"{named}: {network} is kept apart, so nothing else is shown there", *at, "places")
            if wrong := sorted(apart & department.agents.keys() - {room}):
                text = f"{named}: {wrong[0]} is kept apart, so its people are agents of its own departments only"
                raise Misplaced(text, *at, "agents")
            if room and not (any(department.agents.values()) or agents.get(room)):
                text = f"{named}: {room} is kept apart: name the department's agents, or people.agents.{room}"
                raise Misplaced(text, *at, "agents")

    def made(
        self,
        language: str,
        apart: AbstractSet[str] = frozenset(),
        agents: Mapping[str, Sequence[str]] = MappingProxyType({}),
    ) -> Catalogue:
        """The catalogue. Names in one language only are in this one. `apart`: networks that are kept so; a department
        of theirs that names no agents has theirs of `agents`.
        """

        def theirs(entry: DepartmentSection) -> dict[str, frozenset[str]]:
            named = {network: frozenset(ids) for network, ids in entry.agents.items() if ids}
            room = next((network for network in entry.networks if network in apart), "")
            return named or ({room: frozenset(agents.get(room, ()))} if room else {})

        def names(text: str | dict[str, str]) -> dict[str, str]:
            return {language: text} if isinstance(text, str) else dict(text)

        def extra(section: FieldSection) -> ExtraField:
            return ExtraField(
                section.id, names(section.name), section.kind, section.required,
                tuple(Entry(choice.id, names(choice.name)) for choice in section.choices),
                names(section.hint) if section.hint else {},
            )  # fmt: skip

        middle = self.priorities[(len(self.priorities) - 1) // 2]
        default = next((entry for entry in self.priorities if entry.default), middle)
        return Catalogue(
            products=tuple(Product(entry.id, names(entry.name)) for entry in self.products),
            departments=tuple(
                Department(
                    entry.id,
                    names(entry.name),
                    places=tuple(PlaceRef(*place.split(":", 1)) for place in entry.places),
                    products=tuple(entry.products),
                    language=entry.language,
                    agents=theirs(entry),
                    confidential=entry.confidential,
                    networks=tuple(entry.networks),
                    fields=tuple(map(extra, entry.fields)),
                    assignment=entry.assignment,
                )
                for entry in self.departments
            ),
            priorities=tuple(
                Priority(entry.id, names(entry.name), emoji=entry.emoji, colour=_colour(entry.colour))
                for entry in self.priorities
            ),
            default_priority=default.id,
            apart=frozenset(apart),
            tags=tuple(Tag(entry.id, names(entry.name), emoji=entry.emoji) for entry in self.tags),
            statuses=tuple(
                OwnStatus(entry.id, names(entry.name), stands_for=entry.stands_for, emoji=entry.emoji)
                for entry in self.statuses
            ),
            canned_replies=tuple(
                CannedReply(entry.id, names(entry.name), texts=names(entry.text), departments=tuple(entry.departments))
                for entry in self.canned_replies
            ),
        )


def _all_different(kind: str, entries: Iterable[Any], *at: str | int) -> None:
    seen: set[str] = set()
    for place, entry in enumerate(entries):
        if entry.id in seen:
            raise Misplaced(f"{kind}: the id {entry.id!r} stands twice; give each its own", *at, place, "id")
        seen.add(entry.id)


def _colour(text: str | None) -> int | None:
    return int(text.removeprefix("#"), 16) if text else None
