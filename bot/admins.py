"""The admins told of something that is theirs to mend, each in their own language."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from adapters.port import ChannelError
from adapters.ui import Post
from desk.model import AccountRef, Role

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from adapters.ui import Card
    from bot.house import House
    from bot.words import Words
    from desk.ports import Transaction


async def tell(house: House, card: Callable[[Words], Card], *, key: str) -> int:
    """Each admin that we know of; gives how many were reached. One who cannot be reached has the log."""
    reached = 0
    for account in await house.storage.read(lambda tx: known(house, tx)):
        channel = house.channels.get(account.channel)
        if channel is None:
            continue
        with contextlib.suppress(ChannelError):
            words = (await house.asker(account)).words
            await channel.whisper(account, Post(card=card(words)), key=key)
            reached += 1
    return reached


def known(house: House, tx: Transaction) -> Iterable[AccountRef]:
    """Those who were heard as admins, and those whom config names by their accounts."""
    found: dict[AccountRef, None] = {}
    for agent in tx.agents():
        if agent.role is Role.ADMIN:
            found |= dict.fromkeys(tx.accounts(agent.person.id))
    for network, ids in house.access.admins.items():
        for each in sorted(ids):
            if tx.person_of(account := AccountRef(network, each)) is not None:
                found[account] = None
    return list({account.holder: account for account in found}.values())  # once, in however many servers they are
