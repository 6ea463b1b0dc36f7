"""What the networks register: slash commands, and entries in the menus of messages."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class MenuEntry:
    """An entry in the menu of every message (Slack's message shortcut, Discord's context menu): `Shortcut(name)`."""

    name: str
    label: Mapping[str, str]  # per language, "en" always among them; at most 24 characters (Slack 24, Discord 32)


@dataclass(frozen=True, slots=True)
class Command:
    """A slash command as it is registered: `/name [words]`. Texts are per language, "en" always among them."""

    name: str
    description: Mapping[str, str]
    words: Mapping[str, str] = field(default_factory=dict)  # what may be typed after it; empty: nothing
    words_name: Mapping[str, str] = field(default_factory=dict)  # the option's name where options have names
    suggests: bool = False  # while words are typed, `Sought("/name", words)` is asked, where the network can
