"""When a ticket is next due, beside what else lists are sorted by."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"

NEVER = 253402300799999999  # microseconds since 1970: the end of the year 9999


def upgrade() -> None:
    op.add_column("tickets", sa.Column("due_at", sa.BigInteger(), nullable=False, server_default=sa.text(str(NEVER))))
    op.execute(
        "UPDATE tickets SET due_at = (SELECT due_at FROM lives WHERE lives.ticket = tickets.number)"
        " WHERE number IN (SELECT ticket FROM lives WHERE due_at IS NOT NULL)"
    )
    op.create_index("ix_tickets_due", "tickets", ["status", "due_at", "number"])
