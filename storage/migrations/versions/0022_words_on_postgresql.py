"""The index of words on PostgreSQL, as `storage.postgresql.words` keeps it. SQLite has its own."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"


def upgrade() -> None:
    connection = op.get_bind()
    if connection.dialect.name != "postgresql":
        return
    op.create_table(
        "ticket_words",
        sa.Column("stretch", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("word", sa.Text(collation="C"), nullable=False),
        sa.Column("entries", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("stretch", "word", name=op.f("pk_ticket_words")),
        # Room for lists that grow, where they stand; and swept often, since the newest are written again and again.
        postgresql_with={"fillfactor": 80, "autovacuum_vacuum_scale_factor": 0.02},
    )
    # Lists are short and read whole: never kept aside, never compressed.
    connection.exec_driver_sql("ALTER TABLE ticket_words ALTER COLUMN entries SET STORAGE PLAIN")
