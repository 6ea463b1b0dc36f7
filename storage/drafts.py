"""Rows of drafts: words and files on their way to a ticket."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, delete, insert, select, update

from desk.model import AccountRef, Attachment, FirstPart, KeptDraft, MessageRef, Quoted
from storage.tables import draft_files, drafts

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from storage.statement import Runner

_COLUMNS = (
    drafts.c.id,
    drafts.c.channel,
    drafts.c.key,
    drafts.c.way,
    drafts.c.body,
    drafts.c.at,
    drafts.c.quoted_name,
    drafts.c.quoted_body,
    drafts.c.quoted_url,
    drafts.c.quoted_at,
    drafts.c.message,
    drafts.c.behalf,
    drafts.c.first_part,
)
_ADD = insert(drafts).returning(drafts.c.id)
_ADD_FILES = insert(draft_files)
_ACCOUNTS = (drafts.c.channel == bindparam("channel_"), drafts.c.key == bindparam("key_"))
_DRAFT = select(*_COLUMNS).where(drafts.c.id == bindparam("id_"), *_ACCOUNTS)
_NEWEST = (
    select(*_COLUMNS)
    .where(*_ACCOUNTS, drafts.c.way == bindparam("way_"), drafts.c.at > bindparam("since_"))
    .order_by(drafts.c.id.desc())
    .limit(1)
)
_FILES = (
    select(draft_files.c.name, draft_files.c.media_type, draft_files.c.size, draft_files.c.sha256)
    .where(draft_files.c.draft_id == bindparam("id_"))
    .order_by(draft_files.c.id)
)
_LONGER = update(drafts).where(drafts.c.id == bindparam("id_")).values(body=bindparam("body"), at=bindparam("at"))
_DROP_FILES = delete(draft_files).where(draft_files.c.draft_id == bindparam("id_"))
_DROP = delete(drafts).where(drafts.c.id == bindparam("id_"))


class DraftRows:
    """The drafts' part of `desk.ports.Transaction`."""

    _connection: Runner
    now: datetime

    def add_draft(self, draft: KeptDraft) -> KeptDraft:
        quoted = draft.quoted
        values = {
            "channel": draft.account.channel,
            "key": draft.account.key,
            "way": draft.way,
            "body": draft.body,
            "at": self.now,
            "quoted_name": quoted.name[:255] if quoted else "",
            "quoted_body": quoted.body if quoted else "",
            "quoted_url": quoted.url if quoted else "",
            "quoted_at": quoted.at if quoted else None,
            "message": draft.message.key if draft.message else None,
            "behalf": draft.behalf.key if draft.behalf else None,
            "first_part": json.dumps(asdict(draft.first_part), ensure_ascii=False) if draft.first_part else None,
        }
        draft_id = self._connection.execute(_ADD, values).scalar_one()
        self._add_files(draft_id, draft.attachments)
        return replace(draft, id=draft_id, at=self.now)

    def _add_files(self, draft_id: int, attachments: Sequence[Attachment]) -> None:
        if attachments:
            rows = [
                {
                    "draft_id": draft_id,
                    "name": file.name,
                    "media_type": file.media_type[:255],
                    "size": file.size,
                    "sha256": file.sha256,
                }
                for file in attachments
            ]
            self._connection.execute(_ADD_FILES, rows)

    def draft(self, draft_id: int, account: AccountRef) -> KeptDraft | None:
        values = {"id_": draft_id, "channel_": account.channel, "key_": account.key}
        return self._draft(self._connection.execute(_DRAFT, values).first())

    def newest_draft(self, account: AccountRef, way: str, *, since: datetime) -> KeptDraft | None:
        values = {"channel_": account.channel, "key_": account.key, "way_": way, "since_": since}
        return self._draft(self._connection.execute(_NEWEST, values).first())

    def add_to_draft(self, draft: KeptDraft, *, body: str, attachments: Sequence[Attachment]) -> KeptDraft:
        longer = "\n".join(part for part in (draft.body, body) if part)
        self._connection.execute(_LONGER, {"id_": draft.id, "body": longer, "at": self.now})
        self._add_files(draft.id, attachments)
        return replace(draft, body=longer, at=self.now, attachments=(*draft.attachments, *attachments))

    def drop_draft(self, draft: KeptDraft) -> None:
        self._connection.execute(_DROP_FILES, {"id_": draft.id})
        self._connection.execute(_DROP, {"id_": draft.id})

    def _draft(self, row: Sequence[Any] | None) -> KeptDraft | None:
        if row is None:
            return None
        id_, channel, key, way, body, at, name, quoted_body, url, quoted_at, message, behalf, first_part = row
        files = self._connection.execute(_FILES, {"id_": id_})
        return KeptDraft(
            id_,
            AccountRef(channel, key),
            way,
            body,
            at,
            Quoted(name, quoted_body, url, quoted_at) if quoted_at is not None else None,
            MessageRef(channel, message) if message else None,
            AccountRef(channel, behalf) if behalf else None,
            tuple(Attachment(*file) for file in files),
            _first_part(first_part) if first_part else None,
        )


def _first_part(text: str) -> FirstPart:
    found = json.loads(text)
    return FirstPart(**{**found, "fields": {name: tuple(values) for name, values in found["fields"].items()}})
