"""Drafts remember the message whose files are still to be fetched, and whose the ticket will be."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.add_column("drafts", sa.Column("message", sa.String(length=200), nullable=True))
    op.add_column("drafts", sa.Column("behalf", sa.String(length=100), nullable=True))
