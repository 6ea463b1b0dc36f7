"""Rows of asides: claimed under a lease and gone when they are said; and what was said already."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from sqlalchemy import bindparam, delete, insert, or_, select, update

from desk.asides import Aside
from desk.model import AccountRef, PlaceRef
from storage.phrases import upsert
from storage.tables import asides, told

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime, timedelta

    from storage.statement import Runner

_OWE = insert(asides)
_DUE = (
    select(
        asides.c.id, asides.c.key, asides.c.channel, asides.c.account, asides.c.place, asides.c.kind, asides.c.data,
        asides.c.attempts,
    )
    .where(
        asides.c.due_at <= bindparam("now"),
        or_(asides.c.leased_until.is_(None), asides.c.leased_until <= bindparam("now")),
    )
    .order_by(asides.c.id)
    .limit(bindparam("most"))
)  # fmt: skip
_LEASE = (
    update(asides)
    .where(asides.c.id == bindparam("id_"))
    .values(leased_until=bindparam("until"), attempts=asides.c.attempts + 1)
)
_SETTLE = delete(asides).where(asides.c.id == bindparam("id_"))
_POSTPONE = update(asides).where(asides.c.id == bindparam("id_")).values(due_at=bindparam("due"), leased_until=None)
_LET_GO = delete(asides).where(asides.c.made_at < bindparam("before"))
_TOLD = upsert(told).on_conflict_do_nothing()
_UNTOLD = delete(told).where(told.c.key == bindparam("key_"))


class AsideRows:
    """The asides' part of `desk.ports.Transaction`."""

    _connection: Runner
    now: datetime

    def owe_aside(self, aside: Aside) -> None:
        """Say it soon: durable with whatever else this transaction does."""
        self._connection.execute(
            _OWE,
            {
                "key": aside.key,
                "channel": aside.to.channel,
                "account": aside.to.key if isinstance(aside.to, AccountRef) else None,
                "place": aside.to.key if isinstance(aside.to, PlaceRef) else None,
                "kind": aside.kind,
                "data": json.dumps(dict(aside.about), separators=(",", ":")),
                "made_at": self.now,
                "due_at": self.now,
                "attempts": 0,
            },
        )

    def asides_wait(self) -> bool:
        """Whether `claim_asides` would find any."""
        return self._connection.execute(_DUE, {"now": self.now, "most": 1}).first() is not None

    def claim_asides(self, *, fresh: timedelta, lease: timedelta, most: int) -> Sequence[Aside]:
        """What is to be said now, the oldest first, for `lease` this caller's alone. What is owed for longer than
        `fresh` is let go.
        """
        self._connection.execute(_LET_GO, {"before": self.now - fresh})
        found = []
        for id_, key, channel, account, place, kind, data, attempts in list(
            self._connection.execute(_DUE, {"now": self.now, "most": most})
        ):
            to = PlaceRef(channel, place) if account is None else AccountRef(channel, account)
            self._connection.execute(_LEASE, {"id_": id_, "until": self.now + lease})
            found.append(Aside(key, to, kind, json.loads(data), id_, attempts + 1))
        return found

    def settle_aside(self, id_: int) -> None:
        """It was said, or never will be."""
        self._connection.execute(_SETTLE, {"id_": id_})

    def postpone_aside(self, id_: int, due_at: datetime) -> None:
        """Not before then."""
        self._connection.execute(_POSTPONE, {"id_": id_, "due": due_at})

    def told_once(self, key: str) -> bool:
        """True once for each key, until `untold`: what the desk says of its own accord is said once."""
        return bool(self._connection.execute(_TOLD, {"key": key[:255], "at": self.now}).rowcount == 1)

    def untold(self, key: str) -> None:
        """What it says of is over: the next time is another one."""
        self._connection.execute(_UNTOLD, {"key_": key[:255]})
