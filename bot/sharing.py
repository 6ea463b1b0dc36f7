"""The shards of a network shared out among the desk's instances: each is heard by one of them, and taken over from one
that dies.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from bot.turns import ended, together

if TYPE_CHECKING:
    from adapters.port import Sharded
    from bot.reach import Reach
    from bot.turns import Turns
    from desk.ports import Storage

log = logging.getLogger(__name__)

LOOK_EVERY = 1.0  # seconds between two looks at how many shards are ours to take


class Sharing:
    """One instance's part in one network's shards. What an instance has beyond its share it lets go, one by one."""

    def __init__(self, storage: Storage, turns: Turns, network: Sharded, reach: Reach) -> None:
        self._storage = storage
        self._reach = reach
        self._turns = turns
        self._network = network
        self._count = 1
        self._ours: set[int] = set()
        self._changing = asyncio.Lock()

    async def run(self) -> None:
        """Until cancelled; nothing is heard afterwards."""
        await self._hear()
        await together(self._keep_pace(), self._take_shares())

    async def _keep_pace(self) -> None:
        while True:
            self._network.among(len(self._storage.others()) + 1)
            await asyncio.sleep(LOOK_EVERY)

    async def _take_shares(self) -> None:
        self._count = await self._network.shards()
        try:
            await together(*(self._one(shard) for shard in range(self._count)))
        finally:
            self._ours.clear()
            await self._hear()

    @property
    def _share(self) -> int:
        """How many of them one instance hears at most. Who does not reach the network leaves them to the others."""
        if not self._reach.reaches(self._network.host):
            return 0
        return -(-self._count // (self._reach.others(self._network.host) + 1))

    async def _one(self, shard: int) -> None:
        name = f"{self._network.name}:shard:{shard}"
        while True:
            while len(self._ours) >= self._share:  # noqa: ASYNC110 - how many instances live is looked at, not told
                await asyncio.sleep(LOOK_EVERY)
            async with self._storage.turn(name) as turn:
                if len(self._ours) >= self._share:  # another was ours first
                    continue
                self._ours.add(shard)
                self._turns.held.add(name)
                log.info("this instance hears %s's shard %d of %d", self._network.name, shard, self._count)
                losing = asyncio.ensure_future(turn.lost())
                try:
                    await self._hear()
                    while not losing.done() and len(self._ours) <= self._share:
                        await asyncio.wait({losing}, timeout=LOOK_EVERY)
                finally:
                    await ended(losing)
                    self._ours.discard(shard)
                    self._turns.held.discard(name)
                    await self._hear()  # silent before it is given back
            log.info("%s's shard %d of %d is another's", self._network.name, shard, self._count)
            await asyncio.sleep(LOOK_EVERY)  # whoever has room for it comes first

    async def _hear(self) -> None:
        async with self._changing:
            await self._network.hear(frozenset(self._ours))
