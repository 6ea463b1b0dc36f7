"""Who of a department's agents is not to be disturbed now: the networks are asked before a ticket is given away."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from adapters.port import ChannelError
from desk.catalogue import Assignment
from desk.verbs.assigning import candidates

if TYPE_CHECKING:
    from bot.house import House
    from desk.model import AccountRef
    from desk.ports import Transaction

log = logging.getLogger(__name__)

WITHIN = 1.0  # seconds that all networks together have to say it: a person waits for their ticket


async def busy(house: House, department: str) -> frozenset[int]:
    """Persons by number: those of whom any network says so in time. Nobody, where the department assigns by hand."""
    known = house.catalogue.department(department)
    if known is None or known.assignment is Assignment.BY_HAND:
        return frozenset()

    def look(tx: Transaction) -> dict[AccountRef, int]:
        people = [agent.person.id for agent in candidates(tx, known)]
        return {account: person for person in people for account in tx.accounts(person)}

    persons = await house.storage.read(look)
    networks = {account.channel for account in persons} & set(house.channels)
    quiet = await asyncio.gather(*(_quiet(house, network, list(persons)) for network in sorted(networks)))
    return frozenset(persons[account] for found in quiet for account in found)


async def _quiet(house: House, network: str, accounts: list[AccountRef]) -> frozenset[AccountRef]:
    own = [account for account in accounts if account.channel == network]
    try:
        async with asyncio.timeout(WITHIN):
            return await house.channels[network].not_to_disturb(own)
    except (ChannelError, TimeoutError) as error:
        log.info("%s does not say who wants quiet: %s", network, error)
        return frozenset()
