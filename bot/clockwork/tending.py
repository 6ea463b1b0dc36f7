"""Tends tickets that nobody touches: warns of silence, closes after it, lets files go, lets cards show what has become
old. Once each, after downtime too.

Everything that is done is looked up again in the transaction that does it, so it does not matter how often or how late
this loop comes round.
"""

from __future__ import annotations

import asyncio
import logging
from datetime import timedelta
from typing import TYPE_CHECKING

from bot.scrubbing import scrub
from desk import verbs

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime

    from bot.house import House
    from desk.lifecycle import Lifecycle
    from desk.ports import Transaction

log = logging.getLogger(__name__)

EVERY = 30.0  # seconds between two looks
AT_ONCE = 50  # tickets in one transaction
SWEEP_EVERY = timedelta(hours=6)
DRAFTS_KEPT = timedelta(days=30)
FILES_KEPT = timedelta(days=1)  # a file younger than that may be of something that is being written
HASHES = 500  # looked up in one query
_OLD = "grown_old"  # the mark up to which tickets were looked through for those that have become old
_CLOSED = "attachments_dropped"  # the mark up to which closed tickets were looked through for files to let go


class Tending:
    """One for the whole desk."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._swept: datetime | None = None
        self._unneeded: frozenset[str] = frozenset()  # files that no row needed at the last sweep

    async def run(self) -> None:
        """Look again and again until cancelled."""
        while True:
            try:
                await self.look()
            except Exception:
                log.exception("tickets could not be tended; trying again")
            await asyncio.sleep(EVERY)

    async def look(self) -> None:
        """Do all that is due now."""
        lifecycle = self._house.rules.lifecycle
        storage = self._house.storage
        while await storage.write(lambda tx: _warn(tx, lifecycle)):
            self._house.wake()
        while await storage.write(lambda tx: _close(tx, lifecycle)):
            self._house.wake()
        while await storage.write(lambda tx: _drop(tx, lifecycle)):
            pass
        old_after = self._house.old_after
        for number in await storage.write(lambda tx: _grow_old(tx, old_after)):
            self._house.touched(number)
        await scrub(self._house)
        now = await storage.read(lambda tx: tx.now)
        if self._swept is None or now - self._swept >= SWEEP_EVERY:
            self._swept = now
            await self.sweep()

    async def sweep(self) -> int:
        """Forget what is old, and delete files that no row has needed at this sweep and at the one before, so that a
        backup which is being made still finds what its rows name. Gives how many went.
        """
        storage, blobs = self._house.storage, self._house.blobs
        now = await storage.read(lambda tx: tx.now)
        await storage.write(lambda tx: tx.forget_old(drafts_before=now - DRAFTS_KEPT))
        kept = await blobs.kept_before(now - FILES_KEPT)
        unneeded: set[str] = set()
        for start in range(0, len(kept), HASHES):
            some = kept[start : start + HASHES]
            needed = await storage.read(lambda tx, some=some: tx.referenced(some))  # type: ignore[misc] # bound here
            unneeded |= set(some) - set(needed)
        gone = [each for each in self._unneeded & unneeded if await blobs.drop(each, kept_before=now - FILES_KEPT)]
        self._unneeded = frozenset(unneeded) - frozenset(gone)
        if gone:
            log.info("%d files that nothing refers to were deleted", len(gone))
        return len(gone)


def _warn(tx: Transaction, lifecycle: Lifecycle) -> int:
    if lifecycle.warn_after is None:
        return 0
    since = tx.now - lifecycle.warn_after
    found = tx.silent_tickets(since=since, warned_before=None, statuses=lifecycle.silent, limit=AT_ONCE)
    return sum(verbs.warn_of_silence(tx, number, lifecycle) for number in found)


def _close(tx: Transaction, lifecycle: Lifecycle) -> int:
    if lifecycle.warn_after is None:
        return 0
    before = tx.now - lifecycle.second_half
    found = tx.silent_tickets(since=before, warned_before=before, statuses=lifecycle.silent, limit=AT_ONCE)
    return sum(verbs.close_after_silence(tx, number, lifecycle) for number in found)


def _drop(tx: Transaction, lifecycle: Lifecycle) -> Collection[int]:
    """The tickets that were closed since the last look, long enough ago."""
    before = tx.now - lifecycle.keep_attachments
    after = tx.mark(_CLOSED)
    if after is None:  # a desk's first look: what was closed before it is left as it is
        tx.keep_mark(_CLOSED, before)
        return ()
    closed = tx.closed_between(after, before, limit=AT_ONCE)
    for number, closed_at in closed:
        verbs.drop_attachments(tx, number, lifecycle, before)
        tx.keep_mark(_CLOSED, closed_at)
    return [number for number, _ in closed]


def _grow_old(tx: Transaction, old_after: timedelta) -> Sequence[int]:
    """The next tickets that have become old since the last look: their cards are to show it. So many at each look, so
    that no network is flooded where very many do at once.
    """
    before = tx.now - old_after
    after = tx.mark(_OLD)
    if after is None:  # a desk's first look: what has been old for long is left as it is
        tx.keep_mark(_OLD, before)
        return ()
    found = tx.grown_old(after, before, limit=AT_ONCE)
    if found:
        tx.keep_mark(_OLD, found[-1][1])
    return [number for number, _ in found]
