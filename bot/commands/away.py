"""/away: an agent takes no new tickets until then, in words of their own language; `/away off` ends it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from adapters.ui import Button, Card, Instead
from bot.asked import once
from bot.dates import moment_typed
from desk import verbs
from desk.access import must_be_agent
from desk.errors import DeskError

if TYPE_CHECKING:
    from adapters.port import Answer, Called, Pressed
    from bot.house import Asker, House
    from bot.words import Words
    from desk.model import Away
    from desk.ports import Transaction


async def called(house: House, asker: Asker, heard: Called) -> Answer:
    """`/away` shows; `/away until friday`, `/away 2026-12-01 14:00`, `/away tomorrow`; `/away on`, `/away off`."""
    must_be_agent(asker.role)
    typed = heard.words.strip()
    if not typed:
        person = await house.storage.read(lambda tx: tx.person_of(asker.account))
        return _shown(asker.words, await house.storage.read(lambda tx: tx.away(person.id)) if person else None)
    if typed.casefold() in _all_words(house, "away.off"):
        return await _back(house, asker, heard)
    until = None
    if typed.casefold() not in _all_words(house, "away.on"):
        locale = asker.profile.locale or asker.words.language
        until = moment_typed(typed, locale, house.library.timezone, datetime.now(UTC))
        if until is None:
            raise DeskError("moment_unknown", typed=typed[:60])
    return await _left(house, asker, heard, until)


def _all_words(house: House, key: str) -> set[str]:
    """The words for it in every language, with bars between them: whoever changes language may keep their habits."""
    return {word for text in house.library.all(key).values() for word in text.split("|")}


async def _left(house: House, asker: Asker, heard: Called | Pressed, until: datetime | None) -> Card:
    found: list[Away] = []

    def verb(tx: Transaction, actor: verbs.Actor) -> None:
        found.append(verbs.go_away(tx, actor, until))

    await once(house, asker, heard, verb)
    return _shown(asker.words, found[0] if found else None)


async def _back(house: House, asker: Asker, heard: Called | Pressed) -> Card:
    await once(house, asker, heard, verbs.come_back)
    return _shown(asker.words, None)


def _shown(words: Words, away: Away | None) -> Card:
    if away is None:
        leave = Button("away.on", words("action.away"), emoji="🌴")
        return Card(words("away.here"), words("away.how"), actions=(leave,))
    title = words("away.until", moment=words.moment(away.until)) if away.until else words("away.for_now")
    return Card(title, words("away.what"), actions=(Button("away.off", words("action.back"), emoji="👋"),))


async def pressed_on(house: House, asker: Asker, heard: Pressed) -> Answer:
    """[Away until I am back]"""
    must_be_agent(asker.role)
    return Instead(await _left(house, asker, heard, None))


async def pressed_off(house: House, asker: Asker, heard: Pressed) -> Answer:
    """[I am back]"""
    return Instead(await _back(house, asker, heard))


CALLED = {"away": called}

PRESSED = {
    "away.on": pressed_on,
    "away.off": pressed_off,
}
