"""Lists of tickets: indexes in the order of a list, counters for tabs, an index of words, kept and named lists."""

from collections.abc import Iterable
from itertools import groupby
from operator import itemgetter
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
AT_ONCE = 1000


def upgrade() -> None:
    _indexes()
    _counters()
    _kept_lists()
    _words()


def _indexes() -> None:
    op.drop_index("ix_tickets_list", "tickets")
    op.create_index("ix_tickets_status", "tickets", ["status", "active_at", "number"])
    op.create_index("ix_tickets_department", "tickets", ["department", "status", "active_at", "number"])
    op.create_index("ix_tickets_agent", "tickets", ["agent_id", "status", "active_at", "number"])
    op.create_index("ix_tickets_opened", "tickets", ["opened_at", "number"])
    is_open = sa.text("status != 'closed'")
    op.create_index(
        "ix_tickets_open", "tickets", ["opened_at", "number"], sqlite_where=is_open, postgresql_where=is_open
    )


def _counters() -> None:
    op.create_table(
        "ticket_counts",
        sa.Column("department", sa.String(length=40), nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("assigned", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("awaiting", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("tickets", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("department", "status", "assigned", "awaiting", name=op.f("pk_ticket_counts")),
    )
    op.execute(
        "INSERT INTO ticket_counts SELECT department, status, CASE WHEN agent_id IS NULL THEN 0 ELSE 1 END,"
        " CASE WHEN status != 'closed' AND last_reply_by = 'client' THEN 1 ELSE 0 END, count(*)"
        " FROM tickets GROUP BY 1, 2, 3, 4"
    )


def _kept_lists() -> None:
    op.create_table(
        "lists",
        sa.Column("id", sa.String(length=20), nullable=False),
        sa.Column("listing", sa.Text(), nullable=False),
        sa.Column("used_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lists")),
    )
    op.create_index(op.f("ix_lists_used_at"), "lists", ["used_at"])
    op.create_table(
        "views",
        sa.Column("key", sa.String(length=60), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("listing", sa.Text(), nullable=False),
        sa.Column("owner_id", ID, nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["owner_id"], ["people.id"], name=op.f("fk_views_owner_id")),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_views")),
    )


def _words() -> None:
    """Every ticket's words, as `storage.wording` has them; on SQLite, which all desks were on then."""
    connection = op.get_bind()
    if connection.dialect.name != "sqlite":
        return
    connection.exec_driver_sql(
        "CREATE VIRTUAL TABLE ticket_words USING fts5(text, content='', detail=none, columnsize=0,"
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
