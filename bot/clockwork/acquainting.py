"""Agents known before they say a word: config names them and their groups, and the networks say who is in these.

Looked up when a network is being heard, when config.toml changes and once an hour, beside everything else: so a ticket
can be given to a colleague who has never typed, and not to one who is no agent any more.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from adapters.port import ChannelError, Gone
from bot.clockwork.rounds import Rounds
from desk.model import AccountRef, Role

if TYPE_CHECKING:
    from collections.abc import Collection

    from adapters.port import Channel
    from bot.house import Asker, House
    from desk.ports import Transaction

log = logging.getLogger(__name__)

EVERY = 3600.0  # seconds between two looks of its own
AT_ONCE = 50  # people in one transaction


class Acquainting:
    """One for the whole desk."""

    def __init__(self, house: House) -> None:
        self._house = house
        self.rounds = Rounds(self.look, every=EVERY)

    async def look(self) -> None:
        """Put every agent and admin on record whom config means now, and who was one, as what they are now. What a
        network does not tell now is told at the next look.
        """
        for channel in list(self._house.channels.values()):
            try:
                named = await channel.members(self._house.access.ids(channel.name))
            except ChannelError as error:
                log.warning("%s does not say who its agents are: %s", channel.name, error)
                continue
            known = await self._house.storage.read(lambda tx: _known(tx, channel.name))  # noqa: B023 - read at once
            await self._meet(channel, named, frozenset(known))

    async def _meet(self, channel: Channel, named: Collection[AccountRef], known: frozenset[AccountRef]) -> None:
        askers: list[Asker] = []
        for account in dict.fromkeys([*named, *sorted(known, key=lambda account: account.key)]):
            try:
                asker = await self._house.asker(account)
            except Gone:
                continue
            except ChannelError as error:
                log.info("%s does not say who %s is: %s", channel.name, account.key, error)
                continue
            if not asker.profile.bot and (asker.role is not Role.CLIENT or account in known):
                askers.append(asker)
        for start in range(0, len(askers), AT_ONCE):
            some = askers[start : start + AT_ONCE]

            def verb(tx: Transaction, some: list[Asker] = some) -> None:
                for asker in some:
                    asker.actor(tx)

            await self._house.storage.write(verb)


def _known(tx: Transaction, network: str) -> list[AccountRef]:
    """The accounts on this network of all who are agents by now."""
    accounts = (account for agent in tx.agents() for account in tx.accounts(agent.person.id))
    return [account for account in accounts if account.channel == network]
