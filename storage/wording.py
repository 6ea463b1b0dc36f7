"""What a transaction changes about the words of tickets: gathered here, brought into the index once a commit."""

from __future__ import annotations

from contextlib import contextmanager
from itertools import chain, groupby
from operator import itemgetter
from typing import TYPE_CHECKING

from sqlalchemy import and_, bindparam, func, select

from desk.model import Kind
from desk.search import words_among, words_of
from storage.postgresql.words import Lists
from storage.several import each_of
from storage.sqlite.words import FullText
from storage.tables import messages, tickets
from storage.words import NOTES, REPLIES, Index, Wording, entry

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from collections.abc import Set as AbstractSet

    from desk.model import Message
    from storage.statement import Runner

_SUBJECT = select(tickets.c.subject).where(tickets.c.number == bindparam("number_"))
_SAID = (
    select(messages.c.kind, messages.c.body)
    .where(messages.c.ticket == bindparam("number_"), messages.c.deleted_at.is_(None))
    .order_by(messages.c.id)
)

_OTHERS = (
    select(messages.c.body)
    .where(
        messages.c.ticket == bindparam("number_"),
        messages.c.kind == bindparam("kind_"),
        messages.c.deleted_at.is_(None),
        messages.c.id != bindparam("but"),
    )
    .order_by(messages.c.id.desc())
)
_each = each_of("tickets")
_SAID_IN = (
    select(messages.c.ticket, messages.c.kind, messages.c.body)
    .join_from(_each, messages, messages.c.ticket == _each.c.value)
    .where(messages.c.deleted_at.is_(None))
    .order_by(messages.c.ticket, messages.c.id)
)
_WHOLE = (
    select(tickets.c.number, tickets.c.subject, messages.c.kind, messages.c.body)
    .join_from(
        tickets, messages, and_(messages.c.ticket == tickets.c.number, messages.c.deleted_at.is_(None)), isouter=True
    )
    .where(tickets.c.number >= bindparam("from_"), tickets.c.number < bindparam("until"))
    .order_by(tickets.c.number, messages.c.id)
)
_NEWEST = select(func.max(tickets.c.number))
AT_ONCE = 1024  # tickets that are read together

_INDEXES: Mapping[str, Index] = {"sqlite": FullText(), "postgresql": Lists()}


def index_of(runner: Runner) -> Index:
    """The index of words of the database that it runs on."""
    return _INDEXES[runner.dialect]


def rebuild(runner: Runner) -> None:
    """The index of words anew, in the transaction of the runner, of all tickets and messages that stand there."""
    index = index_of(runner)
    index.clear(runner)
    index.fill(runner, _told(runner))


def _told(runner: Runner) -> Iterator[tuple[int, str]]:
    for first in range(0, (runner.execute(_NEWEST, {}).scalar() or 0) + 1, AT_ONCE):
        rows = runner.execute(_WHOLE, {"from_": first, "until": first + AT_ONCE})
        for number, of_ticket in groupby(rows, itemgetter(0)):
            replies, notes = list[str](), list[str]()
            for _, subject, kind, body in of_ticket:
                if not replies:
                    replies.append(f"{number} {subject}")
                if kind is not None:
                    (notes if kind == Kind.NOTE.value else replies).append(body)
            yield entry(number, REPLIES), "\n".join(replies)
            if notes:
                yield entry(number, NOTES), "\n".join(notes)


class WordingRows:
    """What others of the transaction's parts say of words."""

    _connection: Runner
    worded: list[Wording]  # by this transaction

    def _said(self, number: int, kind: Kind, text: str, message_id: int = 0) -> None:
        """Words were added to a ticket, be it by a new message."""
        part = NOTES if kind is Kind.NOTE else REPLIES
        self.worded.append(Wording(entry(number, part), text, message=message_id))

    def _resaid(self, message: Message, text: str) -> None:
        """A message says something else from now on, "" where it is taken back."""
        if message.deleted_at is not None:
            return
        lost = words_of(message.body) - words_of(text)
        if lost:
            lost -= self._elsewhere(message, lost)
        part = NOTES if message.kind is Kind.NOTE else REPLIES
        self.worded.append(Wording(entry(message.ticket, part), text, " ".join(sorted(lost)) if lost else None))

    def _elsewhere(self, message: Message, wanted: AbstractSet[str]) -> AbstractSet[str]:
        """Those of these words that stand in the message's entry besides."""
        texts: list[str] = []
        if message.kind is not Kind.NOTE:
            subject = self._connection.execute(_SUBJECT, {"number_": message.ticket}).scalar_one()
            texts.append(f"{message.ticket} {subject}")
        given = {"number_": message.ticket, "kind_": message.kind.value, "but": message.id}
        others = (body for (body,) in self._connection.execute(_OTHERS, given))
        return words_among(chain(texts, others), wanted)

    @contextmanager
    def _rewording(self, *numbers: int) -> Iterator[None]:
        """Within it, anything is changed or taken away that these tickets said."""
        before = {number: self._wording(number) for number in numbers}
        yield
        for number in numbers:
            for part, (old, new) in enumerate(zip(before[number], self._wording(number), strict=True)):
                if old != new:
                    self.worded.append(Wording(entry(number, part), new, old))

    def _wording(self, number: int) -> tuple[str, str]:
        """All words of a ticket as the index has them: those for both sides, and those of its notes."""
        subject = self._connection.execute(_SUBJECT, {"number_": number}).scalar_one()
        replies, notes = [f"{number} {subject}"], list[str]()
        for kind, body in self._connection.execute(_SAID, {"number_": number}):
            (notes if kind == Kind.NOTE.value else replies).append(body)
        return "\n".join(replies), "\n".join(notes)

    def _wordings(self, subjects: Mapping[int, str]) -> Mapping[int, tuple[str, str]]:
        """As `_wording`, of these tickets with their subjects."""
        found = {number: ([f"{number} {subject}"], list[str]()) for number, subject in subjects.items()}
        note = Kind.NOTE.value
        for number, kind, body in self._connection.execute(_SAID_IN, {"tickets": list(subjects)}):
            found[number][NOTES if kind == note else REPLIES].append(body)
        return {number: ("\n".join(replies), "\n".join(notes)) for number, (replies, notes) in found.items()}
