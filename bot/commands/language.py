"""/language: the language that the desk speaks to somebody, whatever their network says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from adapters.ui import OPTION_LABEL, Card, Found, Instead, Option, Select
from desk.errors import DeskError
from desk.text import cut

if TYPE_CHECKING:
    from collections.abc import Sequence

    from adapters.port import Answer, Called, Pressed, Sought
    from bot.house import Asker, House
    from bot.words import Words
    from desk.model import AccountRef
    from desk.ports import Transaction

NETWORKS_OWN = "network"  # the choice to have none: no language has this name


async def called(house: House, asker: Asker, heard: Called) -> Answer:
    """`/language`: which are there; `/language fr`: that one."""
    wanted = heard.words.strip()
    if not wanted:
        chosen = house.chosen.get(asker.account, "")
        return _card(house, asker.words, asker.account.channel, chosen)
    return await _choose(house, asker, _meant(house, asker, wanted))


async def pressed(house: House, asker: Asker, heard: Pressed) -> Answer:
    """A language was chosen on the card."""
    if heard.value not in {NETWORKS_OWN, *house.library.languages}:
        raise DeskError("action_unknown")
    card = await _choose(house, asker, heard.value)
    return Instead(card)


async def sought(house: House, asker: Asker, heard: Sought) -> Answer:
    """What is typed after the command so far."""
    typed = heard.words.strip().casefold()
    options = _options(house, asker.words, asker.account.channel)
    return Found(tuple(option for option in options if typed in option.label.casefold() or typed == option.value))


def _meant(house: House, asker: Asker, wanted: str) -> str:
    """A language by its code or by its name, in itself or in the asker's language."""
    typed = wanted.casefold()
    for language in house.library.languages:
        words = house.library.of(language)
        if typed in {language.casefold(), words.name().casefold(), asker.words.name(language).casefold()}:
            return language
    own = asker.words("language.network", network=asker.words.network(asker.account.channel))
    if typed in {NETWORKS_OWN, own.casefold()}:
        return NETWORKS_OWN
    known = ", ".join(f"{language} ({house.library.of(language).name()})" for language in house.library.languages)
    raise DeskError("language_unknown", known=known)


async def _choose(house: House, asker: Asker, wanted: str) -> Card:
    language = "" if wanted == NETWORKS_OWN else wanted
    others: dict[AccountRef, str] = {}
    for account in await house.storage.read(lambda tx: _accounts(tx, asker)):
        if account.channel in house.channels and account != asker.account:
            others[account] = language or (await house.channels[account.channel].profile(account)).locale
    spoken = {**others, asker.account: language or asker.profile.locale}
    await house.storage.write(lambda tx: tx.choose_language(asker.person(tx).id, language, spoken))
    await house.languages_changed()
    words = house.library.of(spoken[asker.account])
    return _card(
        house, words, asker.account.channel, language, title=words("language.chosen", name=words.name(words.language))
    )


def _accounts(tx: Transaction, asker: Asker) -> Sequence[AccountRef]:
    person = tx.person_of(asker.account)
    return tx.accounts(person.id) if person is not None else ()


def _card(house: House, words: Words, network: str, chosen: str, *, title: str = "") -> Card:
    select = Select(
        "language.choose", words("language.which"), _options(house, words, network), chosen=chosen or NETWORKS_OWN
    )
    return Card(title or words("language.which"), words("language.body"), actions=(select,))


def _options(house: House, words: Words, network: str) -> tuple[Option, ...]:
    own = Option(NETWORKS_OWN, cut(words("language.network", network=words.network(network)), OPTION_LABEL))
    named = (Option(name, cut(house.library.of(name).name(), OPTION_LABEL)) for name in house.library.languages)
    return (own, *named)


CALLED = {"language": called}
PRESSED = {"language.choose": pressed}
SOUGHT = {"/language": sought}
