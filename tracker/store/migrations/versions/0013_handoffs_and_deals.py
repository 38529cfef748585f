"""Hot readers given to sales, what was done about them, how their deals ended."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "handoffs",
        sa.Column("id", sa.String(length=20), nullable=False),
        sa.Column("reader_id", sa.String(length=20), nullable=False),
        sa.Column("cause", sa.String(length=20), nullable=False),
        sa.Column("opened_at", sa.BigInteger(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("score", sa.Float(), nullable=False),
        sa.Column("stage", sa.String(length=20), nullable=True),
        sa.Column("reasons", sa.JSON(), nullable=False),
        sa.Column("event_id", sa.String(length=100), nullable=True),
        sa.Column("owner_id", sa.String(length=20), nullable=True),
        sa.Column("first_touch_at", sa.BigInteger(), nullable=True),
        sa.Column("touched_at", sa.BigInteger(), nullable=True),
        sa.Column("met_at", sa.BigInteger(), nullable=True),
        sa.Column("closed_at", sa.BigInteger(), nullable=True),
        sa.Column("outcome", sa.String(length=20), nullable=True),
        sa.ForeignKeyConstraint(
            ["owner_id"],
            ["accounts.id"],
            name=op.f("fk_handoffs_owner_id_accounts"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["reader_id"], ["readers.id"], name=op.f("fk_handoffs_reader_id_readers")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_handoffs")),
    )
    with op.batch_alter_table("handoffs", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_handoffs_closed_at"), ["closed_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_handoffs_opened_at"), ["opened_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_handoffs_owner_id"), ["owner_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_handoffs_reader_id"), ["reader_id"], unique=False)
        batch_op.create_index(
            "uq_handoffs_open",
            ["reader_id"],
            unique=True,
            sqlite_where=sa.text("closed_at IS NULL"),
            postgresql_where=sa.text("closed_at IS NULL"),
        )

    op.create_table(
        "deals",
        sa.Column("id", sa.String(length=20), nullable=False),
        sa.Column("key", sa.String(length=140), nullable=False),
        sa.Column("reader_id", sa.String(length=20), nullable=False),
        sa.Column("handoff_id", sa.String(length=20), nullable=True),
        sa.Column("outcome", sa.String(length=20), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.String(length=20), nullable=True),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.Column("closed_at", sa.BigInteger(), nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.Column("ends_at", sa.BigInteger(), nullable=False),
        sa.Column("source", sa.String(length=20), nullable=False),
        sa.ForeignKeyConstraint(
            ["handoff_id"], ["handoffs.id"], name=op.f("fk_deals_handoff_id_handoffs")
        ),
        sa.ForeignKeyConstraint(
            ["reader_id"], ["readers.id"], name=op.f("fk_deals_reader_id_readers")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deals")),
        sa.UniqueConstraint("key", name=op.f("uq_deals_key")),
    )
    with op.batch_alter_table("deals", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_deals_closed_at"), ["closed_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_deals_handoff_id"), ["handoff_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_deals_reader_id"), ["reader_id"], unique=False)

    op.create_table(
        "handoff_entries",
        sa.Column("id", sa.String(length=20), nullable=False),
        sa.Column("handoff_id", sa.String(length=20), nullable=False),
        sa.Column("reader_id", sa.String(length=20), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(
            ["handoff_id"], ["handoffs.id"], name=op.f("fk_handoff_entries_handoff_id_handoffs")
        ),
        sa.ForeignKeyConstraint(
            ["reader_id"], ["readers.id"], name=op.f("fk_handoff_entries_reader_id_readers")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_handoff_entries")),
    )
    with op.batch_alter_table("handoff_entries", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_handoff_entries_handoff_id"), ["handoff_id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_handoff_entries_reader_id"), ["reader_id"], unique=False
        )

    op.create_table(
        "notifications",
        sa.Column("key", sa.String(length=140), nullable=False),
        sa.Column("handoff_id", sa.String(length=20), nullable=False),
        sa.Column("target", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("planned_at", sa.BigInteger(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("claimed_at", sa.BigInteger(), nullable=True),
        sa.Column("settled_at", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["handoff_id"], ["handoffs.id"], name=op.f("fk_notifications_handoff_id_handoffs")
        ),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_notifications")),
    )
    with op.batch_alter_table("notifications", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_notifications_handoff_id"), ["handoff_id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_notifications_state_due_at"), ["state", "due_at"], unique=False
        )

    with op.batch_alter_table("deliveries", schema=None) as batch_op:
        batch_op.add_column(sa.Column("handoff_id", sa.String(length=20), nullable=True))
        batch_op.create_index(batch_op.f("ix_deliveries_handoff_id"), ["handoff_id"], unique=False)
        batch_op.create_foreign_key(
            batch_op.f("fk_deliveries_handoff_id_handoffs"), "handoffs", ["handoff_id"], ["id"]
        )


def downgrade() -> None:
    with op.batch_alter_table("deliveries", schema=None) as batch_op:
        batch_op.drop_constraint(
            batch_op.f("fk_deliveries_handoff_id_handoffs"), type_="foreignkey"
        )
        batch_op.drop_index(batch_op.f("ix_deliveries_handoff_id"))
        batch_op.drop_column("handoff_id")

    op.drop_table("notifications")
    op.drop_table("handoff_entries")
    op.drop_table("deals")
    op.drop_table("handoffs")
