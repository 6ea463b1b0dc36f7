"""What the event log comes to, a row a ticket, for figures; and what the desk has said of its own accord."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "lives",
        sa.Column("ticket", BIG, nullable=False),
        sa.Column("data", sa.Text(), nullable=False),
        sa.Column("client_id", sa.BigInteger(), nullable=False),
        sa.Column("agent_id", sa.BigInteger(), nullable=True),
        sa.Column("department", sa.String(length=40), nullable=False),
        sa.Column("product", sa.String(length=40), nullable=False),
        sa.Column("priority", sa.String(length=40), nullable=False),
        sa.Column("channel", sa.String(length=20), nullable=False),
        sa.Column("merged", sa.Integer(), nullable=False),
        sa.Column("opened_at", sa.BigInteger(), nullable=False),
        *(
            sa.Column(name, sa.BigInteger(), nullable=True)
            for name in (
                "closed_at",
                "reopened_at",
                "rated_at",
                "awaiting_since",
                "first_reply_at",
                "first_clock",
                "first_business",
                "resolution_clock",
                "resolution_business",
            )
        ),
        sa.Column("replies", sa.Integer(), nullable=False),
        sa.Column("rating", sa.Integer(), nullable=True),
        sa.Column("first_kept", sa.Integer(), nullable=True),
        sa.Column("next_kept", sa.Integer(), nullable=False),
        sa.Column("next_missed", sa.Integer(), nullable=False),
        sa.Column("resolution_kept", sa.Integer(), nullable=True),
        sa.Column("promise", sa.String(length=20), nullable=True),
        sa.Column("promised_at", sa.BigInteger(), nullable=True),
        sa.Column("warn_at", sa.BigInteger(), nullable=True),
        sa.Column("due_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["ticket"], ["tickets.number"], name=op.f("fk_lives_ticket")),
        sa.PrimaryKeyConstraint("ticket", name=op.f("pk_lives")),
    )
    for name, columns in (
        ("opened", ["opened_at", "department", "merged", "product", "priority", "channel", "agent_id"]),
        ("closed", ["closed_at", "department", "merged", "opened_at", "resolution_business", "resolution_clock"]),
        ("first_reply", ["first_reply_at", "department", "merged", "first_business", "first_clock"]),
        ("warn", ["warn_at"]),
        ("due", ["due_at"]),
        ("client", ["client_id"]),
    ):
        op.create_index(f"ix_lives_{name}", "lives", columns)
    for name, column in (("reopened", "reopened_at"), ("rated", "rated_at"), ("awaiting", "awaiting_since")):
        there = sa.text(f"{column} IS NOT NULL")
        op.create_index(f"ix_lives_{name}", "lives", [column], sqlite_where=there, postgresql_where=there)
    op.create_table(
        "told",
        sa.Column("key", sa.String(length=255), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_told")),
    )
    op.create_index(op.f("ix_told_at"), "told", ["at"])
