"""Lives summed up by every dimension, and what tags they have. All are made anew from the log, so that they agree."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"

COUNTS = (
    "opened", "closed", "reopened", "replies", "ratings", "stars", "first_kept", "first_kept_of",
    "next_kept", "next_of", "resolution_kept", "resolution_kept_of",
)  # fmt: skip
LENGTHS = ("first_business", "first_clock", "resolution_business", "resolution_clock")
INDEXES = {
    "closed": [
        "closed_at", "department", "merged", "opened_at", "resolution_business", "resolution_clock", "replies",
        "resolution_kept", "next_kept", "next_missed", "product", "priority", "channel", "agent_id",
    ],
    "first_reply": [
        "first_reply_at", "department", "merged", "first_business", "first_clock", "first_kept", "product", "priority",
        "channel", "agent_id",
    ],
    "client": [
        "client_id", "department", "merged", "opened_at", "closed_at", "first_reply_at", "rated_at", "reopened_at",
    ],
}  # fmt: skip


def upgrade() -> None:
    op.create_table(
        "slices",
        sa.Column("by", sa.String(length=10), nullable=False),
        sa.Column("start", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("value", sa.String(length=40), nullable=False),
        sa.Column("department", sa.String(length=40), nullable=False),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in COUNTS),
        *(sa.Column(name, sa.Text(), nullable=False) for name in LENGTHS),
        sa.PrimaryKeyConstraint("by", "start", "value", "department", name=op.f("pk_slices")),
    )
    op.execute("DELETE FROM lives")
    op.execute("DELETE FROM tallies")
    op.execute("DELETE FROM settings WHERE name IN ('lives_upto', 'lives_tallied', 'lives_again')")
    # What the log up to here means for due times was told when it was read first.
    op.execute(
        "INSERT INTO settings (name, value) SELECT 'lives_again', CAST(MAX(id) AS TEXT) FROM events HAVING COUNT(*) > 0"
    )
    op.add_column("lives", sa.Column("tags", sa.Text(), nullable=False, server_default=""))
    for name, columns in INDEXES.items():
        op.drop_index(f"ix_lives_{name}", "lives")
        op.create_index(f"ix_lives_{name}", "lives", columns)
