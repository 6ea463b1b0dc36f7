"""Rows of people and their accounts, and the receipts of what was heard."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import Integer, bindparam, cast, func, insert, or_, select, update

from desk.model import ONE_FOR_ALL, AccountRef, Person
from storage.phrases import upsert
from storage.tables import EPOCH, MICROSECOND, identities, people, receipts, threads

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import Select

    from storage.expected import Expected
    from storage.statement import Runner

_PERSON = select(people.c.id, people.c.name, people.c.locale).where(people.c.id == bindparam("id_"))
_PERSON_OF = (
    select(people.c.id, people.c.name, people.c.locale)
    .join_from(people, identities)
    .where(identities.c.channel == bindparam("channel_"), identities.c.key == bindparam("key_"))
)
# Accounts of one holder on the network's other servers: see `AccountRef.holder`.
_TWIN = (
    select(people.c.id, people.c.name, people.c.locale)
    .join_from(people, identities)
    .where(
        identities.c.key == bindparam("key_"),
        or_(
            identities.c.channel == bindparam("network_"),
            func.substr(identities.c.channel, 1, cast(bindparam("length_"), Integer)) == bindparam("servers_"),
        ),
    )
    .order_by(identities.c.id)
    .limit(1)
)
_ADD_PERSON = insert(people).returning(people.c.id)
_ADD_IDENTITY = insert(identities)
_REFRESH = update(people).where(people.c.id == bindparam("id_"))
_ACCOUNTS = (
    select(identities.c.channel, identities.c.key)
    .where(identities.c.person_id == bindparam("id_"))
    .order_by(identities.c.id)
)
_CHOSEN = (
    select(identities.c.channel, identities.c.key, people.c.language)
    .join_from(people, identities)
    .where(people.c.language != "")
)
_CHOOSE = update(people).where(people.c.id == bindparam("id_")).values(language=bindparam("language"))
_SPOKEN = (
    update(threads)
    .where(threads.c.channel == bindparam("channel_"), threads.c.account == bindparam("account_"))
    .values(locale=bindparam("locale"))
)
_HEARD = select(receipts.c.key).where(receipts.c.key == bindparam("key_"))
# A database's own order of texts may think nothing of their signs: the prefix is compared for itself.
_HEARD_SINCE = (
    select(receipts.c.key)
    .where(
        receipts.c.key.between(bindparam("from_"), bindparam("to")),
        func.substr(receipts.c.key, 1, cast(bindparam("length"), Integer)) == bindparam("prefix"),
    )
    .limit(1)
)
_RECEIPT = upsert(receipts).on_conflict_do_nothing().execution_options(about=("receipt", "key"))


class PeopleRows:
    """The people's part of `desk.ports.Transaction`."""

    _connection: Runner
    _expected: Expected
    now: datetime
    _people: dict[int, Person]  # read in this transaction

    def first_hearing(self, key: str) -> bool:
        return bool(self._connection.execute(_RECEIPT, {"key": key[:255], "at": self.now}).rowcount == 1)

    def heard(self, key: str) -> bool:
        if key[:255] in self._expected.receipts:
            return self._expected.receipts.pop(key[:255])
        return self._connection.execute(_HEARD, {"key_": key[:255]}).scalar() is not None

    def first_hearing_after(self, key: str, at: datetime) -> bool:
        prefix = f"{key[:230]}@"
        known = f"{prefix}{(at - EPOCH) // MICROSECOND:020d}"
        newer = {"from_": known, "to": f"{prefix}{'9' * 20}", "prefix": prefix, "length": len(prefix)}
        if self._connection.execute(_HEARD_SINCE, newer).scalar() is not None:
            return False
        return self.first_hearing(known)

    def person(self, person_id: int) -> Person:
        known = self._people.get(person_id)
        if known is not None:
            return known
        row = self._connection.execute(_PERSON, {"id_": person_id}).first()
        if row is None:
            raise KeyError(person_id)
        return Person(*row)

    def person_of(self, account: AccountRef) -> Person | None:
        if account in self._expected.people:
            return self._expected.people.pop(account)
        return self._found(_PERSON_OF, {"channel_": account.channel, "key_": account.key}) or self._twin(account)

    def _twin(self, account: AccountRef) -> Person | None:
        network, key = account.holder
        if network not in ONE_FOR_ALL:
            return None
        servers = f"{network}-"
        values = {"network_": network, "length_": len(servers), "servers_": servers, "key_": key}
        return self._found(_TWIN, values)

    def _found(self, query: Select[Any], values: Mapping[str, Any]) -> Person | None:
        row = self._connection.execute(query, values).first()
        if row is None:
            return None
        person = self._people[row[0]] = Person(*row)
        return person

    def meet(self, account: AccountRef, *, name: str, locale: str) -> Person:
        if account in self._expected.people:
            return self._expected.people.pop(account)
        known = self._found(_PERSON_OF, {"channel_": account.channel, "key_": account.key})
        return known or self.add_person(account, name=name, locale=locale)

    def add_person(self, account: AccountRef, *, name: str, locale: str) -> Person:
        person = self._twin(account)
        if person is None:
            values = {"name": name, "locale": locale, "created_at": self.now}
            person = Person(self._connection.execute(_ADD_PERSON, values).scalar_one(), name, locale)
        values = {"person_id": person.id, "channel": account.channel, "key": account.key}
        self._connection.execute(_ADD_IDENTITY, values)
        return person

    def refresh_person(self, account: AccountRef, *, name: str, locale: str) -> Person:
        person = self.person_of(account)
        if person is None:
            raise KeyError(account)
        self._connection.execute(_REFRESH, {"id_": person.id, "name": name, "locale": locale})
        person = self._people[person.id] = Person(person.id, name, locale)
        return person

    def chosen_languages(self) -> Mapping[AccountRef, str]:
        return {AccountRef(channel, key): name for channel, key, name in self._connection.execute(_CHOSEN, {})}

    def choose_language(self, person_id: int, language: str, spoken: Mapping[AccountRef, str]) -> None:
        self._connection.execute(_CHOOSE, {"id_": person_id, "language": language})
        for account, locale in spoken.items():
            values = {"channel_": account.channel, "account_": account.key, "locale": locale}
            self._connection.execute(_SPOKEN, values)

    def accounts(self, person_id: int) -> Sequence[AccountRef]:
        return [AccountRef(*row) for row in self._connection.execute(_ACCOUNTS, {"id_": person_id})]
