"""The running desk's backups, one at a time: made, proven, listed, and how each destination stands."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from backup import schedule
from backup.job import Busy, back_up, prove_again
from backup.port import Progress, Stopped
from backup.proof import newest_proven
from backup.retention import Keep
from backup.schedule import Timed, gone_by
from backup.vault import time_of
from bot import keeping
from desk.errors import DeskError
from desk.text import cut

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Mapping, Sequence
    from datetime import tzinfo

    from backup.config import DestinationSection
    from backup.job import Place, Work
    from bot.config import Config
    from desk.model import BackupRun

log = logging.getLogger(__name__)

WEEKLY = "every 7d"
BUSY_PAUSE = 30.0  # seconds before a run is tried again that met another one
AGAIN = "again:"  # before a destination's id: the weekly proof of its oldest backup


@dataclass(frozen=True, slots=True)
class Listed:
    """A backup as it lies at a destination."""

    stamp: str
    at: datetime
    tickets: int
    size: int  # bytes of all its parts
    proof: BackupRun | None  # what became of the newest one; None where none is on record


@dataclass(frozen=True, slots=True)
class State:
    """One destination at a glance."""

    section: DestinationSection
    proven: BackupRun | None  # the proof of the newest backup that was whole when it was last looked at
    newest: BackupRun | None  # the newest backup that ended
    runs: Sequence[BackupRun]  # the newest first
    due: datetime | None

    @property
    def proven_of(self) -> datetime | None:
        """When the newest proven copy was made."""
        return time_of(self.proven.stamp) if self.proven else None


class Keeper:
    """One for the whole desk. What is asked of it while the desk is being closed is refused."""

    def __init__(self, config: Config, environ: Mapping[str, str]) -> None:
        """ConfigError where a key or a secret is missing."""
        self._config = config
        self._environ = environ
        self._work = keeping.work(config, environ)
        self._places = keeping.places(config, environ)
        self._zone = ZoneInfo(config.desk.timezone)
        self._one = asyncio.Lock()
        self._stopping = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def ids(self) -> Sequence[str]:
        """The destinations."""
        return list(self._places)

    @property
    def busy(self) -> bool:
        """Whether a run is at work now."""
        return self._one.locked()

    @property
    def zone(self) -> tzinfo:
        """By which the schedule's hours are meant."""
        return self._zone

    @property
    def proven_within(self) -> timedelta:
        """How old the newest proven copy of a destination may be."""
        return timedelta(days=self._config.backup.proven_within_days)

    async def close(self) -> None:
        """Whatever is in hand stops at its next step; returns when it has."""
        self._stopping.set()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        async with self._one:
            pass

    async def timed(self) -> Sequence[Timed]:
        """What is to be done by the clock: by its name, see `act`."""
        return await asyncio.to_thread(self._timed)

    def _timed(self) -> Sequence[Timed]:
        found = []
        for section in self._config.backup.destinations:
            if not section.schedule:
                continue
            last = self._work.runs.last(section.id, "backup")
            found.append(Timed(section.id, section.schedule, last.began_at if last else None))
            again = self._work.runs.last(section.id, "again")
            since = [again] if again else self._work.runs.newest(section.id, limit=1000)[-1:]
            found.append(Timed(AGAIN + section.id, WEEKLY, since[0].began_at if since else datetime.now(UTC)))
        return found

    async def act(self, name: str) -> None:
        """Do what `timed` names. Trouble where it fails, Stopped where the desk closes."""
        place = self.place_of(name)
        if name.startswith(AGAIN):
            await self._alone(place, prove_again, lambda _: None)
        else:
            await self.back_up(place, lambda _: None)

    @staticmethod
    def place_of(name: str) -> str:
        """Its destination."""
        return name.removeprefix(AGAIN)

    def start(self, work: Coroutine[None, None, None]) -> None:
        """Go on with it while whoever asked has their answer."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    # --- on demand ------------------------------------------------------------------------------------------

    async def back_up(self, place: str, report: Callable[[Progress], None]) -> str:
        """Make one there and prove it; gives its stamp. Trouble where it fails, Stopped where the desk closes."""
        return await self._alone(place, lambda work, at, told: back_up(work, at, told).stamp, report)

    async def verify(self, place: str, stamp: str, report: Callable[[Progress], None]) -> str:
        """Read a backup from end to end; gives its stamp. Trouble names what is damaged."""
        return await self._alone(place, lambda work, at, told: prove_again(work, at, told, stamp), report)

    async def listed(self, place: str, limit: int) -> Sequence[Listed]:
        """The newest backups there. Trouble where it is away."""
        return await asyncio.to_thread(self._listed, self.known(place), limit)

    async def states(self) -> Sequence[State]:
        """Every destination at a glance, from the desk's own record."""
        return await asyncio.to_thread(self._states)

    async def oldest_until(self) -> Mapping[str, datetime | None]:
        """By destination, until when a backup that was made up to now stays there: None where it cannot be said."""
        return await asyncio.to_thread(self._oldest_until)

    def _oldest_until(self) -> Mapping[str, datetime | None]:
        now = datetime.now(self._zone)
        found: dict[str, datetime | None] = {}
        for section in self._config.backup.destinations:
            found[section.id] = None
            if section.schedule:
                keep = Keep(**section.keep.model_dump())
                found[section.id] = gone_by(section.schedule, keep, self._zone, now)
        return found

    def known(self, place: str) -> str:
        """The destination's id; the first where none is said. DeskError where there is none of that name."""
        found = place or next(iter(self._places))
        if found not in self._places:
            raise DeskError("backup_place_unknown", place=cut(place, 40), known=", ".join(self._places))
        return found

    async def _alone(
        self, place: str, act: Callable[[Work, Place, Callable[[Progress], None]], str],
        report: Callable[[Progress], None],
    ) -> str:  # fmt: skip
        loop = asyncio.get_running_loop()
        abandoned = threading.Event()

        def told(progress: Progress) -> None:
            if self._stopping.is_set() or abandoned.is_set():
                raise Stopped
            loop.call_soon_threadsafe(report, progress)

        def acted() -> str:
            made = keeping.places(self._config, self._environ)[place]  # connections of its own, in a thread of its own
            try:
                return act(self._work, made, told)
            finally:
                made.destination.close()

        async with self._one:
            while True:
                if self._stopping.is_set():
                    raise Stopped
                acting = asyncio.ensure_future(asyncio.to_thread(acted))
                try:
                    return await asyncio.shield(acting)
                except asyncio.CancelledError:
                    abandoned.set()  # it stops at its next step
                    await asyncio.wait({acting})
                    raise
                except Busy:
                    log.info("backup at %s: another run is at work; again in a moment", place)
                    report(Progress("wait"))
                    with contextlib.suppress(TimeoutError):
                        async with asyncio.timeout(BUSY_PAUSE):
                            await self._stopping.wait()

    def _listed(self, place: str, limit: int) -> Sequence[Listed]:
        proofs = self._work.runs.proofs(place)
        made = keeping.places(self._config, self._environ)[place]
        try:
            vault = self._work.vault(made)
            found = []
            for entry in vault.entries()[:limit]:
                manifest = vault.manifest(entry.stamp)
                tickets, size = manifest.counts.get("tickets", 0), sum(part.size for part in manifest.parts)
                found.append(Listed(entry.stamp, entry.at, tickets, size, proofs.get(entry.stamp)))
            return found
        finally:
            made.destination.close()

    def _states(self) -> Sequence[State]:
        found = []
        now = datetime.now(UTC)
        for section in self._config.backup.destinations:
            runs = self._work.runs
            newest = runs.last(section.id, "backup")
            timed = Timed(section.id, section.schedule, newest.began_at if newest else None)
            due = schedule.next_time(timed, self._zone, now) if section.schedule else None
            proven = newest_proven(runs.proofs(section.id))
            found.append(State(section, proven, newest, runs.newest(section.id, limit=20), due))
        return found
