"""Rows of linked accounts: the codes offered, the guesses made, persons joined and parted.

Joining moves every column that names a person, whatever table it stands in, except the log: its facts stay as they
were, and the joined person's row stays for them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import (
    PrimaryKeyConstraint,
    UniqueConstraint,
    and_,
    bindparam,
    delete,
    exists,
    func,
    insert,
    literal,
    or_,
    select,
    update,
)

from desk.model import AccountRef, Audience, Person
from storage.phrases import upsert
from storage.tables import (
    events,
    identities,
    joins,
    link_codes,
    link_guesses,
    messages,
    metadata,
    people,
    threads,
    tickets,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import Column, Table
    from sqlalchemy.sql.base import Executable

    from storage.statement import Runner

_FORGET_CODE = delete(link_codes).where(
    link_codes.c.channel == bindparam("channel_"), link_codes.c.key == bindparam("key_")
)
# A code that another account offers at the same time is not taken from it: the asker gets a new one.
_OFFER = upsert(link_codes).on_conflict_do_nothing()
_OFFERED = select(link_codes.c.channel, link_codes.c.key).where(
    link_codes.c.digest == bindparam("digest_"), link_codes.c.until > bindparam("now_")
)
_GUESS = insert(link_guesses)
_GUESSES = select(func.count()).where(
    link_guesses.c.channel == bindparam("channel_"),
    link_guesses.c.key == bindparam("key_"),
    link_guesses.c.at > bindparam("since_"),
)
_FORGET_GUESSES = delete(link_guesses).where(
    link_guesses.c.channel == bindparam("channel_"), link_guesses.c.key == bindparam("key_")
)
_MOVE_IDENTITIES = (
    update(identities).where(identities.c.person_id == bindparam("from_")).values(person_id=bindparam("to_"))
)
_MOVE_IDENTITY = (
    update(identities)
    .where(identities.c.channel == bindparam("channel_"), identities.c.key == bindparam("key_"))
    .values(person_id=bindparam("to_"))
)
_ACCOUNTS_OF = select(identities.c.channel, identities.c.key).where(identities.c.person_id == bindparam("id_"))
_JOINED = insert(joins)
_CAME_WITH = (
    select(joins.c.id, joins.c.joined_id)
    .where(
        joins.c.kept_id == bindparam("kept_"),
        joins.c.channel == bindparam("channel_"),
        joins.c.key == bindparam("key_"),
        joins.c.parted_at.is_(None),
    )
    .order_by(joins.c.id.desc())
    .limit(1)
)
_PARTED = update(joins).where(joins.c.id == bindparam("id_")).values(parted_at=bindparam("at_"))
_NAMED_AGAIN = (
    update(people).where(people.c.id == bindparam("id_")).values(name=bindparam("name"), locale=bindparam("locale"))
)
_others = people.alias()
_SPEAK_ALIKE = (  # where the one has chosen no language, the other's choice counts
    update(people)
    .where(people.c.id == bindparam("id_"), people.c.language == "")
    .values(language=select(_others.c.language).where(_others.c.id == bindparam("other")).scalar_subquery())
)
_NEW = insert(people).returning(people.c.id)


def _moves() -> Iterator[Executable]:
    """For each column that names a person: drop what both have, then give the one's to the other."""
    for table in metadata.sorted_tables:
        if table in (identities, joins, events):
            continue
        for column in table.columns:
            if any(key.column is people.c.id for key in column.foreign_keys):
                for others in _unique_beside(table, column):
                    twin = table.alias()
                    same = [twin.c[other.name] == other for other in others]
                    both = exists().where(twin.c[column.name] == bindparam("to_"), *same)
                    yield delete(table).where(column == bindparam("from_"), both)
                yield update(table).where(column == bindparam("from_")).values({column: bindparam("to_")})


def _unique_beside(table: Table, column: Column[int]) -> Iterator[list[Column[int]]]:
    for constraint in table.constraints:
        if isinstance(constraint, PrimaryKeyConstraint | UniqueConstraint) and column.name in constraint.columns:
            yield [other for other in constraint.columns if other is not column]


_MOVES = tuple(_moves())
_COMING = {
    "client": select(tickets.c.number).where(tickets.c.client_id == bindparam("from_")),
    "agent": select(tickets.c.number).where(tickets.c.agent_id == bindparam("from_")),
}

# What goes with an account when it parts: see `desk.verbs.linking.unlink`, which states the rule.
_THEIRS_BACK = and_(tickets.c.client_id == bindparam("from_"), tickets.c.channel == bindparam("channel_"))
_TICKETS_BACK = update(tickets).where(_THEIRS_BACK).values(client_id=bindparam("to_"))


