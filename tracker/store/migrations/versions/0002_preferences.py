"""Which mails a reader wants, and until when none."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("readers", schema=None) as batch_op:
        for name, wanted in (
            ("wants_step", sa.true()),
            ("wants_seminar", sa.true()),
            ("wants_newsletter", sa.false()),
        ):
            batch_op.add_column(
                sa.Column(name, sa.Boolean(), server_default=wanted, nullable=False)
            )
        batch_op.add_column(sa.Column("paused_at", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("paused_until", sa.BigInteger(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("readers", schema=None) as batch_op:
        for name in (
            "paused_until",
            "paused_at",
            "wants_newsletter",
            "wants_seminar",
            "wants_step",
        ):
            batch_op.drop_column(name)
