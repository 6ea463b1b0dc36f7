"""Own statuses, tags, extra fields, parents and merges; followers, agents seen, who is away, whose turn it was."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("tickets", sa.Column("house_status", sa.String(length=40), server_default="new", nullable=False))
    op.execute("UPDATE tickets SET house_status = status")
    op.add_column("tickets", sa.Column("tags", sa.Text(), server_default="", nullable=False))
    op.add_column("tickets", sa.Column("fields", sa.Text(), server_default="", nullable=False))
    op.add_column("tickets", sa.Column("parent", ID, nullable=True))
    op.add_column("tickets", sa.Column("merged_into", ID, nullable=True))
    op.add_column("tickets", sa.Column("close_reason", sa.Text(), server_default="", nullable=False))
    op.create_index(
        "ix_tickets_parent",
        "tickets",
        ["parent"],
        sqlite_where=sa.text("parent IS NOT NULL"),
        postgresql_where=sa.text("parent IS NOT NULL"),
    )
    op.add_column("threads", sa.Column("left", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.create_table(
        "ticket_tags",
        sa.Column("tag", sa.String(length=40), nullable=False),
        sa.Column("ticket", ID, nullable=False),
        sa.ForeignKeyConstraint(["ticket"], ["tickets.number"], name=op.f("fk_ticket_tags_ticket")),
        sa.PrimaryKeyConstraint("tag", "ticket", name=op.f("pk_ticket_tags")),
    )
    op.create_index(op.f("ix_ticket_tags_ticket"), "ticket_tags", ["ticket"])
    op.create_table(
        "followers",
        sa.Column("ticket", ID, nullable=False),
        sa.Column("person_id", ID, nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["ticket"], ["tickets.number"], name=op.f("fk_followers_ticket")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_followers_person_id")),
        sa.PrimaryKeyConstraint("ticket", "person_id", name=op.f("pk_followers")),
    )
    op.create_index(op.f("ix_followers_person_id"), "followers", ["person_id"])
    op.create_table(
        "agents",
        sa.Column("channel", sa.String(length=20), nullable=False),
        sa.Column("key", sa.String(length=100), nullable=False),
        sa.Column("role", sa.String(length=10), nullable=False),
        sa.Column("departments", sa.Text(), nullable=False),
        sa.Column("heard_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("channel", "key", name=op.f("pk_agents")),
    )
    op.create_table(
        "away",
        sa.Column("person_id", ID, nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_away_person_id")),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_away")),
    )
    op.create_table(
        "turns",
        sa.Column("department", sa.String(length=40), nullable=False),
        sa.Column("person_id", ID, nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_turns_person_id")),
        sa.PrimaryKeyConstraint("department", name=op.f("pk_turns")),
    )
