"""Verdicts know the agent they are of, so that hits on several readers' mails are seen together,
and whether a click was perhaps that of somebody who was handed the mail."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("verdicts", schema=None) as batch_op:
        batch_op.add_column(sa.Column("delivery_id", sa.String(length=20), nullable=True))
        batch_op.add_column(sa.Column("at", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("agent", sa.String(length=16), nullable=True))
        batch_op.add_column(
            sa.Column("neighbours", sa.Integer(), server_default="0", nullable=False)
        )
        batch_op.add_column(sa.Column("forwarded", sa.JSON(), nullable=True))
        batch_op.create_index(batch_op.f("ix_verdicts_agent_at"), ["agent", "at"])
        batch_op.create_index(batch_op.f("ix_verdicts_rules_version"), ["rules_version"])


def downgrade() -> None:
    with op.batch_alter_table("verdicts", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_verdicts_rules_version"))
        batch_op.drop_index(batch_op.f("ix_verdicts_agent_at"))
        for name in ("forwarded", "neighbours", "agent", "at", "delivery_id"):
            batch_op.drop_column(name)
