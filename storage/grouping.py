"""Verbs on their way to the database: in the order in which they were asked for, many of them in one commit.

A commit costs a wait for the disk, whatever it holds. So one thread takes up to `BATCH` verbs at once and has them
committed together, each behind a savepoint of its own; none of them returns before the commit is on disk.

A thread must be woken, and its answer wakes the loop again. A brief verb that comes alone may spare itself both, and be
carried out where it was asked for: see `Shortcut`.
"""

from __future__ import annotations

import asyncio
import queue
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from storage.errors import StorageError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from desk.ports import Courier, Expecting, Transaction
    from storage.transaction import Rows

T = TypeVar("T")

BATCH = 64  # verbs in one commit
LINGER = 0.005  # seconds that a patient verb waits for others, to be committed with them
CROWDED = 0.05  # seconds after two wrote at once, in which all go by the thread: more are likely, to share a commit


@dataclass(slots=True, eq=False)
class Job(Generic[T]):
    """A verb, and what became of it."""

    verb: Callable[[Transaction], T]
    loop: asyncio.AbstractEventLoop
    future: asyncio.Future[T] | None = None  # of who waits for it; None: it is carried out where it was asked for
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


class Shortcut(Protocol):
    """A commit in the loop's own thread, which stands still for it."""

    def is_open(self) -> bool:
        """Whether the loop may stand still for as long as a commit takes now."""

    def commit(self, batch: Sequence[Job[Any]], courier: Courier | None) -> bool:
        """As the thread commits. False where that would have to wait for somebody, or a verb raises: then nothing is
        done, and the verbs are the thread's to carry out.
        """


class Grouping:
    """A thread and what waits for it. `commit` is called there, with the verbs of one commit: afterwards those without
    an `error` are durable, and of those with one nothing is left. `end` is called there last.
    """

    def __init__(
        self,
        commit: Callable[[Sequence[Job[Any]], Courier | None], None],
        end: Callable[[], None],
        name: str,
        shortcut: Shortcut | None = None,
    ) -> None:
        self._commit, self._end, self._shortcut = commit, end, shortcut
        self._jobs: queue.SimpleQueue[Job[Any] | None] = queue.SimpleQueue()
        self._patient: list[Job[Any]] = []
        self._linger: asyncio.TimerHandle | None = None
        self._courier: Courier | None = None
        self._closed = False
        self._counting = threading.Lock()
        self._sent = 0  # verbs that went to the thread and have not come back
        self._took_shortcut = False  # in this turn of the loop
        self._crowded_until = 0.0  # by the monotonic clock
        self._thread = threading.Thread(target=self._work, name=name, daemon=True)
        self._thread.start()

    def hand_over_to(self, courier: Courier | None) -> None:
        """Who takes what can be delivered at once."""
        self._courier = courier

    async def write(
        self,
        verb: Callable[[Transaction], T],
        *,
        patient: bool,
        brief: bool = False,
        expecting: Expecting | None = None,
        life: int | None = None,
    ) -> T:
        """Durable when it returns. `patient`: at the latest with `LINGER`'s end, and before that with the next who
        writes. `brief`: it looks at few rows, as patient ones do.
        """
        if self._closed:
            raise StorageError("the desk is closing")
        loop = asyncio.get_running_loop()
        if brief and self._shortcut is not None and self._is_alone() and self._shortcut.is_open():
            job = Job(verb, loop, None, life, expecting)
            if self._carried_out(job, self._shortcut):
                return await self._after(job)
        waiting = Job(verb, loop, loop.create_future(), life, expecting)
        if patient:
            self._patient.append(waiting)
            if self._linger is None:
                self._linger = loop.call_later(LINGER, self._put_patient)
        else:
            self._put(*self._taken_along(), waiting)
        assert waiting.future is not None  # made above
        done: T = await waiting.future
        return done

    def _put(self, *jobs: Job[Any]) -> None:
        with self._counting:
            self._sent += len(jobs)
        for job in jobs:
            self._jobs.put(job)

    def _put_patient(self) -> None:
        self._put(*self._taken_along())

    def _taken_along(self) -> list[Job[Any]]:
        """The patient ones, which need not wait any longer."""
        if self._linger is not None:
            self._linger.cancel()
            self._linger = None
        jobs, self._patient = self._patient, []
        return jobs

    # --- where it was asked for -----------------------------------------------------------------------------

    def _is_alone(self) -> bool:
        """Whether nobody else writes. Many at once are quicker together, by the thread: where there were two, it is
        taken for a crowd.
        """
        if self._sent or self._took_shortcut:
            self._crowded_until = time.monotonic() + CROWDED
            return False
        return time.monotonic() >= self._crowded_until

    def _carried_out(self, job: Job[Any], shortcut: Shortcut) -> bool:
        """With the patient ones before it."""
        jobs = [*self._taken_along(), job]
        courier = self._courier
        if not shortcut.commit(jobs, courier):
            self._put(*jobs[:-1])
            return False
        _resolve(jobs, courier)
        return True

    async def _after(self, job: Job[T]) -> T:
        """What it gave, when the others have had their turn. What is to be delivered goes first, on which people wait:
        its request is made in the first turn, and written in the second (by a task of aiohttp's, before Python 3.12).
        """
        self._took_shortcut = True
        try:
            await asyncio.sleep(0)
            await asyncio.sleep(0)
        finally:
            self._took_shortcut = False
        return job.value  # type: ignore[return-value] # it was carried out

    async def close(self) -> bool:
        """Finish what was asked for. False where it was closed before."""
        if self._closed:
            return False
        self._closed = True
        self._put(*self._taken_along())
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
                self._answer(batch, courier)
                if jobs[-1] is None:
                    break
        finally:
            self._end()

    def _answer(self, batch: Sequence[Job[Any]], courier: Courier | None) -> None:
        """Wake each loop once for all its callers."""
        loops: dict[asyncio.AbstractEventLoop, list[Job[Any]]] = {}
        for job in batch:
            loops.setdefault(job.loop, []).append(job)
        for loop, jobs in loops.items():
            if loop.is_closed():
                self._returned(len(jobs))
            else:
                loop.call_soon_threadsafe(self._come_back, jobs, courier)

    def _come_back(self, jobs: Sequence[Job[Any]], courier: Courier | None) -> None:
        self._returned(len(jobs))
        _resolve(jobs, courier)

    def _returned(self, count: int) -> None:
        with self._counting:
            self._sent -= count

    def _next_jobs(self) -> Sequence[Job[Any] | None]:
        jobs = [self._jobs.get()]
        while jobs[-1] is not None and len(jobs) < BATCH:
            try:
                jobs.append(self._jobs.get_nowait())
            except queue.Empty:
                break
        return jobs


def _resolve(jobs: Sequence[Job[Any]], courier: Courier | None) -> None:
    for job in jobs:
        if courier is not None and job.error is None:
            for parcel in job.parcels:
                courier.deliver(parcel)
        if job.future is None or job.future.done():  # its caller was cancelled; what it wrote stays written
            continue
        if job.error is not None:
            job.future.set_exception(job.error)
        else:
            job.future.set_result(job.value)
