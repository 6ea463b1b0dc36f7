"""config.toml read, checked and turned into what the desk works with; secrets come from the environment only.

Every mistake is one line that names the file, the key and the fix.
"""

from __future__ import annotations

import difflib
import re
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from adapters.discord.config import DiscordConfig
from adapters.slack.config import SlackConfig
from bot.words import languages
from desk.access import Access
from desk.catalogue import Catalogue, Department, Priority, Product
from desk.model import PlaceRef

if TYPE_CHECKING:
    from collections.abc import Mapping

CHOICES = 25  # Discord's choices in one select: every list of the forms must fit it


class ConfigError(Exception):
    """config.toml or the environment is wrong: one line that names the key and the fix."""


def _known_language(value: str) -> str:
    if value and value not in languages():
        raise ValueError(f"no such language: choose one of {', '.join(languages())}")
    return value


def _known_zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (KeyError, ValueError) as error:
        raise ValueError(f"no such time zone: {value!r}; write one like Europe/Paris") from error
    return value


def _place(value: str) -> str:
    if not re.fullmatch(r"(slack|discord):\w+", value):
        raise ValueError('a place is written "slack:CHANNEL_ID" or "discord:CHANNEL_ID"')
    return value


Id = Annotated[str, Field(pattern=r"^[a-z0-9_-]{1,40}$")]
Name = Annotated[str, Field(min_length=1, max_length=60)]
Names = Name | dict[str, Name]
Language = Annotated[str, AfterValidator(_known_language)]
PlaceId = Annotated[str, AfterValidator(_place)]


class Section(BaseModel):
    """A table of config.toml: unknown keys are mistakes."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class DeskSection(Section):
    """[desk]"""

    name: Name = "Helpthread"
    language: Language = "en"
    timezone: Annotated[str, AfterValidator(_known_zone)] = "UTC"
    data: Path = Path("var")
    file_limit: int = Field(default=100_000_000, gt=0)  # bytes of one attachment that the desk keeps


class StorageSection(Section):
    """[storage]"""

    url: Annotated[str, Field(pattern=r"^sqlite:///.+")] = "sqlite:///{data}/desk.sqlite3"


class PeopleSection(Section):
    """[people]: by network, ids of accounts, Slack user groups or Discord roles."""

    agents: dict[str, list[str]] = Field(default_factory=dict)
    admins: dict[str, list[str]] = Field(default_factory=dict)


class ProductSection(Section):
    """[[products]]"""

    id: Id
    name: Names


class DepartmentSection(Section):
    """[[departments]]"""

    id: Id
    name: Names
    places: list[PlaceId] = Field(min_length=1)
    products: list[Id] = Field(default_factory=list)
    language: Language = ""


class PrioritySection(Section):
    """[[priorities]], from the least to the most pressing."""

    id: Id
    name: Names
    emoji: str = Field(default="", max_length=8)
    colour: Annotated[str, Field(pattern=r"^#[0-9a-fA-F]{6}$")] | None = None
    default: bool = False


class Config(Section):
    """The whole of config.toml."""

    desk: DeskSection = DeskSection()
    storage: StorageSection = StorageSection()
    people: PeopleSection = PeopleSection()
    slack: SlackConfig | None = None
    discord: DiscordConfig | None = None
    products: list[ProductSection] = Field(min_length=1)
    departments: list[DepartmentSection] = Field(min_length=1, max_length=CHOICES)
    priorities: list[PrioritySection] = Field(min_length=1, max_length=CHOICES)

    @model_validator(mode="after")
    def _hangs_together(self) -> Config:
        if self.slack is None and self.discord is None:
            raise ValueError("a desk needs a network: add a [slack] or a [discord] table")
        for kind in ("products", "departments", "priorities"):
            ids = [entry.id for entry in getattr(self, kind)]
            if twice := sorted({name for name in ids if ids.count(name) > 1}):
                raise ValueError(f"{kind}: the id {twice[0]!r} stands twice; give each its own")
        products = {product.id for product in self.products}
        for department in self.departments:
            if unknown := sorted(set(department.products) - products):
                raise ValueError(f"departments {department.id!r}: no product {unknown[0]!r}; add it to [[products]]")
            if len(department.products or products) > CHOICES:
                raise ValueError(
                    f"departments {department.id!r}: more than {CHOICES} products; list fewer in `products`"
                )
            for place in department.places:
                network = place.partition(":")[0]
                if getattr(self, network) is None:
                    raise ValueError(f"departments {department.id!r}: place {place!r} needs a [{network}] table")
        if sum(priority.default for priority in self.priorities) > 1:
            raise ValueError("priorities: only one can be the default")
        return self

    @property
    def database(self) -> Path:
        """Where the SQLite file is."""
        return Path(self.storage.url.removeprefix("sqlite:///").format(data=self.desk.data))

    def access(self) -> Access:
        """Who is agent and admin."""
        return Access(
            agents={network: frozenset(ids) for network, ids in self.people.agents.items()},
            admins={network: frozenset(ids) for network, ids in self.people.admins.items()},
        )

    def catalogue(self) -> Catalogue:
        """What tickets can be about."""
        middle = self.priorities[(len(self.priorities) - 1) // 2]
        default = next((entry for entry in self.priorities if entry.default), middle)
        return Catalogue(
            products=tuple(Product(entry.id, self._names(entry.name)) for entry in self.products),
            departments=tuple(
                Department(
                    entry.id,
                    self._names(entry.name),
                    places=tuple(PlaceRef(*place.split(":", 1)) for place in entry.places),
                    products=tuple(entry.products),
                    language=entry.language,
                )
                for entry in self.departments
            ),
            priorities=tuple(
                Priority(entry.id, self._names(entry.name), emoji=entry.emoji, colour=_colour(entry.colour))
                for entry in self.priorities
            ),
            default_priority=default.id,
        )

    def _names(self, name: str | dict[str, str]) -> dict[str, str]:
        return {self.desk.language: name} if isinstance(name, str) else name


def _colour(text: str | None) -> int | None:
    return int(text.removeprefix("#"), 16) if text else None


def load(path: Path) -> Config:
    """Read config.toml. ConfigError with one line for the first mistake. `data` is relative to the file's folder."""
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ConfigError(
            f"{path}: there is no such file; copy config.toml there, or name another with --config"
        ) from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: not TOML: {error}") from error
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from error
    try:
        config = Config.model_validate(table)
    except ValidationError as error:
        raise ConfigError(f"{path}: {_first_mistake(error)}") from error
    desk = config.desk.model_copy(update={"data": path.parent / config.desk.data})
    return config.model_copy(update={"desk": desk})


