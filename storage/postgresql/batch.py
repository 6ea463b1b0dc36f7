"""The verbs of one commit, one after the other in its transaction.

Nearly always all of them succeed, or refuse before they have written anything. So they are run `swiftly` first: what
they expect is asked for once for all, and nothing is sent that would undo one of them. Where one fails that has
written, the transaction is given up, and all are run again `carefully`, each behind a savepoint: what a verb sends
without looking at the answer may fail after the next verb has begun; then it is that earlier verb which failed, and
those behind it are run once more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from storage.postgresql.ahead import Ahead
from storage.wording import index_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from desk.ports import Courier
    from storage.grouping import Job
    from storage.postgresql.running import PipedRunner
    from storage.transaction import Rows


class AstrayError(Exception):
    """One of them failed that has written: the transaction is to be given up, and they are to be run carefully."""


def swiftly(
    runner: PipedRunner,
    jobs: Sequence[Job[Any]],
    courier: Courier | None,
    make: Callable[[Job[Any]], Rows],
    is_fatal: Callable[[Exception], bool],
) -> bool:
    """Carry them out: those with an `error` left nothing. Gives whether anything is owed that nobody took. What is
    fatal to all of them is raised, and AstrayError.
    """
    done: list[Rows] = []
    try:
        if wanted := [job.expecting for job in jobs if job.expecting is not None]:
            runner.ahead = Ahead(
                runner, runner.line, wanted, ("messages", "events", *(("deliveries",) if courier else ()))
            )
        for job in jobs:
            _attempt(runner, job, courier, make, done)
        _end(runner, done)
    except Exception as error:
        if is_fatal(error):
            raise
        raise AstrayError from error
    finally:
        runner.ahead = None
    return any(rows.owes for rows in done)


def _attempt(
    runner: PipedRunner, job: Job[Any], courier: Courier | None, make: Callable[[Job[Any]], Rows], done: list[Rows]
) -> None:
    job.error, runner.has_written = None, False
    try:
        rows = make(job)
        job.run(rows, courier)
    except Exception as error:
        if runner.has_written or runner.line.failed is not None:
            raise
        job.error = error
    else:
        done.append(rows)


def _end(runner: PipedRunner, done: Sequence[Rows]) -> None:
    index_of(runner).keep(runner, [wording for rows in done for wording in rows.worded])
    runner.line.rest()


def carefully(
    runner: PipedRunner,
    jobs: Sequence[Job[Any]],
    courier: Courier | None,
    make: Callable[[Job[Any]], Rows],
    is_fatal: Callable[[Exception], bool],
) -> bool:
    """The same, without AstrayError."""
    line, place = runner.line, 0
    line.failed = None
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
    _end(runner, kept)
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
