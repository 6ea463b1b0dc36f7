"""Posts: what is said in a thread."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from adapters.ui.limits import TooLarge

if TYPE_CHECKING:
    from pathlib import Path

    from adapters.ui.cards import Card


@dataclass(frozen=True, slots=True)
class FileOut:
    """A stored file to be posted. The adapter reads `path` and leaves it as it is."""

    name: str
    media_type: str
    size: int  # bytes
    path: Path


@dataclass(frozen=True, slots=True)
class Author:
    """Whose words a post relays: the name as plain text, a word on their side ("Support", "Client")."""

    name: str
    side: str = ""


@dataclass(frozen=True, slots=True)
class Post:
    """What is said in a thread: relayed words, a notice, a card, or a card with files.

    `body` is the desk's Markdown; nothing in it may ping anybody or open a masked link, whatever it holds.
    Longer than the network's limit it becomes several messages, which are one for edits and deletes.
    """

    body: str = ""
    author: Author | None = None  # None: the desk itself speaks
    mark: str = ""  # a plain word after the author, such as "🔒 note" or "edited"
    card: Card | None = None
    files: tuple[FileOut, ...] = ()
    quiet: bool = False  # a notice in small type

    def __post_init__(self) -> None:
        if not (self.body or self.card or self.files):
            raise TooLarge("a post with nothing in it")
