"""The verbs of one commit, one after the other in its transaction, each behind a savepoint.

What a verb sends without looking at the answer may fail after the next verb has begun: then it is that earlier verb
which failed, and those behind it are run again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from storage.wording import index_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from desk.ports import Courier
    from storage.grouping import Job
    from storage.postgresql.running import PipedRunner
    from storage.transaction import Rows


def run(
    runner: PipedRunner,
    jobs: Sequence[Job[Any]],
    courier: Courier | None,
    make: Callable[[Job[Any]], Rows],
    is_fatal: Callable[[Exception], bool],
) -> bool:
    """Carry them out: those with an `error` left nothing. Gives whether anything is owed that nobody took. What is
    fatal to all of them is raised.
    """
    line, place = runner.line, 0
    done: list[Rows | None] = [None] * len(jobs)
    while True:
        try:
            while place < len(jobs):
                line.mark = place
                line.ask("SAVEPOINT verb", ())
                jobs[place].error = None
                rows = done[place] = make(jobs[place])
                jobs[place].run(rows, courier)
                line.ask("RELEASE verb", ())
                place += 1
            line.settle()
            break
        except Exception as error:
            if is_fatal(error):
                raise
            place = _undone(runner, jobs, place, error, is_fatal) + 1
    kept = [rows for rows, job in zip(done, jobs, strict=True) if rows is not None and job.error is None]
    index_of(runner).keep(runner, [wording for rows in kept for wording in rows.worded])
    line.rest()
    return any(rows.owes for rows in kept)


def _undone(
    runner: PipedRunner, jobs: Sequence[Job[Any]], place: int, error: Exception, is_fatal: Callable[[Exception], bool]
) -> int:
    """Which verb failed; nothing of it is left."""
    line = runner.line
    if line.failed is None:  # it raised by itself: but did those before it succeed?
        try:
            line.settle()
        except Exception as earlier:
            if is_fatal(earlier):
                raise
            if line.failed != place:
                error = earlier
    at = place if line.failed is None else line.failed
    line.failed = None
    jobs[at].error = error
    line.ask("ROLLBACK TO verb", ())
    line.ask("RELEASE verb", ())
    line.settle()
    return at
