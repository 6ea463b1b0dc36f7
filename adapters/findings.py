"""What an examination of a network found: one fact each, to be worded by whoever shows it."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from adapters.ui import MenuEntry


class Level(StrEnum):
    """How bad it is: a problem keeps the desk, or a part of it, from working."""

    OK = "ok"
    WARNING = "warning"
    PROBLEM = "problem"


@dataclass(frozen=True, slots=True)
class Finding:
    """`key` names the sentences (what is so, why it matters, the one thing to do), `facts` fill them."""

    area: str  # "config", "slack", "discord", "database", …
    key: str
    level: Level = Level.OK
    facts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What config.toml names on one network."""

    places: tuple[str, ...] = ()  # ids of channels in which agents answer, or a card is pinned
    people: tuple[str, ...] = ()  # ids of accounts, user groups and roles
    commands: tuple[str, ...] = ()  # names
    entries: tuple[MenuEntry, ...] = ()  # of messages' menus


@dataclass(frozen=True, slots=True)
class Choice:
    """Something on a network that config.toml can name: its id, and what people call it."""

    id: str
    label: str


@dataclass(frozen=True, slots=True)
class Offered:
    """What there is to choose from, as far as the bot sees it."""

    bot: str
    house: str  # the workspace's or server's name
    places: tuple[Choice, ...]  # where agents can answer
    rooms: tuple[Choice, ...]  # where threads of clients can be opened; none where that is not needed
    people: tuple[Choice, ...]  # user groups or roles
