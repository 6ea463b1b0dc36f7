"""Words that the index is told a moment later: those of messages that were committed one by one, in a hurry.

FTS5 writes five pages for each commit that it has a part in, of some twenty that a lone reply takes. So a reply that is
hurried leaves its words out, and the thread tells the index of many at once: before anything else that it commits (the
settling of that very reply, mostly, some milliseconds later), and before anybody reads.

Nothing has to be remembered for that: the words stand in their messages. Those that may be left out are always among
the newest `MOST` messages, so whoever finds a database tells its index of those once more: an entry that is told a word
twice is as it was.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import bindparam, func, select

from desk.model import Kind
from storage.tables import messages
from storage.wording import index_of
from storage.words import NOTES, REPLIES, Wording, entry

if TYPE_CHECKING:
    from collections.abc import Sequence

    from storage.statement import Runner

MOST = 64  # messages whose words may be owed

_NEWEST = select(func.max(messages.c.id))
_SINCE = (
    select(messages.c.ticket, messages.c.kind, messages.c.body)
    .where(messages.c.id >= bindparam("first_"), messages.c.deleted_at.is_(None))
    .order_by(messages.c.id)
)


@dataclass(frozen=True, slots=True)
class _Debt:
    first: int = 0  # message whose words are owed
    count: int = 0


_NOTHING = _Debt()


class Owing:
    """What the index of words is owed. Called around each transaction, by whoever carries it out."""

    def __init__(self) -> None:
        self._debt: _Debt | None = None  # None: of a database that was just found, nobody knows
        self._coming: _Debt | None = None  # when the transaction is durable
        self._hurried = False

    @property
    def is_there(self) -> bool:
        """Whether a search might not find what was said."""
        return self._debt != _NOTHING

    def begin(self, runner: Runner, *, hurried: bool) -> None:
        """Who is not hurried pays first, so that its verbs find what was said."""
        self._hurried, self._coming = hurried, self._debt
        if not hurried:
            self._pay(runner)

    def end(self, runner: Runner, worded: Sequence[Wording]) -> None:
        """These are the words of the transaction: who is hurried leaves a single message's out."""
        debt = self._coming
        is_message = len(worded) == 1 and bool(worded[0].message)
        if self._hurried and is_message and debt is not None and debt.count < MOST:
            self._coming = _Debt(debt.first if debt.count else worded[0].message, debt.count + 1)
        elif worded:
            self._pay(runner)  # these may be about words that the index does not have yet
            index_of(runner).keep(runner, worded)

    def committed(self) -> None:
        """The transaction is durable."""
        self._debt = self._coming

    def forget(self) -> None:
        """Somebody else may owe something by now."""
        self._debt = None

    def _pay(self, runner: Runner) -> None:
        debt, self._coming = self._coming, _NOTHING
        if debt == _NOTHING:
            return
        first = debt.first if debt is not None else (runner.execute(_NEWEST, {}).scalar() or 0) - MOST + 1
        told = [
            Wording(entry(number, NOTES if kind == Kind.NOTE.value else REPLIES), body)
            for number, kind, body in runner.execute(_SINCE, {"first_": first})
        ]
        index_of(runner).keep(runner, told)
