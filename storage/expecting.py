"""One look for all that words said in a thread need: five questions of nearly every transaction, asked at once.

What is found is kept for the first time that it is asked for, and for that time alone: later in the transaction the
rows may be others.

Where many verbs are committed together, one look may be for all of them (`storage.postgresql.ahead`). Then what an
earlier verb writes may concern what a later one expects. A statement that writes says in its option `about` whose rows
they are: ("thread", "id_") that it is one thread's, whose id is its parameter `id_`; () that nothing is concerned that
is ever expected. Without that option everything is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, literal_column, select

from desk.model import Person
from storage.tables import agents, identities, people, receipts, threads, tickets
from storage.threads import COLUMNS as THREAD
from storage.threads import thread_of
from storage.tickets import COLUMNS as TICKET
from storage.tickets import ticket_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import ColumnElement, Select

    from desk.model import Ticket
    from desk.ports import Expecting
    from storage.expected import Expected
    from storage.statement import Runner

TICKET_AT = len(THREAD)  # where a ticket's columns begin: with its number
_PERSON = TICKET_AT + len(TICKET)  # and a person's


def there(column: ColumnElement[Any], *conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    """Whether there is such a row, looked up by itself: of an EXISTS, PostgreSQL may think that it had better read all
    rows once.
    """
    one = select(column).where(*conditions).limit(literal_column("1")).correlate_except(column.table)
    return one.scalar_subquery().is_not(None)


def look(of: Mapping[str, ColumnElement[Any]]) -> Select[Any]:
    """The row of one expectation, whose values these are."""
    return (
        select(
            *THREAD,
            *TICKET,
            people.c.id.label("person_id"),
            people.c.name,
            people.c.locale.label("person_locale"),
            agents.c.role,
            agents.c.departments,
            there(receipts.c.key, receipts.c.key == of["receipt"]).label("was_heard"),
        )
        .select_from(threads)
        .join(tickets, threads.c.ticket == tickets.c.number)
        .outerjoin(identities, (identities.c.channel == of["speaker_at"]) & (identities.c.key == of["speaker"]))
        .outerjoin(people, people.c.id == identities.c.person_id)
        .outerjoin(agents, (agents.c.channel == identities.c.channel) & (agents.c.key == identities.c.key))
        .where(threads.c.channel == of["channel"], threads.c.key == of["key"], threads.c.ended_at.is_(None))
    )


def values(wanted: Expecting) -> dict[str, str]:
    """Of an expectation, as `look` names them."""
    return {
        "channel": wanted.thread.channel,
        "key": wanted.thread.key,
        "speaker_at": wanted.account.channel,
        "speaker": wanted.account.key,
        "receipt": wanted.receipt[:255],
    }


_LOOK = look({name: bindparam(name) for name in ("channel", "key", "speaker_at", "speaker", "receipt")})


class ExpectingRows:
    """A part of `desk.ports.Transaction`."""

    _connection: Runner
    _expected: Expected
    _people: dict[int, Person]
    _tickets: dict[int, Ticket]

    def expect(self, wanted: Expecting) -> None:
        """Read it, unless it is known."""
        found, receipt = self._expected, wanted.receipt[:255]
        known = found.known = self._connection.foreknown(wanted)
        found.origin = wanted.origin
        row: Sequence[Any] | None
        if known is not None and not known.spoiled:
            row = known.row
        else:
            row = self._connection.execute(_LOOK, values(wanted)).first()
        if row is None:
            found.threads[wanted.thread] = None
            return
        ticket = ticket_of(row[TICKET_AT:_PERSON])
        person_id, name, locale, role, departments, was_heard = row[_PERSON:]
        found.threads[wanted.thread] = thread_of(row)
        found.receipts[receipt] = bool(was_heard)
        self._tickets.setdefault(ticket.number, ticket)
        if person_id is not None:
            person = self._people.setdefault(person_id, Person(person_id, name, locale))
            found.people[wanted.account] = person
            found.roles[wanted.account] = None if role is None else (role, departments)
