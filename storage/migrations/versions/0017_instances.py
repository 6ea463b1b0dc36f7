"""The instances of a desk, whose are the leases, and which badges a ticket's cards show, for all of them to know."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    op.create_table(
        "instances",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), primary_key=True),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger()),
        sa.Column("hears", sa.String(255), nullable=False, server_default=""),
    )
    op.add_column("deliveries", sa.Column("leased_by", sa.BigInteger()))
    op.add_column("tickets", sa.Column("badges_shown", sa.String(100)))
