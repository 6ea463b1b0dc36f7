"""Threads of tickets that came from another desk wait until something happens in them."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    op.add_column("threads", sa.Column("asleep", sa.Boolean(), nullable=False, server_default=sa.false()))
