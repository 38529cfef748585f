"""How far each issue of the newsletter was planned, and what each mail said."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "issues",
        sa.Column("id", sa.String(length=60), nullable=False),
        sa.Column("content", sa.String(length=64), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("begun_at", sa.BigInteger(), nullable=False),
        sa.Column("place", sa.String(length=20), nullable=False),
        sa.Column("planned_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_issues")),
    )
    op.create_index(op.f("ix_issues_content"), "issues", ["content"])
    op.create_table(
        "templates",
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("source_hash", sa.String(length=64), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("html", sa.Text(), nullable=False),
        sa.Column("targets", sa.JSON(), nullable=False),
        sa.Column("first_used", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("hash", name=op.f("pk_templates")),
    )
    op.create_table(
        "letters",
        sa.Column("delivery_id", sa.String(length=20), nullable=False),
        sa.Column("reader_id", sa.String(length=20), nullable=False),
        sa.Column("template", sa.String(length=64), nullable=False),
        sa.Column("catalogue", sa.String(length=64), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("own", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["delivery_id"], ["deliveries.id"], name=op.f("fk_letters_delivery_id_deliveries")
        ),
        sa.ForeignKeyConstraint(
            ["reader_id"], ["readers.id"], name=op.f("fk_letters_reader_id_readers")
        ),
        sa.ForeignKeyConstraint(
            ["template"], ["templates.hash"], name=op.f("fk_letters_template_templates")
        ),
        sa.PrimaryKeyConstraint("delivery_id", name=op.f("pk_letters")),
    )
    op.create_index(op.f("ix_letters_reader_id"), "letters", ["reader_id"])


def downgrade() -> None:
    op.drop_table("letters")
    op.drop_table("templates")
    op.drop_table("issues")
