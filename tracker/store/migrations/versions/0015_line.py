"""Readers who take their steps in LINE, the key under which a push is made once, and who asked in
LINE how to be linked."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "line_links",
        sa.Column("reader_id", sa.String(length=20), nullable=False),
        sa.Column("user_hash", sa.String(length=64), nullable=False),
        sa.Column("linked_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["reader_id"], ["readers.id"], name=op.f("fk_line_links_reader_id_readers")
        ),
        sa.PrimaryKeyConstraint("reader_id", name=op.f("pk_line_links")),
        sa.UniqueConstraint("user_hash", name=op.f("uq_line_links_user_hash")),
    )
    with op.batch_alter_table("line_users", schema=None) as batch_op:
        batch_op.add_column(sa.Column("reply_token", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("asked_at", sa.BigInteger(), nullable=True))
    with op.batch_alter_table("deliveries", schema=None) as batch_op:
        batch_op.add_column(sa.Column("retry_key", sa.String(length=36), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("deliveries", schema=None) as batch_op:
        batch_op.drop_column("retry_key")
    with op.batch_alter_table("line_users", schema=None) as batch_op:
        batch_op.drop_column("asked_at")
        batch_op.drop_column("reply_token")
    op.drop_table("line_links")
