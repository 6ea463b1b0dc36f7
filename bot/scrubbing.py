"""After an erasure: its last traces wiped from the database's files, and older copies on this machine deleted.

What is owed is on record, so that a desk which ends in the middle goes on with it at its next start.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from desk.verbs import ERASED

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime
    from pathlib import Path

    from bot.house import House
    from desk.ports import Transaction

log = logging.getLogger(__name__)

_SCRUBBED = "scrubbed"  # the mark of the erasure up to which all is wiped


async def scrub(house: House) -> int:
    """Do it, if any is owed; gives how many older copies were deleted. Trouble where the database cannot be had."""

    def owed(tx: Transaction) -> datetime | None:
        erased, scrubbed = tx.mark(ERASED), tx.mark(_SCRUBBED)
        return erased if erased is not None and (scrubbed is None or scrubbed < erased) else None

    at = await house.storage.read(owed)
    if at is None:
        return 0
    await house.storage.scrub()
    gone = await asyncio.to_thread(_deleted, house.leftovers)
    await house.storage.write(lambda tx: tx.keep_mark(_SCRUBBED, at))
    log.info("what was erased until %s is wiped; %d older copies on this machine were deleted", at, gone)
    return gone


def _deleted(places: Iterable[tuple[Path, str]]) -> int:
    count = 0
    for folder, pattern in places:
        for path in folder.glob(pattern):
            path.unlink(missing_ok=True)
            count += 1
    return count
