"""A stage may be come to again, by hand; which conclusion of a reader is the newest; the stages of
pages that are gone."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("stage_changes", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("uq_stage_changes_reader_id_to_stage"), type_="unique")
        batch_op.create_unique_constraint(
            batch_op.f("uq_stage_changes_reader_id_event_id_to_stage"),
            ["reader_id", "event_id", "to_stage"],
        )
    with op.batch_alter_table("readers", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("concluded", sa.Integer(), server_default="0", nullable=False)
        )
    op.create_table(
        "page_stages",
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("stage", sa.String(length=20), nullable=False),
        sa.PrimaryKeyConstraint("url", name=op.f("pk_page_stages")),
    )


def downgrade() -> None:
    op.drop_table("page_stages")
    with op.batch_alter_table("readers", schema=None) as batch_op:
        batch_op.drop_column("concluded")
    # Of a stage come to more than once, the first time is kept.
    op.execute(
        "DELETE FROM stage_changes WHERE EXISTS (SELECT 1 FROM stage_changes AS earlier"
        " WHERE earlier.reader_id = stage_changes.reader_id"
        " AND earlier.to_stage = stage_changes.to_stage"
        " AND (earlier.at < stage_changes.at"
        " OR (earlier.at = stage_changes.at AND earlier.id < stage_changes.id)))"
    )
    with op.batch_alter_table("stage_changes", schema=None) as batch_op:
        batch_op.drop_constraint(
            batch_op.f("uq_stage_changes_reader_id_event_id_to_stage"), type_="unique"
        )
        batch_op.create_unique_constraint(
            batch_op.f("uq_stage_changes_reader_id_to_stage"), ["reader_id", "to_stage"]
        )
