"""Views day by day and page by page, first visits by quarters of an hour, and a reader's views in
one place: what reports over a long record are made from."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0016"
branch_labels = None
depends_on = None

_DAY_MS = 86_400_000
_QUARTER_MS = 900_000


def upgrade() -> None:
    op.create_table(
        "page_days",
        sa.Column("day", sa.BigInteger(), nullable=False),
        sa.Column("page", sa.Text(), nullable=False),
        sa.Column("source", sa.String(length=20), nullable=False),
        sa.Column("views", sa.Integer(), nullable=False),
        sa.Column("ended", sa.Integer(), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("saw", sa.Integer(), nullable=False),
        sa.Column("clicked", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("day", "page", "source", name=op.f("pk_page_days")),
    )
    op.create_table(
        "arrivals",
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("source", sa.String(length=20), nullable=False),
        sa.Column("visitors", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("at", "source", name=op.f("pk_arrivals")),
    )
    # The remainder is made positive, for there may be times before 1970.
    day = f"at - ((at % {_DAY_MS}) + {_DAY_MS}) % {_DAY_MS}"
    quarter = f"first_at - ((first_at % {_QUARTER_MS}) + {_QUARTER_MS}) % {_QUARTER_MS}"
    op.execute(
        "INSERT INTO page_days (day, page, source, views, ended, done, saw, clicked)"  # noqa: S608
        f" SELECT {day}, page, source, count(*), sum(ended), sum(done), sum(saw), sum(clicked)"
        " FROM views WHERE at IS NOT NULL GROUP BY 1, 2, 3"
    )
    op.execute(
        "INSERT INTO arrivals (at, source, visitors)"  # noqa: S608
        f" SELECT {quarter}, source, count(*) FROM contacts GROUP BY 1, 2"
    )
    op.drop_index(op.f("ix_views_visitor"), "views")
    op.create_index(
        "ix_views_of_visitor", "views", ["visitor", "at", "page", "done", "reached", "active_ms"]
    )
    many = sa.text("views >= 15")
    op.create_index(
        "ix_contacts_many", "contacts", ["visitor"], sqlite_where=many, postgresql_where=many
    )
    # Hardly one event in a hundred is of a mail: over all of them PostgreSQL reads far too much.
    op.drop_index(op.f("ix_events_delivery_id"), "events")
    named = sa.text("delivery_id IS NOT NULL")
    op.create_index(
        "ix_events_of_delivery", "events", ["delivery_id"],
        sqlite_where=named, postgresql_where=named,
    )  # fmt: skip
    touches = sa.text("kind IN ('cta_click', 'gate_submit', 'seminar_register', 'diagnosis')")
    op.create_index(
        "ix_events_touches", "events", ["at", "kind", "visitor", "reader_id", "cta", "gate"],
        sqlite_where=touches, postgresql_where=touches,
    )  # fmt: skip
    op.add_column(
        "verdicts", sa.Column("late", sa.Boolean(), server_default=sa.false(), nullable=False)
    )
    postgresql = op.get_bind().dialect.name == "postgresql"
    late = "data ->> 'late'" if postgresql else "json_extract(data, '$.late')"
    op.execute(
        "UPDATE verdicts SET late = true WHERE event_id IN"  # noqa: S608
        f" (SELECT id FROM events WHERE kind = 'mail_click' AND {late} IS NOT NULL)"
    )
    op.execute(
        "UPDATE verdicts SET"
        " delivery_id = (SELECT e.delivery_id FROM events e WHERE e.id = verdicts.event_id),"
        " at = (SELECT e.at FROM events e WHERE e.id = verdicts.event_id)"
        " WHERE delivery_id IS NULL OR at IS NULL"
    )


def downgrade() -> None:
    with op.batch_alter_table("verdicts") as batch:
        batch.drop_column("late")
    op.drop_index("ix_events_touches", "events")
    op.drop_index("ix_events_of_delivery", "events")
    op.create_index(op.f("ix_events_delivery_id"), "events", ["delivery_id"])
    op.drop_index("ix_contacts_many", "contacts")
    op.drop_index("ix_views_of_visitor", "views")
    op.create_index(op.f("ix_views_visitor"), "views", ["visitor"])
    op.drop_table("arrivals")
    op.drop_table("page_days")
