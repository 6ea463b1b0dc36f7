"""Rows of threads, and of the copies of messages in them."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, delete, insert, select, update

from desk.model import AccountRef, Audience, Copy, MessageRef, PlaceRef, Thread, ThreadRef
from storage.phrases import upsert
from storage.tables import BURIED, OWED, copies, deliveries, threads, tickets

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from storage.expected import Expected
    from storage.statement import Runner

COLUMNS = (
    threads.c.id,
    threads.c.ticket,
    threads.c.audience,
    threads.c.channel,
    threads.c.place,
    threads.c.account,
    threads.c.locale,
    threads.c.key,
    threads.c.card,
    threads.c.newest,
    threads.c.left,
    threads.c.asleep,
)
_ADD = insert(threads).returning(threads.c.id)
_GOES_ON = threads.c.ended_at.is_(None)
_THREAD = select(*COLUMNS).where(
    threads.c.channel == bindparam("channel_"), threads.c.key == bindparam("key_"), _GOES_ON
)
_THREADS = select(*COLUMNS).where(threads.c.ticket == bindparam("ticket_"), _GOES_ON).order_by(threads.c.id)
_THREADS_FOR = (
    select(*COLUMNS)
    .where(threads.c.channel == bindparam("channel_"), threads.c.account == bindparam("account_"), _GOES_ON)
    .order_by(threads.c.id)
)
_END = update(threads).where(threads.c.id == bindparam("id_")).values(ended_at=bindparam("at_"))
_NOT_OWED = (
    update(deliveries)
    .where(deliveries.c.thread_id == bindparam("id_"), deliveries.c.state == OWED)
    .values(state=BURIED, error="the thread has ended", leased_until=None)
)
_SAVE = (
    update(threads)
    .where(threads.c.id == bindparam("id_"))
    .values({name: bindparam(name) for name in ("ticket", "key", "card", "newest", "locale", "left", "asleep")})
)
_ONE = update(threads).where(threads.c.id == bindparam("id_")).execution_options(about=("thread", "id_"))
_IS_AT = _ONE.values(
    key=bindparam("key"), card=bindparam("card"), newest=bindparam("card"), mark="", opened_at=bindparam("at")
)
_CARD = _ONE.values(card=bindparam("card"))
_NEWEST = _ONE.values(newest=bindparam("newest"))
_LIVE = (
    select(*COLUMNS, threads.c.mark)
    .join_from(threads, tickets)
    .where(
        threads.c.channel == bindparam("channel_"),
        threads.c.key.is_not(None),
        _GOES_ON,
        tickets.c.active_at >= bindparam("since"),
    )
    .order_by(tickets.c.active_at.desc())
)
_MARK = _ONE.values(mark=bindparam("mark"))
_COPIES = (
    select(copies.c.message_id, copies.c.thread_id, copies.c.part, copies.c.channel, copies.c.key)
    .where(copies.c.message_id == bindparam("message"), copies.c.thread_id == bindparam("thread"))
    .order_by(copies.c.part)
)
_FORGET = delete(copies).where(copies.c.message_id == bindparam("message"), copies.c.thread_id == bindparam("thread"))
_NEW_COPY = upsert(copies)
_ADD_COPY = _NEW_COPY.on_conflict_do_update(  # two instances may have found the same post
    index_elements=["message_id", "thread_id", "part"],
    set_={name: _NEW_COPY.excluded[name] for name in ("channel", "key")},
)


def thread_of(row: Sequence[Any]) -> Thread:
    """A thread from the columns of `COLUMNS`, whatever follows them."""
    return _made(tuple(row[: len(COLUMNS)]))


@lru_cache(maxsize=10_000)  # each word said reads the threads of its ticket, and most are as they were
def _made(row: tuple[Any, ...]) -> Thread:
    thread_id, ticket, audience, channel, place, account, locale, key, card, newest, left, asleep = row
    return Thread(
        thread_id,
        ticket,
        Audience(audience),
        channel,
        PlaceRef(channel, place) if place else None,
        AccountRef(channel, account) if account else None,
        locale,
        ThreadRef(channel, key) if key else None,
        MessageRef(channel, card) if card else None,
        MessageRef(channel, newest) if newest else None,
        bool(left),
        bool(asleep),
    )


class ThreadRows:
    """The threads' part of `desk.ports.Transaction`."""

    _connection: Runner
    _expected: Expected
    now: datetime

    def add_thread(
        self,
        *,
        ticket: int,
        audience: Audience,
        channel: str,
        place: PlaceRef | None,
        account: AccountRef | None,
        locale: str,
        asleep: bool = False,
    ) -> Thread:
        values = {
            "ticket": ticket,
            "audience": audience.value,
            "channel": channel,
            "place": place.key if place else None,
            "account": account.key if account else None,
            "locale": locale,
            "asleep": asleep,
        }
        thread_id = self._connection.execute(_ADD, values).scalar_one()
        return Thread(thread_id, ticket, audience, channel, place, account, locale, asleep=asleep)

    def thread(self, ref: ThreadRef) -> Thread | None:
        if ref in self._expected.threads:
            return self._expected.threads.pop(ref)
        row = self._connection.execute(_THREAD, {"channel_": ref.channel, "key_": ref.key}).first()
        return None if row is None else thread_of(row)

    def threads(self, ticket: int) -> Sequence[Thread]:
        return [thread_of(row) for row in self._connection.execute(_THREADS, {"ticket_": ticket})]

    def threads_for(self, account: AccountRef) -> Sequence[Thread]:
        found = self._connection.execute(_THREADS_FOR, {"channel_": account.channel, "account_": account.key})
        return [thread_of(row) for row in found]

    def end_thread(self, thread: Thread) -> None:
        self._connection.execute(_END, {"id_": thread.id, "at_": self.now})
        self._connection.execute(_NOT_OWED, {"id_": thread.id})

    def save_thread(self, thread: Thread) -> None:
        values = {
            "id_": thread.id,
            "ticket": thread.ticket,
            "left": thread.left,
            "asleep": thread.asleep,
            "key": thread.ref.key if thread.ref else None,
            "card": thread.card.key if thread.card else None,
            "newest": thread.newest.key if thread.newest else None,
            "locale": thread.locale,
        }
        if self._connection.execute(_SAVE, values).rowcount != 1:
            raise KeyError(thread.id)

    def thread_is_at(self, thread_id: int, ref: ThreadRef, card: MessageRef) -> None:
        self._connection.execute(_IS_AT, {"id_": thread_id, "key": ref.key, "card": card.key, "at": self.now})

    def card_is_at(self, thread_id: int, card: MessageRef) -> None:
        self._connection.execute(_CARD, {"id_": thread_id, "card": card.key})

    def live_threads(self, channel: str, *, active_since: datetime) -> Sequence[tuple[Thread, str]]:
        rows = self._connection.execute(_LIVE, {"channel_": channel, "since": active_since})
        return [(thread_of(row), row[-1]) for row in rows]

    def move_mark(self, thread_id: int, mark: str) -> None:
        self._connection.execute(_MARK, {"id_": thread_id, "mark": mark})

    def copies(self, message_id: int, thread_id: int) -> Sequence[Copy]:
        rows = self._connection.execute(_COPIES, {"message": message_id, "thread": thread_id})
        return [Copy(message, thread, part, MessageRef(channel, key)) for message, thread, part, channel, key in rows]

    def _keep_copies(self, found: Sequence[Copy], *, instead: bool) -> None:
        """The copies as they are now, `instead` of earlier ones of the same message in the same thread."""
        if instead:
            first = found[0]
            self._connection.execute(_FORGET, {"message": first.message_id, "thread": first.thread_id})
        self._connection.execute(
            _ADD_COPY,
            [
                {
                    "message_id": copy.message_id,
                    "thread_id": copy.thread_id,
                    "part": copy.part,
                    "channel": copy.ref.channel,
                    "key": copy.ref.key,
                }
                for copy in found
            ],
        )

    def _newest(self, thread_id: int, newest: MessageRef) -> None:
        self._connection.execute(_NEWEST, {"id_": thread_id, "newest": newest.key})
