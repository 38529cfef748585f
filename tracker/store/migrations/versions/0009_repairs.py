"""What was repaired after a diagnosis, and when: so that before and after can be compared."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "repairs",
        sa.Column("id", sa.String(length=20), nullable=False),
        sa.Column("repaired_at", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("page", sa.Text(), nullable=True),
        sa.Column("section", sa.Integer(), nullable=True),
        sa.Column("cta", sa.String(length=100), nullable=True),
        sa.Column("form", sa.String(length=100), nullable=True),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("spot", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_repairs")),
    )
    op.create_index(op.f("ix_repairs_repaired_at"), "repairs", ["repaired_at"])


def downgrade() -> None:
    op.drop_table("repairs")
