"""Whether a ticket lets its attachments go, and tickets by when they were closed."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.add_column("tickets", sa.Column("drop_files", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.create_index("ix_tickets_closed_at", "tickets", ["closed_at"], unique=False)
