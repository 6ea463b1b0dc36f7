"""When a commit is made in the loop's own thread: while the disk is so quick that nobody would notice the wait."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from desk.ports import Courier
    from storage.grouping import Job

USUAL = 0.003  # seconds that a commit takes on the average, below which the disk is quick
SLOW = 0.015  # seconds of one commit, from which the disk is not to be trusted
REST = 60.0  # seconds after a slow one in which nothing is hurried
LIKE_IT = 8  # commits by the thread that are looked at before the first that is hurried
AT_ONCE = 64  # hurried ones in a row: then one goes by the thread, and SQLite writes its log back there
FEW = 4  # verbs in a commit by the thread, up to which it is like a hurried one


class Hurry:
    """`storage.grouping.Shortcut` for SQLite: what is asked of a hurried commit is `commit`."""

    def __init__(
        self,
        commit: Callable[[Sequence[Job[Any]], Courier | None], bool],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._commit = commit
        self.clock = clock  # seconds
        self._usual = USUAL  # seconds: the average, the newer the heavier
        self._seen = 0
        self._in_a_row = 0
        self._rests_until = 0.0

    def is_open(self) -> bool:
        return (
            self._seen >= LIKE_IT
            and self._in_a_row < AT_ONCE
            and self._usual < USUAL
            and self.clock() >= self._rests_until
        )

    def commit(self, batch: Sequence[Job[Any]], courier: Courier | None) -> bool:
        began = self.clock()
        if not self._commit(batch, courier):
            return False
        self._in_a_row += 1
        self._look_at(self.clock() - began)
        return True

    def has_taken(self, seconds: float, verbs: int) -> None:
        """The thread has committed so many verbs in so many seconds."""
        self._in_a_row = 0
        if verbs <= FEW:
            self._look_at(seconds)

    def _look_at(self, seconds: float) -> None:
        self._seen += 1
        self._usual += (seconds - self._usual) / LIKE_IT
        if seconds >= SLOW:
            self._rests_until = self.clock() + REST
