"""Rows of messages, their versions and attachments."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, insert, or_, select, update

from desk.model import Attachment, Audience, Kind, Message, MessageRef, Version
from storage.phrases import upsert
from storage.tables import attachments as attachment_rows
from storage.tables import copies, message_versions, messages, threads
from storage.wording import WordingRows

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from desk.model import Thread
    from storage.expected import Expected

_COLUMNS = (
    messages.c.id,
    messages.c.ticket,
    messages.c.author_id,
    messages.c.kind,
    messages.c.body,
    messages.c.at,
    messages.c.by,
    messages.c.thread_id,
    messages.c.version,
    messages.c.edited_at,
    messages.c.deleted_at,
    messages.c.files,
)
_MESSAGE = select(*_COLUMNS).where(messages.c.id == bindparam("id_"))
_MESSAGE_FROM = select(*_COLUMNS).where(
    messages.c.origin_channel == bindparam("channel_"), messages.c.origin_key == bindparam("key_")
)
_LATELY = (
    select(*_COLUMNS, messages.c.origin_channel, messages.c.origin_key)
    .join_from(messages, threads, messages.c.thread_id == threads.c.id)
    .where(
        messages.c.ticket == bindparam("ticket_"),
        messages.c.thread_id == bindparam("thread_"),
        messages.c.origin_key.is_not(None),
        or_(threads.c.opened_at.is_(None), messages.c.at >= threads.c.opened_at),
    )
    .order_by(messages.c.id.desc())
    .limit(bindparam("most_"))
)
_DESCRIPTION = select(*_COLUMNS).where(messages.c.ticket == bindparam("ticket_")).order_by(messages.c.id).limit(1)
_MESSAGES = select(*_COLUMNS).where(messages.c.ticket == bindparam("ticket_")).order_by(messages.c.id)
_COPIED_FROM = (
    select(*_COLUMNS)
    .join_from(messages, copies)
    .where(copies.c.channel == bindparam("channel_"), copies.c.key == bindparam("key_"))
)
# A redelivery stops at the origin's uniqueness.
_INSERT = upsert(messages).execution_options(about=("origin", "origin_channel", "origin_key"))
_ADD, _ADD_UNLESS = (each.returning(messages.c.id) for each in (_INSERT, _INSERT.on_conflict_do_nothing()))
_ADD_FILE = insert(attachment_rows)
_FILES = (
    select(
        attachment_rows.c.name,
        attachment_rows.c.media_type,
        attachment_rows.c.size,
        attachment_rows.c.sha256,
        attachment_rows.c.dropped_at,
    )
    .where(attachment_rows.c.message_id == bindparam("id_"))
    .order_by(attachment_rows.c.id)
)
_KEEP_VERSION = insert(message_versions)
_VERSIONS = (
    select(message_versions.c.version, message_versions.c.body, message_versions.c.at)
    .where(message_versions.c.message_id == bindparam("message_id_"))
    .order_by(message_versions.c.version)
)
_NEW_VERSION = update(messages).where(messages.c.id == bindparam("id_")).execution_options(about=())
_DELETED = _NEW_VERSION


class MessageRows(WordingRows):
    """The messages' part of `desk.ports.Transaction`."""

    now: datetime
    _expected: Expected
    _messages: dict[int, Message]  # made in this transaction

    def add_message(
        self,
        *,
        ticket: int,
        author_id: int,
        kind: Kind,
        body: str,
        by: Audience,
        thread_id: int | None,
        origin: MessageRef | None,
        attachments: Sequence[Attachment],
    ) -> Message | None:
        values = {
            "ticket": ticket,
            "author_id": author_id,
            "kind": kind.value,
            "body": body,
            "at": self.now,
            "by": by.value,
            "thread_id": thread_id,
            "version": 1,
            "files": len(attachments),
            "origin_channel": origin.channel if origin else None,
            "origin_key": origin.key if origin else None,
        }
        message_id: int | None
        if origin is None or self._expected.is_new(origin):
            message_id = self._connection.add(_ADD, values)
        else:
            numbered = self._connection.numbered(messages)
            message_id = self._connection.execute(_ADD_UNLESS, {**numbered, **values}).scalar()
        if message_id is None:
            return None
        if attachments:
            self._connection.execute(
                _ADD_FILE,
                [
                    {
                        "message_id": message_id,
                        "name": file.name,
                        "media_type": file.media_type[:255],
                        "size": file.size,
                        "sha256": file.sha256,
                    }
                    for file in attachments
                ],
            )
        self._said(ticket, kind, body, message_id)
        message = self._messages[message_id] = Message(
            message_id, ticket, author_id, kind, body, self.now, by, thread_id, attachments=tuple(attachments)
        )
        return message

    def message(self, message_id: int) -> Message:
        known = self._messages.get(message_id)
        if known is not None:
            return known
        row = self._connection.execute(_MESSAGE, {"id_": message_id}).first()
        if row is None:
            raise KeyError(message_id)
        return self._message(row)

    def message_from(self, origin: MessageRef) -> Message | None:
        row = self._connection.execute(_MESSAGE_FROM, {"channel_": origin.channel, "key_": origin.key}).first()
        return None if row is None else self._message(row)

    def lately_said(self, thread: Thread, *, limit: int) -> Sequence[tuple[MessageRef, Message]]:
        given = {"ticket_": thread.ticket, "thread_": thread.id, "most_": limit}
        rows = list(self._connection.execute(_LATELY, given))
        return [(MessageRef(row[-2], row[-1]), self._message(row[:-2])) for row in reversed(rows)]

    def description(self, ticket: int) -> Message:
        row = self._connection.execute(_DESCRIPTION, {"ticket_": ticket}).first()
        if row is None:
            raise KeyError(ticket)
        return self._message(row)

    def copied_from(self, ref: MessageRef) -> Message | None:
        row = self._connection.execute(_COPIED_FROM, {"channel_": ref.channel, "key_": ref.key}).first()
        return None if row is None else self._message(row)

    def messages(self, ticket: int) -> Sequence[Message]:
        return [self._message(row) for row in list(self._connection.execute(_MESSAGES, {"ticket_": ticket}))]

    def versions(self, message_id: int) -> Sequence[Version]:
        newest = self.message(message_id)
        older = [Version(*row) for row in self._connection.execute(_VERSIONS, {"message_id_": message_id})]
        return [*older, Version(newest.version, newest.body, newest.edited_at or newest.at)]

    def add_version(self, message: Message, *, body: str) -> Message:
        old = {"message_id": message.id, "version": message.version, "body": message.body}
        self._connection.execute(_KEEP_VERSION, old | {"at": message.edited_at or message.at})
        new = {"body": body, "version": message.version + 1, "edited_at": self.now}
        self._connection.execute(_NEW_VERSION, new | {"id_": message.id})
        self._resaid(message, body)
        self._messages.pop(message.id, None)
        return self.message(message.id)

    def mark_deleted(self, message: Message) -> Message:
        self._connection.execute(_DELETED, {"id_": message.id, "deleted_at": self.now})
        self._resaid(message, "")
        self._messages.pop(message.id, None)
        return self.message(message.id)

    def _message(self, row: Sequence[Any]) -> Message:
        (message_id, ticket, author_id, kind, body, at, by, thread_id, version, edited_at, deleted_at, files) = row
        found: tuple[Attachment, ...] = ()
        if files:
            rows = self._connection.execute(_FILES, {"id_": message_id})
            found = tuple(
                Attachment(name, media_type, size, sha256, dropped=dropped_at is not None)
                for name, media_type, size, sha256, dropped_at in rows
            )
        return Message(
            message_id, ticket, author_id, Kind(kind), body, at, Audience(by), thread_id, version, edited_at,
            deleted_at, found,
        )  # fmt: skip
