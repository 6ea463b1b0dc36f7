"""What is typed after /stats: a period and what to narrow it to, in any order and in the asker's language."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from bot.stats.question import PERIODS, Question
from desk.access import must_be_agent
from desk.errors import DeskError
from desk.figures import Dimension, must_tell_apart
from desk.periods import period_named

if TYPE_CHECKING:
    from collections.abc import Sequence

    from adapters.port import Called
    from bot.house import Asker, House

LONGEST = 5  # words in a name


async def question(house: House, asker: Asker, heard: Called) -> Question:
    """`week`, `2026-01-01..2026-03-31 laptop`, `Human resources slack`, `@Marc`, `agent @Léa`: a period's name, names
    or ids of the catalogue, networks, people (clients, unless "agent" stands before them), `nobody` (who looks after
    it), `no tag`. DeskError for what says nothing, and where a client asks about people or tags.
    """
    found, words = Question(), heard.words.split()
    if heard.people:
        must_be_agent(asker.role)
        found = await _people(house, asker, heard, words)
    at = 0
    while at < len(words):
        length, pair = _entry(words[at:], house, asker)
        if pair is not None:
            must_tell_apart(asker.role, pair[0])
            found = found.narrowed_to(*pair)
        elif (named := _period(words[at].lower(), asker)) and (not heard.people or _is_period(named)):
            found = replace(found, period=named)
        at += length
    return found


async def _people(house: House, asker: Asker, heard: Called, words: list[str]) -> Question:
    """Those whom the words mention, in order: as agents where that word stands before them."""
    found, agent = Question(), {"agent", asker.words("stats.typed.agent")}
    mentions = [place for place, word in enumerate(words) if word.startswith("@")]
    for number, account in enumerate(heard.people):
        person = await house.storage.read(lambda tx, account=account: tx.person_of(account))  # type: ignore[misc] # bound here
        if person is None:
            raise DeskError("person_unknown")
        place = mentions[number] if number < len(mentions) else 0
        as_agent = place > 0 and words[place - 1].lower() in agent
        found = found.narrowed_to(Dimension.AGENT if as_agent else Dimension.CLIENT, str(person.id))
    return found


def _entry(typed: Sequence[str], house: House, asker: Asker) -> tuple[int, tuple[Dimension, str] | None]:
    """What of the house the first words name, by its id or its name in the asker's language, and how many words that
    are: the longest name counts.
    """
    catalogue = house.catalogue
    kinds = (
        (Dimension.DEPARTMENT, catalogue.departments),
        (Dimension.PRODUCT, catalogue.products),
        (Dimension.PRIORITY, catalogue.priorities),
        (Dimension.TAG, catalogue.tags),
    )
    for length in range(min(LONGEST, len(typed)), 0, -1):
        wanted = " ".join(typed[:length]).casefold()
        for dimension, entries in kinds:
            for entry in entries:
                if wanted in (entry.id, entry.name(asker.words.language).casefold()):
                    return length, (dimension, entry.id)
        if wanted in house.channels:
            return length, (Dimension.CHANNEL, wanted)
        if wanted in ("nobody", asker.words("stats.typed.nobody")):
            return length, (Dimension.AGENT, "")
        if wanted in ("untagged", asker.words("stats.untagged").casefold()):
            return length, (Dimension.TAG, "")
    return 1, None


def _is_period(named: str) -> bool:
    return period_named(named, datetime.now(UTC), "UTC") is not None


def _period(typed: str, asker: Asker) -> str:
    """A period's name in the asker's language, or as it is."""
    return next((name for name in PERIODS if typed in (name, asker.words(f"stats.typed.{name}"))), typed)
