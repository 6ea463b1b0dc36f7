"""Accounts are found by their id in whatever server of a network, beside by server and id."""

from alembic import op

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    op.create_index("ix_identities_key", "identities", ["key"])
