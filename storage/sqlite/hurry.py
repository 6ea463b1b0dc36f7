"""When a commit is made in the loop's own thread: while the disk is so quick that nobody would notice the wait."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from desk.ports import Courier
    from storage.grouping import Job

SLOW = 0.015  # seconds of one commit, from which the disk is not to be trusted
FIRST_REST, LONGEST_REST = 0.25, 60.0  # seconds after a slow one in which nothing is hurried: doubled each time
QUICK_AGAIN = 256  # quick ones in a row, after which a slow one is the first again
AT_ONCE = 64  # hurried ones in a row: then one goes by the thread, and SQLite writes its log back there


class Hurry:
    """`storage.grouping.Shortcut` for SQLite: what is asked of a hurried commit is `commit`. Only these are looked at:
    how long the thread takes says more of how busy the loop is than of the disk.
    """

    def __init__(
        self,
        commit: Callable[[Sequence[Job[Any]], Courier | None], bool],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._commit = commit
        self.clock = clock  # seconds
        self._in_a_row = 0
        self._quick = QUICK_AGAIN
        self._rest = FIRST_REST
        self._rests_until = 0.0

    def is_open(self) -> bool:
        return self._in_a_row < AT_ONCE and self.clock() >= self._rests_until

    def commit(self, batch: Sequence[Job[Any]], courier: Courier | None) -> bool:
        began = self.clock()
        if not self._commit(batch, courier):
            return False
        self._in_a_row += 1
        ended = self.clock()
        if ended - began < SLOW:
            self._quick += 1
        else:
            self._rest = FIRST_REST if self._quick >= QUICK_AGAIN else min(2 * self._rest, LONGEST_REST)
            self._quick, self._rests_until = 0, ended + self._rest
        return True

    def went_by_the_thread(self) -> None:
        """It has committed something, and written the log back where that was due."""
        self._in_a_row = 0
