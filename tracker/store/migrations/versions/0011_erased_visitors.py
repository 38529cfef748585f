"""The browsers of somebody erased are remembered, so that what they tell is recorded no more."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "erased_visitors",
        sa.Column("visitor_hash", sa.String(length=64), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("visitor_hash", name=op.f("pk_erased_visitors")),
    )


def downgrade() -> None:
    op.drop_table("erased_visitors")
