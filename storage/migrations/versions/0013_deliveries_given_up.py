"""An index of the deliveries that were given up."""

from alembic import op
from sqlalchemy import text

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    given_up = text("state = 'buried'")
    op.create_index(
        "ix_deliveries_buried", "deliveries", ["id"], unique=False, sqlite_where=given_up, postgresql_where=given_up
    )
