"""The tables. What must be unique is unique here, in the schema, and not by looking before leaping."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    false,
    text,
)

from desk.tally import COUNTS, LENGTHS

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy.engine import Dialect

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
NEVER = datetime.max.replace(tzinfo=UTC)  # where an order of moments needs one for what has none


class Moment(TypeDecorator[datetime]):
    """An aware datetime, kept as whole microseconds since 1970 in UTC: exact, short, in order as an index."""

    impl = BigInteger
    cache_ok = True

    # The processors themselves, not what they would call for each value: every reply converts a dozen.
    def bind_processor(self, dialect: Dialect) -> Callable[[datetime | None], int | None]:
        del dialect
        return _count

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[int | None], datetime | None]:
        del dialect, coltype
        return _moment


def _count(at: datetime | None) -> int | None:
    return None if at is None else (at - EPOCH) // MICROSECOND


def _moment(count: int | None) -> datetime | None:
    return None if count is None else EPOCH + count * MICROSECOND


# SQLite counts by itself only where the key is exactly INTEGER.
Id = BigInteger().with_variant(Integer, "sqlite")

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    }
)

settings = Table(
    "settings",
    metadata,
    Column("name", String(40), primary_key=True),
    Column("value", Text, nullable=False),
)

receipts = Table(
    "receipts",  # what was heard already
    metadata,
    Column("key", String(255), primary_key=True),
    Column("at", Moment, nullable=False, index=True),
)

people = Table(
    "people",
    metadata,
    Column("id", Id, primary_key=True),
    Column("name", String(255), nullable=False),
    Column("locale", String(20), nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("language", String(20), nullable=False, server_default=""),  # what they chose; "" = as the network says
)

identities = Table(
    "identities",
    metadata,
    Column("id", Id, primary_key=True),
    Column("person_id", ForeignKey("people.id"), nullable=False, index=True),
    Column("channel", String(20), nullable=False),
    Column("key", String(100), nullable=False),
    UniqueConstraint("channel", "key"),
    Index("ix_identities_key", "key"),  # one id in all servers of a network: see `AccountRef.holder`
)

link_codes = Table(
    "link_codes",  # offered by an account, to be typed by another of the same person; only the codes' digests
    metadata,
    Column("channel", String(20), primary_key=True),
    Column("key", String(100), primary_key=True),
    Column("digest", String(64), nullable=False, unique=True),
    Column("until", Moment, nullable=False),
)

link_guesses = Table(
    "link_guesses",  # codes that an account typed and that were not right
    metadata,
    Column("id", Id, primary_key=True),
    Column("channel", String(20), nullable=False),
    Column("key", String(100), nullable=False),
    Column("at", Moment, nullable=False),
    Index("ix_link_guesses_account", "channel", "key", "at"),
)

joins = Table(
    "joins",  # two persons who turned out to be one, and whether they were parted again
    metadata,
    Column("id", Id, primary_key=True),
    Column("kept_id", ForeignKey("people.id"), nullable=False, index=True),
    Column("joined_id", ForeignKey("people.id"), nullable=False, index=True),
    Column("channel", String(20), nullable=False),  # the account that came with the joined one
    Column("key", String(100), nullable=False),
    Column("at", Moment, nullable=False),
    Column("parted_at", Moment),
)

tickets = Table(
    "tickets",
    metadata,
    Column("number", Id, primary_key=True),
    Column("subject", String(255), nullable=False),
    Column("department", String(40), nullable=False),
    Column("product", String(40), nullable=False),
    Column("priority", String(40), nullable=False),
    Column("status", String(20), nullable=False),
    Column("client_id", ForeignKey("people.id"), nullable=False),
    Column("agent_id", ForeignKey("people.id")),
    Column("channel", String(20), nullable=False),
    Column("opened_at", Moment, nullable=False),
    Column("active_at", Moment, nullable=False),
    Column("last_reply_by", String(20)),
    Column("last_reply_at", Moment),
    Column("closed_at", Moment),
    Column("rating", Integer),
    Column("rating_words", Text, nullable=False, server_default=""),
    Column("house_status", String(40), nullable=False, server_default="new"),
    Column("tags", Text, nullable=False, server_default=""),  # "a b"; `ticket_tags` says the same to queries
    Column("fields", Text, nullable=False, server_default=""),  # JSON, "" = none
    Column("parent", Id),
    Column("merged_into", Id),
    Column("close_reason", Text, nullable=False, server_default=""),
    Column("drop_files", Boolean, nullable=False, server_default=false()),
    Column("badges_shown", String(100)),  # by its cards, as far as they were drawn for the badges' sake
    Column("due_at", Moment, nullable=False, server_default=text(str((NEVER - EPOCH) // MICROSECOND))),
    Index(
        "ix_tickets_parent",
        "parent",
        sqlite_where=text("parent IS NOT NULL"),
        postgresql_where=text("parent IS NOT NULL"),
    ),
    # A list is a merge of ranges, each in the list's order (`storage.shapes`).
    Index("ix_tickets_status", "status", "active_at", "number"),
    Index("ix_tickets_department", "department", "status", "active_at", "number"),
    Index("ix_tickets_agent", "agent_id", "status", "active_at", "number"),
    Index("ix_tickets_due", "status", "due_at", "number"),
    Index("ix_tickets_client", "client_id", "number"),
    Index("ix_tickets_closed_at", "closed_at"),
    Index("ix_tickets_opened", "opened_at", "number"),
    Index("ix_tickets_department_opened", "department", "opened_at", "number"),
    Index("ix_tickets_agent_opened", "agent_id", "opened_at", "number"),
    Index(
        "ix_tickets_open",
        "opened_at",
        "number",
        sqlite_where=text("status != 'closed'"),
        postgresql_where=text("status != 'closed'"),
    ),
    sqlite_autoincrement=True,  # a number is never given twice, whatever becomes of its ticket
)

ticket_tags = Table(
    "ticket_tags",
    metadata,
    Column("tag", String(40), primary_key=True),
    Column("ticket", ForeignKey("tickets.number"), primary_key=True, index=True),
)

followers = Table(
    "followers",  # people who see a ticket that is not theirs, and hear of it
    metadata,
    Column("ticket", ForeignKey("tickets.number"), primary_key=True),
    Column("person_id", ForeignKey("people.id"), primary_key=True, index=True),
    Column("since", Moment, nullable=False),
)

agents = Table(
    "agents",  # accounts that were heard as agents' or admins', as they were then
    metadata,
    Column("channel", String(20), primary_key=True),
    Column("key", String(100), primary_key=True),
    Column("role", String(10), nullable=False),
    Column("departments", Text, nullable=False),  # ids, "a b"
    Column("heard_at", Moment, nullable=False),
)

away = Table(
    "away",
    metadata,
    Column("person_id", ForeignKey("people.id"), primary_key=True),
    Column("since", Moment, nullable=False),
    Column("until", Moment),
)

turns = Table(
    "turns",  # whose turn it was last, where a department's tickets go round
    metadata,
    Column("department", String(40), primary_key=True),
    Column("person_id", ForeignKey("people.id"), nullable=False),
)

ticket_counts = Table(
    "ticket_counts",  # how many tickets there are of each kind: kept by whoever writes a ticket
    metadata,
    Column("department", String(40), primary_key=True),
    Column("status", String(20), primary_key=True),
    Column("assigned", Integer, primary_key=True, autoincrement=False),  # 0 or 1
    Column("awaiting", Integer, primary_key=True, autoincrement=False),  # 0 or 1: open, and the client spoke last
    Column("tickets", Integer, nullable=False),
)

lists = Table(
    "lists",  # what the buttons of lists stand for: a button has no room for it
    metadata,
    Column("id", String(20), primary_key=True),
    Column("listing", Text, nullable=False),  # JSON
    Column("used_at", Moment, nullable=False, index=True),
)

views = Table(
    "views",  # lists that agents have named
    metadata,
    Column("key", String(60), primary_key=True),  # the name, folded
    Column("name", String(60), nullable=False),
    Column("listing", Text, nullable=False),  # JSON
    Column("owner_id", ForeignKey("people.id"), nullable=False),
    Column("made_at", Moment, nullable=False),
)

threads = Table(
    "threads",
    metadata,
    Column("id", Id, primary_key=True),
    Column("ticket", ForeignKey("tickets.number"), nullable=False, index=True),
    Column("audience", String(20), nullable=False),
    Column("channel", String(20), nullable=False),
    Column("place", String(100)),
    Column("account", String(100)),
    Column("locale", String(20), nullable=False),
    Column("key", String(200)),
    Column("card", String(200)),
    Column("newest", String(200)),
    Column("mark", String(200), nullable=False, server_default=""),
    Column("opened_at", Moment),  # what was said before that, was said where the thread was then
    Column("ended_at", Moment),  # from then on nothing is owed to it, and what is said in it is not the ticket's
    Column("left", Boolean, nullable=False, server_default=false()),
    Column("asleep", Boolean, nullable=False, server_default=false()),  # of a ticket from another desk: not begun yet
    UniqueConstraint("channel", "key"),
    Index("ix_threads_account", "channel", "account"),
)

messages = Table(
    "messages",
    metadata,
    Column("id", Id, primary_key=True),
    Column("ticket", ForeignKey("tickets.number"), nullable=False),
    Column("author_id", ForeignKey("people.id"), nullable=False),
    Column("kind", String(10), nullable=False),
    Column("body", Text, nullable=False),
    Column("at", Moment, nullable=False),
    Column("by", String(20), nullable=False),
    Column("thread_id", ForeignKey("threads.id")),
    Column("version", Integer, nullable=False),
    Column("edited_at", Moment),
    Column("deleted_at", Moment),
    Column("files", Integer, nullable=False, server_default="0"),  # how many attachments: most have none to look for
    Column("origin_channel", String(20)),
    Column("origin_key", String(200)),
    UniqueConstraint("origin_channel", "origin_key"),
    Index("ix_messages_ticket", "ticket", "id"),
)

message_versions = Table(
    "message_versions",  # the older ones; the newest stands in `messages`
    metadata,
    Column("message_id", ForeignKey("messages.id"), primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("body", Text, nullable=False),
    Column("at", Moment, nullable=False),
)

attachments = Table(
    "attachments",
    metadata,
    Column("id", Id, primary_key=True),
    Column("message_id", ForeignKey("messages.id"), nullable=False, index=True),
    Column("name", String(255), nullable=False),
    Column("media_type", String(255), nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("sha256", String(64), index=True),
    Column("dropped_at", Moment),  # its bytes were deleted on purpose; its name and hash stay
)

transcripts = Table(
    "transcripts",
    metadata,
    Column("id", Id, primary_key=True),
    Column("ticket", ForeignKey("tickets.number"), nullable=False, index=True),
    Column("asker_id", ForeignKey("people.id"), nullable=False),
    Column("at", Moment, nullable=False),
    Column("language", String(20), nullable=False),
    Column("form", String(10), nullable=False),
    Column("inside", Boolean, nullable=False),  # with notes and internal talk
    Column("name", String(255), nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("sha256", String(64), nullable=False, index=True),
)

drafts = Table(
    "drafts",  # words on their way to a ticket: kept until its form comes back
    metadata,
    Column("id", Id, primary_key=True),
    Column("channel", String(20), nullable=False),
    Column("key", String(100), nullable=False),
    Column("way", String(20), nullable=False),
    Column("body", Text, nullable=False),
    Column("at", Moment, nullable=False, index=True),
    Column("quoted_name", String(255), nullable=False, server_default=""),
    Column("quoted_body", Text, nullable=False, server_default=""),
    Column("quoted_url", Text, nullable=False, server_default=""),
    Column("quoted_at", Moment),
    Column("message", String(200)),  # the quoted one, where its files are still to be fetched
    Column("behalf", String(100)),  # the account on the same network that the ticket will be of
    Column("first_part", Text),  # of the form, as JSON
    Index("ix_drafts_account", "channel", "key", "id"),
)

draft_files = Table(
    "draft_files",
    metadata,
    Column("id", Id, primary_key=True),
    Column("draft_id", ForeignKey("drafts.id"), nullable=False, index=True),
    Column("name", String(255), nullable=False),
    Column("media_type", String(255), nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("sha256", String(64), index=True),
)

pinned = Table(
    "pinned",  # the cards that stand in a place for everybody
    metadata,
    Column("channel", String(20), primary_key=True),
    Column("place", String(100), primary_key=True),
    Column("message", String(200), nullable=False),
    Column("card", String(64), nullable=False),  # what it shows, as a digest: another text is shown anew
)

silences = Table(
    "silences",  # tickets whose client was warned that silence closes them
    metadata,
    Column("ticket", ForeignKey("tickets.number"), primary_key=True),
    Column("warned_at", Moment, nullable=False),
)

copies = Table(
    "copies",
    metadata,
    Column("message_id", ForeignKey("messages.id"), primary_key=True),
    Column("thread_id", ForeignKey("threads.id"), primary_key=True),
    Column("part", Integer, primary_key=True, autoincrement=False),
    Column("channel", String(20), nullable=False),
    Column("key", String(200), nullable=False),
    UniqueConstraint("channel", "key"),
)

events = Table(
    "events",
    metadata,
    Column("id", Id, primary_key=True),
    Column("ticket", ForeignKey("tickets.number"), nullable=False),
    Column("kind", String(40), nullable=False),
    Column("data", Text, nullable=False),
    Column("actor_id", ForeignKey("people.id")),
    Column("at", Moment, nullable=False),
    Index("ix_events_ticket", "ticket", "id"),
)

lives = Table(
    "lives",  # what the event log comes to, a row a ticket, for figures: it can be made anew from the log at any time
    metadata,
    Column("ticket", ForeignKey("tickets.number"), primary_key=True),
    Column("data", Text, nullable=False),  # desk.life.Life as JSON; the columns below are for asking
    Column("client_id", BigInteger, nullable=False),
    Column("agent_id", BigInteger),
    Column("department", String(40), nullable=False),
    Column("product", String(40), nullable=False),
    Column("priority", String(40), nullable=False),
    Column("channel", String(20), nullable=False),
    Column("tags", Text, nullable=False, server_default=""),  # "a b"
    Column("merged", Integer, nullable=False),
    Column("opened_at", Moment, nullable=False),
    Column("closed_at", Moment),
    Column("reopened_at", Moment),
    Column("rated_at", Moment),
    Column("awaiting_since", Moment),
    Column("first_reply_at", Moment),
    Column("first_clock", BigInteger),  # durations in microseconds
    Column("first_business", BigInteger),
    Column("resolution_clock", BigInteger),
    Column("resolution_business", BigInteger),
    Column("replies", Integer, nullable=False),
    Column("rating", Integer),
    Column("first_kept", Integer),
    Column("next_kept", Integer, nullable=False),
    Column("next_missed", Integer, nullable=False),
    Column("resolution_kept", Integer),
    Column("promise", String(20)),  # what is due next, since when, when to warn and when it is late
    Column("promised_at", Moment),
    Column("warn_at", Moment),
    Column("due_at", Moment),
    Index("ix_lives_opened", "opened_at", "department", "merged", "product", "priority", "channel", "agent_id"),
    Index("ix_lives_closed", "closed_at", "department", "merged", "opened_at", "resolution_business",
          "resolution_clock", "replies", "resolution_kept", "next_kept", "next_missed", "product", "priority",
          "channel", "agent_id"),
    Index("ix_lives_first_reply", "first_reply_at", "department", "merged", "first_business", "first_clock",
          "first_kept", "product", "priority", "channel", "agent_id"),
    Index("ix_lives_warn", "warn_at"),
    Index("ix_lives_due", "due_at"),
    # Clients are counted in the order of this index, which holds all that a count asks of a life.
    Index("ix_lives_client", "client_id", "department", "merged", "opened_at", "closed_at", "first_reply_at",
          "rated_at", "reopened_at"),
    *(
        Index(f"ix_lives_{name}", f"{name}_{suffix}", sqlite_where=text(f"{name}_{suffix} IS NOT NULL"),
              postgresql_where=text(f"{name}_{suffix} IS NOT NULL"))
        for name, suffix in (("reopened", "at"), ("rated", "at"), ("awaiting", "since"))
    ),
)  # fmt: skip

tallies = Table(
    "tallies",  # lives summed up by day and by month of the house, a row for each department that had any
    metadata,
    Column("grain", String(5), primary_key=True),  # "day" or "month"
    Column("start", Integer, primary_key=True, autoincrement=False),  # its first day's proleptic ordinal
    Column("department", String(40), primary_key=True),
    Column("opened", Integer, nullable=False),  # the same as in the tally, for those who want no more
    Column("closed", Integer, nullable=False),
    Column("data", Text, nullable=False),  # desk.tally.Tally as JSON
)

slices = Table(
    "slices",  # lives summed up by month of the house, a row for each value of a dimension in each department
    metadata,
    Column("by", String(10), primary_key=True),  # desk.figures.Dimension
    Column("start", Integer, primary_key=True, autoincrement=False),  # the month's first day as proleptic ordinal
    Column("value", String(40), primary_key=True),
    Column("department", String(40), primary_key=True),
    *(Column(name, Integer, nullable=False) for name in COUNTS),
    *(Column(name, Text, nullable=False) for name in LENGTHS),  # `desk.tally.to_text`
)

asides = Table(
    "asides",  # what is owed beside tickets' threads; gone when it is said
    metadata,
    Column("id", Id, primary_key=True),
    Column("key", String(20), nullable=False),
    Column("channel", String(20), nullable=False),
    Column("account", String(100)),  # to this person alone; else to
    Column("place", String(100)),
    Column("kind", String(40), nullable=False),
    Column("data", Text, nullable=False),  # JSON
    Column("made_at", Moment, nullable=False, index=True),
    Column("due_at", Moment, nullable=False, index=True),
    Column("leased_until", Moment),
    Column("attempts", Integer, nullable=False),
)

told = Table(
    "told",  # what the desk has said of its own accord, so that it says it once
    metadata,
    Column("key", String(255), primary_key=True),
    Column("at", Moment, nullable=False, index=True),
)

instances = Table(
    "instances",  # the processes that are this desk, or were
    metadata,
    Column("id", Id, primary_key=True),
    Column("name", String(100), nullable=False),  # for people
    Column("since", Moment, nullable=False),
    Column("ended_at", Moment),  # what it writes after that is refused
    Column("hears", String(255), nullable=False, server_default=""),  # the networks, by name, with spaces between
)

OWED, SENT, BURIED, DROPPED = "owed", "sent", "buried", "dropped"

deliveries = Table(
    "deliveries",  # the outbox
    metadata,
    Column("id", Id, primary_key=True),
    Column("event_id", ForeignKey("events.id"), nullable=False),
    Column("thread_id", ForeignKey("threads.id"), nullable=False),
    Column("channel", String(20), nullable=False),
    Column("state", String(10), nullable=False),
    Column("due_at", Moment, nullable=False),
    Column("leased_until", Moment),
    Column("leased_by", BigInteger),  # the instance, where there may be several
    Column("attempts", Integer, nullable=False),
    Column("error", Text),
    UniqueConstraint("event_id", "thread_id"),
    Index(
        "ix_deliveries_owed",
        "thread_id",
        "id",
        sqlite_where=text("state = 'owed'"),
        postgresql_where=text("state = 'owed'"),
    ),
    Index(
        "ix_deliveries_buried",
        "id",
        sqlite_where=text("state = 'buried'"),
        postgresql_where=text("state = 'buried'"),
    ),
)

backup_runs = Table(
    "backup_runs",  # backups and proofs as they went
    metadata,
    Column("id", Id, primary_key=True),
    Column("destination", String(40), nullable=False),
    Column("kind", String(10), nullable=False),
    Column("began_at", Moment, nullable=False),
    Column("ended_at", Moment),
    Column("stamp", String(60), nullable=False, server_default=""),
    Column("size", BigInteger, nullable=False, server_default="0"),
    Column("error", Text, nullable=False, server_default=""),
    Index("ix_backup_runs_destination", "destination", "id"),
)

installations = Table(
    "installations",  # houses in which an app of the desk was installed by their own people
    metadata,
    Column("app", String(20), primary_key=True),
    Column("house", String(40), primary_key=True),
    Column("name", String(255), nullable=False),
    Column("sealed", Text, nullable=False),  # encrypted with a key that is not in the database
    Column("made_at", Moment, nullable=False),
)

install_states = Table(
    "install_states",  # of who was sent to a network to install an app, and may come back
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("until", Moment, nullable=False),
)
