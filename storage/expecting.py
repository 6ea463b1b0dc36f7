"""One look for all that words said in a thread need: five questions of nearly every transaction, asked at once.

What is found is kept for the first time that it is asked for, and for that time alone: later in the transaction the
rows may be others.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, exists, select

from desk.model import Person
from storage.tables import agents, identities, people, receipts, threads, tickets
from storage.threads import COLUMNS as THREAD
from storage.threads import thread_of
from storage.tickets import COLUMNS as TICKET
from storage.tickets import ticket_of

if TYPE_CHECKING:
    from desk.model import AccountRef, ThreadRef, Ticket
    from storage.expected import Expected
    from storage.statement import Runner

_EXPECTED = (
    select(
        *THREAD,
        *TICKET,
        people.c.id.label("person_id"),
        people.c.name,
        people.c.locale.label("person_locale"),
        agents.c.role,
        agents.c.departments,
        exists().where(receipts.c.key == bindparam("receipt_")).label("was_heard"),
    )
    .select_from(threads)
    .join(tickets, threads.c.ticket == tickets.c.number)
    .outerjoin(
        identities, (identities.c.channel == bindparam("speaker_at")) & (identities.c.key == bindparam("speaker"))
    )
    .outerjoin(people, people.c.id == identities.c.person_id)
    .outerjoin(agents, (agents.c.channel == identities.c.channel) & (agents.c.key == identities.c.key))
    .where(threads.c.channel == bindparam("channel_"), threads.c.key == bindparam("key_"), threads.c.ended_at.is_(None))
)
_PERSON = len(THREAD) + len(TICKET)  # where a person's columns begin


class ExpectingRows:
    """A part of `desk.ports.Transaction`."""

    _connection: Runner
    _expected: Expected
    _people: dict[int, Person]
    _tickets: dict[int, Ticket]

    def expect(self, thread: ThreadRef, account: AccountRef, receipt: str) -> None:
        found = self._expected
        asked: dict[str, Any] = {"channel_": thread.channel, "key_": thread.key, "receipt_": receipt[:255]}
        asked |= {"speaker_at": account.channel, "speaker": account.key}
        row = self._connection.execute(_EXPECTED, asked).first()
        if row is None:
            found.threads[thread] = None
            return
        ticket = ticket_of(row[len(THREAD) : _PERSON])
        person_id, name, locale, role, departments, was_heard = row[_PERSON:]
        found.threads[thread] = thread_of(row)
        found.receipts[receipt[:255]] = bool(was_heard)
        self._tickets.setdefault(ticket.number, ticket)
        if person_id is not None:
            found.people[account] = self._people.setdefault(person_id, Person(person_id, name, locale))
            found.roles[account] = None if role is None else (role, departments)
