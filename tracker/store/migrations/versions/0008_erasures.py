"""An erasure is remembered, so that what is still on its way cannot bring the person back."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "erasures",
        sa.Column("reader_id", sa.String(length=20), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("address_hash", sa.String(length=64), nullable=True),
        sa.ForeignKeyConstraint(
            ["reader_id"], ["readers.id"], name=op.f("fk_erasures_reader_id_readers")
        ),
        sa.PrimaryKeyConstraint("reader_id", name=op.f("pk_erasures")),
    )
    op.create_index(op.f("ix_erasures_address_hash"), "erasures", ["address_hash"])
    op.execute(
        "INSERT INTO erasures (reader_id, at)"
        " SELECT id, COALESCE(unsubscribed_at, created_at) FROM readers WHERE email IS NULL"
    )


def downgrade() -> None:
    op.drop_table("erasures")
