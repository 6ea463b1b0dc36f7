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
    from desk.ports import Storage, Transaction

log = logging.getLogger(__name__)

LOOK_EVERY = 1.0  # seconds between two looks at how many shards are ours to take
PATIENCE = 10  # looks in which an older instance is to say how many there are


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
        await together(self._keep_pace(), self._share_out())

    async def _keep_pace(self) -> None:
        while True:
            self._network.among(len(self._storage.others()) + 1)
            await asyncio.sleep(LOOK_EVERY)

    async def _share_out(self) -> None:
        """As one of as many as all instances have agreed on; anew, where that turns out to be another number."""
        while True:
            self._count = await self._agreed()
            self._network.divide(self._count)
            taking = asyncio.ensure_future(self._take_shares())
            agreeing = asyncio.ensure_future(self._keep_agreement())
            try:
                done, _ = await asyncio.wait({taking, agreeing}, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    task.result()
            finally:
                await ended(taking, agreeing)

    # --- how many there are ---------------------------------------------------------------------------------------
    # A network that is asked may advise another number tomorrow. So the oldest instance that lives says how many there
    # are for all, and who comes takes that; the next number counts when all have ended.

    async def _agreed(self) -> int:
        advised = await self._network.shards()
        for _ in range(PATIENCE):
            found = await self._storage.write(lambda tx: self._said(tx) or self._say(tx, advised, if_oldest=True))
            if found:
                if found != advised:
                    log.warning("%s has %d shards until all instances have ended, then %d",
                                self._network.name, found, advised)  # fmt: skip
                return found
            await asyncio.sleep(LOOK_EVERY)
        return await self._storage.write(lambda tx: self._say(tx, advised))  # the others are of a version before that

    async def _keep_agreement(self) -> None:
        """Until another number counts. What an instance that has ended said, one that lives goes on saying."""
        while True:
            await asyncio.sleep(LOOK_EVERY)
            said = await self._storage.read(self._said)
            if said is None:
                said = await self._storage.write(lambda tx: self._said(tx) or self._say(tx, self._count))
            if said != self._count:
                return

    def _said(self, tx: Transaction) -> int | None:
        """What somebody who lives has said."""
        count, _, life = (tx.agreed(self._name) or "0 0").partition(" ")
        return int(count) if int(life) in {self._me, *self._storage.others()} else None

    def _say(self, tx: Transaction, count: int, *, if_oldest: bool = False) -> int:
        """0 where an older one lives, whose it is to say."""
        if if_oldest and any(other < self._me for other in self._storage.others()):
            return 0
        tx.agree(self._name, f"{count} {self._me}")
        return count

    @property
    def _me(self) -> int:
        return self._storage.instance() or 0

    @property
    def _name(self) -> str:
        return f"shards:{self._network.name}"

    # --- whose they are -------------------------------------------------------------------------------------------

    async def _take_shares(self) -> None:
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
