"""Linked accounts, drafts, transcripts, pinned cards, warnings of silence, threads that ended and files let go."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.add_column("people", sa.Column("language", sa.String(length=20), server_default="", nullable=False))
    op.add_column("threads", sa.Column("ended_at", sa.BigInteger(), nullable=True))
    op.create_index("ix_threads_account", "threads", ["channel", "account"], unique=False)
    op.add_column("attachments", sa.Column("dropped_at", sa.BigInteger(), nullable=True))
    op.create_table(
        "link_codes",
        sa.Column("channel", sa.String(length=20), nullable=False),
        sa.Column("key", sa.String(length=100), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("channel", "key", name=op.f("pk_link_codes")),
        sa.UniqueConstraint("digest", name=op.f("uq_link_codes_digest")),
    )
    op.create_table(
        "link_guesses",
        sa.Column("id", number, nullable=False),
        sa.Column("channel", sa.String(length=20), nullable=False),
        sa.Column("key", sa.String(length=100), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_link_guesses")),
    )
    op.create_index("ix_link_guesses_account", "link_guesses", ["channel", "key", "at"], unique=False)
    op.create_table(
        "joins",
        sa.Column("id", number, nullable=False),
        sa.Column("kept_id", number, nullable=False),
        sa.Column("joined_id", number, nullable=False),
        sa.Column("channel", sa.String(length=20), nullable=False),
        sa.Column("key", sa.String(length=100), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("parted_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["joined_id"], ["people.id"], name=op.f("fk_joins_joined_id")),
        sa.ForeignKeyConstraint(["kept_id"], ["people.id"], name=op.f("fk_joins_kept_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_joins")),
    )
    op.create_index(op.f("ix_joins_kept_id"), "joins", ["kept_id"], unique=False)
    op.create_index(op.f("ix_joins_joined_id"), "joins", ["joined_id"], unique=False)
    op.create_table(
        "transcripts",
        sa.Column("id", number, nullable=False),
        sa.Column("ticket", number, nullable=False),
        sa.Column("asker_id", number, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("language", sa.String(length=20), nullable=False),
        sa.Column("form", sa.String(length=10), nullable=False),
        sa.Column("inside", sa.Boolean(), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["asker_id"], ["people.id"], name=op.f("fk_transcripts_asker_id")),
        sa.ForeignKeyConstraint(["ticket"], ["tickets.number"], name=op.f("fk_transcripts_ticket")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_transcripts")),
    )
    op.create_index(op.f("ix_transcripts_ticket"), "transcripts", ["ticket"], unique=False)
    op.create_index(op.f("ix_transcripts_sha256"), "transcripts", ["sha256"], unique=False)
    op.create_table(
        "drafts",
        sa.Column("id", number, nullable=False),
        sa.Column("channel", sa.String(length=20), nullable=False),
        sa.Column("key", sa.String(length=100), nullable=False),
        sa.Column("way", sa.String(length=20), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("quoted_name", sa.String(length=255), server_default="", nullable=False),
        sa.Column("quoted_body", sa.Text(), server_default="", nullable=False),
        sa.Column("quoted_url", sa.Text(), server_default="", nullable=False),
        sa.Column("quoted_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_drafts")),
    )
    op.create_index("ix_drafts_account", "drafts", ["channel", "key", "id"], unique=False)
    op.create_index(op.f("ix_drafts_at"), "drafts", ["at"], unique=False)
    op.create_table(
        "draft_files",
        sa.Column("id", number, nullable=False),
        sa.Column("draft_id", number, nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("media_type", sa.String(length=255), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=True),
        sa.ForeignKeyConstraint(["draft_id"], ["drafts.id"], name=op.f("fk_draft_files_draft_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_draft_files")),
    )
    op.create_index(op.f("ix_draft_files_draft_id"), "draft_files", ["draft_id"], unique=False)
    op.create_index(op.f("ix_draft_files_sha256"), "draft_files", ["sha256"], unique=False)
    op.create_table(
        "pinned",
        sa.Column("channel", sa.String(length=20), nullable=False),
        sa.Column("place", sa.String(length=100), nullable=False),
        sa.Column("message", sa.String(length=200), nullable=False),
        sa.Column("card", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("channel", "place", name=op.f("pk_pinned")),
    )
    op.create_table(
        "silences",
        sa.Column("ticket", number, nullable=False),
        sa.Column("warned_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["ticket"], ["tickets.number"], name=op.f("fk_silences_ticket")),
        sa.PrimaryKeyConstraint("ticket", name=op.f("pk_silences")),
    )
