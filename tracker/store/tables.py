"""The tables. Times are UTC, kept as whole milliseconds since 1970; ids are random text."""

import secrets
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Dialect,
    Float,
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
    true,
)

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def new_id() -> str:
    """A random public id of 12 characters (72 bits): tells neither order nor number."""
    return secrets.token_urlsafe(9)


def new_ids(count: int) -> list[str]:
    """As many as are wanted, at the price of one."""
    text = secrets.token_urlsafe(9 * count) if count else ""
    return [text[n : n + 12] for n in range(0, len(text), 12)]


TOUCHES = "kind IN ('cta_click', 'gate_submit', 'seminar_register', 'diagnosis')"
"""What a reader pressed or sent by themselves, as an index of its own holds it. Who asks for it in
these words reads that index and nothing else."""


class Utc(TypeDecorator[datetime]):
    """An aware datetime, to the millisecond. One whole number in both engines: sorts and groups
    alike, and is the ``ts`` of the exchange format."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a stored time needs its zone")
        return (value - EPOCH) // timedelta(milliseconds=1)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        return None if value is None else EPOCH + timedelta(milliseconds=value)


_SEQ = BigInteger().with_variant(Integer, "sqlite")  # SQLite counts up only INTEGER keys

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

events = Table(
    "events",
    metadata,
    Column("seq", _SEQ, primary_key=True, autoincrement=True),
    Column("id", String(100), nullable=False, unique=True),
    Column("at", Utc, nullable=False),
    Column("kind", String(30), nullable=False),
    Column("reader_id", String(20), index=True),
    Column("visitor", String(40), index=True),
    Column("view", String(40)),
    Column("page", Text),
    Column("section", Integer),
    Column("cta", String(100)),
    Column("gate", String(100)),
    Column("delivery_id", String(20)),
    Column("data", JSON),
    Index(None, "page", "kind"),
    Index(None, "kind", "at"),
    Index(
        "ix_events_touches",
        "at",
        "kind",
        "visitor",
        "reader_id",
        "cta",
        "gate",
        sqlite_where=text(TOUCHES),
        postgresql_where=text(TOUCHES),
    ),
    Index(
        "ix_events_of_delivery",
        "delivery_id",
        sqlite_where=text("delivery_id IS NOT NULL"),
        postgresql_where=text("delivery_id IS NOT NULL"),
    ),
)

readers = Table(
    "readers",
    metadata,
    Column("id", String(20), primary_key=True),
    Column("email", Text),
    Column("email_normalised", Text, unique=True),
    Column("name", Text),
    Column("company", Text),
    Column("created_at", Utc, nullable=False),
    Column("confirmed_at", Utc),
    Column("opted_in_at", Utc),
    Column("unsubscribed_at", Utc),
    Column("stage", String(20), index=True),
    Column("stage_since", Utc),
    Column("score", Float, nullable=False, server_default="0"),
    Column("inquired_at", Utc),
    Column("wants_step", Boolean, nullable=False, server_default=true()),
    Column("wants_seminar", Boolean, nullable=False, server_default=true()),
    Column("wants_newsletter", Boolean, nullable=False, server_default=false()),
    Column("paused_at", Utc),
    Column("paused_until", Utc),
    Column("suppressed_at", Utc),
    Column("suppressed_for", String(20)),
    Column("acted_at", Utc, index=True),
    Column("sunset_at", Utc),
    Column("concluded", Integer, nullable=False, server_default="0"),
)

suppressions = Table(
    "suppressions",
    metadata,
    Column("address_hash", String(64), primary_key=True),
    Column("reason", String(20), nullable=False),
    Column("since", Utc, nullable=False),
)

notice_counts = Table(
    "notice_counts",
    metadata,
    Column("source", String(20), primary_key=True),
    Column("outcome", String(30), primary_key=True),
    Column("count", BigInteger, nullable=False),
)

line_users = Table(
    "line_users",
    metadata,
    Column("user_hash", String(64), primary_key=True),
    Column("user_id", Text, nullable=False),
    Column("follows", Boolean, nullable=False),
    Column("changed_at", Utc, nullable=False),
    Column("reply_token", Text),
    Column("asked_at", Utc),
)

line_links = Table(
    "line_links",
    metadata,
    Column("reader_id", String(20), ForeignKey("readers.id"), primary_key=True),
    Column("user_hash", String(64), nullable=False, unique=True),
    Column("linked_at", Utc, nullable=False),
)

visitors = Table(
    "visitors",
    metadata,
    Column("visitor", String(40), primary_key=True),
    Column("reader_id", String(20), ForeignKey("readers.id"), nullable=False, index=True),
    Column("since", Utc, nullable=False),
)

wordings = Table(
    "wordings",
    metadata,
    Column("hash", String(64), primary_key=True),
    Column("version", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("first_shown", Utc, nullable=False),
)

consents = Table(
    "consents",
    metadata,
    Column("event_id", String(100), primary_key=True),
    Column("reader_id", String(20), ForeignKey("readers.id"), nullable=False, index=True),
    Column("at", Utc, nullable=False),
    Column("wording", String(64), ForeignKey("wordings.hash"), nullable=False),
    Column("method", Text, nullable=False),
    Column("network", Text),
    Column("address_hash", String(64)),
)

erasures = Table(
    "erasures",
    metadata,
    Column("reader_id", String(20), ForeignKey("readers.id"), primary_key=True),
    Column("at", Utc, nullable=False),
    Column("address_hash", String(64), index=True),
)

erased_visitors = Table(
    "erased_visitors",
    metadata,
    Column("visitor_hash", String(64), primary_key=True),
    Column("at", Utc, nullable=False),
)

inquiries = Table(
    "inquiries",
    metadata,
    Column("event_id", String(100), primary_key=True),
    Column("reader_id", String(20), ForeignKey("readers.id"), nullable=False, index=True),
    Column("at", Utc, nullable=False),
    Column("message", Text, nullable=False),
)

verdicts = Table(
    "verdicts",
    metadata,
    Column("event_id", String(100), primary_key=True),
    Column("verdict", String(10), nullable=False),
    Column("total", Float, nullable=False),
    Column("signs", JSON, nullable=False),
    Column("rules_version", Integer, nullable=False, index=True),
    Column("decided_at", Utc, nullable=False),
    Column("delivery_id", String(20)),
    Column("at", Utc),
    Column("agent", String(16)),
    Column("neighbours", Integer, nullable=False, server_default="0"),
    Column("forwarded", JSON(none_as_null=True)),
    Column("late", Boolean, nullable=False, server_default=false()),
    Index(None, "agent", "at"),
)

score_entries = Table(
    "score_entries",
    metadata,
    Column("event_id", String(100), primary_key=True),
    Column("rule", String(50), primary_key=True),
    Column("reader_id", String(20), ForeignKey("readers.id"), nullable=False, index=True),
    Column("at", Utc, nullable=False),
    Column("points", Integer, nullable=False),
)

stage_changes = Table(
    "stage_changes",
    metadata,
    Column("id", String(20), primary_key=True),
    Column("reader_id", String(20), ForeignKey("readers.id"), nullable=False, index=True),
    Column("at", Utc, nullable=False, index=True),
    Column("from_stage", String(20)),
    Column("to_stage", String(20), nullable=False),
    Column("event_id", String(100)),
    UniqueConstraint("reader_id", "event_id", "to_stage"),
)

page_stages = Table(
    "page_stages",
    metadata,
    Column("url", Text, primary_key=True),
    Column("stage", String(20), nullable=False),
)

enrolments = Table(
    "enrolments",
    metadata,
    Column("id", String(20), primary_key=True),
    Column("reader_id", String(20), ForeignKey("readers.id"), nullable=False, index=True),
    Column("scenario", String(60), nullable=False),
    Column("started_at", Utc, nullable=False),
    Column("ended_at", Utc, index=True),
    Column("end_reason", String(40)),
    Column("occasion", String(100), nullable=False, server_default=""),
    Column("arm", String(10)),
    UniqueConstraint("reader_id", "scenario", "occasion"),
)

handoffs = Table(
    "handoffs",
    metadata,
    Column("id", String(20), primary_key=True),
    Column("reader_id", String(20), ForeignKey("readers.id"), nullable=False, index=True),
    Column("cause", String(20), nullable=False),
    Column("opened_at", Utc, nullable=False, index=True),
    Column("due_at", Utc, nullable=False),
    Column("score", Float, nullable=False),
    Column("stage", String(20)),
    Column("reasons", JSON, nullable=False),
    Column("event_id", String(100)),
    Column("owner_id", String(20), ForeignKey("accounts.id", ondelete="SET NULL"), index=True),
    Column("first_touch_at", Utc),
    Column("touched_at", Utc),
    Column("met_at", Utc),
    Column("closed_at", Utc, index=True),
    Column("outcome", String(20)),
    Index(
        "uq_handoffs_open",
        "reader_id",
        unique=True,
        sqlite_where=text("closed_at IS NULL"),
        postgresql_where=text("closed_at IS NULL"),
    ),
)

handoff_entries = Table(
    "handoff_entries",
    metadata,
    Column("id", String(20), primary_key=True),
    Column("handoff_id", String(20), ForeignKey("handoffs.id"), nullable=False, index=True),
    Column("reader_id", String(20), ForeignKey("readers.id"), nullable=False, index=True),
    Column("at", Utc, nullable=False),
    Column("kind", String(20), nullable=False),
    Column("author", Text, nullable=False),
    Column("text", Text, nullable=False, server_default=""),
)

deals = Table(
    "deals",
    metadata,
    Column("id", String(20), primary_key=True),
    Column("key", String(140), nullable=False, unique=True),
    Column("reader_id", String(20), ForeignKey("readers.id"), nullable=False, index=True),
    Column("handoff_id", String(20), ForeignKey("handoffs.id"), index=True),
    Column("outcome", String(20), nullable=False),
    Column("amount", BigInteger),
    Column("reason", String(20)),
    Column("note", Text, nullable=False, server_default=""),
    Column("closed_at", Utc, nullable=False, index=True),
    Column("recorded_at", Utc, nullable=False),
    Column("ends_at", Utc, nullable=False),
    Column("source", String(20), nullable=False),
)

notifications = Table(
    "notifications",
    metadata,
    Column("key", String(140), primary_key=True),
    Column("handoff_id", String(20), ForeignKey("handoffs.id"), nullable=False, index=True),
    Column("target", String(64), nullable=False),
    Column("state", String(20), nullable=False),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("planned_at", Utc, nullable=False),
    Column("due_at", Utc, nullable=False),
    Column("claimed_at", Utc),
    Column("settled_at", Utc),
    Column("reason", Text),
    Index(None, "state", "due_at"),
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("id", String(20), primary_key=True),
    Column("key", String(140), nullable=False, unique=True),
    Column("kind", String(20), nullable=False),
    Column("channel", String(20), nullable=False),
    Column("reader_id", String(20), ForeignKey("readers.id"), index=True),
    Column("recipient", Text),
    Column("enrolment_id", String(20), ForeignKey("enrolments.id"), index=True),
    Column("scenario", String(60)),
    Column("step", String(80)),
    Column("gate", String(100)),
    Column("event_id", String(100)),
    Column("message_id", Text, nullable=False, unique=True),
    Column("state", String(20), nullable=False),
    Column("reason", Text),
    Column("smtp_code", Integer),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("planned_at", Utc, nullable=False),
    Column("due_at", Utc, nullable=False),
    Column("claimed_at", Utc),
    Column("settled_at", Utc),
    Column("tried_at", Utc),
    Column("handoff_id", String(20), ForeignKey("handoffs.id"), index=True),
    Column("retry_key", String(36)),
    Index(None, "state", "due_at"),
)

issues = Table(
    "issues",
    metadata,
    Column("id", String(60), primary_key=True),
    Column("content", String(64), nullable=False, index=True),
    Column("subject", Text, nullable=False),
    Column("begun_at", Utc, nullable=False),
    Column("place", String(20), nullable=False),
    Column("planned_at", Utc),
)

templates = Table(
    "templates",
    metadata,
    Column("hash", String(64), primary_key=True),
    Column("source", Text, nullable=False),
    Column("source_hash", String(64), nullable=False),
    Column("subject", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("html", Text, nullable=False),
    Column("targets", JSON, nullable=False),
    Column("first_used", Utc, nullable=False),
)

letters = Table(
    "letters",
    metadata,
    Column("delivery_id", String(20), ForeignKey("deliveries.id"), primary_key=True),
    Column("reader_id", String(20), ForeignKey("readers.id"), nullable=False, index=True),
    Column("template", String(64), ForeignKey("templates.hash"), nullable=False),
    Column("catalogue", String(64), nullable=False),
    Column("at", Utc, nullable=False),
    Column("own", JSON, nullable=False),
)

cursors = Table(
    "cursors",
    metadata,
    Column("name", String(40), primary_key=True),
    Column("seq", BigInteger, nullable=False),
)

diagnoses = Table(
    "diagnoses",
    metadata,
    Column("id", String(20), primary_key=True),
    Column("made_at", Utc, nullable=False, index=True),
    Column("from_at", Utc, nullable=False),
    Column("to_at", Utc, nullable=False),
    Column("up_to_seq", BigInteger, nullable=False),
    Column("data", JSON, nullable=False),
)

repairs = Table(
    "repairs",
    metadata,
    Column("id", String(20), primary_key=True),
    Column("repaired_at", Utc, nullable=False, index=True),
    Column("kind", String(40), nullable=False),
    Column("page", Text),
    Column("section", Integer),
    Column("cta", String(100)),
    Column("form", String(100)),
    Column("title", Text, nullable=False),
    Column("spot", Text, nullable=False),
)

accounts = Table(
    "accounts",
    metadata,
    Column("id", String(20), primary_key=True),
    Column("email", Text, nullable=False, unique=True),
    Column("password_hash", Text),
    Column("role", String(20), nullable=False),
    Column("created_at", Utc, nullable=False),
    Column("issuer", Text),
    Column("subject", Text),
    UniqueConstraint("issuer", "subject"),
)

desk_sessions = Table(
    "desk_sessions",
    metadata,
    Column("token_hash", String(64), primary_key=True),
    Column("account_id", String(20), ForeignKey("accounts.id"), nullable=False, index=True),
    Column("started_at", Utc, nullable=False),
    Column("expires_at", Utc, nullable=False),
    Column("network", Text),
    Column("device", Text, nullable=False),
)

invitations = Table(
    "invitations",
    metadata,
    Column("token_hash", String(64), primary_key=True),
    Column("role", String(20), nullable=False),
    Column("created_at", Utc, nullable=False),
    Column("expires_at", Utc, nullable=False),
    Column("used_at", Utc),
    Column("email", Text),
)

audit = Table(
    "audit",
    metadata,
    Column("seq", _SEQ, primary_key=True, autoincrement=True),
    Column("at", Utc, nullable=False),
    Column("actor", Text, nullable=False, index=True),
    Column("act", String(40), nullable=False, index=True),
    Column("about", Text, nullable=False),
    Column("network", Text),
    Column("details", JSON, nullable=False),
)

views = Table(
    "views",
    metadata,
    Column("view", String(40), primary_key=True),
    Column("page", Text, primary_key=True),
    Column("at", Utc, index=True),
    Column("visitor", String(40)),
    Column("source", String(20), nullable=False),
    Column("reached", Integer, nullable=False),
    Column("done", Integer, nullable=False),
    Column("ended", Integer, nullable=False),
    Column("active_ms", Integer, nullable=False),
    Column("saw", Integer, nullable=False),
    Column("clicked", Integer, nullable=False),
    Index("ix_views_of_visitor", "visitor", "at", "page", "done", "reached", "active_ms"),
)

contacts = Table(
    "contacts",
    metadata,
    Column("visitor", String(40), primary_key=True),
    Column("first_at", Utc, nullable=False, index=True),
    Column("page", Text, nullable=False),
    Column("source", String(20), nullable=False),
    Column("views", Integer, nullable=False),
    Column("attentive", Integer, nullable=False),
    Index(
        "ix_contacts_many",
        "visitor",
        sqlite_where=text("views >= 15"),
        postgresql_where=text("views >= 15"),
    ),
)

page_days = Table(
    "page_days",
    metadata,
    Column("day", Utc, primary_key=True),
    Column("page", Text, primary_key=True),
    Column("source", String(20), primary_key=True),
    Column("views", Integer, nullable=False),
    Column("ended", Integer, nullable=False),
    Column("done", Integer, nullable=False),
    Column("saw", Integer, nullable=False),
    Column("clicked", Integer, nullable=False),
)

arrivals = Table(
    "arrivals",
    metadata,
    Column("at", Utc, primary_key=True),
    Column("source", String(20), primary_key=True),
    Column("visitors", Integer, nullable=False),
)

judgements = Table(
    "judgements",
    metadata,
    Column("scenario", String(60), primary_key=True),
    Column("made_at", Utc, nullable=False),
    Column("data", JSON, nullable=False),
)

costs = Table(
    "costs",
    metadata,
    Column("month", String(7), primary_key=True),
    Column("yen", BigInteger, nullable=False),
    Column("told_at", Utc, nullable=False),
)
