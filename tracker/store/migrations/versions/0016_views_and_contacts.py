"""What reports are counted from: each view of a page, how each visitor first came; and what the
worker holds of each scenario's effect, and what marketing spent."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "views",
        sa.Column("view", sa.String(length=40), nullable=False),
        sa.Column("page", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=True),
        sa.Column("visitor", sa.String(length=40), nullable=True),
        sa.Column("source", sa.String(length=20), nullable=False),
        sa.Column("reached", sa.Integer(), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("ended", sa.Integer(), nullable=False),
        sa.Column("active_ms", sa.Integer(), nullable=False),
        sa.Column("saw", sa.Integer(), nullable=False),
        sa.Column("clicked", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("view", "page", name=op.f("pk_views")),
    )
    op.create_index(op.f("ix_views_visitor"), "views", ["visitor"])
    op.create_index(op.f("ix_views_at"), "views", ["at"])
    op.create_table(
        "contacts",
        sa.Column("visitor", sa.String(length=40), nullable=False),
        sa.Column("first_at", sa.BigInteger(), nullable=False),
        sa.Column("page", sa.Text(), nullable=False),
        sa.Column("source", sa.String(length=20), nullable=False),
        sa.Column("views", sa.Integer(), nullable=False),
        sa.Column("attentive", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("visitor", name=op.f("pk_contacts")),
    )
    op.create_index(op.f("ix_contacts_first_at"), "contacts", ["first_at"])
    op.create_table(
        "judgements",
        sa.Column("scenario", sa.String(length=60), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("scenario", name=op.f("pk_judgements")),
    )
    op.create_table(
        "costs",
        sa.Column("month", sa.String(length=7), nullable=False),
        sa.Column("yen", sa.BigInteger(), nullable=False),
        sa.Column("told_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("month", name=op.f("pk_costs")),
    )


def downgrade() -> None:
    op.drop_table("costs")
    op.drop_table("judgements")
    op.drop_table("contacts")
    op.drop_table("views")
