"""The index of words is told words as the desk takes texts apart: FTS5 had another idea of accents and of letters of
some languages, and did not find there what was typed.
"""

from collections.abc import Iterable
from itertools import groupby
from operator import itemgetter
from typing import Any

from alembic import op

from desk.search import words_of

revision = "0018"
down_revision = "0017"

AT_ONCE = 1000


def upgrade() -> None:
    connection = op.get_bind()
    if connection.dialect.name != "sqlite":  # all desks were on SQLite then
        return
    connection.exec_driver_sql("DROP TABLE ticket_words")
    # "ascii" leaves all other letters as they are: the words come folded.
    connection.exec_driver_sql(
        "CREATE VIRTUAL TABLE ticket_words USING fts5(text, content='', detail=none, columnsize=0, prefix='3 5',"
        " tokenize='ascii')"
    )
    said = connection.exec_driver_sql(
        "SELECT t.number, m.kind, t.subject, m.body FROM tickets t LEFT JOIN messages m"
        " ON m.ticket = t.number AND m.deleted_at IS NULL ORDER BY t.number, m.id"
    )
    batch: list[tuple[int, str]] = []
    for number, rows in groupby(said, itemgetter(0)):
        batch += _entries(number, list(rows))
        if len(batch) >= AT_ONCE:
            connection.exec_driver_sql("INSERT INTO ticket_words (rowid, text) VALUES (?, ?)", batch)
            batch = []
    if batch:
        connection.exec_driver_sql("INSERT INTO ticket_words (rowid, text) VALUES (?, ?)", batch)


def _entries(number: int, rows: Iterable[Any]) -> list[tuple[int, str]]:
    replies, notes = [f"{number} {next(iter(rows))[2]}"], list[str]()
    for _, kind, _, body in rows:
        if kind is not None:
            (notes if kind == "note" else replies).append(body)
    found = [(2 * number, replies), (2 * number + 1, notes)]
    return [(rowid, " ".join(sorted(there))) for rowid, texts in found if (there := words_of("\n".join(texts)))]
