"""When a thread was opened where it is now."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    op.add_column("threads", sa.Column("opened_at", sa.BigInteger(), nullable=True))
