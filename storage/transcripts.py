"""Rows of transcripts: which file holds what was asked for, by whom and when."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import bindparam, insert, select

from desk.model import Transcript
from storage.tables import transcripts

if TYPE_CHECKING:
    from datetime import datetime

    from storage.statement import Runner

_COLUMNS = (
    transcripts.c.id,
    transcripts.c.ticket,
    transcripts.c.asker_id,
    transcripts.c.at,
    transcripts.c.language,
    transcripts.c.form,
    transcripts.c.inside,
    transcripts.c.name,
    transcripts.c.size,
    transcripts.c.sha256,
)
_ADD = insert(transcripts).returning(*_COLUMNS)
_TRANSCRIPT = select(*_COLUMNS).where(transcripts.c.id == bindparam("id_"))


class TranscriptRows:
    """The transcripts' part of `desk.ports.Transaction`."""

    _connection: Runner
    now: datetime

    def add_transcript(
        self, *, ticket: int, asker_id: int, language: str, form: str, inside: bool, name: str, size: int, sha256: str
    ) -> Transcript:
        values = {
            "ticket": ticket,
            "asker_id": asker_id,
            "at": self.now,
            "language": language,
            "form": form,
            "inside": inside,
            "name": name,
            "size": size,
            "sha256": sha256,
        }
        return Transcript(*self._connection.execute(_ADD, values).one())

    def transcript(self, transcript_id: int) -> Transcript:
        row = self._connection.execute(_TRANSCRIPT, {"id_": transcript_id}).first()
        if row is None:
            raise KeyError(transcript_id)
        return Transcript(*row)