_ANSWERED = exists().where(threads.c.ticket == tickets.c.number, threads.c.audience == literal(Audience.AGENTS.value))
_CARED_FOR_BACK = and_(
    tickets.c.agent_id == bindparam("from_"),
    _ANSWERED.where(threads.c.channel == bindparam("channel_")),
    ~_ANSWERED.where(threads.c.channel != bindparam("channel_")),
)
_CARE_BACK = update(tickets).where(_CARED_FOR_BACK).values(agent_id=bindparam("to_"))
_GOING = {
    "client": select(tickets.c.number).where(_THEIRS_BACK),
    "agent": select(tickets.c.number).where(_CARED_FOR_BACK),
}
_WORDS_BACK = (
    update(messages)
    .where(
        messages.c.author_id == bindparam("from_"),
        or_(
            messages.c.origin_channel == bindparam("channel_"),
            and_(
                messages.c.origin_channel.is_(None),
                messages.c.by == literal(Audience.CLIENT.value),
                exists().where(tickets.c.number == messages.c.ticket, tickets.c.client_id == bindparam("to_")),
            ),
        ),
    )
    .values(author_id=bindparam("to_"))
)


class LinkRows:
    """The links' part of `desk.ports.Transaction`."""

    _connection: Runner
    now: datetime
    _people: dict[int, Person]

    def offer_code(self, account: AccountRef, digest: str, *, until: datetime) -> bool:
        self.forget_code(account)
        values = {"channel": account.channel, "key": account.key, "digest": digest, "until": until}
        added = self._connection.execute(_OFFER, values)
        return bool(added.rowcount == 1)

    def offered_by(self, digest: str) -> AccountRef | None:
        row = self._connection.execute(_OFFERED, {"digest_": digest, "now_": self.now}).first()
        return None if row is None else AccountRef(*row)

    def forget_code(self, account: AccountRef) -> None:
        self._connection.execute(_FORGET_CODE, _account(account))

    def add_guess(self, account: AccountRef) -> None:
        self._connection.execute(_GUESS, {"channel": account.channel, "key": account.key, "at": self.now})

    def guesses(self, account: AccountRef, *, since: datetime) -> int:
        return int(self._connection.execute(_GUESSES, {**_account(account), "since_": since}).scalar_one())

    def forget_guesses(self, account: AccountRef) -> None:
        self._connection.execute(_FORGET_GUESSES, _account(account))

    def join_people(self, kept: Person, joined: Person, account: AccountRef) -> Sequence[tuple[int, str]]:
        moved = self._numbers(_COMING, {"from_": joined.id})
        for move in _MOVES:
            self._connection.execute(move, {"from_": joined.id, "to_": kept.id})
        self._connection.execute(_SPEAK_ALIKE, {"id_": kept.id, "other": joined.id})
        self._connection.execute(_MOVE_IDENTITIES, {"from_": joined.id, "to_": kept.id})
        values = {"kept_id": kept.id, "joined_id": joined.id, "channel": account.channel, "key": account.key}
        self._connection.execute(_JOINED, values | {"at": self.now})
        return moved

    def _accounts_of(self, person_id: int) -> list[AccountRef]:
        return [AccountRef(*row) for row in self._connection.execute(_ACCOUNTS_OF, {"id_": person_id})]

    def _numbers(self, asked: Mapping[str, Executable], given: Mapping[str, object]) -> Sequence[tuple[int, str]]:
        return [(row[0], field) for field, query in asked.items() for row in self._connection.execute(query, given)]

    def part_person(
        self, person: Person, account: AccountRef, *, name: str, locale: str
    ) -> tuple[Person, Sequence[tuple[int, str]]]:
        row = self._connection.execute(_CAME_WITH, {"kept_": person.id, **_account(account)}).first()
        if row is not None:
            join_id, own_id = row
            self._connection.execute(_PARTED, {"id_": join_id, "at_": self.now})
            self._connection.execute(_NAMED_AGAIN, {"id_": own_id, "name": name, "locale": locale})
        else:
            values = {"name": name, "locale": locale, "created_at": self.now}
            own_id = self._connection.execute(_NEW, values).scalar_one()
        self._connection.execute(_SPEAK_ALIKE, {"id_": own_id, "other": person.id})
        moved: list[tuple[int, str]] = []
        for going_too in self._accounts_of(person.id):
            if going_too.holder == account.holder:  # in every server
                self._connection.execute(_MOVE_IDENTITY, {**_account(going_too), "to_": own_id})
                going = {"from_": person.id, "channel_": going_too.channel}
                moved += self._numbers(_GOING, going)
                for back in (_TICKETS_BACK, _CARE_BACK, _WORDS_BACK):
                    self._connection.execute(back, going | {"to_": own_id})
        own = self._people[own_id] = Person(own_id, name, locale)
        return own, moved


def _account(account: AccountRef) -> dict[str, str]:
    return {"channel_": account.channel, "key_": account.key}
