"""A person's rows found, given out, and erased: words, files and names go, what was counted stays countable."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, delete, func, or_, select, update

from desk.listing import Listing
from desk.model import Kind
from desk.search import fold
from storage.tables import (
    agents,
    attachments,
    away,
    draft_files,
    drafts,
    events,
    followers,
    identities,
    joins,
    link_codes,
    link_guesses,
    lists,
    message_versions,
    messages,
    people,
    threads,
    tickets,
    transcripts,
    turns,
    views,
)
from storage.wording import WordingRows

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import BindParameter, Select

    from desk.model import Message, Person, Ticket

GONE = "—"  # instead of a name or subject
_SCRUBBED = {"subject", "close_reason"}  # fields of a change in which people's own words may stand

_PERSON: BindParameter[int] = bindparam("person")
_THEIRS = messages.c.author_id == _PERSON
_TICKETS = select(tickets.c.number).where(tickets.c.client_id == _PERSON)
_MESSAGES = select(messages.c.id).where(_THEIRS)
_SPOKEN_IN = select(messages.c.ticket).where(_THEIRS).distinct()
_STANDING = select(messages.c.id).where(_THEIRS, messages.c.deleted_at.is_(None)).order_by(messages.c.id)
_ACCOUNTS = select(identities.c.channel, identities.c.key).where(identities.c.person_id == _PERSON)
_FILES = select(attachments.c.sha256).where(attachments.c.message_id.in_(_MESSAGES), attachments.c.sha256.is_not(None))
_TOLD = select(transcripts.c.sha256).where(or_(transcripts.c.ticket.in_(_TICKETS), transcripts.c.asker_id == _PERSON))
_CARED_FOR = select(tickets.c.number).where(tickets.c.agent_id == _PERSON)
_CHANGES = select(events.c.id, events.c.data).where(
    events.c.kind == "TicketChanged",
    or_(events.c.ticket.in_(_TICKETS), events.c.ticket.in_(_CARED_FOR) & (events.c.actor_id == _PERSON)),
)
_SCRUB = update(events).where(events.c.id == bindparam("id_"))
# The rows that were theirs before a link: the log names them still.
_JOINED = select(joins.c.joined_id).where(
    joins.c.kept_id == _PERSON, joins.c.parted_at.is_(None)
)  # theirs before a link
_NAME = select(people.c.name).where(people.c.id == _PERSON)
_COUNTS: tuple[Select[Any], ...] = (
    select(func.count()).select_from(tickets).where(tickets.c.client_id == _PERSON),
    select(func.count()).select_from(messages).where(_THEIRS),
    select(func.count()).select_from(attachments).where(attachments.c.message_id.in_(_MESSAGES)),
)
# What goes, in an order in which nothing points to what is gone already.
_ERASE = (
    delete(message_versions).where(message_versions.c.message_id.in_(_MESSAGES)),
    update(attachments).where(attachments.c.message_id.in_(_MESSAGES)).values(name=GONE, media_type="", sha256=None),
    delete(transcripts).where(or_(transcripts.c.ticket.in_(_TICKETS), transcripts.c.asker_id == _PERSON)),
    update(messages).where(_THEIRS).values(body=""),
    update(tickets)
    .where(tickets.c.client_id == _PERSON)
    .values(subject=GONE, rating_words="", fields="", close_reason=""),
    delete(followers).where(followers.c.person_id == _PERSON),
    delete(away).where(away.c.person_id == _PERSON),
    delete(turns).where(turns.c.person_id == _PERSON),
    update(people).where(people.c.id.in_(_JOINED)).values(name=GONE, locale=""),
    update(joins).where(or_(joins.c.kept_id == _PERSON, joins.c.joined_id == _PERSON)).values(key=""),
    update(people).where(people.c.id == _PERSON).values(name=GONE, locale=""),
)
_OF_ACCOUNT: dict[str, BindParameter[str]] = {"channel": bindparam("channel_"), "key": bindparam("key_")}
_DRAFTS = select(drafts.c.id).where(
    drafts.c.channel == _OF_ACCOUNT["channel"],
    or_(drafts.c.key == _OF_ACCOUNT["key"], drafts.c.behalf == _OF_ACCOUNT["key"]),
)
_FORGET_ACCOUNT = (
    *(
        delete(table).where(table.c.channel == _OF_ACCOUNT["channel"], table.c.key == _OF_ACCOUNT["key"])
        for table in (agents, link_codes, link_guesses, identities)
    ),
    delete(draft_files).where(draft_files.c.draft_id.in_(_DRAFTS)),
    delete(drafts).where(drafts.c.id.in_(_DRAFTS)),
)
_END_THREADS = (
    update(threads)
    .where(threads.c.channel == _OF_ACCOUNT["channel"], threads.c.account == _OF_ACCOUNT["key"])
    .values(account="", ended_at=bindparam("now_"))
)
# What somebody is given of themselves: nothing that only agents may read.
_GIVEN: Mapping[str, Select[Any]] = {
    "people": select(people).where(people.c.id == _PERSON),
    "accounts": select(identities.c.channel, identities.c.key).where(identities.c.person_id == _PERSON),
    "tickets": select(tickets).where(tickets.c.client_id == _PERSON).order_by(tickets.c.number),
    "messages": select(messages)
    .where(or_(_THEIRS, messages.c.ticket.in_(_TICKETS) & (messages.c.kind == Kind.REPLY.value)))
    .order_by(messages.c.id),
    "versions": select(message_versions).where(message_versions.c.message_id.in_(_MESSAGES)),
    "attachments": select(attachments).where(
        attachments.c.message_id.in_(
            select(messages.c.id).where(
                or_(_THEIRS, messages.c.ticket.in_(_TICKETS) & (messages.c.kind == Kind.REPLY.value))
            )
        )
    ),
}


_LISTS = select(lists.c.id, lists.c.listing)
_VIEWS = select(views.c.key, views.c.owner_id, views.c.listing)
_DROP_LIST = delete(lists).where(lists.c.id == bindparam("id_"))
_DROP_VIEW = delete(views).where(views.c.key == bindparam("key_"))


class ErasingRows(WordingRows):
    """A person as a whole: its part of `desk.ports.Transaction`."""

    now: datetime
    _people: dict[int, Person]
    _messages: dict[int, Message]
    _tickets: dict[int, Ticket]

    def footprint(self, person_id: int) -> tuple[int, int, int]:
        found = [int(self._connection.execute(count, {"person": person_id}).scalar_one()) for count in _COUNTS]
        return found[0], found[1], found[2]

    def given_to(self, person_id: int) -> Mapping[str, Sequence[Mapping[str, Any]]]:
        return {
            name: [
                dict(zip((column.name for column in query.selected_columns), row, strict=True))
                for row in self._connection.execute(query, {"person": person_id})
            ]
            for name, query in _GIVEN.items()
        }

    def standing(self, person_id: int) -> Sequence[int]:
        return [row[0] for row in self._connection.execute(_STANDING, {"person": person_id})]

    def erase_person(self, person_id: int) -> Sequence[str]:
        person = {"person": person_id}
        spoken = {row[0] for query in (_SPOKEN_IN, _TICKETS) for row in self._connection.execute(query, person)}
        files = {row[0] for query in (_FILES, _TOLD) for row in self._connection.execute(query, person)}
        accounts = list(self._connection.execute(_ACCOUNTS, person))
        for event_id, data in list(self._connection.execute(_CHANGES, person)):
            if (scrubbed := _scrubbed(data)) != data:
                self._connection.execute(_SCRUB, {"id_": event_id, "data": scrubbed})
        self._erase_lists(person_id)
        with self._rewording(*sorted(spoken)):
            for statement in _ERASE:
                self._connection.execute(statement, person)
        for channel, key in accounts:
            account = {"channel_": channel, "key_": key}
            self._connection.execute(_END_THREADS, account | {"now_": self.now})
            for forgotten in _FORGET_ACCOUNT:
                self._connection.execute(forgotten, account)
        for known in (self._people, self._messages, self._tickets):
            known.clear()
        return sorted(files)

    def _erase_lists(self, person_id: int) -> None:
        """Lists of theirs, and those that look for them. A list that has no name is nobody's in particular: whoever
        searched, those with words to search for all go, and are made anew by asking again.
        """
        name = str(self._connection.execute(_NAME, {"person": person_id}).scalar_one())
        for id_, text in list(self._connection.execute(_LISTS, {})):
            listing = Listing.from_json(json.loads(text))
            if listing.words or person_id in listing.filters.clients:
                self._connection.execute(_DROP_LIST, {"id_": id_})
        for key, owner_id, text in list(self._connection.execute(_VIEWS, {})):
            listing = Listing.from_json(json.loads(text))
            named = set(fold(name).split()) & set(fold(f"{key} {listing.words}").split())
            if owner_id == person_id or person_id in listing.filters.clients or named:
                self._connection.execute(_DROP_VIEW, {"key_": key})


def _scrubbed(data: str) -> str:
    body = json.loads(data)
    for change in body.get("changes", ()):
        if change["field"] in _SCRUBBED or change["field"].startswith("fields."):
            change["old"] = change["new"] = ""
    return json.dumps(body, ensure_ascii=False, separators=(",", ":"))
