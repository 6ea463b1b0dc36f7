"""Verbs on their way to the database: in the order in which they were asked for, many of them in one commit.

A commit costs a wait for the disk, whatever it holds. So one thread takes up to `BATCH` verbs at once and has them
committed together, each behind a savepoint of its own; none of them returns before the commit is on disk.
"""

from __future__ import annotations

import asyncio
import queue
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from storage.errors import StorageError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from desk.ports import Courier, Expecting, Transaction
    from storage.transaction import Rows

T = TypeVar("T")

BATCH = 64  # verbs in one commit
LINGER = 0.005  # seconds that a patient verb waits for others, to be committed with them


@dataclass(slots=True, eq=False)
class Job(Generic[T]):
    """A verb, and what became of it."""

    verb: Callable[[Transaction], T]
    loop: asyncio.AbstractEventLoop
    future: asyncio.Future[T]
    life: int | None = None  # of the instance that asks, where there may be several
    expecting: Expecting | None = None
    value: T | None = None
    error: BaseException | None = None
    parcels: tuple[object, ...] = ()  # for the courier, when it is durable

    def run(self, rows: Rows, courier: Courier | None) -> None:
        """Carry it out over these rows. What it raises is raised."""
        if self.expecting is not None:
            rows.expect(self.expecting)
        self.value = self.verb(rows)
        if courier is not None:
            self.parcels = tuple(courier.pack(rows, delivery) for delivery in rows.fresh)


class Grouping:
    """A thread and what waits for it. `commit` is called there, with the verbs of one commit: afterwards those without
    an `error` are durable, and of those with one nothing is left. `end` is called there last.
    """

    def __init__(
        self, commit: Callable[[Sequence[Job[Any]], Courier | None], None], end: Callable[[], None], name: str
    ) -> None:
        self._commit, self._end = commit, end
        self._jobs: queue.SimpleQueue[Job[Any] | None] = queue.SimpleQueue()
        self._patient: list[Job[Any]] = []
        self._linger: asyncio.TimerHandle | None = None
        self._courier: Courier | None = None
        self._closed = False
        self._thread = threading.Thread(target=self._work, name=name, daemon=True)
        self._thread.start()

    def hand_over_to(self, courier: Courier | None) -> None:
        """Who takes what can be delivered at once."""
        self._courier = courier

    async def write(
        self, verb: Callable[[Transaction], T], *, patient: bool, expecting: Expecting | None, life: int | None = None
    ) -> T:
        """Durable when it returns. `patient`: at the latest with `LINGER`'s end, and before that with the next who
        writes.
        """
        if self._closed:
            raise StorageError("the desk is closing")
        loop = asyncio.get_running_loop()
        job = Job(verb, loop, loop.create_future(), life, expecting)
        if patient:
            self._patient.append(job)
            if self._linger is None:
                self._linger = loop.call_later(LINGER, self._put_patient)
        else:
            self._put_patient()
            self._jobs.put(job)
        done: T = await job.future
        return done

    def _put_patient(self) -> None:
        if self._linger is not None:
            self._linger.cancel()
            self._linger = None
        for job in self._patient:
            self._jobs.put(job)
        self._patient.clear()

    async def close(self) -> bool:
        """Finish what was asked for. False where it was closed before."""
        if self._closed:
            return False
        self._closed = True
        self._put_patient()
        self._jobs.put(None)
        await asyncio.to_thread(self._thread.join)
        return True

    # --- in the thread --------------------------------------------------------------------------------------

    def _work(self) -> None:
        try:
            while (jobs := self._next_jobs())[0] is not None:
                batch = [job for job in jobs if job is not None]
                courier = self._courier
                self._commit(batch, courier)
                _answer(batch, courier)
                if jobs[-1] is None:
                    break
        finally:
            self._end()

    def _next_jobs(self) -> Sequence[Job[Any] | None]:
        jobs = [self._jobs.get()]
        while jobs[-1] is not None and len(jobs) < BATCH:
            try:
                jobs.append(self._jobs.get_nowait())
            except queue.Empty:
                break
        return jobs


def _answer(batch: Sequence[Job[Any]], courier: Courier | None) -> None:
    """Wake each loop once for all its callers."""
    loops: dict[asyncio.AbstractEventLoop, list[Job[Any]]] = {}
    for job in batch:
        loops.setdefault(job.loop, []).append(job)
    for loop, jobs in loops.items():
        if not loop.is_closed():
            loop.call_soon_threadsafe(_resolve, jobs, courier)


def _resolve(jobs: Sequence[Job[Any]], courier: Courier | None) -> None:
    for job in jobs:
        if courier is not None and job.error is None:
            for parcel in job.parcels:
                courier.deliver(parcel)
        if job.future.done():  # its caller was cancelled; what it wrote stays written
            continue
        if job.error is not None:
            job.future.set_exception(job.error)
        else:
            job.future.set_result(job.value)
