"""What one instance of the desk does for all of them: begun when it has the turn, ended when it has it no more."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine

    from bot.reach import Reach
    from desk.ports import Storage, Turn

log = logging.getLogger(__name__)

STEP_BACK = 15.0  # seconds that whoever does not reach a network leaves a turn to the others


class Turns:
    """Those of one instance. `held` names what it has now."""

    def __init__(self, storage: Storage, reach: Reach) -> None:
        self._storage = storage
        self._reach = reach
        self.held: set[str] = set()

    async def keep(self, name: str, work: Callable[[], Coroutine[None, None, None]]) -> None:
        """Do the work, which has no end of its own, whenever the turn is ours; until cancelled. What it raises is
        raised. Where a network is not reached any more from here, others have the turn first.
        """
        while True:
            async with self._storage.turn(name) as turn:
                log.info("this instance has the turn %r", name)
                self.held.add(name)
                doing = asyncio.ensure_future(until_lost(turn, work()))
                cut_off = asyncio.ensure_future(self._reach.until_lost())
                try:
                    await asyncio.wait({doing, cut_off}, return_when=asyncio.FIRST_COMPLETED)
                    stepped_back = not doing.done()
                    if not stepped_back:
                        doing.result()
                finally:
                    await ended(doing, cut_off)
                    self.held.discard(name)
            log.warning("the turn %r is %s", name, "left to others" if stepped_back else "lost")
            if stepped_back:
                await asyncio.sleep(STEP_BACK)


async def until_lost(turn: Turn, work: Coroutine[None, None, None]) -> bool:
    """Run it to its end, or until the turn is lost: then it is cancelled, and has ended when this returns. True where
    it ended by itself.
    """
    doing, losing = asyncio.ensure_future(work), asyncio.ensure_future(turn.lost())
    turn.when_lost(doing.cancel)
    try:
        await asyncio.wait({doing, losing}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        await ended(doing, losing)
    if doing.cancelled():
        return False
    doing.result()
    return True


async def ended(*tasks: asyncio.Future[Any]) -> None:
    """Cancel them, and wait until they have ended."""
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def together(*work: Awaitable[None]) -> None:
    """All at once, until one of them fails or we are cancelled: then none goes on."""
    tasks = [asyncio.ensure_future(each) for each in work]
    try:
        await asyncio.gather(*tasks)
    finally:
        await ended(*tasks)
