"""Addresses that get no mail, what became of notices about mails, and who follows in LINE."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("readers", schema=None) as batch_op:
        batch_op.add_column(sa.Column("suppressed_at", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("suppressed_for", sa.String(length=20), nullable=True))
    op.create_table(
        "suppressions",
        sa.Column("address_hash", sa.String(length=64), nullable=False),
        sa.Column("reason", sa.String(length=20), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("address_hash", name=op.f("pk_suppressions")),
    )
    op.create_table(
        "notice_counts",
        sa.Column("source", sa.String(length=20), nullable=False),
        sa.Column("outcome", sa.String(length=30), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("source", "outcome", name=op.f("pk_notice_counts")),
    )
    op.create_table(
        "line_users",
        sa.Column("user_hash", sa.String(length=64), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("follows", sa.Boolean(), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("user_hash", name=op.f("pk_line_users")),
    )


def downgrade() -> None:
    op.drop_table("line_users")
    op.drop_table("notice_counts")
    op.drop_table("suppressions")
    with op.batch_alter_table("readers", schema=None) as batch_op:
        batch_op.drop_column("suppressed_for")
        batch_op.drop_column("suppressed_at")
