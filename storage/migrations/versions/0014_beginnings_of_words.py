"""Words found by their beginnings at any size, and lists by departments and agents in the order of opening."""

from collections.abc import Iterable
from itertools import groupby
from operator import itemgetter
from typing import Any

from alembic import op

revision = "0014"
down_revision = "0013"

AT_ONCE = 1000


def upgrade() -> None:
    op.create_index("ix_tickets_department_opened", "tickets", ["department", "opened_at", "number"])
    op.create_index("ix_tickets_agent_opened", "tickets", ["agent_id", "opened_at", "number"])
    connection = op.get_bind()
    if connection.dialect.name != "sqlite":  # all desks were on SQLite then
        return
    connection.exec_driver_sql("DROP TABLE ticket_words")
    connection.exec_driver_sql(
        "CREATE VIRTUAL TABLE ticket_words USING fts5(text, content='', detail=none, columnsize=0, prefix='3 5',"
        " tokenize='unicode61 remove_diacritics 2')"
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
    found = [(2 * number, "\n".join(replies))]
    return [*found, (2 * number + 1, "\n".join(notes))] if notes else found
