"""Which instance has which turn, seen from outside, and how long it took until another had what one of them lost."""

from __future__ import annotations

import asyncio
import time
import zlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import psycopg

from storage.postgresql.instances import LIFE, TURN

if TYPE_CHECKING:
    from collections.abc import Collection

    from tests.chaos.record import Record

LOOK_EVERY = 0.1  # seconds

_HOLDERS = """SELECT turn.objid::bigint, instances.id, instances.name FROM pg_locks turn
 JOIN pg_locks life ON life.pid = turn.pid JOIN instances ON instances.id = life.objid::bigint
 WHERE turn.locktype = 'advisory' AND turn.objsubid = 2 AND turn.granted AND turn.classid = ?
 AND life.locktype = 'advisory' AND life.objsubid = 2 AND life.granted AND life.classid = ?
 AND turn.database = (SELECT oid FROM pg_database WHERE datname = current_database())"""


_LIVING = """SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 2 AND granted AND classid = ?
 AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"""


@dataclass(frozen=True, slots=True)
class Holder:
    """A life, and the process that has it."""

    life: int
    pid: int


def holders(record: Record, turns: Collection[str]) -> dict[str, Holder]:
    """Of these turns, those that somebody has."""
    keys = {(zlib.crc32(turn.encode()) - 2**31) & 0xFFFFFFFF: turn for turn in turns}
    found = record.rows(_HOLDERS, TURN, LIFE)
    return {keys[key]: Holder(life, int(name.rpartition(":")[2])) for key, life, name in found if key in keys}


@dataclass(slots=True)
class Takeovers:
    """`times`: seconds until another life had the turn; what something else interfered with does not count."""

    record: Record
    turns: Collection[str]
    times: list[float] = field(default_factory=list)
    _lost: dict[str, tuple[Holder, float]] = field(default_factory=dict)

    def struck(self, pid: int | None) -> None:
        """That process is killed, frozen or cut off in this moment. Whoever was to take over before may have been it;
        and where nobody else lives yet, nobody can.
        """
        self.void()
        try:
            found = holders(self.record, self.turns)
            ((living,),) = self.record.rows(_LIVING, LIFE)
        except psycopg.Error:
            return
        if living < 2:
            return
        for turn, holder in found.items():
            if holder.pid == pid:
                self._lost.setdefault(turn, (holder, time.monotonic()))

    def void(self) -> None:
        """Something happened for which nobody promises anything: the database went, or all instances."""
        self._lost.clear()

    def over(self, pid: int | None) -> None:
        """It is whole again: what nobody has taken over by now nobody had to."""
        self._lost = {turn: lost for turn, lost in self._lost.items() if lost[0].pid != pid}

    async def watch(self) -> None:
        """Until cancelled."""
        while True:
            await asyncio.sleep(LOOK_EVERY)
            if not self._lost:
                continue
            try:
                now = holders(self.record, self.turns)
            except psycopg.Error:
                self.void()  # it has crashed
                continue
            for turn, (was, since) in list(self._lost.items()):
                if turn in now and now[turn].life != was.life:
                    self.times.append(time.monotonic() - since)
                    del self._lost[turn]
