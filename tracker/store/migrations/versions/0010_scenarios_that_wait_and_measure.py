"""Scenarios for occasions, the draw of the hold-out, when a reader last did something, and when a
mail was first tried."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("enrolments", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("occasion", sa.String(length=100), server_default="", nullable=False)
        )
        batch_op.add_column(sa.Column("arm", sa.String(length=10), nullable=True))
        batch_op.drop_constraint(batch_op.f("uq_enrolments_reader_id_scenario"), type_="unique")
        batch_op.create_unique_constraint(
            batch_op.f("uq_enrolments_reader_id_scenario_occasion"),
            ["reader_id", "scenario", "occasion"],
        )
    with op.batch_alter_table("readers", schema=None) as batch_op:
        batch_op.add_column(sa.Column("acted_at", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("sunset_at", sa.BigInteger(), nullable=True))
        batch_op.create_index(batch_op.f("ix_readers_acted_at"), ["acted_at"], unique=False)
    with op.batch_alter_table("deliveries", schema=None) as batch_op:
        batch_op.add_column(sa.Column("tried_at", sa.BigInteger(), nullable=True))
    # A start that errs on the side of who is still here; the next digest of each says it exactly.
    op.execute(
        "UPDATE readers SET acted_at = COALESCE((SELECT MAX(events.at) FROM events"
        " WHERE events.reader_id = readers.id AND events.kind NOT IN ('mail_unsub',"
        " 'mail_delivered', 'mail_bounce', 'mail_complaint', 'gate_shared')), created_at)"
    )


def downgrade() -> None:
    with op.batch_alter_table("deliveries", schema=None) as batch_op:
        batch_op.drop_column("tried_at")
    with op.batch_alter_table("readers", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_readers_acted_at"))
        batch_op.drop_column("sunset_at")
        batch_op.drop_column("acted_at")
    op.execute("DELETE FROM enrolments WHERE occasion <> ''")
    with op.batch_alter_table("enrolments", schema=None) as batch_op:
        batch_op.drop_constraint(
            batch_op.f("uq_enrolments_reader_id_scenario_occasion"), type_="unique"
        )
        batch_op.create_unique_constraint(
            batch_op.f("uq_enrolments_reader_id_scenario"), ["reader_id", "scenario"]
        )
        batch_op.drop_column("arm")
        batch_op.drop_column("occasion")
