"""What a transaction changes about the words of tickets: gathered here, brought into the index once a commit."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from sqlalchemy import bindparam, select

from desk.model import Kind
from storage.tables import messages, tickets
from storage.words import NOTES, REPLIES, Wording, entry

if TYPE_CHECKING:
    from collections.abc import Iterator

    from storage.statement import Runner

_SUBJECT = select(tickets.c.subject).where(tickets.c.number == bindparam("number_"))
_SAID = (
    select(messages.c.kind, messages.c.body)
    .where(messages.c.ticket == bindparam("number_"), messages.c.deleted_at.is_(None))
    .order_by(messages.c.id)
)


class WordingRows:
    """What others of the transaction's parts say of words."""

    _connection: Runner
    worded: list[Wording]  # by this transaction

    def _said(self, number: int, kind: Kind, text: str) -> None:
        """Words were added to a ticket."""
        self.worded.append(Wording(entry(number, NOTES if kind is Kind.NOTE else REPLIES), text))

    @contextmanager
    def _rewording(self, *numbers: int) -> Iterator[None]:
        """Within it, words of these tickets are changed or taken away."""
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