def secret(environ: Mapping[str, str], name: str, needed_by: str, where: str) -> str:
    """A token from the environment. ConfigError where it is not there: the line says where to get it."""
    value = environ.get(name, "").strip()
    if not value:
        raise ConfigError(f"{name} is not set: {needed_by} needs it; {where}")
    return value


def _first_mistake(error: ValidationError) -> str:
    mistake = error.errors(include_url=False)[0]
    key = ".".join(str(part) for part in mistake["loc"]) or "config"
    match mistake["type"]:
        case "extra_forbidden":
            return f"unknown key {key!r}{_meant(mistake['loc'])}"
        case "missing":
            return f"{key!r} is missing; add it"
        case "value_error":
            text = str(mistake["msg"]).removeprefix("Value error, ")
            return f"{key!r}: {text}" if mistake["loc"] else text
        case _:
            return f"{key!r}: {mistake['msg']} (it is {mistake['input']!r})"


def _meant(location: tuple[int | str, ...]) -> str:
    keys: set[str] = set(Config.model_fields)
    model: Any = Config
    for part in location[:-1]:
        if isinstance(part, str):
            model = _model_of(model, part)
            keys = set(model.model_fields) if model else set()
    close = difflib.get_close_matches(str(location[-1]), keys, n=1)
    if close:
        return f": did you mean {close[0]!r}?"
    return f"; known here: {', '.join(sorted(keys))}" if keys else "; remove it"


def _model_of(model: Any, key: str) -> type[BaseModel] | None:
    sections: dict[str, type[BaseModel]] = {
        "desk": DeskSection,
        "storage": StorageSection,
        "people": PeopleSection,
        "slack": SlackConfig,
        "discord": DiscordConfig,
        "products": ProductSection,
        "departments": DepartmentSection,
        "priorities": PrioritySection,
    }
    return sections.get(key) if model is Config else None
