"""What a foreign file holds, and how its words become ids of this desk's catalogue."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from desk.model import AccountRef, Status

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from desk.catalogue import Catalogue, Entry
    from desk.verbs import IncomingTicket, Source

KINDS = ("department", "product", "priority", "tag", "status")


class ImportRefused(Exception):  # noqa: N818 - it reads as what happened
    """The file cannot be taken in as it is: one line that says why."""


@dataclass(frozen=True, slots=True)
class Found:
    """All that will come, and what will not: one line each in `lost`, with how often."""

    source: Source
    tickets: tuple[IncomingTicket, ...]
    lost: Mapping[str, int]
    emails: Mapping[str, str] = field(default_factory=dict)  # by account there


@dataclass
class Glossary:
    """From the file's words to ids: what a mapping file says, else the same id or name, else what stands for all."""

    catalogue: Catalogue
    values: Mapping[str, Mapping[str, str]] = field(
        default_factory=dict
    )  # by kind: their word → our id; "*" = all others
    people: Mapping[str, str] = field(default_factory=dict)  # their account → "slack:U123"
    columns: Mapping[str, str] = field(default_factory=dict)  # our column → theirs
    unknown: dict[str, Counter[str]] = field(default_factory=dict)  # by kind: words that became nothing
    lost: Counter[str] = field(default_factory=Counter)

    def id(self, kind: str, word: str) -> str:
        """The id; "" where there is none, which is remembered."""
        said = self.values.get(kind, {})
        wanted = said.get(word) or said.get(word.lower())
        known = {entry.id: entry for entry in self._entries(kind)}
        if wanted is None:
            slug = slug_of(word)
            same = [key for key, entry in known.items() if slug in (key, *map(slug_of, entry.names.values()))]
            wanted = same[0] if same else said.get("*", "")
        if wanted in known:
            return wanted
        if word or kind in ("department", "product", "priority"):
            self.unknown.setdefault(kind, Counter())[word] += 1
        return ""

    def status(self, word: str) -> tuple[Status, str]:
        """One of the four, with the house's own that it is called."""
        said = self.values.get("status", {})
        for wanted in (said.get(word) or said.get(word.lower()) or slug_of(word), _STATUS.get(word.lower(), "")):
            for own in self.catalogue.statuses:
                if wanted and wanted in (own.id, *map(slug_of, own.names.values())):
                    return own.stands_for, own.id
            if wanted in tuple(Status):
                return Status(wanted), ""
        if word:
            self.lost[f"status {word!r} becomes in progress"] += 1
        return Status.IN_PROGRESS, ""

    def accounts(self) -> dict[str, AccountRef]:
        return {theirs: AccountRef(*ours.split(":", 1)) for theirs, ours in self.people.items() if ":" in ours}

    def must_know_all(self) -> None:
        """ImportRefused where words of the file are in no catalogue: with what to write where."""
        lines = [
            f"{kind}: {', '.join(f'{word!r} ({count})' for word, count in words.most_common(8))}"
            for kind, words in self.unknown.items()
            if kind != "tag"
        ]
        if lines:
            raise ImportRefused(
                "config.toml does not know these: "
                + "; ".join(lines)
                + ". Add them there, or map them with --map FILE "
                '([values.department] "Their word" = "our_id", or "*" = "our_id" for all others)'
            )

    def _entries(self, kind: str) -> Iterable[Entry]:
        match kind:
            case "department":
                return self.catalogue.departments
            case "product":
                return self.catalogue.products
            case "priority":
                return self.catalogue.priorities
            case _:
                return self.catalogue.tags


# Words of other desks for the four.
_STATUS = {
    "queued": "new", "open": "new", "processing": "in_progress", "in progress": "in_progress", "pending": "on_hold",
    "hold": "on_hold", "on hold": "on_hold", "waiting": "on_hold", "solved": "closed", "resolved": "closed",
    "done": "closed",
}  # fmt: skip


def slug_of(name: str) -> str:
    """A name as an id: "Ressources Humaines" → "ressources-humaines"."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9_]+", "-", plain).strip("-")
