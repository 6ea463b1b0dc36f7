"""The running desk's backups: on schedule and on demand, one at a time; the admins are told what needs them."""

from __future__ import annotations

import asyncio
import logging
import threading
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from adapters.ui import Card
from backup import schedule
from backup.job import Busy, back_up, prove_again
from backup.port import Stopped
from backup.proof import newest_proven
from backup.retention import Keep
from backup.schedule import Timed, gone_by
from backup.vault import time_of
from bot import admins, keeping
from bot.cards import literal
from desk.errors import DeskError, Trouble
from desk.text import cut

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Mapping, Sequence

    from backup.config import DestinationSection
    from backup.job import Place, Work
    from backup.port import Progress
    from bot.config import Config
    from bot.house import House
    from bot.words import Words
    from desk.model import BackupRun

log = logging.getLogger(__name__)

WEEKLY = "every 7d"
LOOK_EVERY = 3600.0  # seconds between two looks at how old the proven copies are
BUSY_PAUSE = 30.0  # seconds before a run is tried again that met another one
ERROR_SHOWN = 500  # characters
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
        self._stopping = False
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def ids(self) -> Sequence[str]:
        """The destinations."""
        return list(self._places)

    @property
    def busy(self) -> bool:
        """Whether a run is at work now."""
        return self._one.locked()

    async def run(self, house: House) -> None:
        """Keep to the schedule until cancelled."""
        entries = await asyncio.to_thread(self._entries)
        watching = asyncio.create_task(self._watch(house))

        async def act(name: str) -> None:
            await self._act(house, name)

        try:
            await schedule.run(entries, self._zone, act)
        finally:
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)

    async def close(self) -> None:
        """Whatever is in hand stops at its next step; returns when it has."""
        self._stopping = True
        await asyncio.gather(*self._tasks, return_exceptions=True)
        async with self._one:
            pass

    def _entries(self) -> list[Timed]:
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

    async def _act(self, house: House, name: str) -> None:
        place = name.removeprefix(AGAIN)
        try:
            if name.startswith(AGAIN):
                await self._alone(place, prove_again, lambda _: None)
            else:
                await self.back_up(place, lambda _: None)
        except (Trouble, OSError) as error:
            said = str(error)
            await admins.tell(house, partial(_failed, place, said), key=f"backup-failed-{place}")
        except Stopped:
            return

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
            if self._stopping or abandoned.is_set():
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
                if self._stopping:
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
                    await asyncio.sleep(BUSY_PAUSE)

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

    # --- how old the proven copies are ----------------------------------------------------------------------

    async def _watch(self, house: House) -> None:
        while True:
            try:
                await self.look(house)
            except Exception:
                log.exception("how old the backups are could not be looked up")
            await asyncio.sleep(LOOK_EVERY)

    async def look(self, house: House) -> None:
        """Tell the admins, once a day, where the newest proven copy is older than config allows."""
        now = datetime.now(UTC)
        limit = timedelta(days=self._config.backup.proven_within_days)
        for state in await self.states():
            place = state.section.id
            at = state.proven_of
            if not state.runs or (at is not None and now - at <= limit):
                continue
            key = f"backup-old:{place}:{now.date()}"
            if not await house.storage.write(lambda tx, key=key: tx.told_once(key)):  # type: ignore[misc] # bound here
                continue
            log.warning("no copy at %s is proven since %s", place, at or "ever")
            await admins.tell(house, partial(_stale, place, at), key=f"backup-old-{place}")


def _failed(place: str, error: str, words: Words) -> Card:
    return Card(words("backup.failed", place=place), literal(cut(error, ERROR_SHOWN)))


def _stale(place: str, at: datetime | None, words: Words) -> Card:
    title = words("backup.stale", place=place)
    if at is None:
        return Card(title, words("backup.stale_never"))
    return Card(title, words("backup.stale_since", moment=words.moment(at)))
