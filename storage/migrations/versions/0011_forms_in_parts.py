"""Drafts keep the first part of a form whose second part is still to come."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.add_column("drafts", sa.Column("first_part", sa.Text(), nullable=True))
